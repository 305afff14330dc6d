/// How a client reached the gateway.
public enum Transport: UInt8, Sendable {
    /// Mutual TLS: `tls://` and `ssl://`.
    case tls = 1
    /// Plain TCP: `tcp://`.
    case tcp = 2
    /// A Unix socket: `unix://`.
    case unix = 3
}

/// Who a client is, as a frontend reports it.
///
/// The supervisor treats every field as hostile: it is compared and shown, never parsed.
public struct IdentityRecord: Equatable, Sendable {
    /// SHA-256 of the client's certificate; zeros for an anonymous client.
    public var fingerprint: [UInt8]
    /// End of the certificate's validity in Unix seconds; 0 for an anonymous client.
    public var notAfter: Int64
    /// For people: WELCOME and the log.
    ///
    /// At most 160 bytes, printable ASCII.
    public var display: String

    /// A record from its parts.
    public init(fingerprint: [UInt8], notAfter: Int64, display: String) {
        self.fingerprint = fingerprint
        self.notAfter = notAfter
        self.display = display
    }

    /// The record of somebody without a certificate.
    public static let anonymous = IdentityRecord(
        fingerprint: [UInt8](repeating: 0, count: 32), notAfter: 0, display: "anonymous")

    static let size = 32 + 8 + 160

    func write(to writer: inout PacketWriter) {
        writer.put(fingerprint, count: 32)
        writer.put(notAfter)
        writer.put(display, count: 160)
    }

    init(from reader: inout PacketReader) {
        fingerprint = reader.content(count: 32)
        notAfter = reader.number()
        display = reader.text(count: 160)
    }
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
