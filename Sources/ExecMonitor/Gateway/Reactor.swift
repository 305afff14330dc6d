import LinuxSys

/// Something that waits for a descriptor.
protocol Watched: AnyObject {
    /// The descriptor is ready.
    func ready(_ readiness: Readiness)
    /// The moment that was asked for has come.
    func timePassed(_ now: UInt64)
}

/// The monitor's only loop: descriptors and moments, in one thread.
final class Reactor {
    private var epoll: Epoll
    private var watched: [UInt64: any Watched] = [:]
    private var moments: [UInt64: UInt64] = [:]
    private var lastToken: UInt64 = 0
    /// Those that have input which epoll can't know of.
    private var unfinished: Set<UInt64> = []
    private(set) var now = Clock.monotonicMilliseconds()

    init() throws(Errno) {
        epoll = try Epoll()
    }

    /// A token for something that will be watched.
    func register(_ object: any Watched) -> UInt64 {
        lastToken += 1
        watched[lastToken] = object
        return lastToken
    }

    /// Forgets it; its descriptor must not be watched any more, or be about to close.
    func forget(_ token: UInt64) {
        watched[token] = nil
        moments[token] = nil
        unfinished.remove(token)
    }

    /// Watches a descriptor for `new`, where it was watched for `old`.
    func watch(_ descriptor: Int32, from old: Readiness, to new: Readiness, _ token: UInt64) throws(Errno) {
        try epoll.change(descriptor, from: old, to: new, token: token)
    }

    /// Calls `timePassed` at this moment, or not at all.
    func wake(_ token: UInt64, at moment: UInt64?) {
        moments[token] = moment
    }

    /// Whether it has input that epoll doesn't know of.
    func setUnfinished(_ token: UInt64, _ isUnfinished: Bool) {
        if isUnfinished { unfinished.insert(token) } else { unfinished.remove(token) }
    }

    /// Serves until the condition holds.
    func run(until isDone: () -> Bool) throws(Errno) {
        var events: [Event] = []
        while !isDone() {
            try epoll.wait(milliseconds: pause, into: &events)
            now = Clock.monotonicMilliseconds()
            // The lowest token, the listener's, comes last: whoever closed a socket before its call is seen first.
            for event in events.sorted(by: { $0.token > $1.token }) { watched[event.token]?.ready(event.readiness) }
            for token in unfinished { watched[token]?.ready(.read) }
            for (token, moment) in moments where moment <= now {
                moments[token] = nil
                watched[token]?.timePassed(now)
            }
        }
    }

    private var pause: Int32 {
        if !unfinished.isEmpty { return 0 }
        guard let soonest = moments.values.min() else { return -1 }
        let now = Clock.monotonicMilliseconds()
        return soonest <= now ? 0 : Int32(clamping: soonest - now)
    }
}
