/// What a bridge tells about itself (IFLA_INFO_DATA of kind "bridge").
public struct BridgeInfo: AttributeContainer {
    /// In the order of the wire, each type once.
    public var attributes: [RawAttribute] = []

    /// No attributes.
    public init() {}
}

extension AttributeKey where Owner == BridgeInfo, Value == UInt32 {
    /// IFLA_BR_FORWARD_DELAY: time in listening and learning, in hundredths of a second.
    public static var forwardDelay: Self { Self(1) }
    /// IFLA_BR_HELLO_TIME: time between hellos, in hundredths of a second.
    public static var helloTime: Self { Self(2) }
    /// IFLA_BR_MAX_AGE: age at which a hello is forgotten, in hundredths of a second.
    public static var maxAge: Self { Self(3) }
    /// IFLA_BR_AGEING_TIME: age at which a forwarding entry is forgotten, in hundredths of a second.
    public static var ageingTime: Self { Self(4) }
    /// IFLA_BR_STP_STATE: spanning tree: 0 off, 1 kernel, 2 user space.
    public static var stpState: Self { Self(5) }
    /// IFLA_BR_ROOT_PATH_COST: cost of the path to the root.
    public static var rootPathCost: Self { Self(13) }
    /// IFLA_BR_MCAST_HASH_ELASTICITY: no longer used.
    public static var multicastHashElasticity: Self { Self(26) }
    /// IFLA_BR_MCAST_HASH_MAX: most multicast entries.
    public static var multicastHashMax: Self { Self(27) }
    /// IFLA_BR_MCAST_LAST_MEMBER_CNT: queries before a group is given up.
    public static var multicastLastMemberCount: Self { Self(28) }
    /// IFLA_BR_MCAST_STARTUP_QUERY_CNT: queries at the start.
    public static var multicastStartupQueryCount: Self { Self(29) }
    /// IFLA_BR_FDB_N_LEARNED: learned forwarding entries.
    public static var fdbLearnedCount: Self { Self(48) }
    /// IFLA_BR_FDB_MAX_LEARNED: most learned forwarding entries.
    public static var fdbMaxLearned: Self { Self(49) }
}

extension AttributeKey where Owner == BridgeInfo, Value == UInt16 {
    /// IFLA_BR_PRIORITY: priority in the spanning tree.
    public static var priority: Self { Self(6) }
    /// IFLA_BR_GROUP_FWD_MASK: which link-local groups are forwarded.
    public static var groupForwardMask: Self { Self(9) }
    /// IFLA_BR_ROOT_PORT: the port towards the root.
    public static var rootPort: Self { Self(12) }
    /// IFLA_BR_VLAN_DEFAULT_PVID: VLAN of untagged frames on new ports.
    public static var vlanDefaultPVID: Self { Self(39) }
}

extension AttributeKey where Owner == BridgeInfo, Value == UInt8 {
    /// IFLA_BR_VLAN_FILTERING: 1 when VLANs are kept apart.
    public static var vlanFiltering: Self { Self(7) }
    /// IFLA_BR_TOPOLOGY_CHANGE: 1 while the topology changes.
    public static var topologyChange: Self { Self(14) }
    /// IFLA_BR_TOPOLOGY_CHANGE_DETECTED: 1 when a change was detected.
    public static var topologyChangeDetected: Self { Self(15) }
    /// IFLA_BR_MCAST_ROUTER: whether the bridge counts as a multicast router.
    public static var multicastRouter: Self { Self(22) }
    /// IFLA_BR_MCAST_SNOOPING: 1 when memberships are watched.
    public static var multicastSnooping: Self { Self(23) }
    /// IFLA_BR_MCAST_QUERY_USE_IFADDR: 1 when queries carry the bridge's address.
    public static var multicastQueryUseAddress: Self { Self(24) }
    /// IFLA_BR_MCAST_QUERIER: 1 when the bridge sends queries.
    public static var multicastQuerier: Self { Self(25) }
    /// IFLA_BR_NF_CALL_IPTABLES: 1 when IPv4 passes iptables.
    public static var callIPTables: Self { Self(36) }
    /// IFLA_BR_NF_CALL_IP6TABLES: 1 when IPv6 passes ip6tables.
    public static var callIP6Tables: Self { Self(37) }
    /// IFLA_BR_NF_CALL_ARPTABLES: 1 when ARP passes arptables.
    public static var callARPTables: Self { Self(38) }
    /// IFLA_BR_VLAN_STATS_ENABLED: 1 when VLANs are counted.
    public static var vlanStatistics: Self { Self(41) }
    /// IFLA_BR_MCAST_STATS_ENABLED: 1 when multicast is counted.
    public static var multicastStatistics: Self { Self(42) }
    /// IFLA_BR_MCAST_IGMP_VERSION: version of IGMP.
    public static var multicastIGMPVersion: Self { Self(43) }
    /// IFLA_BR_MCAST_MLD_VERSION: version of MLD.
    public static var multicastMLDVersion: Self { Self(44) }
    /// IFLA_BR_VLAN_STATS_PER_PORT: 1 when VLANs are counted for each port.
    public static var vlanStatisticsPerPort: Self { Self(45) }
}

extension AttributeKey where Owner == BridgeInfo, Value == NetworkUInt16 {
    /// IFLA_BR_VLAN_PROTOCOL: protocol of the VLAN tag.
    public static var vlanProtocol: Self { Self(8) }
}

extension AttributeKey where Owner == BridgeInfo, Value == BridgeID {
    /// IFLA_BR_ROOT_ID: the root of the spanning tree.
    public static var rootID: Self { Self(10) }
    /// IFLA_BR_BRIDGE_ID: this bridge in the spanning tree.
    public static var bridgeID: Self { Self(11) }
}

extension AttributeKey where Owner == BridgeInfo, Value == UInt64 {
    /// IFLA_BR_HELLO_TIMER: what is left of the hello timer.
    public static var helloTimer: Self { Self(16) }
    /// IFLA_BR_TCN_TIMER: what is left of the topology change notification timer.
    public static var tcnTimer: Self { Self(17) }
    /// IFLA_BR_TOPOLOGY_CHANGE_TIMER: what is left of the topology change timer.
    public static var topologyChangeTimer: Self { Self(18) }
    /// IFLA_BR_GC_TIMER: what is left of the ageing timer.
    public static var gcTimer: Self { Self(19) }
    /// IFLA_BR_MCAST_LAST_MEMBER_INTVL: time between the last queries.
    public static var multicastLastMemberInterval: Self { Self(30) }
    /// IFLA_BR_MCAST_MEMBERSHIP_INTVL: time after which a membership ends.
    public static var multicastMembershipInterval: Self { Self(31) }
    /// IFLA_BR_MCAST_QUERIER_INTVL: time after which another querier is gone.
    public static var multicastQuerierInterval: Self { Self(32) }
    /// IFLA_BR_MCAST_QUERY_INTVL: time between queries.
    public static var multicastQueryInterval: Self { Self(33) }
    /// IFLA_BR_MCAST_QUERY_RESPONSE_INTVL: time to answer a query.
    public static var multicastQueryResponseInterval: Self { Self(34) }
    /// IFLA_BR_MCAST_STARTUP_QUERY_INTVL: time between queries at the start.
    public static var multicastStartupQueryInterval: Self { Self(35) }
}

extension AttributeKey where Owner == BridgeInfo, Value == LinkAddress {
    /// IFLA_BR_GROUP_ADDR: destination of spanning tree frames.
    public static var groupAddress: Self { Self(20) }
}

extension AttributeKey where Owner == BridgeInfo, Value == BooleanOptions {
    /// IFLA_BR_MULTI_BOOLOPT: further switches.
    public static var booleanOptions: Self { Self(46) }
}
