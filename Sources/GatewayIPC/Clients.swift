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

/// Who a client is, by its certificate, as the keeper reports it: everything of it that the supervisor understands.
public struct IdentityRecord: Equatable, Sendable {
    /// SHA-256 of the client's certificate.
    public var fingerprint: [UInt8]
    /// End of the certificate's validity in Unix seconds.
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

/// What a keeper must know of a client to judge it once more: under another policy, or with another CRL.
///
/// The supervisor keeps its bytes and gives them back; only keepers look inside. A certificate's texts may be anybody's:
/// they are compared and shown, never parsed.
public struct ClientMemo: Equatable, Sendable {
    /// SHA-256 of the client's certificate.
    public var fingerprint: [UInt8]
    /// The subject's common name; empty when there is none, or one of more than 255 bytes.
    public var commonName: String
    /// The issuer's name as RFC 4514 text; empty when it is longer than 1,024 bytes.
    public var issuer: String
    /// Alternative names; what doesn't fit into 2,048 bytes together is left out, never cut.
    public var alternativeNames: [AlternativeName]
    /// Hashes of the verified chain: of its certificates, their issuers and serial numbers.
    public var trace: [UInt8]

    /// A memo from its parts.
    public init(
        fingerprint: [UInt8], commonName: String = "", issuer: String = "", alternativeNames: [AlternativeName] = [],
        trace: [UInt8]
    ) {
        self.fingerprint = fingerprint
        self.commonName = commonName
        self.issuer = issuer
        self.alternativeNames = alternativeNames
        self.trace = trace
    }

    /// Bytes of ``trace``.
    public static let traceSize = 384
    /// Bytes of the whole.
    public static let size = 32 + commonNameSize + issuerSize + namesSize + traceSize
    private static let commonNameSize = 255
    private static let issuerSize = 1024
    private static let namesSize = 2048

    /// The memo's bytes, ``size`` of them.
    public func encode() -> [UInt8] {
        var writer = PacketWriter()
        writer.put(fingerprint, count: 32)
        writer.put(whole: commonName, count: ClientMemo.commonNameSize)
        writer.put(whole: issuer, count: ClientMemo.issuerSize)
        var names: [UInt8] = []
        for name in alternativeNames {
            let text = Array(name.text.utf8)
            guard (1...255).contains(text.count), names.count + 2 + text.count <= ClientMemo.namesSize else {
                continue
            }
            names += [name.kind.rawValue, UInt8(text.count)] + text
        }
        writer.put(names, count: ClientMemo.namesSize)
        writer.put(trace, count: ClientMemo.traceSize)
        return writer.bytes
    }

    /// Reads a memo; nil for bytes that `encode()` couldn't have written.
    public init?(_ bytes: [UInt8]) {
        guard bytes.count == ClientMemo.size else { return nil }
        var reader = PacketReader(bytes, from: 0)
        fingerprint = reader.content(count: 32)
        guard let commonName = reader.name(count: ClientMemo.commonNameSize),
            let issuer = reader.name(count: ClientMemo.issuerSize),
            let names = ClientMemo.names(reader.content(count: ClientMemo.namesSize))
        else { return nil }
        self.commonName = commonName
        self.issuer = issuer
        alternativeNames = names
        trace = reader.content(count: ClientMemo.traceSize)
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

/// The keeper's word on who the client of a connection is.
public struct VerifiedClient: Equatable, Sendable {
    /// The frontend, as the supervisor numbers it.
    public var frontend: UInt64
    /// The frontend's number for the connection.
    public var connection: UInt32
    /// What the supervisor has to know of the client's certificate.
    public var identity: IdentityRecord
    /// ``ClientMemo``, for keepers to come; to others just bytes.
    public var memo: [UInt8]

    /// A word from its parts.
    public init(frontend: UInt64, connection: UInt32, identity: IdentityRecord, memo: [UInt8]) {
        self.frontend = frontend
        self.connection = connection
        self.identity = identity
        self.memo = memo
    }

    static let size = 8 + 4 + IdentityRecord.size + ClientMemo.size

    func write(to writer: inout PacketWriter) {
        writer.put(frontend)
        writer.put(connection)
        identity.write(to: &writer)
        writer.put(memo, count: ClientMemo.size)
    }

    init(from reader: inout PacketReader) {
        frontend = reader.number()
        connection = reader.number()
        identity = IdentityRecord(from: &reader)
        memo = reader.content(count: ClientMemo.size)
    }
}

/// The keeper's word on what the client of a connection is to the policy: which clients of it, and by which bindings,
/// each of which is a set of roles.
public struct ClientMapping: Equatable, Sendable {
    /// The frontend, as the supervisor numbers it.
    public var frontend: UInt64
    /// The frontend's number for the connection.
    public var connection: UInt32
    /// Number of the policy that the indexes are of.
    public var policy: UInt32
    /// Indexes of clients, ascending, below ``mostIndexes``.
    public var clients: [UInt16]
    /// Indexes of bindings, ascending, below ``mostIndexes``.
    public var bindings: [UInt16]
    /// What a policy can say of the client, in the policy's words; at most 400 bytes, printable ASCII.
    public var words: String

    /// A mapping from its parts.
    public init(
        frontend: UInt64, connection: UInt32, policy: UInt32, clients: [UInt16], bindings: [UInt16], words: String
    ) {
        self.frontend = frontend
        self.connection = connection
        self.policy = policy
        self.clients = clients
        self.bindings = bindings
        self.words = words
    }

    /// Clients and bindings that a policy has at most, of each; a test holds it against the tables'.
    public static let mostIndexes = 4096
    static let size = 8 + 4 + 4 + 2 * mostIndexes / 8 + 400

    func write(to writer: inout PacketWriter) {
        writer.put(frontend)
        writer.put(connection)
        writer.put(policy)
        writer.put(bits: clients, count: ClientMapping.mostIndexes)
        writer.put(bits: bindings, count: ClientMapping.mostIndexes)
        writer.put(words, count: 400)
    }

    init(from reader: inout PacketReader) {
        frontend = reader.number()
        connection = reader.number()
        policy = reader.number()
        clients = reader.bits(count: ClientMapping.mostIndexes)
        bindings = reader.bits(count: ClientMapping.mostIndexes)
        words = reader.text(count: 400)
    }
}
