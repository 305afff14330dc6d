import NetlinkFamilies
import NetlinkWire

/// Which requests undo a change, by what the kernel says before it is made.
struct Undoing: Sendable {
    let ip: IPRoute

    /// The requests in their order; none for a change that the kernel will refuse.
    ///
    /// - Throws: `misuse` for what can't be undone, and what reading throws.
    func requests(for object: some RouteMessage, _ change: RouteChange) async throws(NetlinkError) -> [Request] {
        switch object {
        case let link as Link: try await LinkUndoing(ip: ip).requests(for: link, change)
        case let address as Address: try await requests(address, change)
        case let route as Route: try await requests(route, change)
        case let neighbour as Neighbour: try await requests(neighbour, change)
        case let rule as Rule: try await requests(rule, change)
        default: throw misuse("a transaction changes links, addresses, routes, neighbours and rules only")
        }
    }

    private func misuse(_ text: String) -> NetlinkError { NetlinkError(.misuse(text), host: ip.host) }

    private func built(
        _ changes: [(RouteChange, any RouteMessage)]
    ) throws(NetlinkError) -> [Request] {
        var requests: [Request] = []
        for (change, object) in changes {
            requests.append(try ip.built { () throws(WireError) in try change.request(object) })
        }
        return requests
    }

    // MARK: - Addresses

    private func requests(_ address: Address, _ change: RouteChange) async throws(NetlinkError) -> [Request] {
        let all = try await ip.addresses(address.family, index: address.index)
        let present = all.first { $0.isSame(as: address) }
        switch (change, present) {
        case (.delete, nil), (.add, .some): return []
        case (.delete, .some):
            // Others of its subnet may go along, routes that need it, and with the last one the neighbours.
            return try await built(all.map { (.replace, $0.again) }) + routes(through: address.index)
                + neighbours(of: address.index)
        case (_, nil): return try built([(.delete, address)])
        case (_, let present?): return try built([(.replace, present.again)])
        }
    }

    /// Routes that go through a link, made again where they have gone.
    func routes(through index: UInt32) async throws(NetlinkError) -> [Request] {
        let routes = try await ip.routes(through: index).filter(\.isSetBySomebody)
        // A route through a router needs the one that leads to the router.
        let sorted = routes.sorted { $0.gateway == nil && $1.gateway != nil }
        return try built(sorted.map { (.append, $0.lasting) })
    }

    // MARK: - Routes

    private func requests(_ route: Route, _ change: RouteChange) async throws(NetlinkError) -> [Request] {
        var route = route
        if route.table == .unspecified { route.table = .main }
        let there = try await table(of: route)
        if change == .delete {
            return try built(there.filter { $0.isMeant(by: route) }.map { (.append, $0.lasting) })
        }
        let same = there.filter { $0.place == route.place || ($0.family == .inet6 && $0.isInPlace(of: route)) }
        guard let first = same.first else { return try built([(.delete, route)]) }
        switch change {
        case .add: return []
        case .append, .prepend: return try built([(.delete, route)])
        default: return try built([(.replace, first.lasting)])
        }
    }

    /// What stands in a route's table; the kernel says ENOENT to one that doesn't exist yet.
    private func table(of route: Route) async throws(NetlinkError) -> [Route] {
        do throws(NetlinkError) {
            return try await ip.routes(route.family, table: route.table).filter { $0.prefix == route.prefix }
        } catch {
            guard error.errno == ErrorNumber.noEntry else { throw error }
            return []
        }
    }

    // MARK: - Neighbours

    private func requests(_ neighbour: Neighbour, _ change: RouteChange) async throws(NetlinkError) -> [Request] {
        guard neighbour.family != .bridge, !neighbour.flags.contains(.proxy) else {
            throw misuse("forwarding entries and proxied neighbours can't be changed in a transaction")
        }
        var present = try await ip.neighbours(neighbour.family, index: neighbour.index)
            .first { $0.destination == neighbour.destination }
        present?.forgetCounters()
        switch (change, present) {
        case (.delete, nil), (.add, .some): return []
        case (_, nil): return try built([(.delete, neighbour)])
        case (_, let present?): return try built([(.replace, present)])
        }
    }

    /// Neighbours that somebody set for a link, made again where they have gone.
    func neighbours(of index: UInt32) async throws(NetlinkError) -> [Request] {
        var lasting: [Neighbour] = []
        for family in [AddressFamily.inet, .inet6] {
            lasting += try await ip.neighbours(family, index: index).filter { $0.state == .permanent }
        }
        return try built(
            lasting.map { neighbour in
                var neighbour = neighbour
                neighbour.forgetCounters()
                return (.replace, neighbour)
            })
    }

    // MARK: - Rules

    private func requests(_ rule: Rule, _ change: RouteChange) async throws(NetlinkError) -> [Request] {
        guard change == .delete else { return try built([(.delete, rule)]) }
        let meant = try await ip.rules(rule.family).first { $0.isMeant(by: rule) }
        return try built(meant.map { [(.add, $0)] } ?? [])
    }
}

extension Neighbour {
    /// What the kernel counts is no part of a request.
    fileprivate mutating func forgetCounters() {
        cacheInfo = nil
        probes = nil
    }
}

extension ErrorNumber {
    /// ENOENT.
    static let noEntry: Int32 = 2
}

extension Address {
    /// What the kernel knows an address of a link by.
    fileprivate func isSame(as other: Address) -> Bool {
        (local ?? address) == (other.local ?? other.address) && prefixLength == other.prefixLength
    }
}

extension Route {
    /// IPv6 has 1,024 where no metric is said.
    fileprivate func isInPlace(of other: Route) -> Bool {
        (priority ?? 1024) == (other.priority ?? 1024) && table == other.table
    }

    /// What a deletion names may be a part of what the route is.
    fileprivate func isMeant(by deletion: Route) -> Bool {
        func fits<Value: Equatable>(_ wanted: Value?, _ own: Value?) -> Bool { wanted == nil || wanted == own }
        return prefix == deletion.prefix && table == deletion.table && !flags.contains(.cloned)
            && (deletion.tos == 0 || tos == deletion.tos)
            && fits(deletion.priority, priority) && fits(deletion.gateway, gateway)
            && (deletion.outputIndex.map { leaves(through: $0) } ?? true)
            && (deletion.type == .unspecified || type == deletion.type)
            && (deletion.origin == .unspecified || origin == deletion.origin)
    }
}

extension Rule {
    /// What a deletion names may be a part of what the rule is.
    fileprivate func isMeant(by deletion: Rule) -> Bool {
        func fits<Value: Equatable>(_ wanted: Value?, _ own: Value?) -> Bool { wanted == nil || wanted == own }
        return (deletion.table == .unspecified || table == deletion.table)
            && fits(deletion.priority, priority) && fits(deletion.destination, destination)
            && fits(deletion.source, source)
            && [0, destinationLength].contains(deletion.destinationLength)
            && [0, sourceLength].contains(deletion.sourceLength) && fits(deletion.mark, mark)
            && fits(deletion.inputInterface, inputInterface) && fits(deletion.outputInterface, outputInterface)
            && fits(deletion.ipProtocol, ipProtocol) && fits(deletion.users, users)
            && fits(deletion.sourcePorts, sourcePorts) && fits(deletion.destinationPorts, destinationPorts)
    }
}
