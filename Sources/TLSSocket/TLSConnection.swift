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
public final class TLSConnection {
    init() {}

    /// Goes on with the handshake.
    ///
    /// - Throws: why the handshake failed; the connection is of no further use.
    public func handshake() throws(TLSError) -> TLSProgress { throw TLSError(.library, "not built in") }

    /// Reads at most `count` bytes into `buffer` at `offset`, which must have room for them.
    ///
    /// - Throws: why the connection failed.
    public func read(into buffer: inout [UInt8], at offset: Int = 0, count: Int) throws(TLSError) -> TLSTransfer {
        throw TLSError(.library, "not built in")
    }

    /// Writes as many of `bytes` as go into one record.
    ///
    /// - Throws: why the connection failed.
    public func write(_ bytes: Span<UInt8>) throws(TLSError) -> TLSTransfer {
        throw TLSError(.library, "not built in")
    }

    /// True when decrypted bytes are waiting here, of which epoll can't know.
    public var hasPendingInput: Bool { false }

    /// Tells the peer that no more bytes will come.
    public func closeNotify() {}

    /// Who the other side is, once the handshake is complete.
    public var peer: PeerCertificate? { nil }
}
