import Roles

/// How many denials of one client are written; what is left out is counted.
struct RateLimit {
    /// Lines a second in the long run.
    static let rate: UInt64 = 20
    /// Lines at once.
    static let burst: UInt64 = 50
    private static let mostClients = 10_000

    /// Whose lines were left out.
    struct Omission {
        let clients: [String]
        let identity: String
        let count: UInt64
    }

    private struct Bucket {
        /// Thousandths of a line.
        var tokens = RateLimit.burst * 1000
        var filledAt: UInt64
        var omitted: UInt64 = 0
        var clients: [String] = []
        var identity = ""

        mutating func fill(_ now: UInt64) {
            tokens = min(RateLimit.burst * 1000, tokens + (now - filledAt) * RateLimit.rate)
            filledAt = now
        }
    }

    private var buckets: [Principal: Bucket] = [:]

    /// True when another line of this client may be written at this moment, in monotonic milliseconds.
    mutating func admits(_ principal: Principal, _ clients: [String], _ identity: String, now: UInt64) -> Bool {
        // More clients than that are one: whoever can come from so many addresses shares what is left.
        let key =
            buckets[principal] == nil && buckets.count >= RateLimit.mostClients ? .anonymous(address: []) : principal
        var bucket = buckets[key] ?? Bucket(filledAt: now)
        bucket.fill(now)
        defer { buckets[key] = bucket }
        guard bucket.tokens >= 1000 else {
            bucket.omitted += 1
            (bucket.clients, bucket.identity) = (clients, identity)
            return false
        }
        bucket.tokens -= 1000
        return true
    }

    /// What was left out since it was asked last; clients that are quiet again are forgotten.
    mutating func takeOmissions(now: UInt64) -> [Omission] {
        var omissions: [Omission] = []
        for (principal, var bucket) in buckets {
            bucket.fill(now)
            if bucket.omitted > 0 {
                omissions.append(
                    Omission(clients: bucket.clients, identity: bucket.identity, count: bucket.omitted))
                bucket.omitted = 0
            }
            buckets[principal] = bucket.tokens == RateLimit.burst * 1000 ? nil : bucket
        }
        return omissions
    }
}
