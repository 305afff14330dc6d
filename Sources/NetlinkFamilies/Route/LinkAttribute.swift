/// Attributes of a link.
public enum LinkAttribute {
    /// IFLA_ADDRESS: link-layer address.
    public static let address: UInt16 = 1
    /// IFLA_BROADCAST: link-layer broadcast address, or the peer of a point-to-point link.
    public static let broadcast: UInt16 = 2
    /// IFLA_IFNAME: name.
    public static let name: UInt16 = 3
    /// IFLA_MTU: largest packet in bytes.
    public static let mtu: UInt16 = 4
    /// IFLA_LINK: index of the link below, or of a veth's peer.
    public static let link: UInt16 = 5
    /// IFLA_QDISC: name of the root queueing discipline.
    public static let qdisc: UInt16 = 6
    /// IFLA_STATS: counters of 32 bits, kept as they came.
    public static let stats: UInt16 = 7
    /// IFLA_MASTER: index of the bridge, bond or VRF that this link is a port of.
    public static let master: UInt16 = 10
    /// IFLA_TXQLEN: length of the transmit queue in packets.
    public static let txQueueLength: UInt16 = 13
    /// IFLA_OPERSTATE: operational state.
    public static let operState: UInt16 = 16
    /// IFLA_LINKMODE: whether user space takes part in the operational state.
    public static let linkMode: UInt16 = 17
    /// IFLA_LINKINFO: nest of what depends on the kind.
    public static let linkInfo: UInt16 = 18
    /// IFLA_IFALIAS: description set by an administrator.
    public static let alias: UInt16 = 20
    /// IFLA_NUM_VF: virtual functions in use.
    public static let virtualFunctionCount: UInt16 = 21
    /// IFLA_VFINFO_LIST: nest of virtual functions.
    public static let virtualFunctionList: UInt16 = 22
    /// IFLA_STATS64: counters of 64 bits.
    public static let statistics64: UInt16 = 23
    /// IFLA_AF_SPEC: nest of settings by address family.
    public static let familySpec: UInt16 = 26
    /// IFLA_GROUP: group of links that can be changed together.
    public static let group: UInt16 = 27
    /// IFLA_EXT_MASK: what a request wants to be told.
    public static let extMask: UInt16 = 29
    /// IFLA_PROMISCUITY: how many users want every packet.
    public static let promiscuity: UInt16 = 30
    /// IFLA_NUM_TX_QUEUES: number of transmit queues.
    public static let txQueues: UInt16 = 31
    /// IFLA_NUM_RX_QUEUES: number of receive queues.
    public static let rxQueues: UInt16 = 32
    /// IFLA_CARRIER: 1 when the carrier is there.
    public static let carrier: UInt16 = 33
    /// IFLA_PHYS_PORT_ID: identity of the hardware port.
    public static let physicalPortID: UInt16 = 34
    /// IFLA_CARRIER_CHANGES: how often the carrier came or went.
    public static let carrierChanges: UInt16 = 35
    /// IFLA_PHYS_SWITCH_ID: identity of the hardware switch.
    public static let physicalSwitchID: UInt16 = 36
    /// IFLA_LINK_NETNSID: id of the network namespace that `link` lies in.
    public static let linkNetnsID: UInt16 = 37
    /// IFLA_PHYS_PORT_NAME: name of the hardware port.
    public static let physicalPortName: UInt16 = 38
    /// IFLA_PROTO_DOWN: 1 when a protocol holds the link down.
    public static let protocolDown: UInt16 = 39
    /// IFLA_GSO_MAX_SEGS: most segments of a packet before segmentation offload.
    public static let gsoMaxSegments: UInt16 = 40
    /// IFLA_GSO_MAX_SIZE: largest packet before segmentation offload.
    public static let gsoMaxSize: UInt16 = 41
    /// IFLA_XDP: nest about the attached XDP program.
    public static let xdp: UInt16 = 43
    /// IFLA_EVENT: what the notification is about.
    public static let event: UInt16 = 44
    /// IFLA_NEW_NETNSID: id of the network namespace that the link moved to.
    public static let newNetnsID: UInt16 = 45
    /// IFLA_TARGET_NETNSID: id of the network namespace that the link lies in, when it was asked for by id.
    public static let netnsID: UInt16 = 46
    /// IFLA_CARRIER_UP_COUNT: how often the carrier came.
    public static let carrierUpCount: UInt16 = 47
    /// IFLA_CARRIER_DOWN_COUNT: how often the carrier went.
    public static let carrierDownCount: UInt16 = 48
    /// IFLA_NEW_IFINDEX: index that the link has in the namespace it moved to.
    public static let newIndex: UInt16 = 49
    /// IFLA_MIN_MTU: smallest MTU that the driver takes.
    public static let minimumMTU: UInt16 = 50
    /// IFLA_MAX_MTU: largest MTU that the driver takes.
    public static let maximumMTU: UInt16 = 51
    /// IFLA_PROP_LIST: nest of further names.
    public static let propertyList: UInt16 = 52
    /// IFLA_ALT_IFNAME: a further name.
    public static let alternativeName: UInt16 = 53
    /// IFLA_PERM_ADDRESS: address that the hardware was made with.
    public static let permanentAddress: UInt16 = 54
    /// IFLA_PARENT_DEV_NAME: name of the hardware device.
    public static let parentDevice: UInt16 = 56
    /// IFLA_PARENT_DEV_BUS_NAME: name of the hardware device's bus.
    public static let parentBus: UInt16 = 57
    /// IFLA_GRO_MAX_SIZE: largest packet that receive offload builds.
    public static let groMaxSize: UInt16 = 58
    /// IFLA_TSO_MAX_SIZE: largest packet that the hardware segments.
    public static let tsoMaxSize: UInt16 = 59
    /// IFLA_TSO_MAX_SEGS: most segments that the hardware makes of a packet.
    public static let tsoMaxSegments: UInt16 = 60
    /// IFLA_ALLMULTI: how many users want every multicast packet.
    public static let allMulticast: UInt16 = 61
    /// IFLA_GSO_IPV4_MAX_SIZE: `gsoMaxSize` for IPv4.
    public static let gsoIPv4MaxSize: UInt16 = 63
    /// IFLA_GRO_IPV4_MAX_SIZE: `groMaxSize` for IPv4.
    public static let groIPv4MaxSize: UInt16 = 64
}
