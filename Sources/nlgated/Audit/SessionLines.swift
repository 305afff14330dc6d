import GatewayIPC
import LinuxSys
import Roles

/// What the audit log gets to know of sessions, and of what brokers report from them.
extension Supervisor {
    /// Who, from where, to what.
    private func line(
        _ event: String, _ session: UInt64?, clients: [String], identity: String, transport: Transport,
        peer: Endpoint, namespace: UInt16, protocolNumber: UInt32
    ) -> JSONLine {
        var line = AuditLog.line(event)
        if let session { line.add("session", session) }
        line.add("client", clients.audited)
        line.add("identity", identity)
        line.add("peer", peer.text)
        line.add("transport", "\(transport)")
        line.add("netns", namespaces.name(namespace))
        line.add("protocol", protocolName(protocolNumber))
        return line
    }

    private func line(_ event: String, _ record: SessionRecord) -> JSONLine {
        let assignment = record.assignment
        return line(
            event, assignment.session, clients: record.clients, identity: assignment.identity,
            transport: record.transport, peer: assignment.peer, namespace: assignment.networkNamespace,
            protocolNumber: assignment.protocolNumber)
    }

    func auditStart(_ record: SessionRecord) {
        audit.write(line("session-start", record))
    }

    func auditEnd(_ record: SessionRecord) {
        var line = line("session-end", record)
        line.add("reason", record.ending ?? "")
        audit.write(line)
    }

    /// The policy gave no session.
    func auditRefusal(
        _ principal: Principal, _ clients: [String], _ display: String, _ request: OpenRequest, _ reason: String
    ) {
        denialCount += 1
        guard audit.admits(principal, clients, display, now: now) else { return }
        var line = line(
            "denied", nil, clients: clients, identity: display, transport: request.transport, peer: request.peer,
            namespace: request.networkNamespace, protocolNumber: request.protocolNumber)
        line.add("decision", "deny")
        // Names of a certificate can be long, and a line must fit into a pipe.
        line.add("reason", String(printable(reason).prefix(400)))
        audit.write(line)
    }

    /// What a broker says of one message; false when it may not say that.
    func take(_ record: AuditRecord, from child: Child) -> Bool {
        guard child.kind.isBroker, child.sessions.contains(record.session), let session = sessions[record.session],
            record.event != .writing || record.ticket != 0, record.ticket == 0 || record.event.mayWait,
            !record.event.isOfList || child.kind.isPrivileged
        else { return false }
        if record.omitted > 0 {
            var line = line("omitted", session)
            line.add("omitted", UInt64(record.omitted))
            line.add("reason", "too many denials of this session")
            audit.write(line)
        }
        if record.event == .denied { denialCount += 1 + UInt64(record.omitted) }
        let isLimited = record.event == .denied || record.event == .wouldDeny
        if isLimited,
            !audit.admits(session.principal, session.clients, session.assignment.identity, now: now)
        {
            return true
        }
        let isWritten = audit.write(line(record, session))
        if record.ticket != 0 { send(.audited(ticket: record.ticket, isWritten: isWritten), to: child) }
        return true
    }

    private func line(_ record: AuditRecord, _ session: SessionRecord) -> JSONLine {
        var line = line(record.event.name, session)
        let operation = Operation(record.operation)
        line.add("family", operation.family)
        line.add("operation", operation.name)
        line.add("mode", operation.mode)
        line.add("class", record.isWrite ? "write" : "read")
        line.add("target", record.target)
        line.add("decision", record.event.decision)
        if record.line != 0, let policy { line.add("rule", "\(policy.name):\(record.line)") }
        line.add("denial", record.denial)
        if record.event.hasVerdict, record.errno >= 0 { line.add("errno", UInt64(record.errno)) }
        line.add("reason", record.event == .writing ? "about to be sent" : record.reason)
        return line
    }
}

/// A broker's text, such as `route GETLINK dump` or `listen xfrm SA`, taken apart.
private struct Operation {
    let family: String
    let name: String
    let mode: String

    init(_ text: String) {
        let words = text.split(separator: " ").map(String.init)
        func word(_ index: Int) -> String { index < words.count ? words[index] : "" }
        let isListening = word(0) == "listen"
        family = word(isListening ? 1 : 0)
        name = word(isListening ? 2 : 1)
        mode = isListening ? "listen" : word(2) == "dump" ? "dump" : "single"
    }
}

extension AuditRecord.Event {
    /// The broker may wait until it is written.
    fileprivate var mayWait: Bool { self == .writing || self == .armed }

    /// It is about a list that is armed, which only a privileged broker has.
    fileprivate var isOfList: Bool { self == .armed || self == .confirmed || self == .rolledBack }

    fileprivate var hasVerdict: Bool { self != .writing && self != .armed && self != .confirmed }

    fileprivate var name: String {
        switch self {
        case .denied: "denied"
        case .wrote, .writing: "write"
        case .wouldDeny: "would-deny"
        case .armed: "armed"
        case .confirmed: "confirmed"
        case .rolledBack: "rolled-back"
        }
    }

    fileprivate var decision: String {
        switch self {
        case .denied: "deny"
        case .wrote, .writing, .armed, .confirmed, .rolledBack: "allow"
        case .wouldDeny: "report"
        }
    }
}

extension Endpoint {
    /// `192.0.2.1:7000` or `[2001:db8::1]:7000`; empty when nothing is known.
    var text: String {
        guard self != .unknown, address.count == 16 else { return "" }
        let isIPv4 = address.starts(with: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff])
        let socket = SocketAddress(
            kind: isIPv4 ? .ipv4 : .ipv6, bytes: isIPv4 ? Array(address[12...]) : address, port: port)
        return "\(socket)"
    }
}

/// As the kernel names its netlink protocols.
func protocolName(_ number: UInt32) -> String {
    switch number {
    case 0: "route"
    case 4: "sock_diag"
    case 6: "xfrm"
    case 12: "netfilter"
    case 16: "generic"
    default: "protocol \(number)"
    }
}
