/// The roles that grant an operation under conditions, ready to tell at once which of them a message fits.
///
/// Every key has an index from its values to the roles that admit them; what fits all keys is what all rows have in
/// common. The work depends on the keys, hardly on the number of roles.
final class ConditionIndex: Sendable {
    /// A role's grant under a condition.
    struct Alternative: Sendable, Hashable {
        let modes: Modes
        let conditions: Conditions
        let role: String
        let line: UInt32
    }

    let alternatives: [Alternative]
    private let singles: RoleBits
    private let dumps: RoleBits
    private let keys: ConditionKeys
    /// For each key, by its raw value, the alternatives that don't have it.
    private let unbound: [RoleBits]
    private let interfaces: NameIndex
    private let tables: NumberIndex
    private let protocols: NumberIndex
    private let destinations: PrefixIndex
    private let excluded: PrefixIndex
    private let linkKinds: NameIndex
    private let families: NumberIndex

    init(_ alternatives: [Alternative]) {
        let count = alternatives.count
        let entries = Array(alternatives.enumerated())
        func bits(_ holds: (Alternative) -> Bool) -> RoleBits {
            entries.reduce(into: RoleBits(count: count)) { if holds($1.element) { $0.insert($1.offset) } }
        }
        func spread<Value>(_ values: (Conditions) -> [Value]?) -> [(Int, Value)] {
            entries.flatMap { entry in (values(entry.element.conditions) ?? []).map { (entry.offset, $0) } }
        }
        self.alternatives = alternatives
        singles = bits { $0.modes.contains(.single) }
        dumps = bits { $0.modes.contains(.dump) }
        keys = alternatives.reduce(into: []) { $0.formUnion($1.conditions.keys) }
        let unbound = ConditionKey.allCases.map { key in bits { !$0.conditions.keys.contains(key) } }
        self.unbound = unbound
        func others(_ key: ConditionKey) -> RoleBits { unbound[Int(key.rawValue)] }
        interfaces = NameIndex(spread(\.interfaces), others: others(.interface), count: count)
        tables = NumberIndex(spread(\.tables), others: others(.table), count: count)
        protocols = NumberIndex(
            spread { $0.protocols?.map { UInt32($0)...UInt32($0) } }, others: others(.protocolNumber), count: count)
        destinations = PrefixIndex(spread { $0.destinations?.map { Prefix($0) } }, count: count)
        excluded = PrefixIndex(spread { $0.excludedDestinations?.map { Prefix($0) } }, count: count)
        linkKinds = NameIndex(spread(\.linkKinds), others: others(.linkKind), count: count)
        families = NumberIndex(
            spread { $0.families?.map { UInt32($0)...UInt32($0) } }, others: others(.family), count: count)
    }

    /// The alternatives that a message fits.
    func fitting(_ objects: MessageObjects, _ links: inout LinkResolver) throws(Objection) -> RoleBits {
        var fitting = RoleBits(allOf: alternatives.count)
        // Those that ask the server come last: often nothing is left to ask for.
        for key in [
            ConditionKey.table, .protocolNumber, .family, .destination, .excludedDestination, .interface, .linkKind,
        ] where keys.contains(key) && !fitting.isEmpty {
            fitting.formIntersection(try row(key, objects, &links))
        }
        return fitting
    }

    /// The modes that alternatives among `fitting` grant.
    func modes(_ fitting: RoleBits) -> Modes {
        var modes: Modes = []
        if !fitting.intersection(singles).isEmpty { modes.insert(.single) }
        if !fitting.intersection(dumps).isEmpty { modes.insert(.dump) }
        return modes
    }

    /// What the message lacks for the role that it comes nearest to: the first that lacks one key only, or the first.
    func misfit(
        _ title: String, _ modes: Modes, _ objects: MessageObjects, _ links: inout LinkResolver
    ) throws(Objection) -> Misfit? {
        var rows: [(key: ConditionKey, row: RoleBits)] = []
        for key in ConditionKey.allCases where keys.contains(key) { rows.append((key, try row(key, objects, &links))) }
        var granting = RoleBits(count: alternatives.count)
        if modes.contains(.single) { granting.formUnion(singles) }
        if modes.contains(.dump) { granting.formUnion(dumps) }
        var nearest: (index: Int, key: ConditionKey)?
        for (key, row) in rows {
            var others = granting
            for (other, row) in rows where other != key { others.formIntersection(row) }
            others.subtract(row)
            if let index = others.first, index < nearest?.index ?? Int.max { nearest = (index, key) }
        }
        if nearest == nil, let index = granting.first, let missing = rows.first(where: { !$0.row.contains(index) }) {
            nearest = (index, missing.key)
        }
        guard let (index, key) = nearest, let sentence = alternatives[index].conditions.sentence(key) else {
            return nil
        }
        return Misfit(
            operation: title, condition: sentence, role: alternatives[index].role, line: alternatives[index].line)
    }

    /// The alternatives whose condition for one key holds.
    private func row(
        _ key: ConditionKey, _ objects: MessageObjects, _ links: inout LinkResolver
    ) throws(Objection) -> RoleBits {
        let others = unbound[Int(key.rawValue)]
        switch key {
        case .interface:
            var names: [String?] = []
            for reference in objects.interfaces { names.append(try links.primaryName(reference)) }
            return common(names, interfaces, others)
        case .table: return objects.table.map { tables.row($0) } ?? others
        case .protocolNumber: return objects.protocolNumber.map { protocols.row(UInt32($0)) } ?? others
        case .destination:
            guard let destination = objects.destination else { return others }
            var row = destinations.row(destination)
            row.formUnion(others)
            return row
        case .excludedDestination:
            guard let destination = objects.destination else { return others }
            var row = RoleBits(allOf: alternatives.count)
            row.subtract(excluded.row(destination))
            return row
        case .linkKind: return common(try kinds(objects, &links), linkKinds, others)
        case .family: return objects.family.map { families.row(UInt32($0)) } ?? others
        }
    }

    /// What fits all of these names; a name that isn't known fits nothing, and neither does none at all.
    private func common(_ names: [String?], _ index: NameIndex, _ others: RoleBits) -> RoleBits {
        guard !names.isEmpty else { return others }
        return names.reduce(into: RoleBits(allOf: alternatives.count)) { row, name in
            row.formIntersection(name.map { index.row($0) } ?? others)
        }
    }

    /// The kinds that the message gives, and that of the link that it changes.
    private func kinds(_ objects: MessageObjects, _ links: inout LinkResolver) throws(Objection) -> [String?] {
        var kinds: [String?] = objects.linkKinds
        guard objects.changesExisting else { return kinds }
        guard !objects.isElsewhere else { return [nil] }
        guard let selected = objects.selected else { return objects.mayCreate ? kinds : [nil] }
        if let link = try links.link(selected) {
            kinds.append(link.kind.isEmpty ? nil : link.kind)
        } else if !objects.mayCreate {
            kinds.append(nil)
        }
        return kinds
    }
}
