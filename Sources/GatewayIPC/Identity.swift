/// How a client reached the gateway.
public enum Transport: UInt8, Sendable {
    /// Mutual TLS: `tls://` and `ssl://`.
    case tls = 1
    /// Plain TCP: `tcp://`.
    case tcp = 2
    /// A Unix socket: `unix://`.
    case unix = 3
}

/// An alternative name of a certificate.
public struct AlternativeName: Equatable, Sendable {
    /// What kind of name it is.
    public enum Kind: UInt8, Sendable {
        /// dNSName.
        case dns = 1
        /// uniformResourceIdentifier.
        case uri = 2
        /// rfc822Name.
        case email = 3
    }

    /// The kind.
    public var kind: Kind
    /// At most 255 bytes of UTF-8 without control characters.
    public var text: String

    /// A name from its parts.
    public init(_ kind: Kind, _ text: String) {
        self.kind = kind
        self.text = text
    }
}

/// Who a client is, by its certificate, as the keeper reports it.
///
/// A certificate's texts may be anybody's: they are compared and shown, never parsed.
public struct IdentityRecord: Equatable, Sendable {
    /// SHA-256 of the client's certificate; zeros for an anonymous client.
    public var fingerprint: [UInt8]
    /// End of the certificate's validity in Unix seconds; 0 for an anonymous client.
    public var notAfter: Int64
    /// For people: WELCOME and the log.
    ///
    /// At most 160 bytes, printable ASCII.
    public var display: String
    /// The subject's common name; empty when there is none, or one of more than 255 bytes.
    public var commonName: String
    /// The issuer's name as RFC 4514 text; empty when it is longer than 1,024 bytes.
    public var issuer: String
    /// Alternative names; what doesn't fit into 2,048 bytes together is left out, never cut.
    public var alternativeNames: [AlternativeName]

    /// A record from its parts.
    public init(
        fingerprint: [UInt8], notAfter: Int64, display: String, commonName: String = "", issuer: String = "",
        alternativeNames: [AlternativeName] = []
    ) {
        self.fingerprint = fingerprint
        self.notAfter = notAfter
        self.display = display
        self.commonName = commonName
        self.issuer = issuer
        self.alternativeNames = alternativeNames
    }

    /// The record of somebody without a certificate.
    public static let anonymous = IdentityRecord(
        fingerprint: [UInt8](repeating: 0, count: 32), notAfter: 0, display: "anonymous")

    private static let commonNameSize = 255
    private static let issuerSize = 1024
    private static let namesSize = 2048
    static let size = 32 + 8 + 160 + commonNameSize + issuerSize + namesSize

    func write(to writer: inout PacketWriter) {
        writer.put(fingerprint, count: 32)
        writer.put(notAfter)
        writer.put(display, count: 160)
        writer.put(whole: commonName, count: IdentityRecord.commonNameSize)
        writer.put(whole: issuer, count: IdentityRecord.issuerSize)
        var names: [UInt8] = []
        for name in alternativeNames {
            let text = Array(name.text.utf8)
            guard (1...255).contains(text.count), names.count + 2 + text.count <= IdentityRecord.namesSize else {
                continue
            }
            names += [name.kind.rawValue, UInt8(text.count)] + text
        }
        writer.put(names, count: IdentityRecord.namesSize)
    }

    init?(from reader: inout PacketReader) {
        fingerprint = reader.content(count: 32)
        notAfter = reader.number()
        display = reader.text(count: 160)
        guard let commonName = reader.name(count: IdentityRecord.commonNameSize),
            let issuer = reader.name(count: IdentityRecord.issuerSize),
            let names = IdentityRecord.names(reader.content(count: IdentityRecord.namesSize))
        else { return nil }
        self.commonName = commonName
        self.issuer = issuer
        alternativeNames = names
    }

    private static func names(_ bytes: [UInt8]) -> [AlternativeName]? {
        var names: [AlternativeName] = []
        var offset = 0
        while offset < bytes.count, bytes[offset] != 0 {
            guard let kind = AlternativeName.Kind(rawValue: bytes[offset]), offset + 2 <= bytes.count else {
                return nil
            }
            let count = Int(bytes[offset + 1])
            guard count > 0, offset + 2 + count <= bytes.count else { return nil }
            var reader = PacketReader(bytes, from: offset + 2)
            guard let text = reader.name(count: count), text.utf8.count == count else { return nil }
            names.append(AlternativeName(kind, text))
            offset += 2 + count
        }
        return bytes[offset...].allSatisfy { $0 == 0 } ? names : nil
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
