/// The bytes of a file, and where its lines begin.
struct SourceMap: Sendable {
    let file: String
    let bytes: [UInt8]
    private let lineStarts: [Int]
    /// Lines that have more than ASCII, where columns have to be counted.
    private let wideLines: Set<Int>

    init(_ source: PolicySource) {
        file = source.name
        bytes = Array(source.text.utf8)
        var starts = [0]
        var wide: Set<Int> = []
        for (offset, byte) in bytes.enumerated() {
            if byte == UInt8(ascii: "\n") { starts.append(offset + 1) }
            if byte >= 0x80 { wide.insert(starts.count - 1) }
        }
        lineStarts = starts
        wideLines = wide
    }

    /// The place of a byte; one behind the last is a place too.
    func position(_ offset: Int) -> SourcePosition {
        let line = line(of: offset)
        let start = lineStarts[line]
        let column = wideLines.contains(line) ? bytes[start..<offset].count { $0 & 0xc0 != 0x80 } : offset - start
        return SourcePosition(line: line + 1, column: column + 1, offset: offset)
    }

    /// The byte at a line and a column, both from 1; the nearest one when there is no such place.
    func offset(line: Int, column: Int) -> Int {
        let index = min(max(line, 1), lineStarts.count) - 1
        let start = lineStarts[index]
        let end = index + 1 < lineStarts.count ? lineStarts[index + 1] - 1 : bytes.count
        guard wideLines.contains(index) else { return min(start + max(column, 1) - 1, end) }
        var offset = start
        var left = column - 1
        while offset < end, left > 0 {
            offset += 1
            while offset < end, bytes[offset] & 0xc0 == 0x80 { offset += 1 }
            left -= 1
        }
        return offset
    }

    /// What stands between two bytes.
    func text(_ range: Range<Int>) -> String {
        String(decoding: bytes[range], as: UTF8.self)
    }

    private func line(of offset: Int) -> Int {
        var (low, high) = (0, lineStarts.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if lineStarts[middle] <= offset { low = middle } else { high = middle }
        }
        return low
    }
}

/// Collects what is wrong, up to a number that somebody still reads.
final class DiagnosticCollector {
    static let limit = 200

    /// What a file is called in messages, and how one begins.
    struct Subject: Sendable {
        let name: String
        let opening: String

        static let policy = Subject(name: "a policy", opening: "policy: 1")
        static let configuration = Subject(name: "a configuration", opening: "config: 1")
    }

    let map: SourceMap
    let subject: Subject
    private(set) var diagnostics: [Diagnostic] = []
    private(set) var hasErrors = false
    private var reported: Set<Diagnostic> = []

    init(_ map: SourceMap, _ subject: Subject = .policy) {
        self.map = map
        self.subject = subject
    }

    /// True when more would help nobody.
    var isFull: Bool { diagnostics.count >= DiagnosticCollector.limit }

    func error(_ range: Range<Int>, _ message: String, hint: String? = nil) {
        add(.error, range.lowerBound, message, hint)
    }

    func warning(_ range: Range<Int>, _ message: String, hint: String? = nil) {
        add(.warning, range.lowerBound, message, hint)
    }

    private func add(_ severity: Diagnostic.Severity, _ offset: Int, _ message: String, _ hint: String?) {
        if severity == .error { hasErrors = true }
        guard !isFull else { return }
        let position = map.position(offset)
        let diagnostic = Diagnostic(severity, file: map.file, at: position, message, hint: hint)
        if reported.insert(diagnostic).inserted { diagnostics.append(diagnostic) }
    }

    /// In the order of the file.
    var sorted: [Diagnostic] {
        diagnostics.enumerated().sorted { ($0.element.position, $0.offset) < ($1.element.position, $1.offset) }
            .map(\.element)
    }
}
