internal import GatewayPolicy

/// What somebody should know who changed a role.
struct EditNotes {
    private(set) var texts: [String] = []

    init(_ file: PolicyFile, _ roleName: String, _ request: EditRequest) {
        guard let policy = file.policy, let index = policy.roles.firstIndex(where: { $0.model.name.value == roleName })
        else { return }
        let grants = RoleGrants(policy, policy.roles[index].model, request)
        let isGranted = !grants.own.isEmpty
        if isGranted { addNeeds(policy, index, request) } else { addOthers(policy, index, request) }
    }

    /// What a grant doesn't reach without more, and what binds it.
    private mutating func addNeeds(_ policy: CompiledPolicy, _ index: Int, _ request: EditRequest) {
        let role = policy.roles[index]
        let name = role.model.name.value
        let extras = request.cover.keys.reduce(into: Grants.Extras()) { all, key in
            if request.kind == .listen {
                all.formUnion(request.family.groups[Int(key)].requiredExtras)
            } else if let operation = request.family.operation(key) {
                all.formUnion(operation.requiredExtras(request.family))
            }
        }
        let missing = extras.subtracting(role.part.grants.extras)
        if !missing.isEmpty {
            texts.append(
                "it passes only with 'extra: [\(missing.names.joined(separator: ", "))]', which \(name) doesn't have")
        }
        if request.kind == .write {
            let operations = request.cover.keys.compactMap { request.family.operation($0) }
            let keys = Set(operations.flatMap { ConditionObjects.keys(request.family, $0) })
            let bound = WhereKey.allCases.filter { keys.contains($0) && role.model.conditions[$0] != nil }
            let words = bound.compactMap { key in role.model.conditions[key]?.words(key) }
            texts.append(
                words.isEmpty
                    ? "no where of \(name) binds it" : "the where of \(name) binds it: \(words.joined(separator: " and "))")
        }
        if !policy.model.bindings.contains(where: { covers($0, index, policy) }) {
            texts.append("nobody has the role \(name) yet: add a binding")
        }
    }

    /// Clients that have it by another role all the same.
    private mutating func addOthers(_ policy: CompiledPolicy, _ index: Int, _ request: EditRequest) {
        var seen: Set<String> = []
        let clients = Set(policy.model.bindings.filter { covers($0, index, policy) }.map(\.client.value))
        for binding in policy.model.bindings where clients.contains(binding.client.value) {
            for other in policy.closures.closure(binding.roles) where other != index {
                let role = policy.roles[other].model
                guard !RoleGrants(policy, role, request).own.isEmpty else { continue }
                let text = "\(binding.client.value) still has it by the role \(role.name.value)"
                if seen.insert(text).inserted { texts.append(text) }
            }
        }
    }

    private func covers(_ binding: BindingModel, _ index: Int, _ policy: CompiledPolicy) -> Bool {
        policy.closures.closure(binding.roles + (binding.ceiling.map { [$0] } ?? [])).contains(index)
    }
}
