import LinuxSys

/// What a loop's thread owns; nothing of it leaves the thread.
final class LoopCore {
    /// Largest datagram that a kernel socket delivers whole.
    static let scratchSize = 1 << 20

    private unowned let loop: EventLoop
    private let wakeEnd: SharedDescriptor
    private var epoll: Epoll
    private var deadlines = DeadlineQueue()
    private var members: [UInt64: any LoopMember] = [:]
    /// Members that have input which epoll doesn't know of.
    private var unfinished: Set<UInt64> = []
    /// For whoever receives; lent for the length of one call.
    var scratch = [UInt8](repeating: 0, count: LoopCore.scratchSize)
    /// Milliseconds of the monotonic clock, when the current round began.
    private(set) var now = Clock.monotonicMilliseconds()

    init(loop: EventLoop, epoll: consuming Epoll, wakeEnd: SharedDescriptor) {
        self.loop = loop
        self.epoll = epoll
        self.wakeEnd = wakeEnd
    }

    /// Serves without end.
    func run() -> Never {
        var events: [Event] = []
        while true {
            let jobs = loop.takeJobs()
            now = Clock.monotonicMilliseconds()
            for job in jobs { job(self) }
            for id in unfinished { members[id]?.ready(.read) }
            wait(milliseconds: pause(hasMore: !jobs.isEmpty), &events)
            now = Clock.monotonicMilliseconds()
            for event in events { handle(event) }
            while let id = deadlines.due(now) { members[id]?.deadlinePassed() }
        }
    }

    private func wait(milliseconds: Int32, _ events: inout [Event]) {
        do throws(Errno) {
            try epoll.wait(milliseconds: milliseconds, into: &events)
        } catch {
            // Only a descriptor that isn't an epoll any more can fail so: somebody closed it.
            preconditionFailure("epoll_wait: \(error)")
        }
    }

    private func pause(hasMore: Bool) -> Int32 {
        if hasMore || !unfinished.isEmpty { return 0 }
        guard let soonest = deadlines.soonest else { return -1 }
        return soonest <= now ? 0 : Int32(clamping: soonest - now)
    }

    private func handle(_ event: Event) {
        guard event.token == 0 else {
            members[event.token]?.ready(event.readiness)
            return
        }
        while case .bytes? = try? wakeEnd.descriptor.receive(into: &scratch, count: 64) {}
    }

    // MARK: - For members

    /// The channel of this number; nil when it has ended.
    func channel(_ id: UInt64) -> Channel? { members[id] as? Channel }

    /// Starts to serve a member.
    func add(_ member: any LoopMember) {
        members[member.id] = member
    }

    /// Forgets a member.
    func remove(_ member: any LoopMember) {
        members[member.id] = nil
        unfinished.remove(member.id)
    }

    /// The member of this number; nil when it has ended.
    func member(_ id: UInt64) -> (any LoopMember)? { members[id] }

    /// Watches a descriptor for `new`, where it was watched for `old`.
    func watch(_ descriptor: Int32, from old: Readiness, to new: Readiness, _ id: UInt64) throws(Errno) {
        try epoll.change(descriptor, from: old, to: new, token: id)
    }

    /// Whether the member has input that epoll doesn't know of.
    func setUnfinished(_ member: any LoopMember, _ isUnfinished: Bool) {
        if isUnfinished {
            unfinished.insert(member.id)
        } else {
            unfinished.remove(member.id)
        }
    }

    /// Calls the member's `deadlinePassed` when the clock has reached `moment`, or a little later.
    func wake(_ member: any LoopMember, at moment: UInt64) {
        deadlines.insert(moment, member.id)
    }
}

/// What a loop serves: one descriptor and its deadlines.
protocol LoopMember: AnyObject {
    /// Number within the loop.
    var id: UInt64 { get }
    /// The descriptor is ready.
    func ready(_ readiness: Readiness)
    /// A moment that was asked for has come.
    func deadlinePassed()
}

/// Moments and whom they concern, the soonest first: a binary heap.
struct DeadlineQueue {
    private var heap: [(moment: UInt64, id: UInt64)] = []

    /// The soonest moment.
    var soonest: UInt64? { heap.first?.moment }

    mutating func insert(_ moment: UInt64, _ id: UInt64) {
        heap.append((moment, id))
        var place = heap.count - 1
        while place > 0, heap[place].moment < heap[(place - 1) / 2].moment {
            heap.swapAt(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    /// Takes out one whose moment has come; nil when there is none.
    mutating func due(_ now: UInt64) -> UInt64? {
        guard let first = heap.first, first.moment <= now else { return nil }
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        sink()
        return first.id
    }

    private mutating func sink() {
        var place = 0
        while true {
            var least = place
            for child in [2 * place + 1, 2 * place + 2] where child < heap.count {
                if heap[child].moment < heap[least].moment { least = child }
            }
            guard least != place else { return }
            heap.swapAt(place, least)
            place = least
        }
    }
}
