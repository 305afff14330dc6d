internal import COpenSSL
public import TLSHandshake

/// A server's private key, for the process that does nothing but sign with it.
public final class ServerKey {
    /// The server's own certificate, DER.
    public let certificate: [UInt8]
    private let key: PrivateKey
    private let scheme: SignatureScheme

    /// A key from PEM texts, checked to belong to the certificate; the chain must lead to a CA of `authority`.
    ///
    /// - Throws: `keyMismatch`, `certificateExpired`, `certificateNotYetValid`, `wrongPurpose`, `badPEM`,
    ///   `notSignedByCA`, and `badCertificate` for a kind of key that is not supported.
    public init(certificate: [UInt8], key: [UInt8], authority: [UInt8]?) throws(TLSError) {
        let credential = try Credential(certificate: certificate, key: key, side: .server)
        guard let leaf = credential.chain.first, let encoded = leaf.encoded else {
            throw TLSError(.library, "the server's certificate can't be encoded")
        }
        guard let scheme = SignatureScheme(serverKey: credential.key) else {
            throw TLSError(
                .badCertificate,
                "the server's key is neither P-256, P-384, Ed25519 nor RSA of 2048 to 8192 bits: issue a certificate "
                    + "with such a key")
        }
        let context = try SSLContext(side: .server)
        try context.use(credential)
        if let authority {
            try context.checkOwnChain(against: PEM.certificates(authority, "the CA file", limit: 64))
        }
        self.certificate = encoded
        self.key = credential.key
        self.scheme = scheme
    }

    /// Signs what a server signs in a handshake of TLS 1.3; nil for anything else.
    public func sign(_ content: [UInt8]) -> [UInt8]? {
        guard SignedContent.transcriptHash(ofServerContent: content) != nil else { return nil }
        return scheme.sign(content, with: key)
    }
}

extension SSLContext {
    /// Checks that the certificate that is presented leads to one of these CAs, as clients that trust them will.
    fileprivate func checkOwnChain(against anchors: [Certificate]) throws(TLSError) {
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
}

extension HandshakeDigest {
    /// The hash of some bytes; empty only when memory is short.
    public func hash(_ bytes: [UInt8]) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        // SAFETY: the buffer has the largest digest's size; the digest is a constant of the library.
        let digest = unsafe self == .sha256 ? EVP_sha256() : EVP_sha384()
        guard unsafe EVP_Digest(bytes, bytes.count, &result, &count, digest, nil) == 1 else { return [] }
        return Array(result.prefix(Int(count)))
    }
}

extension Certificate {
    /// The certificate's DER.
    var encoded: [UInt8]? {
        // SAFETY: OpenSSL allocates what it writes, which is copied and freed.
        var bytes: UnsafeMutablePointer<UInt8>?
        let count = Int(unsafe i2d_X509(raw, &bytes))
        defer { unsafe CRYPTO_free(bytes, "", 0) }
        guard count > 0, let bytes = unsafe bytes else { return nil }
        return unsafe Array(UnsafeBufferPointer(start: bytes, count: count))
    }

    /// The certificate of exactly these bytes; nil when they are something else.
    convenience init?(encoded bytes: [UInt8]) {
        let parsed: OpaquePointer? = unsafe bytes.withUnsafeBufferPointer { buffer in
            // SAFETY: the pointer and the count are the array's own; the pointer moves behind what was read.
            var next = buffer.baseAddress
            guard let certificate = unsafe d2i_X509(nil, &next, buffer.count) else { return nil }
            guard unsafe next == buffer.baseAddress.map({ unsafe $0 + buffer.count }) else {
                unsafe X509_free(certificate)
                return nil
            }
            return unsafe certificate
        }
        ERR_clear_error()
        guard let parsed = unsafe parsed else { return nil }
        unsafe self.init(owning: parsed)
    }

    /// The public key; nil when it can't be read.
    var publicKey: PrivateKey? {
        // SAFETY: X509_get_pubkey gives a reference of our own.
        guard let key = unsafe X509_get_pubkey(raw) else { return nil }
        return unsafe PrivateKey(owning: key)
    }
}
