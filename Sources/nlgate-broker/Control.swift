import ControlSocket
import GatewayIPC
import GatewayPolicy
import GatewayProtocol
import Glibc
import LinuxSys

/// What the supervisor says. A message that it may not send now ends the process: grants are never guessed.
extension Broker {
    mutating func receiveControl() {
        var passed: Descriptor?
        while let message = control.receive(taking: &passed) {
            switch message {
            case .grants(let number, let part): guard grantSets.take(number, part) else { return abandon() }
            case .forgetGrants(let number): guard grantSets.forget(number) else { return abandon() }
            case .assign(let assignment):
                guard let pair = passed.take(), !options.isPrivileged || sessions.isEmpty else { return abandon() }
                start(assignment, pair)
            case .regrant(let number, let grantSet, let roles): regrant(number, grantSet, roles)
            case .audited(let ticket, let isWritten): takeReceipt(ticket, isWritten)
            case .measure: tellMeasures()
            case .revoke(let number, let reason, let text):
                if let session = sessions[number] { revoke(session, reason, text) }
            case .stop:
                isStopping = true
                for session in Array(sessions.values) {
                    let undone = rollBack(session, .stop)
                    sayGoodbye(session, GoodbyeReason.restart, "the gateway is stopping\(suffix(undone))")
                }
            case .adopt, .opened, .refused, .serve, .attach, .keeper, .review, .clients, .retire: abandon()
            }
        }
    }

    /// What has passed through each session.
    private func tellMeasures() {
        for session in sessions.values {
            var measures = session.measures
            measures.queued = UInt64(session.outgoing.count)
            control.send(.measured(measures))
        }
        control.send(.measuredAll)
    }

    private mutating func start(_ assignment: Assignment, _ pair: consuming Descriptor) {
        guard assignment.session > 0, assignment.session < 1 << 62, sessions[assignment.session] == nil,
            assignment.networkNamespace == options.networkNamespace,
            let rights = grantSets.rights(
                assignment.grantSet, protocolNumber: assignment.protocolNumber, readOnly: assignment.readOnly)
        else { exit(1) }
        let session = Session(
            assignment, pair: pair, rights: rights,
            limit: options.isPrivileged ? DatagramLimit.toBroker : DatagramLimit.toReader,
            mayArm: options.isPrivileged, outgoing: BurstBuffer(limit: burstLimit(rights), budget: budget),
            now: Clock.monotonicMilliseconds())
        do throws(Errno) {
            try epoll.add(session.pair.raw, .read, token: assignment.session << 1)
        } catch {
            exit(1)
        }
        sessions[assignment.session] = session
        control.send(.accepted(number: assignment.session))
    }

    /// The lower of the gateway's limit and the policy's.
    private func burstLimit(_ rights: SessionRights) -> Int {
        min(Int(clamping: options.burstBuffer), rights.limits.burstBuffer.map { Int($0) } ?? Int.max)
    }

    /// From its next message on the session has other grants.
    ///
    /// What a reader can't serve takes effect with the next session; what was taken away is gone at once, and groups
    /// that aren't granted any more are left.
    private mutating func regrant(_ number: UInt64, _ grantSet: UInt32, _ roles: String) {
        let session = sessions[number]
        guard
            let rights = grantSets.rights(
                grantSet, protocolNumber: session?.assignment.protocolNumber ?? 0,
                readOnly: session?.assignment.readOnly == true || !options.isPrivileged)
        else { return abandon() }
        // The session may have ended while the message was on its way.
        guard let session, !session.isEnding else { return }
        guard keepsList(session, under: rights) else { return }
        if session.rights.limits != rights.limits {
            session.throttle = Throttle(rights.limits, now: Clock.monotonicMilliseconds())
            session.outgoing.limit = burstLimit(rights)
        }
        session.rights = rights
        session.assignment.grantSet = grantSet
        session.assignment.roles = roles
        kernel.lowerReceiveBuffer(session)
        leaveLostGroups(session)
        resume(session)
    }

    /// The record of a write is in the log, or can't be written.
    private mutating func takeReceipt(_ ticket: UInt64, _ isWritten: Bool) {
        guard let number = tickets.removeValue(forKey: ticket) else { return abandon() }
        if let session = sessions[number], session.arming != nil { return takeReceipt(session, ticket, isWritten) }
        guard let session = sessions[number], var held = session.held, case .records(var missing) = held.reason,
            missing.remove(ticket) != nil
        else { return }
        held.reason = .records(missing)
        if !isWritten { held.isUnlogged = true }
        session.held = held
        if missing.isEmpty { resume(session) }
    }
}
