/// What a bridge tells about one of its ports (IFLA_INFO_SLAVE_DATA of kind "bridge").
public struct BridgePortInfo: AttributeContainer {
    /// In the order of the wire, each type once.
    public var attributes: [RawAttribute] = []

    /// No attributes.
    public init() {}
}

extension AttributeKey where Owner == BridgePortInfo, Value == UInt8 {
    /// IFLA_BRPORT_STATE: state in the spanning tree.
    public static var state: Self { Self(1) }
    /// IFLA_BRPORT_MODE: 1 when frames may leave where they came in.
    public static var hairpin: Self { Self(4) }
    /// IFLA_BRPORT_GUARD: 1 when spanning tree frames close the port.
    public static var bpduGuard: Self { Self(5) }
    /// IFLA_BRPORT_PROTECT: 1 when the port may not become the root port.
    public static var rootBlock: Self { Self(6) }
    /// IFLA_BRPORT_FAST_LEAVE: 1 when groups are left at once.
    public static var fastLeave: Self { Self(7) }
    /// IFLA_BRPORT_LEARNING: 1 when addresses are learned.
    public static var learning: Self { Self(8) }
    /// IFLA_BRPORT_UNICAST_FLOOD: 1 when unknown unicast is flooded here.
    public static var unicastFlood: Self { Self(9) }
    /// IFLA_BRPORT_PROXYARP: 1 when the bridge answers ARP.
    public static var proxyARP: Self { Self(10) }
    /// IFLA_BRPORT_PROXYARP_WIFI: 1 when the bridge answers ARP as IEEE 802.11 wants.
    public static var proxyARPWiFi: Self { Self(12) }
    /// IFLA_BRPORT_TOPOLOGY_CHANGE_ACK: 1 when a topology change was acknowledged.
    public static var topologyChangeAck: Self { Self(19) }
    /// IFLA_BRPORT_CONFIG_PENDING: 1 when a configuration message is pending.
    public static var configPending: Self { Self(20) }
    /// IFLA_BRPORT_MULTICAST_ROUTER: whether a multicast router is behind the port.
    public static var multicastRouter: Self { Self(25) }
    /// IFLA_BRPORT_MCAST_FLOOD: 1 when multicast is flooded here.
    public static var multicastFlood: Self { Self(27) }
    /// IFLA_BRPORT_MCAST_TO_UCAST: 1 when multicast is sent as unicast.
    public static var multicastToUnicast: Self { Self(28) }
    /// IFLA_BRPORT_VLAN_TUNNEL: 1 when VLANs map to tunnels.
    public static var vlanTunnel: Self { Self(29) }
    /// IFLA_BRPORT_BCAST_FLOOD: 1 when broadcast is flooded here.
    public static var broadcastFlood: Self { Self(30) }
    /// IFLA_BRPORT_NEIGH_SUPPRESS: 1 when ARP and ND are suppressed.
    public static var neighbourSuppress: Self { Self(32) }
    /// IFLA_BRPORT_ISOLATED: 1 when isolated ports don't reach each other.
    public static var isolated: Self { Self(33) }
    /// IFLA_BRPORT_MRP_RING_OPEN: 1 when the MRP ring is open.
    public static var mrpRingOpen: Self { Self(35) }
    /// IFLA_BRPORT_MRP_IN_OPEN: 1 when the MRP interconnect ring is open.
    public static var mrpInterconnectOpen: Self { Self(36) }
    /// IFLA_BRPORT_LOCKED: 1 when only known hosts may send.
    public static var locked: Self { Self(39) }
}

extension AttributeKey where Owner == BridgePortInfo, Value == UInt16 {
    /// IFLA_BRPORT_PRIORITY: priority in the spanning tree.
    public static var priority: Self { Self(2) }
    /// IFLA_BRPORT_DESIGNATED_PORT: designated port.
    public static var designatedPort: Self { Self(15) }
    /// IFLA_BRPORT_DESIGNATED_COST: designated cost.
    public static var designatedCost: Self { Self(16) }
    /// IFLA_BRPORT_ID: id of the port.
    public static var id: Self { Self(17) }
    /// IFLA_BRPORT_NO: number of the port.
    public static var number: Self { Self(18) }
    /// IFLA_BRPORT_GROUP_FWD_MASK: which link-local groups are forwarded.
    public static var groupForwardMask: Self { Self(31) }
}

extension AttributeKey where Owner == BridgePortInfo, Value == UInt32 {
    /// IFLA_BRPORT_COST: cost in the spanning tree.
    public static var cost: Self { Self(3) }
    /// IFLA_BRPORT_BACKUP_PORT: index of the link that takes over.
    public static var backupPort: Self { Self(34) }
    /// IFLA_BRPORT_MCAST_EHT_HOSTS_LIMIT: most tracked hosts.
    public static var hostsLimit: Self { Self(37) }
    /// IFLA_BRPORT_MCAST_EHT_HOSTS_CNT: tracked hosts.
    public static var hostsCount: Self { Self(38) }
}

extension AttributeKey where Owner == BridgePortInfo, Value == BridgeID {
    /// IFLA_BRPORT_ROOT_ID: designated root.
    public static var rootID: Self { Self(13) }
    /// IFLA_BRPORT_BRIDGE_ID: designated bridge.
    public static var bridgeID: Self { Self(14) }
}

extension AttributeKey where Owner == BridgePortInfo, Value == UInt64 {
    /// IFLA_BRPORT_MESSAGE_AGE_TIMER: what is left of the message age timer.
    public static var messageAgeTimer: Self { Self(21) }
    /// IFLA_BRPORT_FORWARD_DELAY_TIMER: what is left of the forward delay timer.
    public static var forwardDelayTimer: Self { Self(22) }
    /// IFLA_BRPORT_HOLD_TIMER: what is left of the hold timer.
    public static var holdTimer: Self { Self(23) }
}
