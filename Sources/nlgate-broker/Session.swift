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

/// A datagram that may be said, but not yet.
struct HeldDatagram {
    enum Reason: Equatable {
        /// As many dumps run as the policy allows.
        case dump
        /// The audit log doesn't have these records yet.
        case records(Set<UInt64>)
    }

    var bytes: [UInt8]
    var tag: UInt32
    var reason: Reason
    /// What the log says is about to be done.
    var entries: [DatagramSummary.Entry] = []
    /// A record couldn't be written.
    var isUnlogged = false
}

/// One remote netlink socket: its kernel socket, its socketpair, its grants, its buffer.
final class Session {
    var assignment: Assignment
    /// To the frontend.
    let pair: Descriptor
    /// To the kernel, from HELLO on.
    var kernel: KernelSocket?
    var machine: BrokerSession
    /// Shared with every session that has the same rights.
    var rights: SessionRights
    var outgoing: BurstBuffer
    /// The rest of a packet that has to wait.
    var waiting: [UInt8] = []
    var held: HeldDatagram?
    /// What is sent unless the client confirms.
    var armed: ArmedList?
    /// What is armed once the audit log has it.
    var arming: PendingList?
    /// What has passed.
    var measures: SessionMeasures
    var throttle: Throttle
    var records: RecordRate
    /// The last record that was left out: the session's end tells of it.
    var omitted: AuditRecord?
    var portID: UInt32 = 0
    /// Groups joined; what comes from another is dropped.
    var groups: Set<UInt32> = []
    /// The client set NETLINK_EXT_ACK: refusals carry a text.
    var extendedAcks = false
    /// The client set NETLINK_NO_ENOBUFS: the kernel doesn't tell when answers are lost.
    var losesSilently = false
    /// The kernel dropped messages and the client doesn't know yet.
    var owesOverrun = false
    /// The kernel dropped messages, and drops them until its queue is empty.
    ///
    /// It says so once, before what is queued: where events are missing is only behind that.
    var isCongested = false
    /// Writes that the kernel was told and hasn't answered.
    var verdicts: WriteVerdicts?
    /// Answers to them may have been lost.
    var lostAnswers = false
    /// Dumps started since the kernel's queue was last empty, less those that ended; counted where a limit says so.
    var dumps = 0
    /// A dump is running that the kernel checks again at each part.
    var cappedDump = false
    /// GOODBYE or RESULT of a RESET is the last thing to be sent.
    var isEnding = false
    /// What epoll was told, to tell it only changes.
    var watchedPair: Readiness = .read
    var watchedKernel: Readiness = []

    init(
        _ assignment: Assignment, pair: consuming Descriptor, rights: SessionRights, limit: Int,
        mayArm: Bool, outgoing: BurstBuffer, now: UInt64
    ) {
        self.assignment = assignment
        self.pair = pair
        self.rights = rights
        self.outgoing = outgoing
        measures = SessionMeasures(session: assignment.session)
        throttle = Throttle(rights.limits, now: now)
        records = RecordRate(now: now)
        machine = BrokerSession(limit: limit, mayArm: mayArm)
    }

    var protocolNumber: Int32 { Int32(assignment.protocolNumber) }

    /// True while another request may be taken, but for the throttle: short requests can have long answers, and the
    /// verdicts on the last writes come first.
    var hasRoom: Bool { held == nil && arming == nil && verdicts == nil && outgoing.hasRoomForAnswers }

    /// True when something waits until the kernel has nothing more to say: a dump that ends, the verdict on a write.
    var awaitsSilence: Bool { verdicts != nil || held?.reason == .dump }

    /// True when nothing but time or the kernel can make the next request possible.
    ///
    /// A client that leaves meanwhile isn't waited for.
    func isPaused(now: UInt64) -> Bool {
        held?.reason == .dump || (held == nil && verdicts == nil && throttle.wait(now: now) > 0)
    }
}
