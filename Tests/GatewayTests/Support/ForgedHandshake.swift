import GatewayIPC
import LinuxSys
import TLSHandshake

@testable import TLSSocket

/// A handshake that never was, with everything in it that the keeper looks at.
struct ForgedHandshake {
    /// What the server would sign.
    let content: [UInt8]
    /// Everything up to the client's Certificate.
    let transcript: [UInt8]

    /// `padding` bytes more are in a message that nobody reads.
    init(nonce: [UInt8], server: [UInt8], client chain: [[UInt8]], padding: Int = 0) {
        let version: [UInt8] = [0, 43, 0, 2, 3, 4]
        let hello: [UInt8] = [3, 3] + [UInt8](repeating: 9, count: 32) + [0, 0x13, 0x01, 0, 0, 6] + version
        let request: [UInt8] = [0, 0, 36, 0xff, 0x4e, 0, 32] + nonce
        let begin =
            Self.message(1, [UInt8](repeating: 1, count: 64)) + Self.message(2, hello) + Self.message(8, [0, 0])
            + Self.message(13, request) + Self.certificates([server])
        let end =
            Self.message(15, [8, 7, 0, 0]) + Self.message(20, [UInt8](repeating: 2, count: 32 + padding))
            + Self.certificates(chain)
        content = SignedContent.bytes(.server, transcriptHash: HandshakeDigest.sha256.hash(begin))
        transcript = begin + end
    }

    /// The client's CertificateVerify, of a P-256 key in PEM.
    func proof(_ key: [UInt8]) throws -> [UInt8] {
        let content = SignedContent.bytes(.client, transcriptHash: HandshakeDigest.sha256.hash(transcript))
        let signature = try SignatureScheme.ecdsaP256.sign(content, with: PEM.privateKey(key, "the client's key"))
        guard let signature else { throw ToolFailure(description: "the client can't sign") }
        return Self.message(15, [4, 3] + Self.number(signature.count, 2) + signature)
    }

    private static func number(_ value: Int, _ size: Int) -> [UInt8] {
        (0..<size).reversed().map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }

    private static func message(_ type: UInt8, _ body: [UInt8]) -> [UInt8] { [type] + number(body.count, 3) + body }

    private static func certificates(_ chain: [[UInt8]]) -> [UInt8] {
        let list = chain.map { number($0.count, 3) + $0 + [0, 0] }.reduce([], +)
        return message(11, [0] + number(list.count, 3) + list)
    }
}

/// A frontend's end of its link to a keeper; what it says of clients is made up.
final class LyingFrontend {
    let link: PacketSocket
    /// The server's certificate, DER.
    let server: [UInt8]
    private var connections: UInt32 = 0

    /// The keeper's frontend of this number.
    init(_ keeper: LoneHelper, _ number: UInt64) throws {
        let pair = try PacketSocket.pair()
        try keeper.send(.attach(frontend: number), passing: pair.theirs)
        guard try keeper.message() == .accepted(number: number), let packet = try pair.ours.receive(),
            case .certificate(let text) = try KeeperReply(packet)
        else { throw ToolFailure(description: "there is no link") }
        link = pair.ours
        server = try derChain(text).first ?? []
    }

    /// The keeper's answer; nil when it has hung up.
    func ask(_ request: KeeperRequest) throws -> KeeperReply? {
        try link.send(request.encode())
        return try answer()
    }

    /// What it says next; nil when it has hung up.
    func answer() throws -> KeeperReply? { try link.receive().map { try KeeperReply($0) } }

    /// A new connection's number and nonce.
    func begin() throws -> (connection: UInt32, nonce: [UInt8]) {
        connections += 1
        guard case .nonce(connections, let nonce)? = try ask(.begin(connection: connections)) else {
            throw ToolFailure(description: "there is no nonce")
        }
        return (connections, nonce)
    }

    /// A connection whose server has signed; its client has these certificates, DER.
    func signed(_ chain: [[UInt8]], padding: Int = 0) throws -> (connection: UInt32, handshake: ForgedHandshake) {
        let (connection, nonce) = try begin()
        let handshake = ForgedHandshake(nonce: nonce, server: server, client: chain, padding: padding)
        guard case .signature? = try ask(.sign(connection: connection, content: handshake.content)) else {
            throw ToolFailure(description: "there is no signature")
        }
        return (connection, handshake)
    }
}

/// The certificates of a PEM text, DER.
func derChain(_ text: [UInt8]) throws -> [[UInt8]] {
    try PEM.certificates(text, "the certificates", limit: 64).compactMap(\.encoded)
}
