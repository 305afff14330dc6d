public import LinuxSys

/// What was wrong with a certificate, a key, a file or a handshake, and what to do about it.
public struct TLSError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What went wrong, for code.
    public enum Code: Equatable, Sendable {
        /// The server's certificate is for other names than the one that was asked for.
        case nameMismatch
        /// A certificate's time is over.
        case certificateExpired
        /// A certificate's time has not come yet; often a wrong clock.
        case certificateNotYetValid
        /// No path of signatures leads from the certificate to a certificate of the CA file.
        case notSignedByCA
        /// The CRL lists the certificate.
        case revoked
        /// The CRL's own time is over (or has not come), so that nobody can be admitted by it.
        case crlExpired
        /// The CRL file has no CRL of the CA that issued the certificate.
        case crlMissing
        /// The certificate may not be used for this side of a connection.
        case wrongPurpose
        /// The certificate is refused for another reason: weak key or digest, too long a chain, bad extension.
        case badCertificate
        /// The peer sent no certificate.
        case noCertificate
        /// The peer ended the connection without saying so, in a handshake or later.
        case closed
        /// The peer's bytes are not TLS.
        case notTLS
        /// The peer speaks another version of TLS than 1.3.
        case protocolVersion
        /// The peer wants another application protocol than `nlgate/1`.
        case applicationProtocol
        /// The peer broke the protocol.
        case protocolViolation
        /// The peer refused us by a TLS alert, whose number this is.
        case refusedByPeer(alert: UInt8)
        /// The private key does not belong to the certificate.
        case keyMismatch
        /// A file is not the PEM text that it should be.
        case badPEM
        /// A private key is encrypted, and its passphrase is missing or another one.
        case passphrase
        /// A name is neither a DNS name nor an address, or too long.
        case badName
        /// The kernel refused a call.
        case system(Errno)
        /// OpenSSL failed in a way that no other case names.
        case library
    }

    /// What went wrong, for code.
    public let code: Code
    /// What went wrong and what to do, one line for people; control characters are escaped.
    public let description: String

    /// An error with its text.
    public init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}
