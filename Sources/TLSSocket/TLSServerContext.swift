/// What all connections of a server share.
public final class TLSServerContext {
    /// Settings from PEM texts: the server's certificate (with its chain), its key, the CA of clients, and the CRL.
    ///
    /// - Throws: `badPEM`, `keyMismatch`, `certificateExpired`, `certificateNotYetValid`, `wrongPurpose`.
    public init(certificate: [UInt8], key: [UInt8], clientCA: [UInt8], crl: [UInt8]?) throws(TLSError) {}

    /// Starts the server's side of TLS on a connected, non-blocking socket.
    ///
    /// - Throws: `library` when memory is short.
    public func accept(descriptor: Int32) throws(TLSError) -> TLSConnection { TLSConnection() }
}
