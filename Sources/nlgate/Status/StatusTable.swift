import Foundation

/// The status for people.
struct StatusTable {
    private let report: StatusReport
    private let before: [UInt64: StatusReport.Session]
    private let seconds: Double?
    private let now = Int64(Date().timeIntervalSince1970)

    /// `last` is an earlier look, `seconds` ago.
    init(_ report: StatusReport, since last: StatusReport?, seconds: Double) {
        self.report = report
        before = Dictionary(uniqueKeysWithValues: (last?.sessions ?? []).map { ($0.session, $0) })
        self.seconds = last == nil ? nil : seconds
    }

    var text: String {
        [header, listeners, certificates, processes, sessions].filter { !$0.isEmpty }.joined(separator: "\n")
    }

    private var header: String {
        let gateway = report.gateway
        var lines = [
            "nlgated \(gateway.version), Linux \(gateway.kernel), up \(StatusTable.duration(gateway.uptimeSeconds))",
            "policy \(gateway.policy ?? "none"), loaded \(gateway.policyLoaded ?? "never"); "
                + "audit \(gateway.audit ?? "none")",
            "sessions \(gateway.sessions) of \(gateway.sessionsLimit), \(gateway.sessionsStarted) since the start; "
                + "denials \(gateway.denials); processes started again \(gateway.restarts)",
        ]
        if let names = gateway.netns { lines.append("namespaces: \(names.joined(separator: ", "))") }
        return lines.map { Terminal.visible($0) + "\n" }.joined()
    }

    private func section(_ title: [String], _ rows: [[String]]) -> String {
        guard !rows.isEmpty else { return "" }
        var columns = Columns()
        columns.append(title)
        for row in rows { columns.append(row.map { Terminal.visible($0) }) }
        return columns.text
    }

    private var listeners: String {
        section(["LISTENER", "OWNER"], report.listeners.map { ["\($0.scheme)://\($0.address)", $0.owner] })
    }

    private var certificates: String {
        section(
            ["CERTIFICATE", "ENDS", "DAYS", "SUBJECT", "FILE"],
            report.certificates.map { certificate in
                guard let ends = certificate.ends, let days = certificate.days(at: now) else {
                    return [certificate.what, "-", "-", certificate.problem ?? "no end", certificate.file]
                }
                let date = Date(timeIntervalSince1970: TimeInterval(ends)).formatted(.iso8601)
                return [
                    certificate.what, date, "\(days)\(certificate.mark(at: now))", certificate.subject,
                    certificate.file,
                ]
            })
    }

    private var processes: String {
        section(
            ["PROCESS", "PID", "UID", "SESSIONS", "SEALING"],
            report.processes.map { process in
                var state = process.state
                if let measures = process.measures { state += ", \(measures) measures" }
                if let missing = process.missing { state += ", without \(missing.joined(separator: ", "))" }
                return [
                    process.name, "\(process.pid)", process.uid.map { "\($0)" } ?? "-", "\(process.sessions)", state,
                ]
            })
    }

    private var sessions: String {
        section(
            [
                "SESSION", "WHO", "ROLES", "FROM", "NETNS", "PROTOCOL", "BROKER", "AGE", "REQUESTS/S", "MESSAGES/S",
                "BYTES/S", "QUEUED", "OVERRUNS",
            ],
            report.sessions.map { session in
                let who = session.clients?.joined(separator: ",") ?? session.identity ?? "-"
                let broker = (session.broker ?? "starting") + (session.armed == 1 ? ", armed" : "")
                return [
                    "\(session.session)", who, session.roles ?? "-", "\(session.transport) \(session.peer ?? "")",
                    session.netns ?? "-", session.protocol, broker, StatusTable.duration(session.ageSeconds),
                    rate(session) { $0.requests }, rate(session) { $0.messages },
                    rate(session) { ($0.requestBytes ?? 0) + ($0.messageBytes ?? 0) },
                    session.queuedBytes.map { "\($0)" } ?? "-", session.overruns.map { "\($0)" } ?? "-",
                ]
            })
    }

    private func rate(_ session: StatusReport.Session, _ count: (StatusReport.Session) -> UInt64?) -> String {
        guard let value = count(session), session.requests != nil else { return "-" }
        if let seconds, let earlier = before[session.session].flatMap(count), earlier <= value {
            return StatusTable.number(Double(value - earlier) / seconds)
        }
        return StatusTable.number(Double(value) / Double(max(1, session.ageSeconds)))
    }

    /// At most three digits and a unit.
    static func number(_ value: Double) -> String {
        var (value, unit) = (value, 0)
        while value >= 1000, unit < 4 {
            value /= 1000
            unit += 1
        }
        let suffix = ["", "k", "M", "G", "T"][unit]
        return value < 10 && value != value.rounded()
            ? String(format: "%.1f", value) + suffix : "\(Int(value))" + suffix
    }

    /// The two largest units.
    static func duration(_ seconds: UInt64) -> String {
        let parts = [
            (seconds / 86_400, "d"), (seconds / 3600 % 24, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s"),
        ]
        let first = parts.firstIndex { $0.0 > 0 } ?? 3
        return parts[first..<min(first + 2, 4)].map { "\($0.0)\($0.1)" }.joined()
    }
}
