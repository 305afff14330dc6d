internal import GatewayPolicy
internal import Roles

/// Resolves what clients have into names.
extension Explainer {
    func show(_ clients: Set<String>, title: String) -> [ResolvedGrants] {
        policy.namespaces(clients).map { namespace in
            let session = policy.session(clients, in: namespace)
            return ResolvedGrants(
                client: title, namespace: namespace == PolicyTables.ownNamespace ? nil : namespace,
                roles: session.roles.map { resolved(policy.roles[$0]) },
                ceiling: session.ceiling.map { resolved(policy.roles[$0]) }, limits: limits(session),
                privilegedProtocols: privileged(session))
        }
    }

    func resolved(_ role: CompiledRole) -> ResolvedRole {
        ResolvedRole(
            name: role.model.name.value, line: role.line,
            operations: Catalogue.families.indices.flatMap { operations(role, $0) },
            groups: Catalogue.families.indices.flatMap { groups(role, $0) },
            extras: role.part.grants.extras.names,
            conditions: WhereKey.allCases.compactMap { key in
                role.model.conditions[key].map { condition in
                    ResolvedRole.Condition(
                        key: key.rawValue, value: condition.texts.joined(separator: ", "), binds: role.bound(key))
                }
            })
    }

    private func operations(_ role: CompiledRole, _ index: Int) -> [ResolvedRole.OperationGrant] {
        let family = Catalogue.families[index]
        return family.operations.compactMap { operation in
            let entries = role.entries(index, operation)
            guard let first = entries.first else { return nil }
            let modes = entries.reduce(into: Modes()) { $0.formUnion($1.modes) }
            return ResolvedRole.OperationGrant(
                family: family.label, operation: operation.name, isWrite: operation.kind == .write,
                single: modes.contains(.single), dump: modes.contains(.dump),
                privileged: operation.kind == .write || operation.needsCapability(in: modes),
                bound: ConditionObjects.keys(family, operation).filter { role.model.conditions[$0] != nil }
                    .map(\.rawValue), line: position(first.range)?.line ?? 0)
        }
    }

    private func groups(_ role: CompiledRole, _ index: Int) -> [ResolvedRole.GroupGrant] {
        let family = Catalogue.families[index]
        return family.groups.indices.compactMap { place in
            guard let first = role.entries(index, group: place).first else { return nil }
            let group = family.groups[place]
            return ResolvedRole.GroupGrant(
                family: family.label, group: group.name, privileged: group.join.isPrivileged,
                line: position(first.range)?.line ?? 0)
        }
    }

    /// The lowest of all roles; a ceiling sets none.
    private func limits(_ session: SessionRoles) -> [ResolvedGrants.Limit] {
        func lowest(_ key: LimitKey) -> UInt32? {
            session.roles.compactMap { policy.roles[$0].model.limits[key]?.value }.min()
        }
        let sessions = lowest(.sessions)
        return LimitKey.allCases.compactMap { key in
            lowest(key).map { value in
                let product = key.isPerSession ? sessions.map { UInt64($0) * UInt64(value) } : nil
                return ResolvedGrants.Limit(name: key.rawValue, value: UInt64(value), perClient: product)
            }
        }
    }

    private func privileged(_ session: SessionRoles) -> [String] {
        let all = session.roles + session.ceiling
        let numbers = Set(Catalogue.families.map(\.protocolNumber)).sorted()
        return numbers.filter { number in
            all.contains { policy.roles[$0].part.grants.needsPrivilege(protocolNumber: number) }
        }.map { NetlinkProtocol.name($0) }
    }
}

extension CompiledRole {
    /// The writes of the role that a key of `where` binds.
    func bound(_ key: WhereKey) -> [String] {
        var titles: [String] = []
        for entry in operations where ConditionObjects.keys(entry.family, entry.operation).contains(key) {
            let title = "\(entry.family.label) \(entry.operation.name)"
            if !titles.contains(title) { titles.append(title) }
        }
        return titles
    }
}
