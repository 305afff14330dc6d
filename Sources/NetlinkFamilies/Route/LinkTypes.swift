/// Flags of a link.
public struct LinkFlags: OptionSet, Hashable, Sendable {
    /// The bits on the wire.
    public let rawValue: UInt32

    /// Flags from their bits.
    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// IFF_UP: administratively up.
    public static let up = LinkFlags(rawValue: 1 << 0)
    /// IFF_BROADCAST: has a broadcast address.
    public static let broadcast = LinkFlags(rawValue: 1 << 1)
    /// IFF_DEBUG: debugging is on.
    public static let debug = LinkFlags(rawValue: 1 << 2)
    /// IFF_LOOPBACK: is a loopback.
    public static let loopback = LinkFlags(rawValue: 1 << 3)
    /// IFF_POINTOPOINT: has one peer.
    public static let pointToPoint = LinkFlags(rawValue: 1 << 4)
    /// IFF_NOTRAILERS: no trailers.
    public static let noTrailers = LinkFlags(rawValue: 1 << 5)
    /// IFF_RUNNING: resources are there.
    public static let running = LinkFlags(rawValue: 1 << 6)
    /// IFF_NOARP: no address resolution.
    public static let noARP = LinkFlags(rawValue: 1 << 7)
    /// IFF_PROMISC: takes every packet.
    public static let promiscuous = LinkFlags(rawValue: 1 << 8)
    /// IFF_ALLMULTI: takes every multicast packet.
    public static let allMulticast = LinkFlags(rawValue: 1 << 9)
    /// IFF_MASTER: leads others.
    public static let master = LinkFlags(rawValue: 1 << 10)
    /// IFF_SLAVE: is led by another.
    public static let slave = LinkFlags(rawValue: 1 << 11)
    /// IFF_MULTICAST: can do multicast.
    public static let multicast = LinkFlags(rawValue: 1 << 12)
    /// IFF_PORTSEL: can choose its medium.
    public static let portSelect = LinkFlags(rawValue: 1 << 13)
    /// IFF_AUTOMEDIA: chooses its medium by itself.
    public static let autoMedia = LinkFlags(rawValue: 1 << 14)
    /// IFF_DYNAMIC: addresses go when the link goes down.
    public static let dynamic = LinkFlags(rawValue: 1 << 15)
    /// IFF_LOWER_UP: the layer below is up.
    public static let lowerUp = LinkFlags(rawValue: 1 << 16)
    /// IFF_DORMANT: waits for an event.
    public static let dormant = LinkFlags(rawValue: 1 << 17)
    /// IFF_ECHO: sends back what it was sent.
    public static let echo = LinkFlags(rawValue: 1 << 18)
}

/// Operational state of a link, as RFC 2863 means it.
public struct OperState: RawRepresentable, Hashable, Sendable {
    /// The number on the wire.
    public let rawValue: UInt8

    /// A value by its number.
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// IF_OPER_UNKNOWN: the driver doesn't say.
    public static let unknown = OperState(rawValue: 0)
    /// IF_OPER_NOTPRESENT: hardware is missing.
    public static let notPresent = OperState(rawValue: 1)
    /// IF_OPER_DOWN: can't pass packets.
    public static let down = OperState(rawValue: 2)
    /// IF_OPER_LOWERLAYERDOWN: the link below is down.
    public static let lowerLayerDown = OperState(rawValue: 3)
    /// IF_OPER_TESTING: in a test.
    public static let testing = OperState(rawValue: 4)
    /// IF_OPER_DORMANT: waits for an event.
    public static let dormant = OperState(rawValue: 5)
    /// IF_OPER_UP: passes packets.
    public static let up = OperState(rawValue: 6)
}

/// Kind of hardware, as ARP numbers it.
public struct LinkType: RawRepresentable, Hashable, Sendable {
    /// The number on the wire.
    public let rawValue: UInt16

    /// A value by its number.
    public init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// ARPHRD_NETROM: NET/ROM.
    public static let netrom = LinkType(rawValue: 0)
    /// ARPHRD_ETHER: Ethernet.
    public static let ether = LinkType(rawValue: 1)
    /// ARPHRD_INFINIBAND: InfiniBand.
    public static let infiniband = LinkType(rawValue: 32)
    /// ARPHRD_PPP: point-to-point protocol.
    public static let ppp = LinkType(rawValue: 512)
    /// ARPHRD_TUNNEL: IP in IP tunnel.
    public static let tunnel = LinkType(rawValue: 768)
    /// ARPHRD_TUNNEL6: IP in IPv6 tunnel.
    public static let tunnel6 = LinkType(rawValue: 769)
    /// ARPHRD_LOOPBACK: loopback.
    public static let loopback = LinkType(rawValue: 772)
    /// ARPHRD_SIT: IPv6 in IPv4.
    public static let sit = LinkType(rawValue: 776)
    /// ARPHRD_IPGRE: GRE over IPv4.
    public static let ipgre = LinkType(rawValue: 778)
    /// ARPHRD_IEEE80211: Wi-Fi.
    public static let ieee80211 = LinkType(rawValue: 801)
    /// ARPHRD_IP6GRE: GRE over IPv6.
    public static let ip6gre = LinkType(rawValue: 823)
    /// ARPHRD_NETLINK: netlink monitor.
    public static let netlink = LinkType(rawValue: 824)
    /// ARPHRD_RAWIP: no header at all.
    public static let rawIP = LinkType(rawValue: 519)
    /// ARPHRD_NONE: no header at all.
    public static let none = LinkType(rawValue: 0xFFFE)
}

/// What a request for links wants to be told, or spared (IFLA_EXT_MASK).
public struct LinkExtras: OptionSet, Hashable, Sendable {
    /// The bits on the wire.
    public let rawValue: UInt32

    /// Flags from their bits.
    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// RTEXT_FILTER_VF: virtual functions of network cards.
    public static let virtualFunctions = LinkExtras(rawValue: 1 << 0)
    /// RTEXT_FILTER_BRVLAN: VLANs of bridge ports.
    public static let bridgeVLANs = LinkExtras(rawValue: 1 << 1)
    /// RTEXT_FILTER_BRVLAN_COMPRESSED: VLANs of bridge ports as ranges.
    public static let bridgeVLANsCompressed = LinkExtras(rawValue: 1 << 2)
    /// RTEXT_FILTER_SKIP_STATS: no counters.
    public static let skipStatistics = LinkExtras(rawValue: 1 << 3)
}
