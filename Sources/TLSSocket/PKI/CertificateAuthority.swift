internal import COpenSSL

/// A certificate and its private key, both PEM; the key is PKCS #8.
public struct IssuedCertificate: Sendable {
    /// The certificate.
    public let certificate: [UInt8]
    /// The private key; `TLSLibrary.wipe` it after use.
    public var key: [UInt8]
}

/// The span of time in which something is valid, in Unix seconds.
public struct Validity: Equatable, Sendable {
    /// The first second.
    public var notBefore: Int64
    /// The last second.
    public var notAfter: Int64

    /// A span of time.
    public init(notBefore: Int64, notAfter: Int64) {
        self.notBefore = notBefore
        self.notAfter = notAfter
    }

    /// From five minutes ago, since clocks differ, for `days` days.
    public init(days: Int) {
        let now = currentTime()
        self.init(notBefore: now - 300, notAfter: now + Int64(days) * 86_400)
    }
}

/// A further name of a client, beside its common name.
public enum ClientName: Equatable, Sendable {
    /// A DNS name.
    case dns(String)
    /// A URI such as `spiffe://example.org/noc`.
    case uri(String)
    /// A mail address.
    case email(String)
}

/// A certificate authority: one self-signed P-256 certificate, whose key signs those of servers and clients.
public struct CertificateAuthority: Sendable {
    let certificate: Certificate
    let key: PrivateKey

    /// Makes a new authority.
    ///
    /// - Throws: `badName` for an unfit common name, `library` when OpenSSL fails.
    public static func create(commonName: String, validity: Validity) throws(TLSError) -> IssuedCertificate {
        try CertificateBuilder.checkCommonName(commonName)
        let key = try CertificateBuilder.newKey()
        let builder = try CertificateBuilder(commonName: commonName, validity: validity, key: key)
        try builder.setIssuer(builder.certificate)
        try builder.add(NID_basic_constraints, "critical,CA:TRUE,pathlen:0", issuer: builder.certificate)
        try builder.add(NID_key_usage, "critical,keyCertSign,cRLSign", issuer: builder.certificate)
        try builder.add(NID_subject_key_identifier, "hash", issuer: builder.certificate)
        return try builder.finish(signedBy: key, ownKey: key)
    }

    /// The authority of these two PEM texts.
    ///
    /// - Throws: `badPEM`, `keyMismatch`, `certificateExpired`, and `wrongPurpose` for a certificate of no CA.
    public init(certificate: [UInt8], key: [UInt8]) throws(TLSError) {
        let list = try PEM.certificates(certificate, "the CA's certificate file", limit: 1)
        guard let first = list.first else { throw TLSError(.badPEM, "the CA's certificate file has no certificate") }
        self.certificate = first
        self.key = try PEM.privateKey(key, "the CA's key file")
        // SAFETY: both objects live through the calls, which only read them.
        guard unsafe X509_check_private_key(first.raw, self.key.raw) == 1 else {
            ERR_clear_error()
            throw TLSError(.keyMismatch, "the CA's key does not belong to the CA's certificate (\(first.shownSubject))")
        }
        guard unsafe X509_check_ca(first.raw) == 1 else {
            throw TLSError(.wrongPurpose, "the certificate \(first.shownSubject) is not a CA's")
        }
        try first.checkValidity("the CA's certificate")
    }

    /// Issues a certificate for a server of these DNS names and addresses; the first is also its common name.
    ///
    /// - Throws: `badName`, and `library` when OpenSSL fails.
    public func issueServer(names: [String], validity: Validity) throws(TLSError) -> IssuedCertificate {
        guard let first = names.first else { throw TLSError(.badName, "a server needs at least one name") }
        var alternatives = [(type: Int32, bytes: [UInt8])]()
        for name in names {
            switch try HostName(name) {
            case .dns(let name): alternatives.append((GEN_DNS, Array(name.utf8)))
            case .address(let bytes):
                guard !name.contains("%") else {
                    throw TLSError(
                        .badName, "\(escaped(Array(name.utf8))): a zone is not part of a certificate's address")
                }
                alternatives.append((GEN_IPADD, bytes))
            }
        }
        // A common name has 64 characters at most; nobody reads a server's.
        let commonName = first.utf8.count <= 64 ? first : "server"
        return try issue(commonName, alternatives, usage: "serverAuth", validity: validity)
    }

    /// Issues a certificate for a client.
    ///
    /// - Throws: `badName`, and `library` when OpenSSL fails.
    public func issueClient(
        commonName: String, names: [ClientName] = [], validity: Validity
    ) throws(TLSError) -> IssuedCertificate {
        var alternatives = [(type: Int32, bytes: [UInt8])]()
        for name in names { alternatives.append(try name.checked()) }
        return try issue(commonName, alternatives, usage: "clientAuth", validity: validity)
    }

    /// Issues a certificate as given, for tests of what a sane authority would not sign.
    func issue(
        _ commonName: String, _ names: [(type: Int32, bytes: [UInt8])], usage: StaticString, validity: Validity
    ) throws(TLSError) -> IssuedCertificate {
        try CertificateBuilder.checkCommonName(commonName)
        let key = try CertificateBuilder.newKey()
        let end = min(validity.notAfter, certificate.notAfter)
        let span = Validity(notBefore: validity.notBefore, notAfter: end)
        let builder = try CertificateBuilder(commonName: commonName, validity: span, key: key)
        try builder.setIssuer(certificate)
        try builder.add(NID_basic_constraints, "critical,CA:FALSE", issuer: certificate)
        try builder.add(NID_key_usage, "critical,digitalSignature", issuer: certificate)
        try builder.add(NID_ext_key_usage, usage, issuer: certificate)
        try builder.add(NID_subject_key_identifier, "hash", issuer: certificate)
        try builder.add(NID_authority_key_identifier, "keyid:always", issuer: certificate)
        if !names.isEmpty { try builder.addNames(names) }
        return try builder.finish(signedBy: self.key, ownKey: key)
    }
}

extension ClientName {
    /// The name as a certificate has it.
    func checked() throws(TLSError) -> (type: Int32, bytes: [UInt8]) {
        switch self {
        case .dns(let name):
            guard HostName.isDNSName(name) else { throw Self.unfit(name, "DNS name") }
            return (GEN_DNS, Array(name.lowercased().utf8))
        case .uri(let uri):
            let scheme = uri.utf8.prefix { $0 != 0x3a }
            guard Self.isPlain(uri), !scheme.isEmpty, scheme.count < uri.utf8.count - 1 else {
                throw Self.unfit(uri, "URI (scheme:rest, ASCII, at most \(PeerCertificate.nameLimit) bytes)")
            }
            return (GEN_URI, Array(uri.utf8))
        case .email(let email):
            let parts = email.utf8.split(separator: 0x40, omittingEmptySubsequences: false)
            guard Self.isPlain(email), parts.count == 2, let local = parts.first, !local.isEmpty,
                HostName.isDNSName(String(email.drop { $0 != "@" }.dropFirst()))
            else { throw Self.unfit(email, "mail address") }
            return (GEN_EMAIL, Array(email.utf8))
        }
    }

    private static func isPlain(_ text: String) -> Bool {
        (1...PeerCertificate.nameLimit).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21..<0x7f).contains($0) }
    }

    private static func unfit(_ text: String, _ kind: String) -> TLSError {
        TLSError(.badName, "\"\(escaped(Array(text.utf8.prefix(100))))\" is no \(kind)")
    }
}
