internal import COpenSSL
public import TLSHandshake

/// Judges the certificates of clients by a CA and its revocation lists.
@safe
public final class ClientVerifier {
    /// Unix time at which the first of the lists expires.
    public let revocationsExpire: Int64?
    private let store: OpaquePointer
    /// Seconds for which a list is still used after its end.
    fileprivate let grace: Int64

    /// A verifier from PEM texts: the clients' CA, and its lists if there are any.
    ///
    /// - Throws: `badPEM`, `certificateExpired`, `certificateNotYetValid`.
    public init(clientCA: [UInt8], crl: [UInt8]?, graceSeconds: Int64 = 0) throws(TLSError) {
        try TLSLibrary.initialise()
        let anchors = try readAnchors(clientCA, side: .server)
        var lists: [RevocationList] = []
        if let crl { lists = try PEM.revocationLists(crl, "the CRL file", limit: 64) }
        // SAFETY: the new store's reference is this object's; the store takes references of its own.
        let store = unsafe try expect(X509_STORE_new(), "X509_STORE_new")
        grace = graceSeconds
        revocationsExpire = lists.compactMap(\.nextUpdate).min()
        unsafe self.store = store
        for anchor in anchors { try expect(unsafe X509_STORE_add_cert(store, anchor.raw), "X509_STORE_add_cert") }
        for list in lists { try expect(unsafe X509_STORE_add_crl(store, list.raw), "X509_STORE_add_crl") }
        let revocation = lists.isEmpty ? 0 : X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL
        let flags = UInt(X509_V_FLAG_PARTIAL_CHAIN | revocation)
        try expect(unsafe X509_STORE_set_flags(store, flags), "X509_STORE_set_flags")
        unsafe X509_STORE_set_verify_cb(store, weigh)
    }

    deinit {
        // SAFETY: this object holds the reference that is given back.
        unsafe X509_STORE_free(store)
    }

    /// What a chain is worth.
    public enum Judgement {
        /// The chain is good; the client hasn't shown yet that it has the key.
        case good(ClientCandidate)
        /// One of OpenSSL's X509_V_ERR_ numbers.
        case refused(Int32)
    }

    /// Judges a client's certificates, its own first, DER.
    public func judge(_ chain: [[UInt8]]) -> Judgement {
        let certificates = chain.compactMap { Certificate(encoded: $0) }
        guard certificates.count == chain.count, let leaf = certificates.first, let key = leaf.publicKey else {
            return .refused(X509_V_ERR_CERT_REJECTED)
        }
        // A signature by a key of such a size takes a long time to check.
        guard certificates.allSatisfy({ ($0.publicKey?.bits ?? .max) <= 8192 }) else {
            return .refused(X509_V_ERR_CERT_REJECTED)
        }
        let code = verify(leaf, certificates.dropFirst())
        ERR_clear_error()
        guard code == X509_V_OK else { return .refused(code) }
        // SAFETY: the certificate lives through the call.
        guard unsafe X509_get_key_usage(leaf.raw) & UInt32(KU_DIGITAL_SIGNATURE) != 0 else {
            return .refused(X509_V_ERR_INVALID_PURPOSE)
        }
        return .good(ClientCandidate(leaf, key))
    }

    private func verify(_ leaf: Certificate, _ others: ArraySlice<Certificate>) -> Int32 {
        // SAFETY: stack and context are made and freed here; the certificates live through the calls, and the stack
        // holds no references.
        guard let stack = unsafe OPENSSL_sk_new_null() else { return X509_V_ERR_OUT_OF_MEM }
        defer { unsafe OPENSSL_sk_free(stack) }
        for other in others where unsafe OPENSSL_sk_push(stack, UnsafeRawPointer(other.raw)) <= 0 {
            return X509_V_ERR_OUT_OF_MEM
        }
        guard let context = unsafe X509_STORE_CTX_new() else { return X509_V_ERR_OUT_OF_MEM }
        defer { unsafe X509_STORE_CTX_free(context) }
        guard unsafe X509_STORE_CTX_init(context, store, leaf.raw, stack) == 1,
            unsafe X509_STORE_CTX_set_default(context, "ssl_client") == 1,
            unsafe X509_STORE_CTX_set_ex_data(context, 0, Unmanaged.passUnretained(self).toOpaque()) == 1
        else { return X509_V_ERR_OUT_OF_MEM }
        let parameters = unsafe X509_STORE_CTX_get0_param(context)
        unsafe X509_VERIFY_PARAM_set_depth(parameters, SSLContext.depthLimit)
        unsafe X509_VERIFY_PARAM_set_auth_level(parameters, 2)
        let result = unsafe X509_verify_cert(context)
        let error = unsafe X509_STORE_CTX_get_error(context)
        withExtendedLifetime(others) {}
        if result == 1 { return X509_V_OK }
        return error == X509_V_OK ? X509_V_ERR_UNSPECIFIED : error
    }
}

/// Somebody who has shown a good certificate, and not yet that it is his.
public final class ClientCandidate {
    /// What the certificate says.
    public let peer: PeerCertificate
    /// SHA-256 of the issuer's name, DER.
    public let issuerHash: [UInt8]
    /// SHA-256 of the serial number's digits.
    public let serialHash: [UInt8]
    private let key: PrivateKey

    init(_ certificate: Certificate, _ key: PrivateKey) {
        peer = PeerCertificate(certificate)
        issuerHash = certificate.issuerHash
        serialHash = HandshakeDigest.sha256.hash(Array(certificate.serial(limit: 32).utf8))
        self.key = key
    }

    /// True when the client's CertificateVerify is a signature over this hash of the handshake.
    public func hasSigned(_ transcriptHash: [UInt8], _ message: CertificateVerify) -> Bool {
        guard let scheme = SignatureScheme(rawValue: message.scheme) else { return false }
        return scheme.verify(
            message.signature, over: SignedContent.bytes(.client, transcriptHash: transcriptHash), by: key)
    }
}

extension PrivateKey {
    fileprivate var bits: Int32 {
        // SAFETY: the key lives through the call.
        unsafe EVP_PKEY_get_bits(raw)
    }
}

extension Certificate {
    fileprivate var issuerHash: [UInt8] {
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var length: UInt32 = 0
        // SAFETY: the buffer has the largest digest's size; the name belongs to the certificate.
        guard unsafe X509_NAME_digest(X509_get_issuer_name(raw), EVP_sha256(), &digest, &length) == 1 else { return [] }
        return Array(digest.prefix(Int(length)))
    }
}

/// Called by OpenSSL for each finding about a chain: 1 goes on, 0 refuses.
private let weigh: @convention(c) (Int32, OpaquePointer?) -> Int32 = { isGood, context in
    if isGood == 1 { return 1 }
    // SAFETY: OpenSSL's own objects, valid during the callback; the verifier lives through the verification.
    let error = unsafe X509_STORE_CTX_get_error(context)
    let depth = unsafe X509_STORE_CTX_get_error_depth(context)
    if error == X509_V_ERR_UNABLE_TO_GET_CRL, depth > 0 {
        // The CRL file need not cover the CAs themselves.
        unsafe X509_STORE_CTX_set_error(context, X509_V_OK)
        return 1
    }
    guard error == X509_V_ERR_CRL_HAS_EXPIRED, let pointer = unsafe X509_STORE_CTX_get_ex_data(context, 0),
        let list = unsafe X509_STORE_CTX_get0_current_crl(context),
        let end = unsafe seconds(X509_CRL_get0_nextUpdate(list))
    else { return 0 }
    let verifier = unsafe Unmanaged<ClientVerifier>.fromOpaque(pointer).takeUnretainedValue()
    guard currentTime() <= end + verifier.grace else { return 0 }
    unsafe X509_STORE_CTX_set_error(context, X509_V_OK)
    return 1
}
