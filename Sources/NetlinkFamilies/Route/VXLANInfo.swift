/// What a VXLAN link tells about itself (IFLA_INFO_DATA of kind "vxlan").
public struct VXLANInfo: AttributeContainer {
    /// In the order of the wire, each type once.
    public var attributes: [RawAttribute] = []

    /// No attributes.
    public init() {}
}

extension AttributeKey where Owner == VXLANInfo, Value == UInt32 {
    /// IFLA_VXLAN_ID: network identifier.
    public static var id: Self { Self(1) }
    /// IFLA_VXLAN_LINK: index of the link below.
    public static var link: Self { Self(3) }
    /// IFLA_VXLAN_AGEING: lifetime of learned entries in seconds.
    public static var ageing: Self { Self(8) }
    /// IFLA_VXLAN_LIMIT: most learned entries.
    public static var limit: Self { Self(9) }
}

extension AttributeKey where Owner == VXLANInfo, Value == IPAddress {
    /// IFLA_VXLAN_GROUP: multicast group or remote IPv4 address.
    public static var group: Self { Self(2) }
    /// IFLA_VXLAN_LOCAL: own IPv4 address.
    public static var local: Self { Self(4) }
    /// IFLA_VXLAN_GROUP6: multicast group or remote IPv6 address.
    public static var group6: Self { Self(16) }
    /// IFLA_VXLAN_LOCAL6: own IPv6 address.
    public static var local6: Self { Self(17) }
}

extension AttributeKey where Owner == VXLANInfo, Value == UInt8 {
    /// IFLA_VXLAN_TTL: time to live of the outer packets.
    public static var ttl: Self { Self(5) }
    /// IFLA_VXLAN_TOS: type of service of the outer packets.
    public static var tos: Self { Self(6) }
    /// IFLA_VXLAN_LEARNING: 1 when addresses are learned.
    public static var learning: Self { Self(7) }
    /// IFLA_VXLAN_PROXY: 1 when ARP is answered.
    public static var proxy: Self { Self(11) }
    /// IFLA_VXLAN_RSC: 1 when routes are cut short.
    public static var routeShortCircuit: Self { Self(12) }
    /// IFLA_VXLAN_L2MISS: 1 when unknown link-layer addresses are reported.
    public static var l2Miss: Self { Self(13) }
    /// IFLA_VXLAN_L3MISS: 1 when unknown IP addresses are reported.
    public static var l3Miss: Self { Self(14) }
    /// IFLA_VXLAN_UDP_CSUM: 1 when IPv4 packets carry a UDP checksum.
    public static var udpChecksum: Self { Self(18) }
    /// IFLA_VXLAN_UDP_ZERO_CSUM6_TX: 1 when IPv6 packets go without a UDP checksum.
    public static var udpZeroChecksum6Sent: Self { Self(19) }
    /// IFLA_VXLAN_UDP_ZERO_CSUM6_RX: 1 when IPv6 packets may come without a UDP checksum.
    public static var udpZeroChecksum6Received: Self { Self(20) }
    /// IFLA_VXLAN_REMCSUM_TX: 1 when checksums are left to the receiver.
    public static var remoteChecksumSent: Self { Self(21) }
    /// IFLA_VXLAN_REMCSUM_RX: 1 when checksums left to the receiver are taken.
    public static var remoteChecksumReceived: Self { Self(22) }
    /// IFLA_VXLAN_COLLECT_METADATA: 1 when tunnels are described by routes.
    public static var collectMetadata: Self { Self(25) }
    /// IFLA_VXLAN_TTL_INHERIT: 1 when the inner time to live is used.
    public static var ttlInherit: Self { Self(28) }
    /// IFLA_VXLAN_DF: how the don't-fragment bit is set.
    public static var dontFragment: Self { Self(29) }
    /// IFLA_VXLAN_VNIFILTER: 1 when network identifiers are filtered.
    public static var vniFilter: Self { Self(30) }
    /// IFLA_VXLAN_LOCALBYPASS: 1 when local destinations skip the tunnel.
    public static var localBypass: Self { Self(31) }
}

extension AttributeKey where Owner == VXLANInfo, Value == PortRange {
    /// IFLA_VXLAN_PORT_RANGE: source ports.
    public static var portRange: Self { Self(10) }
}

extension AttributeKey where Owner == VXLANInfo, Value == NetworkUInt16 {
    /// IFLA_VXLAN_PORT: destination port.
    public static var port: Self { Self(15) }
}

extension AttributeKey where Owner == VXLANInfo, Value == Presence {
    /// IFLA_VXLAN_GBP: group policy extension.
    public static var groupPolicy: Self { Self(23) }
    /// IFLA_VXLAN_REMCSUM_NOPARTIAL: no partial checksums.
    public static var remoteChecksumNoPartial: Self { Self(24) }
    /// IFLA_VXLAN_GPE: generic protocol extension.
    public static var protocolExtension: Self { Self(27) }
}

extension AttributeKey where Owner == VXLANInfo, Value == NetworkUInt32 {
    /// IFLA_VXLAN_LABEL: flow label of IPv6 packets.
    public static var label: Self { Self(26) }
}
