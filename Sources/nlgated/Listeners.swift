import GatewayIPC
import GatewayURL
import Glibc
import LinuxSys

/// Everything that clients connect to.
///
/// Bound at the start, but nobody can connect before `listen`.
final class Listeners {
    final class Listener {
        let scheme: GatewayURL.Scheme
        let descriptor: Descriptor
        let address: SocketAddress
        /// A service manager made it, and keeps it.
        let isActivated: Bool

        init(
            _ scheme: GatewayURL.Scheme, _ descriptor: consuming Descriptor, _ address: SocketAddress,
            isActivated: Bool = false
        ) {
            self.scheme = scheme
            self.descriptor = descriptor
            self.address = address
            self.isActivated = isActivated
        }

        /// A Unix name that no file stands for.
        var isAbstract: Bool { address.kind == .unix && address.bytes.first == 0 }
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
        for (index, scheme) in options.activated.enumerated() {
            let listener = try activatedListener(ServiceManager.firstSocket + Int32(index), scheme)
            if scheme == .unix { unix.append(listener) } else { internet.append(listener) }
        }
        self.internet = internet
        self.unix = unix
    }

    func listen(backlog: Int) throws(StartError) {
        for listener in internet + unix {
            try attempt("\(listener.scheme.rawValue)://\(listener.address)") { () throws(Errno) in
                try listener.descriptor.listen(backlog: Int32(backlog))
            }
            writeLog(.info, "listening on \(listener.scheme.rawValue)://\(listener.address)")
        }
    }

    /// Unix paths go with the daemon.
    func removePaths() {
        for listener in unix where !listener.isAbstract && !listener.isActivated {
            removeFile("\(listener.address)")
        }
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
        listeners.append(Listeners.Listener(url.scheme, socket, address))
    }
    return listeners
}

private func unixListener(_ url: GatewayURL) throws(StartError) -> Listeners.Listener {
    try attempt("--listen \(url)") { () throws(Errno) in
        let address = try SocketAddress(unix: url.host, abstract: url.isAbstract)
        let socket = try boundUnixSocket(address, path: url.isAbstract ? nil : url.host, mode: url.mode ?? 0o600)
        return Listeners.Listener(.unix, socket, address)
    }
}

/// A listening socket that a service manager has made.
private func activatedListener(_ raw: Int32, _ scheme: GatewayURL.Scheme) throws(StartError) -> Listeners.Listener {
    let what = "socket \(raw) of the service manager (\(scheme.rawValue))"
    let socket = Descriptor(owning: raw)
    let address = try attempt(what) { () throws(Errno) in
        guard try socket.option(level: SOL_SOCKET, SO_TYPE) == Int32(SOCK_STREAM.rawValue),
            try socket.option(level: SOL_SOCKET, SO_ACCEPTCONN) == 1
        else { throw Errno(rawValue: ESOCKTNOSUPPORT) }
        try socket.setNonBlocking()
        return try socket.localAddress()
    }
    let fits = scheme == .unix ? address.kind == .unix : address.kind == .ipv4 || address.kind == .ipv6
    guard fits else { throw .unusable("\(what) is bound to \(address)") }
    return Listeners.Listener(scheme, socket, address, isActivated: true)
}
