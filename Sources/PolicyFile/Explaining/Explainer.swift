internal import GatewayPolicy
internal import Roles

/// Answers questions about a compiled policy.
struct Explainer {
    let policy: CompiledPolicy
    /// Nil for a built-in, which has no lines.
    let map: SourceMap?
    /// No file can name the daemon's user, and for a built-in the answer is another client's.
    private let daemonUID = UInt32.max

    init(policy: CompiledPolicy, map: SourceMap?) {
        self.policy = policy
        self.map = map
    }

    /// Names of the clients that a query is about.
    ///
    /// - Throws: `QueryError` for a name that no client has.
    func clients(_ query: ClientQuery) throws(QueryError) -> Set<String> {
        switch query {
        case .identity(let identity): return Set(policy.clients(identity, daemonUID: daemonUID).map(\.name.value))
        case .named(let name):
            let names = policy.model.clients.map(\.name.value)
            guard names.contains(name) else {
                throw QueryError("unknown client \(name.shortened)", hint: Suggestion.hint(for: name, in: names))
            }
            return [name]
        }
    }

    func explain(
        _ clients: Set<String>, _ request: Request, in namespace: String, nearMisses: Bool = true
    ) -> Explanation {
        let session = policy.session(clients, in: namespace)
        let ruling = Evaluator(policy: policy, session: session).rule(request)
        var reasons = ruling.reasons
        if nearMisses, ruling.decision == .denied || ruling.decision == .partial {
            reasons += elsewhere(clients, request, session, namespace)
        }
        if nearMisses, let note = Evaluator(policy: policy, session: session).note(request, ruling.decision) {
            reasons.append(note)
        }
        let number = request.family.protocolNumber
        let needsPrivilege = (session.roles + session.ceiling).contains {
            policy.roles[$0].part.grants.needsPrivilege(protocolNumber: number)
        }
        return Explanation(
            decision: ruling.decision, reasons: reasons.map(reason), needsPrivilege: needsPrivilege)
    }

    /// Where else in the file the request is granted: to this client in another namespace, or by a role it hasn't.
    private func elsewhere(
        _ clients: Set<String>, _ request: Request, _ session: SessionRoles, _ namespace: String
    ) -> [Evaluator.Reason] {
        var reasons: [Evaluator.Reason] = []
        if clients.isEmpty {
            reasons.append(Evaluator.Reason(decides: true, text: "no client of the policy is this identity"))
        } else if session.isEmpty {
            reasons.append(Evaluator.Reason(decides: true, text: "nothing is bound to the client in this namespace"))
        }
        for binding in clients.sorted().flatMap({ policy.bindings[$0] ?? [] }) where !binding.covers(namespace) {
            let there = SessionRoles(roles: policy.closures.closure(binding.roles), ceiling: [])
            let ruling = Evaluator(policy: policy, session: there).rule(request)
            guard ruling.decision == .allowed || ruling.decision == .conditional else { continue }
            let names =
                binding.namespaces.isEmpty
                ? "the daemon's own" : binding.namespaces.map(\.value).joined(separator: ", ")
            reasons.append(
                Evaluator.Reason(
                    decides: false, range: binding.range, text: "the client has it in another namespace: \(names)"))
        }
        for (index, role) in policy.roles.enumerated() where !session.roles.contains(index) {
            guard reasons.count < 8 else { break }
            let alone = SessionRoles(roles: [index], ceiling: [])
            let ruling = Evaluator(policy: policy, session: alone).rule(request)
            guard ruling.decision == .allowed || ruling.decision == .conditional, let found = ruling.reasons.first
            else {
                continue
            }
            reasons.append(
                Evaluator.Reason(
                    decides: false, range: found.range, role: role.model.name.value,
                    text: "\(found.text), and the client doesn't have it"))
        }
        return reasons
    }

    private func reason(_ reason: Evaluator.Reason) -> Explanation.Reason {
        Explanation.Reason(
            decides: reason.decides, position: position(reason.range), role: reason.role, text: reason.text)
    }

    func position(_ range: Range<Int>?) -> SourcePosition? {
        guard let range, let map else { return nil }
        return map.position(range.lowerBound)
    }

    /// Why an identity is none of the policy's clients: which of its keys fit, client by client.
    func nearMisses(_ identity: Identity) -> [Explanation.Reason] {
        policy.model.clients.compactMap { client in
            let misses = client.criteria.filter {
                !CompiledPolicy.fits($0.value, identity, daemonUID: daemonUID)
            }
            guard misses.count < client.criteria.count, let miss = misses.first else { return nil }
            return Explanation.Reason(
                decides: false, position: position(miss.range), role: nil,
                text: "client \(client.name.value) fits but for this")
        }
    }
}

extension Explanation {
    /// The reasons as lines, `file:line:column: role router: grants NEWROUTE where table is 100-199`.
    public func lines(file: String) -> [String] {
        reasons.map { reason in
            let place = reason.position.map { "\(file):\($0.line):\($0.column): " } ?? ""
            return place + (reason.role.map { "role \($0): " } ?? "") + reason.text
        }
    }

    func adding(_ more: [Reason]) -> Explanation {
        Explanation(decision: decision, reasons: reasons + more, needsPrivilege: needsPrivilege)
    }

    /// True when the request gets to the kernel, if it fits the conditions.
    public var passes: Bool { decision == .allowed || decision == .conditional || decision == .reported }
}
