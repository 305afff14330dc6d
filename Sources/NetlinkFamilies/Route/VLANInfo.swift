internal import NetlinkWire

/// What a VLAN link tells about itself (IFLA_INFO_DATA of kind "vlan").
public struct VLANInfo: AttributeContainer {
    /// In the order of the wire, each type once.
    public var attributes: [RawAttribute] = []

    /// No attributes.
    public init() {}
}

extension AttributeKey where Owner == VLANInfo, Value == UInt16 {
    /// IFLA_VLAN_ID: VLAN.
    public static var id: Self { Self(1) }
}

extension AttributeKey where Owner == VLANInfo, Value == VLANFlags {
    /// IFLA_VLAN_FLAGS: switches.
    public static var flags: Self { Self(2) }
}

extension AttributeKey where Owner == VLANInfo, Value == Bytes {
    /// IFLA_VLAN_EGRESS_QOS: map of priorities to the tag's.
    public static var egressQoS: Self { Self(3) }
    /// IFLA_VLAN_INGRESS_QOS: map of the tag's priorities.
    public static var ingressQoS: Self { Self(4) }
}

extension AttributeKey where Owner == VLANInfo, Value == NetworkUInt16 {
    /// IFLA_VLAN_PROTOCOL: protocol of the tag.
    public static var tagProtocol: Self { Self(5) }
}

/// Which priority becomes which (struct ifla_vlan_qos_mapping).
public struct VLANPriority: Hashable, Sendable {
    /// Priority before: the tag's on the way in, the packet's on the way out.
    public var from: UInt32
    /// Priority after.
    public var to: UInt32
}

extension VLANInfo {
    /// Priorities of tags and what packets get (IFLA_VLAN_INGRESS_QOS).
    public var ingressPriorities: [VLANPriority] { VLANInfo.priorities(self[.ingressQoS]) }
    /// Priorities of packets and what tags get (IFLA_VLAN_EGRESS_QOS).
    public var egressPriorities: [VLANPriority] { VLANInfo.priorities(self[.egressQoS]) }

    private static func priorities(_ nest: Bytes?) -> [VLANPriority] {
        guard let bytes = nest?.payload else { return [] }
        var found: [VLANPriority] = []
        var cursor = AttributeCursor(0..<bytes.count)
        while let attribute = try? cursor.next(in: bytes.span), let content = try? attribute.copy(of: bytes.span) {
            // IFLA_VLAN_QOS_MAPPING
            guard attribute.type == 1, let words = Words(content, count: 2) else { continue }
            found.append(VLANPriority(from: words[0], to: words[1]))
        }
        return found
    }
}

/// What a macvlan or macvtap link tells about itself (IFLA_INFO_DATA).
public struct MACVLANInfo: AttributeContainer {
    /// In the order of the wire, each type once.
    public var attributes: [RawAttribute] = []

    /// No attributes.
    public init() {}
}

extension AttributeKey where Owner == MACVLANInfo, Value == UInt32 {
    /// IFLA_MACVLAN_MODE: how links of the same parent reach each other.
    public static var mode: Self { Self(1) }
    /// IFLA_MACVLAN_MACADDR_MODE: what a request does with source addresses.
    public static var macMode: Self { Self(3) }
    /// IFLA_MACVLAN_MACADDR_COUNT: number of source addresses.
    public static var macCount: Self { Self(6) }
    /// IFLA_MACVLAN_BC_QUEUE_LEN: wanted length of the broadcast queue.
    public static var broadcastQueueLength: Self { Self(7) }
    /// IFLA_MACVLAN_BC_QUEUE_LEN_USED: length of the broadcast queue.
    public static var broadcastQueueLengthUsed: Self { Self(8) }
}

extension AttributeKey where Owner == MACVLANInfo, Value == UInt16 {
    /// IFLA_MACVLAN_FLAGS: 1 keeps the parent out of promiscuous mode.
    public static var flags: Self { Self(2) }
}

extension AttributeKey where Owner == MACVLANInfo, Value == Int32 {
    /// IFLA_MACVLAN_BC_CUTOFF: when broadcast is no longer queued.
    public static var broadcastCutoff: Self { Self(9) }
}

extension AttributeKey where Owner == MACVLANInfo, Value == Bytes {
    /// IFLA_MACVLAN_MACADDR_DATA: nest of source addresses.
    public static var macData: Self { Self(5) }
}

extension MACVLANInfo {
    /// IFLA_MACVLAN_MACADDR: one source address.
    private static let source: UInt16 = 4

    /// Source addresses of mode "source".
    public var sources: [LinkAddress] {
        guard let nest = self[.macData]?.payload else { return [] }
        var found: [LinkAddress] = []
        var cursor = AttributeCursor(0..<nest.count)
        while let attribute = try? cursor.next(in: nest.span), let address = try? LinkAddress(attribute, in: nest.span)
        {
            if attribute.type == MACVLANInfo.source { found.append(address) }
        }
        return found
    }
}

/// What a tun or tap link tells about itself (IFLA_INFO_DATA of kind "tun").
public struct TunInfo: AttributeContainer {
    /// In the order of the wire, each type once.
    public var attributes: [RawAttribute] = []

    /// No attributes.
    public init() {}
}

extension AttributeKey where Owner == TunInfo, Value == UInt32 {
    /// IFLA_TUN_OWNER: user who may open it.
    public static var owner: Self { Self(1) }
    /// IFLA_TUN_GROUP: group that may open it.
    public static var group: Self { Self(2) }
    /// IFLA_TUN_NUM_QUEUES: attached queues.
    public static var queues: Self { Self(8) }
    /// IFLA_TUN_NUM_DISABLED_QUEUES: detached queues.
    public static var disabledQueues: Self { Self(9) }
}

extension AttributeKey where Owner == TunInfo, Value == UInt8 {
    /// IFLA_TUN_TYPE: 1 tun, 2 tap.
    public static var type: Self { Self(3) }
    /// IFLA_TUN_PI: 1 when packets carry a header.
    public static var packetInfo: Self { Self(4) }
    /// IFLA_TUN_VNET_HDR: 1 when packets carry a virtio header.
    public static var vnetHeader: Self { Self(5) }
    /// IFLA_TUN_PERSIST: 1 when the link outlives its program.
    public static var persist: Self { Self(6) }
    /// IFLA_TUN_MULTI_QUEUE: 1 with several queues.
    public static var multiQueue: Self { Self(7) }
}

/// What a VRF or a port of one tells about itself (IFLA_INFO_DATA and IFLA_INFO_SLAVE_DATA of kind "vrf").
public struct VRFInfo: AttributeContainer {
    /// In the order of the wire, each type once.
    public var attributes: [RawAttribute] = []

    /// No attributes.
    public init() {}
}

extension AttributeKey where Owner == VRFInfo, Value == UInt32 {
    /// IFLA_VRF_TABLE: routing table.
    public static var table: Self { Self(1) }
}
