/// What all connections of a server share, whose key is somewhere else.
public final class TLSServerContext: Sendable {
    let context: SSLContext

    /// Settings from the server's certificate and the chain above it as PEM text.
    ///
    /// - Throws: `badPEM`, and `badCertificate` for a kind of key that is not supported.
    public init(certificate: [UInt8]) throws(TLSError) {
        context = try SSLContext.delegating(certificate: certificate)
    }

    /// Starts the server's side of TLS on a connected, non-blocking socket, which must stay open meanwhile.
    ///
    /// `keeper` is asked about this connection by its number.
    ///
    /// - Throws: `library` when memory is short.
    public func accept(
        descriptor: Int32, keeper: any HandshakeKeeper, number: UInt32
    ) throws(TLSError) -> TLSConnection {
        try TLSConnection(context, descriptor: descriptor, delegation: Delegation(keeper, number))
    }
}
