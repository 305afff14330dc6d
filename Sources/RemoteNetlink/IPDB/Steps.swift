import NetlinkFamilies
import NetlinkWire

/// One request of a change: small enough that it is made or not.
enum Step: Hashable, Sendable {
    case setUp(Bool)
    case setMTU(UInt32)
    case setAddress(LinkAddress)
    case setName(String)
    case setTXQueueLength(UInt32)
    case setAlias(String)
    /// Of this interface; nil for none.
    case setMaster(String?)
    /// Of another interface: it becomes a port of this one, or is one no longer.
    case addPort(String)
    case removePort(String)
    case addAddress(IPPrefix)
    case removeAddress(IPPrefix)
    case addRoute(InterfaceRoute)
    case removeRoute(InterfaceRoute)
}

extension Step: CustomStringConvertible {
    /// What it does, after "can't".
    var description: String {
        switch self {
        case .setUp(let isUp): "set the interface \(isUp ? "up" : "down")"
        case .setMTU(let mtu): "set the MTU to \(mtu)"
        case .setAddress(let address): "set the address to \(address)"
        case .setName(let name): "set the name to \(name)"
        case .setTXQueueLength(let length): "set the transmit queue's length to \(length)"
        case .setAlias(let alias): "set the alias to \"\(alias)\""
        case .setMaster(let name): name.map { "make it a port of \($0)" } ?? "take it out of its master"
        case .addPort(let name): "make \(name) a port"
        case .removePort(let name): "take the port \(name) out"
        case .addAddress(let prefix): "add the address \(prefix)"
        case .removeAddress(let prefix): "remove the address \(prefix)"
        case .addRoute(let route): "add the route to \(route.destination)"
        case .removeRoute(let route): "remove the route to \(route.destination)"
        }
    }
}

extension Interface {
    /// The steps from `self` to `target`, in an order in which each finds what it needs.
    ///
    /// What goes comes first: routes, then addresses, which would take their routes along; then going down, the link's
    /// own properties, its place among others; then what comes: addresses, up, and routes, which need both.
    func steps(to target: Interface) -> [Step] {
        var steps: [Step] = routes.subtracting(target.routes).sorted().map { .removeRoute($0) }
        steps += addresses.subtracting(target.addresses).sorted().map { .removeAddress($0) }
        if isUp, !target.isUp { steps.append(.setUp(false)) }
        if master != target.master, master != nil { steps.append(.setMaster(nil)) }
        steps += ports.subtracting(target.ports).sorted().map { .removePort($0) }
        if mtu != target.mtu { steps.append(.setMTU(target.mtu)) }
        if let address = target.address, address != self.address { steps.append(.setAddress(address)) }
        if name != target.name { steps.append(.setName(target.name)) }
        if txQueueLength != target.txQueueLength { steps.append(.setTXQueueLength(target.txQueueLength)) }
        if alias != target.alias { steps.append(.setAlias(target.alias)) }
        if master != target.master, target.master != nil { steps.append(.setMaster(target.master)) }
        steps += target.ports.subtracting(ports).sorted().map { .addPort($0) }
        steps += target.addresses.subtracting(addresses).sorted().map { .addAddress($0) }
        if !isUp, target.isUp { steps.append(.setUp(true)) }
        // Routes to networks before routes through gateways that lie in them.
        steps += target.routes.subtracting(routes).sorted().map { .addRoute($0) }
        return steps
    }

    /// What was meant by changing `base` into `self`, applied to what is there by now.
    func applied(since base: Interface, to current: Interface) -> Interface {
        var target = current
        if name != base.name { target.name = name }
        if address != base.address { target.address = address }
        if mtu != base.mtu { target.mtu = mtu }
        if isUp != base.isUp { target.isUp = isUp }
        if txQueueLength != base.txQueueLength { target.txQueueLength = txQueueLength }
        if alias != base.alias { target.alias = alias }
        if master != base.master { target.master = master }
        target.ports = merged(ports, base.ports, current.ports)
        target.addresses = merged(addresses, base.addresses, current.addresses)
        target.routes = merged(routes, base.routes, current.routes)
        return target
    }

    private func merged<Element>(_ wanted: Set<Element>, _ base: Set<Element>, _ current: Set<Element>) -> Set<Element> {
        current.subtracting(base.subtracting(wanted)).union(wanted.subtracting(base))
    }

    /// The properties that both `self` and `current` have made something else of `base`, and not the same.
    func conflicts(since base: Interface, with current: Interface) -> [String] {
        var names: [String] = []
        func check<Value: Equatable>(_ name: String, _ property: KeyPath<Interface, Value>) {
            let (mine, old, theirs) = (self[keyPath: property], base[keyPath: property], current[keyPath: property])
            if mine != old, theirs != old, mine != theirs { names.append(name) }
        }
        check("name", \.name)
        check("address", \.address)
        check("mtu", \.mtu)
        check("isUp", \.isUp)
        check("txQueueLength", \.txQueueLength)
        check("alias", \.alias)
        check("master", \.master)
        return names
    }

    /// The properties in which this isn't what `target` wants; what others added beside it is none.
    func shortcomings(of target: Interface) -> [String] {
        var names = differences(from: target).filter { !["ports", "addresses", "routes"].contains($0) }
        if !target.ports.isSubset(of: ports) { names.append("ports") }
        // An interface that is down keeps no IPv6 addresses and no routes.
        let kept = target.isUp ? target.addresses : target.addresses.filter { $0.family == .inet }
        if !kept.isSubset(of: addresses) { names.append("addresses") }
        if target.isUp, !target.routes.isSubset(of: routes) { names.append("routes") }
        return names
    }
}

extension InterfaceRoute: Comparable {
    /// Routes on the link before those through gateways, then by destination, metric and table.
    public static func < (left: InterfaceRoute, right: InterfaceRoute) -> Bool {
        let leftVia = left.gateway != nil
        let rightVia = right.gateway != nil
        guard leftVia == rightVia else { return rightVia }
        guard left.destination == right.destination else { return left.destination < right.destination }
        return (left.metric, left.table.rawValue) < (right.metric, right.table.rawValue)
    }
}
