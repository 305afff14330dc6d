/// Numbers that a seed repeats (SplitMix64).
public struct SeededNumbers: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// Numbers of this seed.
    public init(seed: UInt64) {
        state = seed
    }

    /// The next number.
    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// One of several.
    public mutating func pick<Element>(_ choices: [Element]) -> Element { choices[below(choices.count)] }
    /// From 0 up to the limit; 0 where that is 0.
    public mutating func below(_ limit: Int) -> Int { Int(truncatingIfNeeded: next() >> 33) % max(1, limit) }
    /// True once in `count` times.
    public mutating func one(in count: Int) -> Bool { below(count) == 0 }
    /// So many bytes of any value.
    public mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) } }
    /// Bytes of any value, so many as the range allows.
    public mutating func bytes(_ counts: ClosedRange<Int>) -> [UInt8] { bytes(Int.random(in: counts, using: &self)) }
}
