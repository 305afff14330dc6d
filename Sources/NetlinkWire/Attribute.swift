/// One attribute (struct nlattr): its type, the two flag bits of the type field, and where its payload lies.
///
///      0       2       4
///     +-------+-------+---------------- - -+- - - -+
///     |length | type  | payload            |ignored|
///     +-------+-------+---------------- - -+- - - -+
public struct Attribute: Equatable, Sendable {
    /// Bytes that the header takes (NLA_HDRLEN).
    public static let headerSize = 4
    /// NLA_TYPE_MASK.
    public static let typeMask: UInt16 = 0x3fff
    /// NLA_F_NESTED.
    public static let nestedFlag: UInt16 = 0x8000
    /// NLA_F_NET_BYTEORDER.
    public static let networkByteOrderFlag: UInt16 = 0x4000

    /// Type without the flag bits.
    public let type: UInt16
    /// The sender marked the payload as attributes (NLA_F_NESTED).
    public let isNested: Bool
    /// The sender marked the payload as network byte order (NLA_F_NET_BYTEORDER).
    public let isNetworkByteOrder: Bool
    /// Where the attribute begins.
    public let offset: Int
    /// Where the payload lies, padding not included.
    public let payload: Range<Int>

    @inlinable
    init(rawType: UInt16, offset: Int, payload: Range<Int>) {
        type = rawType & Attribute.typeMask
        isNested = rawType & Attribute.nestedFlag != 0
        isNetworkByteOrder = rawType & Attribute.networkByteOrderFlag != 0
        self.offset = offset
        self.payload = payload
    }
}

extension Attribute {
    /// The payload as one byte.
    ///
    /// - Throws: `wrongWidth` unless the payload is exactly one byte.
    @inlinable
    public func u8(in bytes: Span<UInt8>) throws(WireError) -> UInt8 {
        guard payload.count == 1 else { throw WireError(.wrongWidth, at: offset) }
        return try bytes.u8(at: payload.lowerBound)
    }

    /// The payload as two bytes, host order.
    ///
    /// - Throws: `wrongWidth` unless the payload is exactly two bytes.
    @inlinable
    public func u16(in bytes: Span<UInt8>) throws(WireError) -> UInt16 {
        guard payload.count == 2 else { throw WireError(.wrongWidth, at: offset) }
        return try bytes.u16(at: payload.lowerBound)
    }

    /// The payload as four bytes, host order.
    ///
    /// - Throws: `wrongWidth` unless the payload is exactly four bytes.
    @inlinable
    public func u32(in bytes: Span<UInt8>) throws(WireError) -> UInt32 {
        guard payload.count == 4 else { throw WireError(.wrongWidth, at: offset) }
        return try bytes.u32(at: payload.lowerBound)
    }

    /// The payload as a signed number of four bytes, host order.
    ///
    /// - Throws: `wrongWidth` unless the payload is exactly four bytes.
    @inlinable
    public func i32(in bytes: Span<UInt8>) throws(WireError) -> Int32 {
        Int32(bitPattern: try u32(in: bytes))
    }

    /// The payload as eight bytes, host order.
    ///
    /// - Throws: `wrongWidth` unless the payload is exactly eight bytes.
    @inlinable
    public func u64(in bytes: Span<UInt8>) throws(WireError) -> UInt64 {
        guard payload.count == 8 else { throw WireError(.wrongWidth, at: offset) }
        return try bytes.u64(at: payload.lowerBound)
    }

    /// The payload as it is.
    ///
    /// - Throws: `lengthPastEnd` when `bytes` isn't the buffer that the attribute came from.
    public func copy(of bytes: Span<UInt8>) throws(WireError) -> [UInt8] {
        try bytes.bytes(payload)
    }

    /// The payload as text that ends with one NUL (NLA_NUL_STRING).
    ///
    /// - Throws: `malformedString` without the NUL, with a NUL inside, or when it isn't UTF-8.
    public func string(in bytes: Span<UInt8>) throws(WireError) -> String {
        let content = try copy(of: bytes)
        guard content.last == 0, !content.dropLast().contains(0),
            let text = String(validating: content.dropLast(), as: UTF8.self)
        else { throw WireError(.malformedString, at: offset) }
        return text
    }
}

/// Steps through attributes, strictly.
///
/// Lengths that fit their parent, nothing left over. Padding behind the last attribute may be missing when the parent
/// ends there; what stands in padding counts for nothing, as in the kernel (nla_next), since some senders leave there
/// what was in their buffer.
public struct AttributeCursor: Sendable {
    /// Where the next attribute begins.
    public var offset: Int { position }
    @usableFromInline var position: Int
    @usableFromInline let end: Int

    /// A cursor over the bytes of `range`.
    @inlinable
    public init(_ range: Range<Int>) {
        position = range.lowerBound
        end = range.upperBound
    }

    /// The next attribute, or nil at the end.
    ///
    /// - Throws: `truncatedHeader`, `lengthBelowHeader` or `lengthPastEnd`. The cursor doesn't move then.
    @inlinable
    public mutating func next(in bytes: Span<UInt8>) throws(WireError) -> Attribute? {
        let offset = position
        guard offset < end else { return nil }
        guard end <= bytes.count, offset <= end - Attribute.headerSize else {
            throw WireError(.truncatedHeader, at: offset)
        }
        let length = Int(try bytes.u16(at: offset))
        guard length >= Attribute.headerSize else { throw WireError(.lengthBelowHeader, at: offset) }
        guard length <= end - offset else { throw WireError(.lengthPastEnd, at: offset) }
        let attribute = Attribute(
            rawType: try bytes.u16(at: offset + 2), offset: offset,
            payload: (offset + Attribute.headerSize)..<(offset + length))
        position = min(offset + aligned(length), end)
        return attribute
    }
}

/// Attributes of one level, gathered with the guarantee that none stands twice.
public struct AttributeSet: Sendable {
    /// In the order of the wire.
    public private(set) var attributes: [Attribute] = []

    /// Reads all attributes in `range`.
    ///
    /// - Throws: what `AttributeCursor.next` throws, and `duplicateAttribute`.
    public init(_ range: Range<Int>, in bytes: Span<UInt8>) throws(WireError) {
        var cursor = AttributeCursor(range)
        while let attribute = try cursor.next(in: bytes) {
            guard self[attribute.type] == nil else {
                throw WireError(.duplicateAttribute(attribute.type), at: attribute.offset)
            }
            attributes.append(attribute)
        }
    }

    /// The attribute of this type, if it is there.
    public subscript(type: UInt16) -> Attribute? {
        attributes.first { $0.type == type }
    }
}
