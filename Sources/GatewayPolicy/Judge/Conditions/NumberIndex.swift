/// Which alternatives a number fits, by the segments into which all their ranges cut the numbers.
///
/// The search takes as long for 300 ranges as for 3, but for a few comparisons.
struct NumberIndex: Sendable {
    /// First numbers of the segments, ascending; the first segment begins at 0.
    private var starts: [UInt32] = []
    private var rows: [RoleBits] = []

    /// Ranges of alternatives; `others` fit every number, since they don't have the key.
    init(_ ranges: [(alternative: Int, range: ClosedRange<UInt32>)], others: RoleBits, count: Int) {
        struct Edge {
            let at: UInt64
            let alternative: Int
            let step: Int
        }
        let edges = ranges.flatMap { entry in
            [
                Edge(at: UInt64(entry.range.lowerBound), alternative: entry.alternative, step: 1),
                Edge(at: UInt64(entry.range.upperBound) + 1, alternative: entry.alternative, step: -1),
            ]
        }.sorted { $0.at < $1.at }
        var open = [Int](repeating: 0, count: count)
        var row = others
        (starts, rows) = ([0], [others])
        for edge in edges {
            open[edge.alternative] += edge.step
            if open[edge.alternative] > 0 { row.insert(edge.alternative) } else { row.remove(edge.alternative) }
            guard let start = UInt32(exactly: edge.at) else { continue }
            if starts.last == start {
                rows[rows.count - 1] = row
            } else {
                starts.append(start)
                rows.append(row)
            }
        }
    }

    func row(_ number: UInt32) -> RoleBits {
        var (low, high) = (0, starts.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if starts[middle] <= number { low = middle } else { high = middle }
        }
        return rows[low]
    }
}
