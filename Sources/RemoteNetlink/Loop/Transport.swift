import GatewayProtocol
import LinuxSys

/// What carries a channel's datagrams: a socket of the local kernel, or a session on a gateway.
protocol Transport: AnyObject {
    /// Bytes of the largest datagram that it takes.
    var maximumDatagram: Int { get }
    /// Requests that may be under way at once: their answers must find room in the kernel socket's buffer.
    var window: Int { get }
    /// Sends a datagram, or queues it.
    ///
    /// - Throws: what the kernel says about the datagram itself.
    func send(_ datagram: [UInt8], tag: UInt32) throws(Errno)
    /// Sends what is queued, as far as it can be sent now.
    func flush()
    /// The descriptor is ready.
    func ready(_ readiness: Readiness)
    /// Looks again whether the channel may read.
    func updateInterest()
    /// Does something that isn't a datagram; `answer` is called when it is done.
    func control(_ operation: ControlOperation, _ answer: @escaping (ControlAnswer) -> Void)
    /// The moment at which `deadlinePassed` has to be called; nil for none.
    var nextDeadline: UInt64? { get }
    func deadlinePassed(_ now: UInt64)
    /// The channel has ended, and why.
    func close(_ error: ConnectError)
}

/// What a channel does besides datagrams.
enum ControlOperation: Sendable {
    case join(UInt32)
    case leave(UInt32)
    /// An option of SOL_NETLINK, or a buffer size.
    case option(OptionRequest)
    /// The grants, line by line; a gateway's only.
    case describe
    /// A list that the gateway sends unless it is confirmed; tags of lists are below `ControlTable.firstTag`.
    case arm(tag: UInt32, ArmRequest)
    case confirm(tag: UInt32)
    /// Is somebody there?
    case ping
}

/// How a control operation ended.
typealias ControlAnswer = Result<ControlOutcome, NetlinkError.Reason>

enum ControlOutcome: Sendable {
    case done
    case lines([String])
}
