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
                state.withLock { state in
                    guard !state.isOver else { return continuation.resume() }
                    state.offers.append((event, continuation))
                    state.waiter.wake()
                }
            }
        } onCancel: {
            end()
        }
    }

    /// A producer has no more.
    func leave() {
        state.withLock { state in
            state.producers -= 1
            state.waiter.wake()
        }
    }

    /// The consumer is gone: nobody needs to wait any more.
    private func end() {
        state.withLock { state in
            state.isOver = true
            while let offer = state.offers.popFirst() { offer.taken.resume() }
            state.waiter.wake()
        }
    }

    func next() async -> Tagged<NetworkEvent>? {
        while true {
            let taken = state.withLock { state -> Tagged<NetworkEvent>?? in
                if let offer = state.offers.popFirst() {
                    offer.taken.resume()
                    return .some(offer.event)
                }
                return state.producers == 0 || state.isOver || Task.isCancelled ? .some(nil) : nil
            }
            if let taken { return taken }
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in wait(continuation) }
            } onCancel: {
                state.withLock { $0.waiter.wake() }
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
