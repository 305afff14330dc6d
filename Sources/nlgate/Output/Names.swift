import NetlinkFamilies

/// What is known of the links that other objects refer to by index.
struct LinkNames {
    private var names: [UInt32: ByteString] = [:]
    private var flags: [UInt32: LinkFlags] = [:]

    init(_ links: [Link] = []) {
        for link in links { insert(link.index, link.name, flags: link.flags) }
    }

    mutating func insert(_ index: UInt32, _ name: ByteString, flags: LinkFlags = []) {
        names[index] = name
        self.flags[index] = flags
    }

    /// The name for JSON; "if5" for a link that isn't known, as iproute2 does.
    func json(_ index: UInt32) -> JSON { names[index].map { JSON($0.jsonText) } ?? JSON("if\(index)") }

    /// The name for a terminal.
    func text(_ index: UInt32) -> String { names[index]?.description ?? "if\(index)" }

    /// True for a known link that is administratively down.
    func isDown(_ index: UInt32) -> Bool { flags[index].map { !$0.contains(.up) } ?? false }
}

extension ByteString {
    /// The text for JSON, which escapes control characters itself; what isn't UTF-8 stands as `\xff`.
    var jsonText: String { validated ?? description }
}

/// Numbers' names as iproute2 6.1 has them without its configuration files, and the numbers of others.
enum Names {
    static func table(_ table: RouteTable) -> String {
        switch table {
        case .unspecified: "unspec"
        case .standard: "default"
        case .main: "main"
        case .local: "local"
        default: String(table.rawValue)
        }
    }

    static func origin(_ origin: RouteOrigin) -> String {
        origins[origin.rawValue] ?? String(origin.rawValue)
    }

    static let origins: [UInt8: String] = [
        0: "unspec", 1: "redirect", 2: "kernel", 3: "boot", 4: "static", 8: "gated", 9: "ra", 10: "mrt", 11: "zebra",
        12: "bird", 13: "dnrouted", 14: "xorp", 15: "ntk", 16: "dhcp", 18: "keepalived", 42: "babel", 99: "openr",
        186: "bgp", 187: "isis", 188: "ospf", 189: "rip", 192: "eigrp",
    ]

    static func scope(_ scope: RouteScope) -> String {
        switch scope {
        case .universe: "global"
        case .site: "site"
        case .link: "link"
        case .host: "host"
        case .nowhere: "nowhere"
        default: String(scope.rawValue)
        }
    }

    static func type(_ type: RouteType) -> String {
        let names = [
            "none", "unicast", "local", "broadcast", "anycast", "multicast", "blackhole", "unreachable", "prohibit",
            "throw", "nat", "xresolve",
        ]
        return names.indices.contains(Int(type.rawValue)) ? names[Int(type.rawValue)] : String(type.rawValue)
    }

    static func group(_ group: UInt32) -> String { group == 0 ? "default" : String(group) }

    static func operState(_ state: OperState) -> String? {
        let names = ["UNKNOWN", "NOTPRESENT", "DOWN", "LOWERLAYERDOWN", "TESTING", "DORMANT", "UP"]
        return names.indices.contains(Int(state.rawValue)) ? names[Int(state.rawValue)] : nil
    }

    static func linkType(_ type: LinkType) -> String {
        switch type {
        case .netrom: "netrom"
        case .ether: "ether"
        case .infiniband: "infiniband"
        case .ppp: "ppp"
        case .tunnel: "ipip"
        case .tunnel6: "tunnel6"
        case .loopback: "loopback"
        case .sit: "sit"
        case .ipgre: "gre"
        case .ieee80211: "ieee802.11"
        case .ip6gre: "gre6"
        case .netlink: "netlink"
        case .rawIP, .none: "none"
        default: "[\(type.rawValue)]"
        }
    }

    /// Tunnels over IP have IP addresses as link-layer addresses, and they are shown so.
    static func linkAddress(_ address: LinkAddress, of type: LinkType) -> String {
        let overIPv4 = [LinkType.tunnel, .sit, .ipgre].contains(type) && address.count == 4
        let overIPv6 = [LinkType.tunnel6, .ip6gre].contains(type) && address.count == 16
        guard overIPv4 || overIPv6, let ip = IPAddress(bytes: address.bytes) else { return address.description }
        return ip.description
    }

    static func ipProtocol(_ number: UInt8) -> String {
        switch number {
        case 1: "icmp"
        case 2: "igmp"
        case 4: "ipencap"
        case 6: "tcp"
        case 17: "udp"
        case 33: "dccp"
        case 41: "ipv6"
        case 47: "gre"
        case 50: "esp"
        case 51: "ah"
        case 58: "ipv6-icmp"
        case 89: "ospf"
        case 132: "sctp"
        default: String(number)
        }
    }

    static func family(_ family: AddressFamily) -> String {
        switch family {
        case .unspecified: "none"
        case .inet: "inet"
        case .inet6: "inet6"
        case .bridge: "bridge"
        case .packet: "link"
        case .mpls: "mpls"
        default: "???"
        }
    }

    static func hex(_ value: some BinaryInteger) -> String { "0x" + String(value, radix: 16) }

    /// An address with its prefix length, alone where that is its whole length.
    static func prefix(_ address: IPAddress, _ length: UInt8) -> String {
        length == address.length * 8 ? address.description : "\(address)/\(length)"
    }
}
