/// The lines of a file and the words in them, for whoever changes some of its bytes and no others.
struct FileLayout {
    /// Columns that a line has at most when words are added to it.
    static let widest = 120

    let bytes: [UInt8]
    let tokens: [Int: Token]
    /// What ends a line: of the first line, and so of those that are added.
    let newline: String

    init(_ map: SourceMap) {
        bytes = map.bytes
        var scanner = TokenScanner(DiagnosticCollector(map))
        scanner.scan()
        tokens = scanner.tokens
        let end = map.bytes.firstIndex(of: UInt8(ascii: "\n")) ?? 0
        newline = end > 0 && map.bytes[end - 1] == UInt8(ascii: "\r") ? "\r\n" : "\n"
    }

    /// The first byte of the line that a byte stands in.
    func lineStart(_ offset: Int) -> Int {
        (bytes[..<min(offset, bytes.count)].lastIndex(of: UInt8(ascii: "\n")) ?? -1) + 1
    }

    /// Where the line's text ends, before what ends the line.
    func lineEnd(_ offset: Int) -> Int {
        let end = bytes[offset...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
        return end > offset && bytes[end - 1] == UInt8(ascii: "\r") ? end - 1 : end
    }

    /// The first byte of the next line, or the end of the file.
    func nextLine(_ offset: Int) -> Int {
        bytes[offset...].firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? bytes.count
    }

    /// Bytes between the beginning of the line and this one.
    func column(_ offset: Int) -> Int { offset - lineStart(offset) }

    /// What stands before a byte in its line.
    func indentation(_ offset: Int) -> String {
        String(decoding: bytes[lineStart(offset)..<offset], as: UTF8.self)
    }

    /// True when only blanks stand before a byte in its line.
    func beginsLine(_ offset: Int) -> Bool { bytes[lineStart(offset)..<offset].allSatisfy(\.isBlank) }

    /// True when two bytes stand in one line.
    func isOneLine(_ first: Int, _ last: Int) -> Bool { !bytes[first..<max(first, last)].contains(UInt8(ascii: "\n")) }

    /// True when `{` or `[` begins the node.
    func isFlow(_ node: SourceNode) -> Bool {
        guard node.range.lowerBound < bytes.count else { return false }
        let byte = bytes[node.range.lowerBound]
        return byte == UInt8(ascii: "[") || byte == UInt8(ascii: "{")
    }

    /// The byte behind blanks.
    func skipBlanks(_ offset: Int) -> Int {
        var offset = offset
        while offset < bytes.count, bytes[offset].isBlank { offset += 1 }
        return offset
    }

    /// The first byte of the blanks before this one, in its line.
    func skipBlanksBack(_ offset: Int) -> Int {
        var offset = offset
        while offset > 0, bytes[offset - 1].isBlank { offset -= 1 }
        return offset
    }

    /// True when the text of the line ends before this byte or with a comment behind it.
    func endsLine(_ offset: Int) -> Bool {
        let next = skipBlanks(offset)
        return next >= lineEnd(offset) || bytes[next] == UInt8(ascii: "#")
    }

    /// The comma between this byte and another, not counting those in comments; nothing else but blanks may be there.
    func comma(from start: Int, to end: Int) -> Int? {
        var offset = start
        while offset < end {
            if bytes[offset] == UInt8(ascii: ",") { return offset }
            if bytes[offset] == UInt8(ascii: "#") { offset = lineEnd(offset) } else { offset += 1 }
        }
        return nil
    }

    /// Elements in brackets from a column on, broken into lines where they would be too wide.
    func wrapped(_ texts: [String], at column: Int, indent: Int) -> String {
        var column = column
        var result = ""
        for (index, text) in texts.enumerated() {
            if index > 0 {
                if column + text.utf8.count + 3 > FileLayout.widest {
                    result += "," + newline + String(repeating: " ", count: indent)
                    column = indent
                } else {
                    result += ", "
                    column += 2
                }
            }
            result += text
            column += text.utf8.count
        }
        return result
    }
}

/// Bytes that give way to a text.
struct TextChange: Equatable {
    let range: Range<Int>
    let text: String

    init(_ range: Range<Int>, _ text: String) {
        self.range = range
        self.text = text
    }

    /// A text between two bytes.
    init(at offset: Int, _ text: String) {
        self.init(offset..<offset, text)
    }

    /// The file with all changes, those at one place in their order; nil when two are about the same bytes.
    static func apply(_ changes: [TextChange], to bytes: [UInt8]) -> String? {
        var result: [UInt8] = []
        var position = 0
        let ordered = changes.enumerated().sorted { left, right in
            (left.element.range.lowerBound, left.offset) < (right.element.range.lowerBound, right.offset)
        }
        for (_, change) in ordered {
            guard change.range.lowerBound >= position else { return nil }
            result += bytes[position..<change.range.lowerBound]
            result += change.text.utf8
            position = change.range.upperBound
        }
        result += bytes[position...]
        return String(decoding: result, as: UTF8.self)
    }
}
