import GatewayURL
import Glibc
import LinuxSys

/// The tunnel's own socket; its path goes with it.
final class TunnelListener {
    let descriptor: Descriptor
    private let path: String?
    private let isUnix: Bool

    /// Binds and listens; a path has mode 0600 from the first moment.
    init(_ url: GatewayURL) throws(TunnelError) {
        isUnix = url.scheme == .unix
        path = isUnix && !url.isAbstract ? url.host : nil
        do throws(Errno) {
            let address = try TunnelListener.address(of: url)
            descriptor = try Descriptor.streamSocket(for: address)
            try TunnelListener.bind(descriptor, to: address, path: path)
            try descriptor.listen(backlog: 64)
        } catch {
            throw .system("--listen \(url)", error)
        }
    }

    deinit {
        if let path { removeFile(path) }
    }

    private static func address(of url: GatewayURL) throws(Errno) -> SocketAddress {
        if url.scheme == .unix { return try SocketAddress(unix: url.host, abstract: url.isAbstract) }
        // Only numeric addresses get here.
        guard let address = try? SocketAddress.resolve(host: url.host, port: url.port, numericOnly: true).first else {
            throw Errno(rawValue: EADDRNOTAVAIL)
        }
        return address
    }

    private static func bind(
        _ socket: borrowing Descriptor, to address: SocketAddress, path: String?
    ) throws(Errno) {
        guard let path else {
            if address.kind != .unix { try socket.setOption(level: SOL_SOCKET, SO_REUSEADDR, 1) }
            return try socket.bind(to: address)
        }
        if isDead(path, address) { removeFile(path) }
        // The path gets the socket's own permissions, so it never has others.
        try socket.setPermissions(mode: 0o600)
        let previous = umask(0)
        defer { _ = umask(previous) }
        try socket.bind(to: address)
    }

    /// True for a socket that nobody listens on any more.
    private static func isDead(_ path: String, _ address: SocketAddress) -> Bool {
        guard let status = try? FileStatus(ofPath: path), status.kind == .socket else { return false }
        do throws(Errno) {
            _ = try Descriptor.streamSocket(for: address).connect(to: address)
            return false
        } catch {
            return error.rawValue == ECONNREFUSED
        }
    }

    /// The next client that may use this user's certificate; nil when there is none now.
    ///
    /// - Throws: what `accept4` reports.
    func accept() throws(Errno) -> Descriptor? {
        while let accepted = try descriptor.accept() {
            let socket = Descriptor(owning: accepted.release())
            guard isUnix else {
                try? socket.setOption(level: Int32(IPPROTO_TCP), TCP_NODELAY, 1)
                return socket
            }
            let uid = (try? socket.peerCredentials().uid) ?? UInt32.max
            if uid == 0 || uid == geteuid() { return socket }
            writeStandardError(
                "nlgate tunnel: a client of uid \(uid) was turned away; only root and uid \(geteuid()) may")
        }
        return nil
    }
}
