/// Who a client is, with everything that a policy may ask about.
///
/// Every field may come from a hostile frontend until a separate process verifies certificates: it is compared, never
/// parsed.
public enum Identity: Equatable, Hashable, Sendable {
    /// A verified certificate.
    case certificate(CertificateIdentity)
    /// A Unix peer, as the kernel says.
    case user(uid: UInt32, gid: UInt32)
    /// Plain TCP, by the peer's address.
    case anonymous(address: [UInt8])

    /// What sessions are counted by: a fingerprint, a uid, an address.
    public var principal: Principal {
        switch self {
        case .certificate(let certificate): .certificate(fingerprint: certificate.fingerprint)
        case .user(let uid, let gid): .user(uid: uid, gid: gid)
        case .anonymous(let address): .anonymous(address: address)
        }
    }
}

/// What a certificate says of its holder.
public struct CertificateIdentity: Equatable, Hashable, Sendable {
    /// SHA-256 of the certificate.
    public var fingerprint: [UInt8]
    /// The subject's common name; empty for none.
    public var commonName: String
    /// The issuer, as RFC 4514 text; empty when it isn't known.
    public var issuer: String
    /// DNS names.
    public var dnsNames: [String]
    /// URIs.
    public var uris: [String]
    /// Mail addresses.
    public var emails: [String]

    /// An identity from its parts.
    public init(
        fingerprint: [UInt8], commonName: String = "", issuer: String = "", dnsNames: [String] = [],
        uris: [String] = [], emails: [String] = []
    ) {
        self.fingerprint = fingerprint
        self.commonName = commonName
        self.issuer = issuer
        self.dnsNames = dnsNames
        self.uris = uris
        self.emails = emails
    }
}

/// What sessions are counted by.
public enum Principal: Equatable, Hashable, Sendable {
    /// A certificate, by its SHA-256.
    case certificate(fingerprint: [UInt8])
    /// A Unix peer, as the kernel says.
    case user(uid: UInt32, gid: UInt32)
    /// Plain TCP, by the peer's address.
    case anonymous(address: [UInt8])
}
