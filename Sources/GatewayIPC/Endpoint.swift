/// How a client reached the gateway.
public enum Transport: UInt8, Sendable {
    /// Mutual TLS: `tls://` and `ssl://`.
    case tls = 1
    /// Plain TCP: `tcp://`.
    case tcp = 2
    /// A Unix socket: `unix://`.
    case unix = 3
}

/// An Internet address and port.
///
/// A frontend's word: for the log, never for a grant.
public struct Endpoint: Equatable, Sendable {
    /// 16 bytes in network order; IPv4 as ::ffff:a.b.c.d; zeros when unknown.
    public var address: [UInt8]
    /// Port in host byte order.
    public var port: UInt16

    /// An endpoint from its parts.
    public init(address: [UInt8], port: UInt16) {
        self.address = address
        self.port = port
    }

    /// Nothing known.
    public static let unknown = Endpoint(address: [UInt8](repeating: 0, count: 16), port: 0)

    static let size = 18

    func write(to writer: inout PacketWriter) {
        writer.put(address, count: 16)
        writer.put(port)
    }

    init(from reader: inout PacketReader) {
        address = reader.content(count: 16)
        port = reader.number()
    }
}
