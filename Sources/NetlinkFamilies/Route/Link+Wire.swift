public import NetlinkWire

extension Link {
    /// Size of struct ifinfomsg.
    static let headerSize = 16

    /// Decodes a link.
    ///
    /// - Throws: what is wrong with the bytes, and where.
    public init(_ message: Message, in bytes: Span<UInt8>) throws(WireError) {
        self.init()
        try decode(message.payload, in: bytes)
    }

    /// Reads struct ifinfomsg and the attributes behind it.
    mutating func decode(
        _ payload: Range<Int>, in bytes: Span<UInt8>, isPeer: Bool = false
    ) throws(WireError) {
        let start = payload.lowerBound
        guard payload.count >= Link.headerSize else { throw WireError(.truncatedHeader, at: start) }
        family = AddressFamily(rawValue: try bytes.u8(at: start))
        type = LinkType(rawValue: try bytes.u16(at: start + 2))
        index = try bytes.u32(at: start + 4)
        flags = LinkFlags(rawValue: try bytes.u32(at: start + 8))
        changeMask = LinkFlags(rawValue: try bytes.u32(at: start + 12))
        var seen = SeenTypes()
        var cursor = AttributeCursor((start + Link.headerSize)..<payload.upperBound)
        while let attribute = try cursor.next(in: bytes) {
            try seen.insert(attribute)
            if isPeer, attribute.type == LinkAttribute.linkInfo {
                unknownAttributes.append(try RawAttribute(attribute, in: bytes))
            } else {
                try decode(attribute, in: bytes)
            }
        }
    }

    private mutating func decode(_ attribute: Attribute, in bytes: Span<UInt8>) throws(WireError) {
        switch attribute.type {
        case LinkAttribute.address: address = try LinkAddress(attribute, in: bytes)
        case LinkAttribute.broadcast: broadcast = try LinkAddress(attribute, in: bytes)
        case LinkAttribute.mtu: mtu = try attribute.u32(in: bytes)
        case LinkAttribute.link: link = try attribute.u32(in: bytes)
        case LinkAttribute.qdisc: qdisc = try attribute.text(in: bytes)
        case LinkAttribute.master: master = try attribute.u32(in: bytes)
        case LinkAttribute.txQueueLength: txQueueLength = try attribute.u32(in: bytes)
        case LinkAttribute.linkMode: linkMode = try attribute.u8(in: bytes)
        case LinkAttribute.alias: alias = try attribute.text(in: bytes)
        case LinkAttribute.group: group = try attribute.u32(in: bytes)
        case LinkAttribute.promiscuity: promiscuity = try attribute.u32(in: bytes)
        case LinkAttribute.txQueues: txQueues = try attribute.u32(in: bytes)
        case LinkAttribute.rxQueues: rxQueues = try attribute.u32(in: bytes)
        case LinkAttribute.carrier: carrier = try attribute.u8(in: bytes)
        case LinkAttribute.physicalPortID: physicalPortID = try attribute.copy(of: bytes)
        case LinkAttribute.carrierChanges: carrierChanges = try attribute.u32(in: bytes)
        case LinkAttribute.physicalSwitchID: physicalSwitchID = try attribute.copy(of: bytes)
        case LinkAttribute.linkNetnsID: linkNetnsID = try attribute.i32(in: bytes)
        case LinkAttribute.physicalPortName: physicalPortName = try attribute.text(in: bytes)
        case LinkAttribute.protocolDown: protocolDown = try attribute.u8(in: bytes)
        case LinkAttribute.gsoMaxSegments: gsoMaxSegments = try attribute.u32(in: bytes)
        case LinkAttribute.gsoMaxSize: gsoMaxSize = try attribute.u32(in: bytes)
        case LinkAttribute.event: event = try attribute.u32(in: bytes)
        case LinkAttribute.newNetnsID: newNetnsID = try attribute.i32(in: bytes)
        case LinkAttribute.netnsID: netnsID = try attribute.i32(in: bytes)
        case LinkAttribute.carrierUpCount: carrierUpCount = try attribute.u32(in: bytes)
        case LinkAttribute.carrierDownCount: carrierDownCount = try attribute.u32(in: bytes)
        case LinkAttribute.newIndex: newIndex = try attribute.u32(in: bytes)
        case LinkAttribute.minimumMTU: minimumMTU = try attribute.u32(in: bytes)
        case LinkAttribute.maximumMTU: maximumMTU = try attribute.u32(in: bytes)
        case LinkAttribute.permanentAddress: permanentAddress = try LinkAddress(attribute, in: bytes)
        case LinkAttribute.parentDevice: parentDevice = try attribute.text(in: bytes)
        case LinkAttribute.parentBus: parentBus = try attribute.text(in: bytes)
        case LinkAttribute.groMaxSize: groMaxSize = try attribute.u32(in: bytes)
        case LinkAttribute.tsoMaxSize: tsoMaxSize = try attribute.u32(in: bytes)
        case LinkAttribute.tsoMaxSegments: tsoMaxSegments = try attribute.u32(in: bytes)
        case LinkAttribute.allMulticast: allMulticast = try attribute.u32(in: bytes)
        case LinkAttribute.gsoIPv4MaxSize: gsoIPv4MaxSize = try attribute.u32(in: bytes)
        case LinkAttribute.groIPv4MaxSize: groIPv4MaxSize = try attribute.u32(in: bytes)
        default: try decodeStructured(attribute, in: bytes)
        }
    }

    private mutating func decodeStructured(_ attribute: Attribute, in bytes: Span<UInt8>) throws(WireError) {
        switch attribute.type {
        case LinkAttribute.name: name = try attribute.text(in: bytes)
        case LinkAttribute.operState: operState = OperState(rawValue: try attribute.u8(in: bytes))
        case LinkAttribute.linkInfo: info = try LinkInfo(attribute.payload, in: bytes)
        case LinkAttribute.statistics64: statistics = try LinkStatistics(attribute, in: bytes)
        case LinkAttribute.familySpec: familySettings = try FamilySettings(attribute.payload, in: bytes)
        case LinkAttribute.xdp: xdp = try XDPInfo(attribute.payload, in: bytes)
        case LinkAttribute.propertyList: try decodeNames(attribute, in: bytes)
        default: unknownAttributes.append(try RawAttribute(attribute, in: bytes))
        }
    }

    private mutating func decodeNames(_ list: Attribute, in bytes: Span<UInt8>) throws(WireError) {
        var cursor = AttributeCursor(list.payload)
        while let attribute = try cursor.next(in: bytes) {
            if attribute.type == LinkAttribute.alternativeName {
                alternativeNames.append(try attribute.text(in: bytes))
            } else {
                unknownProperties.append(try RawAttribute(attribute, in: bytes))
            }
        }
    }

    /// Writes struct ifinfomsg and the attributes.
    ///
    /// - Throws: `tooLong` when an attribute doesn't fit its length field.
    public func encode(into writer: inout MessageWriter) throws(WireError) {
        writer.append(family.rawValue)
        writer.append(UInt8(0))
        writer.append(type.rawValue)
        writer.append(index)
        writer.append(flags.rawValue)
        writer.append(changeMask.rawValue)
        try writer.attribute(LinkAttribute.operState, operState?.rawValue)
        try writer.attribute(LinkAttribute.address, address)
        try writer.attribute(LinkAttribute.broadcast, broadcast)
        try writer.attribute(LinkAttribute.mtu, mtu)
        try writer.attribute(LinkAttribute.qdisc, qdisc)
        try writer.attribute(LinkAttribute.master, master)
        try writer.attribute(LinkAttribute.txQueueLength, txQueueLength)
        try writer.attribute(LinkAttribute.linkMode, linkMode)
        try writer.attribute(LinkAttribute.alias, alias)
        try writer.attribute(LinkAttribute.group, group)
        try writer.attribute(LinkAttribute.promiscuity, promiscuity)
        try writer.attribute(LinkAttribute.txQueues, txQueues)
        try writer.attribute(LinkAttribute.rxQueues, rxQueues)
        try writer.attribute(LinkAttribute.carrier, carrier)
        try writer.attribute(LinkAttribute.physicalPortID, physicalPortID)
        try writer.attribute(LinkAttribute.carrierChanges, carrierChanges)
        try writer.attribute(LinkAttribute.physicalSwitchID, physicalSwitchID)
        try writer.attribute(LinkAttribute.linkNetnsID, linkNetnsID)
        try writer.attribute(LinkAttribute.physicalPortName, physicalPortName)
        try writer.attribute(LinkAttribute.protocolDown, protocolDown)
        try writer.attribute(LinkAttribute.gsoMaxSegments, gsoMaxSegments)
        try writer.attribute(LinkAttribute.gsoMaxSize, gsoMaxSize)
        try writer.attribute(LinkAttribute.event, event)
        try writer.attribute(LinkAttribute.newNetnsID, newNetnsID)
        try writer.attribute(LinkAttribute.netnsID, netnsID)
        try writer.attribute(LinkAttribute.carrierUpCount, carrierUpCount)
        try writer.attribute(LinkAttribute.carrierDownCount, carrierDownCount)
        try writer.attribute(LinkAttribute.newIndex, newIndex)
        try writer.attribute(LinkAttribute.minimumMTU, minimumMTU)
        try writer.attribute(LinkAttribute.maximumMTU, maximumMTU)
        try writer.attribute(LinkAttribute.permanentAddress, permanentAddress)
        try writer.attribute(LinkAttribute.parentDevice, parentDevice)
        try writer.attribute(LinkAttribute.parentBus, parentBus)
        try writer.attribute(LinkAttribute.groMaxSize, groMaxSize)
        try writer.attribute(LinkAttribute.tsoMaxSize, tsoMaxSize)
        try writer.attribute(LinkAttribute.tsoMaxSegments, tsoMaxSegments)
        try writer.attribute(LinkAttribute.allMulticast, allMulticast)
        try writer.attribute(LinkAttribute.gsoIPv4MaxSize, gsoIPv4MaxSize)
        try writer.attribute(LinkAttribute.groIPv4MaxSize, groIPv4MaxSize)
        if let statistics { try statistics.encode(into: &writer) }
        // In requests the order of iproute2: what the link lies on, its name, its kind.
        try writer.attribute(LinkAttribute.link, link)
        if !name.isEmpty { try writer.attribute(LinkAttribute.name, name) }
        try encodeNests(into: &writer)
        try writer.attributes(unknownAttributes)
    }

    private func encodeNests(into writer: inout MessageWriter) throws(WireError) {
        try writer.container(LinkAttribute.xdp, xdp)
        if let info {
            try writer.attribute(LinkAttribute.linkInfo) { (writer: inout MessageWriter) throws(WireError) in
                try info.encode(into: &writer)
            }
        }
        try writer.container(LinkAttribute.familySpec, familySettings)
        guard !alternativeNames.isEmpty || !unknownProperties.isEmpty else { return }
        try writer.nest(LinkAttribute.propertyList) { (writer: inout MessageWriter) throws(WireError) in
            for name in alternativeNames { try writer.attribute(LinkAttribute.alternativeName, name) }
            try writer.attributes(unknownProperties)
        }
    }
}
