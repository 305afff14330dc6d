import Confinement
import GatewayIPC
import GatewayURL
import Glibc
import LinuxSys

/// The answer to `nlgate status`: JSON objects, one a line, each with its `type`.
extension Supervisor {
    func statusLines(_ measures: [UInt64: SessionMeasures]) -> [UInt8] {
        var bytes = gatewayLine().finished
        for listener in listeners.internet + listeners.unix { bytes += line(listener).finished }
        for (what, file) in files.shown { bytes += line(what, file).finished }
        bytes += processLine("nlgated", getpid(), report, sessions: sessions.count).finished
        for child in children.values.sorted(by: { $0.number < $1.number }) { bytes += line(child).finished }
        for number in sessions.keys.sorted() {
            guard let record = sessions[number] else { continue }
            bytes += line(record, measures[number]).finished
        }
        return bytes
    }

    private func line(_ type: String) -> JSONLine {
        var line = JSONLine()
        line.add("type", type)
        return line
    }

    private func gatewayLine() -> JSONLine {
        var line = line("gateway")
        line.add("version", nlgateVersion)
        line.add("kernel", "\(report.kernel.release)")
        line.add("time", timestamp(Clock.unixMilliseconds()))
        line.add("uptime_seconds", (now - startedAt) / 1000)
        line.add("policy", policy?.name ?? "")
        line.add("policy_loaded", policy.map { loaded in timestamp(loaded.loadedAt) } ?? "")
        line.add("audit", audit.status)
        line.add("netns", namespaces.names)
        line.add("sessions", UInt64(sessions.count))
        line.add("sessions_limit", UInt64(limits.sessions))
        line.add("sessions_started", sessionCount)
        line.add("denials", denialCount)
        line.add("restarts", restartCount)
        return line
    }

    private func line(_ listener: Listeners.Listener) -> JSONLine {
        var line = line("listener")
        line.add("scheme", listener.scheme.rawValue)
        line.add("address", "\(listener.address)")
        line.add("owner", listener.isActivated ? "service manager" : "nlgated")
        return line
    }

    /// Files are named by descriptors too, because the name may belong to another file by now.
    private func line(_ what: String, _ file: CredentialFiles.File) -> JSONLine {
        var line = line("certificate")
        line.add("what", what)
        line.add("file", linkTarget("/proc/self/fd/\(file.number)") ?? file.path)
        line.add("descriptor", UInt64(file.number))
        return line
    }

    private func line(_ child: Child) -> JSONLine {
        processLine(child.kind.name, child.process.pid, child.report, sessions: child.sessionCount)
    }

    private func processLine(_ name: String, _ pid: Int32, _ report: SealingReport?, sessions: Int) -> JSONLine {
        var line = line("process")
        line.add("name", name)
        line.add("pid", UInt64(pid))
        line.add("sessions", UInt64(sessions))
        guard let report else {
            line.add("state", "starting")
            return line
        }
        let missing = report.missing(for: report.role, kernel: self.report.kernel, root: getuid() == 0)
        line.add("uid", UInt64(report.uid))
        line.add("state", missing.isEmpty ? "sealed" : "incomplete")
        line.add("measures", UInt64(report.measures.rawValue.nonzeroBitCount))
        line.add("missing", missing.map { "\($0)" })
        return line
    }

    private func line(_ record: SessionRecord, _ measures: SessionMeasures?) -> JSONLine {
        let assignment = record.assignment
        var line = line("session")
        line.add("session", assignment.session)
        line.add("clients", record.clients)
        line.add("identity", assignment.identity)
        line.add("roles", assignment.roles)
        line.add("transport", "\(record.transport)")
        line.add("peer", assignment.peer.text)
        line.add("netns", namespaces.name(assignment.networkNamespace))
        line.add("protocol", protocolName(assignment.protocolNumber))
        line.add("access", assignment.readOnly ? "read-only" : "as granted")
        line.add("age_seconds", (now - record.openedAt) / 1000)
        if record.notAfter > 0 { line.add("certificate_ends", timestamp(record.notAfter * 1000)) }
        if let child = record.broker.flatMap({ children[$0] }) {
            line.add("pid", UInt64(child.process.pid))
            line.add("broker", child.kind.isPrivileged ? "privileged" : "reader")
            line.add("armed", UInt64(child.isArmed ? 1 : 0))
        }
        guard let measures else { return line }
        line.add("requests", measures.requests)
        line.add("request_bytes", measures.requestBytes)
        line.add("messages", measures.messages)
        line.add("message_bytes", measures.messageBytes)
        line.add("overruns", measures.overruns)
        line.add("queued_bytes", measures.queued)
        return line
    }
}
