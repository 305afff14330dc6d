import GatewayIPC
import GatewayPolicy
import GatewayProtocol
import Glibc
import LinuxSys
import NetlinkWire

/// Datagrams on their way to the kernel: judged, logged, and sent as they are or not at all.
extension Broker {
    /// `isLogged` when the audit log has what is about to be done.
    mutating func say(_ session: Session, _ datagram: Span<UInt8>, tag: UInt32, isLogged: Bool = false) {
        switch judge(session, datagram) {
        case .forward(let summary):
            if isAtLimit(session, summary) {
                session.held = HeldDatagram(bytes: [UInt8](datagram, from: 0), tag: tag, reason: .dump)
            } else if summary.writes > 0, session.rights.judge.session.auditRequired, !isLogged {
                let entries = summary.entries.filter(\.isWrite)
                let missing = logBeforehand(session, entries)
                session.held = HeldDatagram(
                    bytes: [UInt8](datagram, from: 0), tag: tag, reason: .records(missing), entries: entries)
            } else {
                forward(session, datagram, summary, tag: tag)
            }
        case .refuse(let refusal):
            let id = denials.next()
            for item in refusal.items { logDenial(session, item, id) }
            let answers = refusal.answers(
                portID: session.portID, extendedAcks: session.extendedAcks, client: session.assignment.identity,
                denialID: id)
            for answer in answers { send(session, .datagram, answer) }
        }
    }

    /// The number of a family may have changed, and a link its name: everything is looked up anew for each decision.
    func judge(_ session: Session, _ datagram: Span<UInt8>, under rights: SessionRights? = nil) -> Verdict {
        if session.protocolNumber == NetlinkProtocol.generic { kernel.lookup.refresh() }
        let most = options.isPrivileged ? DatagramLimit.messagesToBroker : DatagramLimit.messagesToReader
        return (rights ?? session.rights).judge.judge(
            datagram, families: kernel.lookup.families,
            context: SessionContext(portID: session.portID, maximumMessages: most),
            lookup: DecisionFacts(kernel.routes, session.assignment))
    }

    private func isAtLimit(_ session: Session, _ summary: DatagramSummary) -> Bool {
        guard summary.dumps > 0, session.dumps > 0, let limit = session.rights.limits.dumps else { return false }
        return session.dumps + summary.dumps > Int(limit)
    }

    private mutating func forward(
        _ session: Session, _ datagram: Span<UInt8>, _ summary: DatagramSummary, tag: UInt32
    ) {
        logCeiling(session, summary)
        if summary.writes > 0 {
            session.verdicts = WriteVerdicts(summary, of: datagram, protocolNumber: session.protocolNumber)
            session.lostAnswers = session.losesSilently
        }
        if session.rights.limits.dumps != nil { session.dumps += summary.dumps }
        do throws(Errno) {
            try kernel.send(session, datagram, summary)
        } catch {
            // ENOBUFS is about answers that found no room: the message itself was taken.
            if error.rawValue == ENOBUFS {
                (session.owesOverrun, session.lostAnswers) = (true, true)
            } else {
                logFailure(session, error.rawValue)
                send(session, .result, tag: tag, Outcome(code: UInt32(error.rawValue), text: "\(error)").encode())
            }
        }
        readKernel(session)
    }

    /// Says what had to wait, when it needn't any more; it is judged again, since grants and names may have changed.
    mutating func takeHeld(_ session: Session) {
        guard isLive(session), !session.isEnding, session.verdicts == nil, session.outgoing.hasRoomForAnswers,
            let held = session.held
        else { return }
        switch held.reason {
        case .dump where session.dumps == 0:
            session.held = nil
            say(session, held.bytes.span, tag: held.tag)
        case .records(let missing) where missing.isEmpty:
            session.held = nil
            if held.isUnlogged {
                refuseUnlogged(session, held)
            } else {
                say(session, held.bytes.span, tag: held.tag, isLogged: true)
            }
        default: return
        }
        flush(session)
    }

    /// `audit: required`: what can't be logged isn't done.
    private mutating func refuseUnlogged(_ session: Session, _ held: HeldDatagram) {
        let (id, reason) = (denials.next(), "the audit log can't be written")
        for entry in held.entries { logUnsent(session, entry, .denied, EPERM, reason, id) }
        let writes = Set(held.entries.map(\.index))
        var (cursor, index) = (MessageCursor(held.bytes.span), 0)
        while let message = try? cursor.next(in: held.bytes.span) {
            let isWrite = writes.contains(index)
            let text = isWrite ? reason : Objection.cancelled.text(client: "")
            answer(session, message.header, isWrite ? EPERM : ECANCELED, "nlgate: \(text) [denial \(id)]")
            index += 1
        }
    }

    private func answer(_ session: Session, _ request: MessageHeader, _ code: Int32, _ text: String) {
        var writer = MessageWriter()
        do throws(WireError) {
            try writer.acknowledge(
                request, portID: session.portID, code: code, text: session.extendedAcks ? text : nil)
        } catch {
            return
        }
        send(session, .datagram, writer.bytes)
    }

    /// The kernel's queue is empty: every answer that there is was heard, and no dump is under way.
    func noteSilence(_ session: Session) {
        session.dumps = 0
        logVerdicts(session, isCertain: !session.lostAnswers)
    }

    /// What the kernel said to this session alone.
    func noteAnswer(_ session: Session, _ datagram: Span<UInt8>) {
        if session.dumps > 0, endsDump(datagram) { session.dumps -= 1 }
        guard session.verdicts != nil else { return }
        session.verdicts?.hear(datagram)
        if session.verdicts?.isComplete == true { logVerdicts(session, isCertain: true) }
    }
}

/// True when the last message of a datagram ends a dump or is an error.
func endsDump(_ datagram: Span<UInt8>) -> Bool {
    var cursor = MessageCursor(datagram)
    var last: MessageType?
    while let message = try? cursor.next(in: datagram) { last = message.header.type }
    return last == .done || last == .error
}
