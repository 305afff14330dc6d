public import NetlinkWire

extension Rule {
    /// Size of struct fib_rule_hdr.
    static let headerSize = 12

    /// Decodes a rule.
    ///
    /// - Throws: what is wrong with the bytes, and where.
    public init(_ message: Message, in bytes: Span<UInt8>) throws(WireError) {
        let start = message.payload.lowerBound
        guard message.payload.count >= Rule.headerSize else { throw WireError(.truncatedHeader, at: start) }
        family = AddressFamily(rawValue: try bytes.u8(at: start))
        destinationLength = try bytes.u8(at: start + 1)
        sourceLength = try bytes.u8(at: start + 2)
        tos = try bytes.u8(at: start + 3)
        shortTable = try bytes.u8(at: start + 4)
        action = RuleAction(rawValue: try bytes.u8(at: start + 7))
        flags = RuleFlags(rawValue: try bytes.u32(at: start + 8))
        var seen = SeenTypes()
        var cursor = AttributeCursor((start + Rule.headerSize)..<message.payload.upperBound)
        while let attribute = try cursor.next(in: bytes) {
            try seen.insert(attribute)
            try decode(attribute, in: bytes)
        }
    }

    private mutating func decode(_ attribute: Attribute, in bytes: Span<UInt8>) throws(WireError) {
        switch attribute.type {
        case RuleAttribute.destination: destination = try attribute.ip(family, in: bytes)
        case RuleAttribute.source: source = try attribute.ip(family, in: bytes)
        case RuleAttribute.inputInterface: inputInterface = try attribute.text(in: bytes)
        case RuleAttribute.target: target = try attribute.u32(in: bytes)
        case RuleAttribute.priority: priority = try attribute.u32(in: bytes)
        case RuleAttribute.mark: mark = try attribute.u32(in: bytes)
        case RuleAttribute.realm: realm = try attribute.u32(in: bytes)
        case RuleAttribute.suppressGroup: suppressGroup = try attribute.u32(in: bytes)
        case RuleAttribute.suppressPrefixLength: suppressPrefixLength = try attribute.u32(in: bytes)
        case RuleAttribute.longTable: longTable = try attribute.u32(in: bytes)
        case RuleAttribute.markMask: markMask = try attribute.u32(in: bytes)
        case RuleAttribute.outputInterface: outputInterface = try attribute.text(in: bytes)
        case RuleAttribute.l3mdev: l3mdev = try attribute.u8(in: bytes)
        case RuleAttribute.origin: origin = try attribute.u8(in: bytes)
        case RuleAttribute.ipProtocol: ipProtocol = try attribute.u8(in: bytes)
        case RuleAttribute.tunnelID: tunnelID = try attribute.u64(in: bytes).byteSwapped
        case RuleAttribute.uidRange: users = try Rule.users(attribute, in: bytes)
        case RuleAttribute.sourcePorts: sourcePorts = try Rule.ports(attribute, in: bytes)
        case RuleAttribute.destinationPorts: destinationPorts = try Rule.ports(attribute, in: bytes)
        default: unknownAttributes.append(try RawAttribute(attribute, in: bytes))
        }
    }

    private static func users(_ attribute: Attribute, in bytes: Span<UInt8>) throws(WireError) -> ClosedRange<UInt32> {
        guard attribute.payload.count == 8 else { throw WireError(.wrongWidth, at: attribute.offset) }
        let first = try bytes.u32(at: attribute.payload.lowerBound)
        let last = try bytes.u32(at: attribute.payload.lowerBound + 4)
        guard first <= last else { throw WireError(.wrongWidth, at: attribute.offset) }
        return first...last
    }

    private static func ports(_ attribute: Attribute, in bytes: Span<UInt8>) throws(WireError) -> ClosedRange<UInt16> {
        guard attribute.payload.count == 4 else { throw WireError(.wrongWidth, at: attribute.offset) }
        let first = try bytes.u16(at: attribute.payload.lowerBound)
        let last = try bytes.u16(at: attribute.payload.lowerBound + 2)
        guard first <= last else { throw WireError(.wrongWidth, at: attribute.offset) }
        return first...last
    }

    /// Writes struct fib_rule_hdr and the attributes.
    ///
    /// - Throws: `tooLong` when an attribute doesn't fit its length field.
    public func encode(into writer: inout MessageWriter) throws(WireError) {
        for byte in [family.rawValue, destinationLength, sourceLength, tos, shortTable, 0, 0, action.rawValue] {
            writer.append(byte)
        }
        writer.append(flags.rawValue)
        try writer.attribute(RuleAttribute.destination, destination)
        try writer.attribute(RuleAttribute.source, source)
        try writer.attribute(RuleAttribute.inputInterface, inputInterface)
        try writer.attribute(RuleAttribute.target, target)
        try writer.attribute(RuleAttribute.priority, priority)
        try writer.attribute(RuleAttribute.mark, mark)
        try writer.attribute(RuleAttribute.realm, realm)
        try writer.attribute(RuleAttribute.suppressGroup, suppressGroup)
        try writer.attribute(RuleAttribute.suppressPrefixLength, suppressPrefixLength)
        try writer.attribute(RuleAttribute.longTable, longTable)
        try writer.attribute(RuleAttribute.markMask, markMask)
        try writer.attribute(RuleAttribute.outputInterface, outputInterface)
        try writer.attribute(RuleAttribute.l3mdev, l3mdev)
        try writer.attribute(RuleAttribute.origin, origin)
        try writer.attribute(RuleAttribute.ipProtocol, ipProtocol)
        try writer.attribute(RuleAttribute.tunnelID, tunnelID?.byteSwapped)
        if let users {
            try writer.attribute(RuleAttribute.uidRange, users.lowerBound.payload + users.upperBound.payload)
        }
        if let ports = sourcePorts {
            try writer.attribute(RuleAttribute.sourcePorts, ports.lowerBound.payload + ports.upperBound.payload)
        }
        if let ports = destinationPorts {
            try writer.attribute(RuleAttribute.destinationPorts, ports.lowerBound.payload + ports.upperBound.payload)
        }
        try writer.attributes(unknownAttributes)
    }
}
