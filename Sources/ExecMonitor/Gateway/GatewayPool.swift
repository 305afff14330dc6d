import GatewayProtocol
import GatewayURL
import LinuxSys
import RemoteNetlink
import TLSSocket

/// Connections to one gateway, kept between sessions.
final class GatewayPool {
    /// Idle connections that are kept.
    private static let keptIdle = 8

    let reactor: Reactor
    private let url: GatewayURL
    private let context: TLSClientContext?
    private let addresses: [SocketAddress]
    private var addressIndex = 0
    private var links: [ObjectIdentifier: GatewayLink] = [:]
    private var waiting: [(hello: Hello, owner: any SessionOwner)] = []
    /// Connections that were made.
    private(set) var connections = 0
    /// Why there was no connection, last.
    private(set) var failure: ConnectError?

    init(_ reactor: Reactor, _ url: GatewayURL, _ credentials: Credentials?) throws(ConnectError) {
        self.reactor = reactor
        self.url = url
        context = try tlsContext(url, credentials)
        addresses = try StreamSocket.addresses(of: url)
    }

    var hasIdle: Bool { links.values.contains { $0.phase == .idle } }

    /// Finds a session for the owner, on an idle connection or a new one.
    func request(_ hello: Hello, for owner: any SessionOwner) {
        if let link = links.values.first(where: { $0.phase == .idle }) {
            return link.open(hello, owner)
        }
        waiting.append((hello, owner))
        connectIfNeeded()
    }

    /// The owner doesn't want a session any more; one that it has goes back.
    func cancel(_ owner: any SessionOwner) {
        waiting.removeAll { $0.owner === owner }
    }

    /// Makes a connection before anybody needs it.
    func connect() {
        let address = addresses[addressIndex]
        do throws(ConnectError) {
            let started = try StreamSocket.connecting(to: address)
            connections += 1
            let stream = StreamSocket(Descriptor(owning: started.socket), url)
            let link = GatewayLink(self, stream, isConnected: started.isConnected, context)
            if link.phase != .dead { links[ObjectIdentifier(link)] = link }
        } catch {
            failed(error)
        }
    }

    /// A connection that is made or given back soon serves whoever waits.
    private func connectIfNeeded() {
        let coming = links.values.count {
            [.connecting, .handshake, .resetting].contains($0.phase)
        }
        if waiting.count > coming { connect() }
    }

    func becameIdle(_ link: GatewayLink) {
        // A link becomes idle inside its own initialiser when nothing had to be waited for.
        links[ObjectIdentifier(link)] = link
        failure = nil
        guard waiting.isEmpty else {
            let next = waiting.removeFirst()
            return link.open(next.hello, next.owner)
        }
        if links.values.count(where: { $0.phase == .idle }) > GatewayPool.keptIdle { drop(link) }
    }

    private func drop(_ link: GatewayLink) {
        links[ObjectIdentifier(link)] = nil
        link.close()
    }

    func died(_ link: GatewayLink, in phase: GatewayLink.Phase, _ error: ConnectError) {
        links[ObjectIdentifier(link)] = nil
        switch phase {
        case .connecting, .handshake: failed(error)
        case .greeting:
            guard let owner = link.owner, let hello = link.hello else { return }
            if link.wasUsed, error.isAboutTheConnection {
                // The gateway had closed the connection before the session began: another one serves as well.
                waiting.append((hello, owner))
                connectIfNeeded()
            } else {
                owner.lost(error)
            }
        case .open: link.owner?.lost(error)
        case .idle, .resetting, .dead: connectIfNeeded()
        }
    }

    /// The next address is tried; when none is left, one of those who wait has to be told.
    private func failed(_ error: ConnectError) {
        failure = error
        if case .connect = error, addressIndex + 1 < addresses.count {
            addressIndex += 1
            return connect()
        }
        addressIndex = 0
        guard !waiting.isEmpty else { return }
        waiting.removeFirst().owner.lost(error)
    }

    func connectError(_ error: Errno) -> ConnectError { .connect(addresses[addressIndex], error) }

    /// Ends every connection.
    func close() {
        for link in links.values { link.close() }
        links = [:]
    }
}

extension ConnectError {
    /// True when the gateway ended the connection for reasons that aren't the session's.
    fileprivate var isAboutTheConnection: Bool {
        switch self {
        case .closed, .system: true
        case .goodbye(let outcome): outcome.code == GoodbyeReason.timeout || outcome.code == GoodbyeReason.closed
        default: false
        }
    }
}
