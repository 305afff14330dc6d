internal import Yams

/// Turns a file into nodes with places: checks characters and words, then lets Yams find the structure.
struct SourceReader {
    static let mostNodes = 200_000
    static let mostDuplicates = 64
    /// Bytes that are read again for the sake of duplicates.
    static let mostRereading = 2 << 20

    private let collector: DiagnosticCollector
    private let tokens: [Int: Token]
    /// Keys that stand for another because Yams takes no duplicates: by place, the name that the file has there.
    private var renamed: [Int: String] = [:]
    private var renames = 0
    private var nodes = 0

    /// The root of the file, or nil when it is no YAML that a policy may use; the collector knows why.
    static func read(_ collector: DiagnosticCollector) -> SourceNode? {
        CharacterCheck.run(collector)
        guard !collector.hasErrors else { return nil }
        var scanner = TokenScanner(collector)
        scanner.scan()
        guard !collector.hasErrors else { return nil }
        var reader = SourceReader(collector: collector, tokens: scanner.tokens)
        return reader.compose()
    }

    private var subject: DiagnosticCollector.Subject { collector.subject }

    private init(collector: DiagnosticCollector, tokens: [Int: Token]) {
        self.collector = collector
        self.tokens = tokens
    }

    private mutating func compose() -> SourceNode? {
        var bytes = collector.map.bytes
        let most = min(SourceReader.mostDuplicates, SourceReader.mostRereading / max(bytes.count, 1))
        for round in 0...most {
            do {
                let text = String(decoding: bytes, as: UTF8.self)
                let parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
                guard let root = try parser.singleRoot() else {
                    collector.error(
                        0..<0, "the file is empty", hint: "\(subject.name) begins with '\(subject.opening)'")
                    return nil
                }
                // Nodes hold their anchors weakly, and an anchor would have to be seen.
                return withExtendedLifetime(parser) { convert(root) }
            } catch YamlError.duplicatedKeysInMapping(let keys, let context) {
                guard round < most, rename(context.mark, in: &bytes) else {
                    report(context.mark, "duplicate key \(keys.first?.shortened ?? "")")
                    return nil
                }
            } catch {
                report(error)
                return nil
            }
        }
        return nil
    }

    /// Gives one of two equal keys another name of the same length, so that the rest can still be read.
    private mutating func rename(_ mark: Mark, in bytes: inout [UInt8]) -> Bool {
        let offset = collector.map.offset(line: mark.line, column: mark.column)
        guard let token = tokens[offset], token.kind == .plain || token.kind == .quoted else { return false }
        let inner = token.kind == .quoted ? (offset + 1)..<(token.range.upperBound - 1) : token.range
        let name = collector.map.text(inner)
        // What an escape stands for is not worth a second reader here.
        let isOrdinary = name.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7f && $0 != 0x5c && $0 != 0x27 }
        guard !name.isEmpty, isOrdinary else { return false }
        let letters = Array("qxzjkwvyabcdefghilmnoprstu0123456789".utf8)
        var number = renames
        for index in inner {
            bytes[index] = letters[number % letters.count]
            number /= letters.count
        }
        renames += 1
        renamed[offset] = name
        return true
    }

    private mutating func convert(_ node: Node) -> SourceNode {
        let offset = offset(node.mark)
        nodes += 1
        guard nodes <= SourceReader.mostNodes else {
            if nodes == SourceReader.mostNodes + 1 { collector.error(offset..<offset, "the file has too many values") }
            return SourceNode(content: .missing, range: offset..<offset)
        }
        if node.anchor != nil { collector.error(offset..<offset, "a YAML anchor, which \(subject.name) doesn't have") }
        switch node {
        case .scalar(let scalar): return convert(scalar, at: offset)
        case .sequence(let sequence):
            let items = sequence.map { convert($0) }
            return SourceNode(content: .sequence(items), range: range(offset, items.last?.range.upperBound))
        case .mapping(let mapping):
            let entries = mapping.map { SourceNode.Entry(key: key($0.key), value: convert($0.value)) }
            return SourceNode(content: .mapping(entries), range: range(offset, entries.last?.value.range.upperBound))
        case .alias:
            collector.error(offset..<offset, "a YAML alias, which \(subject.name) doesn't have")
            return SourceNode(content: .missing, range: offset..<offset)
        }
    }

    private mutating func key(_ node: Node) -> Located<String> {
        let converted = convert(node)
        guard case .scalar(let text, _) = converted.content else {
            collector.error(converted.range, "\(converted.kind) where a key belongs")
            return Located("", converted.range)
        }
        return Located(renamed[converted.range.lowerBound] ?? text, converted.range)
    }

    private func convert(_ scalar: Node.Scalar, at offset: Int) -> SourceNode {
        let isQuoted = scalar.style == .singleQuoted || scalar.style == .doubleQuoted
        guard !scalar.string.isEmpty || isQuoted else {
            return SourceNode(content: .missing, range: offset..<offset)
        }
        guard let token = tokens[offset], isQuoted ? token.kind == .quoted : token.kind == .plain else {
            collector.error(offset..<offset, "a value that can be read in two ways", hint: "put it in quotes")
            return SourceNode(content: .missing, range: offset..<offset)
        }
        if !isQuoted, renamed[offset] == nil, collector.map.text(token.range) != scalar.string {
            collector.error(token.range, "a value that goes on in the next line", hint: "write it on one line")
        }
        guard isQuoted || !["~", "null", "Null", "NULL"].contains(scalar.string) else {
            return SourceNode(content: .missing, range: token.range)
        }
        return SourceNode(content: .scalar(scalar.string, quoted: isQuoted), range: token.range)
    }

    /// Brackets know their end; what is laid out in lines ends with its last value.
    private func range(_ offset: Int, _ last: Int?) -> Range<Int> {
        if let token = tokens[offset], token.kind == .bracket { return token.range }
        return offset..<max(offset, last ?? offset)
    }

    private func offset(_ mark: Mark?) -> Int {
        guard let mark else { return 0 }
        return collector.map.offset(line: mark.line, column: mark.column)
    }

    private func report(_ mark: Mark, _ message: String, hint: String? = nil) {
        let offset = offset(mark)
        collector.error(offset..<offset, message, hint: hint)
    }

    private func report(_ error: any Error) {
        switch error as? YamlError {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _):
            let place = context.map { " \($0.text) of line \($0.mark.line)" } ?? ""
            report(mark, "this is not YAML: \(problem)\(place)", hint: "look at the indentation, colons and quotes")
        case .composer(_, let problem, let mark, _): report(mark, "this is not YAML: \(problem)")
        case .reader(let problem, let offset, _, _):
            let place = min(max(offset ?? 0, 0), collector.map.bytes.count)
            collector.error(place..<place, "this is not YAML: \(problem)")
        default: collector.error(0..<0, "this is not YAML")
        }
    }
}
