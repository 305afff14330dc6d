/// What a bond tells about itself (IFLA_INFO_DATA of kind "bond").
public struct BondInfo: AttributeContainer {
    /// In the order of the wire, each type once.
    public var attributes: [RawAttribute] = []

    /// No attributes.
    public init() {}
}

extension AttributeKey where Owner == BondInfo, Value == UInt8 {
    /// IFLA_BOND_MODE: how ports are used.
    public static var mode: Self { Self(1) }
    /// IFLA_BOND_USE_CARRIER: 1 when the driver's carrier is trusted.
    public static var useCarrier: Self { Self(6) }
    /// IFLA_BOND_PRIMARY_RESELECT: when the preferred port is taken back.
    public static var primaryReselect: Self { Self(12) }
    /// IFLA_BOND_FAIL_OVER_MAC: whose address is used.
    public static var failOverMAC: Self { Self(13) }
    /// IFLA_BOND_XMIT_HASH_POLICY: what chooses the port.
    public static var transmitHashPolicy: Self { Self(14) }
    /// IFLA_BOND_NUM_PEER_NOTIF: notifications after a change of port.
    public static var peerNotifications: Self { Self(16) }
    /// IFLA_BOND_ALL_SLAVES_ACTIVE: 1 when inactive ports may receive.
    public static var allPortsActive: Self { Self(17) }
    /// IFLA_BOND_AD_LACP_RATE: how often the partner shall send.
    public static var lacpRate: Self { Self(21) }
    /// IFLA_BOND_AD_SELECT: how the aggregator is selected.
    public static var lacpSelect: Self { Self(22) }
    /// IFLA_BOND_TLB_DYNAMIC_LB: 1 when load is rebalanced.
    public static var tlbDynamic: Self { Self(27) }
    /// IFLA_BOND_AD_LACP_ACTIVE: 1 when LACP frames are sent unasked.
    public static var lacpActive: Self { Self(29) }
    /// IFLA_BOND_MISSED_MAX: unanswered probes before a port is down.
    public static var missedMax: Self { Self(30) }
}

extension AttributeKey where Owner == BondInfo, Value == UInt32 {
    /// IFLA_BOND_ACTIVE_SLAVE: index of the port in use.
    public static var activePort: Self { Self(2) }
    /// IFLA_BOND_MIIMON: time between carrier checks in milliseconds.
    public static var miimon: Self { Self(3) }
    /// IFLA_BOND_UPDELAY: delay before a port is used in milliseconds.
    public static var upDelay: Self { Self(4) }
    /// IFLA_BOND_DOWNDELAY: delay before a port is left in milliseconds.
    public static var downDelay: Self { Self(5) }
    /// IFLA_BOND_ARP_INTERVAL: time between ARP probes in milliseconds.
    public static var arpInterval: Self { Self(7) }
    /// IFLA_BOND_ARP_VALIDATE: which probes are validated.
    public static var arpValidate: Self { Self(9) }
    /// IFLA_BOND_ARP_ALL_TARGETS: 1 when all targets must answer.
    public static var arpAllTargets: Self { Self(10) }
    /// IFLA_BOND_PRIMARY: index of the preferred port.
    public static var primary: Self { Self(11) }
    /// IFLA_BOND_RESEND_IGMP: membership reports after a change of port.
    public static var resendIGMP: Self { Self(15) }
    /// IFLA_BOND_MIN_LINKS: ports needed for a carrier.
    public static var minimumLinks: Self { Self(18) }
    /// IFLA_BOND_LP_INTERVAL: time between learning packets in seconds.
    public static var lpInterval: Self { Self(19) }
    /// IFLA_BOND_PACKETS_PER_SLAVE: packets before the next port.
    public static var packetsPerPort: Self { Self(20) }
    /// IFLA_BOND_PEER_NOTIF_DELAY: time between notifications in milliseconds.
    public static var peerNotificationDelay: Self { Self(28) }
}

extension AttributeKey where Owner == BondInfo, Value == Bytes {
    /// IFLA_BOND_ARP_IP_TARGET: nest of probed addresses.
    public static var arpTargets: Self { Self(8) }
    /// IFLA_BOND_AD_INFO: nest about the active aggregator.
    public static var lacpInfo: Self { Self(23) }
    /// IFLA_BOND_NS_IP6_TARGET: nest of probed IPv6 addresses.
    public static var nsTargets: Self { Self(31) }
}

extension AttributeKey where Owner == BondInfo, Value == UInt16 {
    /// IFLA_BOND_AD_ACTOR_SYS_PRIO: own system priority.
    public static var lacpActorSystemPriority: Self { Self(24) }
    /// IFLA_BOND_AD_USER_PORT_KEY: upper part of the port key.
    public static var lacpUserPortKey: Self { Self(25) }
}

extension AttributeKey where Owner == BondInfo, Value == LinkAddress {
    /// IFLA_BOND_AD_ACTOR_SYSTEM: own system address.
    public static var lacpActorSystem: Self { Self(26) }
}

/// What a bond tells about one of its ports (IFLA_INFO_SLAVE_DATA of kind "bond").
public struct BondPortInfo: AttributeContainer {
    /// In the order of the wire, each type once.
    public var attributes: [RawAttribute] = []

    /// No attributes.
    public init() {}
}

extension AttributeKey where Owner == BondPortInfo, Value == UInt8 {
    /// IFLA_BOND_SLAVE_STATE: 0 active, 1 backup.
    public static var state: Self { Self(1) }
    /// IFLA_BOND_SLAVE_MII_STATUS: 0 up, 1 going down, 2 down, 3 going up.
    public static var miiStatus: Self { Self(2) }
    /// IFLA_BOND_SLAVE_AD_ACTOR_OPER_PORT_STATE: own LACP state.
    public static var actorState: Self { Self(7) }
}

extension AttributeKey where Owner == BondPortInfo, Value == UInt32 {
    /// IFLA_BOND_SLAVE_LINK_FAILURE_COUNT: how often the link failed.
    public static var failures: Self { Self(3) }
}

extension AttributeKey where Owner == BondPortInfo, Value == LinkAddress {
    /// IFLA_BOND_SLAVE_PERM_HWADDR: address before the port was one.
    public static var permanentAddress: Self { Self(4) }
}

extension AttributeKey where Owner == BondPortInfo, Value == UInt16 {
    /// IFLA_BOND_SLAVE_QUEUE_ID: queue for chosen packets.
    public static var queueID: Self { Self(5) }
    /// IFLA_BOND_SLAVE_AD_AGGREGATOR_ID: aggregator of the port.
    public static var aggregatorID: Self { Self(6) }
    /// IFLA_BOND_SLAVE_AD_PARTNER_OPER_PORT_STATE: partner's LACP state.
    public static var partnerState: Self { Self(8) }
}

extension AttributeKey where Owner == BondPortInfo, Value == Int32 {
    /// IFLA_BOND_SLAVE_PRIO: which port is preferred.
    public static var priority: Self { Self(9) }
}
