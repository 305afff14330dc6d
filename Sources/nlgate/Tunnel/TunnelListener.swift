import GatewayURL
import Glibc
import LinuxSys

/// The tunnel's own socket; its path goes with it.
final class TunnelListener {
    let descriptor: Descriptor
    private let path: String?
    /// What was made there: somebody may have put another file in its place since.
    private let own: FileStatus?
    private let isUnix: Bool

    /// Binds and listens; a path has mode 0600 from the first moment.
    init(_ url: GatewayURL) throws(TunnelError) {
        isUnix = url.scheme == .unix
        path = isUnix && !url.isAbstract ? url.host : nil
        do throws(Errno) {
            let address = try TunnelListener.address(of: url)
            descriptor =
                isUnix
                ? try boundUnixSocket(address, path: path, mode: 0o600) : try TunnelListener.internetSocket(address)
            own = if let path { try FileStatus(ofPath: path) } else { nil }
            try descriptor.listen(backlog: 64)
        } catch {
            throw .system("--listen \(url)", error)
        }
    }

    deinit {
        guard let path, let own, let now = try? FileStatus(ofPath: path) else { return }
        if now.device == own.device, now.inode == own.inode { removeFile(path) }
    }

    private static func address(of url: GatewayURL) throws(Errno) -> SocketAddress {
        if url.scheme == .unix { return try SocketAddress(unix: url.host, abstract: url.isAbstract) }
        // Only numeric addresses get here.
        guard let address = try? SocketAddress.resolve(host: url.host, port: url.port, numericOnly: true).first else {
            throw Errno(rawValue: EADDRNOTAVAIL)
        }
        return address
    }

    private static func internetSocket(_ address: SocketAddress) throws(Errno) -> Descriptor {
        let socket = try Descriptor.streamSocket(for: address)
        try socket.setOption(level: SOL_SOCKET, SO_REUSEADDR, 1)
        try socket.bind(to: address)
        return socket
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
