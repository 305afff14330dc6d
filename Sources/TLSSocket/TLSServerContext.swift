internal import COpenSSL

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

    /// Settings of a server whose key is somewhere else, from its certificate and the chain above it as PEM text.
    ///
    /// - Throws: `badPEM`, and `badCertificate` for a kind of key that is not supported.
    public init(certificate: [UInt8]) throws(TLSError) {
        context = try SSLContext.delegating(certificate: certificate)
        notAfter = 0
        revocationsExpire = nil
    }

    /// Checks that the server's own certificate leads to a CA of this PEM text, as clients with that text will.
    ///
    /// - Throws: `notSignedByCA`, `badPEM`.
    public func checkOwnChain(against authority: [UInt8]) throws(TLSError) {
        let anchors = try PEM.certificates(authority, "the CA file", limit: 64)
        try context.checkOwnChain(against: anchors)
    }

    /// Starts the server's side of TLS on a connected, non-blocking socket, which must stay open meanwhile.
    ///
    /// - Throws: `library` when memory is short.
    public func accept(descriptor: Int32) throws(TLSError) -> TLSConnection {
        try TLSConnection(context, descriptor: descriptor)
    }

    /// The same for a server whose key is somewhere else: `keeper` is asked about this connection by its number.
    ///
    /// - Throws: `library` when memory is short.
    public func accept(
        descriptor: Int32, keeper: any HandshakeKeeper, number: UInt32
    ) throws(TLSError) -> TLSConnection {
        try TLSConnection(context, descriptor: descriptor, delegation: Delegation(keeper, number))
    }
}

extension SSLContext {
    func checkOwnChain(against anchors: [Certificate]) throws(TLSError) {
        // SAFETY: the store is made and freed here and takes references of its own.
        let store = unsafe try expect(X509_STORE_new(), "X509_STORE_new")
        defer { unsafe X509_STORE_free(store) }
        for anchor in anchors { try expect(unsafe X509_STORE_add_cert(store, anchor.raw), "X509_STORE_add_cert") }
        try expect(unsafe X509_STORE_set_flags(store, UInt(X509_V_FLAG_PARTIAL_CHAIN)), "X509_STORE_set_flags")
        guard unsafe nlg_ctx_own_chain_leads_to(raw, store) == 1 else {
            ERR_clear_error()
            throw TLSError(
                .notSignedByCA,
                "the \(side.own)'s certificate is not signed by a CA of --ca, so no client that trusts that CA would "
                    + "accept it: give the CA that issued it, and the clients' with --client-ca if that is another")
        }
    }

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
