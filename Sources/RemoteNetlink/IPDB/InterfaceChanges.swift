import NetlinkFamilies

extension Interface {
    /// Names of the properties whose value is another.
    func differences(from other: Interface) -> [String] {
        var names: [String] = []
        func compare(_ name: String, _ same: Bool) {
            if !same { names.append(name) }
        }
        compare("name", self.name == other.name)
        compare("address", address == other.address)
        compare("mtu", mtu == other.mtu)
        compare("isUp", isUp == other.isUp)
        compare("txQueueLength", txQueueLength == other.txQueueLength)
        compare("alias", alias == other.alias)
        compare("master", master == other.master)
        compare("ports", ports == other.ports)
        compare("addresses", addresses == other.addresses)
        compare("routes", routes == other.routes)
        return names
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
        // The kernel takes the routes along whose packets have an address that goes.
        let gone = base.addresses.subtracting(addresses)
        target.routes = target.routes.filter { route in
            routes.subtracting(base.routes).contains(route) || !gone.contains { $0.address == route.source }
        }
        return target
    }

    private func merged<Element>(_ wanted: Set<Element>, _ base: Set<Element>, _ current: Set<Element>) -> Set<Element>
    {
        current.subtracting(base.subtracting(wanted)).union(wanted.subtracting(base))
    }

    /// The properties that both `self` and `current` have made something else of `base`, and not the same.
    func conflicts(since base: Interface, with current: Interface) -> [String] {
        let mine = Set(differences(from: base))
        let theirs = Set(current.differences(from: base))
        return differences(from: current).filter { name in
            mine.contains(name) && theirs.contains(name) && !["ports", "addresses", "routes"].contains(name)
        }
    }

    /// True when this has what was meant by changing `base` into `wanted`.
    ///
    /// Ports and masters may have been named otherwise, and aren't looked at.
    func has(_ wanted: Interface, since base: Interface, routes checksRoutes: Bool) -> Bool {
        let changed = Set(wanted.differences(from: base)).subtracting(["master", "ports", "addresses", "routes"])
        guard changed.isDisjoint(with: differences(from: wanted)) else { return false }
        guard has(addresses, wanted.addresses, base.addresses) else { return false }
        return !checksRoutes || has(routes, wanted.routes, base.routes)
    }

    private func has<Element>(_ own: Set<Element>, _ wanted: Set<Element>, _ base: Set<Element>) -> Bool {
        wanted.subtracting(base).isSubset(of: own) && base.subtracting(wanted).isDisjoint(with: own)
    }

    /// True when packets of the route have a source address that `former` had and this hasn't.
    func lacksSource(of route: Route, _ former: Interface) -> Bool {
        guard let source = route.preferredSource else { return false }
        return former.addresses.subtracting(addresses).contains { $0.address == source }
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
