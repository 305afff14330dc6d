/// What a verified certificate says about its holder.
public struct PeerCertificate: Equatable, Sendable {
    /// SHA-256 of the whole certificate, 32 bytes.
    public let fingerprint: [UInt8]
    /// The subject's common name.
    public let commonName: String?
    /// The issuer's name as RFC 4514 text, pure ASCII.
    public let issuer: String
    /// The DNS names of the certificate.
    public let dnsNames: [String]
    /// The URIs of the certificate.
    public let uris: [String]
    /// The mail addresses of the certificate.
    public let emails: [String]
    /// Unix time from which the certificate is valid.
    public let notBefore: Int64
    /// Unix time until which the certificate is valid.
    public let notAfter: Int64
    /// The serial number in hexadecimal digits.
    public let serial: String
}
