/// The digests of TLS 1.3's cipher suites.
public enum HandshakeDigest: Sendable {
    /// 32 bytes.
    case sha256
    /// 48 bytes.
    case sha384

    /// Length in bytes.
    public var length: Int { self == .sha256 ? 32 : 48 }
}

/// What a CertificateVerify of TLS 1.3 signs (RFC 8446, section 4.4.3).
public enum SignedContent {
    /// The end of the connection that signs.
    public enum Signer: Sendable {
        /// The server's CertificateVerify.
        case server
        /// The client's.
        case client

        fileprivate var context: [UInt8] {
            Array("TLS 1.3, \(self == .server ? "server" : "client") CertificateVerify".utf8)
        }
    }

    /// 64 spaces, the name of the context, a zero and the hash of the handshake so far.
    public static func bytes(_ signer: Signer, transcriptHash: [UInt8]) -> [UInt8] {
        [UInt8](repeating: 0x20, count: 64) + signer.context + [0] + transcriptHash
    }

    /// The hash in the content that a server signs; nil for anything else, whatever it is.
    public static func transcriptHash(ofServerContent content: [UInt8]) -> [UInt8]? {
        let prefix = bytes(.server, transcriptHash: [])
        let length = content.count - prefix.count
        guard length == HandshakeDigest.sha256.length || length == HandshakeDigest.sha384.length,
            content.prefix(prefix.count).elementsEqual(prefix)
        else { return nil }
        return Array(content.suffix(length))
    }
}
