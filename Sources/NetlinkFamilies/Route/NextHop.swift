internal import NetlinkWire

/// One of several next hops (struct rtnexthop and its attributes).
public struct NextHop: Hashable, Sendable {
    /// Flags, of which the lower eight exist here (rtnh_flags).
    public var flags: RouteFlags = []
    /// Weight less one (rtnh_hops).
    public var hops: UInt8 = 0
    /// Index of the link that packets go out on (rtnh_ifindex).
    public var outputIndex: UInt32 = 0
    /// Next router (RTA_GATEWAY).
    public var gateway: IPAddress?
    /// Next router of another family than the route's (RTA_VIA).
    public var via: Via?
    /// Realms (RTA_FLOW).
    public var realms: UInt32?
    /// What is put around packets (RTA_ENCAP_TYPE, RTA_ENCAP).
    public var encapsulation: Encapsulation?
    /// Attributes that have no property here, as they came.
    public var unknownAttributes: [RawAttribute] = []

    /// A next hop for requests; `weight` is 1 to 256.
    public init(gateway: IPAddress? = nil, outputIndex: UInt32 = 0, weight: Int = 1) {
        self.gateway = gateway
        self.outputIndex = outputIndex
        hops = UInt8(clamping: weight - 1)
    }

    /// Share of the traffic, 1 to 256.
    public var weight: Int { Int(hops) + 1 }

    private static let headerSize = 8

    /// Reads the array in RTA_MULTIPATH.
    static func array(
        _ list: Attribute, _ family: AddressFamily, in bytes: Span<UInt8>
    ) throws(WireError) -> [NextHop] {
        var hops: [NextHop] = []
        var offset = list.payload.lowerBound
        let end = list.payload.upperBound
        while offset < end {
            guard offset <= end - headerSize else { throw WireError(.truncatedHeader, at: offset) }
            let length = Int(try bytes.u16(at: offset))
            guard length >= headerSize else { throw WireError(.lengthBelowHeader, at: offset) }
            guard length <= end - offset else { throw WireError(.lengthPastEnd, at: offset) }
            // Attributes end on a boundary, so padding that isn't theirs can't be.
            guard length & 3 == 0 else { throw WireError(.trailingBytes, at: offset + length) }
            hops.append(try NextHop(offset..<(offset + length), family, in: bytes))
            offset += length
        }
        return hops
    }

    private init(_ range: Range<Int>, _ family: AddressFamily, in bytes: Span<UInt8>) throws(WireError) {
        flags = RouteFlags(rawValue: UInt32(try bytes.u8(at: range.lowerBound + 2)))
        hops = try bytes.u8(at: range.lowerBound + 3)
        outputIndex = try bytes.u32(at: range.lowerBound + 4)
        var seen = SeenTypes()
        var encap = Encapsulation.Parts()
        var cursor = AttributeCursor((range.lowerBound + NextHop.headerSize)..<range.upperBound)
        while let attribute = try cursor.next(in: bytes) {
            try seen.insert(attribute)
            switch attribute.type {
            case RouteAttribute.gateway: gateway = try attribute.ip(family, in: bytes)
            case RouteAttribute.via: via = try Via(attribute, in: bytes)
            case RouteAttribute.realms: realms = try attribute.u32(in: bytes)
            case RouteAttribute.encapType: encap.type = try attribute.u16(in: bytes)
            case RouteAttribute.encap: encap.content = attribute
            default: unknownAttributes.append(try RawAttribute(attribute, in: bytes))
            }
        }
        encapsulation = try encap.joined(in: bytes)
    }

    static func encode(_ hops: [NextHop], into writer: inout MessageWriter) throws(WireError) {
        guard !hops.isEmpty else { return }
        try writer.attribute(RouteAttribute.multipath) { (writer: inout MessageWriter) throws(WireError) in
            for hop in hops { try hop.encode(into: &writer) }
        }
    }

    private func encode(into writer: inout MessageWriter) throws(WireError) {
        var content = MessageWriter()
        try content.attribute(RouteAttribute.gateway, gateway)
        if let via { try content.attribute(RouteAttribute.via, via.payload) }
        try content.attribute(RouteAttribute.realms, realms)
        try encapsulation?.encode(into: &content)
        try content.attributes(unknownAttributes)
        guard let length = UInt16(exactly: content.bytes.count + NextHop.headerSize) else {
            throw WireError(.tooLong, at: writer.bytes.count)
        }
        writer.append(length)
        writer.append(UInt8(truncatingIfNeeded: flags.rawValue))
        writer.append(hops)
        writer.append(outputIndex)
        writer.append(content.bytes)
    }
}
