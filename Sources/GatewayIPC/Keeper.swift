/// What a frontend asks the keeper about one of its connections, one question at a time.
///
/// The last part of each message has any length up to its limit; the packet's length says how long it is.
public enum KeeperRequest: Equatable, Sendable {
    /// A handshake begins: which nonce does it get?
    case begin(connection: UInt32)
    /// Sign what the server signs in a handshake of TLS 1.3.
    case sign(connection: UInt32, content: [UInt8])
    /// Judge the client's certificates, by the handshake up to and with them.
    case judge(connection: UInt32, transcript: [UInt8])
    /// This is the client's CertificateVerify: tell the supervisor who the client is.
    case prove(connection: UInt32, message: [UInt8])
    /// The handshake came to nothing.
    case forget(connection: UInt32)
}

/// What the keeper answers; `forget` has no answer.
public enum KeeperReply: Equatable, Sendable {
    /// To `begin`: 32 bytes.
    case nonce(connection: UInt32, [UInt8])
    /// To `sign`.
    case signature(connection: UInt32, [UInt8])
    /// To `judge`: 0, or OpenSSL's X509_V_ERR_ number.
    case judged(connection: UInt32, code: UInt32)
    /// To `prove`: the supervisor knows who the client is.
    case proved(connection: UInt32)
    /// To any of them: no, for one of ``KeeperRefusal``'s reasons.
    case refused(connection: UInt32, reason: UInt32)
    /// Unasked, before everything else: the certificate that belongs to the keeper's key, and the chain above it, PEM.
    case certificate([UInt8])
}

/// Why the keeper doesn't do what it was asked.
public enum KeeperRefusal {
    /// There are more handshakes than there may be.
    public static let busy: UInt32 = 1
    /// The bytes are not a handshake that this keeper has a part in.
    public static let notAHandshake: UInt32 = 2
    /// The signature is not the client's.
    public static let notTheClient: UInt32 = 3
}

/// No packet between a frontend and the keeper is longer, in bytes.
public let maximumKeeperPacket = 6 + 64 * 1024

/// Most bytes of the server's certificate file.
public let maximumCertificateFile = 64 * 1024

private let headerLength = 6

private func packet(_ kind: UInt16, _ connection: UInt32, _ content: [UInt8]) -> [UInt8] {
    var writer = PacketWriter()
    writer.put(kind)
    writer.put(connection)
    writer.put(content, count: content.count)
    return writer.bytes
}

/// The parts of a packet whose kind is known and whose content has one of that kind's lengths.
private func parts<Kind>(
    _ bytes: [UInt8], _ kindOf: (UInt16) -> Kind?, _ lengths: (Kind) -> ClosedRange<Int>
) throws(MalformedMessage) -> (kind: Kind, connection: UInt32, content: [UInt8]) {
    let number = bytes.count >= 2 ? UInt16(bytes[0]) | UInt16(bytes[1]) << 8 : nil
    guard bytes.count >= headerLength, let kind = number.flatMap(kindOf),
        lengths(kind).contains(bytes.count - headerLength)
    else { throw MalformedMessage(kind: number, length: bytes.count) }
    var reader = PacketReader(bytes, from: 2)
    return (kind, reader.number(), Array(bytes[headerLength...]))
}

extension KeeperRequest {
    private enum Kind: UInt16 {
        case begin = 64
        case sign, judge, prove, forget

        var lengths: ClosedRange<Int> {
            switch self {
            case .begin, .forget: 0...0
            // 64 spaces, the name of the context, a zero and the longest hash; the keeper says which are right.
            case .sign: 0...256
            case .judge: 0...64 * 1024
            case .prove: 0...4096
            }
        }
    }

    /// The message's bytes.
    public func encode() -> [UInt8] {
        switch self {
        case .begin(let connection): packet(Kind.begin.rawValue, connection, [])
        case .sign(let connection, let content): packet(Kind.sign.rawValue, connection, content)
        case .judge(let connection, let transcript): packet(Kind.judge.rawValue, connection, transcript)
        case .prove(let connection, let message): packet(Kind.prove.rawValue, connection, message)
        case .forget(let connection): packet(Kind.forget.rawValue, connection, [])
        }
    }

    /// Reads one message; `bytes` is exactly what one receive returned.
    ///
    /// - Throws: `MalformedMessage` for an unknown kind or a length that the kind doesn't have.
    public init(_ bytes: [UInt8]) throws(MalformedMessage) {
        let (kind, connection, content) = try parts(bytes, Kind.init(rawValue:), { $0.lengths })
        switch kind {
        case .begin: self = .begin(connection: connection)
        case .sign: self = .sign(connection: connection, content: content)
        case .judge: self = .judge(connection: connection, transcript: content)
        case .prove: self = .prove(connection: connection, message: content)
        case .forget: self = .forget(connection: connection)
        }
    }
}

extension KeeperReply {
    private enum Kind: UInt16 {
        case nonce = 80
        case signature, judged, proved, refused, certificate

        var lengths: ClosedRange<Int> {
            switch self {
            case .nonce: 32...32
            case .signature: 1...1024
            case .judged, .refused: 4...4
            case .proved: 0...0
            case .certificate: 1...maximumCertificateFile
            }
        }
    }

    /// The message's bytes.
    public func encode() -> [UInt8] {
        switch self {
        case .nonce(let connection, let bytes): packet(Kind.nonce.rawValue, connection, bytes)
        case .signature(let connection, let bytes): packet(Kind.signature.rawValue, connection, bytes)
        case .judged(let connection, let code): packet(Kind.judged.rawValue, connection, little(code))
        case .proved(let connection): packet(Kind.proved.rawValue, connection, [])
        case .refused(let connection, let reason): packet(Kind.refused.rawValue, connection, little(reason))
        case .certificate(let text): packet(Kind.certificate.rawValue, 0, text)
        }
    }

    /// Reads one message; `bytes` is exactly what one receive returned.
    ///
    /// - Throws: `MalformedMessage` for an unknown kind or a length that the kind doesn't have.
    public init(_ bytes: [UInt8]) throws(MalformedMessage) {
        let (kind, connection, content) = try parts(bytes, Kind.init(rawValue:), { $0.lengths })
        var reader = PacketReader(content, from: 0)
        switch kind {
        case .nonce: self = .nonce(connection: connection, content)
        case .signature: self = .signature(connection: connection, content)
        case .judged: self = .judged(connection: connection, code: reader.number())
        case .proved: self = .proved(connection: connection)
        case .refused: self = .refused(connection: connection, reason: reader.number())
        case .certificate:
            guard connection == 0 else { throw MalformedMessage(kind: kind.rawValue, length: bytes.count) }
            self = .certificate(content)
        }
    }
}

private func little(_ number: UInt32) -> [UInt8] {
    var writer = PacketWriter()
    writer.put(number)
    return writer.bytes
}
