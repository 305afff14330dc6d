import GatewayPolicy
import NetlinkWire
import Testing

@Suite struct TokenBucketTests {
    @Test func `a second's worth at once, then one at a time`() {
        var bucket = TokenBucket(perSecond: 4, now: 1000)
        for _ in 0..<4 {
            #expect(bucket.wait(now: 1000) == 0)
            bucket.take(1, now: 1000)
        }
        #expect(bucket.wait(now: 1000) == 250)
        #expect(bucket.wait(now: 1249) == 1)
        #expect(bucket.wait(now: 1250) == 0)
        bucket.take(1, now: 1250)
        #expect(bucket.wait(now: 1250) == 250)
    }

    @Test func `one a second is one a second`() {
        var bucket = TokenBucket(perSecond: 1, now: 0)
        #expect(bucket.wait(now: 0) == 0)
        bucket.take(1, now: 0)
        #expect(bucket.wait(now: 0) == 1000)
        #expect(bucket.wait(now: 999) == 1)
        #expect(bucket.wait(now: 1000) == 0)
    }

    @Test func `it never holds more than its burst`() {
        var bucket = TokenBucket(perSecond: 10, now: 0)
        #expect(bucket.wait(now: 1 << 60) == 0)
        bucket.take(10, now: 1 << 60)
        #expect(bucket.wait(now: 1 << 60) == 100)
        var burst = TokenBucket(perSecond: 20, burst: 50, now: 0)
        burst.take(50, now: 0)
        #expect(burst.wait(now: 0) == 50)
        #expect(burst.wait(now: 50) == 0)
    }

    @Test func `a request larger than the burst passes, and its debt is paid afterwards`() {
        var bucket = TokenBucket(perSecond: 1000, now: 0)
        #expect(bucket.wait(now: 0) == 0)
        bucket.take(64_000, now: 0)
        #expect(bucket.wait(now: 0) == 63_001)
        #expect(bucket.wait(now: 63_000) == 1)
        #expect(bucket.wait(now: 63_001) == 0)
    }

    @Test func `the greatest numbers don't overflow`() {
        var bucket = TokenBucket(perSecond: UInt32.max, now: UInt64.max - 10)
        bucket.take(4 << 20, now: UInt64.max - 10)
        #expect(bucket.wait(now: UInt64.max) == 0)
        var slow = TokenBucket(perSecond: 1, now: 0)
        slow.take(4 << 20, now: 0)
        #expect(slow.wait(now: 0) == UInt64(4 << 20) * 1000)
        #expect(slow.wait(now: UInt64.max) == 0)
    }

    @Test func `a clock that stands or goes back brings nothing`() {
        var bucket = TokenBucket(perSecond: 1, now: 5000)
        bucket.take(1, now: 5000)
        #expect(bucket.wait(now: 5000) == 1000)
        #expect(bucket.wait(now: 4000) == 1000)
    }

    @Test func `a rate of nothing counts as one`() {
        var bucket = TokenBucket(perSecond: 0, now: 0)
        #expect(bucket.wait(now: 0) == 0)
        bucket.take(1, now: 0)
        #expect(bucket.wait(now: 0) == 1000)
    }
}

@Suite struct ThrottleTests {
    @Test func `without limits nothing is counted`() {
        var throttle = Throttle(SessionLimits(), now: 0)
        #expect(throttle.isOpen)
        throttle.take(messages: 1_000_000, bytes: 1 << 40, now: 0)
        #expect(throttle.wait(now: 0) == 0)
    }

    @Test func `the longer wait of both holds`() {
        var limits = SessionLimits()
        limits.messagesPerSecond = 10
        limits.bytesPerSecond = 100
        var throttle = Throttle(limits, now: 0)
        #expect(!throttle.isOpen)
        throttle.take(messages: 10, bytes: 299, now: 0)
        #expect(throttle.wait(now: 0) == 2000)
        throttle.take(messages: 40, bytes: 0, now: 0)
        #expect(throttle.wait(now: 0) == 4100)
    }
}

@Suite struct RecordRateTests {
    @Test func `a burst, then so many a second, and those left out are counted`() {
        var rate = RecordRate(now: 0)
        for _ in 0..<50 { #expect(rate.admit("route SETLINK", now: 0) == 0) }
        for _ in 0..<7 { #expect(rate.admit("route SETLINK", now: 0) == nil) }
        #expect(rate.omitted == 7)
        #expect(rate.admit("route SETLINK", now: 50) == 7)
        #expect(rate.omitted == 0)
        #expect(rate.admit("route SETLINK", now: 50) == nil)
        #expect(rate.admit("route SETLINK", now: 100) == 1)
    }

    @Test func `the first of each operation goes through, to 256 of them`() {
        var rate = RecordRate(now: 0)
        for number in 0..<256 { #expect(rate.admit("operation \(number)", now: 0) == 0) }
        #expect(rate.admit("another", now: 0) == nil)
        #expect(rate.admit("operation 3", now: 0) == nil)
        #expect(rate.omitted == 2)
    }
}
