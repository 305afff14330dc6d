import Confinement
import GatewayIPC
import LinuxSys

/// One process that the supervisor started, and its control socket.
final class Child {
    enum Kind: Equatable {
        case frontend(index: Int)
        case reader(namespace: Int, index: Int)
        /// For this one session.
        case broker(namespace: Int, session: UInt64)
        /// For one policy.
        case compiler
        /// Of the private key.
        case keeper

        var name: String {
            switch self {
            case .frontend(let index): "nlgate-frontend \(index)"
            case .reader(let namespace, let index): "nlgate-broker reader \(namespace).\(index)"
            case .broker(let namespace, let session): "nlgate-broker \(namespace) session \(session)"
            case .compiler: "nlgate-policyc"
            case .keeper: "nlgate-keeper"
            }
        }

        var role: ProcessRole {
            switch self {
            case .frontend: .frontend
            case .reader: .reader
            case .broker: .broker
            case .compiler: .compiler
            case .keeper: .keeper
            }
        }

        /// Either kind of broker.
        var isBroker: Bool { role == .reader || role == .broker }

        /// A broker that may write.
        var isPrivileged: Bool { role == .broker }
    }

    /// Descriptors that may be on their way at once.
    static let mostUnacknowledged = 32
    /// How long a process may take to acknowledge a descriptor.
    static let mostMilliseconds: UInt64 = 10_000
    /// Messages that may wait; more means that the process is stuck.
    static let mostQueued = 65_536

    let number: UInt64
    let kind: Kind
    let process: ChildProcess
    let control: Descriptor
    /// Until when it must have said `ready`, in monotonic milliseconds; nil once it has.
    var deadline: UInt64?
    var report: SealingReport?
    /// For the keeper: when what it works with ends.
    var expiries: Expiries?
    /// Sessions that it serves.
    var sessions: Set<UInt64> = []
    /// A privileged broker that has something to undo before it ends.
    var isArmed = false
    /// A broker that was asked what passes through its sessions, and hasn't said it all.
    var isMeasuring = false
    /// Grant sets that it knows.
    var grantSets: Set<UInt32> = []
    /// For a frontend: which connection has which session.
    var sessionOf: [UInt32: UInt64] = [:]
    /// For a frontend: who the Unix clients are that it was given.
    var adopted: [UInt32: PeerCredentials] = [:]
    /// For a frontend: the clients of its connections, as the keeper says.
    var verified: [UInt32: KnownClient] = [:]
    /// For a frontend: sessions that were asked for before the keeper said what the client is to the policy.
    var waiting: [UInt32: OpenRequest] = [:]
    /// For a frontend: its end of a link that this keeper hasn't taken yet.
    var linking: (end: PassedDescriptor, keeper: UInt64)?
    /// For a frontend: it has had a link to a keeper.
    var isLinked = false
    /// For a frontend: it lost the keeper.
    var wantsLink = false
    /// For a frontend: when the last link was made, in monotonic milliseconds.
    var linkedAt: UInt64 = 0
    /// For a keeper that was replaced: when its time is over, in monotonic milliseconds.
    var retiresAt: UInt64?
    /// For a frontend: it was told to accept clients.
    var isServing = false
    /// When each descriptor went out that the process hasn't acknowledged yet, in monotonic milliseconds.
    private var unacknowledged: [UInt64] = []
    /// It has closed its control socket.
    var isSilent = false
    private var queue: [(bytes: [UInt8], passed: PassedDescriptor?)] = []
    private var queueHead = 0

    init(number: UInt64, kind: Kind, process: consuming ChildProcess, control: consuming Descriptor, deadline: UInt64) {
        self.number = number
        self.kind = kind
        self.process = process
        self.control = control
        self.deadline = deadline
    }

    /// Sessions that go through it.
    var sessionCount: Int { isFrontend ? sessionOf.count : sessions.count }
    var isReady: Bool { report != nil }
    var isFrontend: Bool { kind.role == .frontend }
    var hasQueue: Bool { queueHead < queue.count }

    /// Sends now or queues; false when the process is stuck or gone.
    func send(_ message: SupervisorMessage, passing descriptor: PassedDescriptor? = nil) -> Bool {
        guard queue.count - queueHead < Child.mostQueued else { return false }
        queue.append((message.encode(), descriptor))
        return flush()
    }

    /// Sends what is queued as far as the process takes it; false when it is gone.
    func flush() -> Bool {
        while hasQueue {
            let entry = queue[queueHead]
            if entry.passed != nil, unacknowledged.count >= Child.mostUnacknowledged { break }
            do throws(Errno) {
                let raw = entry.passed?.descriptor.raw ?? -1
                guard try control.send(entry.bytes.span, passing: raw) != .wouldBlock else { break }
            } catch {
                return false
            }
            if entry.passed != nil { unacknowledged.append(Clock.monotonicMilliseconds()) }
            queue[queueHead] = ([], nil)
            queueHead += 1
        }
        if !hasQueue {
            queue.removeAll()
            queueHead = 0
        }
        return true
    }

    /// True when it hasn't taken a descriptor that went out ten seconds ago: it hangs.
    func isStuck(now: UInt64) -> Bool {
        unacknowledged.first.map { now > $0 + Child.mostMilliseconds } ?? false
    }

    /// One descriptor arrived; false when none was on its way.
    func acknowledge() -> Bool {
        guard !unacknowledged.isEmpty else { return false }
        unacknowledged.removeFirst()
        return true
    }
}

/// A descriptor that waits to be passed on; closed when it was.
final class PassedDescriptor {
    let descriptor: Descriptor

    init(_ descriptor: consuming Descriptor) {
        self.descriptor = descriptor
    }
}
