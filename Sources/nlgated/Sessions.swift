import Confinement
import GatewayIPC
import GatewayURL
import Glibc
import LinuxSys
import Roles

/// What the supervisor knows of a session.
struct SessionRecord {
    var assignment: Assignment
    var principal: Principal
    /// End of the client's certificate in Unix seconds; 0 for none.
    var notAfter: Int64
    /// The frontend, by its number.
    var frontend: UInt64
    /// The frontend's number for the connection.
    var connection: UInt32
    /// The broker, by its number; nil while it starts.
    var broker: UInt64?
    var isEnding = false
    /// It counts against its client's limit: the frontend hasn't said that it is over.
    var isCounted = true
}

/// Messages of children, and the life of a session. Everything that a child says is checked against what it may say.
extension Supervisor {
    /// False when the message is not one that this child may send now.
    func take(_ message: ChildMessage, from child: Child) -> Bool {
        switch message {
        case .ready(let report): return takeReady(child, report)
        case .failed(let text):
            guard !child.isReady else { return false }
            log(text)
            failure = failure ?? text
            return true
        case .open(let request):
            guard case .frontend = child.kind, child.isReady else { return false }
            return open(request, from: child)
        case .closed(let connection):
            guard case .frontend = child.kind else { return false }
            if let number = child.sessionOf.removeValue(forKey: connection) { uncount(number) }
            if let peer = child.adopted.removeValue(forKey: connection) { forget(peer) }
            return true
        case .sessionClosed(let connection):
            guard case .frontend = child.kind, let number = child.sessionOf.removeValue(forKey: connection) else {
                return false
            }
            uncount(number)
            return true
        case .accepted:
            guard child.acknowledge() else { return false }
            return child.flush()
        case .ended(let number):
            guard child.sessions.remove(number) != nil else { return false }
            forget(number)
            return true
        case .diagnostics, .tables, .audit: return false
        }
    }

    /// The process has sealed itself; what it read back must be everything that this kernel has.
    private func takeReady(_ child: Child, _ bytes: [UInt8]) -> Bool {
        guard !child.isReady, let report = SealingReport(decoding: bytes.span) else { return false }
        let role: ProcessRole =
            switch child.kind {
            case .frontend: .frontend
            case .reader: .reader
            case .broker: .broker
            }
        let missing = report.missing(for: role, kernel: self.report.kernel, root: getuid() == 0)
        guard missing.isEmpty else {
            failure = failure ?? "\(child.kind.name): \(SealingError.missing(missing))"
            kill(child)
            return true
        }
        child.report = report
        child.deadline = nil
        beginServing(child)
        if case .broker(_, let session) = child.kind { assign(session, to: child) }
        return true
    }

    private func open(_ request: OpenRequest, from frontend: Child) -> Bool {
        guard frontend.sessionOf[request.connection] == nil, Int(request.networkNamespace) < namespaces.count else {
            return false
        }
        guard let principal = principal(of: request, from: frontend) else { return false }
        let roleSet = roles.roleSet(of: principal)
        if let reason = limitReached(principal, request, roleSet) {
            send(.refused(connection: request.connection, reason: SupervisorReason.limits, text: reason), to: frontend)
            return true
        }
        sessionCount += 1
        let assignment = Assignment(
            session: sessionCount, protocolNumber: request.protocolNumber, networkNamespace: request.networkNamespace,
            readOnly: request.readOnly, grantSet: roleSet.number,
            identity: display(principal, request), roles: roleSet.name)
        sessions[sessionCount] = SessionRecord(
            assignment: assignment, principal: principal, notAfter: request.identity.notAfter,
            frontend: frontend.number, connection: request.connection)
        sessionsOf[principal, default: 0] += 1
        frontend.sessionOf[request.connection] = sessionCount
        place(sessionCount, request, roleSet)
        return true
    }

    private func principal(of request: OpenRequest, from frontend: Child) -> Principal? {
        if let peer = frontend.adopted[request.connection] { return .user(uid: peer.uid, gid: peer.gid) }
        switch request.transport {
        case .unix: return nil
        // What no listener speaks, no client came by.
        case .tcp: return options.speaks(.tcp) ? .anonymous(address: request.peer.address) : nil
        case .tls: return options.speaks(.tls) ? .certificate(fingerprint: request.identity.fingerprint) : nil
        }
    }

    private func display(_ principal: Principal, _ request: OpenRequest) -> String {
        switch principal {
        case .user(let uid, let gid): "uid=\(uid) gid=\(gid)"
        case .anonymous: "anonymous"
        case .certificate: request.identity.display
        }
    }

    private func limitReached(_ principal: Principal, _ request: OpenRequest, _ roleSet: RoleSet) -> String? {
        if isStopping { return "the gateway is stopping" }
        if sessions.count >= limits.sessions { return "the gateway's limit of \(limits.sessions) sessions is reached" }
        if sessionsOf[principal, default: 0] >= limits.sessionsPerClient {
            return "this client's limit of \(limits.sessionsPerClient) sessions is reached"
        }
        if roleSet.needsPrivilege(protocolNumber: request.protocolNumber, readOnly: request.readOnly) {
            if privilegedBrokersAreMany {
                return "the gateway's limit of \(limits.privilegedBrokers) privileged sessions is reached; "
                    + "a read-only session may still be had"
            }
        }
        return nil
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
    private func place(_ number: UInt64, _ request: OpenRequest, _ roleSet: RoleSet) {
        let namespace = Int(request.networkNamespace)
        if roleSet.needsPrivilege(protocolNumber: request.protocolNumber, readOnly: request.readOnly) {
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
    private func assign(_ number: UInt64, to broker: Child) {
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
        send(.assign(record.assignment), to: broker, passing: PassedDescriptor(Descriptor(owning: ends.ours)))
        send(
            .opened(connection: record.connection), to: frontend,
            passing: PassedDescriptor(Descriptor(owning: ends.theirs)))
    }

    /// The session can't be had: the frontend tells the client why.
    func refuse(_ number: UInt64, _ text: String) {
        guard let record = sessions[number] else { return }
        if let frontend = children[record.frontend], frontend.sessionOf[record.connection] == number {
            frontend.sessionOf[record.connection] = nil
            send(
                .refused(connection: record.connection, reason: SupervisorReason.internalError, text: text),
                to: frontend)
        }
        forget(number)
    }

    /// The session is over.
    func forget(_ number: UInt64) {
        uncount(number)
        guard let record = sessions.removeValue(forKey: number) else { return }
        if let broker = record.broker { children[broker]?.sessions.remove(number) }
    }

    /// The client has left the session: it may start the next one before the broker has ended this one.
    private func uncount(_ number: UInt64) {
        guard let record = sessions[number], record.isCounted else { return }
        sessions[number]?.isCounted = false
        let left = sessionsOf[record.principal, default: 1] - 1
        sessionsOf[record.principal] = left > 0 ? left : nil
    }

    /// A session ends when its client's certificate does.
    func endExpiredSessions() {
        let seconds = Clock.unixSeconds()
        for (number, record) in sessions
        where record.notAfter != 0 && record.notAfter < seconds && !record.isEnding {
            guard let broker = record.broker.flatMap({ children[$0] }), broker.sessions.contains(number) else {
                continue
            }
            sessions[number]?.isEnding = true
            send(
                .revoke(
                    session: number, reason: SupervisorReason.expired, text: "the client's certificate has expired"),
                to: broker)
        }
    }

    /// A Unix client's connection is over.
    func forget(_ peer: PeerCredentials) {
        let left = connectionsOf[peer.uid, default: 1] - 1
        connectionsOf[peer.uid] = left > 0 ? left : nil
    }

    /// Accepts Unix clients; the kernel says who they are, and a frontend speaks with them.
    func acceptUnix(_ listener: Listeners.Listener) {
        for _ in 0..<32 {
            do throws(Errno) {
                guard let accepted = try listener.descriptor.accept() else { return }
                let socket = Descriptor(owning: accepted.release())
                let peer = try socket.peerCredentials()
                if listener.url.isAbstract, peer.uid != 0, peer.uid != getuid() { continue }
                guard connectionsOf[peer.uid, default: 0] < limits.connectionsPerUser else { continue }
                let frontends = children.values.filter { child in
                    if case .frontend = child.kind { child.isReady } else { false }
                }
                guard let frontend = frontends.min(by: { $0.adopted.count < $1.adopted.count }),
                    frontend.adopted.count < limits.sessions
                else { continue }
                nextAdopted = nextAdopted == UInt32.max ? 1 << 31 : nextAdopted + 1
                guard frontend.adopted[nextAdopted] == nil else { continue }
                frontend.adopted[nextAdopted] = peer
                connectionsOf[peer.uid, default: 0] += 1
                send(
                    .adopt(connection: nextAdopted, uid: peer.uid, gid: peer.gid), to: frontend,
                    passing: PassedDescriptor(socket))
            } catch {
                return
            }
        }
    }
}
