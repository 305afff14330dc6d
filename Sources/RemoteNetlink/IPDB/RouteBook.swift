import NetlinkFamilies

/// The routes of a kernel, each event at a cost that doesn't grow with their number.
///
/// Several routes may have the same place: IPv4 keeps them in an order and replaces the first, IPv6 joins those with a
/// gateway into one with several next hops. All of them are kept, also those that no interface shows, so that it is known
/// which one a change is about.
struct RouteBook {
    private var places: [RoutePlace: [RouteEntry]] = [:]
    /// Where routes through a link lie.
    private var byLink: [UInt32: Set<RoutePlace>] = [:]
    /// Where IPv4 routes lie whose packets get this source address.
    private var bySource: [IPAddress: Set<RoutePlace>] = [:]

    /// The routes of an interface that somebody set.
    func routes(through index: UInt32) -> Set<InterfaceRoute> {
        var routes: Set<InterfaceRoute> = []
        for place in byLink[index] ?? [] {
            for entry in places[place] ?? [] where entry.index == index {
                if let route = entry.route(at: place) { routes.insert(route) }
            }
        }
        return routes
    }

    // MARK: - Events

    /// A route was made or changed; `replaces` and `appends` are the flags of the message.
    mutating func insert(_ route: Route, replaces: Bool, appends: Bool) {
        guard let (place, entry) = RouteBook.entry(route) else { return }
        change(place) { entries in
            guard !entries.contains(entry) else { return }
            if place.destination.family == .inet {
                if replaces, !entries.isEmpty {
                    entries[0] = entry
                } else {
                    entries.insert(entry, at: appends ? entries.count : 0)
                }
            } else {
                if replaces { entries.makeWay(for: entry) }
                entries.removeAll { $0.hasGateway && entry.hasGateway && Set($0.hops).isSubset(of: entry.hops) }
                entries.append(entry)
            }
        }
    }

    /// A route is gone, or some of its next hops.
    mutating func remove(_ route: Route) {
        guard let (place, entry) = RouteBook.entry(route) else { return }
        change(place) { entries in
            if let same = entries.firstIndex(of: entry) {
                entries.remove(at: same)
            } else if place.destination.family == .inet6 {
                entries.removeHops(entry.hops)
            }
        }
    }

    /// A link goes down: the kernel drops its IPv4 routes without a word.
    ///
    /// The same happens when its last IPv4 address goes.
    mutating func dropIPv4(through index: UInt32) {
        for place in byLink[index] ?? [] where place.destination.family == .inet {
            change(place) { entries in entries.removeAll { $0.index == index } }
        }
    }

    /// A link is gone.
    mutating func drop(through index: UInt32) {
        for place in byLink[index] ?? [] { change(place) { entries in entries.removeAll { $0.index == index } } }
    }

    /// An IPv4 address is gone: the kernel drops the routes whose packets get it without a word.
    mutating func drop(from source: IPAddress) {
        for place in bySource[source] ?? [] {
            change(place) { entries in entries.removeAll { $0.preferredSource == source && !$0.isKernels } }
        }
    }

    // MARK: - Keeping the indexes

    private static func entry(_ route: Route) -> (RoutePlace, RouteEntry)? {
        guard route.table != .local, !route.flags.contains(.cloned) else { return nil }
        return (route.place, RouteEntry(route))
    }

    private mutating func change(_ place: RoutePlace, _ body: (inout [RouteEntry]) -> Void) {
        var entries = places.removeValue(forKey: place) ?? []
        let before = entries
        body(&entries)
        if !entries.isEmpty { places[place] = entries }
        for old in before where !entries.contains(where: { $0.index == old.index }) { byLink.remove(place, old.index) }
        for new in entries where new.index != 0 { byLink[new.index, default: []].insert(place) }
        guard place.destination.family == .inet else { return }
        for old in before {
            guard let source = old.preferredSource else { continue }
            if !entries.contains(where: { $0.preferredSource == source }) { bySource.remove(place, source) }
        }
        for case let source? in entries.map(\.preferredSource) { bySource[source, default: []].insert(place) }
    }
}

/// One of several routes of a place, as far as they differ.
private struct RouteEntry: Hashable {
    /// Of everything that routes of one place may differ by: less than all of it takes.
    let fingerprint: Int
    let isKernels: Bool
    let preferredSource: IPAddress?
    /// Has properties that the route of an interface has no word for.
    let isSpecial: Bool
    var hops: [Hop]

    struct Hop: Hashable {
        let index: UInt32
        let gateway: IPAddress?
        let via: Via?
        let weight: Int
    }

    init(_ route: Route) {
        fingerprint = route.lasting.hashValue
        isKernels = route.origin == .kernel
        preferredSource = route.preferredSource
        var single = route
        single.nextHops = []
        isSpecial = InterfaceRoute(single) == nil
        hops = route.nextHops.map { Hop(index: $0.outputIndex, gateway: $0.gateway, via: $0.via, weight: $0.weight) }
        if hops.isEmpty {
            hops = [Hop(index: route.outputIndex ?? 0, gateway: route.gateway, via: route.via, weight: 1)]
        }
    }

    /// The link, where there is one; 0 otherwise.
    var index: UInt32 { hops.count == 1 ? hops[0].index : 0 }
    var hasGateway: Bool { hops[0].gateway != nil || hops[0].via != nil }

    func route(at place: RoutePlace) -> InterfaceRoute? {
        guard !isSpecial, hops.count == 1 else { return nil }
        return InterfaceRoute(
            to: place.destination, via: hops[0].gateway, metric: place.metric, source: preferredSource,
            table: place.table)
    }
}

extension [RouteEntry] {
    /// IPv6: what a replacement takes the place of is what can have several next hops as it can, else the first.
    fileprivate mutating func makeWay(for entry: RouteEntry) {
        let alike = indices.filter { self[$0].hasGateway == entry.hasGateway }
        if entry.hasGateway, !alike.isEmpty {
            removeAll { $0.hasGateway }
        } else if let first = alike.first ?? indices.first {
            remove(at: first)
        }
    }

    /// Takes next hops out; an entry without any is gone.
    fileprivate mutating func removeHops(_ hops: [RouteEntry.Hop]) {
        for index in indices.reversed() {
            self[index].hops.removeAll { hop in
                hops.contains { $0.index == hop.index && $0.gateway == hop.gateway && $0.via == hop.via }
            }
            if self[index].hops.isEmpty { remove(at: index) }
        }
    }
}

extension Dictionary where Value == Set<RoutePlace> {
    fileprivate mutating func remove(_ place: RoutePlace, _ key: Key) {
        self[key]?.remove(place)
        if self[key]?.isEmpty == true { self[key] = nil }
    }
}
