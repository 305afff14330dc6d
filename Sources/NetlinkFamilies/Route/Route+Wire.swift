public import NetlinkWire

extension Route {
    /// Size of struct rtmsg.
    static let headerSize = 12

    /// Decodes a route.
    ///
    /// - Throws: what is wrong with the bytes, and where.
    public init(_ message: Message, in bytes: Span<UInt8>) throws(WireError) {
        let start = message.payload.lowerBound
        guard message.payload.count >= Route.headerSize else { throw WireError(.truncatedHeader, at: start) }
        family = AddressFamily(rawValue: try bytes.u8(at: start))
        destinationLength = try bytes.u8(at: start + 1)
        sourceLength = try bytes.u8(at: start + 2)
        tos = try bytes.u8(at: start + 3)
        shortTable = try bytes.u8(at: start + 4)
        origin = RouteOrigin(rawValue: try bytes.u8(at: start + 5))
        scope = RouteScope(rawValue: try bytes.u8(at: start + 6))
        type = RouteType(rawValue: try bytes.u8(at: start + 7))
        flags = RouteFlags(rawValue: try bytes.u32(at: start + 8))
        var seen = SeenTypes()
        var cursor = AttributeCursor((start + Route.headerSize)..<message.payload.upperBound)
        var encap = Encapsulation.Parts()
        while let attribute = try cursor.next(in: bytes) {
            try seen.insert(attribute)
            try decode(attribute, &encap, in: bytes)
        }
        if let joined = try encap.joined(in: bytes) { encapsulation = joined }
    }

    private mutating func decode(
        _ attribute: Attribute, _ encap: inout Encapsulation.Parts, in bytes: Span<UInt8>
    ) throws(WireError) {
        switch attribute.type {
        case RouteAttribute.destination: destination = try attribute.ip(family, in: bytes)
        case RouteAttribute.source: source = try attribute.ip(family, in: bytes)
        case RouteAttribute.inputIndex: inputIndex = try attribute.u32(in: bytes)
        case RouteAttribute.outputIndex: outputIndex = try attribute.u32(in: bytes)
        case RouteAttribute.gateway: gateway = try attribute.ip(family, in: bytes)
        case RouteAttribute.priority: priority = try attribute.u32(in: bytes)
        case RouteAttribute.preferredSource: preferredSource = try attribute.ip(family, in: bytes)
        case RouteAttribute.realms: realms = try attribute.u32(in: bytes)
        case RouteAttribute.longTable: longTable = try attribute.u32(in: bytes)
        case RouteAttribute.mark: mark = try attribute.u32(in: bytes)
        case RouteAttribute.preference: preference = try attribute.u8(in: bytes)
        case RouteAttribute.expires: expires = try attribute.u32(in: bytes)
        case RouteAttribute.user: user = try attribute.u32(in: bytes)
        case RouteAttribute.ttlPropagate: ttlPropagate = try attribute.u8(in: bytes)
        case RouteAttribute.ipProtocol: ipProtocol = try attribute.u8(in: bytes)
        case RouteAttribute.sourcePort: sourcePort = try attribute.u16(in: bytes)
        case RouteAttribute.destinationPort: destinationPort = try attribute.u16(in: bytes)
        case RouteAttribute.nextHopID: nextHopID = try attribute.u32(in: bytes)
        case RouteAttribute.via: via = try Via(attribute, in: bytes)
        case RouteAttribute.metrics: metrics = try RouteMetrics(attribute.payload, in: bytes)
        case RouteAttribute.multipath: nextHops = try NextHop.array(attribute, family, in: bytes)
        case RouteAttribute.cacheInfo: cacheInfo = try RouteCacheInfo(attribute, in: bytes)
        case RouteAttribute.encapType: encap.type = try attribute.u16(in: bytes)
        case RouteAttribute.encap: encap.content = attribute
        default: unknownAttributes.append(try RawAttribute(attribute, in: bytes))
        }
    }

    /// Writes struct rtmsg and the attributes.
    ///
    /// - Throws: `tooLong` when an attribute doesn't fit its length field.
    public func encode(into writer: inout MessageWriter) throws(WireError) {
        for byte in [
            family.rawValue, destinationLength, sourceLength, tos, shortTable, origin.rawValue, scope.rawValue,
            type.rawValue,
        ] { writer.append(byte) }
        writer.append(flags.rawValue)
        try writer.attribute(RouteAttribute.destination, destination)
        try writer.attribute(RouteAttribute.source, source)
        try writer.attribute(RouteAttribute.inputIndex, inputIndex)
        try writer.attribute(RouteAttribute.outputIndex, outputIndex)
        try writer.attribute(RouteAttribute.gateway, gateway)
        try writer.attribute(RouteAttribute.priority, priority)
        try writer.attribute(RouteAttribute.preferredSource, preferredSource)
        try writer.attribute(RouteAttribute.realms, realms)
        try writer.attribute(RouteAttribute.longTable, longTable)
        try writer.attribute(RouteAttribute.mark, mark)
        try writer.attribute(RouteAttribute.preference, preference)
        try writer.attribute(RouteAttribute.expires, expires)
        try writer.attribute(RouteAttribute.user, user)
        try writer.attribute(RouteAttribute.ttlPropagate, ttlPropagate)
        try writer.attribute(RouteAttribute.ipProtocol, ipProtocol)
        try writer.attribute(RouteAttribute.sourcePort, sourcePort)
        try writer.attribute(RouteAttribute.destinationPort, destinationPort)
        try writer.attribute(RouteAttribute.nextHopID, nextHopID)
        if let via { try writer.attribute(RouteAttribute.via, via.payload) }
        try writer.container(RouteAttribute.metrics, metrics)
        try NextHop.encode(nextHops, into: &writer)
        if let cacheInfo { try cacheInfo.encode(into: &writer) }
        try encapsulation?.encode(into: &writer)
        try writer.attributes(unknownAttributes)
    }
}
