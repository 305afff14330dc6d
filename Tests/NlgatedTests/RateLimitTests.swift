import Roles
import Testing

@testable import nlgated

/// Denials that are written, and those that are counted.
@Suite struct RateLimitTests {
    private let one = Principal.user(uid: 1, gid: 1)
    private let other = Principal.user(uid: 2, gid: 2)

    /// A limit that a macro can ask: it takes a copy of a structure.
    private final class Limit {
        private var limit = RateLimit()

        func admits(_ principal: Principal, now: UInt64) -> Bool { limit.admits(principal, ["c"], "i", now: now) }
        func omissions(now: UInt64) -> [RateLimit.Omission] { limit.takeOmissions(now: now) }

        func admitted(_ principal: Principal, _ count: Int, now: UInt64) -> Int {
            (0..<count).count { _ in admits(principal, now: now) }
        }
    }

    @Test func `a burst, then so many a second, for each client alone`() {
        let limit = Limit()
        #expect(limit.admitted(one, 200, now: 1000) == 50)
        #expect(limit.admitted(other, 10, now: 1000) == 10)
        #expect(limit.admitted(one, 200, now: 2000) == 20)
        #expect(limit.admitted(one, 200, now: 2050) == 1)
        #expect(limit.admitted(one, 200, now: 1_000_000) == 50)
    }

    @Test func `what was left out is told once, with whose it was`() throws {
        let limit = Limit()
        #expect(limit.omissions(now: 0).isEmpty)
        _ = limit.admitted(one, 60, now: 1000)
        _ = limit.admitted(other, 50, now: 1000)
        let omissions = limit.omissions(now: 1000)
        let omission = try #require(omissions.first)
        #expect(omissions.count == 1)
        #expect(omission.count == 10 && omission.clients == ["c"] && omission.identity == "i")
        #expect(limit.omissions(now: 1001).isEmpty)
    }

    @Test func `a flood of clients shares one place and is counted whole`() {
        let limit = Limit()
        var written = 0
        for number in 0..<30_000 as Range<UInt32> {
            if limit.admits(.user(uid: number, gid: 0), now: 5) { written += 1 }
        }
        #expect(written == 10_000 + Int(RateLimit.burst))
        #expect(limit.omissions(now: 5).reduce(0) { $0 + $1.count } == UInt64(30_000 - written))
        // Those that are quiet are forgotten, and others have room again.
        _ = limit.omissions(now: 1_000_000)
        #expect(limit.admitted(.user(uid: 29_999, gid: 0), 60, now: 1_000_000) == 50)
    }
}
