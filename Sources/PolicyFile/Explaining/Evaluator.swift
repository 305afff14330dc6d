internal import GatewayPolicy
internal import Roles

/// Decides about a request from the grants alone, as a broker would, and remembers why.
struct Evaluator {
    /// A reason with the bytes of the file that it is about.
    struct Reason {
        var decides: Bool
        var range: Range<Int>?
        var role: String?
        var text: String
    }

    struct Ruling {
        var decision: Explanation.Decision
        var reasons: [Reason]
    }

    let policy: CompiledPolicy
    let session: SessionRoles

    func rule(_ request: Request) -> Ruling {
        switch request.action {
        case .join(let family, let group): return ruleJoin(family, group, session.roles, session.ceiling)
        case .ask(let family, let operation, let modes):
            if let why = operation.whyNever {
                return Ruling(
                    decision: .denied,
                    reasons: [Reason(decides: true, text: "\(operation.name) is never granted: \(why)")])
            }
            guard modes == .both else { return rule(family, operation, modes, request.objects) }
            let single = rule(family, operation, .single, request.objects)
            let dump = rule(family, operation, .dump, request.objects)
            guard single.decision != dump.decision else {
                return single.reasons.count < dump.reasons.count ? dump : single
            }
            let passing = single.decision == .denied ? dump : single
            let failing = single.decision == .denied ? single : dump
            return Ruling(decision: .partial, reasons: passing.reasons + failing.reasons)
        }
    }

    private func rule(_ family: Int, _ operation: Operation, _ mode: Modes, _ objects: RequestObjects) -> Ruling {
        if let never = never(Catalogue.families[family], operation, objects) {
            return Ruling(decision: .denied, reasons: [never])
        }
        let own = rule(family, operation, mode, objects, session.roles)
        guard own.decision == .denied, !session.ceiling.isEmpty else { return own }
        let above = rule(family, operation, mode, objects, session.ceiling)
        guard above.decision != .denied else { return own }
        let reasons = above.reasons.map { reason in
            var reason = reason
            reason.text += ", as a ceiling: it passes and is logged"
            return reason
        }
        return Ruling(decision: .reported, reasons: reasons + own.reasons.map { $0.undecided })
    }

    private func rule(
        _ family: Int, _ operation: Operation, _ mode: Modes, _ objects: RequestObjects, _ roles: [Int]
    ) -> Ruling {
        let title = "\(operation.name)\(operation.grantable == .both ? " \(mode.words)" : "")"
        let entries = roles.flatMap { index in
            policy.roles[index].entries(family, operation).map { (role: policy.roles[index], entry: $0) }
        }
        let granting = entries.filter { $0.entry.modes.isSuperset(of: mode) }
        guard !granting.isEmpty else {
            let near = entries.map { role, entry in
                Reason(
                    decides: false, range: entry.range, role: role.model.name.value,
                    text: "grants \(operation.name) \(entry.modes.words) only")
            }
            let nobody = Reason(decides: true, text: "no role of the client grants \(title)")
            return Ruling(decision: .denied, reasons: [nobody] + near)
        }
        let missing = operation.requiredExtras(Catalogue.families[family]).subtracting(extras(roles))
        guard missing.isEmpty else {
            let names = missing.names.joined(separator: ", ")
            let reasons = granting.map { role, entry in
                Reason(
                    decides: true, range: entry.range, role: role.model.name.value,
                    text: "grants \(title), which needs extra \(names), and no role of the client has that")
            }
            return Ruling(decision: .denied, reasons: reasons)
        }
        return conditions(granting, family, operation, title, objects)
    }

    private func conditions(
        _ granting: [(role: CompiledRole, entry: GrantEntry)], _ family: Int, _ operation: Operation, _ title: String,
        _ objects: RequestObjects
    ) -> Ruling {
        let keys = ConditionObjects.keys(Catalogue.families[family], operation)
        var (fitting, open, failing): ([Reason], [Reason], [Reason]) = ([], [], [])
        for (role, entry) in granting {
            let bound = keys.compactMap { key in role.model.conditions[key].map { (key, $0) } }
            var reason = Reason(
                decides: true, range: entry.range, role: role.model.name.value, text: "grants \(title)")
            if let (key, condition) = bound.first(where: { objects.fits($0.0, role.part.conditions) == false }) {
                reason = Reason(
                    decides: false, range: condition.key, role: role.model.name.value,
                    text: "grants \(title) only where \(condition.words(key))")
                failing.append(reason)
            } else {
                let left = bound.filter { objects.fits($0.0, role.part.conditions) == nil }
                if left.isEmpty {
                    fitting.append(reason)
                } else {
                    reason.text += " where " + left.map { $1.words($0) }.joined(separator: " and ")
                    open.append(reason)
                }
            }
        }
        if !fitting.isEmpty { return Ruling(decision: .allowed, reasons: fitting) }
        if !open.isEmpty { return Ruling(decision: .conditional, reasons: open + failing) }
        return Ruling(decision: .denied, reasons: failing.map { $0.deciding })
    }

    private func ruleJoin(_ family: Int, _ group: Int, _ roles: [Int], _ ceiling: [Int]) -> Ruling {
        let own = ruleJoin(family, group, roles)
        guard own.decision == .denied, !ceiling.isEmpty else { return own }
        let above = ruleJoin(family, group, ceiling)
        guard above.decision == .allowed else { return own }
        let reasons = above.reasons.map { reason in
            var reason = reason
            reason.text += ", as a ceiling: it passes and is logged"
            return reason
        }
        return Ruling(decision: .reported, reasons: reasons + own.reasons.map { $0.undecided })
    }

    private func ruleJoin(_ family: Int, _ index: Int, _ roles: [Int]) -> Ruling {
        let group = Catalogue.families[family].groups[index]
        let granting = roles.flatMap { role in
            policy.roles[role].entries(family, group: index).map { (policy.roles[role], $0) }
        }
        guard !granting.isEmpty else {
            return Ruling(
                decision: .denied,
                reasons: [Reason(decides: true, text: "no role of the client lists \(group.name) under listen")])
        }
        let missing = group.requiredExtras.subtracting(extras(roles))
        let lack = missing.names.joined(separator: ", ")
        return Ruling(
            decision: missing.isEmpty ? .allowed : .denied,
            reasons: granting.map { role, entry in
                Reason(
                    decides: true, range: entry.range, role: role.model.name.value,
                    text: missing.isEmpty
                        ? "lets join \(group.name)"
                        : "lists \(group.name), which needs extra \(lack), and no role of the client has that")
            })
    }

    /// What `never` says before any role is asked.
    private func never(_ family: Family, _ operation: Operation, _ objects: RequestObjects) -> Reason? {
        let keys = ConditionObjects.keys(family, operation)
        if keys.contains(.linkKind), let kind = objects.kind,
            let found = policy.model.neverLinkKinds.first(where: { $0.value == kind })
        {
            return Reason(decides: true, range: found.range, text: "never lets anybody make links of kind \(kind)")
        }
        if keys.contains(.interface), let name = objects.interface,
            let found = policy.model.neverInterfaces.first(where: { matches($0.value, name) })
        {
            return Reason(decides: true, range: found.range, text: "never lets any write select \(name.shortened)")
        }
        return nil
    }

    func extras(_ roles: [Int]) -> Grants.Extras {
        roles.reduce(into: []) { $0.formUnion(policy.roles[$1].part.grants.extras) }
    }
}

extension Evaluator.Reason {
    var undecided: Self { Self(decides: false, range: range, role: role, text: text) }
    var deciding: Self { Self(decides: true, range: range, role: role, text: text) }
}

extension ConditionModel {
    /// `table is 100-199`.
    func words(_ key: WhereKey) -> String {
        let values = texts.joined(separator: ", ")
        return switch key {
        case .destinationIn: "the destination is in \(values)"
        case .notDestinationIn: "the destination is not in \(values)"
        default: "\(key.rawValue) is \(values)"
        }
    }
}
