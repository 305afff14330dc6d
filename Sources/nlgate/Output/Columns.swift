/// Lays rows out in columns that are as wide as their widest cell; the last column isn't padded.
struct Columns {
    private var rows: [[String]] = []
    private let minimum: [Int]

    /// Columns with least widths, as far as they are given.
    init(minimum: [Int] = []) {
        self.minimum = minimum
    }

    mutating func append(_ row: [String]) {
        rows.append(row)
    }

    /// One line a row, each with its newline; no blanks at the ends.
    var text: String {
        var widths = minimum
        for row in rows {
            for (index, cell) in row.dropLast().enumerated() {
                if index == widths.count { widths.append(0) }
                widths[index] = max(widths[index], cell.count)
            }
        }
        var text = ""
        for row in rows {
            var line = ""
            for (index, cell) in row.enumerated() {
                line += cell
                if index < row.count - 1 {
                    line += String(repeating: " ", count: widths[index] - cell.count + 1)
                }
            }
            while line.last == " " { line.removeLast() }
            text += line + "\n"
        }
        return text
    }
}
