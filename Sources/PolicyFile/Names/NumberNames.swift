/// Numbers that rtnetlink has names for (linux/rtnetlink.h, linux/socket.h, iproute2's rt_protos).
enum NumberNames {
    static let tables: KeyValuePairs<String, UInt32> = ["default": 253, "main": 254, "local": 255]

    static let protocols: KeyValuePairs<String, UInt8> = [
        "redirect": 1, "kernel": 2, "boot": 3, "static": 4, "gated": 8, "ra": 9, "mrt": 10, "zebra": 11, "bird": 12,
        "dnrouted": 13, "xorp": 14, "ntk": 15, "dhcp": 16, "mrouted": 17, "keepalived": 18, "babel": 42, "ovn": 84,
        "openr": 99, "bgp": 186, "isis": 187, "ospf": 188, "rip": 189, "eigrp": 192,
    ]

    static let families: KeyValuePairs<String, UInt8> = [
        "unspec": 0, "inet": 2, "bridge": 7, "inet6": 10, "mpls": 28,
    ]

    /// Kinds of links that the kernel makes; a policy may name others.
    static let linkKinds = [
        "amt", "bareudp", "batadv", "bond", "bridge", "can", "dsa", "dummy", "erspan", "geneve", "gre", "gretap", "gtp",
        "hsr", "ifb", "ip6erspan", "ip6gre", "ip6gretap", "ip6tnl", "ipip", "ipoib", "ipvlan", "ipvtap", "lowpan",
        "macsec", "macvlan", "macvtap", "netdevsim", "netkit", "nlmon", "ovpn", "pfcp", "ppp", "rmnet", "sit", "team",
        "tun", "vcan", "veth", "virt_wifi", "vlan", "vrf", "vti", "vti6", "vxcan", "vxlan", "wireguard", "wwan", "xfrm",
    ]

    static func value<Number>(_ text: String, in names: KeyValuePairs<String, Number>) -> Number? {
        names.first { $0.key == text.lowercased() }?.value
    }

    static func name<Number: Equatable>(_ number: Number, in names: KeyValuePairs<String, Number>) -> String? {
        names.first { $0.value == number }?.key
    }
}
