import Testing

@testable import nlgate_keeper

@Suite struct HandshakeRateTests {
    /// How many of ten handshakes may begin now.
    private func taken(_ rate: inout HandshakeRate, at now: UInt64) -> Int {
        var count = 0
        for _ in 0..<10 where rate.take(now: now) { count += 1 }
        return count
    }

    @Test func `a second's worth at once, then so many a second`() {
        var rate = HandshakeRate(perSecond: 4, now: 1000)
        #expect(taken(&rate, at: 1000) == 4)
        #expect(taken(&rate, at: 1249) == 0)
        #expect(taken(&rate, at: 1250) == 1)
        // Time doesn't pile up, and doesn't run backwards.
        #expect(taken(&rate, at: 90_000) == 4)
        #expect(taken(&rate, at: 5) == 0)
        #expect(taken(&rate, at: 90_500) == 2)
    }
}
