/// Clients of several hosts in one object; what comes is tagged with its host.
///
///     let network = try await IPRouteHosts(["tls://edge1:7000", "tls://edge2:7000", nil], key: …, cert: …, ca: …)
///     for answer in await network.each({ try await $0.links() }) { print(answer.host, answer.value) }
///     for await event in network.events([.link]) { print(event.host, event.value) }
public struct IPRouteHosts: Sendable {
    /// The clients, in the order of their hosts.
    public let clients: [IPRoute]

    /// Connects to every host at the same time; nil is the local kernel.
    ///
    /// - Throws: the first failure, with its host.
    public init(
        _ hosts: [String?], key: String? = nil, cert: String? = nil, ca: String? = nil, crl: String? = nil,
        settings: ConnectionSettings = ConnectionSettings()
    ) async throws(NetlinkError) {
        let results = await concurrently(hosts) { (host) async throws(NetlinkError) in
            try await IPRoute(host: host, key: key, cert: cert, ca: ca, crl: crl, settings: settings)
        }
        var clients: [IPRoute] = []
        for result in results { clients.append(try result.get()) }
        self.clients = clients
    }

    /// Clients that exist, in one object.
    public init(_ clients: [IPRoute]) {
        self.clients = clients
    }

    /// The hosts.
    public var hosts: [NetlinkHost] { clients.map(\.host) }

    /// The client of a host; nil when there is none.
    public subscript(host: NetlinkHost) -> IPRoute? { clients.first { $0.host == host } }

    /// Asks every host at the same time; a host that fails doesn't hold the others up.
    public func each<Value: Sendable>(
        _ body: @escaping @Sendable (IPRoute) async throws(NetlinkError) -> Value
    ) async -> [Tagged<Result<Value, NetlinkError>>] {
        let results = await concurrently(clients, body)
        return zip(clients, results).map { Tagged($0.host, $1) }
    }

    /// Changes on every host as they happen.
    ///
    /// A consumer that is slow costs each host's stream what it would cost alone.
    public func events(_ groups: EventGroups = .all, snapshot: Bool = false) -> MergedEvents {
        MergedEvents(streams: clients.map { $0.events(groups, snapshot: snapshot) })
    }

    /// Ends every connection.
    public func close() {
        for client in clients { client.close() }
    }
}

/// Runs `body` for each element at the same time; the results in the elements' order.
private func concurrently<Element: Sendable, Value: Sendable>(
    _ elements: [Element], _ body: @escaping @Sendable (Element) async throws(NetlinkError) -> Value
) async -> [Result<Value, NetlinkError>] {
    await withTaskGroup(of: (Int, Result<Value, NetlinkError>).self) { group in
        for (index, element) in elements.enumerated() {
            group.addTask {
                do throws(NetlinkError) {
                    return (index, .success(try await body(element)))
                } catch {
                    return (index, .failure(error))
                }
            }
        }
        var results: [Int: Result<Value, NetlinkError>] = [:]
        for await (index, result) in group { results[index] = result }
        return elements.indices.compactMap { results[$0] }
    }
}
