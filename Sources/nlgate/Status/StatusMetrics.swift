extension StatusReport {
    /// The text format of Prometheus, version 0.0.4.
    var metrics: String {
        var text = MetricsText()
        text.family("nlgate_build_info", .gauge, "The daemon's version.") {
            $0.sample(1, ["version": gateway.version, "kernel": gateway.kernel])
        }
        text.family("nlgate_uptime_seconds", .gauge, "Since the daemon was started.") {
            $0.sample(gateway.uptimeSeconds)
        }
        text.family("nlgate_sessions", .gauge, "Sessions that are open.") { $0.sample(gateway.sessions) }
        text.family("nlgate_sessions_limit", .gauge, "Sessions that may be open.") { $0.sample(gateway.sessionsLimit) }
        text.family("nlgate_sessions_started_total", .counter, "Sessions that were opened.") {
            $0.sample(gateway.sessionsStarted)
        }
        text.family("nlgate_denials_total", .counter, "Messages that the policy refused.") {
            $0.sample(gateway.denials)
        }
        text.family("nlgate_process_restarts_total", .counter, "Processes that ended by themselves.") {
            $0.sample(gateway.restarts)
        }
        text.family("nlgate_process_sealed", .gauge, "1 when every measure is in force in the process.") { family in
            for process in processes {
                family.sample(process.state == "sealed" ? 1 : 0, ["process": process.name, "pid": "\(process.pid)"])
            }
        }
        text.family("nlgate_certificate_expiry_timestamp_seconds", .gauge, "When a file's first certificate ends.") {
            for certificate in certificates {
                guard let ends = certificate.ends else { continue }
                $0.sample("\(ends)", ["certificate": certificate.what, "file": certificate.file])
            }
        }
        session("requests_total", .counter, "Datagrams from the client.", &text) { $0.requests }
        session("request_bytes_total", .counter, "Their bytes.", &text) { $0.requestBytes }
        session("messages_total", .counter, "Datagrams from the kernel.", &text) { $0.messages }
        session("message_bytes_total", .counter, "Their bytes.", &text) { $0.messageBytes }
        session("overruns_total", .counter, "How often messages were lost.", &text) { $0.overruns }
        session("queued_bytes", .gauge, "What waits for the client.", &text) { $0.queuedBytes }
        session("age_seconds", .gauge, "Since the session was opened.", &text) { $0.ageSeconds }
        return text.text
    }

    private func session(
        _ name: String, _ kind: MetricsText.Kind, _ help: String, _ text: inout MetricsText,
        _ value: (Session) -> UInt64?
    ) {
        text.family("nlgate_session_\(name)", kind, help) { family in
            for session in sessions {
                guard let number = value(session) else { continue }
                family.sample(
                    number,
                    [
                        "session": "\(session.session)", "client": session.clients?.joined(separator: ",") ?? "",
                        "transport": session.transport, "netns": session.netns ?? "", "protocol": session.protocol,
                    ])
            }
        }
    }
}

/// Metric families as Prometheus reads them.
struct MetricsText {
    enum Kind: String { case gauge, counter }

    struct Family {
        fileprivate let name: String
        fileprivate var lines: [String] = []

        mutating func sample(_ value: UInt64, _ labels: KeyValuePairs<String, String> = [:]) {
            sample("\(value)", labels)
        }

        mutating func sample(_ value: String, _ labels: KeyValuePairs<String, String>) {
            let pairs = labels.map { "\($0.key)=\"\(MetricsText.escaped($0.value))\"" }
            lines.append(name + (pairs.isEmpty ? "" : "{\(pairs.joined(separator: ","))}") + " " + value)
        }
    }

    private(set) var text = ""

    /// A family without a sample is left out.
    mutating func family(_ name: String, _ kind: Kind, _ help: String, _ body: (inout Family) -> Void) {
        var family = Family(name: name)
        body(&family)
        guard !family.lines.isEmpty else { return }
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
        text += family.lines.map { $0 + "\n" }.joined()
    }

    /// Backslash, quote and newline are the three that have to be.
    private static func escaped(_ value: String) -> String {
        var text = ""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "\n": text += "\\n"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
