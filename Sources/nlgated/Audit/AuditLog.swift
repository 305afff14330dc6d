import GatewayIPC
import LinuxSys
import Roles

/// The audit log: one JSON object a line.
///
/// A line that can't be written is counted and said once on standard error; the gateway goes on.
final class AuditLog {
    private let destination: AuditDestination
    private var output: (any AuditOutput)?
    private var limit = RateLimit()
    /// Lines that were lost since it worked last, and in all.
    private var failing: UInt64 = 0
    private var lost: UInt64 = 0

    init(_ destination: AuditDestination) throws(StartError) {
        self.destination = destination
        output = try attempt("--audit \(destination.name)") { () throws(Errno) in try destination.open() }
    }

    var hasDestination: Bool { destination != .none }

    /// For people.
    var status: String { lost == 0 ? destination.name : "\(destination.name), \(lost) lines lost" }

    /// SIGHUP: a file that was moved away is made anew.
    func reopen() {
        do throws(Errno) {
            output = try destination.open()
        } catch {
            writeLog(.error, "--audit \(destination.name): \(error); the one before is written on")
        }
    }

    /// Writes a line; false when it is not in the log.
    @discardableResult
    func write(_ line: JSONLine) -> Bool {
        guard let output else { return false }
        do throws(Errno) {
            try output.write(line)
        } catch {
            lost += 1
            failing += 1
            if failing == 1 { complain("\(error); lines are lost until it works again") }
            return false
        }
        if failing > 0 {
            complain("it works again, \(failing) lines were lost")
            failing = 0
        }
        return true
    }

    private func complain(_ text: String) {
        if destination == .standardError, failing == 1 { return }
        writeLog(.error, "audit log \(destination.name): \(text)")
    }

    /// A line of a kind that a client can cause at will: false when there have been too many of this client.
    func admits(_ principal: Principal, _ clients: [String], _ identity: String, now: UInt64) -> Bool {
        limit.admits(principal, clients, identity, now: now)
    }

    /// Once a second: what was left out.
    func writeOmissions(now: UInt64) {
        for omission in limit.takeOmissions(now: now) {
            var line = AuditLog.line("omitted")
            line.add("client", omission.clients.audited)
            line.add("identity", omission.identity)
            line.add("omitted", omission.count)
            line.add("reason", "too many denials of this client")
            write(line)
        }
    }

    /// A policy was loaded, or wasn't.
    func reload(_ name: String, isLoaded: Bool, _ text: String) {
        var line = AuditLog.line("reload")
        line.add("decision", isLoaded ? "allow" : "deny")
        line.add("reason", "\(name): \(text)")
        write(line)
    }

    /// A line with its time and event.
    static func line(_ event: String) -> JSONLine {
        var line = JSONLine()
        line.add("time", timestamp(Clock.unixMilliseconds()))
        line.add("event", event)
        return line
    }
}

extension [String] {
    /// As many names as a line has room for: 256 bytes of them.
    var audited: [String] {
        var left = 256
        return filter { name in
            left -= name.utf8.count
            return left >= 0
        }
    }
}
