/// Which alternatives have a prefix in which a destination lies.
///
/// Prefixes never overlap in part, so they form trees: a binary search finds the nearest prefix before a destination, and
/// only those around it can contain it.
struct PrefixIndex: Sendable {
    private struct Node {
        let prefix: Prefix
        /// The nearest prefix around this one.
        let parent: Int?
        /// Alternatives of this prefix and of all around it.
        var row: RoleBits
    }

    private var nodes: [Node] = []
    private let none: RoleBits

    init(_ prefixes: [(alternative: Int, prefix: Prefix)], count: Int) {
        none = RoleBits(count: count)
        let sorted = prefixes.sorted { PrefixIndex.isBefore($0.prefix, $1.prefix) }
        for (alternative, prefix) in sorted {
            if nodes.last?.prefix != prefix {
                let parent = container(of: prefix, from: nodes.count - 1)
                nodes.append(Node(prefix: prefix, parent: parent, row: parent.map { nodes[$0].row } ?? none))
            }
            nodes[nodes.count - 1].row.insert(alternative)
        }
    }

    func row(_ destination: Prefix) -> RoleBits {
        var (low, high) = (0, nodes.count)
        while low < high {
            let middle = (low + high) / 2
            if PrefixIndex.isBefore(destination, nodes[middle].prefix) { high = middle } else { low = middle + 1 }
        }
        return container(of: destination, from: low - 1).map { nodes[$0].row } ?? none
    }

    /// The nearest prefix that contains this one, among the node before it and those around that node.
    private func container(of prefix: Prefix, from before: Int) -> Int? {
        var candidate: Int? = before >= 0 ? before : nil
        while let index = candidate, !nodes[index].prefix.contains(prefix) { candidate = nodes[index].parent }
        return candidate
    }

    private static func isBefore(_ one: Prefix, _ other: Prefix) -> Bool {
        (one.isIPv6 ? 1 : 0, one.bits, one.length) < (other.isIPv6 ? 1 : 0, other.bits, other.length)
    }
}
