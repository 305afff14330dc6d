import Confinement
import GatewayIPC
import GatewayURL
import LinuxSys
import Roles

/// How a session begins: who is it, what does the policy give it, which process serves it.
extension Supervisor {
    /// Why there is no session.
    private struct Refusal: Error {
        let reason: UInt32
        let text: String
    }

    /// Who asks for a session.
    private struct Applicant {
        let principal: Principal
        /// For WELCOME and the log.
        let display: String
        /// What a policy can say of it, in the policy's words.
        let words: String
        let standing: Standing
        /// Of a certificate's.
        var notAfter: Int64 = 0
    }

    /// False when no well-behaved frontend asks this.
    func open(_ request: OpenRequest, from frontend: Child) -> Bool {
        guard frontend.sessionOf[request.connection] == nil, frontend.waiting[request.connection] == nil,
            Int(request.networkNamespace) < namespaces.count
        else { return false }
        if request.transport == .tls {
            // Nobody has been at the other end of this connection, whatever the frontend says.
            guard let known = knownClient(request.connection, of: frontend) else { return false }
            return open(request, from: frontend, known)
        }
        guard let applicant = applicant(of: request, from: frontend) else { return false }
        answer(request, from: frontend, applicant)
        return true
    }

    /// Who has a certificate: the keeper says who that is, and what to the policy.
    private func open(_ request: OpenRequest, from frontend: Child, _ known: KnownClient) -> Bool {
        guard frontend.adopted[request.connection] == nil else { return false }
        do throws(Refusal) {
            try checkAge(known)
        } catch {
            refuse(request, from: frontend, error)
            return true
        }
        guard let standing = standing(known) else {
            wait(request, from: frontend)
            return true
        }
        let applicant = Applicant(
            principal: .certificate(fingerprint: known.identity.fingerprint), display: known.identity.display,
            words: known.mapping?.words ?? "", standing: standing, notAfter: known.identity.notAfter)
        answer(request, from: frontend, applicant)
        return true
    }

    private func answer(_ request: OpenRequest, from frontend: Child, _ applicant: Applicant) {
        do throws(Refusal) {
            let match = try granted(applicant, request)
            try checkLimits(applicant.principal, request, match)
            guard let policy, let grants = grantSets.acquire(match, policy.tables) else {
                throw Refusal(
                    reason: SupervisorReason.limits, text: "the gateway has no room for this client's grants")
            }
            begin(request, from: frontend, applicant, match, grants)
        } catch {
            if error.reason == SupervisorReason.policy {
                auditRefusal(
                    applicant.principal, clientNames(applicant.standing), applicant.display, request, error.text)
            }
            refuse(request, from: frontend, error)
        }
    }

    private func refuse(_ request: OpenRequest, from frontend: Child, _ refusal: Refusal) {
        send(.refused(connection: request.connection, reason: refusal.reason, text: refusal.text), to: frontend)
    }

    private func begin(
        _ request: OpenRequest, from frontend: Child, _ applicant: Applicant, _ match: Match, _ grants: UInt32
    ) {
        sessionCount += 1
        let assignment = Assignment(
            session: sessionCount, protocolNumber: request.protocolNumber, networkNamespace: request.networkNamespace,
            readOnly: request.readOnly, grantSet: grants, identity: applicant.display,
            roles: match.roleText, local: request.local, peer: request.peer)
        sessions[sessionCount] = SessionRecord(
            assignment: assignment, principal: applicant.principal, transport: request.transport,
            clients: match.clients, notAfter: applicant.notAfter, openedAt: now, minutes: match.sessionMinutes,
            frontend: frontend.number, connection: request.connection)
        sessionsOf[applicant.principal, default: 0] += 1
        frontend.sessionOf[request.connection] = sessionCount
        place(sessionCount, isPrivileged: needsPrivilege(match, request))
    }

    /// Who comes without a certificate: the kernel's word for a Unix peer; of the other, where it says it is.
    private func applicant(of request: OpenRequest, from frontend: Child) -> Applicant? {
        let peer = frontend.adopted[request.connection]
        switch (request.transport, peer) {
        case (.unix, let peer?):
            let identity = Identity.user(uid: peer.uid, gid: peer.gid)
            return standing(identity).map {
                Applicant(
                    principal: identity.principal, display: "uid=\(peer.uid) gid=\(peer.gid)",
                    words: "uid \(peer.uid), gid \(peer.gid)", standing: $0)
            }
        // What no listener speaks, no client came by.
        case (.tcp, nil) where options.speaks(.tcp):
            let identity = Identity.anonymous(address: request.peer.address)
            return standing(identity).map {
                Applicant(
                    principal: identity.principal, display: "anonymous", words: "anonymous sessions (tcp://)",
                    standing: $0)
            }
        default: return nil
        }
    }

    /// Who was verified long ago, or isn't known any more, must show again who it is.
    private func checkAge(_ known: KnownClient) throws(Refusal) {
        guard !known.isRevoked else { throw Refusal(reason: SupervisorReason.revoked, text: revocationText) }
        guard now >= known.verifiedAt + UInt64(limits.identityMinutes) * 60_000 else { return }
        throw Refusal(
            reason: SupervisorReason.limits,
            text: "this connection's client was verified more than \(limits.identityMinutes) "
                + "minute\(limits.identityMinutes == 1 ? "" : "s") ago; connect again")
    }

    /// What the policy gives to somebody in the namespace with this index.
    func match(_ standing: Standing, _ namespace: UInt16) -> Match? {
        policy?.tables.match(standing, networkNamespace: namespaces.policyName(namespace))
    }

    private func clientNames(_ standing: Standing) -> [String] { policy?.tables.clientNames(standing) ?? [] }

    private func granted(_ applicant: Applicant, _ request: OpenRequest) throws(Refusal) -> Match {
        guard let match = match(applicant.standing, request.networkNamespace) else {
            throw Refusal(reason: SupervisorReason.policy, text: whyNot(applicant, request))
        }
        guard match.servedProtocols & (1 << request.protocolNumber) != 0 else {
            throw Refusal(
                reason: SupervisorReason.policy,
                text: "the policy grants \(nameList(match.clients)) nothing of netlink protocol "
                    + "\(request.protocolNumber)")
        }
        return match
    }

    /// In words that an operator can write a client from.
    private func whyNot(_ applicant: Applicant, _ request: OpenRequest) -> String {
        let names = clientNames(applicant.standing)
        guard names.isEmpty else {
            let place = namespaces.name(request.networkNamespace)
            return "the policy binds \(nameList(names)) to no role in "
                + (place.isEmpty ? "the daemon's own namespace" : "namespace \(place)")
        }
        return "the policy has no client for " + applicant.words
    }

    private func needsPrivilege(_ match: Match, _ request: OpenRequest) -> Bool {
        match.needsPrivilege(protocolNumber: request.protocolNumber, readOnly: request.readOnly)
    }

    private func checkLimits(_ principal: Principal, _ request: OpenRequest, _ match: Match) throws(Refusal) {
        func refuse(_ text: String) -> Refusal { Refusal(reason: SupervisorReason.limits, text: text) }
        if isStopping { throw refuse("the gateway is stopping") }
        if sessions.count >= limits.sessions {
            throw refuse("the gateway's limit of \(limits.sessions) sessions is reached")
        }
        let most = min(limits.sessionsPerClient, match.sessions.map { Int($0) } ?? limits.sessionsPerClient)
        if sessionsOf[principal, default: 0] >= most {
            throw refuse("this client's limit of \(most) sessions is reached")
        }
        if needsPrivilege(match, request), privilegedBrokersAreMany {
            throw refuse(
                "the gateway's limit of \(limits.privilegedBrokers) privileged sessions is reached; "
                    + "a read-only session may still be had")
        }
    }

    /// A broker whose client has left is about to end and doesn't count, but there are never twice as many as may be.
    private var privilegedBrokersAreMany: Bool {
        let served = children.values.compactMap { child in
            if case .broker(_, let session) = child.kind { session } else { nil as UInt64? }
        }
        return served.count { sessions[$0]?.isCounted == true } >= limits.privilegedBrokers
            || served.count >= 2 * limits.privilegedBrokers
    }

    /// A reader for those that read, a process of its own for those that may do more.
    private func place(_ number: UInt64, isPrivileged: Bool) {
        guard let namespace = sessions[number].map({ Int($0.assignment.networkNamespace) }) else { return }
        if isPrivileged {
            do throws(SealingError) {
                let broker = try start(.broker(namespace: namespace, session: number))
                sessions[number]?.broker = broker.number
            } catch {
                log("\(error)", .error)
                refuse(number, "the session's process could not be started")
            }
            return
        }
        let readers = children.values.filter { child in
            if case .reader(namespace, _) = child.kind { child.isReady } else { false }
        }
        guard let reader = readers.min(by: { $0.sessions.count < $1.sessions.count }) else {
            return refuse(number, "no reader is running; try again in a moment")
        }
        sessions[number]?.broker = reader.number
        assign(number, to: reader)
    }

    /// Makes the socketpair and hands both ends out.
    func assign(_ number: UInt64, to broker: Child) {
        guard let record = sessions[number], let frontend = children[record.frontend],
            frontend.sessionOf[record.connection] == number
        else {
            // The client is gone already.
            if case .broker = broker.kind { kill(broker) }
            return forget(number)
        }
        let pair: DescriptorPair
        do throws(Errno) {
            pair = try Descriptor.packetPair()
        } catch {
            log("socketpair: \(error)", .error)
            if case .broker = broker.kind { kill(broker) }
            return refuse(number, "the gateway has no descriptors left")
        }
        _ = refuseDescriptors(on: pair.ours.raw)
        _ = refuseDescriptors(on: pair.theirs.raw)
        let ends = pair.release()
        broker.sessions.insert(number)
        provide(record.assignment.grantSet, to: broker)
        send(.assign(record.assignment), to: broker, passing: PassedDescriptor(Descriptor(owning: ends.ours)))
        send(
            .opened(connection: record.connection), to: frontend,
            passing: PassedDescriptor(Descriptor(owning: ends.theirs)))
        sessions[number]?.isLogged = true
        auditStart(record)
    }
}

private func nameList(_ names: [String]) -> String {
    (names.count == 1 ? "client " : "clients ") + names.prefix(4).joined(separator: ", ")
}
