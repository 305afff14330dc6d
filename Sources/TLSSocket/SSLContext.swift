internal import COpenSSL

/// Which end of a connection this is.
enum Side {
    case server
    case client

    /// The peer's end, in words.
    var peer: String { self == .server ? "client" : "server" }
    /// This end, in words.
    var own: String { self == .server ? "server" : "client" }
}

/// Settings that both sides share: TLS 1.3 alone, certificates on both sides, no resumption of any kind.
///
/// OpenSSL counts references to it atomically and only reads it once it is set up.
@safe
final class SSLContext: @unchecked Sendable {
    /// Most bytes of the peer's certificate message.
    static let certificateMessageLimit = 32 * 1024
    /// Most intermediate certificates between the peer's and the CA's.
    static let depthLimit: Int32 = 4
    /// The application protocol, as TLS spells a list of one.
    static let applicationProtocols: [UInt8] = [8] + Array("nlgate/1".utf8)

    let raw: OpaquePointer
    let side: Side

    convenience init(side: Side) throws(TLSError) {
        // SAFETY: nil stands for the default library context.
        try unsafe self.init(side: side, library: nil)
    }

    /// Fetches its algorithms from a library context that is never freed.
    init(side: Side, library: OpaquePointer?) throws(TLSError) {
        try TLSLibrary.initialise()
        // SAFETY: the method is a constant; the new context's reference is this object's.
        let method = unsafe side == .server ? TLS_server_method() : TLS_client_method()
        unsafe raw = try expect(SSL_CTX_new_ex(library, nil, method), "SSL_CTX_new")
        self.side = side
        // SAFETY: from here on the context is only configured, which keeps nothing of ours.
        unsafe SSL_CTX_set_security_level(raw, 2)
        try expect(unsafe nlg_ctx_set_tls13_only(raw), "SSL_CTX_set_min_proto_version")
        try expect(unsafe nlg_ctx_set_groups(raw, "X25519:P-256:P-384"), "SSL_CTX_set1_groups_list")
        unsafe nlg_ctx_set_options(raw)
        unsafe nlg_ctx_set_modes(raw)
        unsafe nlg_ctx_set_no_sessions(raw)
        unsafe nlg_ctx_set_max_cert_list(raw, Self.certificateMessageLimit)
        unsafe SSL_CTX_set_verify(
            raw, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, side == .client ? judgeServer : nil)
        unsafe SSL_CTX_set_verify_depth(raw, Self.depthLimit)
        switch side {
        case .server:
            try expect(unsafe SSL_CTX_set_num_tickets(raw, 0), "SSL_CTX_set_num_tickets")
            try expect(unsafe SSL_CTX_set_max_early_data(raw, 0), "SSL_CTX_set_max_early_data")
            unsafe SSL_CTX_set_alpn_select_cb(raw, chooseApplicationProtocol, nil)
        case .client:
            let list = Self.applicationProtocols
            // 0 is success, for once.
            let result = unsafe SSL_CTX_set_alpn_protos(raw, list, UInt32(list.count))
            try expect(result == 0 ? 1 : 0, "SSL_CTX_set_alpn_protos")
        }
    }

    deinit {
        // SAFETY: this object holds the reference that is given back.
        unsafe SSL_CTX_free(raw)
    }

    /// Presents this certificate to peers.
    func use(_ credential: Credential) throws(TLSError) {
        // SAFETY: OpenSSL takes references of its own.
        guard let leaf = credential.chain.first else { preconditionFailure("a credential without a certificate") }
        guard unsafe SSL_CTX_use_certificate(raw, leaf.raw) == 1 else {
            throw TLSError(
                .badCertificate,
                "the \(side.own)'s certificate (\(leaf.shownSubject)) can't be used: \(takeLibraryReason())")
        }
        try expect(unsafe SSL_CTX_use_PrivateKey(raw, credential.key.raw), "SSL_CTX_use_PrivateKey")
        for certificate in credential.chain.dropFirst() {
            try expect(unsafe nlg_ctx_add_chain(raw, certificate.raw), "SSL_CTX_add1_chain_cert")
        }
    }

    /// Believes what these certificates have signed and these lists have not revoked.
    func trust(_ anchors: [Certificate], _ revocations: [RevocationList]) throws(TLSError) {
        // SAFETY: the store belongs to the context and takes references of its own.
        let store = unsafe try expect(SSL_CTX_get_cert_store(raw), "SSL_CTX_get_cert_store")
        for anchor in anchors { try expect(unsafe X509_STORE_add_cert(store, anchor.raw), "X509_STORE_add_cert") }
        for list in revocations { try expect(unsafe X509_STORE_add_crl(store, list.raw), "X509_STORE_add_crl") }
        let revocationFlags = revocations.isEmpty ? 0 : X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL
        let flags = UInt(X509_V_FLAG_PARTIAL_CHAIN | revocationFlags)
        try expect(unsafe X509_STORE_set_flags(store, flags), "X509_STORE_set_flags")
    }

    /// Judges certificates as of another time than the present; for tests.
    func pretend(time: Int64) {
        // SAFETY: the parameters belong to the context.
        unsafe X509_VERIFY_PARAM_set_time(SSL_CTX_get0_param(raw), Int(time))
    }
}

/// Called by OpenSSL for each finding about a server's chain: 1 goes on, 0 refuses.
///
/// A client's chain is the keeper's to judge.
private let judgeServer: @convention(c) (Int32, OpaquePointer?) -> Int32 = { isGood, store in
    if isGood == 1 { return 1 }
    // SAFETY: OpenSSL's own objects, valid during the callback.
    let error = unsafe X509_STORE_CTX_get_error(store)
    let depth = unsafe X509_STORE_CTX_get_error_depth(store)
    if error == X509_V_ERR_UNABLE_TO_GET_CRL && depth > 0 {
        // The CRL file need not cover the CAs themselves.
        unsafe X509_STORE_CTX_set_error(store, X509_V_OK)
        return 1
    }
    let ssl = unsafe OpaquePointer(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()))
    let certificate = unsafe X509_STORE_CTX_get_current_cert(store)
    unsafe TLSConnection.of(ssl)?.note(VerifyFailure(error: error, depth: depth, certificate: certificate))
    return 0
}

/// Called by OpenSSL when a client names application protocols: only ours will do.
private let chooseApplicationProtocol:
    @convention(c) (
        OpaquePointer?, UnsafeMutablePointer<UnsafePointer<UInt8>?>?, UnsafeMutablePointer<UInt8>?,
        UnsafePointer<UInt8>?, UInt32, UnsafeMutableRawPointer?
    ) -> Int32 = { _, chosen, chosenLength, offered, offeredLength, _ in
        // SAFETY: OpenSSL gives the client's list with its length; the answer points into it.
        let list = unsafe UnsafeBufferPointer(start: offered, count: Int(offeredLength))
        var index = 0
        while index < list.count {
            let end = unsafe index + 1 + Int(list[index])
            guard end <= list.count, let offered = unsafe offered else { break }
            if unsafe list[index..<end].elementsEqual(SSLContext.applicationProtocols) {
                unsafe chosen?.pointee = offered + index + 1
                unsafe chosenLength?.pointee = UInt8(end - index - 1)
                return SSL_TLSEXT_ERR_OK
            }
            index = end
        }
        return SSL_TLSEXT_ERR_ALERT_FATAL
    }
