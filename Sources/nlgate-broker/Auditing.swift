import ControlSocket
import GatewayIPC
import GatewayPolicy
import Glibc
import LinuxSys

/// What the supervisor writes into the audit log; every text in it was made here, and none is key material.
extension Broker {
    /// One message that was refused; those that fell with it are not in the log.
    func logDenial(_ session: Session, _ item: Refusal.Item, _ id: String) {
        guard item.objection != .cancelled else { return }
        let operation = item.operation.isEmpty ? NetlinkProtocol.name(session.protocolNumber) : item.operation
        logRarely(
            session,
            AuditRecord(
                event: .denied, session: session.assignment.session, errno: item.objection.errno, line: item.line,
                isWrite: item.isWrite, operation: operation, target: item.target, denial: id,
                reason: item.objection.text(client: session.assignment.identity)))
    }

    /// A group that was not joined.
    func logDenial(_ session: Session, _ refusal: JoinRefusal, _ id: String) {
        logRarely(
            session,
            AuditRecord(
                event: .denied, session: session.assignment.session, errno: refusal.objection.errno, isWrite: false,
                operation: refusal.operation, denial: id,
                reason: refusal.objection.text(client: session.assignment.identity)))
    }

    /// Messages that pass by the ceiling of a binding in report mode.
    func logCeiling(_ session: Session, _ summary: DatagramSummary) {
        for entry in summary.entries {
            guard let objection = entry.ceilingOnly else { continue }
            logRarely(
                session,
                AuditRecord(
                    event: .wouldDeny, session: session.assignment.session, errno: objection.errno, line: entry.line,
                    isWrite: entry.isWrite, operation: entry.operation, target: entry.target,
                    reason: objection.text(client: session.assignment.identity)))
        }
    }

    /// A group that is joined by the ceiling.
    func logCeiling(_ session: Session, _ grant: JoinGrant) {
        guard let objection = grant.ceilingOnly else { return }
        logRarely(
            session,
            AuditRecord(
                event: .wouldDeny, session: session.assignment.session, errno: objection.errno, line: grant.line,
                isWrite: false, operation: grant.operation,
                reason: objection.text(client: session.assignment.identity)))
    }

    /// `audit: required`: one record for each write, before the kernel is asked; the tickets to wait for.
    mutating func logBeforehand(_ session: Session, _ entries: [DatagramSummary.Entry]) -> Set<UInt64> {
        var missing: Set<UInt64> = []
        for entry in entries {
            lastTicket += 1
            tickets[lastTicket] = session.assignment.session
            missing.insert(lastTicket)
            report(record(session, entry, .writing, ticket: lastTicket))
        }
        return missing
    }

    /// The kernel's verdicts on the writes that wait for one.
    func logVerdicts(_ session: Session, isCertain: Bool) {
        guard let verdicts = session.verdicts else { return }
        session.verdicts = nil
        for write in verdicts.finish(isCertain: isCertain) {
            report(record(session, write.entry, .wrote, errno: write.code ?? AuditRecord.unknownVerdict))
        }
    }

    /// The datagram could not be sent at all.
    func logFailure(_ session: Session, _ errno: Int32) {
        guard let verdicts = session.verdicts else { return }
        session.verdicts = nil
        for write in verdicts.finish(isCertain: false) {
            report(record(session, write.entry, .wrote, errno: errno))
        }
    }

    /// A write that the log knows of and that was not sent after all.
    func logUnsent(
        _ session: Session, _ entry: DatagramSummary.Entry, _ event: AuditRecord.Event, _ errno: Int32,
        _ reason: String, _ id: String = ""
    ) {
        var record = record(session, entry, event, errno: errno)
        (record.reason, record.denial) = (reason, id)
        report(record)
    }

    /// The writes of a list that is about to be armed; with tickets, those to wait for.
    mutating func logArmed(_ session: Session, _ list: ArmedList, hasTickets: Bool) -> Set<UInt64> {
        var missing: Set<UInt64> = []
        for (index, datagram) in list.datagrams.enumerated() {
            for entry in datagram.summary.entries where entry.isWrite {
                if hasTickets {
                    lastTicket += 1
                    tickets[lastTicket] = session.assignment.session
                    missing.insert(lastTicket)
                }
                var record = record(session, entry, .armed, ticket: hasTickets ? lastTicket : 0)
                record.reason = "\(list.place(index)), sent unless confirmed within \(list.seconds) seconds"
                report(record)
            }
        }
        return missing
    }

    /// Writes of a list that is not armed after all, because the log doesn't have them.
    func logNotArmed(_ session: Session, _ list: ArmedList, _ reason: String, _ id: String) {
        for datagram in list.datagrams {
            for entry in datagram.summary.entries where entry.isWrite {
                logUnsent(session, entry, .denied, EPERM, reason, id)
            }
        }
    }

    func logConfirmed(_ session: Session, _ list: ArmedList) {
        report(
            AuditRecord(
                event: .confirmed, session: session.assignment.session, isWrite: true, operation: "",
                reason: list.name))
    }

    /// What the kernel said to the writes of a list.
    func logRolledBack(_ session: Session, _ list: ArmedList, _ cause: RollbackCause, _ verdicts: [RollbackVerdict]) {
        for verdict in verdicts {
            var record = record(
                session, verdict.write.entry, .rolledBack, errno: verdict.write.code ?? AuditRecord.unknownVerdict)
            record.reason = "\(cause): \(list.place(verdict.datagram))"
            report(record)
        }
    }

    /// The session ends: what is still open is said, and how much was left out.
    func closeRecords(_ session: Session) {
        logVerdicts(session, isCertain: false)
        for entry in session.held?.entries ?? [] {
            logUnsent(session, entry, .wrote, ECANCELED, "the session ended before this was sent")
        }
        guard var last = session.omitted else { return }
        last.omitted = session.records.omitted - 1
        report(last)
    }

    private func record(
        _ session: Session, _ entry: DatagramSummary.Entry, _ event: AuditRecord.Event, ticket: UInt64 = 0,
        errno: Int32 = 0
    ) -> AuditRecord {
        AuditRecord(
            event: event, session: session.assignment.session, ticket: ticket, errno: errno, line: entry.line,
            isWrite: true, operation: entry.operation, target: entry.target)
    }

    /// Sends a record unless there were too many; those left out are counted in the next one.
    private func logRarely(_ session: Session, _ record: AuditRecord) {
        var record = record
        guard let omitted = session.records.admit(record.operation, now: Clock.monotonicMilliseconds()) else {
            return session.omitted = record
        }
        session.omitted = nil
        record.omitted = omitted
        report(record)
    }
    private func report(_ record: AuditRecord) {
        control.send(.audit(record))
    }
}
