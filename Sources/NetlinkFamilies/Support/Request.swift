public import NetlinkWire

/// A request that is ready but for its sequence number.
public struct Request: Hashable, Sendable {
    /// What is asked.
    public var type: MessageType
    /// How it is asked; NLM_F_REQUEST is among them.
    public var flags: MessageFlags
    /// The bytes behind the message's header.
    public var payload: [UInt8]

    /// A request whose payload `body` writes.
    ///
    /// - Throws: what `body` throws.
    public init(
        type: MessageType, flags: MessageFlags, _ body: (inout MessageWriter) throws(WireError) -> Void
    ) throws(WireError) {
        var writer = MessageWriter()
        try body(&writer)
        self.type = type
        self.flags = flags.union(.request)
        payload = writer.bytes
    }

    /// The whole message.
    ///
    /// - Throws: `tooLong` when it doesn't fit a message's length field.
    public func encode(sequence: UInt32, portID: UInt32 = 0) throws(WireError) -> [UInt8] {
        var writer = MessageWriter()
        try encode(into: &writer, sequence: sequence, portID: portID)
        return writer.bytes
    }

    /// Appends the whole message.
    ///
    /// - Throws: `tooLong` when it doesn't fit a message's length field.
    public func encode(into writer: inout MessageWriter, sequence: UInt32, portID: UInt32 = 0) throws(WireError) {
        let header = MessageHeader(type: type, flags: flags, sequence: sequence, portID: portID)
        try writer.message(header) { (writer: inout MessageWriter) throws(WireError) in writer.append(payload) }
    }
}

/// A message of rtnetlink that can be read from and written to the wire.
public protocol RouteMessage: Hashable, Sendable {
    /// RTM_NEW of this kind; the numbers behind it are DEL and GET.
    static var newType: MessageType { get }
    /// Decodes the payload of an RTM_NEW or RTM_DEL message of this kind.
    ///
    /// - Throws: what is wrong with the bytes, and where.
    init(_ message: Message, in bytes: Span<UInt8>) throws(WireError)
    /// Writes the payload: the fixed header, then the attributes, unknown ones last.
    ///
    /// - Throws: `tooLong` when an attribute doesn't fit its length field.
    func encode(into writer: inout MessageWriter) throws(WireError)
    /// Attributes that this program doesn't know, as they came; they are written back.
    var unknownAttributes: [RawAttribute] { get set }
}

extension RouteMessage {
    /// RTM_DEL of this kind.
    public static var deleteType: MessageType { MessageType(rawValue: newType.rawValue + 1) }
    /// RTM_GET of this kind.
    public static var getType: MessageType { MessageType(rawValue: newType.rawValue + 2) }

    /// A request that carries this object: `newType` with NLM_F_CREATE and so on, or `deleteType`.
    ///
    /// - Throws: `tooLong` when an attribute doesn't fit its length field.
    public func request(_ type: MessageType, flags: MessageFlags = [.ack]) throws(WireError) -> Request {
        try Request(type: type, flags: flags) { (writer: inout MessageWriter) throws(WireError) in
            try encode(into: &writer)
        }
    }
}
