/// Which alternatives a name fits: by whole names, by beginnings (`veth*`), and by the few other patterns one by one.
struct NameIndex: Sendable {
    private var whole: [String: RoleBits] = [:]
    private var beginnings: [[UInt8]: RoleBits] = [:]
    private var lengths: Set<Int> = []
    private var patterns: [(pattern: String, row: RoleBits)] = []
    private let others: RoleBits

    /// Patterns of alternatives; `others` fit every name, since they don't have the key.
    init(_ names: [(alternative: Int, pattern: String)], others: RoleBits, count: Int) {
        self.others = others
        let none = RoleBits(count: count)
        for (alternative, pattern) in names {
            let beginning = Array(pattern.utf8.dropLast())
            if !pattern.utf8.contains(NamePattern.star) {
                whole[pattern, default: none].insert(alternative)
            } else if pattern.utf8.last == NamePattern.star, !beginning.contains(NamePattern.star) {
                beginnings[beginning, default: none].insert(alternative)
                lengths.insert(beginning.count)
            } else if let index = patterns.firstIndex(where: { $0.pattern == pattern }) {
                patterns[index].row.insert(alternative)
            } else {
                var row = none
                row.insert(alternative)
                patterns.append((pattern, row))
            }
        }
    }

    func row(_ name: String) -> RoleBits {
        var row = others
        if let found = whole[name] { row.formUnion(found) }
        if !lengths.isEmpty {
            let bytes = Array(name.utf8)
            for length in lengths where length <= bytes.count {
                if let found = beginnings[Array(bytes.prefix(length))] { row.formUnion(found) }
            }
        }
        for (pattern, found) in patterns where NamePattern.matches(pattern, name) { row.formUnion(found) }
        return row
    }
}

/// Patterns of names, in which `*` stands for any bytes and nothing else is special.
enum NamePattern {
    static let star = UInt8(ascii: "*")

    /// The time it takes grows with the product of the lengths, never faster.
    static func matches(_ pattern: String, _ text: String) -> Bool {
        let (pattern, text) = (Array(pattern.utf8), Array(text.utf8))
        var (at, position) = (0, 0)
        var resume: (pattern: Int, text: Int)?
        while position < text.count {
            if at < pattern.count, pattern[at] == star {
                resume = (at + 1, position)
                at += 1
            } else if at < pattern.count, pattern[at] == text[position] {
                at += 1
                position += 1
            } else if let last = resume {
                resume = (last.pattern, last.text + 1)
                (at, position) = (last.pattern, last.text + 1)
            } else {
                return false
            }
        }
        return pattern[at...].allSatisfy { $0 == star }
    }
}
