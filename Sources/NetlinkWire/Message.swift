/// The type field of a netlink message; the meaning of numbers from 16 on depends on the protocol.
public struct MessageType: RawRepresentable, Equatable, Hashable, Sendable {
    /// The number on the wire.
    public let rawValue: UInt16

    /// A type by its number.
    @inlinable
    public init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// NLMSG_NOOP: to be ignored.
    public static let noop = MessageType(rawValue: 1)
    /// NLMSG_ERROR: an error, or with code 0 an acknowledgement.
    public static let error = MessageType(rawValue: 2)
    /// NLMSG_DONE: the end of a dump.
    public static let done = MessageType(rawValue: 3)
    /// NLMSG_OVERRUN: data lost.
    public static let overrun = MessageType(rawValue: 4)
    /// NLMSG_MIN_TYPE: numbers below are control messages.
    public static let firstOfProtocol: UInt16 = 0x10
}

/// The flags field of a netlink message.
///
/// The meaning of 0x100 to 0x800 depends on the kind of request.
public struct MessageFlags: OptionSet, Equatable, Hashable, Sendable {
    /// The bits on the wire.
    public let rawValue: UInt16

    /// Flags from their bits.
    @inlinable
    public init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// NLM_F_REQUEST.
    public static let request = MessageFlags(rawValue: 0x001)
    /// NLM_F_MULTI: one of several messages that NLMSG_DONE ends.
    public static let multi = MessageFlags(rawValue: 0x002)
    /// NLM_F_ACK.
    public static let ack = MessageFlags(rawValue: 0x004)
    /// NLM_F_ECHO.
    public static let echo = MessageFlags(rawValue: 0x008)
    /// NLM_F_DUMP_INTR: the dump was interrupted by a change and may be inconsistent.
    public static let dumpInterrupted = MessageFlags(rawValue: 0x010)
    /// NLM_F_DUMP_FILTERED: the kernel applied the request's filter.
    public static let dumpFiltered = MessageFlags(rawValue: 0x020)

    /// NLM_F_ROOT, of a GET request.
    public static let root = MessageFlags(rawValue: 0x100)
    /// NLM_F_MATCH, of a GET request.
    public static let match = MessageFlags(rawValue: 0x200)
    /// NLM_F_ATOMIC, of a GET request.
    public static let atomic = MessageFlags(rawValue: 0x400)
    /// NLM_F_DUMP: both bits.
    public static let dump: MessageFlags = [.root, .match]

    /// NLM_F_REPLACE, of a NEW request.
    public static let replace = MessageFlags(rawValue: 0x100)
    /// NLM_F_EXCL, of a NEW request.
    public static let exclusive = MessageFlags(rawValue: 0x200)
    /// NLM_F_CREATE, of a NEW request.
    public static let create = MessageFlags(rawValue: 0x400)
    /// NLM_F_APPEND, of a NEW request.
    public static let append = MessageFlags(rawValue: 0x800)

    /// NLM_F_NONREC, of a DEL request.
    public static let nonRecursive = MessageFlags(rawValue: 0x100)
    /// NLM_F_BULK, of a DEL request.
    public static let bulk = MessageFlags(rawValue: 0x200)

    /// NLM_F_CAPPED, of NLMSG_ERROR: the request's payload was left out.
    public static let capped = MessageFlags(rawValue: 0x100)
    /// NLM_F_ACK_TLVS, of NLMSG_ERROR and NLMSG_DONE: extended acknowledgement attributes follow.
    public static let ackTLVs = MessageFlags(rawValue: 0x200)
}

/// The 16 bytes at the head of every netlink message (struct nlmsghdr), in host byte order.
///
///      0               4       6       8               12              16
///     +---------------+-------+-------+---------------+---------------+
///     |    length     | type  | flags |   sequence    |    port id    |
///     +---------------+-------+-------+---------------+---------------+
public struct MessageHeader: Equatable, Hashable, Sendable {
    /// Bytes that the header takes (NLMSG_HDRLEN).
    public static let size = 16

    /// Length of the message in bytes, header included, padding not.
    public var length: UInt32
    /// What the message is.
    public var type: MessageType
    /// How it is meant.
    public var flags: MessageFlags
    /// Chosen by the requester; replies carry it back.
    public var sequence: UInt32
    /// Port id of the requester's socket; 0 in requests that leave it to the kernel.
    public var portID: UInt32

    /// A header from its fields.
    @inlinable
    public init(
        length: UInt32 = 16, type: MessageType, flags: MessageFlags = [], sequence: UInt32 = 0, portID: UInt32 = 0
    ) {
        self.length = length
        self.type = type
        self.flags = flags
        self.sequence = sequence
        self.portID = portID
    }

    /// Reads the header at `offset`.
    ///
    /// - Throws: `truncatedHeader` when fewer than 16 bytes are left.
    @inlinable
    public init(from bytes: Span<UInt8>, at offset: Int = 0) throws(WireError) {
        guard offset >= 0, offset <= bytes.count - MessageHeader.size else {
            throw WireError(.truncatedHeader, at: offset)
        }
        self.init(
            length: try bytes.u32(at: offset), type: MessageType(rawValue: try bytes.u16(at: offset + 4)),
            flags: MessageFlags(rawValue: try bytes.u16(at: offset + 6)), sequence: try bytes.u32(at: offset + 8),
            portID: try bytes.u32(at: offset + 12))
    }
}

/// One message inside a datagram: its header and where its payload lies in the datagram.
public struct Message: Equatable, Sendable {
    /// The header.
    public let header: MessageHeader
    /// Where the message begins.
    public let offset: Int
    /// Where the payload lies, padding not included.
    public let payload: Range<Int>

    /// A message at a place.
    @inlinable
    init(header: MessageHeader, offset: Int) {
        self.header = header
        self.offset = offset
        self.payload = (offset + MessageHeader.size)..<(offset + Int(header.length))
    }
}

/// Steps through the messages of one datagram, strictly.
///
/// Lengths that fit, zero padding, nothing left over. Only the padding behind the last message may be missing, as the
/// kernel allows.
public struct MessageCursor: Sendable {
    /// Where the next message begins.
    public private(set) var offset: Int
    @usableFromInline let end: Int

    /// A cursor over a whole datagram.
    @inlinable
    public init(_ datagram: Span<UInt8>) {
        self.init(0..<datagram.count)
    }

    /// A cursor over a part of a buffer.
    public init(_ range: Range<Int>) {
        offset = range.lowerBound
        end = range.upperBound
    }

    /// The next message, or nil at the end.
    ///
    /// `bytes` must be the buffer that the cursor was made for.
    ///
    /// - Throws: `truncatedHeader`, `lengthBelowHeader`, `lengthPastEnd` or `nonzeroPadding`. The cursor doesn't move then.
    public mutating func next(in bytes: Span<UInt8>) throws(WireError) -> Message? {
        guard offset < end else { return nil }
        guard end <= bytes.count, offset <= end - MessageHeader.size else {
            throw WireError(.truncatedHeader, at: offset)
        }
        let header = try MessageHeader(from: bytes, at: offset)
        let length = Int(header.length)
        guard length >= MessageHeader.size else { throw WireError(.lengthBelowHeader, at: offset) }
        guard length <= end - offset else { throw WireError(.lengthPastEnd, at: offset) }
        let next = min(offset + aligned(length), end)
        guard bytes.isZero((offset + length)..<next) else { throw WireError(.nonzeroPadding, at: offset + length) }
        let message = Message(header: header, offset: offset)
        offset = next
        return message
    }
}
