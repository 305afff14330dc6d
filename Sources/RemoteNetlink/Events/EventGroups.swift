/// Multicast groups of rtnetlink: what changes a program wants to hear of.
public struct EventGroups: OptionSet, Hashable, Sendable {
    /// Bit n stands for the kernel's group n + 1 (enum rtnetlink_groups).
    public let rawValue: UInt64

    /// Groups from their bits.
    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// The group with this number in the kernel, 1 to 64.
    public init(number: UInt32) {
        precondition((1...64).contains(number), "a group's number is from 1 to 64")
        rawValue = 1 << UInt64(number - 1)
    }

    /// The kernel's numbers, rising.
    public var numbers: [UInt32] { (1...64).filter { rawValue & 1 << UInt64($0 - 1) != 0 } }

    /// RTNLGRP_LINK: links.
    public static let link = EventGroups(number: 1)
    /// RTNLGRP_NEIGH: neighbours, forwarding entries included.
    public static let neighbour = EventGroups(number: 3)
    /// RTNLGRP_TC: queueing disciplines, classes and filters.
    public static let trafficControl = EventGroups(number: 4)
    /// RTNLGRP_IPV4_IFADDR: IPv4 addresses.
    public static let ipv4Address = EventGroups(number: 5)
    /// RTNLGRP_IPV4_ROUTE: IPv4 routes.
    ///
    /// The kernel says nothing of the routes that go with a link that goes down.
    public static let ipv4Route = EventGroups(number: 7)
    /// RTNLGRP_IPV4_RULE: IPv4 rules.
    public static let ipv4Rule = EventGroups(number: 8)
    /// RTNLGRP_IPV6_IFADDR: IPv6 addresses.
    public static let ipv6Address = EventGroups(number: 9)
    /// RTNLGRP_IPV6_ROUTE: IPv6 routes.
    public static let ipv6Route = EventGroups(number: 11)
    /// RTNLGRP_IPV6_RULE: IPv6 rules.
    public static let ipv6Rule = EventGroups(number: 19)

    /// Addresses of both families.
    public static let addresses: EventGroups = [.ipv4Address, .ipv6Address]
    /// Routes of both families.
    public static let routes: EventGroups = [.ipv4Route, .ipv6Route]
    /// Rules of both families.
    public static let rules: EventGroups = [.ipv4Rule, .ipv6Rule]
    /// Every group that is decoded.
    public static let all: EventGroups = [.link, .addresses, .routes, .rules, .neighbour, .trafficControl]
}
