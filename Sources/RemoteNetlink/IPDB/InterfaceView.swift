import NetlinkFamilies

/// What events say of interfaces, addresses and routes.
struct InterfaceView {
    private var whole = Picture()
    /// A new picture that isn't whole yet.
    private var coming: Picture?
    private(set) var isCurrent = false

    /// Takes an event; true when a picture has become whole by it.
    mutating func take(_ event: NetworkEvent) -> Bool {
        switch event {
        case .lost, .disconnected: isCurrent = false
        case .snapshotBegins: coming = Picture()
        case .present(let object): coming?.insert(object)
        case .snapshotEnds:
            if let coming { whole = coming }
            coming = nil
            isCurrent = true
            return true
        case .changed(let object): whole.insert(object)
        case .removed(let object): whole.remove(object)
        case .connected, .other, .notGranted: break
        }
        return false
    }

    var interfaces: [Interface] { whole.links.values.sorted { $0.index < $1.index }.map { whole.interface($0) } }

    func interface(_ name: String) -> Interface? {
        let name = ByteString(name)
        let link = whole.links.values.first { $0.name == name || $0.alternativeNames.contains(name) }
        return link.map { whole.interface($0) }
    }
}

/// One picture of the kernel.
private struct Picture {
    var links: [UInt32: Link] = [:]
    var addresses: [UInt32: Set<IPPrefix>] = [:]
    /// The routes of each interface.
    var routes: [UInt32: [RouteKey: InterfaceRoute]] = [:]
    /// The interface that a route goes through; a route may move.
    var owners: [RouteKey: UInt32] = [:]

    mutating func insert(_ object: NetworkObject) {
        switch object {
        // A bridge's view of its port says less.
        case .link(let link) where link.family == .unspecified: links[link.index] = link
        case .address(let address):
            if let prefix = address.prefix { addresses[address.index, default: []].insert(prefix) }
        case .route(let route): insert(route)
        default: break
        }
    }

    private mutating func insert(_ route: Route) {
        guard let index = route.outputIndex, let own = InterfaceRoute(route) else { return }
        let key = RouteKey(own)
        if let owner = owners.updateValue(index, forKey: key), owner != index { routes[owner]?[key] = nil }
        routes[index, default: [:]][key] = own
    }

    mutating func remove(_ object: NetworkObject) {
        switch object {
        case .link(let link) where link.family == .unspecified:
            links[link.index] = nil
            addresses[link.index] = nil
            for key in (routes.removeValue(forKey: link.index) ?? [:]).keys { owners[key] = nil }
        case .address(let address):
            if let prefix = address.prefix { addresses[address.index]?.remove(prefix) }
        case .route(let route): remove(route)
        default: break
        }
    }

    private mutating func remove(_ route: Route) {
        guard let index = route.outputIndex, let own = InterfaceRoute(route) else { return }
        let key = RouteKey(own)
        guard routes[index]?[key] == own else { return }
        routes[index]?[key] = nil
        owners[key] = nil
    }

    func interface(_ link: Link) -> Interface {
        var interface = Interface(link) { links[$0]?.name.text }
        interface.ports = Set(links.values.lazy.filter { $0.master == link.index }.map(\.name.text))
        interface.addresses = addresses[link.index] ?? []
        // The kernel doesn't tell of the IPv4 routes that go with an interface that goes down.
        interface.routes = interface.isUp ? Set((routes[link.index] ?? [:]).values) : []
        return interface
    }
}

/// What a route has in common with the one that takes its place.
///
/// IPv4 knows one route for a destination and a metric in a table; IPv6 one for each gateway.
private struct RouteKey: Hashable {
    let destination: IPPrefix
    let metric: UInt32
    let table: RouteTable
    let gateway: IPAddress?

    init(_ route: InterfaceRoute) {
        destination = route.destination
        metric = route.metric
        table = route.table
        gateway = route.destination.family == .inet ? nil : route.gateway
    }
}
