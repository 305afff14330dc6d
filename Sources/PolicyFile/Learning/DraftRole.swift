internal import GatewayPolicy

/// One role of a draft.
struct DraftRole: Hashable {
    var reads: [AuditDigest.OperationKey: Modes] = [:]
    var groups: Set<Int> = []
    var writes: Set<AuditDigest.OperationKey> = []
    var target = WriteTarget()
    var tables: Set<UInt32> = []
    var destinations: Set<String> = []
    var extras: Grants.Extras = []
    var namespaceIDs: Set<Int32> = []

    /// Prefixes in one role; a list can have so many.
    private static let mostDestinations = 1000

    var isEmpty: Bool { reads.isEmpty && groups.isEmpty && writes.isEmpty }

    /// The roles that together grant what was seen, and of writes no combination that wasn't: that is why there may be
    /// several.
    static func roles(_ seen: AuditDigest.Seen) -> [DraftRole] {
        var plain = DraftRole()
        var special: [Grants.Extras: DraftRole] = [:]
        for (key, modes) in seen.reads {
            let extras = key.extras
            if extras.isEmpty { plain.reads[key] = modes } else { special[extras, default: DraftRole()].reads[key] = modes }
        }
        for group in seen.groups {
            let family = Catalogue.families[group >> 16]
            let extras = family.groups[group & 0xffff].requiredExtras
            if extras.isEmpty { plain.groups.insert(group) } else { special[extras, default: DraftRole()].groups.insert(group) }
        }
        plain.extras = seen.extras
        plain.namespaceIDs = seen.namespaceIDs
        let reading = (plain.isEmpty ? [] : [plain])
            + special.sorted { $0.key.rawValue < $1.key.rawValue }.map { extras, role in
                var role = role
                role.extras = extras
                return role
            }
        return reading + writing(seen.writes)
    }

    private static func writing(_ writes: Set<AuditDigest.Write>) -> [DraftRole] {
        // What has one value in a role, and the destinations that each operation had with it.
        var destinations: [DraftRole: [AuditDigest.OperationKey: Set<String>]] = [:]
        for write in writes {
            var role = DraftRole()
            role.target = write.target
            role.target.destination = nil
            role.extras = write.extras.union(write.operation.extras)
            role.namespaceIDs = Set(write.namespaceIDs)
            // None at all is something else than many: no destination-in fits it.
            if write.target.destination != nil { role.destinations = [""] }
            destinations[role, default: [:]][write.operation, default: []].insert(write.target.destination ?? "")
        }
        var roles: [DraftRole] = []
        for (key, operations) in destinations {
            for (prefixes, pairs) in Dictionary(grouping: operations, by: \.value) {
                var role = key
                role.writes = Set(pairs.map(\.key))
                role.destinations = key.destinations.isEmpty ? [] : prefixes
                roles.append(role)
            }
        }
        return joinedByTable(roles).flatMap(split).sorted { $0.order.lexicographicallyPrecedes($1.order) }
    }

    /// Roles that differ in the table alone are one.
    private static func joinedByTable(_ roles: [DraftRole]) -> [DraftRole] {
        var tables: [DraftRole: Set<UInt32>] = [:]
        for role in roles {
            var key = role
            key.target.table = role.target.table == nil ? nil : 0
            tables[key, default: []].formUnion(role.target.table.map { [$0] } ?? [])
        }
        return tables.map { key, tables in
            var role = key
            role.target.table = nil
            role.tables = tables
            return role
        }
    }

    private static func split(_ role: DraftRole) -> [DraftRole] {
        let prefixes = role.destinations.sorted()
        guard prefixes.count > mostDestinations else { return [role] }
        return stride(from: 0, to: prefixes.count, by: mostDestinations).map { start in
            var part = role
            part.destinations = Set(prefixes[start..<min(start + mostDestinations, prefixes.count)])
            return part
        }
    }

    /// The same draft of the same log.
    private var order: [String] {
        var order = writes.sorted().map { "\($0.family).\($0.number)" }
        order += [target.words] + target.interfaces
        order += tables.sorted().map { "\($0)" }
        return order + destinations.sorted()
    }
}

extension AuditDigest.OperationKey: Comparable {
    static func < (left: Self, right: Self) -> Bool { (left.family, left.number) < (right.family, right.number) }

    var operation: Operation? { Catalogue.families[family].operation(number) }
    var name: String { operation?.name ?? "" }

    /// Without which it is never asked.
    var extras: Grants.Extras { operation?.requiredExtras(Catalogue.families[family]) ?? [] }
}
