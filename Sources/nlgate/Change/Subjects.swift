import NetlinkFamilies

/// Interfaces.
enum LinkSubject: Subject {
    static let name = "an interface"

    static func words(_ verb: Verb) -> String {
        let common = """
            [up|down] [mtu N] [address MAC] [broadcast MAC] [txqueuelen N] [alias TEXT] [group N] [master DEV] \
            [arp|promisc|multicast|allmulticast on|off]
            """
        return switch verb {
        case .delete: "Words: [dev] DEV"
        case .set, .change:
            """
            Words: [dev] DEV \(common) [name NAME] [nomaster] [carrier on|off] [type KIND OPTIONS]

            nlgate link set eth0 up mtu 9000
            nlgate link set eth1 type bridge_slave isolated on
            """
        default:
            """
            Words: [link DEV] [name] NAME [index N] [numtxqueues N] [numrxqueues N] \(common) type KIND [OPTIONS]

            Kinds with options: bridge, veth, vlan, macvlan, macvtap, vxlan, bond, vrf; others, such as dummy, \
            wireguard and ifb, go without. A wrong option is answered with those that the kind has.

            nlgate link add br0 type bridge vlan_filtering 1
            nlgate link add link eth0 name eth0.5 type vlan id 5
            """
        }
    }

    static func object(
        _ verb: Verb, _ words: [String], _ family: AddressFamily, _ lookup: Lookup
    ) async throws -> any RouteMessage {
        let parser = LinkWords(lookup: lookup)
        return switch verb {
        case .delete: try await parser.deleted(words)
        case .set, .change: try await parser.changed(words)
        default: try await parser.added(words)
        }
    }
}

/// Addresses.
enum AddressSubject: Subject {
    static let name = "an address of an interface"

    static func words(_ verb: Verb) -> String {
        guard verb != .delete else { return "Words: PREFIX dev DEV" }
        return """
            Words: PREFIX dev DEV [peer PREFIX] [broadcast ADDR|+|-] [label TEXT] [scope S] [metric N] \
            [valid_lft SECONDS] [preferred_lft SECONDS] [nodad] [home] [noprefixroute] [mngtmpaddr] [proto P]

            nlgate addr \(verb.rawValue) 192.0.2.1/24 brd + dev eth0
            """
    }

    static func object(
        _ verb: Verb, _ words: [String], _ family: AddressFamily, _ lookup: Lookup
    ) async throws -> any RouteMessage {
        try await AddressWords(lookup: lookup).address(words, isDeleted: verb == .delete)
    }
}

/// Routes.
enum RouteSubject: Subject {
    static let name = "a route"

    static func words(_ verb: Verb) -> String {
        """
        Words: [TYPE] PREFIX|default [via [inet|inet6] ADDR] [dev DEV] [src ADDR] [metric N] [table T] [proto P] \
        [scope S] [tos N] [onlink] [nexthop via ADDR dev DEV weight N]… [nhid N] [pref low|medium|high] \
        [expires SECONDS] [mtu|advmss|window|hoplimit|initcwnd|initrwnd … [lock] N] [congctl NAME]

        TYPE is unicast, local, broadcast, multicast, blackhole, unreachable, prohibit or throw.

        nlgate route \(verb.rawValue) 198.51.100.0/24 via 192.0.2.254 metric 100
        """
    }

    static func object(
        _ verb: Verb, _ words: [String], _ family: AddressFamily, _ lookup: Lookup
    ) async throws -> any RouteMessage {
        try await RouteWords(lookup: lookup, family: family).route(words, isDeleted: verb == .delete)
    }
}

/// Neighbours.
enum NeighbourSubject: Subject {
    static let name = "a neighbour"

    static func words(_ verb: Verb) -> String {
        guard verb != .delete else { return "Words: [proxy] ADDR dev DEV" }
        return """
            Words: [proxy] ADDR [lladdr MAC] [nud STATE] [router] [use] [proto P] dev DEV

            STATE is permanent (without the word), reachable, stale, noarp, delay, probe, failed or none.

            nlgate neigh \(verb.rawValue) 192.0.2.7 lladdr 02:00:00:00:00:07 dev eth0
            """
    }

    static func object(
        _ verb: Verb, _ words: [String], _ family: AddressFamily, _ lookup: Lookup
    ) async throws -> any RouteMessage {
        try await NeighbourWords(lookup: lookup).neighbour(words)
    }
}

/// Rules.
enum RuleSubject: Subject {
    static let name = "a routing policy rule"

    static func words(_ verb: Verb) -> String {
        """
        Words: [not] [from PREFIX] [to PREFIX] [iif DEV] [oif DEV] [fwmark N[/MASK]] [tos N] [ipproto P] \
        [sport N[-N]] [dport N[-N]] [uidrange N-N] [suppress_prefixlength N] [protocol P] [priority N] \
        [table T|goto N|l3mdev|blackhole|unreachable|prohibit|nop]

        nlgate rule \(verb.rawValue) from 192.0.2.0/24 table 100 priority 1000
        """
    }

    static func object(
        _ verb: Verb, _ words: [String], _ family: AddressFamily, _ lookup: Lookup
    ) async throws -> any RouteMessage {
        try RuleWords(family: family).rule(words, isDeleted: verb == .delete)
    }
}
