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

/// What a session may say, ready to judge; made once for each combination of role set, protocol and read-only flag.
final class SessionRights {
    let judge: DatagramJudge

    /// nil for a role set that doesn't exist.
    init?(_ assignment: Assignment) {
        guard let compiled = compiledGrants(assignment.grantSet) else { return nil }
        let role = RolePart(name: "builtin", grants: compiled)
        judge = DatagramJudge(
            session: SessionGrants(roles: [role]), protocolNumber: Int32(assignment.protocolNumber),
            readOnly: assignment.readOnly)
    }
}

/// Grants by the number that the supervisor knows them by.
private func compiledGrants(_ roleSet: UInt32) -> Grants? {
    switch roleSet {
    case 1: .readOnly
    case 2: .unrestricted
    default: nil
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
    /// Shared with every session that has the same rights.
    let rights: SessionRights
    var outgoing: BurstBuffer
    /// The rest of a packet whose answers have no room yet.
    var waiting: [UInt8] = []
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

    init(
        _ assignment: Assignment, pair: consuming Descriptor, rights: SessionRights, limit: Int, outgoing: BurstBuffer
    ) {
        self.assignment = assignment
        self.pair = pair
        self.rights = rights
        self.outgoing = outgoing
        machine = BrokerSession(limit: limit)
    }

    /// True while another request of the client may be answered: short requests can have long answers.
    var mayTake: Bool { outgoing.count < DatagramLimit.toClient }
}
