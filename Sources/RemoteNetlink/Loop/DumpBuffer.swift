import Synchronization

/// The place where a task waits for a loop, one at a time.
///
/// The task goes on when its continuation is resumed, which must not be done under the lock that guards this value: the
/// runtime then wants the task's own lock, which a cancellation holds while its handler waits for ours.
struct Waiter {
    private var continuation: CheckedContinuation<Void, Never>?

    /// The task's continuation, if one waits; it doesn't any more.
    mutating func leave() -> CheckedContinuation<Void, Never>? {
        continuation.take()
    }

    mutating func wait(_ continuation: CheckedContinuation<Void, Never>) {
        precondition(self.continuation == nil, "two tasks wait for the same stream")
        self.continuation = continuation
    }
}

/// A dump's datagrams on their way to the consumer.
final class DumpBuffer: Sendable {
    fileprivate struct Content {
        var datagrams = Queue<[UInt8]>()
        var bytes = 0
        var end: Result<String?, NetlinkError.Reason>?
        var waiter = Waiter()
        /// The loop was told that the buffer is full.
        var isPaused = false
    }

    /// What the consumer finds.
    enum Part {
        /// One datagram; with `resumes` the loop has to be told that there is room again.
        case datagram([UInt8], resumes: Bool)
        /// The dump ended well; the kernel's remark, if it made one.
        case end(warning: String?)
        case failure(NetlinkError.Reason)
    }

    private let content = Mutex(Content())
    private let limit: Int

    init(limit: Int) {
        self.limit = limit
    }

    /// Adds a datagram; true when no more should follow for now.
    func push(_ datagram: [UInt8]) -> Bool {
        let (waiting, isPaused) = content.withLock { content in
            content.bytes += datagram.count
            content.datagrams.append(datagram)
            content.isPaused = content.bytes >= limit
            return (content.waiter.leave(), content.isPaused)
        }
        waiting?.resume()
        return isPaused
    }

    func finish(_ end: Result<String?, NetlinkError.Reason>) {
        let waiting = content.withLock { content in
            content.end = end
            return content.waiter.leave()
        }
        waiting?.resume()
    }

    /// The next part, as soon as there is one.
    func next() async -> Part {
        while true {
            if let part = content.withLock({ $0.take(limit: limit) }) { return part }
            if Task.isCancelled { return .failure(.cancelled) }
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in wait(continuation) }
            } onCancel: {
                content.withLock { $0.waiter.leave() }?.resume()
            }
        }
    }

    /// Looked at under the lock: a cancellation that comes later finds the continuation.
    private func wait(_ continuation: CheckedContinuation<Void, Never>) {
        content.withLock { content in
            guard content.datagrams.isEmpty, content.end == nil, !Task.isCancelled else { return continuation.resume() }
            content.waiter.wait(continuation)
        }
    }
}

extension DumpBuffer.Content {
    fileprivate mutating func take(limit: Int) -> DumpBuffer.Part? {
        if let datagram = datagrams.popFirst() {
            bytes -= datagram.count
            let resumes = isPaused && bytes <= limit / 2
            if resumes { isPaused = false }
            return .datagram(datagram, resumes: resumes)
        }
        switch end {
        case .success(let warning)?: return .end(warning: warning)
        case .failure(let reason)?: return .failure(reason)
        case nil: return nil
        }
    }
}
