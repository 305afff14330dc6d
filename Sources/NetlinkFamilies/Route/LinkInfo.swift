internal import NetlinkWire

/// What depends on the kind of link (IFLA_LINKINFO).
public struct LinkInfo: Hashable, Sendable {
    /// What the link tells about itself; the raw bytes for kinds that have no type here.
    public enum Details: Hashable, Sendable {
        /// A bridge.
        case bridge(BridgeInfo)
        /// A bond.
        case bond(BondInfo)
        /// A VLAN of another link.
        case vlan(VLANInfo)
        /// A further address on another link.
        case macvlan(MACVLANInfo)
        /// A tunnel for Ethernet frames over UDP.
        case vxlan(VXLANInfo)
        /// A routing domain.
        case vrf(VRFInfo)
        /// A link whose other end is a program.
        case tun(TunInfo)
        /// The other end of a pair, in requests.
        case veth(VethInfo)
        /// Another kind's bytes, as they came.
        case raw([UInt8])
    }

    /// What the master tells about its port; the raw bytes for kinds that have no type here.
    public enum PortDetails: Hashable, Sendable {
        /// A port of a bridge.
        case bridge(BridgePortInfo)
        /// A port of a bond.
        case bond(BondPortInfo)
        /// A port of a VRF.
        case vrf(VRFInfo)
        /// Another kind's bytes, as they came.
        case raw([UInt8])
    }

    /// Name of the kind: "bridge", "veth" (IFLA_INFO_KIND).
    public var kind: ByteString?
    /// Whether the kind ends with a NUL: the kernel writes one, iproute2 and so our requests don't.
    var kindIsTerminated = false
    /// What the link tells about itself (IFLA_INFO_DATA).
    public var details: Details?
    /// Name of the master's kind (IFLA_INFO_SLAVE_KIND).
    public var portKind: ByteString?
    /// What the master tells about its port (IFLA_INFO_SLAVE_DATA).
    public var portDetails: PortDetails?
    /// Attributes that have no property here, as they came.
    public var unknownAttributes: [RawAttribute] = []

    /// Information for a request that makes a link of a kind.
    public init(kind: ByteString, details: Details? = nil) {
        self.kind = kind
        self.details = details
    }

    init(_ range: Range<Int>, in bytes: Span<UInt8>) throws(WireError) {
        var seen = SeenTypes()
        var cursor = AttributeCursor(range)
        var details: Attribute?
        var portDetails: Attribute?
        while let attribute = try cursor.next(in: bytes) {
            try seen.insert(attribute)
            switch attribute.type {
            case LinkInfoAttribute.kind:
                kindIsTerminated = try attribute.copy(of: bytes).last == 0
                kind = try attribute.text(in: bytes, isTerminated: kindIsTerminated)
            case LinkInfoAttribute.data: details = attribute
            case LinkInfoAttribute.slaveKind: portKind = try attribute.text(in: bytes)
            case LinkInfoAttribute.slaveData: portDetails = attribute
            default: unknownAttributes.append(try RawAttribute(attribute, in: bytes))
            }
        }
        if let details { self.details = try LinkInfo.details(of: kind, details, in: bytes) }
        if let portDetails { self.portDetails = try LinkInfo.portDetails(of: portKind, portDetails, in: bytes) }
    }

    private static func details(
        of kind: ByteString?, _ data: Attribute, in bytes: Span<UInt8>
    ) throws(WireError) -> Details {
        switch kind {
        case "bridge": .bridge(try BridgeInfo(data.payload, in: bytes))
        case "bond": .bond(try BondInfo(data.payload, in: bytes))
        case "vlan": .vlan(try VLANInfo(data.payload, in: bytes))
        case "macvlan", "macvtap": .macvlan(try MACVLANInfo(data.payload, in: bytes))
        case "vxlan": .vxlan(try VXLANInfo(data.payload, in: bytes))
        case "vrf": .vrf(try VRFInfo(data.payload, in: bytes))
        case "tun": .tun(try TunInfo(data.payload, in: bytes))
        case "veth": .veth(try VethInfo(data.payload, in: bytes))
        default: .raw(try data.copy(of: bytes))
        }
    }

    private static func portDetails(
        of kind: ByteString?, _ data: Attribute, in bytes: Span<UInt8>
    ) throws(WireError) -> PortDetails {
        switch kind {
        case "bridge": .bridge(try BridgePortInfo(data.payload, in: bytes))
        case "bond": .bond(try BondPortInfo(data.payload, in: bytes))
        case "vrf": .vrf(try VRFInfo(data.payload, in: bytes))
        default: .raw(try data.copy(of: bytes))
        }
    }

    func encode(into writer: inout MessageWriter) throws(WireError) {
        if let kind { try writer.attribute(LinkInfoAttribute.kind, kind.bytes + (kindIsTerminated ? [0] : [])) }
        try writer.attributes(unknownAttributes)
        switch details {
        case .bridge(let info): try writer.container(LinkInfoAttribute.data, info)
        case .bond(let info): try writer.container(LinkInfoAttribute.data, info)
        case .vlan(let info): try writer.container(LinkInfoAttribute.data, info)
        case .macvlan(let info): try writer.container(LinkInfoAttribute.data, info)
        case .vxlan(let info): try writer.container(LinkInfoAttribute.data, info)
        case .vrf(let info): try writer.container(LinkInfoAttribute.data, info)
        case .tun(let info): try writer.container(LinkInfoAttribute.data, info)
        case .veth(let info): try info.encode(into: &writer)
        case .raw(let payload): try writer.attribute(LinkInfoAttribute.data, payload)
        case nil: break
        }
        try writer.attribute(LinkInfoAttribute.slaveKind, portKind)
        switch portDetails {
        case .bridge(let info): try writer.container(LinkInfoAttribute.slaveData, info)
        case .bond(let info): try writer.container(LinkInfoAttribute.slaveData, info)
        case .vrf(let info): try writer.container(LinkInfoAttribute.slaveData, info)
        case .raw(let payload): try writer.attribute(LinkInfoAttribute.slaveData, payload)
        case nil: break
        }
    }
}
