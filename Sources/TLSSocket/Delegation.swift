internal import COpenSSL
internal import CRemoteKey
internal import TLSHandshake

/// Whoever holds a server's key and knows its clients; it is asked in the middle of handshakes and must answer at once.
public protocol HandshakeKeeper: AnyObject {
    /// A number that no handshake has had yet, for CertificateRequest; nil ends the handshake.
    func nonce(for connection: UInt32) -> [UInt8]?
    /// The server's signature over the content of its CertificateVerify; nil ends the handshake.
    func signature(over content: [UInt8], for connection: UInt32) -> [UInt8]?
    /// What the client's certificates are worth, by the handshake up to and with them: 0, or OpenSSL's X509_V_ERR_
    /// number, from which the client's alert is made.
    func verdict(on transcript: [UInt8], for connection: UInt32) -> Int32
}

/// What a connection needs for a handshake whose key and whose decisions are somewhere else.
@safe
final class Delegation {
    let number: UInt32
    let keeper: any HandshakeKeeper
    /// The messages so far, both ways, as they were sent.
    private(set) var transcript: [UInt8] = []
    /// The client's CertificateVerify.
    private(set) var proof: [UInt8] = []
    /// OpenSSL copies the nonce from here.
    private let nonce = UnsafeMutablePointer<UInt8>.allocate(capacity: ClientFlight.nonceLength)
    private var isJudged = false

    init(_ keeper: any HandshakeKeeper, _ number: UInt32) {
        self.keeper = keeper
        self.number = number
    }

    deinit {
        // SAFETY: allocated by this object, and the connection that read it is gone.
        unsafe nonce.deallocate()
    }

    fileprivate func note(_ message: UnsafeBufferPointer<UInt8>, isOurs: Bool) {
        // SAFETY: OpenSSL's buffer is read during the callback.
        if isJudged {
            if !isOurs, unsafe message.first == 15 { proof = unsafe Array(message) }
        } else if transcript.count <= ClientFlight.limit {
            unsafe transcript.append(contentsOf: message)
        }
    }

    fileprivate func takeProof() -> [UInt8] {
        defer { proof = [] }
        return proof
    }

    fileprivate func freshNonce() -> UnsafePointer<UInt8>? {
        guard let bytes = keeper.nonce(for: number), bytes.count == ClientFlight.nonceLength else { return nil }
        // SAFETY: the allocation has exactly this length.
        for (index, byte) in bytes.enumerated() { unsafe nonce[index] = byte }
        return unsafe UnsafePointer(nonce)
    }

    fileprivate func judge() -> Int32 {
        isJudged = true
        defer { transcript = [] }
        return keeper.verdict(on: transcript, for: number)
    }

    fileprivate func sign(_ content: UnsafeBufferPointer<UInt8>, into signature: UnsafeMutableBufferPointer<UInt8>)
        -> Int
    {
        // SAFETY: both buffers are OpenSSL's own, with their lengths.
        guard let bytes = unsafe keeper.signature(over: Array(content), for: number), bytes.count <= signature.count
        else { return 0 }
        for (index, byte) in bytes.enumerated() { unsafe signature[index] = byte }
        return bytes.count
    }

    /// One step of the handshake; the result is SSL_get_error's.
    func handshake(_ ssl: OpaquePointer, errno number: inout Int32) -> Int32 {
        // SAFETY: this object lives through the call, and the connection is the caller's.
        unsafe nlg_remote_handshake(ssl, signer, Unmanaged.passUnretained(self).toOpaque(), &number)
    }
}

extension TLSConnection {
    /// The client's CertificateVerify with its header, once, for whoever judged its certificates; nil when there was
    /// none.
    public func takeProof() -> [UInt8]? {
        guard let proof = delegation?.takeProof(), !proof.isEmpty else { return nil }
        return proof
    }
}

extension SSLContext {
    /// The settings of a server whose key is somewhere else.
    static func delegating(certificate: [UInt8]) throws(TLSError) -> SSLContext {
        try TLSLibrary.initialise()
        // SAFETY: the library context is made once and never freed.
        let library = unsafe try expect(nlg_remote_library(), "OSSL_LIB_CTX_new")
        let context = try unsafe SSLContext(side: .server, library: library)
        try context.present(PEM.certificates(certificate, "the server's certificate file", limit: 8))
        // SAFETY: from here on the context is only configured; what the callbacks need is the connection's.
        let flags = UInt32(SSL_EXT_TLS1_3_CERTIFICATE_REQUEST | SSL_EXT_TLS1_3_ONLY)
        try expect(
            unsafe SSL_CTX_add_custom_ext(
                context.raw, UInt32(ClientFlight.nonceExtension), flags, addNonce, nil, nil, nil, nil),
            "SSL_CTX_add_custom_ext")
        unsafe SSL_CTX_set_msg_callback(context.raw, noteMessage)
        unsafe SSL_CTX_set_cert_verify_callback(context.raw, askKeeper, nil)
        return context
    }

    private func present(_ chain: [Certificate]) throws(TLSError) {
        guard let leaf = chain.first, let publicHalf = leaf.publicKey,
            let scheme = SignatureScheme(serverKey: publicHalf)
        else { throw TLSError(.badCertificate, "the server's certificate has no key of a kind that is supported") }
        // SAFETY: OpenSSL takes references of its own; the new key's reference goes to its owner.
        let made = unsafe try expect(nlg_remote_key_new(publicHalf.raw), "EVP_PKEY_fromdata")
        let key = unsafe PrivateKey(owning: made)
        guard unsafe SSL_CTX_use_certificate(raw, leaf.raw) == 1 else {
            throw TLSError(
                .badCertificate, "the server's certificate (\(leaf.shownSubject)) can't be used: \(takeLibraryReason())"
            )
        }
        try expect(unsafe SSL_CTX_use_PrivateKey(raw, key.raw), "SSL_CTX_use_PrivateKey")
        for certificate in chain.dropFirst() {
            try expect(unsafe nlg_ctx_add_chain(raw, certificate.raw), "SSL_CTX_add1_chain_cert")
        }
        try expect(unsafe nlg_ctx_set_signatures(raw, scheme.name, SignatureScheme.forClients), "SSL_CTX_set1_sigalgs")
    }
}

private let signer:
    @convention(c) (
        UnsafeMutableRawPointer?, UnsafePointer<UInt8>, Int, UnsafeMutablePointer<UInt8>, Int
    ) -> Int = { context, content, count, signature, capacity in
        // SAFETY: the pointer was given by handshake(_:errno:), which runs; the buffers have the counts beside them.
        guard let context = unsafe context else { return 0 }
        let delegation = unsafe Unmanaged<Delegation>.fromOpaque(context).takeUnretainedValue()
        return unsafe delegation.sign(
            UnsafeBufferPointer(start: content, count: count),
            into: UnsafeMutableBufferPointer(start: signature, count: capacity))
    }

/// Called by OpenSSL when it writes CertificateRequest.
private let addNonce: SSL_custom_ext_add_cb_ex = { ssl, _, _, out, length, _, _, _, _ in
    // SAFETY: OpenSSL copies the bytes, which are the delegation's, when the callback has returned.
    guard let delegation = unsafe TLSConnection.of(ssl)?.delegation, let nonce = unsafe delegation.freshNonce() else {
        return -1
    }
    unsafe out?.pointee = nonce
    unsafe length?.pointee = ClientFlight.nonceLength
    return 1
}

/// Called by OpenSSL for each message, before a received one is looked at.
private let noteMessage:
    @convention(c) (
        Int32, Int32, Int32, UnsafeRawPointer?, Int, OpaquePointer?, UnsafeMutableRawPointer?
    ) -> Void = { isOurs, _, type, bytes, count, ssl, _ in
        // SAFETY: OpenSSL gives the message with its length for the time of the callback.
        guard type == SSL3_RT_HANDSHAKE, let delegation = unsafe TLSConnection.of(ssl)?.delegation else { return }
        let start = unsafe bytes?.assumingMemoryBound(to: UInt8.self)
        unsafe delegation.note(UnsafeBufferPointer(start: start, count: count), isOurs: isOurs == 1)
    }

/// Called by OpenSSL in place of its own verification of the client's chain.
private let askKeeper: @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?) -> Int32 = { store, _ in
    // SAFETY: OpenSSL's own objects, valid during the callback.
    let ssl = unsafe OpaquePointer(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()))
    let code = unsafe TLSConnection.of(ssl)?.delegation?.judge() ?? X509_V_ERR_APPLICATION_VERIFICATION
    unsafe X509_STORE_CTX_set_error(store, code)
    return code == X509_V_OK ? 1 : 0
}
