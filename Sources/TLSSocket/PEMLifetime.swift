internal import COpenSSL

/// How long what stands in a PEM file is good.
public struct PEMLifetime: Equatable, Sendable {
    private static let mostCertificates = 1024

    /// Unix time of the first end of all that is in the file; nil for revocation lists without one.
    public let ends: Int64?
    /// The subject of the certificate that ends first, or the issuer of the revocation list; RFC 4514.
    public let subject: String

    /// Reads certificates, or revocation lists.
    ///
    /// - Throws: `TLSError` with code `badPEM` for anything else.
    public init(_ text: [UInt8], isRevocationList: Bool) throws(TLSError) {
        if isRevocationList {
            let lists = try PEM.revocationLists(text, "the file", limit: PEMLifetime.mostCertificates)
            ends = lists.compactMap(\.nextUpdate).min()
            subject = ""
        } else {
            let list = try PEM.certificates(text, "the file", limit: PEMLifetime.mostCertificates)
            let first = list.min { $0.notAfter < $1.notAfter }
            ends = first?.notAfter
            subject = first?.subject(limit: 256) ?? ""
        }
    }
}
