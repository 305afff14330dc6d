public import NetlinkWire
import Synchronization

/// What came without having been asked for: events, and answers to datagrams of the program's own.
public enum Incoming: Equatable, Sendable {
    /// A datagram as the kernel sent it; `group` is 0 where it was sent to this socket alone.
    case datagram([UInt8], group: UInt32)
    /// Messages were lost before the next: the kernel had no room, or this program was too slow.
    case lost
    /// The gateway could not hand a datagram to the kernel.
    case refused(Acknowledgement)
}

/// Events and the like on their way to a task.
///
/// It is bounded: when it is full, what comes is dropped and `lost` stands in its place until the task has taken
/// everything. Reading never stops, since answers come the same way.
final class IncomingBuffer: Sendable {
    fileprivate struct Content {
        var items = Queue<Incoming>()
        var bytes = 0
        var isDropping = false
        var end: ConnectError?
        var waiter = Waiter()
    }

    /// What the task finds.
    enum Taken {
        case item(Incoming)
        case end(ConnectError)
        case cancelled
    }

    private let content = Mutex(Content())
    private let limit: Int

    init(limit: Int) {
        self.limit = limit
    }

    func push(_ item: Incoming) {
        content.withLock { $0.push(item, limit: limit) }?.resume()
    }

    func end(_ error: ConnectError) {
        let waiting = content.withLock { content in
            content.end = error
            return content.waiter.leave()
        }
        waiting?.resume()
    }

    /// The next item, as soon as there is one.
    func next() async -> Taken {
        while true {
            if let taken = content.withLock({ $0.take() }) { return taken }
            if Task.isCancelled { return .cancelled }
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in wait(continuation) }
            } onCancel: {
                content.withLock { $0.waiter.leave() }?.resume()
            }
        }
    }

    /// What is there now; nil for nothing.
    func takeNow() -> Taken? {
        content.withLock { $0.take() }
    }

    private func wait(_ continuation: CheckedContinuation<Void, Never>) {
        content.withLock { content in
            guard content.items.isEmpty, content.end == nil, !Task.isCancelled else { return continuation.resume() }
            content.waiter.wait(continuation)
        }
    }
}

extension IncomingBuffer.Content {
    /// What an item costs besides its bytes.
    private static let overhead = 64

    /// Adds an item; whoever waits for it is to be resumed outside of the lock.
    fileprivate mutating func push(_ item: Incoming, limit: Int) -> CheckedContinuation<Void, Never>? {
        guard !isDropping else { return nil }
        var item = item
        if bytes >= limit || item == .lost {
            item = .lost
            isDropping = true
        }
        bytes += item.size + Self.overhead
        items.append(item)
        return waiter.leave()
    }

    fileprivate mutating func take() -> IncomingBuffer.Taken? {
        if let item = items.popFirst() {
            bytes -= item.size + Self.overhead
            if item == .lost { isDropping = false }
            return .item(item)
        }
        return end.map { .end($0) }
    }
}

extension Incoming {
    fileprivate var size: Int {
        if case .datagram(let bytes, _) = self { bytes.count } else { 0 }
    }
}
