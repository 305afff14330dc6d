/// Reads `operations.table`; it is part of the program, so a mistake in it stops it.
///
/// Its head describes it.
struct TableParser {
    typealias Words = [ArraySlice<UInt8>]

    private(set) var families: [Family] = []
    private var head: Words = []
    private var operations: [Operation] = []
    private var groups: [Group] = []

    /// The families of a table, in its order; `notify` and `attr` lines are left out.
    static func families(of table: [UInt8]) -> [Family] {
        var parser = TableParser()
        forEachLine(of: table) { parser.take($0) }
        parser.endFamily()
        return parser.families
    }

    /// Calls `body` with the words of each line that has any.
    ///
    /// Bytes, not characters: this runs whenever a broker starts.
    static func forEachLine(of table: [UInt8], _ body: (Words) -> Void) {
        for line in table.split(separator: UInt8(ascii: "\n")) where line.first != UInt8(ascii: "#") {
            body(line.split(separator: UInt8(ascii: " ")))
        }
    }

    /// Calls `body` with the words of each line below a family's, and that family's label.
    static func forEachFamilyLine(of table: [UInt8], _ body: (_ family: String, _ words: [String]) -> Void) {
        var label = ""
        forEachLine(of: table) { line in
            let words = line.map { String(decoding: $0, as: UTF8.self) }
            if words[0] == "family" { label = words[1] } else { body(label, words) }
        }
    }

    static func tag(_ word: String) -> Tags {
        guard let tag = Tags(word) else { preconditionFailure("the table has a tag \(word)") }
        return tag
    }

    private mutating func take(_ words: Words) {
        switch text(words[0]) {
        case "family":
            endFamily()
            head = words
        case "read": operations.append(operation(words, .read))
        case "write": operations.append(operation(words, .write))
        case "group": groups.append(group(words))
        case "notify", "attr": return
        default: preconditionFailure("a line of the table begins with \(text(words[0]))")
        }
    }

    private mutating func endFamily() {
        guard !head.isEmpty else { return }
        guard head.count == 5, let protocolNumber = number(head[2]), let size = number(head[4]) else {
            preconditionFailure("a family's line is wrong")
        }
        families.append(
            Family(
                label: text(head[1]), protocolNumber: Int32(protocolNumber),
                prefix: head[3] == [0x2d] ? "" : text(head[3]),
                headerSize: size, operations: operations.sorted { $0.number < $1.number },
                groups: groups.sorted { ($0.number ?? 0, $0.name) < ($1.number ?? 0, $1.name) }))
        (head, operations, groups) = ([], [], [])
    }

    private func operation(_ words: Words, _ kind: OperationClass) -> Operation {
        guard words.count >= 5, let number = number(words[2]) else {
            preconditionFailure("an operation's line is wrong")
        }
        return Operation(
            name: text(words[1]), number: UInt16(number), kind: kind, single: need(words[3]), dump: need(words[4]),
            tags: tags(words.dropFirst(5)))
    }

    private func group(_ words: Words) -> Group {
        guard words.count >= 4 else { preconditionFailure("a group's line is wrong") }
        return Group(
            name: text(words[1]), number: number(words[2]).map(UInt32.init), join: need(words[3]),
            tags: tags(words.dropFirst(4)))
    }

    private func need(_ word: ArraySlice<UInt8>) -> Need {
        switch text(word) {
        case "-": .noHandler
        case "free": .nothing
        case "admin": .netAdmin
        case "unsure": .unsure
        case "other": .other
        default: preconditionFailure("the table asks for \(text(word))")
        }
    }

    private func tags(_ words: ArraySlice<ArraySlice<UInt8>>) -> Tags {
        words.reduce(into: []) { $0.insert(TableParser.tag(text($1))) }
    }

    private func text(_ word: ArraySlice<UInt8>) -> String { String(decoding: word, as: UTF8.self) }

    private func number(_ word: ArraySlice<UInt8>) -> Int? {
        var value = 0
        for byte in word {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            value = value * 10 + Int(byte - UInt8(ascii: "0"))
        }
        return value
    }
}
