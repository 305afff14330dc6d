public import NetlinkWire

/// A neighbour of ARP or ND, a proxied one, or with AF_BRIDGE a forwarding entry: RTM_NEWNEIGH, RTM_DELNEIGH.
public struct Neighbour: RouteMessage {
    /// Times in hundredths of a second and users (struct nda_cacheinfo).
    public struct CacheInfo: Hashable, Sendable {
        /// Since it was confirmed.
        public var confirmed: UInt32
        /// Since it was used.
        public var used: UInt32
        /// Since it was changed.
        public var updated: UInt32
        /// How many parts of the kernel hold it.
        public var references: UInt32
    }

    /// AF_INET, AF_INET6, or AF_BRIDGE for a forwarding entry (ndm_family).
    public var family: AddressFamily = .inet
    /// Index of the link (ndm_ifindex).
    public var index: UInt32 = 0
    /// What is known about it (ndm_state).
    public var state: NeighbourState = []
    /// How it is used (ndm_flags).
    public var flags: NeighbourFlags = []
    /// Kind of its address (ndm_type).
    public var type: RouteType = .unspecified

    /// Network address (NDA_DST).
    public var destination: IPAddress?
    /// Link-layer address (NDA_LLADDR).
    public var linkAddress: LinkAddress?
    /// Times (NDA_CACHEINFO).
    public var cacheInfo: CacheInfo?
    /// Destination port of a VXLAN forwarding entry (NDA_PORT).
    public var port: UInt16?
    /// Further flags (NDA_FLAGS_EXT).
    public var extendedFlags: NeighbourExtendedFlags?
    /// Unanswered probes (NDA_PROBES).
    public var probes: UInt32?
    /// VLAN of a forwarding entry (NDA_VLAN).
    public var vlan: UInt16?
    /// VXLAN network identifier of a forwarding entry (NDA_VNI).
    public var vni: UInt32?
    /// Index of the link that a VXLAN forwarding entry sends through (NDA_IFINDEX).
    public var interfaceIndex: UInt32?
    /// Index of the bridge of a forwarding entry (NDA_MASTER).
    public var master: UInt32?
    /// Id of the network namespace that the link lies in (NDA_LINK_NETNSID).
    public var linkNetnsID: Int32?
    /// VXLAN network identifier that a forwarding entry belongs to (NDA_SRC_VNI).
    public var sourceVNI: UInt32?
    /// Who set the entry (NDA_PROTOCOL).
    public var origin: UInt8?
    /// Id of a nexthop group (NDA_NH_ID).
    public var nextHopID: UInt32?
    /// Attributes that have no property here, as they came.
    public var unknownAttributes: [RawAttribute] = []

    /// RTM_NEWNEIGH.
    public static var newType: MessageType { .newNeighbour }

    /// A neighbour, for requests.
    public init(
        family: AddressFamily, index: UInt32, destination: IPAddress? = nil, linkAddress: LinkAddress? = nil,
        state: NeighbourState = .permanent, flags: NeighbourFlags = []
    ) {
        self.family = family
        self.index = index
        self.destination = destination
        self.linkAddress = linkAddress
        self.state = state
        self.flags = flags
    }
}

extension Neighbour {
    /// Size of struct ndmsg.
    static let headerSize = 12

    /// Decodes a neighbour.
    ///
    /// - Throws: what is wrong with the bytes, and where.
    public init(_ message: Message, in bytes: Span<UInt8>) throws(WireError) {
        let start = message.payload.lowerBound
        guard message.payload.count >= Neighbour.headerSize else { throw WireError(.truncatedHeader, at: start) }
        family = AddressFamily(rawValue: try bytes.u8(at: start))
        index = try bytes.u32(at: start + 4)
        state = NeighbourState(rawValue: try bytes.u16(at: start + 8))
        flags = NeighbourFlags(rawValue: try bytes.u8(at: start + 10))
        type = RouteType(rawValue: try bytes.u8(at: start + 11))
        var seen = SeenTypes()
        var cursor = AttributeCursor((start + Neighbour.headerSize)..<message.payload.upperBound)
        while let attribute = try cursor.next(in: bytes) {
            try seen.insert(attribute)
            try decode(attribute, in: bytes)
        }
    }

    private mutating func decode(_ attribute: Attribute, in bytes: Span<UInt8>) throws(WireError) {
        switch attribute.type {
        case NeighbourAttribute.destination: destination = try attribute.ip(family, in: bytes)
        case NeighbourAttribute.linkAddress: linkAddress = try LinkAddress(attribute, in: bytes)
        case NeighbourAttribute.cacheInfo: cacheInfo = try CacheInfo(attribute, in: bytes)
        case NeighbourAttribute.port: port = try attribute.u16(in: bytes).byteSwapped
        case NeighbourAttribute.extendedFlags:
            extendedFlags = NeighbourExtendedFlags(rawValue: try attribute.u32(in: bytes))
        case NeighbourAttribute.probes: probes = try attribute.u32(in: bytes)
        case NeighbourAttribute.vlan: vlan = try attribute.u16(in: bytes)
        case NeighbourAttribute.vni: vni = try attribute.u32(in: bytes)
        case NeighbourAttribute.interfaceIndex: interfaceIndex = try attribute.u32(in: bytes)
        case NeighbourAttribute.master: master = try attribute.u32(in: bytes)
        case NeighbourAttribute.linkNetnsID: linkNetnsID = try attribute.i32(in: bytes)
        case NeighbourAttribute.sourceVNI: sourceVNI = try attribute.u32(in: bytes)
        case NeighbourAttribute.origin: origin = try attribute.u8(in: bytes)
        case NeighbourAttribute.nextHopID: nextHopID = try attribute.u32(in: bytes)
        default: unknownAttributes.append(try RawAttribute(attribute, in: bytes))
        }
    }

    /// Writes struct ndmsg and the attributes.
    ///
    /// - Throws: `tooLong` when an attribute doesn't fit its length field.
    public func encode(into writer: inout MessageWriter) throws(WireError) {
        writer.append(UInt32(family.rawValue))
        writer.append(index)
        writer.append(state.rawValue)
        writer.append(flags.rawValue)
        writer.append(type.rawValue)
        try writer.attribute(NeighbourAttribute.destination, destination)
        try writer.attribute(NeighbourAttribute.linkAddress, linkAddress)
        if let cacheInfo { try cacheInfo.encode(into: &writer) }
        try writer.attribute(NeighbourAttribute.port, port?.byteSwapped)
        try writer.attribute(NeighbourAttribute.extendedFlags, extendedFlags?.rawValue)
        try writer.attribute(NeighbourAttribute.probes, probes)
        try writer.attribute(NeighbourAttribute.vlan, vlan)
        try writer.attribute(NeighbourAttribute.vni, vni)
        try writer.attribute(NeighbourAttribute.interfaceIndex, interfaceIndex)
        try writer.attribute(NeighbourAttribute.master, master)
        try writer.attribute(NeighbourAttribute.linkNetnsID, linkNetnsID)
        try writer.attribute(NeighbourAttribute.sourceVNI, sourceVNI)
        try writer.attribute(NeighbourAttribute.origin, origin)
        try writer.attribute(NeighbourAttribute.nextHopID, nextHopID)
        try writer.attributes(unknownAttributes)
    }
}

extension Neighbour.CacheInfo {
    init(_ attribute: Attribute, in bytes: Span<UInt8>) throws(WireError) {
        guard attribute.payload.count == 16 else { throw WireError(.wrongWidth, at: attribute.offset) }
        let start = attribute.payload.lowerBound
        confirmed = try bytes.u32(at: start)
        used = try bytes.u32(at: start + 4)
        updated = try bytes.u32(at: start + 8)
        references = try bytes.u32(at: start + 12)
    }

    func encode(into writer: inout MessageWriter) throws(WireError) {
        try writer.attribute(NeighbourAttribute.cacheInfo) { (writer: inout MessageWriter) throws(WireError) in
            for value in [confirmed, used, updated, references] { writer.append(value) }
        }
    }
}
