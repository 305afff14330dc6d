import Confinement
import GatewayIPC
import Glibc
import LinuxSys
import Roles

/// What the supervisor knows of a session.
struct SessionRecord {
    var assignment: Assignment
    /// Who it counts for, and by whom the policy knows it.
    let principal: Principal
    let transport: Transport
    /// Names of the clients of the policy that it is.
    var clients: [String]
    /// End of the client's certificate in Unix seconds; 0 for none.
    let notAfter: Int64
    /// When it was opened, in monotonic milliseconds.
    let openedAt: UInt64
    /// Minutes that the policy gives it; nil for no end.
    var minutes: UInt32?
    /// The frontend, by its number.
    let frontend: UInt64
    /// The frontend's number for the connection.
    let connection: UInt32
    /// The broker, by its number; nil while it starts.
    var broker: UInt64?
    /// It was told to end, and why.
    var ending: String?
    /// It counts against its client's limit: the frontend hasn't said that it is over.
    var isCounted = true
    /// The audit log has its beginning.
    var isLogged = false

    var isEnding: Bool { ending != nil }

    /// What the policy gives the session now.
    mutating func take(_ match: Match, _ grants: UInt32) {
        assignment.grantSet = grants
        assignment.roles = match.roleText
        clients = match.clients
        minutes = match.sessionMinutes
    }
}

/// Messages of children. Everything that a child says is checked against what it may say.
extension Supervisor {
    /// False when the message is not one that this child may send now.
    func take(_ message: ChildMessage, from child: Child) -> Bool {
        switch message {
        case .ready(let report): return takeReady(child, report)
        case .failed(let text):
            guard !child.isReady else { return false }
            if renewal?.keeper != child.number { log(text, .error) }
            startFailed(child, text)
            return true
        case .open(let request):
            guard case .frontend = child.kind, child.isReady else { return false }
            return open(request, from: child)
        case .closed(let connection):
            guard case .frontend = child.kind else { return false }
            child.verified[connection] = nil
            child.waiting[connection] = nil
            if let number = child.sessionOf.removeValue(forKey: connection) { uncount(number) }
            if let peer = child.adopted.removeValue(forKey: connection) { forget(peer) }
            return true
        case .sessionClosed(let connection):
            guard case .frontend = child.kind else { return false }
            if child.waiting.removeValue(forKey: connection) != nil { return true }
            guard let number = child.sessionOf.removeValue(forKey: connection) else { return false }
            uncount(number)
            return true
        case .accepted(let number):
            guard child.acknowledge() else { return false }
            if child.kind == .keeper { linked(number, by: child) }
            return child.flush()
        case .ended(let number):
            guard child.sessions.remove(number) != nil else { return false }
            forget(number)
            return true
        case .diagnostics(let part):
            guard child.kind == .compiler, child.isReady else { return false }
            return compilation?.takeDiagnostics(part) ?? false
        case .tables(let part):
            guard child.kind == .compiler, child.isReady else { return false }
            return compilation?.takeTables(part) ?? false
        case .audit(let record): return take(record, from: child)
        case .armed(let number, let seconds):
            guard case .broker(_, number) = child.kind, child.sessions.contains(number) else { return false }
            child.isArmed = seconds > 0
            return true
        case .verified(let client): return take(client, from: child)
        case .mapped(let mapping): return take(mapping, from: child)
        case .misbehaved(let frontend): return takeMisbehaved(frontend, from: child)
        case .revoked(let frontend, let connection): return takeRevoked(connection, of: frontend, from: child)
        case .keeperLost:
            guard child.isFrontend, needsKeeper else { return false }
            child.wantsLink = true
            return true
        case .measured(let measures): return take(measures, from: child)
        case .measuredAll: return takeMeasured(child)
        case .expiries(let expiries): return takeExpiries(expiries, from: child)
        }
    }

    /// The process has sealed itself; what it read back must be everything that this kernel has.
    private func takeReady(_ child: Child, _ bytes: [UInt8]) -> Bool {
        guard !child.isReady, let report = SealingReport(decoding: bytes.span) else { return false }
        let missing = report.missing(for: child.kind.role, kernel: self.report.kernel, root: getuid() == 0)
        guard missing.isEmpty else {
            startFailed(child, "\(child.kind.name): \(SealingError.missing(missing))")
            kill(child)
            return true
        }
        child.report = report
        if child.kind == .keeper { keeperReady(child) }
        // A compiler has its time for everything that it does.
        if child.kind != .compiler { child.deadline = nil }
        link(child)
        beginServing(child)
        if case .broker(_, let session) = child.kind { assign(session, to: child) }
        return true
    }

    /// A process doesn't get to its work.
    func startFailed(_ child: Child, _ text: String) {
        if child.kind == .compiler {
            compilation?.fail(text)
        } else if renewal?.keeper == child.number {
            renewal?.fail(text)
        } else {
            failure = failure ?? text
        }
    }
}
