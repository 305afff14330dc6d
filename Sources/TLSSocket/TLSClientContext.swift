/// What all connections of a client share.
public final class TLSClientContext {
    /// Settings from PEM texts: the client's certificate (with its chain), its key, the CA of servers, and the CRL.
    ///
    /// - Throws: `badPEM`, `keyMismatch`, `certificateExpired`, `certificateNotYetValid`, `wrongPurpose`.
    public init(certificate: [UInt8], key: [UInt8], ca: [UInt8], crl: [UInt8]?) throws(TLSError) {}

    /// Starts the client's side of TLS on a non-blocking socket, to a server of that DNS name or address.
    ///
    /// - Throws: `badName`, and `library` when memory is short.
    public func connect(descriptor: Int32, serverName: String) throws(TLSError) -> TLSConnection { TLSConnection() }
}
