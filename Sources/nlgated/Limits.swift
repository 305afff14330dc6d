import LinuxSys

/// What bounds the gateway; every number can be set with `--limit NAME=VALUE`.
struct Limits {
    var sessions = 10_000
    var sessionsPerClient = 64
    var privilegedBrokers = 64
    var unauthenticatedPerAddress = 64
    var backlog = 1024
    var handshakeSeconds = 10
    var pingSeconds = 30
    var burstBuffer = 4 << 20
    var burstBudget = 256 << 20
    var receiveBuffer = 32 << 20
    var handshakesPerSecond = 5000
    var identityMinutes = 1440
    var crlGraceMinutes = 0

    private struct Entry {
        let name: String
        let path: WritableKeyPath<Limits, Int>
        let range: ClosedRange<Int>
        let help: String

        init(_ name: String, _ path: WritableKeyPath<Limits, Int>, _ range: ClosedRange<Int>, _ help: String) {
            self.name = name
            self.path = path
            self.range = range
            self.help = help
        }
    }

    private static var entries: [Entry] {
        [
            Entry("sessions", \.sessions, 1...1_000_000, "sessions in all"),
            Entry(
                "sessions-per-client", \.sessionsPerClient, 1...1_000_000, "sessions of one certificate, uid or address"
            ),
            Entry("privileged-brokers", \.privilegedBrokers, 1...10_000, "sessions that may do more than read"),
            Entry(
                "unauthenticated-per-address", \.unauthenticatedPerAddress, 1...1_000_000,
                "connections of one address or uid without a session"),
            Entry("backlog", \.backlog, 1...65_535, "connections that wait to be accepted"),
            Entry("handshake-seconds", \.handshakeSeconds, 1...3600, "until an unfinished handshake ends"),
            Entry("ping-seconds", \.pingSeconds, 1...86_400, "of silence until a client is asked"),
            Entry("burst-buffer", \.burstBuffer, 2 << 20...1 << 30, "bytes that one session may hold"),
            Entry("burst-budget", \.burstBudget, 2 << 20...1 << 40, "bytes that all sessions of a process may hold"),
            Entry(
                "receive-buffer", \.receiveBuffer, 4096...1 << 30,
                "bytes of kernel receive buffer that a client may ask for"),
            Entry("handshakes-per-second", \.handshakesPerSecond, 1...1_000_000, "TLS handshakes of all frontends"),
            Entry(
                "identity-minutes", \.identityMinutes, 1...525_600,
                "for which a connection's verified client may open sessions"),
            Entry("crl-grace-minutes", \.crlGraceMinutes, 0...525_600, "for which an expired CRL is still used"),
        ]
    }

    mutating func set(_ text: String) throws(StartError) {
        if text == "help" { throw .help(help) }
        let parts = text.split(separator: "=", maxSplits: 1)
        guard parts.count == 2 else { throw .usage("--limit takes NAME=VALUE, not \(text)") }
        guard let entry = Limits.entries.first(where: { $0.name == parts[0] }) else {
            throw .usage("no limit is called \(parts[0]); '--limit help' lists them")
        }
        self[keyPath: entry.path] = try number("--limit \(entry.name)", String(parts[1]), entry.range)
    }

    private var help: String {
        Limits.entries.map { "\($0.name)=\(self[keyPath: $0.path])\t\($0.help)" }.joined(separator: "\n")
    }

    /// Unix connections of one uid; those without a session are not told apart here.
    var connectionsPerUser: Int { sessionsPerClient + unauthenticatedPerAddress }

    /// Descriptors that each process may need: two for every session, and some of its own.
    var descriptors: UInt64 { UInt64(2 * sessions + 64) }

    /// The limits, cut to what this host lets the daemon have.
    func fitted() throws(StartError) -> Limits {
        let allowed = raiseDescriptorLimit(to: descriptors)
        guard allowed < descriptors else { return self }
        var fitted = self
        fitted.sessions = (Int(allowed) - 64) / 2
        guard fitted.sessions > 0 else { throw .unusable("RLIMIT_NOFILE is too low to serve anybody; raise it") }
        writeStandardError("nlgated: RLIMIT_NOFILE allows \(fitted.sessions) sessions instead of \(sessions)")
        return fitted
    }
}
