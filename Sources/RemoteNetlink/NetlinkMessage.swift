public import NetlinkWire

/// One netlink message with its bytes.
public struct NetlinkMessage: Hashable, Sendable {
    /// The header.
    public let header: MessageHeader
    /// The whole message as it came, header included, padding not.
    public let bytes: [UInt8]
    /// The multicast group that it was sent to; 0 for an answer.
    public let group: UInt32

    /// Copies a message out of a datagram.
    ///
    /// - Throws: `lengthPastEnd` when `bytes` isn't the buffer that the message was found in.
    public init(_ message: Message, in bytes: Span<UInt8>, group: UInt32 = 0) throws(WireError) {
        header = message.header
        self.bytes = try bytes.bytes(message.offset..<message.payload.upperBound)
        self.group = group
    }

    /// The bytes behind the header.
    public var payload: ArraySlice<UInt8> { bytes[MessageHeader.size...] }

    /// Lends the message to a decoder.
    ///
    /// - Throws: what `body` throws.
    public func decode<Value>(
        _ body: (Message, Span<UInt8>) throws(WireError) -> Value
    ) throws(WireError) -> Value {
        var cursor = MessageCursor(bytes.span)
        guard let message = try cursor.next(in: bytes.span) else { throw WireError(.truncatedHeader, at: 0) }
        return try body(message, bytes.span)
    }
}

/// What answered a request.
public struct Reply: Equatable, Sendable {
    /// The messages before the acknowledgement, in their order.
    public var messages: [NetlinkMessage] = []
    /// What the kernel remarks about a request that it carried out (extended acknowledgement of a success).
    public var warning: String?

    /// An empty reply.
    public init() {}
}
