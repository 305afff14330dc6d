/// What `messages-per-second` and `bytes-per-second` leave a session: over them its input waits, and nothing is lost.
public struct Throttle: Sendable {
    private var messages: TokenBucket?
    private var bytes: TokenBucket?

    /// Full buckets for the limits that there are; `now` is in milliseconds of a clock that never goes back.
    public init(_ limits: SessionLimits, now: UInt64) {
        messages = limits.messagesPerSecond.map { TokenBucket(perSecond: $0, now: now) }
        bytes = limits.bytesPerSecond.map { TokenBucket(perSecond: $0, now: now) }
    }

    /// True when there is no limit, and so nothing to count.
    public var isOpen: Bool { messages == nil && bytes == nil }

    /// Milliseconds until the next request may be taken; 0 when it may be now.
    public mutating func wait(now: UInt64) -> UInt64 {
        max(messages?.wait(now: now) ?? 0, bytes?.wait(now: now) ?? 0)
    }

    /// Takes what a request costs.
    public mutating func take(messages count: Int, bytes size: Int, now: UInt64) {
        messages?.take(count, now: now)
        bytes?.take(size, now: now)
    }
}
