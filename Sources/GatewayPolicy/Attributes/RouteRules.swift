/// rtnetlink attributes that need more than a look at their length (linux/if_link.h, linux/rtnetlink.h).
enum RouteRules {
    static func link(_ type: UInt16) -> AttributeRule {
        switch type {
        case 18: .nested(.linkInfo)
        case 19: .refused(.process, "IFLA_NET_NS_PID")
        case 28: .refused(.descriptor, "IFLA_NET_NS_FD")
        case 37: .namespaceNumber("IFLA_LINK_NETNSID")
        case 43: .refused(.descriptor, "IFLA_XDP")
        case 45: .refused(.namespace, "IFLA_NEW_NETNSID")
        case 46: .namespaceNumber("IFLA_TARGET_NETNSID")
        default: .plain
        }
    }

    static func namespaceID(_ type: UInt16) -> AttributeRule {
        switch type {
        case 2: .refused(.process, "NETNSA_PID")
        case 3: .refused(.descriptor, "NETNSA_FD")
        case 4: .namespaceNumber("NETNSA_TARGET_NSID")
        default: .plain
        }
    }

    static func route(_ type: UInt16) -> AttributeRule {
        switch type {
        case 9: .nextHops
        case 22: .tunnel(typeAttribute: 21)
        default: .plain
        }
    }

    /// IFLA_INFO_DATA of a link kind; nil for kinds that take descriptors or that nobody has looked into.
    static func linkData(_ kind: String) -> AttributeRule? {
        switch kind {
        case "veth", "vxcan", "netkit": .nested(.linkPeer)
        case "bond": .nested(.lowerLinks(.bond))
        case "hsr": .nested(.lowerLinks(.highAvailability))
        case "vxlan": .nested(.lowerLinks(.vxlan))
        case "amt": .nested(.lowerLinks(.multicastTunnel))
        case "dsa", "erspan", "gre", "gretap", "ip6erspan", "ip6gre", "ip6gretap", "ip6tnl", "ipip", "sit", "vti",
            "vti6", "xfrm":
            .nested(.lowerLinks(.tunnel))
        default: plainLinkKinds.contains(kind) ? .plain : nil
        }
    }

    /// Kinds whose data holds numbers, names and addresses only.
    private static let plainLinkKinds: Set<String> = [
        "bareudp", "batadv", "bridge", "can", "dummy", "geneve", "ifb", "ipoib", "ipvlan", "ipvtap", "lowpan", "macsec",
        "macvlan", "macvtap", "netdevsim", "nlmon", "ovpn", "pfcp", "rmnet", "team", "vcan", "vlan", "vrf",
        "wireguard", "wwan",
    ]

    /// RTA_ENCAP or NHA_ENCAP of a lightweight tunnel (linux/lwtunnel.h).
    static func tunnel(_ type: UInt16) -> AttributeRule {
        switch type {
        case 6: .refused(.program, "LWTUNNEL_ENCAP_BPF")
        case 7: .nested(.segmentLocal)
        case 1...10: .plain
        default: .refused(.program, "an unknown lightweight tunnel")
        }
    }

    /// TCA_OPTIONS of a classifier; nil for those that take programs or that nobody has looked into.
    static func filterOptions(_ kind: String) -> AttributeRule? {
        switch kind {
        case "u32": .nested(.filterWithActions(7))
        case "flower": .nested(.filterWithActions(3))
        case "matchall": .nested(.filterWithActions(2))
        case "basic": .nested(.filterWithMatches(actions: 3, matches: 2))
        case "cgroup": .nested(.filterWithMatches(actions: 1, matches: 3))
        case "fw": .nested(.filterWithActions(4))
        case "route": .nested(.filterWithActions(6))
        case "flow": .nested(.filterWithMatches(actions: 9, matches: 11))
        case "bpf": .nested(.programFilter)
        default: nil
        }
    }

    /// TCA_ACT_OPTIONS of an action; nil as above.
    static func actionOptions(_ kind: String) -> AttributeRule? {
        let plain: Set<String> = [
            "connmark", "csum", "ct", "ctinfo", "gact", "gate", "ife", "mpls", "nat", "pedit", "police", "sample",
            "simple", "skbedit", "skbmod", "tunnel_key", "vlan",
        ]
        return switch kind {
        case "bpf": .nested(.programAction)
        case "mirred": .nested(.mirror)
        default: plain.contains(kind) ? .plain : nil
        }
    }

    /// Actions that hand packets to another link or to whoever listens.
    static let divertingActions: Set<String> = ["mirred", "sample"]

    /// TCA_OPTIONS of the classifier bpf: its actions, its instructions, a descriptor.
    static func programFilter(_ type: UInt16) -> AttributeRule {
        switch type {
        case 1: .list(of: .action)
        case 5: .program("TCA_BPF_OPS")
        case 6: .refused(.descriptor, "TCA_BPF_FD")
        default: .plain
        }
    }

    /// TCA_ACT_OPTIONS of the action bpf.
    static func programAction(_ type: UInt16) -> AttributeRule {
        switch type {
        case 4: .program("TCA_ACT_BPF_OPS")
        case 5: .refused(.descriptor, "TCA_ACT_BPF_FD")
        default: .plain
        }
    }

    /// TCF_EM_IPT, an extended match that holds an xtables match, and with it descriptors and paths.
    static let xtablesMatch: UInt16 = 9
    /// The highest TCF_EM_* that is known.
    static let highestMatch: UInt16 = 9
}
