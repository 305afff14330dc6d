internal import COpenSSL

/// What a certificate may be used for.
public enum CertificateRole: String, Sendable {
    /// A server's.
    case server
    /// A client's.
    case client
    /// Either side's.
    case both
    /// It signs others.
    case authority = "CA"
    /// Neither side of a connection may use it, or it is not known.
    case other
}

/// What a certificate says, for people; nothing of it is verified.
public struct CertificateDescription: Equatable, Sendable {
    /// What a policy can know a client by.
    public let peer: PeerCertificate
    /// The subject as RFC 4514 text; empty when it has none or one longer than 1,024 bytes.
    public let subject: String
    /// The addresses among its names.
    public let addresses: [String]
    /// What it may be used for.
    public let role: CertificateRole
    /// Type and size of its key.
    public let key: String
    /// SHA-256 of its public key in the form SubjectPublicKeyInfo, hexadecimal; keys of the same print belong to it.
    public let keyFingerprint: String
    /// How many CAs may follow below it; nil when it says nothing, or is no CA's.
    public let pathLength: Int?

    /// Its common name and all other names, each of those with its kind and a colon before it.
    public var names: [String] {
        [peer.commonName].compactMap { $0 } + peer.dnsNames.map { "DNS:\($0)" } + addresses.map { "IP:\($0)" }
            + peer.uris.map { "URI:\($0)" } + peer.emails.map { "email:\($0)" }
    }

    init(_ certificate: Certificate) {
        peer = PeerCertificate(certificate)
        subject = certificate.subject(limit: 1024)
        addresses = certificate.alternativeNames().addresses.map(addressText)
        role = certificate.role
        // SAFETY: the key and the number belong to the certificate, which lives through the calls.
        key = unsafe keyText(X509_get0_pubkey(certificate.raw))
        keyFingerprint = unsafe keyPrint(X509_get0_pubkey(certificate.raw))
        let length = unsafe X509_get_pathlen(certificate.raw)
        pathLength = role == .authority && length >= 0 ? Int(length) : nil
    }
}

extension Certificate {
    var role: CertificateRole {
        // SAFETY: the certificate lives through the calls, which only read it.
        if unsafe X509_check_ca(raw) != 0 { return .authority }
        let isServer = unsafe X509_check_purpose(raw, X509_PURPOSE_SSL_SERVER, 0) == 1
        let isClient = unsafe X509_check_purpose(raw, X509_PURPOSE_SSL_CLIENT, 0) == 1
        switch (isServer, isClient) {
        case (true, true): return .both
        case (true, false): return .server
        case (false, true): return .client
        case (false, false): return .other
        }
    }

    /// The serial number as an index has it.
    var indexSerial: String { CertificateIndex.serial(serial(limit: 32)) ?? "00" }

    /// The subject as OpenSSL's index has it: `/CN=name`.
    var indexSubject: String {
        // SAFETY: OpenSSL allocates the text, which is copied and freed.
        guard let text = unsafe X509_NAME_oneline(X509_get_subject_name(raw), nil, 0) else { return "/CN=unknown" }
        defer { unsafe CRYPTO_free(text, "", 0) }
        return unsafe String(cString: text)
    }

    /// True when this one was signed by that one.
    func isIssued(by issuer: Certificate) -> Bool {
        // SAFETY: both certificates live through the calls, which only read them.
        guard unsafe X509_check_issued(issuer.raw, raw) == X509_V_OK, let key = unsafe X509_get0_pubkey(issuer.raw)
        else { return false }
        defer { ERR_clear_error() }
        return unsafe X509_verify(raw, key) == 1
    }
}

/// `EC P-256`, `RSA 2048 bits`.
func keyText(_ key: OpaquePointer?) -> String {
    // SAFETY: the key lives through the calls, and the group's name is written into our buffer of that size.
    guard let key = unsafe key else { return "unknown" }
    let bits = unsafe EVP_PKEY_get_bits(key)
    switch unsafe EVP_PKEY_get_base_id(key) {
    case EVP_PKEY_RSA: return "RSA \(bits) bits"
    case EVP_PKEY_ED25519: return "Ed25519"
    case EVP_PKEY_ED448: return "Ed448"
    case EVP_PKEY_EC:
        var name = [CChar](repeating: 0, count: 80)
        var count = 0
        guard unsafe EVP_PKEY_get_group_name(key, &name, name.count, &count) == 1 else { return "EC \(bits) bits" }
        let group = String(decoding: name.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let known = ["prime256v1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"]
        return "EC \(known[group] ?? group)"
    default: return "of another type, \(bits) bits"
    }
}

/// SHA-256 of a key's public half, hexadecimal.
func keyPrint(_ key: OpaquePointer?) -> String {
    // SAFETY: OpenSSL allocates the encoding, which is read and freed; the digest's buffer has its size.
    var encoded: UnsafeMutablePointer<UInt8>?
    let count = unsafe i2d_PUBKEY(key, &encoded)
    defer { unsafe CRYPTO_free(encoded, "", 0) }
    var digest = [UInt8](repeating: 0, count: 32)
    guard count > 0, unsafe EVP_Digest(encoded, Int(count), &digest, nil, EVP_sha256(), nil) == 1 else { return "" }
    return hexadecimal(digest)
}
