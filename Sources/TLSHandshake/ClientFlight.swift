/// A full TLS 1.3 handshake with client authentication, from ClientHello to the client's Certificate.
///
/// Its bytes are the word of whoever passes them on; what they prove is decided by hashes and signatures over them.
public struct ClientFlight: Sendable {
    /// The number of the extension of CertificateRequest that carries the nonce.
    ///
    /// It is one of those for private use, and clients ignore what they don't know (RFC 8446, section 4.3.2).
    public static let nonceExtension: UInt16 = 0xff4e
    /// Length of a nonce in bytes.
    public static let nonceLength = 32
    /// Most bytes of a transcript.
    public static let limit = 64 * 1024
    /// Most certificates of a chain.
    public static let chainLimit = 8

    /// The digest of the cipher suite.
    public let digest: HandshakeDigest
    /// What CertificateRequest asked the client to sign.
    public let nonce: [UInt8]
    /// The server's own certificate, DER.
    public let serverCertificate: [UInt8]
    /// The client's certificates, its own first, DER.
    public let clientChain: [[UInt8]]

    private let bytes: [UInt8]
    /// Where the first ClientHello ends, if the server asked for another one.
    private let endOfFirstHello: Int?
    private let endOfServerCertificate: Int

    /// Reads the messages, which must be these, in this order, and nothing else.
    ///
    /// - Throws: what is wrong with the first message that isn't right.
    public init(_ bytes: [UInt8]) throws(HandshakeError) {
        guard bytes.count <= ClientFlight.limit else { throw HandshakeError("the handshake is too long") }
        var messages = Messages(bytes)
        _ = try messages.next(MessageType.clientHello)
        var endOfFirstHello: Int?
        var hello = try ServerHello(bytes, try messages.next(MessageType.serverHello))
        if hello.asksForRetry {
            endOfFirstHello = messages.ends.first
            _ = try messages.next(MessageType.clientHello)
            let second = try ServerHello(bytes, try messages.next(MessageType.serverHello))
            guard !second.asksForRetry, second.suite == hello.suite else {
                throw HandshakeError("the server changed its mind twice")
            }
            hello = second
        }
        _ = try messages.next(MessageType.encryptedExtensions)
        nonce = try Self.nonce(bytes, try messages.next(MessageType.certificateRequest))
        let server = try Self.chain(bytes, try messages.next(MessageType.certificate))
        endOfServerCertificate = messages.offset
        _ = try messages.next(MessageType.certificateVerify)
        _ = try messages.next(MessageType.finished)
        clientChain = try Self.chain(bytes, try messages.next(MessageType.certificate))
        try messages.finish()
        guard let own = server.first else { throw HandshakeError("the server sent no certificate") }
        serverCertificate = own
        digest = hello.suite
        self.endOfFirstHello = endOfFirstHello
        self.bytes = bytes
    }

    /// What the server signed: the hash of everything up to its Certificate.
    public func serverHash(_ hash: (HandshakeDigest, [UInt8]) -> [UInt8]) -> [UInt8] {
        transcriptHash(endOfServerCertificate, hash)
    }

    /// What the client signs: the hash of everything up to its Certificate.
    public func clientHash(_ hash: (HandshakeDigest, [UInt8]) -> [UInt8]) -> [UInt8] {
        transcriptHash(bytes.count, hash)
    }

    /// A first ClientHello that was answered by HelloRetryRequest counts as its hash (RFC 8446, section 4.4.1).
    private func transcriptHash(_ end: Int, _ hash: (HandshakeDigest, [UInt8]) -> [UInt8]) -> [UInt8] {
        guard let endOfFirstHello else { return hash(digest, Array(bytes[..<end])) }
        let first = hash(digest, Array(bytes[..<endOfFirstHello]))
        let header = [MessageType.messageHash, 0, 0, UInt8(digest.length)]
        return hash(digest, header + first + bytes[endOfFirstHello..<end])
    }

    private static func nonce(_ bytes: [UInt8], _ message: Range<Int>) throws(HandshakeError) -> [UInt8] {
        var reader = MessageReader(bytes, message)
        guard try reader.content(1).isEmpty else { throw HandshakeError("the request has a context") }
        guard let place = try reader.extensions()[Int(nonceExtension)], place.count == nonceLength else {
            throw HandshakeError("the request has no nonce")
        }
        return Array(bytes[place])
    }

    private static func chain(_ bytes: [UInt8], _ message: Range<Int>) throws(HandshakeError) -> [[UInt8]] {
        var reader = MessageReader(bytes, message)
        guard try reader.content(1).isEmpty else { throw HandshakeError("a certificate has a context") }
        var list = try reader.vector(3)
        try reader.finish()
        var chain: [[UInt8]] = []
        while !list.isAtEnd {
            guard chain.count < chainLimit else { throw HandshakeError("a chain is too long") }
            chain.append(Array(bytes[try list.content(3)]))
            _ = try list.content(2)
        }
        return chain
    }
}

/// One message after the other.
private struct Messages {
    private let bytes: [UInt8]
    private(set) var offset = 0
    /// Where each message that was read ends.
    private(set) var ends: [Int] = []

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The body of the next message, which must be of this type.
    mutating func next(_ type: UInt8) throws(HandshakeError) -> Range<Int> {
        var reader = MessageReader(bytes, offset..<bytes.count)
        guard try reader.number(1) == Int(type) else { throw HandshakeError("a message is missing or out of order") }
        let body = try reader.content(3)
        offset = reader.offset
        ends.append(offset)
        return body
    }

    func finish() throws(HandshakeError) {
        guard offset == bytes.count else { throw HandshakeError("messages follow the client's certificate") }
    }
}

/// What is decided by ServerHello.
private struct ServerHello {
    let suite: HandshakeDigest
    let asksForRetry: Bool

    /// The random of a HelloRetryRequest: SHA-256 of that name (RFC 8446, section 4.1.3).
    private static let retry: [UInt8] = [
        0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
        0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
    ]
    private static let supportedVersions = 43
    private static let preSharedKey = 41

    init(_ bytes: [UInt8], _ message: Range<Int>) throws(HandshakeError) {
        var reader = MessageReader(bytes, message)
        guard try reader.number(2) == 0x0303 else { throw HandshakeError("the server's version is not TLS 1.3") }
        asksForRetry = bytes[try reader.take(32)].elementsEqual(ServerHello.retry)
        guard try reader.content(1).count <= 32 else { throw HandshakeError("a session id is too long") }
        switch try reader.number(2) {
        case 0x1301, 0x1303: suite = .sha256
        case 0x1302: suite = .sha384
        default: throw HandshakeError("the cipher suite is not one of ours")
        }
        guard try reader.number(1) == 0 else { throw HandshakeError("the server compresses") }
        let extensions = try reader.extensions()
        guard let version = extensions[ServerHello.supportedVersions], bytes[version].elementsEqual([3, 4]) else {
            throw HandshakeError("the server's version is not TLS 1.3")
        }
        guard extensions[ServerHello.preSharedKey] == nil else { throw HandshakeError("the handshake is a resumption") }
    }
}
