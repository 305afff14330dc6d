import Confinement
import GatewayIPC
import GatewayPolicy
import GatewayProtocol
import Glibc
import LinuxSys

/// The only place that touches clients' kernel sockets.
///
/// CAP_NET_ADMIN is effective only inside these calls, and only in a privileged broker.
final class KernelGate {
    let lookup: KernelLookup
    /// A reader has none: the kernel refuses its writes.
    let routes: RouteLookup?
    private let administrator: Administrator?
    private let largestReceiveBuffer: UInt32

    init(
        lookup: KernelLookup, routes: RouteLookup?, administrator: Administrator?, largestReceiveBuffer: UInt32
    ) {
        self.lookup = lookup
        self.routes = routes
        self.administrator = administrator
        self.largestReceiveBuffer = largestReceiveBuffer
    }

    var isPrivileged: Bool { administrator != nil }

    /// Opens the session's kernel socket.
    ///
    /// NETLINK_PKTINFO is ours: it tells the group of each datagram.
    func open(_ session: Session) throws(Errno) {
        let socket = KernelSocket(
            try asAdministrator { () throws(Errno) in
                try Descriptor.netlink(protocolNumber: Int32(session.assignment.protocolNumber))
            })
        try socket.descriptor.bindNetlink()
        try socket.descriptor.setOption(level: NetlinkOption.level, NetlinkOption.packetInfo, 1)
        session.portID = try socket.descriptor.netlinkPortID()
        session.kernel = socket
        try setReceiveBuffer(session, bytes: 1 << 20)
        if isPrivileged { try setSendBuffer(session, bytes: UInt32(DatagramLimit.toBroker)) }
    }

    func setMembership(_ session: Session, group: UInt32, joined: Bool) throws(Errno) {
        let option = joined ? NetlinkOption.addMembership : NetlinkOption.dropMembership
        try setOption(session, level: NetlinkOption.level, option, Int32(bitPattern: group))
    }

    func setNetlinkOption(_ session: Session, _ option: Int32, _ value: Bool) throws(Errno) {
        try setOption(session, level: NetlinkOption.level, option, value ? 1 : 0)
    }

    /// An uncapped process is bound by rmem_max; the kernel cuts silently, as it does for everybody.
    func setReceiveBuffer(_ session: Session, bytes: UInt32) throws(Errno) {
        let bytes = Int32(clamping: min(bytes, receiveBufferBound(session)))
        try setOption(session, level: SOL_SOCKET, isPrivileged ? SO_RCVBUFFORCE : SO_RCVBUF, bytes)
    }

    /// The lower of the gateway's limit and the policy's.
    private func receiveBufferBound(_ session: Session) -> UInt32 {
        min(largestReceiveBuffer, session.rights.limits.receiveBuffer ?? UInt32.max)
    }

    /// After a change of grants: a buffer may be larger than they allow now.
    func lowerReceiveBuffer(_ session: Session) {
        guard session.kernel != nil, session.rights.limits.receiveBuffer != nil else { return }
        do throws(Errno) {
            try setReceiveBuffer(session, bytes: receiveBufferBound(session))
        } catch {
            // The kernel takes any size.
        }
    }

    func setSendBuffer(_ session: Session, bytes: UInt32) throws(Errno) {
        let bytes = Int32(clamping: min(bytes, 2 * UInt32(DatagramLimit.toBroker)))
        try setOption(session, level: SOL_SOCKET, isPrivileged ? SO_SNDBUFFORCE : SO_SNDBUF, bytes)
    }

    /// Says a judged datagram to the kernel.
    ///
    /// The kernel works inside this call; answers are queued when it returns.
    func send(_ session: Session, _ datagram: Span<UInt8>, _ summary: DatagramSummary) throws(Errno) {
        guard let socket = session.kernel else { throw Errno(rawValue: ENOTCONN) }
        if isPrivileged, summary.messages > 128 {
            // Acknowledgements queue up inside send(): room for them first.
            try setReceiveBuffer(session, bytes: UInt32(clamping: summary.messages * 1024))
        }
        session.cappedDump = session.cappedDump || summary.dumpNeedsCapability
        raise()
        let result: Transfer?
        do throws(Errno) {
            result = try socket.descriptor.send(datagram)
        } catch {
            lower()
            throw error
        }
        lower()
        if result == .wouldBlock { throw Errno(rawValue: EAGAIN) }
    }

    /// The next datagram; nil when there is none.
    ///
    /// The later parts of some dumps are checked against the current task, so the capability is there while such a
    /// dump runs.
    func receive(
        _ session: Session, into buffer: inout [UInt8], at offset: Int, count: Int
    ) throws(Errno) -> ReceivedDatagram? {
        guard let socket = session.kernel else { return nil }
        guard session.cappedDump else {
            return try socket.descriptor.receiveNetlink(into: &buffer, at: offset, count: count)
        }
        let datagram = try asAdministrator { () throws(Errno) in
            try socket.descriptor.receiveNetlink(into: &buffer, at: offset, count: count)
        }
        if let datagram, datagram.group == 0, datagram.length <= count,
            endsDump(buffer.span.extracting(offset..<(offset + datagram.length)))
        {
            session.cappedDump = false
        }
        return datagram
    }

    private func setOption(_ session: Session, level: Int32, _ option: Int32, _ value: Int32) throws(Errno) {
        guard let socket = session.kernel else { throw Errno(rawValue: ENOTCONN) }
        try asAdministrator { () throws(Errno) in
            try socket.descriptor.setOption(level: level, option, value)
        }
    }

    private func asAdministrator<Result: ~Copyable>(_ body: () throws(Errno) -> Result) throws(Errno) -> Result {
        raise()
        do throws(Errno) {
            let result = try body()
            lower()
            return result
        } catch {
            lower()
            throw error
        }
    }

    /// A switch that doesn't move is a broken confinement: the process ends.
    private func raise() {
        guard let administrator else { return }
        do throws(SealingError) { try administrator.netAdmin.raise() } catch { exit(1) }
    }

    private func lower() {
        guard let administrator else { return }
        do throws(SealingError) { try administrator.netAdmin.lower() } catch { exit(1) }
    }
}
