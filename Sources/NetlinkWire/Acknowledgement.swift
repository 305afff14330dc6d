/// Attributes of an extended acknowledgement (enum nlmsgerr_attrs).
public enum ExtendedAckAttribute {
    /// NLMSGERR_ATTR_MSG: text.
    public static let message: UInt16 = 1
    /// NLMSGERR_ATTR_OFFS: offset of the offending attribute in the request.
    public static let offset: UInt16 = 2
    /// NLMSGERR_ATTR_COOKIE.
    public static let cookie: UInt16 = 3
    /// NLMSGERR_ATTR_POLICY.
    public static let policy: UInt16 = 4
    /// NLMSGERR_ATTR_MISS_TYPE.
    public static let missingType: UInt16 = 5
    /// NLMSGERR_ATTR_MISS_NEST.
    public static let missingNest: UInt16 = 6
}

/// What the kernel says at the end of a request: NLMSG_ERROR, or NLMSG_DONE of a dump.
public struct Acknowledgement: Equatable, Sendable {
    /// 0 for success, otherwise an errno as a positive number.
    public var code: Int32
    /// The extended acknowledgement's text; also there on success, as a warning.
    public var text: String?
    /// Offset of the offending attribute in the request, in bytes.
    public var attributeOffset: UInt32?

    /// An acknowledgement from its parts.
    public init(code: Int32, text: String? = nil, attributeOffset: UInt32? = nil) {
        self.code = code
        self.text = text
        self.attributeOffset = attributeOffset
    }

    /// Reads NLMSG_ERROR or NLMSG_DONE.
    ///
    /// - Throws: `wrongWidth` when the error number is cut, and what the attributes throw. NLMSG_DONE without a
    ///   payload is success.
    public init(_ message: Message, in bytes: Span<UInt8>) throws(WireError) {
        if message.header.type == .done, message.payload.isEmpty {
            self.init(code: 0)
            return
        }
        guard message.payload.count >= 4 else { throw WireError(.wrongWidth, at: message.payload.lowerBound) }
        let negative = Int32(bitPattern: try bytes.u32(at: message.payload.lowerBound))
        guard negative <= 0, negative != Int32.min else { throw WireError(.wrongWidth, at: message.payload.lowerBound) }
        self.init(code: -negative)
        guard message.header.flags.contains(.ackTLVs) else { return }
        var start = message.payload.lowerBound + 4
        if message.header.type == .error {
            let request = try MessageHeader(from: bytes, at: start)
            let echoed = message.header.flags.contains(.capped) ? MessageHeader.size : Int(request.length)
            guard echoed >= MessageHeader.size else { throw WireError(.lengthBelowHeader, at: start) }
            start += aligned(echoed)
        }
        guard start <= message.payload.upperBound else { throw WireError(.lengthPastEnd, at: start) }
        var cursor = AttributeCursor(start..<message.payload.upperBound)
        while let attribute = try cursor.next(in: bytes) {
            switch attribute.type {
            case ExtendedAckAttribute.message: text = try attribute.string(in: bytes)
            case ExtendedAckAttribute.offset: attributeOffset = try attribute.u32(in: bytes)
            default: continue
            }
        }
    }
}

extension MessageWriter {
    /// Writes the NLMSG_ERROR that answers `request`, with the request's header alone (NLM_F_CAPPED).
    ///
    /// - Throws: `tooLong` and `malformedString` for a text that no attribute can hold.
    public mutating func acknowledge(
        _ request: MessageHeader, portID: UInt32, code: Int32, text: String? = nil
    ) throws(WireError) {
        var flags: MessageFlags = .capped
        if text != nil { flags.insert(.ackTLVs) }
        let header = MessageHeader(type: .error, flags: flags, sequence: request.sequence, portID: portID)
        try message(header) { (writer: inout MessageWriter) throws(WireError) in
            writer.append(UInt32(bitPattern: -code))
            writer.append(request.length)
            writer.append(request.type.rawValue)
            writer.append(request.flags.rawValue)
            writer.append(request.sequence)
            writer.append(request.portID)
            if let text { try writer.attribute(ExtendedAckAttribute.message, text) }
        }
    }
}
