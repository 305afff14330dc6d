public import NetlinkWire

/// An attribute as it came: its type with the flag bits, and its bytes.
public struct RawAttribute: Hashable, Sendable {
    /// The type field, flag bits included.
    public let rawType: UInt16
    /// The payload.
    public var payload: [UInt8]

    /// An attribute from its parts.
    public init(rawType: UInt16, payload: [UInt8]) {
        self.rawType = rawType
        self.payload = payload
    }

    /// A copy of a decoded attribute.
    ///
    /// - Throws: `lengthPastEnd` when `bytes` isn't the buffer that the attribute came from.
    public init(_ attribute: Attribute, in bytes: Span<UInt8>) throws(WireError) {
        rawType =
            attribute.type | (attribute.isNested ? Attribute.nestedFlag : 0)
            | (attribute.isNetworkByteOrder ? Attribute.networkByteOrderFlag : 0)
        payload = try attribute.copy(of: bytes)
    }

    /// The type without the flag bits.
    public var type: UInt16 { rawType & Attribute.typeMask }
}

extension MessageWriter {
    /// Appends attributes as they came.
    ///
    /// - Throws: `tooLong` for a payload that no attribute can hold.
    public mutating func attributes(_ attributes: [RawAttribute]) throws(WireError) {
        for attribute in attributes { try self.attribute(attribute.rawType, attribute.payload) }
    }

    /// Appends a text with its NUL, if there is one.
    mutating func attribute(_ type: UInt16, _ text: ByteString?) throws(WireError) {
        guard let text else { return }
        try attribute(type, text.bytes + [0])
    }

    /// Appends a number, if there is one.
    mutating func attribute(_ type: UInt16, _ value: UInt8?) throws(WireError) {
        if let value { try attribute(type, value) }
    }

    /// Appends a number in host order, if there is one.
    mutating func attribute(_ type: UInt16, _ value: UInt16?) throws(WireError) {
        if let value { try attribute(type, value) }
    }

    /// Appends a number in host order, if there is one.
    mutating func attribute(_ type: UInt16, _ value: UInt32?) throws(WireError) {
        if let value { try attribute(type, value) }
    }

    /// Appends a signed number in host order, if there is one.
    mutating func attribute(_ type: UInt16, _ value: Int32?) throws(WireError) {
        if let value { try attribute(type, UInt32(bitPattern: value)) }
    }

    /// Appends a number in host order, if there is one.
    mutating func attribute(_ type: UInt16, _ value: UInt64?) throws(WireError) {
        if let value { try attribute(type, value) }
    }

    /// Appends bytes, if there are some.
    mutating func attribute(_ type: UInt16, _ value: [UInt8]?) throws(WireError) {
        if let value { try attribute(type, value) }
    }
}

extension Attribute {
    /// The payload as bytes that end with one NUL, or have none where the kernel takes them so (NLA_STRING).
    func text(in bytes: Span<UInt8>, isTerminated: Bool = true) throws(WireError) -> ByteString {
        let content = try copy(of: bytes)
        let text = isTerminated ? content.dropLast() : content[...]
        guard !isTerminated || content.last == 0, !text.contains(0) else {
            throw WireError(.malformedString, at: offset)
        }
        return ByteString(bytes: text)
    }

    /// The payload as an address of the family's own width; any width up to 16 for other families.
    func ip(_ family: AddressFamily, in bytes: Span<UInt8>) throws(WireError) -> IPAddress {
        let address = try IPAddress(self, in: bytes)
        switch family {
        case .inet: guard address.length == 4 else { throw WireError(.wrongWidth, at: offset) }
        case .inet6: guard address.length == 16 else { throw WireError(.wrongWidth, at: offset) }
        default: break
        }
        return address
    }
}

/// Which attribute types of one level were met, so that none counts twice.
struct SeenTypes {
    private var low: UInt64 = 0
    private var high: UInt64 = 0

    /// Notes a type.
    ///
    /// Types from 128 on are not counted: the kernel has none at these levels, they can only be kept as unknown.
    mutating func insert(_ attribute: Attribute) throws(WireError) {
        let bit = UInt64(1) << UInt64(attribute.type & 63)
        switch attribute.type {
        case 0..<64:
            guard low & bit == 0 else { throw WireError(.duplicateAttribute(attribute.type), at: attribute.offset) }
            low |= bit
        case 64..<128:
            guard high & bit == 0 else { throw WireError(.duplicateAttribute(attribute.type), at: attribute.offset) }
            high |= bit
        default: return
        }
    }
}
