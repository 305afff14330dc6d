/// The names of attributes and what stands inside them, for people who read messages.
///
/// Names are those of the kernel's headers (Linux 6.1) without the prefix that a level's names share.
public struct AttributeNames: Sendable {
    /// One attribute number.
    private struct Entry {
        var name: String
        var inside: String?
        /// What is inside is a list: each entry holds attributes of the level.
        var isList = false
    }

    /// What the names begin with in C: `IFLA_`.
    public let prefix: String
    /// The header below `linux/` that has them.
    public let header: String
    private let entries: [Entry]

    /// The names of a level of ``levels``; nil for another word.
    public init?(level: String) {
        guard let known = AttributeNames.tables[level] else { return nil }
        self = known
    }

    private init(words: [Substring]) {
        (prefix, header) = (String(words[0]), String(words[1]))
        entries = words.dropFirst(2).map { word in
            let parts = word.split(separator: "/")
            let isList = parts.count > 1 && parts[1].hasPrefix("*")
            return Entry(
                name: String(parts[0]), inside: parts.count > 1 ? String(parts[1].trimmingPrefix("*")) : nil,
                isList: isList)
        }
    }

    /// Every level.
    public static var levels: [String] { tables.keys.sorted() }

    /// The name of an attribute; nil when it isn't known.
    public func name(_ type: UInt16) -> String? {
        let index = Int(type) - 1
        guard entries.indices.contains(index), entries[index].name != "-" else { return nil }
        return entries[index].name
    }

    /// The highest number that has a name.
    public var highest: UInt16 { UInt16(entries.count) }

    /// What stands inside an attribute; nil when that is a value, or isn't known.
    public func inside(_ type: UInt16) -> (names: AttributeNames, isList: Bool)? {
        let index = Int(type) - 1
        guard entries.indices.contains(index), let level = entries[index].inside,
            let names = AttributeNames(level: level)
        else { return nil }
        return (names, entries[index].isList)
    }
}

extension AttributeNames {
    /// Where a message's attributes begin, behind the message header, and what they are called.
    ///
    /// For rtnetlink, nf_tables, conntrack and the controller of generic netlink; nil for others. `family` is the name of
    /// a family of generic netlink.
    public static func of(
        protocolNumber: Int32, type: UInt16, family: String? = nil
    ) -> (headerSize: Int, names: AttributeNames)? {
        let found: (Int, String)? =
            switch protocolNumber {
            case 0: routeLevel(type)
            case 12: netfilterLevel(type)
            case 16: family == "nlctrl" ? (4, "controller") : nil
            default: nil
            }
        guard let (size, level) = found, let names = AttributeNames(level: level) else { return nil }
        return (size, names)
    }

    private static func routeLevel(_ type: UInt16) -> (Int, String)? {
        switch type & ~3 {
        case 16, 108: (16, "link")
        case 20: (8, "address")
        case 24: (12, "route")
        case 28: (12, "neighbour")
        case 32: (12, "rule")
        case 36, 40, 44, 100: (20, "traffic")
        case 64: (4, "neighbourtable")
        case 80: (4, "configuration")
        case 104: (8, "nexthop")
        default: nil
        }
    }

    /// struct nfgenmsg is in front of all.
    private static func netfilterLevel(_ type: UInt16) -> (Int, String)? {
        switch (type >> 8, type & 0xff) {
        case (1, 0...3): (4, "conntrack")
        case (10, 0...2), (10, 26): (4, "nfttable")
        case (10, 3...5), (10, 27): (4, "nftchain")
        case (10, 6...8), (10, 25), (10, 28): (4, "nftrule")
        case (10, 9...11), (10, 29): (4, "nftset")
        case (10, 12...14), (10, 30): (4, "nftelements")
        case (10, 15...16): (4, "nftgeneration")
        case (10, 18...21): (4, "nftobject")
        default: nil
        }
    }

    private static let tables: [String: AttributeNames] = {
        var tables: [String: AttributeNames] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            tables[String(words[0])] = AttributeNames(words: Array(words.dropFirst()))
        }
        return tables
    }()

    /// Level, prefix, header; then the names from number 1 on.
    ///
    /// `/level` is what stands inside, `/*level` a list.
    private static let text = """
        link IFLA_ if_link.h ADDRESS BROADCAST IFNAME MTU LINK QDISC STATS COST PRIORITY MASTER WIRELESS PROTINFO TXQLEN \
        MAP WEIGHT OPERSTATE LINKMODE LINKINFO/linkinfo NET_NS_PID IFALIAS NUM_VF VFINFO_LIST STATS64 VF_PORTS \
        PORT_SELF AF_SPEC GROUP NET_NS_FD EXT_MASK PROMISCUITY NUM_TX_QUEUES NUM_RX_QUEUES CARRIER PHYS_PORT_ID \
        CARRIER_CHANGES PHYS_SWITCH_ID LINK_NETNSID PHYS_PORT_NAME PROTO_DOWN GSO_MAX_SEGS GSO_MAX_SIZE PAD XDP EVENT \
        NEW_NETNSID TARGET_NETNSID CARRIER_UP_COUNT CARRIER_DOWN_COUNT NEW_IFINDEX MIN_MTU MAX_MTU PROP_LIST/link \
        ALT_IFNAME PERM_ADDRESS PROTO_DOWN_REASON PARENT_DEV_NAME PARENT_DEV_BUS_NAME GRO_MAX_SIZE TSO_MAX_SIZE \
        TSO_MAX_SEGS ALLMULTI
        linkinfo IFLA_INFO_ if_link.h KIND DATA XSTATS SLAVE_KIND SLAVE_DATA
        address IFA_ if_addr.h ADDRESS LOCAL LABEL BROADCAST ANYCAST CACHEINFO MULTICAST FLAGS RT_PRIORITY \
        TARGET_NETNSID PROTO
        route RTA_ rtnetlink.h DST SRC IIF OIF GATEWAY PRIORITY PREFSRC METRICS/metrics MULTIPATH PROTOINFO FLOW \
        CACHEINFO SESSION MP_ALGO TABLE MARK MFC_STATS VIA NEWDST PREF ENCAP_TYPE ENCAP EXPIRES PAD UID TTL_PROPAGATE \
        IP_PROTO SPORT DPORT NH_ID
        metrics RTAX_ rtnetlink.h LOCK MTU WINDOW RTT RTTVAR SSTHRESH CWND ADVMSS REORDERING HOPLIMIT INITCWND FEATURES \
        RTO_MIN INITRWND QUICKACK CC_ALGO FASTOPEN_NO_COOKIE
        traffic TCA_ rtnetlink.h KIND OPTIONS STATS XSTATS RATE FCNT STATS2 STAB PAD DUMP_INVISIBLE CHAIN HW_OFFLOAD \
        INGRESS_BLOCK EGRESS_BLOCK DUMP_FLAGS EXT_WARN_MSG
        neighbour NDA_ neighbour.h DST LLADDR CACHEINFO PROBES VLAN PORT VNI IFINDEX MASTER LINK_NETNSID SRC_VNI \
        PROTOCOL NH_ID FDB_EXT_ATTRS FLAGS_EXT NDM_STATE_MASK NDM_FLAGS_MASK
        neighbourtable NDTA_ neighbour.h NAME THRESH1 THRESH2 THRESH3 CONFIG PARMS/parameters STATS GC_INTERVAL PAD
        parameters NDTPA_ neighbour.h IFINDEX REFCNT REACHABLE_TIME BASE_REACHABLE_TIME RETRANS_TIME GC_STALETIME \
        DELAY_PROBE_TIME QUEUE_LEN APP_PROBES UCAST_PROBES MCAST_PROBES ANYCAST_DELAY PROXY_DELAY PROXY_QLEN LOCKTIME \
        QUEUE_LENBYTES MCAST_REPROBES PAD INTERVAL_PROBE_TIME_MS
        rule FRA_ fib_rules.h DST SRC IIFNAME GOTO - PRIORITY - - - FWMARK FLOW TUN_ID SUPPRESS_IFGROUP \
        SUPPRESS_PREFIXLEN TABLE FWMASK OIFNAME PAD L3MDEV UID_RANGE PROTOCOL IP_PROTO SPORT_RANGE DPORT_RANGE
        nexthop NHA_ nexthop.h ID GROUP GROUP_TYPE BLACKHOLE OIF GATEWAY ENCAP_TYPE ENCAP GROUPS MASTER FDB
        configuration NETCONFA_ netconf.h IFINDEX FORWARDING RP_FILTER MC_FORWARDING PROXY_NEIGH \
        IGNORE_ROUTES_WITH_LINKDOWN INPUT BC_FORWARDING
        controller CTRL_ATTR_ genetlink.h FAMILY_ID FAMILY_NAME VERSION HDRSIZE MAXATTR OPS/*operation \
        MCAST_GROUPS/*multicastgroup POLICY OP_POLICY OP
        operation CTRL_ATTR_OP_ genetlink.h ID FLAGS
        multicastgroup CTRL_ATTR_MCAST_GRP_ genetlink.h NAME ID
        nfttable NFTA_TABLE_ netfilter/nf_tables.h NAME FLAGS USE HANDLE PAD USERDATA OWNER
        nftchain NFTA_CHAIN_ netfilter/nf_tables.h TABLE HANDLE NAME HOOK/nfthook POLICY USE TYPE COUNTERS PAD FLAGS ID \
        USERDATA
        nfthook NFTA_HOOK_ netfilter/nf_tables.h HOOKNUM PRIORITY DEV DEVS
        nftrule NFTA_RULE_ netfilter/nf_tables.h TABLE CHAIN HANDLE EXPRESSIONS/*nftexpression COMPAT POSITION USERDATA \
        PAD ID POSITION_ID CHAIN_ID
        nftexpression NFTA_EXPR_ netfilter/nf_tables.h NAME DATA
        nftset NFTA_SET_ netfilter/nf_tables.h TABLE NAME FLAGS KEY_TYPE KEY_LEN DATA_TYPE DATA_LEN POLICY DESC ID \
        TIMEOUT GC_INTERVAL USERDATA PAD OBJ_TYPE HANDLE EXPR/nftexpression EXPRESSIONS/*nftexpression
        nftelements NFTA_SET_ELEM_LIST_ netfilter/nf_tables.h TABLE SET ELEMENTS/*nftelement SET_ID
        nftelement NFTA_SET_ELEM_ netfilter/nf_tables.h KEY/nftdata DATA/nftdata FLAGS TIMEOUT EXPIRATION USERDATA \
        EXPR/nftexpression PAD OBJREF KEY_END/nftdata EXPRESSIONS/*nftexpression
        nftdata NFTA_DATA_ netfilter/nf_tables.h VALUE VERDICT
        nftgeneration NFTA_GEN_ netfilter/nf_tables.h ID PROC_PID PROC_NAME
        nftobject NFTA_OBJ_ netfilter/nf_tables.h TABLE NAME TYPE DATA USE HANDLE PAD USERDATA
        conntrack CTA_ netfilter/nfnetlink_conntrack.h TUPLE_ORIG/tuple TUPLE_REPLY/tuple STATUS PROTOINFO HELP NAT_SRC \
        TIMEOUT MARK COUNTERS_ORIG COUNTERS_REPLY USE ID NAT_DST TUPLE_MASTER/tuple SEQ_ADJ_ORIG SEQ_ADJ_REPLY SECMARK \
        ZONE SECCTX TIMESTAMP MARK_MASK LABELS LABELS_MASK SYNPROXY FILTER STATUS_MASK
        tuple CTA_TUPLE_ netfilter/nfnetlink_conntrack.h IP/tupleaddress PROTO/tupleprotocol ZONE
        tupleaddress CTA_IP_ netfilter/nfnetlink_conntrack.h V4_SRC V4_DST V6_SRC V6_DST
        tupleprotocol CTA_PROTO_ netfilter/nfnetlink_conntrack.h NUM SRC_PORT DST_PORT ICMP_ID ICMP_TYPE ICMP_CODE \
        ICMPV6_ID ICMPV6_TYPE ICMPV6_CODE
        """
}
