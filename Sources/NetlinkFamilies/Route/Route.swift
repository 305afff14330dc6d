public import NetlinkWire

/// A route: RTM_NEWROUTE, RTM_DELROUTE.
public struct Route: RouteMessage {
    /// AF_INET, AF_INET6 or another (rtm_family).
    public var family: AddressFamily = .inet
    /// Length of the destination's prefix in bits (rtm_dst_len).
    public var destinationLength: UInt8 = 0
    /// Length of the source's prefix in bits (rtm_src_len).
    public var sourceLength: UInt8 = 0
    /// Type of service (rtm_tos).
    public var tos: UInt8 = 0
    /// The header's byte for the table (rtm_table).
    var shortTable: UInt8 = 0
    /// Who set the route (rtm_protocol).
    public var origin: RouteOrigin = .boot
    /// How far away the destination is (rtm_scope).
    public var scope: RouteScope = .universe
    /// What the route does (rtm_type).
    public var type: RouteType = .unicast
    /// Flags (rtm_flags).
    public var flags: RouteFlags = []

    /// Destination, `destinationLength` bits of it; nil is the default route (RTA_DST).
    public var destination: IPAddress?
    /// Index of the link that packets go out on (RTA_OIF).
    public var outputIndex: UInt32?
    /// Next router (RTA_GATEWAY).
    public var gateway: IPAddress?
    /// Metric; the lowest wins (RTA_PRIORITY).
    public var priority: UInt32?
    /// Source address of packets from here (RTA_PREFSRC).
    public var preferredSource: IPAddress?
    /// Preference of the router: 0 medium, 1 high, 3 low (RTA_PREF).
    public var preference: UInt8?
    /// Id of a nexthop object (RTA_NH_ID).
    public var nextHopID: UInt32?
    /// Table, where the header's byte is too small (RTA_TABLE).
    var longTable: UInt32?
    /// Metrics (RTA_METRICS).
    public var metrics: RouteMetrics?
    /// Several next hops, in place of one (RTA_MULTIPATH).
    public var nextHops: [NextHop] = []
    /// Age and use (RTA_CACHEINFO).
    public var cacheInfo: RouteCacheInfo?
    /// What few routes have, so that the others stay small.
    var rareStorage: [RareRouteFields] = []
    /// Attributes that have no property here, as they came.
    public var unknownAttributes: [RawAttribute] = []

    /// RTM_NEWROUTE.
    public static var newType: MessageType { .newRoute }

    /// A route to a destination, for requests; nil is the default route.
    public init(
        family: AddressFamily, to destination: IPAddress? = nil, length: UInt8 = 0, table: RouteTable = .main
    ) {
        self.family = family
        self.destination = destination
        destinationLength = length
        self.table = table
    }

    /// The routing table.
    public var table: RouteTable {
        get { RouteTable(rawValue: longTable ?? UInt32(shortTable)) }
        set {
            // As iproute2 does: tables above 255 stand in the attribute alone.
            shortTable = UInt8(exactly: newValue.rawValue) ?? 0
            longTable = newValue.rawValue > 255 ? newValue.rawValue : nil
        }
    }
}
