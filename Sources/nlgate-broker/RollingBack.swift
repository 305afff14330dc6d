import ControlSocket
import GatewayIPC
import GatewayPolicy
import GatewayProtocol
import Glibc
import LinuxSys

/// Armed lists that nobody confirmed: sent in their order, told to the log, and then the session is over.
extension Broker {
    /// What the kernel may have queued before and between the datagrams of a list; beyond it verdicts are not waited for.
    private static let mostQueued = 16_384
    /// A machine that sleeps stops epoll's clock, so it is looked at by the other one this often, in milliseconds.
    private static let glance: UInt64 = 1000

    /// How long epoll may wait, in milliseconds.
    func timeout() -> Int32 {
        let pause = pauses.timeout(now: Clock.monotonicMilliseconds())
        guard let list = armedSession?.armed else { return pause }
        let left = Int32(min(list.millisecondsLeft, Broker.glance))
        return pause < 0 ? left : min(pause, left)
    }

    private var armedSession: Session? {
        options.isPrivileged ? sessions.values.first { $0.armed != nil } : nil
    }

    mutating func rollBackIfDue() {
        guard let session = armedSession, let list = session.armed, list.millisecondsLeft == 0 else { return }
        let undone = rollBack(session, .timeout)
        let text = "list \(list.tag) was not confirmed within \(list.seconds) seconds"
        sayGoodbye(session, GoodbyeReason.rolledBack, text + suffix(undone))
    }

    /// SIGTERM: the supervisor has ended, or somebody wants this process to.
    mutating func takeTermination() {
        guard let session = armedSession else { return }
        let undone = rollBack(session, .stop)
        sayGoodbye(session, GoodbyeReason.restart, "the session's process must end\(suffix(undone))")
    }

    /// The supervisor is gone, or says what it may not: what is armed is sent, then the process ends.
    mutating func abandon() {
        if let session = armedSession { rollBack(session, .stop) }
        exit(control.isLost ? 0 : 1)
    }

    mutating func revoke(_ session: Session, _ reason: UInt32, _ text: String) {
        let undone = rollBack(session, reason == GoodbyeReason.revoked ? .reload : .expiry)
        sayGoodbye(session, reason, text + suffix(undone))
    }

    /// False when the list was sent under the rights that it was accepted with, because `rights` don't grant all of it:
    /// the session is over then.
    mutating func keepsList(_ session: Session, under rights: SessionRights) -> Bool {
        guard let list = session.armed else { return true }
        let isGranted = list.datagrams.allSatisfy { datagram in
            if case .forward = judge(session, datagram.bytes.span, under: rights) { true } else { false }
        }
        if isGranted { return true }
        let undone = rollBack(session, .reload)
        let text = "the policy changed and does not grant what list \(list.tag) needs"
        sayGoodbye(session, GoodbyeReason.rolledBack, text + suffix(undone))
        return false
    }

    /// Behind a sentence for the client.
    func suffix(_ undone: String?) -> String { undone.map { "; \($0)" } ?? "" }

    /// Sends what is armed, if anything is, and tells the log; a sentence about what the kernel said.
    @discardableResult
    mutating func rollBack(_ session: Session, _ cause: RollbackCause) -> String? {
        guard let list = session.armed else { return nil }
        session.armed = nil
        // What the kernel still has to say to the session's own writes comes first.
        let isCertain = drain(session, &session.verdicts)
        logVerdicts(session, isCertain: isCertain && !session.lostAnswers)
        var verdicts: [RollbackVerdict] = []
        for (index, datagram) in list.datagrams.enumerated() {
            verdicts += send(session, datagram).map { RollbackVerdict(datagram: index, write: $0) }
        }
        let refused = verdicts.count { $0.write.code != 0 }
        let text = "\(list.name): sent, \(verdicts.count - refused) of \(verdicts.count) changes made"
        writeStandardError(
            "nlgate-broker: session \(session.assignment.session) (\(session.assignment.identity)): \(cause): \(text)")
        logRolledBack(session, list, cause, verdicts)
        control.send(.armed(session: session.assignment.session, seconds: 0))
        return text
    }

    /// Says one datagram of the list to the kernel, and hears what it answers.
    private mutating func send(_ session: Session, _ datagram: ArmedList.Datagram) -> [WriteVerdicts.Write] {
        var verdicts: WriteVerdicts? = WriteVerdicts(
            datagram.summary, of: datagram.bytes.span, protocolNumber: session.protocolNumber)
        var failure: Int32?
        do throws(Errno) {
            try kernel.send(session, datagram.bytes.span, datagram.summary)
        } catch {
            failure = error.rawValue
        }
        let hasHeardAll = drain(session, &verdicts)
        // ENOBUFS is about answers that found no room: the datagram itself was taken.
        let isCertain = hasHeardAll && failure == nil && !session.losesSilently
        var writes = verdicts?.finish(isCertain: isCertain) ?? []
        if let failure, failure != ENOBUFS { for index in writes.indices { writes[index].code = failure } }
        return writes
    }

    /// Takes everything out of the kernel's queue; the session is ending and nobody else waits for it.
    ///
    /// False when something was lost or is left.
    private mutating func drain(_ session: Session, _ verdicts: inout WriteVerdicts?) -> Bool {
        var isWhole = true
        for _ in 0..<Broker.mostQueued {
            switch nextDatagram(session) {
            case .none: return isWhole
            case .lost: isWhole = false
            case .failed: return false
            case .answer(let length): verdicts?.hear(scratch.span.extracting(0..<length))
            case .other: break
            }
        }
        return false
    }

    private enum Queued {
        case none
        case lost
        case failed
        /// From the kernel and for this session alone; so many bytes of the scratch.
        case answer(Int)
        case other
    }

    private mutating func nextDatagram(_ session: Session) -> Queued {
        do throws(Errno) {
            let received = try kernel.receive(session, into: &scratch, at: 0, count: DatagramLimit.toClient)
            guard let received else { return .none }
            guard received.length <= DatagramLimit.toClient else { return .lost }
            return received.sender == 0 && received.group == 0 ? .answer(received.length) : .other
        } catch {
            return error.rawValue == ENOBUFS ? .lost : .failed
        }
    }
}
