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

    /// False when no well-behaved frontend asks this.
    func open(_ request: OpenRequest, from frontend: Child) -> Bool {
        guard frontend.sessionOf[request.connection] == nil, Int(request.networkNamespace) < namespaces.count else {
            return false
        }
        var known: KnownClient?
        if request.transport == .tls {
            known = knownClient(request.connection, of: frontend)
            // Nobody has been at the other end of this connection, whatever the frontend says.
            guard known != nil else { return false }
        }
        guard let identity = identity(of: request, from: frontend, known) else { return false }
        do throws(Refusal) {
            try checkAge(known)
            let match = try granted(identity, request)
            try checkLimits(identity.principal, request, match)
            guard let policy, let grants = grantSets.acquire(match, policy.tables) else {
                throw Refusal(
                    reason: SupervisorReason.limits, text: "the gateway has no room for this client's grants")
            }
            begin(request, from: frontend, identity, known, match, grants)
        } catch {
            if error.reason == SupervisorReason.policy {
                auditRefusal(identity, display(identity, known), request, error.text)
            }
            send(.refused(connection: request.connection, reason: error.reason, text: error.text), to: frontend)
        }
        return true
    }

    private func begin(
        _ request: OpenRequest, from frontend: Child, _ identity: Identity, _ known: KnownClient?, _ match: Match,
        _ grants: UInt32
    ) {
        sessionCount += 1
        let assignment = Assignment(
            session: sessionCount, protocolNumber: request.protocolNumber, networkNamespace: request.networkNamespace,
            readOnly: request.readOnly, grantSet: grants, identity: display(identity, known),
            roles: match.roleText, local: request.local, peer: request.peer)
        sessions[sessionCount] = SessionRecord(
            assignment: assignment, identity: identity, transport: request.transport, clients: match.clients,
            notAfter: known?.identity.notAfter ?? 0, openedAt: now, minutes: match.sessionMinutes,
            frontend: frontend.number, connection: request.connection)
        sessionsOf[identity.principal, default: 0] += 1
        frontend.sessionOf[request.connection] = sessionCount
        place(sessionCount, isPrivileged: needsPrivilege(match, request))
    }

    /// Who the client is: the kernel's word for a Unix peer, the keeper's for a certificate.
    private func identity(of request: OpenRequest, from frontend: Child, _ known: KnownClient?) -> Identity? {
        if let peer = frontend.adopted[request.connection] {
            return request.transport == .unix ? .user(uid: peer.uid, gid: peer.gid) : nil
        }
        switch request.transport {
        case .unix: return nil
        // What no listener speaks, no client came by.
        case .tcp: return options.speaks(.tcp) ? .anonymous(address: request.peer.address) : nil
        case .tls: return known.map { .certificate(CertificateIdentity($0.identity)) }
        }
    }

    /// Who was verified long ago must show again that it is there.
    private func checkAge(_ known: KnownClient?) throws(Refusal) {
        guard let known, now >= known.verifiedAt + UInt64(limits.identityMinutes) * 60_000 else { return }
        throw Refusal(
            reason: SupervisorReason.limits,
            text: "this connection's client was verified more than \(limits.identityMinutes) minutes ago; connect again"
        )
    }

    private func display(_ identity: Identity, _ known: KnownClient?) -> String {
        switch identity {
        case .user(let uid, let gid): "uid=\(uid) gid=\(gid)"
        case .anonymous: "anonymous"
        case .certificate: known?.identity.display ?? ""
        }
    }

    /// What the policy gives an identity in the namespace with this index.
    func match(_ identity: Identity, _ namespace: UInt16) -> Match? {
        policy?.tables.match(identity, networkNamespace: namespaces.policyName(namespace), daemonUID: daemonUID)
    }

    private func granted(_ identity: Identity, _ request: OpenRequest) throws(Refusal) -> Match {
        guard let match = match(identity, request.networkNamespace) else {
            throw Refusal(reason: SupervisorReason.policy, text: whyNot(identity, request))
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
    private func whyNot(_ identity: Identity, _ request: OpenRequest) -> String {
        let names = policy?.tables.clientNames(of: identity, daemonUID: daemonUID) ?? []
        guard names.isEmpty else {
            let place = namespaces.name(request.networkNamespace)
            return "the policy binds \(nameList(names)) to no role in "
                + (place.isEmpty ? "the daemon's own namespace" : "namespace \(place)")
        }
        return "the policy has no client for " + identity.text
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
                log("\(error)")
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
            log("socketpair: \(error)")
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

extension CertificateIdentity {
    init(_ record: IdentityRecord) {
        func names(_ kind: AlternativeName.Kind) -> [String] {
            record.alternativeNames.filter { $0.kind == kind }.map(\.text)
        }
        self.init(
            fingerprint: record.fingerprint, commonName: record.commonName, issuer: record.issuer,
            dnsNames: names(.dns), uris: names(.uri), emails: names(.email))
    }
}
