/// When something comes to its end.
public struct Expiry: Equatable, Sendable {
    /// Unix time of its end; 0 for what isn't there or has none.
    public var end: Int64
    /// Unix time from which there should be warnings.
    public var warnsFrom: Int64

    /// What isn't there.
    public static let none = Expiry(end: 0, warnsFrom: 0)

    /// An end and when it is near.
    public init(end: Int64, warnsFrom: Int64) {
        self.end = end
        self.warnsFrom = warnsFrom
    }
}

/// The ends of what the keeper works with.
public struct Expiries: Equatable, Sendable {
    /// The server's certificate, or one of the CAs in its file.
    public var certificate: Expiry
    /// The CA of the server's own certificate.
    public var authority: Expiry
    /// The first of the clients' CAs that are still valid.
    public var clientAuthority: Expiry
    /// The first of the revocation lists.
    public var revocationList: Expiry

    /// Their ends.
    public init(certificate: Expiry, authority: Expiry, clientAuthority: Expiry, revocationList: Expiry) {
        self.certificate = certificate
        self.authority = authority
        self.clientAuthority = clientAuthority
        self.revocationList = revocationList
    }

    static let size = 4 * 2 * 8
    /// The end of the year 9999, which no certificate outlives.
    private static let last: Int64 = 253_402_300_799

    func write(to writer: inout PacketWriter) {
        for item in [certificate, authority, clientAuthority, revocationList] {
            writer.put(min(max(item.end, 0), Self.last))
            writer.put(min(max(item.warnsFrom, 0), Self.last))
        }
    }

    init?(from reader: inout PacketReader) {
        var items: [Expiry] = []
        for _ in 0..<4 {
            let (end, warnsFrom): (Int64, Int64) = (reader.number(), reader.number())
            guard (0...Self.last).contains(end), (0...end).contains(warnsFrom) else { return nil }
            items.append(Expiry(end: end, warnsFrom: warnsFrom))
        }
        self.init(certificate: items[0], authority: items[1], clientAuthority: items[2], revocationList: items[3])
    }
}
