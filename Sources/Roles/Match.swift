/// What an identity has in one network namespace.
public struct Match: Equatable, Sendable {
    /// Names of the clients of the policy that the identity is.
    public var clients: [String]
    /// Names of the roles that were bound, for people.
    public var names: [String]
    /// Indexes of the roles, ascending, each once.
    public var roles: [UInt16]
    /// Indexes of the ceiling's roles, ascending, each once; empty unless a binding is in report mode.
    public var ceiling: [UInt16]
    /// Netlink protocols, bit by bit, that need a privileged broker.
    public var privilegedProtocols: UInt32
    /// Netlink protocols, bit by bit, of which anything is granted.
    public var servedProtocols: UInt32
    /// Sessions that the client may have at once; nil for the gateway's own limit.
    public var sessions: UInt32?
    /// Minutes after which a session ends; nil for none.
    public var sessionMinutes: UInt32?

    /// True when a session of this protocol needs a privileged broker.
    ///
    /// A client that will only read never does: its flag removes writes and whatever needs a capability.
    public func needsPrivilege(protocolNumber: UInt32, readOnly: Bool) -> Bool {
        !readOnly && protocolNumber < 32 && privilegedProtocols & (1 << protocolNumber) != 0
    }
}

extension PolicyTables {
    /// What `identity` has in the namespace; nil when nothing is bound to it there.
    public func match(_ identity: Identity, networkNamespace: String, daemonUID: UInt32) -> Match? {
        match(clientTable.standing(of: identity, daemonUID: daemonUID), networkNamespace: networkNamespace)
    }

    /// What somebody of this standing, whose indexes are those of these tables, has in the namespace; nil when nothing
    /// is bound to it there.
    ///
    /// One pure function: the order of anything in the file does not matter.
    public func match(_ standing: Standing, networkNamespace: String) -> Match? {
        let bound = standing.bindings.map { bindings[Int($0)] }.filter { binding in
            binding.networkNamespaces.contains { $0 == networkNamespace || $0 == PolicyTables.anyNamespace }
        }
        guard !bound.isEmpty else { return nil }
        let roles = Set(bound.flatMap(\.roles)).sorted()
        let ceiling = Set(bound.flatMap(\.ceiling)).sorted()
        let all = (roles + ceiling).map { self.roles[Int($0)] }
        // The lowest limit holds; a ceiling sets none.
        let limiting = roles.map { self.roles[Int($0)] }
        return Match(
            clients: Set(bound.map(\.client)).sorted().map { self.clients[Int($0)].name },
            names: Set(bound.flatMap(\.named)).sorted().map { self.roles[Int($0)].name }, roles: roles,
            ceiling: ceiling, privilegedProtocols: all.reduce(0) { $0 | $1.privilegedProtocols },
            servedProtocols: all.reduce(0) { $0 | $1.servedProtocols },
            sessions: limiting.map(\.sessions).filter { $0 > 0 }.min(),
            sessionMinutes: limiting.map(\.sessionMinutes).filter { $0 > 0 }.min())
    }

    /// Names of the clients of the policy that somebody is, wherever they are bound; empty for a stranger.
    public func clientNames(_ standing: Standing) -> [String] {
        standing.clients.map { clients[Int($0)].name }
    }

    /// True when every index is one of these tables.
    public func contain(_ standing: Standing) -> Bool {
        standing.clients.allSatisfy { Int($0) < clients.count }
            && standing.bindings.allSatisfy { Int($0) < bindings.count }
    }

    /// The bytes that a broker gets for a match: `nlgS`, u16 version, u16 flags (1: audit required), u32 length and
    /// what no role may grant, u16 roles, u16 roles of the ceiling, and for each of them u32 length and its grants.
    public func grantSet(_ match: Match) -> [UInt8] {
        var writer = TableWriter()
        writer.bytes = Array("nlgS".utf8)
        writer.put(UInt16(1))
        writer.put(UInt16(auditRequired ? 1 : 0))
        writer.put(long: never)
        writer.put(UInt16(match.roles.count))
        writer.put(UInt16(match.ceiling.count))
        for role in match.roles + match.ceiling { writer.put(long: roles[Int(role)].grants) }
        return writer.bytes
    }
}

extension PolicyTables.Criterion {
    func fits(_ identity: Identity, daemonUID: UInt32) -> Bool {
        switch (self, identity) {
        case (.fingerprint(let wanted), .certificate(let certificate)): certificate.fingerprint == wanted
        case (.commonName(let pattern), .certificate(let certificate)):
            !certificate.commonName.isEmpty && matches(pattern, certificate.commonName)
        case (.issuer(let wanted), .certificate(let certificate)):
            // Bytes: strings are equal in Swift when their characters are, however these are put together.
            !certificate.issuer.isEmpty && certificate.issuer.utf8.elementsEqual(wanted.utf8)
        case (.dnsName(let pattern), .certificate(let certificate)):
            certificate.dnsNames.contains { matches(pattern.lowercased(), $0.lowercased()) }
        case (.uri(let pattern), .certificate(let certificate)): certificate.uris.contains { matches(pattern, $0) }
        case (.email(let pattern), .certificate(let certificate)): certificate.emails.contains { matches(pattern, $0) }
        case (.uid(let wanted), .user(let uid, _)): uid == wanted
        case (.gid(let wanted), .user(_, let gid)): gid == wanted
        case (.anonymous, .anonymous), (.anyCertificate, .certificate), (.anyUser, .user): true
        case (.daemonUser, .user(let uid, _)): uid == daemonUID
        default: false
        }
    }
}

/// True when `text` fits `pattern`, in which `*` stands for any bytes; nothing else is special.
///
/// The time it takes grows with the product of the lengths, never faster.
public func matches(_ pattern: String, _ text: String) -> Bool {
    let (pattern, text) = (Array(pattern.utf8), Array(text.utf8))
    let star = UInt8(ascii: "*")
    var (at, position) = (0, 0)
    var resume: (pattern: Int, text: Int)?
    while position < text.count {
        if at < pattern.count, pattern[at] == star {
            resume = (at + 1, position)
            at += 1
        } else if at < pattern.count, pattern[at] == text[position] {
            at += 1
            position += 1
        } else if let last = resume {
            resume = (last.pattern, last.text + 1)
            (at, position) = (last.pattern, last.text + 1)
        } else {
            return false
        }
    }
    return pattern[at...].allSatisfy { $0 == star }
}
