internal import Roles

extension ClientQuery {
    private static let keys = [
        "fingerprint", "common-name", "issuer", "san-dns", "san-uri", "san-email", "uid", "gid", "anonymous",
    ]

    /// A query from a command line: one client's name, or `common-name=noc-7` and the like, one key a word.
    ///
    /// - Throws: `QueryError` for an unknown key, a value that doesn't fit it, or keys that nobody has together.
    public init(words: [String]) throws(QueryError) {
        guard let first = words.first else { throw QueryError("no client is named") }
        if words.count == 1, !first.contains("=") {
            self = .named(first)
            return
        }
        var parser = IdentityParser()
        for word in words {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard ClientQuery.keys.contains(parts[0]) else {
                let hint = Suggestion.hint(for: parts[0], in: ClientQuery.keys)
                throw QueryError("unknown key \(parts[0].shortened) of a client", hint: hint)
            }
            guard parts.count == 2, !parts[1].isEmpty else { throw QueryError("nothing stands behind \(parts[0])=") }
            try parser.take(parts[0], parts[1])
        }
        self = .identity(try parser.identity())
    }
}

/// Puts an identity together, key by key.
private struct IdentityParser {
    private var certificate: CertificateIdentity?
    private var uid: UInt32?
    private var gid: UInt32?
    private var anonymous = false

    mutating func take(_ key: String, _ value: String) throws(QueryError) {
        switch key {
        case "uid": uid = try IdentityParser.number(key, value)
        case "gid": gid = try IdentityParser.number(key, value)
        case "anonymous":
            guard value == "true" else { throw QueryError("anonymous can only be true") }
            anonymous = true
        default:
            var certificate = certificate ?? CertificateIdentity(fingerprint: [UInt8](repeating: 0, count: 32))
            switch key {
            case "fingerprint":
                guard let bytes = ModelReader.fingerprint(value) else {
                    throw QueryError("this is not a fingerprint", hint: "'sha256:' and 64 hexadecimal digits")
                }
                certificate.fingerprint = bytes
            case "common-name": certificate.commonName = value
            case "issuer": certificate.issuer = value
            case "san-dns": certificate.dnsNames.append(value)
            case "san-uri": certificate.uris.append(value)
            default: certificate.emails.append(value)
            }
            self.certificate = certificate
        }
    }

    func identity() throws(QueryError) -> Identity {
        let kinds = [certificate != nil, uid != nil || gid != nil, anonymous].count { $0 }
        guard kinds == 1 else { throw QueryError("nobody has a certificate, a uid or no name at once") }
        if let certificate { return .certificate(certificate) }
        if uid != nil || gid != nil { return .user(uid: uid ?? .max, gid: gid ?? .max) }
        return .anonymous(address: [UInt8](repeating: 0, count: 16))
    }

    private static func number(_ key: String, _ value: String) throws(QueryError) -> UInt32 {
        guard let number = UInt32(value), number != .max else { throw QueryError("'\(value.shortened)' is no \(key)") }
        return number
    }
}
