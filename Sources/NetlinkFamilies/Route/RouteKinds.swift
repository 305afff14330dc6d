/// What a route does with a packet.
public struct RouteType: RawRepresentable, Hashable, Sendable {
    /// The number on the wire.
    public let rawValue: UInt8

    /// A value by its number.
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// RTN_UNSPEC: not said.
    public static let unspecified = RouteType(rawValue: 0)
    /// RTN_UNICAST: sends it on.
    public static let unicast = RouteType(rawValue: 1)
    /// RTN_LOCAL: takes it.
    public static let local = RouteType(rawValue: 2)
    /// RTN_BROADCAST: takes it, sends it as broadcast.
    public static let broadcast = RouteType(rawValue: 3)
    /// RTN_ANYCAST: takes it, sends it as unicast.
    public static let anycast = RouteType(rawValue: 4)
    /// RTN_MULTICAST: multicast.
    public static let multicast = RouteType(rawValue: 5)
    /// RTN_BLACKHOLE: drops it.
    public static let blackhole = RouteType(rawValue: 6)
    /// RTN_UNREACHABLE: drops it: host unreachable.
    public static let unreachable = RouteType(rawValue: 7)
    /// RTN_PROHIBIT: drops it: prohibited.
    public static let prohibit = RouteType(rawValue: 8)
    /// RTN_THROW: looks in the next table.
    public static let throwing = RouteType(rawValue: 9)
    /// RTN_NAT: no longer used.
    public static let nat = RouteType(rawValue: 10)
    /// RTN_XRESOLVE: no longer used.
    public static let xresolve = RouteType(rawValue: 11)
}

/// Who set a route or rule.
public struct RouteOrigin: RawRepresentable, Hashable, Sendable {
    /// The number on the wire.
    public let rawValue: UInt8

    /// A value by its number.
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// RTPROT_UNSPEC: not said.
    public static let unspecified = RouteOrigin(rawValue: 0)
    /// RTPROT_REDIRECT: a redirect.
    public static let redirect = RouteOrigin(rawValue: 1)
    /// RTPROT_KERNEL: the kernel.
    public static let kernel = RouteOrigin(rawValue: 2)
    /// RTPROT_BOOT: something while booting; `ip` by default.
    public static let boot = RouteOrigin(rawValue: 3)
    /// RTPROT_STATIC: an administrator.
    public static let administrator = RouteOrigin(rawValue: 4)
    /// RTPROT_GATED: GateD.
    public static let gated = RouteOrigin(rawValue: 8)
    /// RTPROT_RA: a router's advertisement.
    public static let routerAdvertisement = RouteOrigin(rawValue: 9)
    /// RTPROT_MRT: MRT.
    public static let mrt = RouteOrigin(rawValue: 10)
    /// RTPROT_ZEBRA: Zebra.
    public static let zebra = RouteOrigin(rawValue: 11)
    /// RTPROT_BIRD: BIRD.
    public static let bird = RouteOrigin(rawValue: 12)
    /// RTPROT_DNROUTED: the DECnet daemon.
    public static let dnrouted = RouteOrigin(rawValue: 13)
    /// RTPROT_XORP: XORP.
    public static let xorp = RouteOrigin(rawValue: 14)
    /// RTPROT_NTK: Netsukuku.
    public static let ntk = RouteOrigin(rawValue: 15)
    /// RTPROT_DHCP: a DHCP client.
    public static let dhcp = RouteOrigin(rawValue: 16)
    /// RTPROT_MROUTED: the multicast daemon.
    public static let mrouted = RouteOrigin(rawValue: 17)
    /// RTPROT_KEEPALIVED: Keepalived.
    public static let keepalived = RouteOrigin(rawValue: 18)
    /// RTPROT_BABEL: Babel.
    public static let babel = RouteOrigin(rawValue: 42)
    /// RTPROT_OPENR: Open/R.
    public static let openr = RouteOrigin(rawValue: 99)
    /// RTPROT_BGP: BGP.
    public static let bgp = RouteOrigin(rawValue: 186)
    /// RTPROT_ISIS: IS-IS.
    public static let isis = RouteOrigin(rawValue: 187)
    /// RTPROT_OSPF: OSPF.
    public static let ospf = RouteOrigin(rawValue: 188)
    /// RTPROT_RIP: RIP.
    public static let rip = RouteOrigin(rawValue: 189)
    /// RTPROT_EIGRP: EIGRP.
    public static let eigrp = RouteOrigin(rawValue: 192)
}

/// How far away a destination is, or how far an address is valid.
public struct RouteScope: RawRepresentable, Hashable, Sendable {
    /// The number on the wire.
    public let rawValue: UInt8

    /// A value by its number.
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// RT_SCOPE_UNIVERSE: anywhere.
    public static let universe = RouteScope(rawValue: 0)
    /// RT_SCOPE_SITE: within the site.
    public static let site = RouteScope(rawValue: 200)
    /// RT_SCOPE_LINK: on the link.
    public static let link = RouteScope(rawValue: 253)
    /// RT_SCOPE_HOST: on this host.
    public static let host = RouteScope(rawValue: 254)
    /// RT_SCOPE_NOWHERE: doesn't exist.
    public static let nowhere = RouteScope(rawValue: 255)
}

/// A routing table.
public struct RouteTable: RawRepresentable, Hashable, Sendable {
    /// The number on the wire.
    public let rawValue: UInt32

    /// A value by its number.
    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// RT_TABLE_UNSPEC: not said.
    public static let unspecified = RouteTable(rawValue: 0)
    /// RT_TABLE_COMPAT: what the header's byte says for tables above 255.
    public static let compat = RouteTable(rawValue: 252)
    /// RT_TABLE_DEFAULT: the default table.
    public static let standard = RouteTable(rawValue: 253)
    /// RT_TABLE_MAIN: the main table.
    public static let main = RouteTable(rawValue: 254)
    /// RT_TABLE_LOCAL: local and broadcast addresses.
    public static let local = RouteTable(rawValue: 255)
}

/// Flags of a route: the lower eight are those of its next hop.
public struct RouteFlags: OptionSet, Hashable, Sendable {
    /// The number on the wire.
    public let rawValue: UInt32

    /// A value by its number.
    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// RTNH_F_DEAD: can't be used.
    public static let dead = RouteFlags(rawValue: 1)
    /// RTNH_F_PERVASIVE: the gateway is looked up.
    public static let pervasive = RouteFlags(rawValue: 2)
    /// RTNH_F_ONLINK: the gateway counts as on the link.
    public static let onLink = RouteFlags(rawValue: 4)
    /// RTNH_F_OFFLOAD: the next hop is in the hardware.
    public static let offload = RouteFlags(rawValue: 8)
    /// RTNH_F_LINKDOWN: the link has no carrier.
    public static let linkDown = RouteFlags(rawValue: 16)
    /// RTNH_F_UNRESOLVED: a multicast entry that waits.
    public static let unresolved = RouteFlags(rawValue: 32)
    /// RTNH_F_TRAP: the next hop's packets go to the processor.
    public static let trapped = RouteFlags(rawValue: 64)
    /// RTM_F_NOTIFY: tell of changes.
    public static let notify = RouteFlags(rawValue: 0x100)
    /// RTM_F_CLONED: a copy in the cache.
    public static let cloned = RouteFlags(rawValue: 0x200)
    /// RTM_F_EQUALIZE: no longer used.
    public static let equalize = RouteFlags(rawValue: 0x400)
    /// RTM_F_PREFIX: only prefixes.
    public static let prefix = RouteFlags(rawValue: 0x800)
    /// RTM_F_LOOKUP_TABLE: say the table that the lookup found.
    public static let lookupTable = RouteFlags(rawValue: 0x1000)
    /// RTM_F_FIB_MATCH: say the route that the lookup found.
    public static let fibMatch = RouteFlags(rawValue: 0x2000)
    /// RTM_F_OFFLOAD: in the hardware.
    public static let routeOffload = RouteFlags(rawValue: 0x4000)
    /// RTM_F_TRAP: packets go to the processor.
    public static let routeTrap = RouteFlags(rawValue: 0x8000)
    /// RTM_F_OFFLOAD_FAILED: couldn't be put into the hardware.
    public static let offloadFailed = RouteFlags(rawValue: 0x20000000)
}
