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

/// A certificate authority: one P-256 certificate, whose key signs those of servers and clients.
public struct CertificateAuthority: Sendable {
    let certificate: Certificate
    let key: PrivateKey

    /// CAs that may stand between a root and a server's or client's certificate, at most.
    public static let mostIntermediates = Int(SSLContext.depthLimit)

    /// The basic constraints of an authority, by how many others may follow below it.
    private static let constraints: [StaticString] = [
        "critical,CA:TRUE,pathlen:0", "critical,CA:TRUE,pathlen:1", "critical,CA:TRUE,pathlen:2",
        "critical,CA:TRUE,pathlen:3", "critical,CA:TRUE,pathlen:4",
    ]

    /// Makes a new authority that signs itself and may have so many others in a row below it.
    ///
    /// - Throws: `badName` for an unfit common name or length, `library` when OpenSSL fails.
    public static func create(
        commonName: String, validity: Validity, pathLength: Int = 0
    ) throws(TLSError) -> IssuedCertificate {
        try CertificateBuilder.checkCommonName(commonName)
        let key = try CertificateBuilder.newKey()
        let builder = try CertificateBuilder(commonName: commonName, validity: validity, key: key)
        try addAuthority(to: builder, issuer: builder.certificate, pathLength: pathLength)
        return try builder.finish(signedBy: key, ownKey: key)
    }

    /// Makes an authority below this one.
    ///
    /// - Throws: `badName` for an unfit common name or length, `wrongPurpose` when this one may have none below it.
    public func issueAuthority(
        commonName: String, validity: Validity, pathLength: Int = 0
    ) throws(TLSError) -> IssuedCertificate {
        try CertificateBuilder.checkCommonName(commonName)
        if let most = CertificateDescription(certificate).pathLength, pathLength >= most {
            throw TLSError(
                .wrongPurpose,
                "the CA \(certificate.shownSubject) may have \(most) others in a row below it, this would be "
                    + "\(pathLength + 1): make a CA with a greater --path-length")
        }
        let key = try CertificateBuilder.newKey()
        let builder = try CertificateBuilder(commonName: commonName, validity: bounded(validity), key: key)
        try Self.addAuthority(to: builder, issuer: certificate, pathLength: pathLength)
        try builder.add(NID_authority_key_identifier, "keyid:always", issuer: certificate)
        return try builder.finish(signedBy: self.key, ownKey: key)
    }

    private static func addAuthority(
        to builder: CertificateBuilder, issuer: Certificate, pathLength: Int
    ) throws(TLSError) {
        guard constraints.indices.contains(pathLength) else {
            throw TLSError(.badName, "a path length is from 0 to \(constraints.count - 1)")
        }
        try builder.setIssuer(issuer)
        try builder.add(NID_basic_constraints, constraints[pathLength], issuer: issuer)
        try builder.add(NID_key_usage, "critical,keyCertSign,cRLSign", issuer: issuer)
        try builder.add(NID_subject_key_identifier, "hash", issuer: issuer)
    }

    /// The authority of these two PEM texts.
    ///
    /// - Throws: `badPEM`, `keyMismatch`, `certificateExpired`, and `wrongPurpose` for a certificate of no CA.
    public init(certificate: [UInt8], key: [UInt8]) throws(TLSError) {
        try self.init(certificate: certificate, PEM.privateKey(key, "the CA's key file"))
    }

    init(certificate: [UInt8], _ key: PrivateKey, mayBeOver: Bool = false) throws(TLSError) {
        try TLSLibrary.initialise()
        let list = try PEM.certificates(certificate, "the CA's certificate file", limit: 1)
        guard let first = list.first else { throw TLSError(.badPEM, "the CA's certificate file has no certificate") }
        self.certificate = first
        self.key = key
        // SAFETY: both objects live through the calls, which only read them.
        guard unsafe X509_check_private_key(first.raw, self.key.raw) == 1 else {
            ERR_clear_error()
            throw TLSError(.keyMismatch, "the CA's key does not belong to the CA's certificate (\(first.shownSubject))")
        }
        guard unsafe X509_check_ca(first.raw) == 1 else {
            throw TLSError(.wrongPurpose, "the certificate \(first.shownSubject) is not a CA's")
        }
        if !mayBeOver { try first.checkValidity("the CA's certificate") }
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
        let builder = try CertificateBuilder(commonName: commonName, validity: bounded(validity), key: key)
        try addLeaf(to: builder)
        try builder.add(NID_ext_key_usage, usage, issuer: certificate)
        if !names.isEmpty { try builder.addNames(names) }
        return try builder.finish(signedBy: self.key, ownKey: key)
    }

    /// A new certificate for the holder of an old one: same subject, names and use, another serial number.
    ///
    /// Without a new key the holder keeps the old one, which need not be here. The result is PEM text.
    ///
    /// - Throws: `notSignedByCA` for a certificate of somebody else, `wrongPurpose` for that of a CA, `library`.
    func renew(_ old: Certificate, key: PrivateKey?, validity: Validity) throws(TLSError) -> [UInt8] {
        guard old.isIssued(by: certificate) else {
            throw TLSError(
                .notSignedByCA, "the certificate \(old.shownSubject) was not issued by \(certificate.shownSubject)")
        }
        guard old.role != .authority else {
            throw TLSError(
                .wrongPurpose,
                "\(old.shownSubject) is a CA: 'nlgate pki renew DIR ca' with its own folder gives it a new certificate")
        }
        let holder: PrivateKey
        if let key {
            holder = key
        } else {
            // SAFETY: the new reference to the old certificate's key goes to its owner.
            holder = unsafe PrivateKey(owning: try expect(X509_get_pubkey(old.raw), "X509_get_pubkey"))
        }
        let builder = try CertificateBuilder(validity: bounded(validity), key: holder)
        try builder.copySubject(of: old, extensions: [NID_ext_key_usage, NID_subject_alt_name])
        try addLeaf(to: builder)
        return try builder.finish(signedBy: self.key)
    }

    /// A new certificate for this authority, which signs itself: same key, subject and constraints.
    ///
    /// What it has issued is issued by the new one too. The result is PEM text.
    ///
    /// - Throws: `library` when OpenSSL fails.
    func renewed(validity: Validity) throws(TLSError) -> [UInt8] {
        let builder = try CertificateBuilder(validity: validity, key: key)
        try builder.copySubject(of: certificate, extensions: Self.ownExtensions)
        try builder.setIssuer(certificate)
        return try builder.finish(signedBy: key)
    }

    /// A new certificate for an authority below this one: same key, subject and constraints.
    ///
    /// Its key need not be here. The result is PEM text.
    ///
    /// - Throws: `notSignedByCA` for that of somebody else, `library` when OpenSSL fails.
    func renewAuthority(_ old: Certificate, validity: Validity) throws(TLSError) -> [UInt8] {
        guard old.isIssued(by: certificate) else {
            throw TLSError(
                .notSignedByCA, "the certificate \(old.shownSubject) was not issued by \(certificate.shownSubject)")
        }
        // SAFETY: the new reference to the old certificate's key goes to its owner.
        let holder = unsafe PrivateKey(owning: try expect(X509_get_pubkey(old.raw), "X509_get_pubkey"))
        let builder = try CertificateBuilder(validity: bounded(validity), key: holder)
        try builder.copySubject(of: old, extensions: Self.ownExtensions)
        try builder.setIssuer(certificate)
        try builder.add(NID_authority_key_identifier, "keyid:always", issuer: certificate)
        return try builder.finish(signedBy: key)
    }

    /// What a new certificate of the same authority keeps to the letter, so that what it issued fits as before.
    private static let ownExtensions = [NID_basic_constraints, NID_key_usage, NID_subject_key_identifier]

    /// What every certificate has that is no CA's.
    private func addLeaf(to builder: CertificateBuilder) throws(TLSError) {
        try builder.setIssuer(certificate)
        try builder.add(NID_basic_constraints, "critical,CA:FALSE", issuer: certificate)
        try builder.add(NID_key_usage, "critical,digitalSignature", issuer: certificate)
        try builder.add(NID_subject_key_identifier, "hash", issuer: certificate)
        try builder.add(NID_authority_key_identifier, "keyid:always", issuer: certificate)
    }

    /// No certificate outlives its CA.
    private func bounded(_ validity: Validity) -> Validity {
        Validity(notBefore: validity.notBefore, notAfter: min(validity.notAfter, certificate.notAfter))
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
