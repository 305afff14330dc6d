public import GatewayURL
public import NetlinkFamilies
import NetlinkWire

/// Links, addresses, routes, neighbours, rules and traffic control of one kernel (rtnetlink).
///
/// Objects are values of NetlinkFamilies: what a list gives can be changed and given back.
///
///     let ip = try await IPRoute(host: "tls://remote.host:7000", key: "client.key", cert: "client.crt", ca: "ca.crt")
///     for link in try await ip.links() { print(link.name, link.address ?? "-") }
///     try await ip.add(Address("10.0.0.1/24", index: 5))
///
/// Numbers are in host order unless a property says otherwise; addresses are bytes in network order.
public final class IPRoute: Sendable {
    /// The connection that requests go through; use it for what has no method here.
    public let connection: NetlinkConnection
    /// What undoes the changes of a transaction; nil outside of one.
    let journal: UndoJournal?

    /// The local kernel, in the network namespace of the calling thread.
    ///
    /// - Throws: `connection(system)` with what the kernel reports.
    public init(settings: ConnectionSettings = ConnectionSettings()) throws(NetlinkError) {
        connection = try NetlinkConnection(.route, settings: settings)
        journal = nil
    }

    /// The kernel behind a gateway, or with a host of nil the local one.
    ///
    /// - Throws: what ``NetlinkConnection/init(host:_:key:cert:ca:crl:settings:)`` throws.
    public init(
        host: String?, key: String? = nil, cert: String? = nil, ca: String? = nil, crl: String? = nil,
        settings: ConnectionSettings = ConnectionSettings()
    ) async throws(NetlinkError) {
        connection = try await NetlinkConnection(
            host: host, .route, key: key, cert: cert, ca: ca, crl: crl, settings: settings)
        journal = nil
    }

    /// The kernel behind a gateway, with credentials that are at hand.
    ///
    /// - Throws: `connection` when there is no way to the kernel.
    public init(
        _ url: GatewayURL, credentials: Credentials?, settings: ConnectionSettings = ConnectionSettings()
    ) async throws(NetlinkError) {
        connection = try await NetlinkConnection(url, .route, credentials: credentials, settings: settings)
        journal = nil
    }

    /// Uses a connection that exists; it must speak NETLINK_ROUTE.
    public init(_ connection: NetlinkConnection) {
        precondition(connection.netlinkProtocol == .route, "a connection for NETLINK_ROUTE is needed")
        self.connection = connection
        journal = nil
    }

    /// Notes what undoes each change before it is made.
    init(_ connection: NetlinkConnection, _ journal: UndoJournal) {
        self.connection = connection
        self.journal = journal
    }

    /// Whose kernel this is.
    public var host: NetlinkHost { connection.host }

    /// Ends the connection.
    public func close() {
        connection.close()
    }

    // MARK: - Changes

    /// Makes an object that isn't there yet.
    ///
    /// - Throws: `refused`: EEXIST when there is one, EPERM without the right.
    /// - Returns: what the kernel remarks, if it does.
    @discardableResult
    public func add(_ object: some RouteMessage) async throws(NetlinkError) -> Reply {
        try await make(.add, object)
    }

    /// Makes an object, or puts it in the place of the one that is there.
    ///
    /// Rules have no such request: the kernel refuses it.
    ///
    /// - Throws: `refused`.
    /// - Returns: what the kernel remarks, if it does.
    @discardableResult
    public func replace(_ object: some RouteMessage) async throws(NetlinkError) -> Reply {
        try await make(.replace, object)
    }

    /// Changes an object that is there; of links, queueing disciplines, classes and filters only what is set.
    ///
    /// - Throws: `refused`: ENODEV, ENOENT or ESRCH when there is none.
    /// - Returns: what the kernel remarks, if it does.
    @discardableResult
    public func change(_ object: some RouteMessage) async throws(NetlinkError) -> Reply {
        try await make(.change, object)
    }

    /// Adds a route behind those with the same destination and metric, or a next hop to an IPv6 one.
    ///
    /// - Throws: `refused`.
    /// - Returns: what the kernel remarks, if it does.
    @discardableResult
    public func append(_ object: some RouteMessage) async throws(NetlinkError) -> Reply {
        try await make(.append, object)
    }

    /// Adds a route before those with the same destination and metric.
    ///
    /// - Throws: `refused`: EEXIST for the same route once more.
    /// - Returns: what the kernel remarks, if it does.
    @discardableResult
    public func prepend(_ object: some RouteMessage) async throws(NetlinkError) -> Reply {
        try await make(.prepend, object)
    }

    /// Removes an object; of several that match, one.
    ///
    /// - Throws: `refused`: ENODEV, ENOENT, ESRCH or EADDRNOTAVAIL when there is none.
    /// - Returns: what the kernel remarks, if it does.
    @discardableResult
    public func delete(_ object: some RouteMessage) async throws(NetlinkError) -> Reply {
        try await make(.delete, object)
    }

    /// Makes a change that is chosen at run time.
    ///
    /// - Throws: `refused`, with what the method of the same name says.
    /// - Returns: what the kernel remarks, if it does.
    @discardableResult
    public func make(_ change: RouteChange, _ object: some RouteMessage) async throws(NetlinkError) -> Reply {
        let request = try built { () throws(WireError) in try change.request(object) }
        guard let journal else { return try await connection.request(request) }
        return try await journal.make(request) { () async throws(NetlinkError) in
            try await Undoing(ip: self).requests(for: object, change)
        }
    }

    // MARK: - For the other files

    /// Builds a request and asks.
    func send(_ request: () throws(WireError) -> Request) async throws(NetlinkError) -> Reply {
        try await connection.request(try built(request))
    }

    /// Builds a request; one that can't be written is an error of this host.
    func built(_ request: () throws(WireError) -> Request) throws(NetlinkError) -> Request {
        do throws(WireError) {
            return try request()
        } catch {
            throw NetlinkError(.malformed(error), host: host)
        }
    }

    /// The one object that answers a request.
    func one<Object: RouteMessage>(
        _ type: Object.Type = Object.self, _ request: () throws(WireError) -> Request
    ) async throws(NetlinkError) -> Object {
        let asked = try built(request)
        let reply = try await connection.request(asked)
        do throws(WireError) {
            for message in reply.messages where message.header.type == Object.newType {
                return try message.decode { (message, bytes) throws(WireError) in try Object(message, in: bytes) }
            }
        } catch {
            throw NetlinkError(.malformed(error), request: asked, host: host)
        }
        throw NetlinkError(.noAnswer, request: asked, host: host)
    }
}
