internal import GatewayPolicy

/// What the lint asks of a role again and again, found once.
struct RoleFacts: Sendable {
    /// A name that needs extras by itself.
    struct Needy: Sendable {
        let name: String
        let range: Range<Int>
        let extras: Grants.Extras
    }

    let isPrivileged: Bool
    let writes: Bool
    /// Extras that it has.
    let extras: Grants.Extras
    /// Extras that some request or event of it needs.
    let possible: Grants.Extras
    let needy: [Needy]
    /// Groups whose events show what reads show.
    let heard: [(entry: GroupEntry, reads: [Operation])]

    init(_ role: CompiledRole) {
        let grants = role.part.grants
        isPrivileged = NetlinkProtocol.all.contains { grants.needsPrivilege(protocolNumber: $0) }
        extras = grants.extras
        var (writes, possible): (Bool, Grants.Extras) = (false, [])
        var needy: [Needy] = []
        for entry in role.operations {
            let (family, operation) = (entry.family, entry.operation)
            if operation.kind == .write { writes = true }
            possible.formUnion(operation.possibleExtras(family))
            let required = operation.requiredExtras(family)
            if !required.isEmpty { needy.append(Needy(name: operation.name, range: entry.range, extras: required)) }
        }
        var heard: [(entry: GroupEntry, reads: [Operation])] = []
        for entry in role.groups {
            let group = entry.group
            possible.formUnion(group.possibleExtras)
            let required = group.requiredExtras
            if !required.isEmpty { needy.append(Needy(name: group.name, range: entry.range, extras: required)) }
            let reads = Lint.reads(group, in: entry.family)
            if !reads.isEmpty { heard.append((entry, reads)) }
        }
        self.writes = writes
        self.possible = possible
        self.needy = needy
        self.heard = heard
    }
}
