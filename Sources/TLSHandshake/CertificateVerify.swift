/// A CertificateVerify message: how was signed, and the signature.
public struct CertificateVerify: Equatable, Sendable {
    /// Most bytes of a message.
    public static let limit = 4096

    /// The number of the SignatureScheme (RFC 8446, section 4.2.3).
    public let scheme: UInt16
    /// As its scheme writes it.
    public let signature: [UInt8]

    /// Reads the message with its header.
    ///
    /// - Throws: when it isn't one, or not one alone.
    public init(_ bytes: [UInt8]) throws(HandshakeError) {
        guard bytes.count <= CertificateVerify.limit else { throw HandshakeError("the signature is too long") }
        var reader = MessageReader(bytes, 0..<bytes.count)
        guard try reader.number(1) == Int(MessageType.certificateVerify) else {
            throw HandshakeError("the message is no CertificateVerify")
        }
        var body = try reader.vector(3)
        try reader.finish()
        scheme = UInt16(try body.number(2))
        signature = Array(bytes[try body.content(2)])
        try body.finish()
    }
}
