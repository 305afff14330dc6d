internal import GatewayPolicy
internal import Roles

/// What a policy says correctly and its author may not have meant.
struct Lint {
    /// Different sets of roles that are looked at.
    static let mostSessions = 500

    let policy: CompiledPolicy
    let collector: DiagnosticCollector
    /// Every different set of roles that some client has somewhere.
    let sessions: [(session: SessionRoles, binding: BindingModel)]
    /// In the order of the roles.
    let facts: [RoleFacts]

    init(_ policy: CompiledPolicy, _ collector: DiagnosticCollector) {
        self.policy = policy
        self.collector = collector
        sessions = policy.sessions(most: Lint.mostSessions)
        facts = policy.roles.map { RoleFacts($0) }
    }

    func run() {
        for client in policy.model.clients { lintClient(client) }
        lintUnused()
        for role in policy.roles {
            lintAll(role)
            lintConditions(role)
        }
        lintWrites()
        lintSessions()
        lintExtras()
        lintListening()
    }

    private func lintClient(_ client: ClientModel) {
        guard let first = client.criteria.first else { return }
        let isOnly = client.criteria.count == 1
        switch first.value {
        case .commonName where isOnly:
            collector.warning(
                first.range, "\(client.name.value) is whoever has this common name from any CA that the gateway trusts",
                hint: "add the issuer")
        case .issuer where isOnly:
            collector.warning(
                first.range, "\(client.name.value) is everybody with a certificate of this CA", hint: "add a name")
        default: break
        }
        for criterion in client.criteria {
            if let glob = criterion.value.glob, glob.allSatisfy({ $0 == "*" }) {
                collector.warning(criterion.range, "'\(glob)' fits every name", hint: "remove the key or name somebody")
            }
        }
    }

    private func lintUnused() {
        let bound = Set(policy.model.bindings.map(\.client.value))
        for client in policy.model.clients where !bound.contains(client.name.value) {
            collector.warning(client.name.range, "nothing is bound to client \(client.name.value)")
        }
        let bindings = policy.model.bindings
        let had = Set(policy.closures.closure(bindings.flatMap(\.roles) + bindings.compactMap(\.ceiling)))
        for (index, role) in policy.roles.enumerated() where !had.contains(index) {
            collector.warning(role.model.name.range, "nobody has role \(role.model.name.value)")
        }
        for role in policy.roles where role.operations.isEmpty && role.groups.isEmpty && role.model.includes.isEmpty {
            collector.warning(role.model.name.range, "role \(role.model.name.value) grants nothing")
        }
    }

    private func lintAll(_ role: CompiledRole) {
        for section in role.model.sections {
            if let all = section.all {
                collector.warning(
                    all, "'all' covers every family that the table lists, and those that it will list",
                    hint: "name what is needed")
            }
            for family in section.families {
                guard let all = family.all else { continue }
                collector.warning(
                    all, "'all' covers everything of \(family.label.value) that the table lists, and will list",
                    hint: "name what is needed")
            }
        }
    }

    private func lintConditions(_ role: CompiledRole) {
        for (key, condition) in role.model.conditions where role.bound(key).isEmpty {
            let what =
                role.operations.contains { $0.operation.kind == .write }
                ? "no write of the role has one" : "the role writes nothing"
            collector.warning(
                condition.key, "\(key.rawValue) binds nothing: \(what)",
                hint: "a where binds the writes of its own role")
        }
    }

    /// A write that nothing bounds: no `where` in its role, no limit in any role beside it.
    private func lintWrites() {
        for (session, _) in sessions {
            let isLimited = session.roles.contains { !policy.roles[$0].model.limits.isEmpty }
            for index in session.roles where !isLimited {
                let role = policy.roles[index].model
                guard role.conditions.isEmpty, let section = role.section(.write) else { continue }
                collector.warning(
                    section.key, "role \(role.name.value) writes without a limit and without a where",
                    hint: "add limits, or where")
            }
        }
    }

    private func lintSessions() {
        let anonymous = Set(policy.model.clients.filter { $0.kind == .anonymous }.map(\.name.value))
        for (session, binding) in sessions {
            let roles = session.roles + session.ceiling
            let isLimited = session.roles.contains { policy.roles[$0].model.limits[.sessions] != nil }
            if !isLimited, roles.contains(where: { facts[$0].isPrivileged }) {
                collector.warning(
                    binding.client.range,
                    "\(binding.client.value) may have as many privileged sessions as the gateway allows",
                    hint: "add 'limits: { sessions: N }' to a role of it")
            }
            if anonymous.contains(binding.client.value), roles.contains(where: { facts[$0].writes }) {
                collector.warning(binding.client.range, "whoever reaches the gateway without a certificate may write")
            }
        }
    }
}

extension PolicyTables.Criterion {
    /// The text in which `*` stands for anything.
    var glob: String? {
        switch self {
        case .commonName(let text), .dnsName(let text), .uri(let text), .email(let text): text
        default: nil
        }
    }
}
