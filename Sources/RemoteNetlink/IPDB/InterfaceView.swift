import NetlinkFamilies

/// What events say of interfaces, addresses and routes.
struct InterfaceView {
    /// One picture of the kernel.
    private struct Picture {
        var links: [UInt32: Link] = [:]
        var addresses: [UInt32: Set<IPPrefix>] = [:]
        var routes: [UInt32: Set<InterfaceRoute>] = [:]
    }

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

extension InterfaceView.Picture {
    fileprivate mutating func insert(_ object: NetworkObject) {
        switch object {
        // A bridge's view of its port says less.
        case .link(let link) where link.family == .unspecified: links[link.index] = link
        case .address(let address):
            if let prefix = address.prefix { addresses[address.index, default: []].insert(prefix) }
        case .route(let route):
            if let index = route.outputIndex, let own = InterfaceRoute(route) {
                // A route with the same key took the place of another.
                let others = routes[index]?.filter { !$0.isReplaced(by: own) } ?? []
                routes[index] = others.union([own])
            }
        default: break
        }
    }

    fileprivate mutating func remove(_ object: NetworkObject) {
        switch object {
        case .link(let link) where link.family == .unspecified:
            links[link.index] = nil
            addresses[link.index] = nil
            routes[link.index] = nil
        case .address(let address):
            if let prefix = address.prefix { addresses[address.index]?.remove(prefix) }
        case .route(let route):
            if let index = route.outputIndex, let own = InterfaceRoute(route) { routes[index]?.remove(own) }
        default: break
        }
    }

    fileprivate func interface(_ link: Link) -> Interface {
        var interface = Interface(link) { links[$0]?.name.text }
        interface.ports = Set(links.values.filter { $0.master == link.index }.map(\.name.text))
        interface.addresses = addresses[link.index] ?? []
        // The kernel doesn't tell of the IPv4 routes that go with an interface that goes down.
        interface.routes = interface.isUp ? routes[link.index] ?? [] : []
        return interface
    }
}

extension InterfaceRoute {
    /// IPv4 knows one route for a destination and a metric in a table; IPv6 one for each gateway.
    fileprivate func isReplaced(by other: InterfaceRoute) -> Bool {
        destination == other.destination && metric == other.metric && table == other.table
            && (destination.family == .inet || gateway == other.gateway)
    }
}
