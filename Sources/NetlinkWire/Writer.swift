/// Builds netlink messages; lengths are patched when a message or a nest ends, so they can't disagree.
public struct MessageWriter: Sendable {
    /// What was written so far.
    public private(set) var bytes: [UInt8] = []

    /// An empty writer.
    public init() {}

    /// Writes one message whose header `length` is computed; `body` writes the payload.
    ///
    /// - Throws: `tooLong` when the message doesn't fit its length field, and what `body` throws.
    public mutating func message(
        _ header: MessageHeader, _ body: (inout MessageWriter) throws(WireError) -> Void = { _ in }
    ) throws(WireError) {
        let start = bytes.count
        append(UInt32(0))
        append(header.type.rawValue)
        append(header.flags.rawValue)
        append(header.sequence)
        append(header.portID)
        try body(&self)
        guard let length = UInt32(exactly: bytes.count - start) else { throw WireError(.tooLong, at: start) }
        patch(length, at: start)
        pad()
    }

    /// Appends one byte.
    public mutating func append(_ value: UInt8) {
        bytes.append(value)
    }

    /// Appends two bytes, host order.
    public mutating func append(_ value: UInt16) {
        bytes.append(UInt8(truncatingIfNeeded: value))
        bytes.append(UInt8(truncatingIfNeeded: value >> 8))
    }

    /// Appends four bytes, host order.
    public mutating func append(_ value: UInt32) {
        append(UInt16(truncatingIfNeeded: value))
        append(UInt16(truncatingIfNeeded: value >> 16))
    }

    /// Appends eight bytes, host order.
    public mutating func append(_ value: UInt64) {
        append(UInt32(truncatingIfNeeded: value))
        append(UInt32(truncatingIfNeeded: value >> 32))
    }

    /// Appends bytes as they are.
    public mutating func append(_ content: [UInt8]) {
        bytes.append(contentsOf: content)
    }

    /// Appends an attribute with the payload as it is.
    ///
    /// `type` may carry the flag bits.
    ///
    /// - Throws: `tooLong` when the payload has more than 65,531 bytes.
    public mutating func attribute(_ type: UInt16, _ payload: [UInt8]) throws(WireError) {
        try attribute(type) { (writer: inout MessageWriter) throws(WireError) in writer.append(payload) }
    }

    /// Appends an attribute of one byte.
    ///
    /// - Throws: nothing for this width.
    public mutating func attribute(_ type: UInt16, _ value: UInt8) throws(WireError) {
        try attribute(type, [value])
    }

    /// Appends an attribute of two bytes, host order.
    ///
    /// - Throws: nothing for this width.
    public mutating func attribute(_ type: UInt16, _ value: UInt16) throws(WireError) {
        try attribute(type) { (writer: inout MessageWriter) throws(WireError) in writer.append(value) }
    }

    /// Appends an attribute of four bytes, host order.
    ///
    /// - Throws: nothing for this width.
    public mutating func attribute(_ type: UInt16, _ value: UInt32) throws(WireError) {
        try attribute(type) { (writer: inout MessageWriter) throws(WireError) in writer.append(value) }
    }

    /// Appends an attribute of eight bytes, host order.
    ///
    /// - Throws: nothing for this width.
    public mutating func attribute(_ type: UInt16, _ value: UInt64) throws(WireError) {
        try attribute(type) { (writer: inout MessageWriter) throws(WireError) in writer.append(value) }
    }

    /// Appends a text with its NUL.
    ///
    /// - Throws: `tooLong`, and `malformedString` when the text has a NUL inside.
    public mutating func attribute(_ type: UInt16, _ text: String) throws(WireError) {
        let content = Array(text.utf8)
        guard !content.contains(0) else { throw WireError(.malformedString, at: bytes.count) }
        try attribute(type, content + [0])
    }

    /// Appends an attribute that holds attributes, with NLA_F_NESTED set.
    ///
    /// - Throws: `tooLong` when the content has more than 65,531 bytes, and what `body` throws.
    public mutating func nest(
        _ type: UInt16, _ body: (inout MessageWriter) throws(WireError) -> Void
    ) throws(WireError) {
        try attribute(type | Attribute.nestedFlag, body)
    }

    /// Appends an attribute whose payload `body` writes; NLA_F_NESTED is set only if `type` has it.
    ///
    /// - Throws: `tooLong` when the payload has more than 65,531 bytes, and what `body` throws.
    public mutating func attribute(
        _ type: UInt16, _ body: (inout MessageWriter) throws(WireError) -> Void
    ) throws(WireError) {
        let start = bytes.count
        append(UInt16(0))
        append(type)
        try body(&self)
        guard let length = UInt16(exactly: bytes.count - start) else { throw WireError(.tooLong, at: start) }
        bytes[start] = UInt8(truncatingIfNeeded: length)
        bytes[start + 1] = UInt8(truncatingIfNeeded: length >> 8)
        pad()
    }

    private mutating func patch(_ value: UInt32, at offset: Int) {
        for index in 0..<4 { bytes[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * UInt32(index))) }
    }

    private mutating func pad() {
        while bytes.count & 3 != 0 { bytes.append(0) }
    }
}
