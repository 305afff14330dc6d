internal import GatewayPolicy

/// Extras that nothing needs, and names that need one in vain.
extension Lint {
    func lintExtras() {
        var needed: [Int: Grants.Extras] = [:]
        for (session, _) in sessions {
            for roles in [session.roles, session.ceiling] where !roles.isEmpty {
                let wanted = roles.reduce(into: Grants.Extras()) { $0.formUnion(facts[$1].possible) }
                for index in roles { needed[index, default: []].formUnion(wanted) }
                reportMissing(roles)
            }
        }
        for (index, role) in policy.roles.enumerated() {
            // Nobody has it: what it includes is all that can need its extras.
            let wanted =
                needed[index]
                ?? policy.closures.closure([role.model.name]).reduce(into: []) { $0.formUnion(facts[$1].possible) }
            for extra in role.model.extras where !wanted.contains(extra.value.bits) {
                collector.warning(
                    extra.range,
                    "nothing that comes with role \(role.model.name.value) needs extra \(extra.value.rawValue)",
                    hint: "remove it")
            }
        }
    }

    /// What these roles grant and refuse at once, for want of an extra.
    private func reportMissing(_ roles: [Int]) {
        let extras = roles.reduce(into: Grants.Extras()) { $0.formUnion(facts[$1].extras) }
        for index in roles where !collector.isFull {
            var lacking: [Range<Int>: (names: [String], extras: Grants.Extras)] = [:]
            for needy in facts[index].needy where !needy.extras.isSubset(of: extras) {
                lacking[needy.range, default: ([], [])].names.append(needy.name)
                lacking[needy.range]?.extras.formUnion(needy.extras.subtracting(extras))
            }
            for (range, lack) in lacking.sorted(by: { $0.key.lowerBound < $1.key.lowerBound }) {
                report(range, lack.names, lack.extras, policy.roles[index])
            }
        }
    }

    private func report(_ range: Range<Int>, _ names: [String], _ extras: Grants.Extras, _ role: CompiledRole) {
        let list = names.prefix(3).joined(separator: ", ") + (names.count > 3 ? " and others" : "")
        let wanted = extras.names.joined(separator: ", ")
        collector.warning(
            range, "\(list) will be refused without extra \(wanted)",
            hint: "add 'extra: [\(wanted)]' to role \(role.model.name.value)")
    }
}
