public import NetlinkFamilies
import NetlinkWire

/// Whole tables and single objects.
///
/// A table that changes while it is read is asked for again (``ConnectionSettings/dumpAttempts``). For tables that are
/// too large to hold, each list has a twin that streams.
extension IPRoute {
    // MARK: - Links

    /// Every link.
    ///
    /// Source: RTM_GETLINK with NLM_F_DUMP.
    ///
    /// - Throws: `interrupted`, `refused`, `timedOut`, `connection`.
    public func links(_ extras: LinkExtras = [.virtualFunctions]) async throws(NetlinkError) -> [Link] {
        try await connection.all(try built { () throws(WireError) in try LinkRequest.dump(extras: extras) })
    }

    /// A bridge's view of every port, VLANs included.
    ///
    /// Source: RTM_GETLINK of AF_BRIDGE.
    ///
    /// - Throws: `interrupted`, `refused`, `timedOut`, `connection`.
    public func bridgePorts() async throws(NetlinkError) -> [Link] {
        try await connection.all(try built { () throws(WireError) in try LinkRequest.bridgePorts() })
    }

    /// One link by its name or one of its alternative names; the kernel looks it up.
    ///
    /// - Throws: `refused` with ENODEV when there is none.
    public func link(_ name: ByteString) async throws(NetlinkError) -> Link {
        try await one { () throws(WireError) in try LinkRequest.get(name: name) }
    }

    /// One link by its name or one of its alternative names; the kernel looks it up.
    ///
    /// - Throws: `refused` with ENODEV when there is none.
    public func link(_ name: String) async throws(NetlinkError) -> Link {
        try await link(ByteString(name))
    }

    /// One link by its index.
    ///
    /// - Throws: `refused` with ENODEV when there is none.
    public func link(index: UInt32) async throws(NetlinkError) -> Link {
        try await one { () throws(WireError) in try LinkRequest.get(index: index) }
    }

    // MARK: - Addresses

    /// Every address, or those of a family or a link.
    ///
    /// Source: RTM_GETADDR with NLM_F_DUMP.
    ///
    /// - Throws: `interrupted`, `refused`, `timedOut`, `connection`.
    public func addresses(
        _ family: AddressFamily = .unspecified, index: UInt32 = 0
    ) async throws(NetlinkError) -> [Address] {
        let all: [Address] = try await connection.all(
            try built { () throws(WireError) in try AddressRequest.dump(family: family, index: index) })
        // Without strict checking the kernel gives all links'.
        return index == 0 ? all : all.filter { $0.index == index }
    }

    // MARK: - Routes

    /// Every route, or those of a family or a table.
    ///
    /// Source: RTM_GETROUTE with NLM_F_DUMP. IPv6 routes that only cache a look-up are left out.
    ///
    /// - Throws: `interrupted`, `refused` (ENOENT for an IPv4 table that doesn't exist), `timedOut`, `connection`.
    public func routes(
        _ family: AddressFamily = .unspecified, table: RouteTable = .unspecified
    ) async throws(NetlinkError) -> [Route] {
        try await connection.all(try built(routeDump(family, table)), isRoute(in: table))
    }

    /// Every route, or those of a family or a table, one after the other, with bounded memory.
    ///
    /// - Throws: the iteration throws `interrupted` at its end when the table changed meanwhile.
    public func routeStream(
        _ family: AddressFamily = .unspecified, table: RouteTable = .unspecified
    ) -> Dump<Route> {
        Dump(connection, Result(catching: routeDump(family, table)), isRoute(in: table))
    }

    /// The route that a packet would take.
    ///
    /// Source: RTM_GETROUTE.
    ///
    /// - Throws: `refused` with ENETUNREACH, EHOSTUNREACH or EACCES when there is none.
    public func route(
        to destination: IPAddress, from source: IPAddress? = nil
    ) async throws(NetlinkError) -> Route {
        try await one { () throws(WireError) in try RouteRequest.get(to: destination, from: source) }
    }

    // MARK: - Neighbours

    /// Every neighbour, or those of a family or a link.
    ///
    /// Source: RTM_GETNEIGH with NLM_F_DUMP.
    ///
    /// - Throws: `interrupted`, `refused`, `timedOut`, `connection`.
    public func neighbours(
        _ family: AddressFamily = .unspecified, index: UInt32? = nil
    ) async throws(NetlinkError) -> [Neighbour] {
        let all: [Neighbour] = try await connection.all(
            try built { () throws(WireError) in try NeighbourRequest.dump(family: family, index: index) })
        return index == nil ? all : all.filter { $0.index == index }
    }

    /// Every forwarding entry, or those of a bridge.
    ///
    /// Source: RTM_GETNEIGH of AF_BRIDGE.
    ///
    /// - Throws: `interrupted`, `refused`, `timedOut`, `connection`.
    public func forwardingEntries(bridge: UInt32? = nil) async throws(NetlinkError) -> [Neighbour] {
        try await connection.all(
            try built { () throws(WireError) in try NeighbourRequest.forwardingDump(bridge: bridge) })
    }

    /// One neighbour.
    ///
    /// - Throws: `refused` with ENOENT when there is none.
    public func neighbour(_ destination: IPAddress, index: UInt32) async throws(NetlinkError) -> Neighbour {
        try await one { () throws(WireError) in try NeighbourRequest.get(destination, index: index) }
    }

    // MARK: - Rules

    /// Every rule, or those of a family.
    ///
    /// Source: RTM_GETRULE with NLM_F_DUMP.
    ///
    /// - Throws: `interrupted`, `refused`, `timedOut`, `connection`.
    public func rules(_ family: AddressFamily = .unspecified) async throws(NetlinkError) -> [Rule] {
        try await connection.all(try built { () throws(WireError) in try RuleRequest.dump(family: family) })
    }
}

private func routeDump(_ family: AddressFamily, _ table: RouteTable) -> () throws(WireError) -> Request {
    { () throws(WireError) in try RouteRequest.dump(family: family, table: table) }
}

/// Without strict checking the kernel gives all tables', and cached copies.
private func isRoute(
    in table: RouteTable
) -> @Sendable (Message, Span<UInt8>) throws(WireError) -> Route? {
    { (message, bytes) throws(WireError) in
        guard let route: Route = try objects(message, bytes), !route.flags.contains(.cloned),
            table == .unspecified || route.table == table
        else { return nil }
        return route
    }
}
