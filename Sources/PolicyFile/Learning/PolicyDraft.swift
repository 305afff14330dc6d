internal import GatewayPolicy

/// A policy that covers what an audit log saw.
public struct PolicyDraft: Sendable {
    /// The file; valid, and its tests pass.
    public let policy: PolicyFile
    /// What isn't in it and why, one line each.
    public let notes: [String]
}

extension AuditDigest {
    /// The smallest policy that the language can say: reads and groups as they were seen, writes with a `where` of what
    /// they were about, a role with `extra` for what shows keys or packets.
    ///
    /// - Returns: nil when nothing was learned.
    public func draft() -> PolicyDraft? {
        guard !seen.isEmpty else { return nil }
        let writer = DraftWriter(self)
        return PolicyDraft(policy: PolicyFile(checking: PolicySource(name: "draft", text: writer.text)), notes: notes)
    }

    /// What isn't in a draft and why.
    public var notes: [String] {
        var notes = AuditLine.Skip.allCases.compactMap { reason in
            skipped[reason].map { "\($0) \($0 == 1 ? "line" : "lines"): \(reason.rawValue)" }
        }
        if omitted > 0 { notes.append("\(omitted) denials that the log left out, being too many at once: targets may be missing; record again") }
        if !refusedSessions.isEmpty {
            let who = refusedSessions.sorted().prefix(4).map { AuditIdentity($0).text }.joined(separator: ", ")
            notes.append("sessions that were refused as a whole: \(who)")
        }
        return notes
    }
}

/// Writes a draft.
struct DraftWriter {
    private(set) var text = ""
    private var clients = ""
    private var roles = ""
    private var bindings = ""
    private var tests = ""
    private var names: Set<String> = []
    /// By the identity, or by the name that it has in the file.
    private var clientNames: [String: [String]] = [:]

    init(_ digest: AuditDigest) {
        for (subject, seen) in digest.seen.sorted(by: { $0.key < $1.key }) { add(subject, seen) }
        text =
            DraftWriter.head(digest) + "policy: 1\n\nclients:\n\(clients)\nroles:\n\(roles)\nbindings:\n\(bindings)"
            + "\ntests:\n\(tests)"
    }

    private static func head(_ digest: AuditDigest) -> String {
        let times = digest.seen.values.flatMap { [$0.first, $0.last] }.filter { !$0.isEmpty }.sorted()
        let span = times.isEmpty ? "" : ", \(times[0]) to \(times[times.count - 1])"
        var lines = [
            "Drafted by nlgate policy learn from \(digest.learned) of \(digest.lines) lines\(span).",
            "It grants what was seen. The language can't say less than this:",
            "- a destination stands for every prefix inside it;",
            "- a write that named no interface, or nothing at all, may name any.",
            "Check the identities, give the roles better names, and try it with mode: report before you rely on it.",
        ]
        if !digest.notes.isEmpty { lines += ["Not in it:"] + digest.notes.map { "- \($0)" } }
        return lines.map { "# \($0)\n" }.joined()
    }

    private mutating func unique(_ name: String) -> String {
        var candidate = String(name.prefix(48))
        var number = 2
        while !names.insert(candidate).inserted {
            candidate = "\(name.prefix(48))-\(number)"
            number += 1
        }
        return candidate
    }

    private mutating func add(_ subject: AuditDigest.Subject, _ seen: AuditDigest.Seen) {
        let clients = clients(subject, seen)
        let base = subject.namespace.isEmpty ? clients[0] : unique("\(clients[0])-\(subject.namespace)")
        var roleNames: [String] = []
        for role in DraftRole.roles(seen) {
            let suffix = role.writes.isEmpty ? (role.extras.isEmpty ? "" : "-" + role.extras.names.joined(separator: "-")) : "-write"
            let isFirst = roleNames.isEmpty && suffix.isEmpty
            let name = isFirst ? base : unique(base + suffix)
            roleNames.append(name)
            roles += DraftRoleText(role, name, hasLimits: roleNames.count == 1).text
        }
        let list = roleNames.joined(separator: ", ")
        let place = subject.namespace.isEmpty ? "" : ", netns: [\(subject.namespace)]"
        for client in clients { bindings += "  - { client: \(client), roles: [\(list)]\(place) }\n" }
        let netns = subject.namespace.isEmpty ? "" : ", netns: \(subject.namespace)"
        for test in DraftTests(seen).lines { tests += "  - { client: \(clients[0]), \(test)\(netns) }\n" }
    }

    /// Names of the clients, one an identity; they are written at their first namespace.
    private mutating func clients(_ subject: AuditDigest.Subject, _ seen: AuditDigest.Seen) -> [String] {
        let key = subject.client.isEmpty ? "identity \(subject.identity)" : "client \(subject.client)"
        let identities = seen.identities.isEmpty ? [""] : seen.identities
        var names: [String] = []
        for text in identities {
            if let known = clientNames["\(key) \(text)"]?.first {
                names.append(known)
                continue
            }
            let identity = AuditIdentity(text)
            let name = unique(subject.name)
            clientNames["\(key) \(text)"] = [name]
            clients += "  # \(identity.text)\n"
            if !seen.first.isEmpty { clients += "  # Seen from \(seen.first) to \(seen.last).\n" }
            if identity.isNameAlone { clients += "  # Add the issuer: any CA that the gateway trusts can give this name.\n" }
            if identity.criteria == nil {
                clients += "  # The log doesn't say enough: put the certificate's fingerprint or names here.\n"
            }
            let criteria = identity.criteria ?? "fingerprint: \"sha256:\(String(repeating: "0", count: 64))\""
            clients += "  \(name): { \(criteria) }\n"
            names.append(name)
        }
        return names
    }
}
