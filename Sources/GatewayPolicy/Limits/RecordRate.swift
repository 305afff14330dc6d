/// Which denials of a session are logged: so many a second, and the first of each operation always.
///
/// Nobody may fill the log by being refused; what was left out is counted.
public struct RecordRate: Sendable {
    /// Records a second.
    public static let perSecond: UInt32 = 20
    /// Records at once.
    public static let burst: UInt32 = 50
    /// Operations whose first record goes through in any case.
    public static let operations = 256

    private var bucket: TokenBucket
    private var seen: Set<String> = []
    /// Records left out since the last that went through.
    public private(set) var omitted: UInt32 = 0

    /// Nothing logged yet; `now` is in milliseconds of a clock that never goes back.
    public init(now: UInt64) {
        bucket = TokenBucket(perSecond: RecordRate.perSecond, burst: RecordRate.burst, now: now)
    }

    /// How many were left out before this record; nil when this one is left out too.
    public mutating func admit(_ operation: String, now: UInt64) -> UInt32? {
        let isFirst = seen.count < RecordRate.operations && seen.insert(operation).inserted
        if bucket.wait(now: now) == 0 {
            bucket.take(1, now: now)
        } else if !isFirst {
            omitted = omitted == UInt32.max ? omitted : omitted + 1
            return nil
        }
        defer { omitted = 0 }
        return omitted
    }
}
