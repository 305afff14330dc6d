internal import GatewayPolicy

/// Tests of a draft: what was seen passes, and what is beside it doesn't.
struct DraftTests {
    /// Writes of one operation that are tested; hundreds of routes are alike.
    private static let mostOfOne = 3

    private(set) var lines: [String] = []

    init(_ seen: AuditDigest.Seen) {
        for key in seen.reads.keys.sorted() {
            guard let operation = key.operation, let modes = seen.reads[key] else { continue }
            let name = "\(Catalogue.families[key.family].label) \(operation.name)"
            // A word only where both could be asked.
            let words = operation.grantable == .both ? [Modes.single, .dump].filter(modes.contains).map { " \($0.words)" } : [""]
            for word in words { lines.append("allow: \"\(name)\(word)\"") }
        }
        for group in seen.groups.sorted() {
            let family = Catalogue.families[group >> 16]
            lines.append("allow: \"listen \(family.label) \(family.groups[group & 0xffff].name)\"")
        }
        addWrites(seen)
        let route = Catalogue.families.firstIndex { $0.label == "route" } ?? 0
        let written = Set(seen.writes.map(\.operation))
        let neighbour = Catalogue.families[route].operations.first { operation in
            operation.kind == .write && !operation.grantable.isEmpty
                && !written.contains(AuditDigest.OperationKey(family: route, number: operation.number))
        }
        if let neighbour { lines.append("deny: \"route \(neighbour.name)\"") }
    }

    private mutating func addWrites(_ seen: AuditDigest.Seen) {
        let operations = Dictionary(grouping: seen.writes, by: \.operation)
        for key in operations.keys.sorted() {
            let writes = operations[key] ?? []
            let name = "\(Catalogue.families[key.family].label) \(key.name)"
            let words = Set(writes.map(\.target.words)).sorted()
            for target in words.prefix(DraftTests.mostOfOne) where !target.contains("\"") && !target.contains("\\") {
                lines.append("allow: \"\(name)\(target.isEmpty ? "" : " \(target)")\"")
            }
            // Another table, when all that was written had one.
            let tables = Set(writes.compactMap(\.target.table))
            guard writes.allSatisfy({ $0.target.table != nil }),
                let table = ([254, 255, 1, 2] as [UInt32]).first(where: { !tables.contains($0) })
            else { continue }
            lines.append("deny: \"\(name) table=\(table)\"")
        }
    }
}
