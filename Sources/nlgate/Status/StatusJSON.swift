extension StatusReport {
    /// Everything as one document.
    var json: JSON {
        PolicyJSON.object([
            "gateway": gatewayJSON, "listeners": .array(listeners.map(json)),
            "certificates": .array(certificates.map(json)), "processes": .array(processes.map(json)),
            "sessions": .array(sessions.map(json)),
        ])
    }

    private var gatewayJSON: JSON {
        PolicyJSON.object([
            "version": JSON(gateway.version), "kernel": JSON(gateway.kernel), "time": JSON(gateway.time),
            "uptime_seconds": JSON(gateway.uptimeSeconds), "policy": optional(gateway.policy),
            "policy_loaded": optional(gateway.policyLoaded), "audit": optional(gateway.audit),
            "netns": PolicyJSON.texts(gateway.netns ?? []), "sessions": JSON(gateway.sessions),
            "sessions_limit": JSON(gateway.sessionsLimit), "sessions_started": JSON(gateway.sessionsStarted),
            "denials": JSON(gateway.denials), "restarts": JSON(gateway.restarts),
        ])
    }

    private func json(_ listener: Listener) -> JSON {
        PolicyJSON.object([
            "scheme": JSON(listener.scheme), "address": JSON(listener.address), "owner": JSON(listener.owner),
        ])
    }

    private func json(_ certificate: CertificateStatus) -> JSON {
        PolicyJSON.object([
            "what": JSON(certificate.what), "file": JSON(certificate.file), "subject": JSON(certificate.subject),
            "ends": certificate.ends.map { .signed($0) } ?? .null, "problem": optional(certificate.problem),
        ])
    }

    private func json(_ process: Process) -> JSON {
        PolicyJSON.object([
            "name": JSON(process.name), "pid": JSON(process.pid), "uid": process.uid.map { JSON($0) } ?? .null,
            "sessions": JSON(process.sessions), "state": JSON(process.state), "measures": optional(process.measures),
            "missing": PolicyJSON.texts(process.missing ?? []),
        ])
    }

    private func json(_ session: Session) -> JSON {
        PolicyJSON.object([
            "session": JSON(session.session), "clients": PolicyJSON.texts(session.clients ?? []),
            "identity": optional(session.identity), "roles": optional(session.roles),
            "transport": JSON(session.transport), "peer": optional(session.peer), "netns": optional(session.netns),
            "protocol": JSON(session.protocol), "access": JSON(session.access), "age_seconds": JSON(session.ageSeconds),
            "certificate_ends": optional(session.certificateEnds), "pid": session.pid.map { JSON($0) } ?? .null,
            "broker": optional(session.broker), "armed": JSON(session.armed == 1),
            "requests": optional(session.requests), "request_bytes": optional(session.requestBytes),
            "messages": optional(session.messages), "message_bytes": optional(session.messageBytes),
            "overruns": optional(session.overruns), "queued_bytes": optional(session.queuedBytes),
        ])
    }

    private func optional(_ text: String?) -> JSON { text.map { JSON($0) } ?? .null }
    private func optional(_ number: UInt64?) -> JSON { number.map { JSON($0) } ?? .null }
}
