import GatewayIPC
import GatewayPolicy
import GatewayProtocol
import LinuxSys

/// A kernel socket as something that can be shared and optional.
final class KernelSocket {
    let descriptor: Descriptor

    init(_ descriptor: consuming Descriptor) {
        self.descriptor = descriptor
    }
}

/// One remote netlink socket: its kernel socket, its socketpair, its grants, its buffer.
final class Session {
    let assignment: Assignment
    /// To the frontend.
    let pair: Descriptor
    /// To the kernel, from HELLO on.
    var kernel: KernelSocket?
    var machine: BrokerSession
    let judge: DatagramJudge
    let grants: Grants
    var outgoing: BurstBuffer
    var portID: UInt32 = 0
    /// The client set NETLINK_EXT_ACK: refusals carry a text.
    var extendedAcks = false
    /// The kernel dropped messages and the client doesn't know yet.
    var owesOverrun = false
    /// A dump is running that the kernel checks again at each part.
    var cappedDump = false
    /// GOODBYE or RESULT of a RESET is the last thing to be sent.
    var isEnding = false
    /// What epoll was told, to tell it only changes.
    var watchedPair: Readiness = .read
    var watchedKernel: Readiness = []

    init(_ assignment: Assignment, pair: consuming Descriptor, grants: Grants, limit: Int, outgoing: BurstBuffer) {
        self.assignment = assignment
        self.pair = pair
        self.grants = grants
        self.outgoing = outgoing
        machine = BrokerSession(limit: limit)
        judge = DatagramJudge(grants: grants, protocolNumber: Int32(assignment.protocolNumber))
    }
}
