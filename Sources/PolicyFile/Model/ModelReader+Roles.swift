/// `roles`, without their `where`.
extension ModelReader {
    static let roleKeys = ["include", "read", "write", "listen", "extra", "netns-ids", "limits", "where"]

    /// A role is there even when its keys are wrong, so that whoever names it isn't wrong too.
    func role(_ entry: SourceNode.Entry) -> RoleModel {
        let mapping = mapping(entry.value, what: "a role", keys: ModelReader.roleKeys) ?? [:]
        var role = RoleModel(name: entry.key, range: entry.value.range)
        role.entries = mapping.values.sorted { $0.key.range.lowerBound < $1.key.range.lowerBound }
        role.includes = texts(mapping["include"], what: "include")
        role.sections = SectionKind.allCases.compactMap { kind in
            mapping[kind.rawValue].flatMap { section(kind, $0) }
        }
        role.extras = values(mapping["extra"], what: "extra") { text, range in
            choice(text, of: Extra.allCases.map(\.rawValue), range, what: "extra").flatMap { Extra(rawValue: $0) }
        }
        role.namespaceIDs = values(mapping["netns-ids"], what: "netns-ids") { text, range in
            number(text, 0...UInt64(Int32.max), range, what: "id of a network namespace").map { Int32($0) }
        }
        if let entry = mapping["netns-ids"], !role.extras.contains(where: { $0.value == .netns }) {
            error(entry.key.range, "netns-ids without extra netns", "add 'extra: [netns]', or remove the ids")
        }
        for key in ["read", "write", "listen", "limits", "where"] {
            guard let entry = mapping[key], case .mapping(let pairs) = entry.value.content, pairs.isEmpty else {
                continue
            }
            error(entry.value.range, "nothing stands in \(key)", "name something or remove the key")
        }
        if let entry = mapping["limits"] { role.limits = limits(entry) }
        if let entry = mapping["where"] { role.conditions = conditions(entry) }
        return role
    }

    private func section(_ kind: SectionKind, _ entry: SourceNode.Entry) -> SectionModel? {
        if case .scalar(let text, _) = entry.value.content {
            guard text == NameTable.all else {
                error(entry.value.range, "'\(text.shortened)' where families belong", "write 'all' or 'route: [...]'")
                return nil
            }
            return SectionModel(
                kind: kind, key: entry.key.range, value: entry.value.range, all: entry.value.range, families: [])
        }
        guard case .mapping = entry.value.content else {
            error(entry.value.range, "\(entry.value.kind) where families belong", "write 'all' or 'route: [...]'")
            return nil
        }
        return SectionModel(
            kind: kind, key: entry.key.range, value: entry.value.range, all: nil,
            families: pairs(entry, what: "families").compactMap(family))
    }

    private func family(_ entry: SourceNode.Entry) -> FamilyModel? {
        switch entry.value.content {
        case .missing:
            error(entry.key.range, "nothing stands behind \(entry.key.value.shortened)", "write 'all' or a list")
            return nil
        case .scalar(NameTable.all, _):
            return FamilyModel(label: entry.key, value: entry.value.range, all: entry.value.range, names: [])
        default:
            let names = texts(entry, what: entry.key.value.shortened)
            return FamilyModel(label: entry.key, value: entry.value.range, all: nil, names: names)
        }
    }

    private func limits(_ entry: SourceNode.Entry) -> [LimitKey: Located<UInt32>] {
        guard let mapping = mapping(entry.value, what: "limits", keys: LimitKey.allCases.map(\.rawValue)) else {
            return [:]
        }
        var limits: [LimitKey: Located<UInt32>] = [:]
        for key in LimitKey.allCases {
            guard let entry = mapping[key.rawValue], let text = text(entry.value, what: key.rawValue) else { continue }
            if let value = limit(key, text, entry.value.range) { limits[key] = Located(value, entry.value.range) }
        }
        return limits
    }

    private func limit(_ key: LimitKey, _ text: String, _ range: Range<Int>) -> UInt32? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let suffixes: [String: UInt64] =
            key.isBytes
            ? ["": 1, "K": 1000, "M": 1_000_000, "KiB": 1 << 10, "MiB": 1 << 20] : ["": 1, "K": 1000, "M": 1_000_000]
        let suffix = String(text.dropFirst(digits.count))
        guard let factor = suffixes[suffix] else {
            let known = key.isBytes ? "K, M, KiB or MiB" : "K or M"
            error(
                range, "'\(text.shortened)' is no value of \(key.rawValue)",
                "a number, with \(known) behind it if need be")
            return nil
        }
        let bounds = key.bounds
        let limits = "from \(bounds.lowerBound) to \(bounds.upperBound)"
        guard !digits.isEmpty, digits.count <= 10, digits == "0" || digits.first != "0", let number = UInt64(digits),
            bounds.contains(UInt32(clamping: number * factor)), number * factor <= UInt64(UInt32.max)
        else {
            error(range, "'\(text.shortened)' is no value of \(key.rawValue)", "a number \(limits)")
            return nil
        }
        return UInt32(number * factor)
    }
}
