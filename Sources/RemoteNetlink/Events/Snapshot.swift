import NetlinkFamilies
import NetlinkWire

/// The objects that some groups are about, table by table.
///
/// Routes are streamed; the other tables are small and are read whole, so that one that changes meanwhile is simply read
/// again.
struct Snapshot {
    enum Step {
        case object(NetworkObject)
        case end
        case failure(NetlinkError)
    }

    private enum Table {
        case links
        case addresses(AddressFamily)
        case routes(AddressFamily)
        case neighbours
        case rules(AddressFamily)
        case trafficControl
    }

    private let ip: IPRoute
    private var tables = Queue<Table>()
    private var objects = Queue<NetworkObject>()
    private var routes: Dump<Route>.Iterator?

    init(_ ip: IPRoute, _ groups: EventGroups) {
        self.ip = ip
        if groups.contains(.link) { tables.append(.links) }
        if groups.contains(.ipv4Address) { tables.append(.addresses(.inet)) }
        if groups.contains(.ipv6Address) { tables.append(.addresses(.inet6)) }
        if groups.contains(.ipv4Rule) { tables.append(.rules(.inet)) }
        if groups.contains(.ipv6Rule) { tables.append(.rules(.inet6)) }
        if groups.contains(.neighbour) { tables.append(.neighbours) }
        if groups.contains(.trafficControl) { tables.append(.trafficControl) }
        if groups.contains(.ipv4Route) { tables.append(.routes(.inet)) }
        if groups.contains(.ipv6Route) { tables.append(.routes(.inet6)) }
    }

    mutating func next(isolation actor: isolated (any Actor)?) async -> Step {
        do throws(NetlinkError) {
            while true {
                if let object = objects.popFirst() { return .object(object) }
                if let route = try await nextRoute(isolation: actor) { return .object(.route(route)) }
                guard let table = tables.popFirst() else { return .end }
                for object in try await begin(table, isolation: actor) { objects.append(object) }
            }
        } catch {
            return .failure(error)
        }
    }

    private mutating func nextRoute(isolation actor: isolated (any Actor)?) async throws(NetlinkError) -> Route? {
        guard var iterator = routes.take() else { return nil }
        guard let route = try await iterator.next(isolation: actor) else { return nil }
        routes = iterator
        return route
    }

    private mutating func begin(
        _ table: Table, isolation actor: isolated (any Actor)?
    ) async throws(NetlinkError) -> [NetworkObject] {
        switch table {
        case .links: return try await ip.links().map { .link($0) }
        case .addresses(let family): return try await ip.addresses(family).map { .address($0) }
        case .rules(let family): return try await ip.rules(family).map { .rule($0) }
        case .neighbours:
            let entries = try await ip.neighbours() + ip.forwardingEntries()
            return entries.map { .neighbour($0) }
        case .trafficControl: return try await trafficControl(isolation: actor)
        case .routes(let family):
            routes = ip.routeStream(family).makeAsyncIterator()
            return []
        }
    }

    private func trafficControl(isolation actor: isolated (any Actor)?) async throws(NetlinkError) -> [NetworkObject] {
        let qdiscs = try await ip.qdiscs()
        var objects: [NetworkObject] = qdiscs.map { .qdisc($0) }
        for index in Set(qdiscs.map(\.index)).sorted() {
            objects += try await ip.classes(index: index).map { .trafficClass($0) }
        }
        for qdisc in qdiscs {
            for parent in qdisc.filterPlaces {
                objects += try await filters(qdisc.index, parent, isolation: actor).map { .filter($0) }
            }
        }
        return objects
    }

    /// Many queueing disciplines take no filters.
    private func filters(
        _ index: UInt32, _ parent: TrafficHandle, isolation actor: isolated (any Actor)?
    ) async throws(NetlinkError) -> [TrafficFilter] {
        do throws(NetlinkError) {
            return try await ip.filters(index: index, parent: parent)
        } catch {
            if error.errno != nil { return [] }
            throw error
        }
    }
}

extension TrafficControl where Role == QdiscRole {
    /// Where its filters hang.
    var filterPlaces: [TrafficHandle] {
        switch kind {
        case "clsact": [.clsactIngress, .clsactEgress]
        case "ingress": [TrafficHandle(0xffff, 0)]
        default: handle == .unspecified ? [] : [handle]
        }
    }
}
