internal import COpenSSL

/// How far a handshake came.
public enum TLSProgress: Equatable, Sendable {
    /// The handshake is complete.
    case done
    /// Call again when the descriptor is readable.
    case wantRead
    /// Call again when the descriptor is writable.
    case wantWrite
}

/// How far one read or write came.
public enum TLSTransfer: Equatable, Sendable {
    /// So many bytes were moved.
    case bytes(Int)
    /// Call again when the descriptor is readable.
    case wantRead
    /// Call again when the descriptor is writable.
    case wantWrite
    /// No more bytes will come: the peer said so, or with `cut` its TCP connection ended without that.
    case closed(cut: Bool)
}

/// One TLS connection on a non-blocking socket that the caller owns and keeps open meanwhile.
///
/// After a thrown error the connection is of no further use; every call throws the same again.
@safe
public final class TLSConnection {
    private enum State {
        case handshake
        case open
        case failed(TLSError)
    }

    /// Most bytes of a client's first message.
    static let helloLimit: UInt64 = 16 * 1024
    /// Most bytes of a peer's whole handshake.
    static let handshakeLimit: UInt64 = 64 * 1024

    let raw: OpaquePointer
    let side: Side
    var expectedName: HostName?
    /// For a server whose key is somewhere else, until the handshake is over.
    private(set) var delegation: Delegation?
    private var state = State.handshake
    private var verifyFailure: VerifyFailure?

    init(_ context: SSLContext, descriptor: Int32, delegation: Delegation? = nil) throws(TLSError) {
        // SAFETY: the new connection's reference is this object's, and the BIO's is the connection's.
        guard let method = unsafe TLSLibrary.socketMethod else { throw TLSError(.library, "memory is short") }
        let ssl = unsafe try expect(SSL_new(context.raw), "SSL_new")
        guard let bio = unsafe nlg_bio_new(method, descriptor) else {
            unsafe SSL_free(ssl)
            throw TLSError(.library, "memory is short")
        }
        unsafe SSL_set_bio(ssl, bio, bio)
        unsafe raw = ssl
        side = context.side
        self.delegation = delegation
        // SAFETY: this object outlives the connection, which is freed in its deinit.
        unsafe SSL_set_ex_data(ssl, 0, Unmanaged.passUnretained(self).toOpaque())
        switch side {
        case .server: unsafe SSL_set_accept_state(ssl)
        case .client: unsafe SSL_set_connect_state(ssl)
        }
    }

    deinit {
        // SAFETY: this object holds the reference that is given back.
        unsafe SSL_free(raw)
    }

    /// Goes on with the handshake.
    ///
    /// A client's `done` does not mean that the server accepts its certificate: TLS 1.3 tells so by an alert, which
    /// the first reads throw as `refusedByPeer`.
    ///
    /// - Throws: why the handshake failed.
    public func handshake() throws(TLSError) -> TLSProgress {
        switch state {
        case .failed(let error): throw error
        case .open: return .done
        case .handshake: break
        }
        var number: Int32 = 0
        // SAFETY: the connection is this object's.
        let result =
            unsafe delegation.map { unsafe $0.handshake(raw, errno: &number) } ?? nlg_ssl_handshake(raw, &number)
        switch result {
        case SSL_ERROR_NONE:
            try checkOutcome()
            state = .open
            return .done
        case SSL_ERROR_WANT_READ:
            try checkHandshakeSize()
            return .wantRead
        case SSL_ERROR_WANT_WRITE: return .wantWrite
        default: throw fail(result, errno: number)
        }
    }

    /// The handshake is over: nobody else has a part in this connection any more.
    func endDelegation() {
        delegation = nil
    }

    /// Bounds what an unknown peer can make us keep: OpenSSL alone would collect 128 KiB of a first message.
    private func checkHandshakeSize() throws(TLSError) {
        // SAFETY: both numbers belong to the connection's BIO.
        let bio = unsafe SSL_get_rbio(raw)
        let hasAnswered = unsafe BIO_number_written(bio) > 0
        let limit = hasAnswered ? Self.handshakeLimit : Self.helloLimit
        guard unsafe BIO_number_read(bio) > limit else { return }
        let error = TLSError(.protocolViolation, "the \(side.peer) sent more than \(limit) bytes in its handshake")
        state = .failed(error)
        throw error
    }

    /// Reads at most `count` bytes into `buffer` at `offset`, which must have room for them.
    ///
    /// One call gives at most one record's bytes. It may want to write, when the peer asked for new keys.
    ///
    /// - Throws: why the connection failed.
    public func read(into buffer: inout [UInt8], at offset: Int = 0, count: Int) throws(TLSError) -> TLSTransfer {
        precondition(offset >= 0 && count >= 0 && offset + count <= buffer.count, "read past the buffer")
        try checkOpen()
        guard count > 0 else { return .bytes(0) }
        var moved = 0
        var number: Int32 = 0
        // SAFETY: the range was checked against the buffer right above; the connection is this object's.
        let result = unsafe buffer.withUnsafeMutableBytes { bytes in
            guard let base = bytes.baseAddress else { return SSL_ERROR_SSL }
            return unsafe nlg_ssl_read(raw, base + offset, count, &moved, &number)
        }
        return try transfer(result, moved, errno: number)
    }

    /// Writes some of `bytes`, as a rule one record of 16 KiB at most.
    ///
    /// After `wantWrite` or `wantRead` the next call must begin with the same bytes, and have as many or more; they may
    /// stand elsewhere in memory.
    ///
    /// - Throws: why the connection failed.
    public func write(_ bytes: Span<UInt8>) throws(TLSError) -> TLSTransfer {
        try checkOpen()
        guard !bytes.isEmpty else { return .bytes(0) }
        var moved = 0
        var number: Int32 = 0
        // SAFETY: the pointer and the count are the span's own; the connection is this object's.
        let result = unsafe bytes.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return SSL_ERROR_SSL }
            return unsafe nlg_ssl_write(raw, base, bytes.count, &moved, &number)
        }
        return try transfer(result, moved, errno: number)
    }

    /// True when decrypted bytes are waiting here, of which epoll can't know.
    public var hasPendingInput: Bool {
        // SAFETY: the connection is this object's.
        unsafe SSL_has_pending(raw) == 1
    }

    /// Tells the peer that no more bytes will come, as far as the socket takes it now.
    ///
    /// The caller may still read, and shuts the socket down itself.
    public func closeNotify() {
        guard case .open = state else { return }
        // SAFETY: the connection is this object's.
        unsafe SSL_shutdown(raw)
        ERR_clear_error()
    }

    /// Who the other side is, once the handshake is complete.
    public var peer: PeerCertificate? {
        guard case .open = state else { return nil }
        return peerCertificate.map(PeerCertificate.init)
    }

    /// Remembers why OpenSSL refuses the server's certificate; the first reason stands.
    func note(_ failure: VerifyFailure) {
        if verifyFailure == nil { verifyFailure = failure }
    }

    /// The object that belongs to an OpenSSL connection.
    static func of(_ ssl: OpaquePointer?) -> TLSConnection? {
        // SAFETY: the pointer was set in init and the object lives at least as long as the connection.
        guard let ssl = unsafe ssl, let object = unsafe SSL_get_ex_data(ssl, 0) else { return nil }
        return unsafe Unmanaged<TLSConnection>.fromOpaque(object).takeUnretainedValue()
    }

    private var peerCertificate: Certificate? {
        // SAFETY: SSL_get1_ gives a reference of our own.
        guard let certificate = unsafe SSL_get1_peer_certificate(raw) else { return nil }
        return unsafe Certificate(owning: certificate)
    }

    /// Looks once more at what OpenSSL decided, so that no setting forgotten elsewhere lets anybody in.
    private func checkOutcome() throws(TLSError) {
        var error: TLSError?
        // SAFETY: the connection is this object's.
        if unsafe SSL_get_verify_result(raw) != Int(X509_V_OK) || peerCertificate == nil {
            error = TLSError(.noCertificate, "the \(side.peer)'s certificate was not verified")
        } else if !isApplicationProtocolRight {
            error = TLSError(.applicationProtocol, "the server chose an application protocol that was not offered")
        }
        guard let error else { return }
        state = .failed(error)
        throw error
    }

    /// True when the application protocol is ours or the peer knows none.
    private var isApplicationProtocolRight: Bool {
        var name: UnsafePointer<UInt8>?
        var length: UInt32 = 0
        // SAFETY: the name is the connection's own and is only compared here.
        unsafe SSL_get0_alpn_selected(raw, &name, &length)
        let selected = unsafe UnsafeBufferPointer(start: name, count: Int(length))
        return unsafe selected.isEmpty || selected.elementsEqual(SSLContext.applicationProtocols.dropFirst())
    }

    private func checkOpen() throws(TLSError) {
        switch state {
        case .open: return
        case .failed(let error): throw error
        case .handshake: preconditionFailure("data before the handshake is complete")
        }
    }

    private func transfer(_ result: Int32, _ moved: Int, errno number: Int32) throws(TLSError) -> TLSTransfer {
        switch result {
        case SSL_ERROR_NONE: return .bytes(moved)
        case SSL_ERROR_WANT_READ: return .wantRead
        case SSL_ERROR_WANT_WRITE: return .wantWrite
        case SSL_ERROR_ZERO_RETURN: return .closed(cut: false)
        default: break
        }
        let error = fail(result, errno: number)
        if error.code == .closed { return .closed(cut: true) }
        throw error
    }

    private func fail(_ result: Int32, errno number: Int32) -> TLSError {
        let isOpen = if case .open = state { true } else { false }
        let failure = FailureContext(
            side: side, result: result, number: number, verify: verifyFailure, name: expectedName, isOpen: isOpen)
        let error = failure.error()
        state = .failed(error)
        return error
    }
}
