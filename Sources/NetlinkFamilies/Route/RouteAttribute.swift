/// Attributes of a route.
public enum RouteAttribute {
    /// RTA_DST: destination, `destinationLength` bits of it; nil is the default route.
    public static let destination: UInt16 = 1
    /// RTA_SRC: source, `sourceLength` bits of it.
    public static let source: UInt16 = 2
    /// RTA_IIF: index of the link that packets come in on.
    public static let inputIndex: UInt16 = 3
    /// RTA_OIF: index of the link that packets go out on.
    public static let outputIndex: UInt16 = 4
    /// RTA_GATEWAY: next router.
    public static let gateway: UInt16 = 5
    /// RTA_PRIORITY: metric; the lowest wins.
    public static let priority: UInt16 = 6
    /// RTA_PREFSRC: source address of packets from here.
    public static let preferredSource: UInt16 = 7
    /// RTA_METRICS: nest of metrics.
    public static let metrics: UInt16 = 8
    /// RTA_MULTIPATH: array of next hops.
    public static let multipath: UInt16 = 9
    /// RTA_FLOW: realms.
    public static let realms: UInt16 = 11
    /// RTA_CACHEINFO: age and use.
    public static let cacheInfo: UInt16 = 12
    /// RTA_TABLE: table, where the header's byte is too small.
    public static let longTable: UInt16 = 15
    /// RTA_MARK: mark that packets carry.
    public static let mark: UInt16 = 16
    /// RTA_MFC_STATS: counters of a multicast route.
    public static let multicastStatistics: UInt16 = 17
    /// RTA_VIA: next router of another family.
    public static let via: UInt16 = 18
    /// RTA_NEWDST: new destination, for MPLS.
    public static let newDestination: UInt16 = 19
    /// RTA_PREF: preference of the router: 0 medium, 1 high, 3 low.
    public static let preference: UInt16 = 20
    /// RTA_ENCAP_TYPE: kind of encapsulation.
    public static let encapType: UInt16 = 21
    /// RTA_ENCAP: nest about the encapsulation.
    public static let encap: UInt16 = 22
    /// RTA_EXPIRES: seconds until the route ends, in requests.
    public static let expires: UInt16 = 23
    /// RTA_UID: user whose packets are meant, in requests.
    public static let user: UInt16 = 25
    /// RTA_TTL_PROPAGATE: 1 when the time to live goes into labels.
    public static let ttlPropagate: UInt16 = 26
    /// RTA_IP_PROTO: number of the transport protocol, in requests.
    public static let ipProtocol: UInt16 = 27
    /// RTA_SPORT: source port in network order, in requests.
    public static let sourcePort: UInt16 = 28
    /// RTA_DPORT: destination port in network order, in requests.
    public static let destinationPort: UInt16 = 29
    /// RTA_NH_ID: id of a nexthop object.
    public static let nextHopID: UInt16 = 30
}
