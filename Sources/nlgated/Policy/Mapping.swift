import GatewayIPC
import Roles

/// A client that the keeper was asked about.
struct Review: Equatable {
    let frontend: UInt64
    let connection: UInt32
}

/// What clients are to the policy in force.
///
/// Who has a certificate is mapped by the keeper, which knows what stands in it; here its answer is numbers. The kernel's
/// word on a Unix peer, and a client of plain TCP, are mapped here.
extension Supervisor {
    /// The keeper gets to know who is who in the policy in force.
    func tellPolicy() {
        guard let keeper, let policy else { return }
        for part in TablePart.parts(of: policy.clientTable.encode()) {
            send(.clients(policy: policy.number, part: part), to: keeper)
        }
    }

    /// What the client of a connection is to the policy in force; nil as long as the keeper hasn't said it.
    func standing(_ known: KnownClient) -> Standing? {
        guard let mapping = known.mapping, mapping.policy == policy?.number else { return nil }
        return Standing(clients: mapping.clients, bindings: mapping.bindings)
    }

    /// What somebody without a certificate is to the policy in force.
    func standing(_ identity: Identity) -> Standing? {
        policy?.clientTable.standing(of: identity, daemonUID: daemonUID)
    }

    /// False when no well-behaved keeper says this.
    func take(_ mapping: ClientMapping, from child: Child) -> Bool {
        guard child.kind == .keeper, child.isReady, mapping.policy <= policyCount else { return false }
        let review = Review(frontend: mapping.frontend, connection: mapping.connection)
        defer { if mapping.policy == policy?.number { finishReview(review, by: child) } }
        guard let frontend = children[mapping.frontend], frontend.verified[mapping.connection] != nil,
            child.number == keeperNumber
        else { return true }
        guard let policy, mapping.policy == policy.number else {
            // It hadn't heard of this policy yet.
            self.review(mapping.connection, of: frontend)
            return true
        }
        guard policy.tables.contain(Standing(clients: mapping.clients, bindings: mapping.bindings)) else {
            return false
        }
        frontend.verified[mapping.connection]?.mapping = mapping
        if mappingDeadline != nil { mappingDeadline = now + Child.mostMilliseconds }
        if let session = frontend.sessionOf[mapping.connection] { rejudge(session) }
        openWaiting(mapping.connection, of: frontend)
        return true
    }

    /// The session is opened when the keeper has said what the client is to the policy.
    func wait(_ request: OpenRequest, from frontend: Child) {
        awaitMappings()
        frontend.waiting[request.connection] = request
    }

    /// The keeper has spoken.
    func openWaiting(_ connection: UInt32, of frontend: Child) {
        guard let request = frontend.waiting.removeValue(forKey: connection) else { return }
        if !open(request, from: frontend) { kill(frontend) }
    }

    /// The keeper has answered; after the last question everybody has been judged.
    func finishReview(_ review: Review, by keeper: Child) {
        guard review == lastReview, keeper.number == keeperNumber else { return }
        lastReview = nil
        announcePolicy()
    }

    /// The keeper has ten seconds from the first of the questions that are open, and from each of its answers.
    func awaitMappings() {
        guard lastReview == nil, children.values.allSatisfy(\.waiting.isEmpty) else { return }
        mappingDeadline = now + Child.mostMilliseconds
    }

    /// Nobody keeps rights that the policy in force may not give: who wasn't mapped in time has no session.
    func endUnmapped() {
        guard let deadline = mappingDeadline, now >= deadline else { return }
        mappingDeadline = nil
        lastReview = nil
        defer { announcePolicy() }
        var isLate = false
        for frontend in children.values where frontend.isFrontend {
            for (connection, known) in frontend.verified where !known.isRevoked && standing(known) == nil {
                isLate = true
                let text = "the gateway can't say what the policy gives this client"
                if let session = frontend.sessionOf[connection] { end(session, SupervisorReason.internalError, text) }
                guard frontend.waiting.removeValue(forKey: connection) != nil else { continue }
                let reason = SupervisorReason.internalError
                send(.refused(connection: connection, reason: reason, text: text), to: frontend)
            }
        }
        guard isLate, let keeper else { return }
        log("\(keeper.kind.name) doesn't say who clients are; killed", .error)
        kill(keeper)
    }
}
