internal import COpenSSL

/// How long what stands in a PEM file is good.
public struct PEMLifetime: Equatable, Sendable {
    /// What a file has in it.
    public enum Content: Sendable {
        /// A certificate and those above it: all are needed.
        case chain
        /// CAs, of which one is enough for each certificate.
        case authorities
        /// Revocation lists: all are needed.
        case revocationLists
    }

    private static let mostObjects = 1024

    /// Unix time of the first end of all that is in the file; nil for revocation lists without one.
    ///
    /// Of authorities, the first end of those that are valid still; the last end when none is.
    public let ends: Int64?
    /// Unix time from which that end is near: see ``warningTime(from:to:)``.
    public let warnsFrom: Int64?
    /// The subject of the certificate whose end it is; RFC 4514, empty for revocation lists.
    public let subject: String

    /// Reads a file's text.
    ///
    /// - Throws: `TLSError` with code `badPEM` for anything but what it should have in it.
    public init(_ text: [UInt8], _ content: Content) throws(TLSError) {
        if content == .revocationLists {
            let lists = try PEM.revocationLists(text, "the file", limit: PEMLifetime.mostObjects)
            let first = lists.filter { $0.nextUpdate != nil }.min { ($0.nextUpdate ?? 0) < ($1.nextUpdate ?? 0) }
            ends = first?.nextUpdate
            warnsFrom = ends.map { PEMLifetime.warningTime(from: first?.lastUpdate ?? $0, to: $0) }
            subject = ""
            return
        }
        let list = try PEM.certificates(text, "the file", limit: PEMLifetime.mostObjects)
        let now = currentTime()
        let relevant = content == .chain ? list : list.filter { $0.notAfter >= now }
        let first = relevant.min { $0.notAfter < $1.notAfter } ?? list.max { $0.notAfter < $1.notAfter }
        ends = first?.notAfter
        warnsFrom = first.map { PEMLifetime.warningTime(from: $0.notBefore, to: $0.notAfter) }
        subject = first?.subject(limit: 256) ?? ""
    }

    /// From when on the end of something should be warned of: in the last third of its time, in the last thirty days at
    /// most.
    ///
    /// What lives for an hour, as certificates that are renewed by programs do, is not near its end all the time.
    public static func warningTime(from begin: Int64, to end: Int64) -> Int64 {
        let (span, isTooLong) = end.subtractingReportingOverflow(begin)
        let most: Int64 = 30 * 86_400
        return end.subtractingReportingOverflow(isTooLong ? most : min(max(span, 0) / 3, most)).partialValue
    }
}
