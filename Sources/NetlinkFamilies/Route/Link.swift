public import NetlinkWire

/// A network interface: RTM_NEWLINK, RTM_DELLINK, RTM_SETLINK.
public struct Link: RouteMessage {
    /// AF_UNSPEC, or AF_BRIDGE for a bridge's view of a port (ifi_family).
    public var family: AddressFamily = .unspecified
    /// What kind of hardware (ifi_type); 0 in requests.
    public var type: LinkType = .netrom
    /// Number of the link in its network namespace (ifi_index).
    public var index: UInt32 = 0
    /// State and behaviour (ifi_flags).
    public var flags: LinkFlags = []
    /// Which flags a request changes (ifi_change).
    public var changeMask: LinkFlags = []

    /// Name, at most 15 bytes (IFLA_IFNAME); empty when the message has none.
    public var name: ByteString = ""
    /// Further names (IFLA_ALT_IFNAME in IFLA_PROP_LIST).
    public var alternativeNames: [ByteString] = []
    /// What else stands in IFLA_PROP_LIST.
    var unknownProperties: [RawAttribute] = []
    /// State as RFC 2863 means it (IFLA_OPERSTATE).
    public var operState: OperState?
    /// Link-layer address (IFLA_ADDRESS).
    public var address: LinkAddress?
    /// Link-layer broadcast address, or the peer of a point-to-point link (IFLA_BROADCAST).
    public var broadcast: LinkAddress?
    /// Largest packet in bytes (IFLA_MTU).
    public var mtu: UInt32?
    /// Index of the link below, or of a veth's peer (IFLA_LINK).
    public var link: UInt32?
    /// Name of the root queueing discipline (IFLA_QDISC).
    public var qdisc: ByteString?
    /// Index of the bridge, bond or VRF that this link is a port of (IFLA_MASTER).
    public var master: UInt32?
    /// Length of the transmit queue in packets (IFLA_TXQLEN).
    public var txQueueLength: UInt32?
    /// Whether user space takes part in the operational state (IFLA_LINKMODE).
    public var linkMode: UInt8?
    /// Description set by an administrator (IFLA_IFALIAS).
    public var alias: ByteString?
    /// Group of links that can be changed together (IFLA_GROUP).
    public var group: UInt32?
    /// How many users want every packet (IFLA_PROMISCUITY).
    public var promiscuity: UInt32?
    /// Number of transmit queues (IFLA_NUM_TX_QUEUES).
    public var txQueues: UInt32?
    /// Number of receive queues (IFLA_NUM_RX_QUEUES).
    public var rxQueues: UInt32?
    /// 1 when the carrier is there (IFLA_CARRIER).
    public var carrier: UInt8?
    /// Identity of the hardware port (IFLA_PHYS_PORT_ID).
    public var physicalPortID: [UInt8]?
    /// How often the carrier came or went (IFLA_CARRIER_CHANGES).
    public var carrierChanges: UInt32?
    /// Identity of the hardware switch (IFLA_PHYS_SWITCH_ID).
    public var physicalSwitchID: [UInt8]?
    /// Id of the network namespace that `link` lies in (IFLA_LINK_NETNSID).
    public var linkNetnsID: Int32?
    /// Name of the hardware port (IFLA_PHYS_PORT_NAME).
    public var physicalPortName: ByteString?
    /// 1 when a protocol holds the link down (IFLA_PROTO_DOWN).
    public var protocolDown: UInt8?
    /// Most segments of a packet before segmentation offload (IFLA_GSO_MAX_SEGS).
    public var gsoMaxSegments: UInt32?
    /// Largest packet before segmentation offload (IFLA_GSO_MAX_SIZE).
    public var gsoMaxSize: UInt32?
    /// What the notification is about (IFLA_EVENT).
    public var event: UInt32?
    /// Id of the network namespace that the link moved to (IFLA_NEW_NETNSID).
    public var newNetnsID: Int32?
    /// Id of the network namespace that the link lies in, when it was asked for by id (IFLA_TARGET_NETNSID).
    public var netnsID: Int32?
    /// How often the carrier came (IFLA_CARRIER_UP_COUNT).
    public var carrierUpCount: UInt32?
    /// How often the carrier went (IFLA_CARRIER_DOWN_COUNT).
    public var carrierDownCount: UInt32?
    /// Index that the link has in the namespace it moved to (IFLA_NEW_IFINDEX).
    public var newIndex: UInt32?
    /// Smallest MTU that the driver takes (IFLA_MIN_MTU).
    public var minimumMTU: UInt32?
    /// Largest MTU that the driver takes (IFLA_MAX_MTU).
    public var maximumMTU: UInt32?
    /// Address that the hardware was made with (IFLA_PERM_ADDRESS).
    public var permanentAddress: LinkAddress?
    /// Name of the hardware device (IFLA_PARENT_DEV_NAME).
    public var parentDevice: ByteString?
    /// Name of the hardware device's bus (IFLA_PARENT_DEV_BUS_NAME).
    public var parentBus: ByteString?
    /// Largest packet that receive offload builds (IFLA_GRO_MAX_SIZE).
    public var groMaxSize: UInt32?
    /// Largest packet that the hardware segments (IFLA_TSO_MAX_SIZE).
    public var tsoMaxSize: UInt32?
    /// Most segments that the hardware makes of a packet (IFLA_TSO_MAX_SEGS).
    public var tsoMaxSegments: UInt32?
    /// How many users want every multicast packet (IFLA_ALLMULTI).
    public var allMulticast: UInt32?
    /// `gsoMaxSize` for IPv4 (IFLA_GSO_IPV4_MAX_SIZE).
    public var gsoIPv4MaxSize: UInt32?
    /// `groMaxSize` for IPv4 (IFLA_GRO_IPV4_MAX_SIZE).
    public var groIPv4MaxSize: UInt32?
    /// What depends on the kind of link (IFLA_LINKINFO).
    public var info: LinkInfo?
    /// Counters (IFLA_STATS64).
    public var statistics: LinkStatistics?
    /// Settings by address family (IFLA_AF_SPEC).
    public var familySettings: FamilySettings?
    /// About the attached XDP program (IFLA_XDP).
    public var xdp: XDPInfo?
    /// Attributes that have no property here, as they came.
    public var unknownAttributes: [RawAttribute] = []

    /// RTM_NEWLINK.
    public static var newType: MessageType { .newLink }

    /// A link with its index and name, for requests.
    public init(index: UInt32 = 0, name: ByteString = "") {
        self.index = index
        self.name = name
    }
}
