import Confinement
import ControlSocket
import GatewayIPC
import GatewayPolicy
import GatewayProtocol
import Glibc
import LinuxSys
import NetlinkWire

/// Lists that undo a change: taken, judged as if they were said now, and kept until they are confirmed.
extension Broker {
    /// Writes that a list may have.
    private static let mostWrites = 1024

    /// Why a list isn't armed.
    private struct Rejection: Error {
        let errno: UInt32
        let text: String

        init(_ errno: UInt32, _ text: String) {
            self.errno = errno
            self.text = text
        }
    }

    mutating func arm(_ session: Session, _ request: Result<ArmRequest, ArmError>, tag: UInt32) {
        do throws(Rejection) {
            let list = try list(session, request, tag: tag)
            guard session.rights.judge.session.auditRequired else {
                _ = logArmed(session, list, hasTickets: false)
                return keep(session, list)
            }
            session.arming = PendingList(list: list, missing: logArmed(session, list, hasTickets: true))
        } catch {
            send(session, .result, tag: tag, Outcome(code: error.errno, text: error.text).encode())
        }
    }

    private func list(
        _ session: Session, _ request: Result<ArmRequest, ArmError>, tag: UInt32
    ) throws(Rejection) -> ArmedList {
        let wanted: ArmRequest
        switch request {
        case .success(let request): wanted = request
        case .failure(let error):
            charge(session)
            throw Rejection(error.errno, "\(error)")
        }
        charge(session, of: wanted)
        if let armed = session.armed, armed.tag != tag {
            throw Rejection(UInt32(EBUSY), "list \(armed.tag) is armed; a session has one list at a time")
        }
        var datagrams: [ArmedList.Datagram] = []
        for (index, datagram) in wanted.datagrams.enumerated() {
            let summary = try judged(session, datagram, "datagram \(index + 1) of \(wanted.datagrams.count)")
            datagrams.append(ArmedList.Datagram(bytes: datagram, summary: summary))
        }
        guard datagrams.reduce(0, { $0 + $1.summary.writes }) <= Broker.mostWrites else {
            throw Rejection(UInt32(E2BIG), "a list changes at most \(Broker.mostWrites) things")
        }
        for datagram in datagrams { logCeiling(session, datagram.summary) }
        return ArmedList(tag: tag, seconds: wanted.seconds, datagrams: datagrams)
    }

    private func charge(_ session: Session, of request: ArmRequest) {
        guard !session.throttle.isOpen else { return }
        for datagram in request.datagrams {
            var (messages, cursor) = (0, MessageCursor(datagram.span))
            while (try? cursor.next(in: datagram.span)) != nil { messages += 1 }
            charge(session, messages: max(1, messages), bytes: datagram.count)
        }
    }

    private func judged(
        _ session: Session, _ datagram: [UInt8], _ place: String
    ) throws(Rejection) -> DatagramSummary {
        switch judge(session, datagram.span) {
        case .forward(let summary):
            guard summary.writes > 0 else { throw Rejection(UInt32(EINVAL), "\(place) changes nothing") }
            return summary
        case .refuse(let refusal):
            let id = denials.next()
            for item in refusal.items { logDenial(session, item, id) }
            guard let cause = refusal.cause else { throw Rejection(UInt32(EINVAL), "\(place) is empty") }
            let text = cause.objection.text(client: session.assignment.identity)
            throw Rejection(UInt32(cause.objection.errno), "\(place): \(text) [denial \(id)]")
        }
    }

    /// The record of a write of a list is in the log, or can't be written.
    mutating func takeReceipt(_ session: Session, _ ticket: UInt64, _ isWritten: Bool) {
        guard var arming = session.arming, arming.missing.remove(ticket) != nil else { return }
        if !isWritten { arming.isUnlogged = true }
        session.arming = arming
        guard arming.missing.isEmpty else { return }
        session.arming = nil
        if arming.isUnlogged {
            let (id, reason) = (denials.next(), "the audit log can't be written")
            logNotArmed(session, arming.list, reason, id)
            let text = "\(reason) [denial \(id)]"
            send(session, .result, tag: arming.list.tag, Outcome(code: UInt32(EPERM), text: text).encode())
        } else {
            keep(session, arming.list)
        }
        flush(session)
        resume(session)
    }

    /// From here on the list is sent, whatever happens but the process's own crash.
    private mutating func keep(_ session: Session, _ list: ArmedList) {
        outliveSupervisor()
        var list = list
        list.start()
        session.armed = list
        control.send(.armed(session: session.assignment.session, seconds: list.seconds))
        send(session, .result, tag: list.tag, Outcome(code: 0).encode())
    }

    mutating func confirm(_ session: Session, tag: UInt32) {
        guard let list = session.armed, list.tag == tag else {
            let text = session.armed.map { "list \($0.tag) is armed" } ?? "no list is armed"
            return send(session, .result, tag: tag, Outcome(code: UInt32(ENOENT), text: text).encode())
        }
        session.armed = nil
        logConfirmed(session, list)
        control.send(.armed(session: session.assignment.session, seconds: 0))
        send(session, .result, tag: tag, Outcome(code: 0).encode())
        endWithSupervisor()
    }

    // MARK: - The supervisor's end

    /// The supervisor's end sends SIGTERM instead of SIGKILL, and SIGTERM is only noted.
    private mutating func outliveSupervisor() {
        guard !control.outlivesSupervisor else { return }
        do throws(Errno) { try SignalQueue.setBlocked(SIGTERM, true) } catch { exit(1) }
        do throws(SealingError) { try sealing.endGently(true) } catch { exit(1) }
        control.outlivesSupervisor = true
    }

    /// There is nothing to undo any more: the supervisor's end is this process's.
    mutating func endWithSupervisor() {
        guard control.outlivesSupervisor, sessions.values.allSatisfy({ $0.armed == nil }) else { return }
        if control.isLost { exit(0) }
        control.outlivesSupervisor = false
        do throws(SealingError) { try sealing.endGently(false) } catch { exit(1) }
        // One that came meanwhile ends the process now.
        do throws(Errno) { try SignalQueue.setBlocked(SIGTERM, false) } catch { exit(1) }
    }
}
