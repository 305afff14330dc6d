/// Which of a list of alternatives fit: one bit each, in the order of the roles.
struct RoleBits: Equatable, Sendable {
    private(set) var words: [UInt64]

    /// None of `count`.
    init(count: Int) {
        words = [UInt64](repeating: 0, count: (count + 63) / 64)
    }

    /// All of `count`.
    init(allOf count: Int) {
        self.init(count: count)
        for index in 0..<count { insert(index) }
    }

    var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

    /// The lowest that is in.
    var first: Int? {
        for (index, word) in words.enumerated() where word != 0 { return index * 64 + word.trailingZeroBitCount }
        return nil
    }

    func contains(_ index: Int) -> Bool { words[index / 64] & 1 << UInt64(index % 64) != 0 }
    mutating func insert(_ index: Int) { words[index / 64] |= 1 << UInt64(index % 64) }
    mutating func remove(_ index: Int) { words[index / 64] &= ~(1 << UInt64(index % 64)) }

    mutating func formUnion(_ other: RoleBits) {
        for index in words.indices { words[index] |= other.words[index] }
    }

    mutating func formIntersection(_ other: RoleBits) {
        for index in words.indices { words[index] &= other.words[index] }
    }

    mutating func subtract(_ other: RoleBits) {
        for index in words.indices { words[index] &= ~other.words[index] }
    }

    func intersection(_ other: RoleBits) -> RoleBits {
        var result = self
        result.formIntersection(other)
        return result
    }
}
