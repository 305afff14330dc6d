internal import GatewayPolicy

/// `where`, and the names that `never` shares with it.
extension ModelReader {
    func conditions(_ entry: SourceNode.Entry) -> [WhereKey: ConditionModel] {
        guard let mapping = mapping(entry.value, what: "where", keys: WhereKey.allCases.map(\.rawValue)) else {
            return [:]
        }
        var conditions: [WhereKey: ConditionModel] = [:]
        for key in WhereKey.allCases {
            if let entry = mapping[key.rawValue] { conditions[key] = condition(key, entry) }
        }
        return conditions
    }

    private func condition(_ key: WhereKey, _ entry: SourceNode.Entry) -> ConditionModel? {
        var texts: [String] = []
        func read<Value: Sendable>(_ one: (String, Range<Int>) -> Value?) -> [Value] {
            values(entry, what: key.rawValue) { text, range in
                texts.append(text)
                return one(text, range)
            }.map(\.value)
        }
        let value: ConditionModel.Value =
            switch key {
            case .interface: .names(read(interface))
            case .linkKind: .names(read(linkKind))
            case .table: .ranges(read(table))
            case .protocol: .numbers(read(routeProtocol))
            case .family: .numbers(read(addressFamily))
            case .destinationIn, .notDestinationIn: .prefixes(read(prefix))
            }
        return texts.isEmpty ? nil : ConditionModel(key: entry.key.range, value: value, texts: texts)
    }

    /// A name or glob; alternative names may be longer than IFNAMSIZ.
    func interface(_ text: String, _ range: Range<Int>) -> String? {
        let isName = text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "/") }
        guard isName, text.utf8.count < 128, text != ".", text != ".." else {
            error(range, "'\(text.shortened)' can't be an interface", "a name such as eth0, or a glob such as swp*")
            return nil
        }
        return text
    }

    /// IFLA_INFO_KIND; one that the kernel has no module for is not an error, since modules come and go.
    func linkKind(_ text: String, _ range: Range<Int>) -> String? {
        let isName = text.utf8.allSatisfy { $0.isLetterOrDigit || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-") }
        guard isName, text.utf8.count < 56 else {
            error(range, "'\(text.shortened)' can't be a kind of link", "a name such as vlan")
            return nil
        }
        if !NumberNames.linkKinds.contains(text) {
            let hint = Suggestion.hint(for: text, in: NumberNames.linkKinds) ?? "it is taken as it is"
            collector.warning(range, "no kind of link that this program knows: \(text.shortened)", hint: hint)
        }
        return text
    }

    func namespace(_ text: String, _ range: Range<Int>) -> String? {
        if text == "." || text == "*" { return text }
        let isName = text.utf8.allSatisfy {
            $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "*")
        }
        guard isName, text != ".." else {
            error(
                range, "'\(text.shortened)' can't be a network namespace",
                "a name as ip netns has it, '.' for the daemon's own, or \"*\" for all")
            return nil
        }
        return text
    }

    private func table(_ text: String, _ range: Range<Int>) -> ClosedRange<UInt32>? {
        let names = NumberNames.tables
        if let named = NumberNames.value(text, in: names) { return named...named }
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        let ends = parts.map { decimal($0) }
        guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1], first <= last,
            first > 0
        else {
            let near = Suggestion.hint(for: text, in: names.map(\.key))
            error(
                range, "'\(text.shortened)' is no routing table",
                near ?? "a number from 1, a range such as 100-199, or main, local, default")
            return nil
        }
        return first...last
    }

    private func decimal(_ text: Substring) -> UInt32? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), !text.hasPrefix("0") else {
            return nil
        }
        return UInt32(text)
    }

    private func routeProtocol(_ text: String, _ range: Range<Int>) -> UInt8? {
        numberOrName(text, NumberNames.protocols, 1...255, range, what: "routing protocol")
    }

    private func addressFamily(_ text: String, _ range: Range<Int>) -> UInt8? {
        let names = NumberNames.families
        if let number = NumberNames.value(text, in: names) { return number }
        error(
            range, "unknown address family \(text.shortened)",
            ["ipv4": "did you mean inet?", "ipv6": "did you mean inet6?"][text.lowercased()]
                ?? Suggestion.hint(for: text, in: names.map(\.key))
                ?? "one of \(names.map(\.key).joined(separator: ", "))")
        return nil
    }

    private func numberOrName(
        _ text: String, _ names: KeyValuePairs<String, UInt8>, _ bounds: ClosedRange<UInt64>, _ range: Range<Int>,
        what: String
    ) -> UInt8? {
        if let number = NumberNames.value(text, in: names) { return number }
        if text.utf8.first.map({ (0x30...0x39).contains($0) }) == true {
            return number(text, bounds, range, what: "number of a \(what)").map { UInt8($0) }
        }
        let hint =
            ["ipv4": "did you mean inet?", "ipv6": "did you mean inet6?"][text.lowercased()]
            ?? Suggestion.hint(for: text, in: names.map(\.key)) ?? "one of \(names.map(\.key).joined(separator: ", "))"
        error(range, "unknown \(what) \(text.shortened)", hint)
        return nil
    }

    private func prefix(_ text: String, _ range: Range<Int>) -> AddressPrefix? {
        do throws(NameError) {
            return try AddressText.prefix(text)
        } catch {
            self.error(range, error)
            return nil
        }
    }
}
