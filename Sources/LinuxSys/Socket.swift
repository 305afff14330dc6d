internal import CLinux
import Glibc

/// Who is at the other end of a Unix socket, as the kernel recorded it when it connected.
public struct PeerCredentials: Equatable, Sendable {
    /// Process id in our pid namespace; 0 when it isn't visible there.
    public var pid: Int32
    /// User id.
    public var uid: UInt32
    /// Group id.
    public var gid: UInt32
}

/// A connection that a listener handed out.
public struct AcceptedConnection: ~Copyable, Sendable {
    /// Non-blocking, close-on-exec.
    public let socket: Descriptor
    /// Who connected.
    public let peer: SocketAddress

    /// Takes the connection apart; the caller owns the number from here on.
    public consuming func release() -> Int32 {
        socket.release()
    }
}

extension Descriptor {
    /// A non-blocking stream socket of the address's family.
    ///
    /// - Throws: what `socket` reports. The corresponding C function is `socket`.
    public static func streamSocket(for address: SocketAddress) throws(Errno) -> Descriptor {
        Descriptor(owning: try check(nlg_socket(address.family, Int32(SOCK_STREAM.rawValue), 0)))
    }

    /// A non-blocking datagram socket of the address's family.
    ///
    /// - Throws: what `socket` reports. The corresponding C function is `socket`.
    public static func datagramSocket(for address: SocketAddress) throws(Errno) -> Descriptor {
        Descriptor(owning: try check(nlg_socket(address.family, Int32(SOCK_DGRAM.rawValue), 0)))
    }

    /// Two connected `SOCK_SEQPACKET` Unix sockets, non-blocking and close-on-exec.
    ///
    /// - Throws: what `socketpair` reports. The corresponding C function is `socketpair`.
    public static func packetPair() throws(Errno) -> DescriptorPair {
        var ends: [Int32] = [-1, -1]
        // SAFETY: the array has the two elements that the C function writes.
        _ = try check(unsafe nlg_socketpair_seqpacket(&ends))
        return DescriptorPair(ours: Descriptor(owning: ends[0]), theirs: Descriptor(owning: ends[1]))
    }

    /// Takes the next connection off a listener; nil when there is none now.
    ///
    /// - Throws: what `accept4` reports, `EMFILE` and `ECONNABORTED` included. The corresponding C function is `accept4`.
    public func accept() throws(Errno) -> AcceptedConnection? {
        var peer = nlg_address()
        // SAFETY: the C function writes one nlg_address.
        let socket = unsafe nlg_accept(raw, &peer)
        guard socket >= 0 else {
            let error = Errno.last
            if error.isWouldBlock { return nil }
            throw error
        }
        return AcceptedConnection(socket: Descriptor(owning: socket), peer: SocketAddress(c: peer))
    }

    /// Binds the socket.
    ///
    /// The corresponding C function is `bind`.
    ///
    /// - Throws: `EADDRINUSE`, `EADDRNOTAVAIL`, `EACCES` and what else `bind` reports.
    public func bind(to address: SocketAddress) throws(Errno) {
        var c = address.c
        // SAFETY: the C function reads one nlg_address.
        _ = try check(unsafe nlg_bind(raw, &c))
    }

    /// Starts to listen.
    ///
    /// The corresponding C function is `listen`.
    ///
    /// - Throws: what `listen` reports.
    public func listen(backlog: Int32) throws(Errno) {
        _ = try check(Glibc.listen(raw, backlog))
    }

    /// Starts to connect; true when the connection stands already, false when writability will tell.
    ///
    /// - Throws: what `connect` reports, but for `EINPROGRESS`. The corresponding C function is `connect`.
    public func connect(to address: SocketAddress) throws(Errno) -> Bool {
        var c = address.c
        // SAFETY: the C function reads one nlg_address.
        if unsafe nlg_connect(raw, &c) == 0 { return true }
        let error = Errno.last
        if error.rawValue == EINPROGRESS { return false }
        throw error
    }

    /// The error of a connect that was in progress; nil when it succeeded.
    ///
    /// The corresponding option is `SO_ERROR`.
    ///
    /// - Throws: what `getsockopt` reports.
    public func pendingError() throws(Errno) -> Errno? {
        let code = try option(level: SOL_SOCKET, SO_ERROR)
        return code == 0 ? nil : Errno(rawValue: code)
    }

    /// The socket's own address.
    ///
    /// The corresponding C function is `getsockname`.
    ///
    /// - Throws: what `getsockname` reports.
    public func localAddress() throws(Errno) -> SocketAddress {
        var c = nlg_address()
        // SAFETY: the C function writes one nlg_address.
        _ = try check(unsafe nlg_getsockname(raw, &c))
        return SocketAddress(c: c)
    }

    /// The peer's address.
    ///
    /// The corresponding C function is `getpeername`.
    ///
    /// - Throws: `ENOTCONN` and what else `getpeername` reports.
    public func peerAddress() throws(Errno) -> SocketAddress {
        var c = nlg_address()
        // SAFETY: the C function writes one nlg_address.
        _ = try check(unsafe nlg_getpeername(raw, &c))
        return SocketAddress(c: c)
    }

    /// Who connected to this Unix socket.
    ///
    /// The corresponding option is `SO_PEERCRED`.
    ///
    /// - Throws: what `getsockopt` reports.
    public func peerCredentials() throws(Errno) -> PeerCredentials {
        var peer = PeerCredentials(pid: 0, uid: UInt32.max, gid: UInt32.max)
        // SAFETY: the C function writes three integers.
        _ = try check(unsafe nlg_peercred(raw, &peer.pid, &peer.uid, &peer.gid))
        return peer
    }

    /// Sets an integer option.
    ///
    /// The corresponding C function is `setsockopt`.
    ///
    /// - Throws: what `setsockopt` reports.
    public func setOption(level: Int32, _ option: Int32, _ value: Int32) throws(Errno) {
        _ = try check(nlg_setsockopt_int(raw, level, option, value))
    }

    /// Reads an integer option.
    ///
    /// The corresponding C function is `getsockopt`.
    ///
    /// - Throws: what `getsockopt` reports.
    public func option(level: Int32, _ option: Int32) throws(Errno) -> Int32 {
        var value: Int32 = 0
        // SAFETY: the C function writes one int.
        _ = try check(unsafe nlg_getsockopt_int(raw, level, option, &value))
        return value
    }

    /// Makes calls return at once instead of waiting.
    ///
    /// The corresponding flag is `O_NONBLOCK`.
    ///
    /// - Throws: what `fcntl` reports.
    public func setNonBlocking() throws(Errno) {
        _ = try check(nlg_set_nonblocking(raw, 1))
    }

    /// Ends one or both directions.
    ///
    /// The corresponding C function is `shutdown`.
    public func shutdown(write onlyWrite: Bool) {
        _ = Glibc.shutdown(raw, onlyWrite ? Int32(SHUT_WR) : Int32(SHUT_RDWR))
    }

    /// Sends on a connected socket without an address, never raising SIGPIPE.
    ///
    /// On `SOCK_SEQPACKET` and netlink sockets the whole span is one message. The corresponding C function is `send`.
    ///
    /// - Throws: what `send` reports, but for `EAGAIN`.
    public func send(_ bytes: Span<UInt8>) throws(Errno) -> Transfer {
        // SAFETY: the pointer and the count are the span's own.
        let result = unsafe bytes.withUnsafeBytes { bytes in
            var result: Int
            repeat {
                result = unsafe Glibc.send(raw, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
            } while result < 0 && errno == EINTR
            return result
        }
        return try transfer(result)
    }

    /// Receives stream bytes into `buffer` at `offset`.
    ///
    /// The corresponding C function is `recv`.
    ///
    /// - Throws: what `recv` reports, but for `EAGAIN`.
    public func receive(into buffer: inout [UInt8], at offset: Int = 0, count: Int) throws(Errno) -> Transfer {
        precondition(offset >= 0 && count >= 0 && offset + count <= buffer.count, "receive past the buffer")
        // SAFETY: the range was checked against the buffer right above.
        let result = unsafe buffer.withUnsafeMutableBytes { bytes in
            var result: Int
            repeat {
                result = unsafe Glibc.recv(raw, bytes.baseAddress.map { unsafe $0 + offset }, count, 0)
            } while result < 0 && errno == EINTR
            return result
        }
        return try transfer(result)
    }

    /// Receives one whole `SOCK_SEQPACKET` message.
    ///
    /// Descriptors and other ancillary data are an attack: they are closed and the call throws. The corresponding C
    /// function is `recvmsg`.
    ///
    /// - Throws: `EPROTO` for ancillary data or a message larger than `count`, and what `recvmsg` reports.
    public func receivePacket(into buffer: inout [UInt8], at offset: Int = 0, count: Int) throws(Errno) -> Transfer {
        precondition(offset >= 0 && count >= 0 && offset + count <= buffer.count, "receive past the buffer")
        // SAFETY: the range was checked against the buffer right above.
        let result = unsafe buffer.withUnsafeMutableBytes { bytes in
            guard let base = bytes.baseAddress else { return 0 }
            return unsafe nlg_recv_packet(raw, base + offset, count)
        }
        return try transfer(result)
    }

    /// Sends one message and, if there is one, a descriptor with it (SCM_RIGHTS).
    ///
    /// The caller keeps its own copy. The corresponding C function is `sendmsg`.
    ///
    /// - Throws: what `sendmsg` reports, but for `EAGAIN`.
    public func send(_ bytes: Span<UInt8>, passing descriptor: Int32) throws(Errno) -> Transfer {
        // SAFETY: the pointer and the count are the span's own.
        let result = unsafe bytes.withUnsafeBytes { bytes in
            unsafe nlg_send_with_fd(raw, bytes.baseAddress, bytes.count, descriptor)
        }
        return try transfer(result)
    }

    /// Receives one message and the descriptor that came with it, if any.
    ///
    /// The corresponding C function is `recvmsg`.
    ///
    /// - Throws: `EPROTO` for more than one descriptor or a message larger than the buffer, and what `recvmsg` reports.
    public func receivePacket(
        into buffer: inout [UInt8], taking passed: inout Descriptor?
    ) throws(Errno) -> Transfer {
        var descriptor: Int32 = -1
        // SAFETY: the pointer and the count are the buffer's own; the C function writes one int besides.
        let result = unsafe buffer.withUnsafeMutableBytes { bytes in
            guard let base = bytes.baseAddress else { return 0 }
            return unsafe nlg_recv_with_fd(raw, base, bytes.count, &descriptor)
        }
        passed = descriptor >= 0 ? Descriptor(owning: descriptor) : nil
        return try transfer(result)
    }

    /// Waits until the descriptor is ready or the time is over; true when it is ready.
    ///
    /// The corresponding C function is `poll`.
    ///
    /// - Throws: what `poll` reports, but for `EINTR`, which counts as "not ready".
    public func wait(for events: Readiness, milliseconds: Int32) throws(Errno) -> Bool {
        var mask: Int16 = 0
        if events.contains(.read) { mask |= Int16(POLLIN) }
        if events.contains(.write) { mask |= Int16(POLLOUT) }
        return try check(nlg_poll(raw, mask, milliseconds)) != 0
    }
}
