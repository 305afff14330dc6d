/// The roles of a session, or those of its ceiling, prepared for one protocol.
struct PreparedGrants: Sendable {
    let extras: Grants.Extras
    let netnsIDs: Set<Int32>
    /// Labels of families of which anything is granted.
    let labels: Set<String>
    /// True when any change of nftables is granted, and with it batches.
    let grantsBatches: Bool
    /// By label and number.
    private let operations: [String: [UInt16: Granting]]
    private let groups: [String: [String: UInt32]]

    /// How one operation is granted.
    struct Granting: Sendable {
        /// By any role, under conditions or not.
        var modes: Modes = []
        /// By a role whose conditions say nothing about the operation.
        var unconditional: Modes = []
        /// The first such role's line.
        var line: UInt32 = 0
        /// By the other roles.
        var conditional: ConditionIndex?
    }

    init(_ parts: [RolePart], protocolNumber: Int32) {
        extras = parts.reduce(into: []) { $0.formUnion($1.grants.extras) }
        netnsIDs = Set(parts.flatMap(\.grants.netnsIDs))
        labels = Set(parts.flatMap { $0.grants.families.map(\.label) })
        var operations: [String: [UInt16: Granting]] = [:]
        var groups: [String: [String: UInt32]] = [:]
        var indexes: [[ConditionIndex.Alternative]: ConditionIndex] = [:]
        for family in Catalogue.families where family.protocolNumber == protocolNumber {
            let granting = parts.compactMap { part in part.grants.family(family.label).map { (part, $0) } }
            guard !granting.isEmpty else { continue }
            operations[family.label] = PreparedGrants.operations(family, granting, &indexes)
            for (part, grant) in granting {
                groups[family.label, default: [:]].merge(grant.groups.map { ($0, part.line) }) { first, _ in first }
            }
        }
        self.operations = operations
        self.groups = groups
        let rules = Catalogue.family("netfilter/nftables")
        grantsBatches = operations["netfilter/nftables", default: [:]].keys.contains {
            rules?.operation($0)?.tags.contains(.batched) == true
        }
    }

    func granting(_ label: String, _ number: UInt16) -> Granting {
        operations[label]?[number] ?? Granting()
    }

    /// The line of the first role that lets the group be joined.
    func line(of group: String, in label: String) -> UInt32? {
        groups[label]?[group]
    }

    private static func operations(
        _ family: Family, _ granting: [(RolePart, Grants.FamilyGrant)],
        _ indexes: inout [[ConditionIndex.Alternative]: ConditionIndex]
    ) -> [UInt16: Granting] {
        var found: [UInt16: Granting] = [:]
        var conditional: [UInt16: [ConditionIndex.Alternative]] = [:]
        let known = Dictionary(uniqueKeysWithValues: family.operations.map { ($0.number, $0) })
        for (part, grant) in granting {
            for entry in grant.operations {
                guard let operation = known[entry.number] else { continue }
                let bound = ConditionKeys(binding: operation, of: family).intersection(part.conditions.keys)
                found[entry.number, default: Granting()].modes.formUnion(entry.modes)
                if bound.isEmpty {
                    found[entry.number]?.addUnconditional(entry.modes, line: part.line)
                } else {
                    conditional[entry.number, default: []].append(
                        ConditionIndex.Alternative(
                            modes: entry.modes, conditions: part.conditions.limited(to: bound), role: part.name,
                            line: part.line))
                }
            }
        }
        for (number, alternatives) in conditional {
            // Operations that the same roles grant alike share one index.
            let distinct = withoutRepeats(alternatives)
            let index = indexes[distinct] ?? ConditionIndex(distinct)
            indexes[distinct] = index
            found[number]?.conditional = index
        }
        return found
    }

    /// Of alternatives that admit the same, the first.
    private static func withoutRepeats(_ alternatives: [ConditionIndex.Alternative]) -> [ConditionIndex.Alternative] {
        struct Content: Hashable {
            let modes: Modes
            let conditions: Conditions
        }
        var seen: Set<Content> = []
        return alternatives.filter { seen.insert(Content(modes: $0.modes, conditions: $0.conditions)).inserted }
    }
}

extension PreparedGrants.Granting {
    fileprivate mutating func addUnconditional(_ modes: Modes, line: UInt32) {
        if unconditional.isEmpty { self.line = line }
        unconditional.formUnion(modes)
    }

    /// The line of the role that grants a message; throws what is missing.
    func line(
        _ title: String, _ modes: Modes, _ objects: MessageObjects, _ links: inout LinkResolver
    ) throws(Objection) -> UInt32 {
        guard self.modes.isSuperset(of: modes) else {
            let mode =
                self.modes.isEmpty ? "" : modes == .dump ? " dump" : modes == .single ? " single" : " single and dump"
            throw .notGranted(title + mode)
        }
        guard !unconditional.isSuperset(of: modes), let conditional else { return line }
        let fitting = try conditional.fitting(objects, &links)
        if let first = fitting.first, unconditional.union(conditional.modes(fitting)).isSuperset(of: modes) {
            return conditional.alternatives[first].line
        }
        guard let misfit = try conditional.misfit(title, modes.subtracting(unconditional), objects, &links) else {
            throw .notGranted(title)
        }
        throw .misfit(misfit)
    }
}
