import GatewayIPC
import GatewayURL
import Glibc
import LinuxSys

/// Everything that clients connect to.
///
/// Bound at the start, but nobody can connect before `listen`.
final class Listeners {
    final class Listener {
        let url: GatewayURL
        let descriptor: Descriptor
        let address: SocketAddress

        init(_ url: GatewayURL, _ descriptor: consuming Descriptor, _ address: SocketAddress) {
            self.url = url
            self.descriptor = descriptor
            self.address = address
        }
    }

    /// For the frontends.
    let internet: [Listener]
    /// The supervisor accepts from these itself: the kernel tells it who connects.
    let unix: [Listener]

    init(_ options: Options) throws(StartError) {
        var internet: [Listener] = []
        var unix: [Listener] = []
        for url in options.listen {
            if url.scheme == .unix {
                unix.append(try unixListener(url))
            } else {
                internet += try internetListeners(url)
            }
        }
        self.internet = internet
        self.unix = unix
    }

    func listen(backlog: Int) throws(StartError) {
        for listener in internet + unix {
            try attempt("--listen \(listener.url)") { () throws(Errno) in
                try listener.descriptor.listen(backlog: Int32(backlog))
            }
            writeStandardError("nlgated: listening on \(listener.url.scheme.rawValue)://\(listener.address)")
        }
    }

    /// Unix paths go with the daemon.
    func removePaths() {
        for listener in unix where !listener.url.isAbstract { removeFile(listener.url.host) }
    }
}

private func internetListeners(_ url: GatewayURL) throws(StartError) -> [Listeners.Listener] {
    let addresses: [SocketAddress]
    do throws(ResolveError) {
        addresses = try SocketAddress.resolve(host: url.host, port: url.port, passive: true)
    } catch {
        throw .unusable("--listen \(url): \(error)")
    }
    var listeners: [Listeners.Listener] = []
    for address in addresses {
        let socket = try attempt("--listen \(url)") { () throws(Errno) in
            let socket = try Descriptor.streamSocket(for: address)
            try socket.setOption(level: SOL_SOCKET, SO_REUSEADDR, 1)
            // [::] and 0.0.0.0 are two listeners, each for its own family.
            if address.kind == .ipv6 { try socket.setOption(level: 41, 26, 1) }
            // TCP_MAXSEG: 16 KiB and 12 bytes of options. Over loopback the largest segments have odd sizes, and what
            // they leave over stops clients of the old dialects.
            if url.scheme == .tcp { try socket.setOption(level: 6, 2, 16_396) }
            try socket.bind(to: address)
            return socket
        }
        listeners.append(Listeners.Listener(url, socket, address))
    }
    return listeners
}

private func unixListener(_ url: GatewayURL) throws(StartError) -> Listeners.Listener {
    try attempt("--listen \(url)") { () throws(Errno) in
        let address = try SocketAddress(unix: url.host, abstract: url.isAbstract)
        let socket = try boundUnixSocket(address, path: url.isAbstract ? nil : url.host, mode: url.mode ?? 0o600)
        return Listeners.Listener(url, socket, address)
    }
}
