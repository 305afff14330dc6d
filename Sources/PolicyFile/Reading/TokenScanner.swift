/// A word of the file: a scalar, a bracket with all that it holds, or the dash of a list.
struct Token: Hashable, Sendable {
    enum Kind: Sendable {
        case plain
        case quoted
        case bracket
        case dash
    }

    let kind: Kind
    let range: Range<Int>
}

/// Walks over the file before the YAML parser does and refuses what a policy has no use for.
///
/// What is left of YAML: mappings, lists, and scalars that stand on one line, plain or quoted. No anchors, aliases, tags,
/// block scalars, directives or second documents, so that a line means what it shows and nothing can be multiplied.
struct TokenScanner {
    static let deepestBracket = 8
    static let widestIndent = 64
    static let longestLine = 4096

    private let bytes: [UInt8]
    private let collector: DiagnosticCollector
    private var brackets: [Int] = []
    private var sawContent = false
    private var offset = 0
    /// Where the line ends.
    private var end = 0
    /// True when what follows can't be told apart any more.
    private var isLost = false
    /// By the byte where they begin.
    private(set) var tokens: [Int: Token] = [:]

    init(_ collector: DiagnosticCollector) {
        bytes = collector.map.bytes
        self.collector = collector
    }

    mutating func scan() {
        while offset < bytes.count, !isLost, !collector.isFull {
            end = bytes[offset...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
            let next = end + 1
            if end > offset, bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
            scanLine()
            offset = next
        }
        for open in brackets where !isLost { report(open, "'\(character(open))' is never closed") }
    }

    private mutating func scanLine() {
        guard end - offset <= TokenScanner.longestLine else {
            return report(offset, "a line is longer than \(TokenScanner.longestLine) bytes")
        }
        let start = offset
        skipSpaces()
        guard offset < end, bytes[offset] != UInt8(ascii: "#") else { return }
        if brackets.isEmpty {
            if bytes[start..<offset].contains(UInt8(ascii: "\t")) {
                return report(start, "a tab in the indentation", hint: "use spaces")
            }
            if offset == start, isMarker() { return }
        }
        sawContent = true
        while offset < end, !isLost {
            scanToken(lineStart: start)
            skipSpaces()
            if offset < end, bytes[offset] == UInt8(ascii: "#"), bytes[offset - 1].isBlank { return }
        }
    }

    /// `---`, `...` and `%`, which only mean something at the beginning of a line.
    private mutating func isMarker() -> Bool {
        if bytes[offset] == UInt8(ascii: "%") {
            report(offset, "a YAML directive", hint: "remove it")
            return true
        }
        let isStart = hasPrefix("---")
        guard isStart || hasPrefix("..."), offset + 3 == end || bytes[offset + 3].isBlank else { return false }
        if isStart, !sawContent, offset + 3 == end {
            sawContent = true
        } else {
            report(
                offset, "a second document",
                hint: "\(collector.subject.name) is one document without '---' or '...' inside")
        }
        return true
    }

    private mutating func scanToken(lineStart: Int) {
        let first = offset
        switch bytes[first] {
        case UInt8(ascii: "\""): scanDoubleQuoted()
        case UInt8(ascii: "'"): scanSingleQuoted()
        case UInt8(ascii: "["), UInt8(ascii: "{"):
            if brackets.count >= TokenScanner.deepestBracket { report(first, "brackets are nested too deep") }
            brackets.append(first)
            offset += 1
        case UInt8(ascii: "]"), UInt8(ascii: "}"): closeBracket()
        case UInt8(ascii: ",") where !brackets.isEmpty: offset += 1
        case UInt8(ascii: ":") where endsWord(first + 1): offset += 1
        case UInt8(ascii: ":") where !brackets.isEmpty && !afterQuote(first):
            report(first, "a value that begins with ':'", hint: "put it in quotes")
            scanPlain()
        case UInt8(ascii: ":") where !brackets.isEmpty: offset += 1
        case UInt8(ascii: "-") where first + 1 == end || bytes[first + 1].isBlank:
            if first - lineStart > TokenScanner.widestIndent { report(first, "lists are nested too deep") }
            tokens[first] = Token(kind: .dash, range: first..<(first + 1))
            offset += 1
        default:
            if first - lineStart > TokenScanner.widestIndent, brackets.isEmpty,
                bytes[lineStart..<first].allSatisfy(\.isBlank)
            {
                report(first, "this is indented too deep")
            }
            guard !isForeign() else { return }
            scanPlain()
        }
    }

    /// What YAML has and this language does not.
    private mutating func isForeign() -> Bool {
        let (message, hint): (String, String)
        switch bytes[offset] {
        case UInt8(ascii: "*"):
            (message, hint) = ("a YAML alias", "a name that begins with '*' has to be in quotes")
        case UInt8(ascii: "&"): (message, hint) = ("a YAML anchor", "use include to share what roles have in common")
        case UInt8(ascii: "!"): (message, hint) = ("a YAML tag", "remove it, or put the value in quotes")
        case UInt8(ascii: "|"), UInt8(ascii: ">"):
            (message, hint) = ("a YAML block text", "write the value on one line")
        case UInt8(ascii: "?") where endsWord(offset + 1):
            (message, hint) = ("a YAML complex key", "write 'key: value'")
        default: return false
        }
        report(offset, "\(message), which \(collector.subject.name) doesn't have", hint: hint)
        isLost = bytes[offset] == UInt8(ascii: "|") || bytes[offset] == UInt8(ascii: ">")
        while offset < end, !bytes[offset].isBlank, !bytes[offset].isFlowIndicator { offset += 1 }
        return true
    }

    private mutating func scanPlain() {
        let first = offset
        while offset < end {
            let byte = bytes[offset]
            if byte == UInt8(ascii: ":"), endsWord(offset + 1) { break }
            if byte == UInt8(ascii: "#"), offset > first, bytes[offset - 1].isBlank { break }
            if !brackets.isEmpty, byte.isFlowIndicator { break }
            offset += 1
        }
        var last = offset
        while last > first, bytes[last - 1].isBlank { last -= 1 }
        tokens[first] = Token(kind: .plain, range: first..<last)
    }

    private mutating func scanDoubleQuoted() {
        let first = offset
        offset += 1
        while offset < end, bytes[offset] != UInt8(ascii: "\"") {
            offset += bytes[offset] == UInt8(ascii: "\\") ? 2 : 1
        }
        finishQuoted(first)
    }

    private mutating func scanSingleQuoted() {
        let first = offset
        offset += 1
        while offset < end {
            if bytes[offset] == UInt8(ascii: "'") {
                guard offset + 1 < end, bytes[offset + 1] == UInt8(ascii: "'") else { break }
                offset += 1
            }
            offset += 1
        }
        finishQuoted(first)
    }

    private mutating func finishQuoted(_ first: Int) {
        guard offset < end else {
            offset = end
            isLost = true
            return report(first, "a quote that isn't closed on its line")
        }
        offset += 1
        tokens[first] = Token(kind: .quoted, range: first..<offset)
    }

    private mutating func closeBracket() {
        let last = offset
        offset += 1
        guard let first = brackets.popLast() else { return report(last, "'\(character(last))' closes nothing") }
        // '[' and '{' are two below their partners.
        guard bytes[first] + 2 == bytes[last] else {
            return report(last, "'\(character(last))' doesn't close '\(character(first))'")
        }
        tokens[first] = Token(kind: .bracket, range: first..<offset)
    }

    /// True when a colon or question mark before this byte is an indicator.
    private func endsWord(_ index: Int) -> Bool {
        index >= end || bytes[index].isBlank || !brackets.isEmpty && bytes[index].isFlowIndicator
    }

    private func afterQuote(_ index: Int) -> Bool {
        index > 0 && (bytes[index - 1] == UInt8(ascii: "\"") || bytes[index - 1] == UInt8(ascii: "'"))
    }

    private func hasPrefix(_ text: StaticString) -> Bool {
        bytes[offset..<end].starts(with: text.description.utf8)
    }

    private mutating func skipSpaces() {
        while offset < end, bytes[offset].isBlank { offset += 1 }
    }

    private func character(_ index: Int) -> Character { Character(Unicode.Scalar(bytes[index])) }

    private func report(_ index: Int, _ message: String, hint: String? = nil) {
        collector.error(index..<index, message, hint: hint)
    }
}

extension UInt8 {
    var isBlank: Bool { self == 0x20 || self == 0x09 }

    /// `,`, `[`, `]`, `{`, `}`: they end a plain scalar inside of brackets.
    var isFlowIndicator: Bool {
        self == UInt8(ascii: ",") || self == UInt8(ascii: "[") || self == UInt8(ascii: "]")
            || self == UInt8(ascii: "{") || self == UInt8(ascii: "}")
    }
}
