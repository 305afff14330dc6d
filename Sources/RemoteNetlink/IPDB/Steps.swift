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
    case setPortUp(String, Bool)
    case addAddress(Address)
    case removeAddress(Address)
    case addRoute(Route)
    /// One that was there, behind those of the same place.
    case restoreRoute(Route)
    case removeRoute(Route)
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
        case .setPortUp(let name, let isUp): "set the port \(name) \(isUp ? "up" : "down")"
        case .addAddress(let address): "add the address \(address.prefix?.description ?? "of another family")"
        case .removeAddress(let address): "remove the address \(address.prefix?.description ?? "of another family")"
        case .addRoute(let route), .restoreRoute(let route): "add the route to \(route.prefix)"
        case .removeRoute(let route): "remove the route to \(route.prefix)"
        }
    }
}

/// How an interface shall be changed: what it was like, what it shall be like, and what of that was meant.
struct ChangePlan: Sendable {
    let before: InterfaceRecord
    let target: Interface
    /// Names of the properties that the program changed.
    let changed: Set<String>

    private var index: UInt32 { before.interface.index }

    // MARK: - Towards the target

    /// The steps that lead on from `now`, in an order in which each finds what it needs.
    ///
    /// What goes comes first: routes, then addresses, which would take their routes along; then going down, the link's
    /// own properties, its place among others; then what comes: addresses, up, and routes, which need both.
    func forward(from now: InterfaceRecord) -> [Step] {
        let current = now.interface
        let unwanted = before.interface.routes.subtracting(target.routes)
        var steps: [Step] = now.routes.filter { InterfaceRoute($0).map(unwanted.contains) ?? false }
            .map { .removeRoute($0) }
        let gone = before.interface.addresses.subtracting(target.addresses)
        steps += now.addresses.filter { $0.prefix.map(gone.contains) ?? false }.map { .removeAddress($0) }
        steps += linkSteps(from: current, to: target)
        steps += missingAddresses(now).map { .addAddress($0) }
        if changes("isUp", current.isUp, target.isUp), target.isUp { steps.append(.setUp(true)) }
        let released = before.interface.ports.subtracting(target.ports)
        return steps + missingRoutes(now) + portSteps(now).filter { released.contains($0.0) }.map(\.1)
    }

    /// Properties in which `now` isn't what was meant.
    func shortcomings(_ now: InterfaceRecord) -> [String] {
        var names = now.interface.differences(from: target).filter { name in
            changed.contains(name) && !["ports", "addresses", "routes"].contains(name)
        }
        if target.isUp, changes("isUp", now.interface.isUp, true), !names.contains("isUp") { names.append("isUp") }
        let released = before.interface.ports.subtracting(target.ports)
        if !target.ports.subtracting(before.interface.ports).isSubset(of: now.interface.ports)
            || !released.isDisjoint(with: now.interface.ports)
            || portSteps(now).contains(where: { released.contains($0.0) })
        {
            names.append("ports")
        }
        if !missingAddresses(now).isEmpty { names.append("addresses") }
        if !missingRoutes(now).isEmpty { names.append("routes") }
        return names
    }

    /// Addresses that were there, and went although they shall stay, and new ones.
    private func missingAddresses(_ now: InterfaceRecord) -> [Address] {
        let missing = target.addresses.subtracting(now.interface.addresses)
        let old = before.addresses.filter { address in
            // An interface that goes down keeps no IPv6 addresses; coming up, it makes some by itself.
            guard let prefix = address.prefix, missing.contains(prefix) else { return false }
            return address.family == .inet || target.isUp && !address.comesByItself
        }
        let new = missing.subtracting(before.interface.addresses).sorted()
        return old.map(\.again) + new.map { Address($0, index: index) }
    }

    /// Routes that were there, and went although they shall stay, and new ones; none for an interface that is down.
    private func missingRoutes(_ now: InterfaceRecord) -> [Step] {
        guard target.isUp else { return [] }
        let present = Set(now.routes)
        let old = before.routes.filter { route in
            guard !present.contains(route) else { return false }
            if let own = InterfaceRoute(route) { return target.routes.contains(own) }
            return before.interface.isUp && !target.lacksSource(of: route, before.interface)
        }
        // Routes to networks before routes through gateways that lie in them.
        let new = target.routes.subtracting(before.interface.routes).subtracting(now.interface.routes).sorted()
        return old.map { .restoreRoute($0) } + new.map { .addRoute($0.route(index: index)) }
    }

    // MARK: - Back

    /// The steps from `now` back to what was before, as far as the change was the reason.
    func backward(from now: InterfaceRecord) -> [Step] {
        let (current, former) = (now.interface, before.interface)
        var steps: [Step] = now.routes.filter { isOurs($0) }.map { .removeRoute($0) }
        let ours = target.addresses.subtracting(former.addresses)
        steps += now.addresses.filter { $0.prefix.map(ours.contains) ?? false }.map { .removeAddress($0) }
        let restored = restoredAddresses(now)
        steps += restored.remove.map { .removeAddress($0) }
        steps += linkSteps(from: current, to: former)
        steps += restored.add.map { .addAddress($0) }
        if changes("isUp", current.isUp, former.isUp), former.isUp { steps.append(.setUp(true)) }
        if former.isUp { steps += restoredRoutes(now) }
        return steps + portSteps(now).map(\.1)
    }

    /// Properties that somebody else has changed since; they stay as they are.
    func changedByOthers(_ now: InterfaceRecord) -> [String] {
        now.interface.differences(from: before.interface).filter { name in
            changed.contains(name) && isTheirs(name, now.interface)
        }
    }

    private func isOurs(_ route: Route) -> Bool {
        guard let own = InterfaceRoute(route) else { return false }
        return target.routes.contains(own) && !before.interface.routes.contains(own)
    }

    /// IPv4 addresses come back in their order, since the first of a subnet is its primary.
    private func restoredAddresses(_ now: InterfaceRecord) -> (remove: [Address], add: [Address]) {
        let known = Set(before.addresses.compactMap(\.prefix))
        let present = now.addresses.filter { $0.family == .inet && ($0.prefix.map(known.contains) ?? false) }
        let former = before.addresses.filter { $0.family == .inet }
        let same = zip(present, former).prefix { $0.isAgain($1) }.count
        let others = before.addresses.filter { address in
            guard address.family != .inet, !address.comesByItself || now.interface.isUp else { return false }
            return !now.addresses.contains { $0.prefix == address.prefix }
        }
        // A primary that goes takes the others of its subnet along: the last goes first.
        return (present.dropFirst(same).reversed(), (former.dropFirst(same) + others).map(\.again))
    }

    /// IPv4 routes of one place come back in their order.
    private func restoredRoutes(_ now: InterfaceRecord) -> [Step] {
        let present = Dictionary(grouping: now.routes.filter { !isOurs($0) }, by: \.place)
        var done: Set<RoutePlace> = []
        var steps: [Step] = []
        let former = Dictionary(grouping: before.routes, by: \.place)
        for place in before.routes.map(\.place) where done.insert(place).inserted {
            let wanted = former[place] ?? []
            let there = (present[place] ?? []).filter(wanted.contains)
            let same = zip(there, wanted).prefix { $0 == $1 }.count
            steps += there.dropFirst(same).map { .removeRoute($0) } + wanted.dropFirst(same).map { .restoreRoute($0) }
        }
        return steps
    }

    // MARK: - Both ways

    /// Ports are as they were: a bond sets them up, and down when it lets them go.
    private func portSteps(_ now: InterfaceRecord) -> [(String, Step)] {
        before.portsUp.sorted { $0.key < $1.key }.compactMap { name, wasUp in
            now.portsUp[name] == !wasUp && changed.contains("ports") ? (name, .setPortUp(name, wasUp)) : nil
        }
    }

    /// The link's own properties, from going down on; those that weren't changed aren't touched.
    private func linkSteps(from current: Interface, to goal: Interface) -> [Step] {
        var steps: [Step] = []
        if changes("isUp", current.isUp, goal.isUp), !goal.isUp, !isSetUpByMaster(goal) { steps.append(.setUp(false)) }
        let changesMaster = changes("master", current.master, goal.master) && !isTheirs("master", current)
        if changesMaster, current.master != nil { steps.append(.setMaster(nil)) }
        let ours = target.ports.symmetricDifference(before.interface.ports)
        steps += current.ports.subtracting(goal.ports).intersection(ours).sorted().map { .removePort($0) }
        func set<Value: Equatable>(_ name: String, _ property: KeyPath<Interface, Value>, _ step: (Value) -> Step) {
            guard changes(name, current[keyPath: property], goal[keyPath: property]), !isTheirs(name, current) else {
                return
            }
            steps.append(step(goal[keyPath: property]))
        }
        set("mtu", \.mtu) { .setMTU($0) }
        if let address = goal.address { set("address", \.address) { _ in .setAddress(address) } }
        set("name", \.name) { .setName($0) }
        set("txQueueLength", \.txQueueLength) { .setTXQueueLength($0) }
        set("alias", \.alias) { .setAlias($0) }
        if changesMaster, goal.master != nil { steps.append(.setMaster(goal.master)) }
        steps += goal.ports.subtracting(current.ports).intersection(ours).sorted().map { .addPort($0) }
        return steps
    }

    private func changes<Value: Equatable>(_ name: String, _ current: Value, _ goal: Value) -> Bool {
        guard current != goal else { return false }
        // A bond sets its ports up, and down when it lets them go.
        return changed.contains(name) || name == "isUp" && changed.contains("master")
    }

    /// On the way to a new master: a bond sets its ports up.
    private func isSetUpByMaster(_ goal: Interface) -> Bool {
        goal == target && !changed.contains("isUp") && target.master != nil
    }

    /// Neither as it was nor as it was meant: somebody else's.
    private func isTheirs(_ name: String, _ current: Interface) -> Bool {
        current.differences(from: before.interface).contains(name) && current.differences(from: target).contains(name)
    }
}
