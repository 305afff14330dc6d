/// What all connections of a server share.
public final class TLSServerContext: Sendable {
    let context: SSLContext
    /// Unix time at which the server's own certificate expires.
    public let notAfter: Int64
    /// Unix time at which the first of the CRL file's lists expires and its CA's clients are no longer admitted.
    public let revocationsExpire: Int64?

    /// Settings from PEM texts: the server's certificate (with its chain), its key, the CA of clients, and the CRL.
    ///
    /// With a CRL the client's issuer must have one in it; those of further CAs are honoured where the file has them.
    ///
    /// - Throws: `badPEM`, `keyMismatch`, `certificateExpired`, `certificateNotYetValid`, `wrongPurpose`.
    public init(certificate: [UInt8], key: [UInt8], clientCA: [UInt8], crl: [UInt8]?) throws(TLSError) {
        let context = try SSLContext(side: .server)
        let loaded = try context.load(certificate: certificate, key: key, ca: clientCA, crl: crl)
        notAfter = loaded.notAfter
        revocationsExpire = loaded.revocationsExpire
        self.context = context
    }

    /// Starts the server's side of TLS on a connected, non-blocking socket, which must stay open meanwhile.
    ///
    /// - Throws: `library` when memory is short.
    public func accept(descriptor: Int32) throws(TLSError) -> TLSConnection {
        try TLSConnection(context, descriptor: descriptor)
    }
}

extension SSLContext {
    /// Fills the context from PEM texts, and tells until when the certificate and the lists are of use.
    func load(
        certificate: [UInt8], key: [UInt8], ca: [UInt8], crl: [UInt8]?
    ) throws(TLSError) -> (notAfter: Int64, revocationsExpire: Int64?) {
        let credential = try Credential(certificate: certificate, key: key, side: side)
        try use(credential)
        var lists = [RevocationList]()
        if let crl { lists = try PEM.revocationLists(crl, "the CRL file", limit: 64) }
        try trust(readAnchors(ca, side: side), lists)
        return (credential.chain.map(\.notAfter).min() ?? 0, lists.compactMap(\.nextUpdate).min())
    }
}
