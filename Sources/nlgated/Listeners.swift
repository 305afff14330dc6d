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
        /// The name under which a service manager has a copy, for the daemon that comes next.
        var keptAs: String?

        init(
            _ scheme: GatewayURL.Scheme, _ descriptor: consuming Descriptor, _ address: SocketAddress,
            isActivated: Bool = false, keptAs: String? = nil
        ) {
            self.scheme = scheme
            self.descriptor = descriptor
            self.address = address
            self.isActivated = isActivated
            self.keptAs = keptAs
        }

        /// A Unix name that no file stands for.
        var isAbstract: Bool { address.kind == .unix && address.bytes.first == 0 }
    }

    /// One address of a `--listen` URL.
    struct Wanted {
        let url: GatewayURL
        let address: SocketAddress
    }

    /// For the frontends.
    let internet: [Listener]
    /// The supervisor accepts from these itself: the kernel tells it who connects.
    let unix: [Listener]
    private let kept: KeptSockets

    init(_ options: Options, _ given: [GivenSocket]) throws(StartError) {
        var all: [Listener] = []
        var kept: [KeptSocket] = []
        for (index, socket) in given.enumerated() {
            let raw = ServiceManager.firstSocket + Int32(index)
            switch socket {
            case .activated(let scheme): all.append(try activatedListener(raw, scheme))
            case .kept(let scheme, let name): kept.append(KeptSocket(name, scheme, Descriptor(owning: raw)))
            }
        }
        self.kept = KeptSockets(kept)
        var wanted: [Wanted] = []
        for url in options.listen { wanted += try addresses(of: url) }
        self.kept.drop(unwantedBy: wanted)
        for item in wanted { all.append(try listener(item, self.kept)) }
        internet = all.filter { $0.scheme != .unix }
        unix = all.filter { $0.scheme == .unix }
    }

    func listen(backlog: Int) throws(StartError) {
        for listener in internet + unix {
            try attempt("\(listener.scheme.rawValue)://\(listener.address)") { () throws(Errno) in
                try listener.descriptor.listen(backlog: Int32(backlog))
            }
            writeLog(.info, "listening on \(listener.scheme.rawValue)://\(listener.address)")
        }
    }

    /// Leaves copies with the service manager, so that clients who connect during a restart wait instead of being
    /// refused.
    ///
    /// Only what listens already: a manager throws others away.
    func keep(with notifier: Notifier) {
        kept.keep(internet + unix, with: notifier)
    }

    /// Unix paths go with the daemon, unless the sockets stay with a service manager.
    func removePaths() {
        for listener in unix where !listener.isAbstract && !listener.isActivated && listener.keptAs == nil {
            removeFile("\(listener.address)")
        }
    }
}

private func addresses(of url: GatewayURL) throws(StartError) -> [Listeners.Wanted] {
    if url.scheme == .unix {
        let address = try attempt("--listen \(url)") { () throws(Errno) in
            try SocketAddress(unix: url.host, abstract: url.isAbstract)
        }
        return [Listeners.Wanted(url: url, address: address)]
    }
    do throws(ResolveError) {
        return try SocketAddress.resolve(host: url.host, port: url.port, passive: true).map {
            Listeners.Wanted(url: url, address: $0)
        }
    } catch {
        throw .unusable("--listen \(url): \(error)")
    }
}

/// The one that was kept, or a new one.
private func listener(_ wanted: Listeners.Wanted, _ kept: KeptSockets) throws(StartError) -> Listeners.Listener {
    let (url, address) = (wanted.url, wanted.address)
    if let socket = kept.take(wanted), let copy = try? socket.descriptor.duplicate() {
        return Listeners.Listener(url.scheme, copy, address, keptAs: socket.name)
    }
    let socket = try attempt("--listen \(url)") { () throws(Errno) in
        if url.scheme != .unix { return try internetSocket(address, url.scheme) }
        return try boundUnixSocket(address, path: url.isAbstract ? nil : url.host, mode: url.unixMode)
    }
    return Listeners.Listener(url.scheme, socket, address)
}

private func internetSocket(_ address: SocketAddress, _ scheme: GatewayURL.Scheme) throws(Errno) -> Descriptor {
    let socket = try Descriptor.streamSocket(for: address)
    try socket.setOption(level: SOL_SOCKET, SO_REUSEADDR, 1)
    // [::] and 0.0.0.0 are two listeners, each for its own family.
    if address.kind == .ipv6 { try socket.setOption(level: 41, 26, 1) }
    // TCP_MAXSEG: 16 KiB and 12 bytes of options. Over loopback the largest segments have odd sizes, and what they
    // leave over stops clients of the old dialects.
    if scheme == .tcp { try socket.setOption(level: 6, 2, 16_396) }
    try socket.bind(to: address)
    return socket
}

extension GatewayURL {
    /// Permissions of a Unix socket's path.
    var unixMode: UInt32 { mode ?? 0o600 }
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
