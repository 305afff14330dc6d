/// Unix times at which what the keeper works with comes to its end; 0 where there is no such file.
public struct Expiries: Equatable, Sendable {
    /// The server's certificate, or one of the CAs in its file.
    public var certificate: Int64
    /// The CA of the server's own certificate.
    public var authority: Int64
    /// The first of the clients' CAs that are still valid.
    public var clientAuthority: Int64
    /// The first of the revocation lists.
    public var revocationList: Int64

    /// Times of their ends.
    public init(certificate: Int64, authority: Int64, clientAuthority: Int64, revocationList: Int64) {
        self.certificate = certificate
        self.authority = authority
        self.clientAuthority = clientAuthority
        self.revocationList = revocationList
    }

    static let size = 4 * 8
    /// The end of the year 9999, which no certificate outlives.
    private static let last: Int64 = 253_402_300_799

    func write(to writer: inout PacketWriter) {
        for time in [certificate, authority, clientAuthority, revocationList] {
            writer.put(min(max(time, 0), Self.last))
        }
    }

    init?(from reader: inout PacketReader) {
        var times: [Int64] = []
        for _ in 0..<4 { times.append(reader.number()) }
        guard times.allSatisfy({ (0...Self.last).contains($0) }) else { return nil }
        self.init(certificate: times[0], authority: times[1], clientAuthority: times[2], revocationList: times[3])
    }
}
