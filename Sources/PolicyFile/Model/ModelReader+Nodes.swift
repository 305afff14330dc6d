/// The shapes of nodes: mappings with known keys, lists, texts.
extension ModelReader {
    func error(_ range: Range<Int>, _ message: String, _ hint: String? = nil) {
        collector.error(range, message, hint: hint)
    }

    func error(_ range: Range<Int>, _ name: NameError) {
        collector.error(range, name.message, hint: name.hint)
    }

    /// The values of a mapping that may have these keys; nil when it is none.
    func mapping(_ node: SourceNode, what: String, keys: [String]) -> [String: SourceNode.Entry]? {
        guard let entries = entries(node, what: what) else { return nil }
        var found: [String: SourceNode.Entry] = [:]
        for entry in entries where !collector.isFull {
            guard keys.contains(entry.key.value) else {
                let name = entry.key.value
                let hint = Suggestion.hint(for: name, in: keys) ?? "\(what) can have \(keys.joined(separator: ", "))"
                error(entry.key.range, "unknown key \(name.shortened) in \(what)", hint)
                continue
            }
            if case .missing = entry.value.content {
                error(entry.key.range, "nothing stands behind \(entry.key.value)", "give it a value or remove the key")
                continue
            }
            found[entry.key.value] = entry
        }
        return found
    }

    /// The pairs of a mapping, each key once.
    func pairs(_ entry: SourceNode.Entry, what: String) -> [SourceNode.Entry] {
        entries(entry.value, what: what) ?? []
    }

    private func entries(_ node: SourceNode, what: String) -> [SourceNode.Entry]? {
        guard case .mapping(let entries) = node.content else {
            error(node.range, "\(node.kind) where \(what) belongs", "write 'key: value'")
            return nil
        }
        var lines: [String: Int] = [:]
        return entries.filter { entry in
            let line = collector.map.position(entry.key.range.lowerBound).line
            if let first = lines[entry.key.value] {
                error(
                    entry.key.range, "duplicate key \(entry.key.value.shortened)", "it stands in line \(first) already")
                return false
            }
            lines[entry.key.value] = line
            return !entry.key.value.isEmpty
        }
    }

    /// The pairs of a mapping whose keys the author chose.
    func named(_ entry: SourceNode.Entry?, what: String) -> [SourceNode.Entry] {
        guard let entry, let pairs = entries(entry.value, what: what) else { return [] }
        let most = what == "roles" ? ModelReader.mostRoles : ModelReader.mostEntries
        if pairs.count > most { error(entry.key.range, "more than \(most) \(what)") }
        for pair in pairs.prefix(most) { checkName(pair.key, what: what) }
        return Array(pairs.prefix(most))
    }

    /// Names end up in denials and logs, so they have no character that would have to be escaped there.
    private func checkName(_ name: Located<String>, what: String) {
        let allowed = name.value.utf8.allSatisfy { $0.isLetterOrDigit || "-_.@+".utf8.contains($0) }
        guard !allowed || name.value.utf8.count > ModelReader.longestName else { return }
        error(
            name.range, "'\(name.value.shortened)' can't be a name of \(what)",
            "letters, digits and -_.@+, at most \(ModelReader.longestName)")
    }

    /// The elements of a list.
    func items(_ entry: SourceNode.Entry?, what: String) -> [SourceNode] {
        guard let entry else { return [] }
        guard case .sequence(let items) = entry.value.content else {
            let hint =
                if case .scalar(let text, _) = entry.value.content { "write [\(text.shortened)]" } else {
                    "write [a, b]"
                }
            error(entry.value.range, "\(entry.value.kind) where \(what) is a list", hint)
            return []
        }
        if items.count > ModelReader.mostEntries {
            error(entry.key.range, "more than \(ModelReader.mostEntries) \(what)")
        }
        return Array(items.prefix(ModelReader.mostEntries))
    }

    /// A list of values, each read by `read`, which says itself what is wrong; none of them twice.
    func values<Value: Sendable>(
        _ entry: SourceNode.Entry?, what: String, _ read: (String, Range<Int>) -> Value?
    ) -> [Located<Value>] {
        let items = items(entry, what: what)
        if let entry, items.isEmpty, case .sequence = entry.value.content {
            error(entry.value.range, "an empty list of \(what)", "name something or remove the key")
        }
        if let entry, items.count > ModelReader.longestList {
            error(entry.key.range, "more than \(ModelReader.longestList) \(what)")
        }
        var seen: Set<String> = []
        return items.prefix(ModelReader.longestList).compactMap { node in
            guard let text = text(node, what: "a value of \(what)") else { return nil }
            guard seen.insert(text).inserted else {
                error(node.range, "\(text.shortened) stands twice in \(what)", "remove one")
                return nil
            }
            return read(text, node.range).map { Located($0, node.range) }
        }
    }

    /// A list of texts; `check` says itself what is wrong.
    func texts(
        _ entry: SourceNode.Entry?, what: String, _ check: (String, Range<Int>) -> String? = { text, _ in text }
    ) -> [Located<String>] {
        values(entry, what: what, check)
    }

    /// A single value, never empty and without control characters.
    func text(_ node: SourceNode, what: String) -> String? {
        guard case .scalar(let text, _) = node.content else {
            error(node.range, "\(node.kind) where \(what) belongs")
            return nil
        }
        guard !text.isEmpty else {
            error(node.range, "\(what) is empty")
            return nil
        }
        guard text.utf8.count <= 255 else {
            error(node.range, "\(what) is longer than 255 bytes")
            return nil
        }
        guard !text.unicodeScalars.contains(where: { $0.value < 0x20 || (0x7f..<0xa0).contains($0.value) }) else {
            error(node.range, "\(what) has a control character")
            return nil
        }
        return text
    }

    func required(_ entry: SourceNode.Entry?, _ key: String, of what: String, _ node: SourceNode) -> Located<String>? {
        guard let entry else {
            error(node.range, "\(what) without \(key)")
            return nil
        }
        return text(entry.value, what: key).map { Located($0, entry.value.range) }
    }

    func choice(_ text: String, of choices: [String], _ range: Range<Int>, what: String) -> String? {
        if choices.contains(text) { return text }
        let hint = Suggestion.hint(for: text, in: choices) ?? "\(what) is one of \(choices.joined(separator: ", "))"
        error(range, "unknown \(what) \(text.shortened)", hint)
        return nil
    }

    /// A number in decimal digits.
    func number(_ text: String, _ bounds: ClosedRange<UInt64>, _ range: Range<Int>, what: String) -> UInt64? {
        let isDecimal = text.utf8.allSatisfy { (0x30...0x39).contains($0) } && (text == "0" || !text.hasPrefix("0"))
        guard isDecimal, let number = UInt64(text), bounds.contains(number) else {
            error(
                range, "'\(text.shortened)' is no \(what)", "a number from \(bounds.lowerBound) to \(bounds.upperBound)"
            )
            return nil
        }
        return number
    }
}
