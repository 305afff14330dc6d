/// Who installed a route, a rule, an address or a neighbour (RTPROT_*, linux/rtnetlink.h).
public enum RouteProtocol {
    /// By the kernel's names in lower case.
    public static let numbers: [String: UInt8] = [
        "redirect": 1, "kernel": 2, "boot": 3, "static": 4, "gated": 8, "ra": 9, "mrt": 10, "zebra": 11, "bird": 12,
        "dnrouted": 13, "xorp": 14, "ntk": 15, "dhcp": 16, "mrouted": 17, "keepalived": 18, "babel": 42, "ovn": 84,
        "openr": 99,
        "bgp": 186, "isis": 187, "ospf": 188, "rip": 189, "eigrp": 192,
    ]

    private static let names: [UInt8: String] = numbers.reduce(into: [:]) { $0[$1.value] = $1.key }

    /// The name, or the number where there is none.
    public static func text(_ number: UInt8) -> String {
        names[number] ?? "\(number)"
    }
}
