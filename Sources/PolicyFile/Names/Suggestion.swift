/// Finds the name that somebody probably meant.
enum Suggestion {
    /// A file can have thousands of names, and none of them long.
    private static let mostNames = 512
    private static let longestName = 48

    /// The nearest of `names`, or nil when none is near; of equally near ones the first.
    static func nearest(to text: String, in names: [String], prefix: String = "") -> String? {
        let wanted = folded(text, prefix)
        guard !wanted.isEmpty, wanted.count <= longestName else { return nil }
        var best: (name: String, distance: Int)?
        for name in names.prefix(mostNames) {
            let candidate = folded(name, prefix)
            guard !candidate.isEmpty, candidate.count <= longestName else { continue }
            let distance = distance(wanted, candidate)
            if distance < best?.distance ?? .max { best = (name, distance) }
        }
        if let best, best.distance <= max(1, min(wanted.count, folded(best.name, prefix).count) / 3) {
            return best.name
        }
        return contained(wanted, in: names, prefix)
    }

    /// `LINK` for `GETLINK`: the shortest name that ends or begins with it.
    private static func contained(_ wanted: [UInt8], in names: [String], _ prefix: String) -> String? {
        guard wanted.count >= 3 else { return nil }
        let longer = names.prefix(mostNames).filter { name in
            let candidate = folded(name, prefix)
            return candidate.count <= longestName
                && (candidate.starts(with: wanted) || candidate.reversed().starts(with: wanted.reversed()))
        }
        return longer.min { $0.utf8.count < $1.utf8.count }
    }

    /// Without case, prefix and the characters that people mix up.
    private static func folded(_ text: String, _ prefix: String) -> [UInt8] {
        var bytes = Array(text.uppercased().utf8)
        let prefix = Array(prefix.uppercased().utf8)
        if !prefix.isEmpty, bytes.count > prefix.count, bytes.starts(with: prefix) { bytes.removeFirst(prefix.count) }
        return bytes.filter { $0 != UInt8(ascii: "_") && $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: " ") }
    }

    /// Damerau and Levenshtein: insertions, deletions, substitutions, and two neighbours swapped.
    private static func distance(_ one: [UInt8], _ other: [UInt8]) -> Int {
        var before: [Int] = []
        var last = Array(0...other.count)
        for (row, byte) in one.enumerated() {
            var next = [row + 1]
            for (column, otherByte) in other.enumerated() {
                var cost = min(last[column] + (byte == otherByte ? 0 : 1), last[column + 1] + 1, next[column] + 1)
                if row > 0, column > 0, byte == other[column - 1], one[row - 1] == otherByte {
                    cost = min(cost, before[column - 1] + 1)
                }
                next.append(cost)
            }
            (before, last) = (last, next)
        }
        return last[other.count]
    }

    /// "did you mean GETLINK?", or nil.
    static func hint(for text: String, in names: [String], prefix: String = "") -> String? {
        nearest(to: text, in: names, prefix: prefix).map { "did you mean \($0)?" }
    }
}
