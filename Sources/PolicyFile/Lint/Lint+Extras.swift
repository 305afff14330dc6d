internal import GatewayPolicy

/// Extras that nothing needs, and operations that need one in vain.
extension Lint {
    func lintExtras() {
        var needed: [Int: Grants.Extras] = [:]
        for (session, _) in sessions {
            for roles in [session.roles, session.ceiling] where !roles.isEmpty {
                let wanted = roles.reduce(into: Grants.Extras()) { $0.formUnion(possible(policy.roles[$1])) }
                for index in roles { needed[index, default: []].formUnion(wanted) }
                reportMissing(roles)
            }
        }
        for (index, role) in policy.roles.enumerated() {
            // Nobody has it: what it includes is all that can need its extras.
            let wanted =
                needed[index]
                ?? policy.closures.closure([role.model.name])
                .reduce(into: []) { $0.formUnion(possible(policy.roles[$1])) }
            for extra in role.model.extras where !wanted.contains(extra.value.bits) {
                collector.warning(
                    extra.range,
                    "nothing that comes with role \(role.model.name.value) needs extra \(extra.value.rawValue)",
                    hint: "remove it")
            }
        }
    }

    /// Extras that some request or event of the role needs.
    private func possible(_ role: CompiledRole) -> Grants.Extras {
        let operations = role.operations.reduce(into: Grants.Extras()) {
            $0.formUnion($1.operation.possibleExtras($1.family))
        }
        return role.groups.reduce(into: operations) { $0.formUnion($1.group.possibleExtras) }
    }

    /// What these roles grant and refuse at once, for want of an extra.
    private func reportMissing(_ roles: [Int]) {
        let extras = roles.reduce(into: Grants.Extras()) { $0.formUnion(policy.roles[$1].part.grants.extras) }
        for index in roles {
            let role = policy.roles[index]
            var lacking: [Range<Int>: (names: [String], extras: Grants.Extras)] = [:]
            for entry in role.operations {
                let missing = entry.operation.requiredExtras(entry.family).subtracting(extras)
                guard !missing.isEmpty else { continue }
                lacking[entry.range, default: ([], [])].names.append(entry.operation.name)
                lacking[entry.range]?.extras.formUnion(missing)
            }
            for entry in role.groups {
                let missing = entry.group.requiredExtras.subtracting(extras)
                guard !missing.isEmpty else { continue }
                lacking[entry.range, default: ([], [])].names.append(entry.group.name)
                lacking[entry.range]?.extras.formUnion(missing)
            }
            for (range, lack) in lacking {
                let names = lack.names.prefix(3).joined(separator: ", ") + (lack.names.count > 3 ? " and others" : "")
                collector.warning(
                    range, "\(names) will be refused without extra \(lack.extras.names.joined(separator: ", "))",
                    hint: "add 'extra: [\(lack.extras.names.joined(separator: ", "))]' to role \(role.model.name.value)"
                )
            }
        }
    }
}
