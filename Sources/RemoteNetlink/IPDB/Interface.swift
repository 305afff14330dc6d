public import NetlinkFamilies

/// An interface with what belongs to it, as it is or as it shall be.
public struct Interface: Hashable, Sendable {
    /// Number of the link; it stays the same through every change.
    public internal(set) var index: UInt32
    /// Kind of the link: "bridge", "veth"; nil for hardware and the loopback.
    public internal(set) var kind: ByteString?
    /// Name, at most 15 bytes.
    public var name: String
    /// Link-layer address; nil for links without one.
    public var address: LinkAddress?
    /// Largest packet in bytes.
    public var mtu: UInt32
    /// Administratively up.
    public var isUp: Bool
    /// Length of the transmit queue in packets.
    public var txQueueLength: UInt32
    /// Description; empty for none.
    public var alias: String
    /// Name of the bridge, bond or VRF that this is a port of.
    public var master: String?
    /// Names of the interfaces that are ports of this one.
    public var ports: Set<String>
    /// Addresses with the prefix length of their subnet.
    public var addresses: Set<IPPrefix>
    /// Routes through this interface that somebody set; those that the kernel sets by itself aren't among them.
    public var routes: Set<InterfaceRoute>

    init(_ link: Link, names: (UInt32) -> String?) {
        index = link.index
        kind = link.info?.kind
        name = link.name.text
        address = link.address.flatMap { $0.count == 0 ? nil : $0 }
        mtu = link.mtu ?? 0
        isUp = link.flags.contains(.up)
        txQueueLength = link.txQueueLength ?? 0
        alias = link.alias?.text ?? ""
        master = link.master.flatMap { $0 == 0 ? nil : names($0) ?? "if\($0)" }
        ports = []
        addresses = []
        routes = []
    }
}

/// A route through an interface.
public struct InterfaceRoute: Hashable, Sendable {
    /// Where to.
    public let destination: IPPrefix
    /// The next router; nil when the destination is on the link.
    public let gateway: IPAddress?
    /// Metric; the lowest wins.
    ///
    /// 0 for IPv4 and 1024 for IPv6 where none was given, as the kernel has it.
    public let metric: UInt32
    /// Source address of packets from here.
    public let source: IPAddress?
    /// The routing table.
    public let table: RouteTable

    /// A route in the main table, unless said otherwise.
    public init(
        to destination: IPPrefix, via gateway: IPAddress? = nil, metric: UInt32? = nil, source: IPAddress? = nil,
        table: RouteTable = .main
    ) {
        self.destination = destination.network
        self.gateway = gateway
        self.metric = metric ?? (destination.family == .inet6 ? 1024 : 0)
        self.source = source
        self.table = table
    }

    /// The route in an interface's own words; nil for one that isn't a plain route that somebody set.
    init?(_ route: Route) {
        guard route.type == .unicast, route.nextHops.isEmpty, route.nextHopID == nil, route.table != .local,
            ![.kernel, .redirect, .routerAdvertisement].contains(route.origin), route.via == nil, route.source == nil,
            !route.flags.contains(.cloned)
        else { return nil }
        self.init(
            to: route.prefix, via: route.gateway, metric: route.priority ?? 0, source: route.preferredSource,
            table: route.table)
    }

    /// The route for a request.
    func route(index: UInt32) -> Route {
        var route = Route(to: destination, table: table)
        route.outputIndex = index
        route.gateway = gateway
        route.priority = metric == 0 ? nil : metric
        route.preferredSource = source
        if destination.family == .inet, gateway == nil { route.scope = .link }
        return route
    }

    /// The route for a request that removes it, whoever set it.
    func removal(index: UInt32) -> Route {
        var route = route(index: index)
        route.origin = .unspecified
        route.scope = .nowhere
        return route
    }
}

extension ByteString {
    /// The text where it is UTF-8, else what a terminal would show.
    var text: String { validated ?? description }
}
