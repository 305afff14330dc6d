import NetlinkFamilies
import NetlinkWire

/// What events say of interfaces, addresses and routes.
struct InterfaceView {
    private var whole = Picture()
    /// A new picture that isn't whole yet.
    private var coming: Picture?
    private(set) var isCurrent = false
    /// Grows with each event.
    private(set) var revision: UInt64 = 0

    /// Takes an event; true when a picture has become whole by it.
    mutating func take(_ event: DetailedEvent) -> Bool {
        revision += 1
        switch event.event {
        case .lost, .disconnected: isCurrent = false
        case .snapshotBegins: coming = Picture()
        case .present(let object): coming?.insert(object, replaces: false, appends: true)
        case .snapshotEnds:
            if let coming { whole = coming }
            coming = nil
            isCurrent = true
            return true
        case .changed(let object):
            whole.insert(object, replaces: event.flags.contains(.replace), appends: event.flags.contains(.append))
        case .removed(let object): whole.remove(object)
        case .connected, .other, .notGranted: break
        }
        return false
    }

    var interfaces: [Interface] { whole.links.values.sorted { $0.index < $1.index }.map { whole.interface($0) } }

    func interface(_ name: String) -> Interface? {
        whole.names[ByteString(name)].flatMap { whole.links[$0] }.map { whole.interface($0) }
    }

    func interface(index: UInt32) -> Interface? {
        whole.links[index].map { whole.interface($0) }
    }
}

/// One picture of the kernel.
private struct Picture {
    private(set) var links: [UInt32: Link] = [:]
    /// Names, alternative ones included.
    private(set) var names: [ByteString: UInt32] = [:]
    private var ports: [UInt32: Set<UInt32>] = [:]
    private var addresses: [UInt32: Set<IPPrefix>] = [:]
    /// How often an IPv4 address is somebody's.
    private var holders: [IPAddress: Int] = [:]
    private var routes = RouteBook()

    mutating func insert(_ object: NetworkObject, replaces: Bool, appends: Bool) {
        switch object {
        // A bridge's view of its port says less.
        case .link(let link) where link.family == .unspecified: insert(link)
        case .address(let address): insert(address)
        case .route(let route): routes.insert(route, replaces: replaces, appends: appends)
        default: break
        }
    }

    private mutating func insert(_ link: Link) {
        if let old = links.updateValue(link, forKey: link.index) {
            forget(old)
            if old.flags.contains(.up), !link.flags.contains(.up) { routes.dropIPv4(through: link.index) }
        }
        for name in [link.name] + link.alternativeNames { names[name] = link.index }
        if let master = link.master, master != 0 { ports[master, default: []].insert(link.index) }
    }

    private mutating func insert(_ address: Address) {
        guard let prefix = address.prefix else { return }
        guard addresses[address.index, default: []].insert(prefix).inserted, prefix.family == .inet else { return }
        holders[prefix.address, default: 0] += 1
    }

    /// Takes a link out of the indexes.
    private mutating func forget(_ link: Link) {
        // A name that was given away belongs to another by now.
        for name in [link.name] + link.alternativeNames where names[name] == link.index { names[name] = nil }
        guard let master = link.master, master != 0 else { return }
        ports[master]?.remove(link.index)
        if ports[master]?.isEmpty == true { ports[master] = nil }
    }

    mutating func remove(_ object: NetworkObject) {
        switch object {
        case .link(let link) where link.family == .unspecified:
            if let old = links.removeValue(forKey: link.index) { forget(old) }
            for prefix in addresses.removeValue(forKey: link.index) ?? [] { release(prefix) }
            routes.drop(through: link.index)
        case .address(let address): remove(address)
        case .route(let route): routes.remove(route)
        default: break
        }
    }

    private mutating func remove(_ address: Address) {
        guard let prefix = address.prefix, addresses[address.index]?.remove(prefix) != nil else { return }
        release(prefix)
        guard prefix.family == .inet, addresses[address.index]?.contains(where: { $0.family == .inet }) == false else {
            return
        }
        routes.dropIPv4(through: address.index)
    }

    /// With the last holder of an IPv4 address the routes go whose packets get it.
    private mutating func release(_ prefix: IPPrefix) {
        guard prefix.family == .inet, let count = holders[prefix.address] else { return }
        holders[prefix.address] = count > 1 ? count - 1 : nil
        if count == 1 { routes.drop(from: prefix.address) }
    }

    func interface(_ link: Link) -> Interface {
        var interface = Interface(link) { links[$0]?.name.text }
        interface.ports = Set((ports[link.index] ?? []).compactMap { links[$0]?.name.text })
        interface.addresses = addresses[link.index] ?? []
        interface.routes = routes.routes(through: link.index)
        return interface
    }
}
