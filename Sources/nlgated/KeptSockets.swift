import GatewayURL
import Glibc
import LinuxSys

/// A listening socket that the daemon before left with the service manager.
final class KeptSocket {
    /// What names of such sockets begin with: `kept-tls-1`.
    private static let prefix = "kept-"

    let name: String
    let scheme: GatewayURL.Scheme
    let descriptor: Descriptor
    /// Where clients connect to; nil for what can't be listened on.
    let address: SocketAddress?

    init(_ name: String, _ scheme: GatewayURL.Scheme, _ descriptor: consuming Descriptor) {
        self.name = name
        self.scheme = scheme
        address = KeptSocket.listeningAddress(of: descriptor)
        self.descriptor = descriptor
    }

    static func name(_ scheme: GatewayURL.Scheme, _ number: Int) -> String { "\(prefix)\(scheme.rawValue)-\(number)" }

    /// What a kept socket of this name speaks; nil when it isn't one of ours.
    static func scheme(of name: some StringProtocol) -> GatewayURL.Scheme? {
        guard name.hasPrefix(prefix) else { return nil }
        let parts = name.dropFirst(prefix.count).split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let number = Int(parts[1]), (1...999).contains(number), "\(number)" == parts[1] else {
            return nil
        }
        return GatewayURL.Scheme(rawValue: String(parts[0]))
    }

    /// The address of a socket that listens in this process's network namespace.
    private static func listeningAddress(of socket: borrowing Descriptor) -> SocketAddress? {
        guard (try? socket.option(level: SOL_SOCKET, SO_TYPE)) == Int32(SOCK_STREAM.rawValue),
            (try? socket.option(level: SOL_SOCKET, SO_ACCEPTCONN)) == 1,
            let address = try? socket.localAddress(), (try? socket.setNonBlocking()) != nil,
            let fresh = try? Descriptor.streamSocket(for: address),
            fresh.networkNamespaceCookie() == socket.networkNamespaceCookie()
        else { return nil }
        // IPV6_V6ONLY, as every listener of ours.
        if address.kind == .ipv6, (try? socket.option(level: 41, 26)) != 1 { return nil }
        return address
    }

    /// True when clients of this listener come out here.
    func serves(_ wanted: Listeners.Wanted) -> Bool {
        guard scheme == wanted.url.scheme, address == wanted.address else { return false }
        guard scheme == .unix, !wanted.url.isAbstract else { return true }
        guard let file = file(at: wanted.url.host) else { return false }
        return file.uid == getuid() && file.permissions == wanted.url.unixMode
    }

    /// The file of this name, if it is the one that the socket was bound to: by now the name may belong to another one.
    private func file(at path: String) -> FileStatus? {
        guard let bound = try? FileStatus(ofNameBoundTo: descriptor), let named = try? FileStatus(ofPath: path),
            bound.device == named.device, bound.inode == named.inode
        else { return nil }
        return named
    }

    /// Ends that clients wait here, and removes its own path.
    ///
    /// The manager has a copy: only a shutdown closes the socket, and frees the address.
    func close() {
        descriptor.shutdown(write: false)
        if let address, address.kind == .unix, address.bytes.first != 0, file(at: "\(address)") != nil {
            removeFile("\(address)")
        }
    }
}

/// What the daemon before left with the service manager, as far as nobody has taken it.
final class KeptSockets {
    private var sockets: [KeptSocket]
    /// Every name that the manager knows.
    private let names: Set<String>
    /// Names of what nobody wants any more.
    private var refused: [String] = []

    init(_ sockets: [KeptSocket]) {
        self.sockets = sockets
        names = Set(sockets.map(\.name))
    }

    /// Closes what none of these listeners is.
    func drop(unwantedBy wanted: [Listeners.Wanted]) {
        let unwanted = sockets.filter { socket in !wanted.contains(where: socket.serves) }
        sockets.removeAll { socket in unwanted.contains { $0 === socket } }
        refused = unwanted.map(\.name)
        for socket in unwanted {
            socket.close()
            let place = socket.address.map { "\($0)" } ?? "no listener of this network namespace"
            writeLog(.info, "the kept socket \(socket.name), \(place), is not wanted any more: closed")
        }
    }

    /// The socket of this listener; nil when none was kept.
    func take(_ wanted: Listeners.Wanted) -> KeptSocket? {
        guard let index = sockets.firstIndex(where: { $0.serves(wanted) }) else { return nil }
        return sockets.remove(at: index)
    }

    /// Leaves copies of all listeners but the manager's own with it, for the next start.
    func keep(_ listeners: [Listeners.Listener], with notifier: Notifier) {
        for name in refused + sockets.map(\.name) { notifier.forget(name) }
        sockets = []
        var taken = names.union(listeners.compactMap(\.keptAs))
        for listener in listeners where !listener.isActivated {
            let free = (1...999).lazy.map { KeptSocket.name(listener.scheme, $0) }.first { !taken.contains($0) }
            guard let name = listener.keptAs ?? free else { return }
            taken.insert(name)
            if notifier.keep(listener.descriptor, as: name) { listener.keptAs = name }
        }
    }
}
