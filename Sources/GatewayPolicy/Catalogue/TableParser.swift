/// Reads the tables of `Tables/`; they are part of the program, so a mistake in them stops it.
///
/// One block a family, parted by empty lines. Its first line is `family LABEL PROTOCOL PREFIX HEADERSIZE`, where `+`
/// stands for a space. An operation is `NAME NUMBER read|write SINGLE DUMP TAG…`, a group `group NAME NUMBER JOIN TAG…`;
/// SINGLE, DUMP and JOIN say what the kernel asks for: `free`, `admin`, `unsure`, `other`, or `-` without a handler.
extension Catalogue {
    static func parse(_ table: [UInt8]) -> [Family] {
        // Bytes, not characters: this runs whenever a broker starts.
        table.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .split { $0.isEmpty }.map(family)
    }

    private static func family(_ lines: ArraySlice<ArraySlice<UInt8>>) -> Family {
        let rows = lines.map { line in line.split(separator: UInt8(ascii: " ")).map { Substring(decoding: $0, as: UTF8.self) } }
        guard let head = rows.first, head.count == 5, head[0] == "family", let number = Int32(head[2]),
            let headerSize = Int(head[4])
        else { preconditionFailure("a family's first line is wrong") }
        let groups = rows.dropFirst().filter { $0[0] == "group" }.map(group)
        return Family(
            label: String(head[1]), protocolNumber: number, prefix: head[3] == "-" ? "" : String(head[3]),
            headerSize: headerSize,
            operations: rows.dropFirst().filter { $0[0] != "group" }.map(operation).sorted { $0.number < $1.number },
            groups: groups.sorted { ($0.number ?? 0, $0.name) < ($1.number ?? 0, $1.name) })
    }

    private static func operation(_ words: [Substring]) -> Operation {
        guard words.count >= 5, let number = UInt16(words[1]), words[2] == "read" || words[2] == "write" else {
            preconditionFailure("an operation's line is wrong")
        }
        return Operation(
            name: String(words[0]), number: number, kind: words[2] == "read" ? .read : .write, single: need(words[3]),
            dump: need(words[4]), tags: tags(words.dropFirst(5)))
    }

    private static func group(_ words: [Substring]) -> Group {
        guard words.count >= 4 else { preconditionFailure("a group's line is wrong") }
        return Group(
            name: String(words[1]), number: UInt32(words[2]), join: need(words[3]), tags: tags(words.dropFirst(4)))
    }

    private static func need(_ word: Substring) -> Need {
        switch word {
        case "-": .noHandler
        case "free": .nothing
        case "admin": .netAdmin
        case "unsure": .unsure
        case "other": .other
        default: preconditionFailure("unknown need in a table")
        }
    }

    private static func tags(_ words: ArraySlice<Substring>) -> Tags {
        words.reduce(into: []) { $0.insert(tag($1)) }
    }

    private static func tag(_ word: Substring) -> Tags {
        switch word {
        case "secret": .secret
        case "traffic": .traffic
        case "code": .code
        case "pii": .personal
        case "hw": .hardware
        case "fd": .descriptor
        case "pid": .process
        case "path": .path
        case "portid": .portID
        case "multiplex": .multiplexed
        case "batch": .batched
        case "never": .never
        default: preconditionFailure("unknown tag in a table")
        }
    }
}
