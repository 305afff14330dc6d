import Synchronization

/// The events of several hosts in one stream, each tagged with its host.
public struct MergedEvents: AsyncSequence, Sendable {
    /// What happened, and where.
    public typealias Element = Tagged<NetworkEvent>
    /// Trouble is an event.
    public typealias Failure = Never

    let streams: [Events]

    /// Begins with what happens from here on.
    public func makeAsyncIterator() -> Iterator {
        Iterator(merger: Merger(streams))
    }

    /// Takes events one after the other.
    public struct Iterator: AsyncIteratorProtocol {
        let merger: Merger

        /// The next event; nil when the task is cancelled or every host's stream has ended.
        public mutating func next(isolation actor: isolated (any Actor)? = #isolation) async -> Tagged<NetworkEvent>? {
            await merger.meeting.next()
        }

        /// The next event; nil when the task is cancelled or every host's stream has ended.
        public mutating func next() async -> Tagged<NetworkEvent>? {
            await next(isolation: nil)
        }
    }
}

/// One task for each stream; they end with this.
final class Merger: Sendable {
    let meeting: Meeting
    private let tasks: [Task<Void, Never>]

    init(_ streams: [Events]) {
        let meeting = Meeting(producers: streams.count)
        self.meeting = meeting
        tasks = streams.map { stream in
            Task {
                for await event in stream { await meeting.put(event) }
                meeting.leave()
            }
        }
    }

    deinit {
        for task in tasks { task.cancel() }
    }
}

/// Where producers hand events to one consumer: each waits until its event is taken, so nothing piles up.
final class Meeting: Sendable {
    private struct State {
        var producers: Int
        var offers = Queue<(event: Tagged<NetworkEvent>, taken: CheckedContinuation<Void, Never>)>()
        var waiter = Waiter()
        var isOver = false
    }

    private let state: Mutex<State>

    init(producers: Int) {
        state = Mutex(State(producers: producers))
    }

    func put(_ event: Tagged<NetworkEvent>) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let waiting = state.withLock { state -> CheckedContinuation<Void, Never>? in
                    guard !state.isOver else { return continuation }
                    state.offers.append((event, continuation))
                    return state.waiter.leave()
                }
                waiting?.resume()
            }
        } onCancel: {
            end()
        }
    }

    /// A producer has no more.
    func leave() {
        let waiting = state.withLock { state in
            state.producers -= 1
            return state.waiter.leave()
        }
        waiting?.resume()
    }

    /// The consumer is gone: nobody needs to wait any more.
    private func end() {
        let waiting = state.withLock { state in
            state.isOver = true
            var waiting: [CheckedContinuation<Void, Never>] = []
            while let offer = state.offers.popFirst() { waiting.append(offer.taken) }
            if let consumer = state.waiter.leave() { waiting.append(consumer) }
            return waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    func next() async -> Tagged<NetworkEvent>? {
        while true {
            let (offer, isOver) = state.withLock { state in
                (state.offers.popFirst(), state.producers == 0 || state.isOver || Task.isCancelled)
            }
            if let offer {
                offer.taken.resume()
                return offer.event
            }
            if isOver { return nil }
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in wait(continuation) }
            } onCancel: {
                state.withLock { $0.waiter.leave() }?.resume()
            }
        }
    }

    private func wait(_ continuation: CheckedContinuation<Void, Never>) {
        state.withLock { state in
            guard state.offers.isEmpty, state.producers > 0, !state.isOver, !Task.isCancelled else {
                return continuation.resume()
            }
            state.waiter.wait(continuation)
        }
    }
}
