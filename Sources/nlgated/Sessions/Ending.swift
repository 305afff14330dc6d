import GatewayIPC
import LinuxSys
import Roles

/// How a session ends.
extension Supervisor {
    /// The session can't be had: the frontend tells the client why.
    func refuse(_ number: UInt64, _ text: String) {
        refuse(number, SupervisorReason.internalError, text)
    }

    private func refuse(_ number: UInt64, _ reason: UInt32, _ text: String) {
        guard let record = sessions[number] else { return }
        if let frontend = children[record.frontend], frontend.sessionOf[record.connection] == number {
            frontend.sessionOf[record.connection] = nil
            send(.refused(connection: record.connection, reason: reason, text: text), to: frontend)
        }
        sessions[number]?.ending = text
        forget(number)
    }

    /// Tells a session to end; one that has no broker yet ends at once.
    func end(_ number: UInt64, _ reason: UInt32, _ text: String) {
        guard let record = sessions[number], !record.isEnding else { return }
        guard let broker = record.broker.flatMap({ children[$0] }), broker.sessions.contains(number) else {
            // Its process ends itself, since nothing will be assigned to it.
            return refuse(number, reason, text)
        }
        sessions[number]?.ending = text
        send(.revoke(session: number, reason: reason, text: text), to: broker)
    }

    /// The session is over.
    func forget(_ number: UInt64) {
        uncount(number)
        guard let record = sessions.removeValue(forKey: number) else { return }
        if let broker = record.broker { children[broker]?.sessions.remove(number) }
        grantSets.release(record.assignment.grantSet)
        forgetIdleGrants()
        if record.isLogged { auditEnd(record) }
    }

    /// The client has left the session: it may start the next one before the broker has ended this one.
    func uncount(_ number: UInt64) {
        guard let record = sessions[number], record.isCounted else { return }
        sessions[number]?.isCounted = false
        let left = sessionsOf[record.principal, default: 1] - 1
        sessionsOf[record.principal] = left > 0 ? left : nil
    }

    /// A session ends when its client's certificate does, and when its time is over.
    func endExpiredSessions() {
        let seconds = Clock.unixSeconds()
        for (number, record) in sessions where !record.isEnding {
            if record.notAfter != 0, record.notAfter < seconds {
                end(number, SupervisorReason.expired, "the client's certificate has expired")
            } else if let minutes = record.minutes, now >= record.openedAt + UInt64(minutes) * 60_000 {
                let text = "the policy ends this client's sessions after \(minutes) minute\(minutes == 1 ? "" : "s")"
                end(number, SupervisorReason.limits, text)
            }
        }
    }
}
