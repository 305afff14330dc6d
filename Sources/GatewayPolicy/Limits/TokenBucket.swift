/// A limit as tokens that come back with time: one second's worth may be used at once.
///
/// A request may go while there is a whole token, and takes what it costs even when there is less: those after it wait
/// until the debt is paid. So a request of any size passes, and the average holds.
public struct TokenBucket: Equatable, Sendable {
    private let perSecond: Int64
    /// In thousandths of a token, so that every millisecond brings a whole number.
    private let capacity: Int64
    private var level: Int64
    private var updated: UInt64

    /// A full bucket; `now` is in milliseconds of a clock that never goes back.
    ///
    /// A rate of 0 counts as 1: what never opens would be a denial, and that is for grants to say.
    public init(perSecond: UInt32, burst: UInt32? = nil, now: UInt64) {
        self.perSecond = Int64(max(1, perSecond))
        capacity = Int64(max(1, burst ?? perSecond)) * 1000
        level = capacity
        updated = now
    }

    /// Milliseconds until a request may go; 0 when it may now.
    public mutating func wait(now: UInt64) -> UInt64 {
        refill(now)
        return level >= 1000 ? 0 : UInt64((1000 - level + perSecond - 1) / perSecond)
    }

    /// Takes what a request costs.
    public mutating func take(_ count: Int, now: UInt64) {
        refill(now)
        level -= Int64(count) * 1000
    }

    private mutating func refill(_ now: UInt64) {
        guard now > updated else { return }
        let missing = UInt64((capacity - level + perSecond - 1) / perSecond)
        level = min(capacity, level + Int64(min(now - updated, missing)) * perSecond)
        updated = now
    }
}
