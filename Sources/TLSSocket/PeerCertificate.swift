/// What a verified certificate says about its holder.
///
/// Its texts are the certificate's, with control characters, backslashes and broken UTF-8 as `\` and two hexadecimal
/// digits, so that two different names never look the same. What is too long is left out, never cut.
public struct PeerCertificate: Equatable, Sendable {
    /// Bytes that a common name may have.
    public static let nameLimit = 255
    /// Alternative names of one kind that are kept.
    public static let countLimit = 16

    /// SHA-256 of the whole certificate, 32 bytes.
    public let fingerprint: [UInt8]
    /// The subject's common name; nil when there is none or more than one.
    public let commonName: String?
    /// The issuer's name as RFC 4514 text, pure ASCII; empty when it is longer than 1,024 bytes.
    public let issuer: String
    /// The DNS names of the certificate.
    public let dnsNames: [String]
    /// The URIs of the certificate.
    public let uris: [String]
    /// The mail addresses of the certificate.
    public let emails: [String]
    /// How many alternative names were left out because they were too long or too many.
    public let omittedNames: Int
    /// Unix time from which the certificate is valid.
    public let notBefore: Int64
    /// Unix time until which the certificate is valid.
    public let notAfter: Int64
    /// The serial number in hexadecimal digits.
    public let serial: String

    init(_ certificate: Certificate) {
        let names = certificate.alternativeNames(limits: .init(count: Self.countLimit, length: Self.nameLimit))
        fingerprint = certificate.fingerprint
        commonName = certificate.commonName(limit: Self.nameLimit)
        issuer = certificate.issuer(limit: 1024)
        dnsNames = names.dns
        uris = names.uris
        emails = names.emails
        omittedNames = names.omitted
        notBefore = certificate.notBefore
        notAfter = certificate.notAfter
        serial = certificate.serial(limit: 32)
    }
}
