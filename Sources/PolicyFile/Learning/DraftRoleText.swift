internal import GatewayPolicy

/// A role of a draft as YAML.
struct DraftRoleText {
    private static let widest = 100

    let text: String

    init(_ role: DraftRole, _ name: String, hasLimits: Bool) {
        var lines = ["  \(name):"]
        for extra in role.extras.names { lines.insert("  # \(DraftRoleText.warning(extra))", at: lines.count - 1) }
        lines += DraftRoleText.section("read", role.reads.mapValues { $0 })
        let writes = role.writes.reduce(into: [AuditDigest.OperationKey: Modes]()) { cover, key in
            cover[key] = key.operation?.grantable ?? .single
        }
        lines += DraftRoleText.section("write", writes)
        lines += DraftRoleText.listen(role.groups)
        lines += DraftRoleText.conditions(role)
        if !role.extras.isEmpty { lines.append("    extra: [\(role.extras.names.joined(separator: ", "))]") }
        if role.extras.contains(.netns) {
            let ids = role.namespaceIDs.sorted().map { "\($0)" }
            lines += DraftRoleText.list("    netns-ids: ", ids)
        }
        // The lowest of all roles holds, so one role of a client has them.
        if hasLimits { lines.append("    limits: { sessions: 8, messages-per-second: 1K, dumps: 4 }") }
        text = lines.map { $0 + "\n" }.joined()
    }

    private static func warning(_ extra: String) -> String {
        switch extra {
        case "secrets": "Key material: it was asked for; does it have to be?"
        case "traffic": "Packets, or the means to divert them: it was asked for; does it have to be?"
        default: "extra \(extra) was asked for; does it have to be?"
        }
    }

    private static func section(_ word: String, _ operations: [AuditDigest.OperationKey: Modes]) -> [String] {
        guard !operations.isEmpty else { return [] }
        let families = Dictionary(grouping: operations.keys, by: \.family)
        return ["    \(word):"]
            + families.keys.sorted().flatMap { index in
                let family = Catalogue.families[index]
                let names = (families[index] ?? []).sorted().compactMap { key -> String? in
                    guard let operation = key.operation, let modes = operations[key] else { return nil }
                    return EditRequest.item(operation.name, modes: operation.grantable == modes ? .both : modes)
                }
                return list("      \(family.label): ", names)
            }
    }

    private static func listen(_ groups: Set<Int>) -> [String] {
        guard !groups.isEmpty else { return [] }
        let families = Dictionary(grouping: groups) { $0 >> 16 }
        return ["    listen:"]
            + families.keys.sorted().flatMap { index in
                let family = Catalogue.families[index]
                let places = (families[index] ?? []).map { $0 & 0xffff }.sorted()
                return list("      \(family.label): ", places.map { family.groups[$0].name })
            }
    }

    private static func conditions(_ role: DraftRole) -> [String] {
        var lines: [String] = []
        func add(_ key: String, _ values: [String]) {
            if !values.isEmpty { lines += list("      \(key): ", values) }
        }
        add("interface", role.target.interfaces.map(quoted))
        add("table", role.tables.sorted().map { "\($0)" })
        add("protocol", role.target.routeProtocol.map { [$0] } ?? [])
        add("destination-in", role.destinations.sorted().map { "\"\($0)\"" })
        add("link-kind", role.target.linkKinds)
        return lines.isEmpty ? [] : ["    where:"] + lines
    }

    private static func quoted(_ text: String) -> String {
        var quoted = ""
        for character in text {
            if character == "\"" || character == "\\" { quoted += "\\" }
            quoted.append(character)
        }
        return "\"\(quoted)\""
    }

    /// `key: [a, b]`, in lines that aren't too wide.
    private static func list(_ key: String, _ values: [String]) -> [String] {
        let indent = String(repeating: " ", count: key.utf8.count + 1)
        var lines = [key + "["]
        for (index, value) in values.enumerated() {
            let word = value + (index + 1 < values.count ? "," : "]")
            let line = lines[lines.count - 1]
            if index > 0, line.utf8.count + word.utf8.count + 1 > widest {
                lines.append(indent + word)
            } else {
                lines[lines.count - 1] = line + (index == 0 ? "" : " ") + word
            }
        }
        return lines
    }
}
