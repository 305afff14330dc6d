public import GatewayProtocol
public import GatewayURL
public import NetlinkFamilies
import NetlinkWire
import Synchronization

/// A netlink socket: the local kernel's, or with a URL one on another host, behind the same calls.
///
/// Requests may be under way many at once; each waits for its own answer, which never takes longer than its deadline. A
/// task that is cancelled gives its request up, and the connection stays usable. No call blocks a thread: one thread of
/// the library's own waits for all connections.
///
/// The connection closes when nobody holds it any more, or with ``close()``.
///
///     let connection = try await NetlinkConnection(host: "tls://edge1:7000", key: "k.pem", cert: "c.pem", ca: "ca.pem")
///     for try await link in connection.dump(try LinkRequest.dump(), as: Link.self) { print(link.name) }
public final class NetlinkConnection: Sendable {
    let endpoint: Endpoint
    /// What is spoken.
    public let netlinkProtocol: NetlinkProtocol
    /// What the gateway told when the session began; of the local kernel the port id and the release.
    public let welcome: Welcome
    let handle: ChannelHandle
    private let incoming = Mutex<IncomingBuffer?>(nil)
    private let followers = Mutex<[Follower]>([])

    /// Opens a socket of the local kernel, in the network namespace of the calling thread.
    ///
    /// - Throws: `connection(system)` with what the kernel reports: `EPROTONOSUPPORT` for a protocol that it lacks,
    ///   `EMFILE` without a free descriptor.
    public init(
        _ netlinkProtocol: NetlinkProtocol = .route, settings: ConnectionSettings = ConnectionSettings()
    ) throws(NetlinkError) {
        endpoint = Endpoint(settings: settings)
        let opened = try endpoint.openLocal(netlinkProtocol)
        self.netlinkProtocol = netlinkProtocol
        welcome = opened.welcome
        handle = opened.handle
    }

    /// Opens a session on a gateway, or with a host of nil a socket of the local kernel.
    ///
    /// `host` is a URL: `tls://host:port[/netns]`, `ssl://…` (the same), `tcp://…`, `unix:///path`, `unix://@name`. The
    /// three files are PEM; only `tls` needs them.
    ///
    /// - Throws: `misuse` for a text that is no URL, `connection` when there is no way to the kernel.
    public convenience init(
        host: String?, _ netlinkProtocol: NetlinkProtocol = .route, key: String? = nil, cert: String? = nil,
        ca: String? = nil, crl: String? = nil, settings: ConnectionSettings = ConnectionSettings()
    ) async throws(NetlinkError) {
        let files = CredentialFiles(key: key, certificate: cert, authority: ca, revocationList: crl)
        try await self.init(Endpoint(host: host, files, settings: settings), netlinkProtocol)
    }

    /// Opens a session on a gateway with credentials that are at hand.
    ///
    /// - Throws: `connection` when there is no way to the kernel.
    public convenience init(
        _ url: GatewayURL, _ netlinkProtocol: NetlinkProtocol = .route, credentials: Credentials?,
        settings: ConnectionSettings = ConnectionSettings()
    ) async throws(NetlinkError) {
        try await self.init(Endpoint(url, credentials, settings: settings), netlinkProtocol)
    }

    init(_ endpoint: Endpoint, _ netlinkProtocol: NetlinkProtocol, readOnly: Bool? = nil) async throws(NetlinkError) {
        let opened = try await endpoint.open(netlinkProtocol, readOnly: readOnly)
        self.endpoint = endpoint
        self.netlinkProtocol = netlinkProtocol
        welcome = opened.welcome
        handle = opened.handle
    }

    /// Whose kernel this is.
    public var host: NetlinkHost { endpoint.host }

    /// How the connection behaves.
    public var settings: ConnectionSettings { endpoint.settings }

    /// Ends the connection; what is under way fails with ``ConnectError/closedHere``.
    public func close() {
        handle.close()
        for follower in followers.withLock({ $0 }) { follower.handle?.close() }
    }

    /// Ends another channel with this connection.
    func end(_ handle: ChannelHandle) {
        followers.withLock { followers in
            followers.removeAll { $0.handle == nil }
            followers.append(Follower(handle))
        }
        if isClosedHere { handle.close() }
    }

    /// True when the connection has ended because the program wanted it to.
    var isClosedHere: Bool { handle.state.end == .closedHere }

    // MARK: - Requests

    /// Asks, and waits for the whole answer.
    ///
    /// A change is asked for with NLM_F_ACK even if the request doesn't say so: without it there would be no answer.
    ///
    /// - Throws: `refused` with the kernel's error number and words; `timedOut`, `cancelled`, `connection`, `overrun`.
    @discardableResult
    public func request(_ request: Request, deadline: Duration? = nil) async throws(NetlinkError) -> Reply {
        var request = request
        let isDump = isDump(request)
        if !isDump, !isGet(request) { request.flags.insert(.ack) }
        let patience = deadline ?? settings.deadline
        switch await handle.answer(to: request, isDump: isDump, patience: patience) {
        case .success(let reply): return reply
        case .failure(let reason): throw NetlinkError(reason, request: request, host: host)
        }
    }

    /// True for a request for which the kernel runs a dump.
    private func isDump(_ request: Request) -> Bool {
        request.flags.isSuperset(of: .dump) && (netlinkProtocol != .route || isGet(request))
    }

    /// True for rtnetlink's requests for one object, which the object itself answers.
    private func isGet(_ request: Request) -> Bool {
        netlinkProtocol == .route && request.type.rawValue >= 16 && request.type.rawValue & 3 == 2
    }

    // MARK: - Datagrams as they are

    /// Sends a datagram as it is.
    ///
    /// Its messages' sequence numbers must be below 2^31: the library's own requests have those above. Answers and
    /// events come from ``datagrams()``.
    ///
    /// - Throws: `refused` when the kernel doesn't take it, `malformed(tooLong)`, `connection`.
    public func send(_ datagram: [UInt8]) async throws(NetlinkError) {
        if let reason = await handle.send(datagram) { throw NetlinkError(reason, host: host) }
    }

    /// What comes without having been asked for by ``request(_:deadline:)`` or a dump: events of joined groups, and
    /// answers to datagrams of the program's own.
    ///
    /// Only one task may wait at a time. What comes before the first call is dropped.
    public func datagrams() -> Datagrams {
        let buffer = incoming.withLock { incoming in
            if let incoming { return incoming }
            let made = IncomingBuffer(limit: settings.bufferSize)
            incoming = made
            handle.setIncoming(made)
            return made
        }
        return Datagrams(connection: self, buffer: buffer)
    }

    // MARK: - Groups and options

    /// Joins a multicast group, by the kernel's number.
    ///
    /// - Throws: `refused`: EPERM when the policy doesn't grant it, EINVAL for a number that isn't assigned.
    public func join(_ group: UInt32) async throws(NetlinkError) {
        _ = try await control(.join(group))
    }

    /// Leaves a multicast group.
    ///
    /// - Throws: `refused`.
    public func leave(_ group: UInt32) async throws(NetlinkError) {
        _ = try await control(.leave(group))
    }

    /// Sets an option of the kernel socket: one of SOL_NETLINK by the kernel's number, or a buffer size.
    ///
    /// - Throws: `refused`.
    public func setOption(_ option: OptionRequest) async throws(NetlinkError) {
        _ = try await control(.option(option))
    }

    /// What the gateway's policy grants this program, line by line.
    ///
    /// - Throws: `connection`.
    public func grants() async throws(NetlinkError) -> [String] {
        if case .lines(let lines) = try await control(.describe) { lines } else { [] }
    }

    /// Asks whether the gateway is there; the local kernel always is.
    ///
    /// - Throws: `connection`, `timedOut`.
    public func ping() async throws(NetlinkError) {
        _ = try await control(.ping)
    }

    func control(_ operation: ControlOperation) async throws(NetlinkError) -> ControlOutcome {
        switch await handle.control(operation) {
        case .success(let outcome): return outcome
        case .failure(let reason): throw NetlinkError(reason, host: host)
        }
    }
}

/// A channel that ends with a connection, if it still lives.
private struct Follower: Sendable {
    weak let handle: ChannelHandle?

    init(_ handle: ChannelHandle) {
        self.handle = handle
    }
}

/// Paths of PEM files, as programs name them.
struct CredentialFiles: Sendable {
    var key: String?
    var certificate: String?
    var authority: String?
    var revocationList: String?
}

extension Endpoint {
    /// The kernel behind a URL, or with nil the local one.
    convenience init(
        host: String?, _ files: CredentialFiles, settings: ConnectionSettings
    ) throws(NetlinkError) {
        guard let host else {
            self.init(settings: settings)
            return
        }
        let url: GatewayURL
        do throws(GatewayURLError) {
            url = try GatewayURL(host)
        } catch {
            throw NetlinkError(.misuse("\(error)"))
        }
        let credentials: Credentials?
        do throws(ConnectError) {
            credentials = url.scheme == .tls ? try files.read() : nil
        } catch {
            throw NetlinkError(error, host: .gateway(url))
        }
        try self.init(url, credentials, settings: settings)
    }
}

extension CredentialFiles {
    /// The files' contents; nil when one of the three is not named.
    func read() throws(ConnectError) -> Credentials? {
        guard let key, let certificate, let authority else { return nil }
        return try Credentials(
            certificate: certificate, key: key, authority: authority, revocationList: revocationList)
    }
}
