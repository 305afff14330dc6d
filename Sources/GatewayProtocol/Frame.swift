public import NetlinkWire

/// What a frame is.
///
/// docs/protocol.md has the table.
public struct FrameKind: RawRepresentable, Equatable, Hashable, Sendable {
    /// The number on the wire.
    public let rawValue: UInt16

    /// A kind by its number.
    @inlinable
    public init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// Client to server: starts a session.
    public static let hello = FrameKind(rawValue: 1)
    /// Server to client: the session stands.
    public static let welcome = FrameKind(rawValue: 2)
    /// Both ways: one netlink datagram.
    public static let datagram = FrameKind(rawValue: 3)
    /// Client to server: join a multicast group.
    public static let join = FrameKind(rawValue: 4)
    /// Client to server: leave a multicast group.
    public static let leave = FrameKind(rawValue: 5)
    /// Client to server: set a socket option.
    public static let option = FrameKind(rawValue: 6)
    /// Server to client: how a tagged request ended.
    public static let result = FrameKind(rawValue: 7)
    /// Server to client: the kernel dropped messages for this session.
    public static let overrun = FrameKind(rawValue: 8)
    /// Both ways: asks whether somebody is there.
    public static let ping = FrameKind(rawValue: 9)
    /// Both ways: answers PING.
    public static let pong = FrameKind(rawValue: 10)
    /// Both ways: the connection ends, and why.
    public static let goodbye = FrameKind(rawValue: 11)
    /// Client to server: a list of datagrams that the broker sends unless it is confirmed in time.
    public static let arm = FrameKind(rawValue: 12)
    /// Client to server: the list with this tag isn't needed any more.
    public static let confirm = FrameKind(rawValue: 13)
    /// Both ways: the grants of this identity.
    public static let describe = FrameKind(rawValue: 14)
    /// Client to server: ends the session, keeps the connection.
    public static let reset = FrameKind(rawValue: 15)

    /// Kinds that a client may send.
    public static let fromClient: Set<FrameKind> = [
        .hello, .datagram, .join, .leave, .option, .ping, .pong, .goodbye, .arm, .confirm, .describe,
        .reset,
    ]
    /// Kinds that a broker may send; PING and PONG are the frontend's.
    public static let fromBroker: Set<FrameKind> = [.welcome, .datagram, .result, .overrun, .goodbye, .describe]
}

/// The flags field of a frame.
public struct FrameFlags: OptionSet, Equatable, Hashable, Sendable {
    /// The bits on the wire.
    public let rawValue: UInt16

    /// Flags from their bits.
    @inlinable
    public init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// Of DATAGRAM, ARM and DESCRIBE: the payload goes on in the next frame of this kind.
    public static let more = FrameFlags(rawValue: 1)
    /// Of HELLO: a group that isn't granted refuses the session instead of being left out.
    public static let strictGroups = FrameFlags(rawValue: 2)
}

/// The 16 little-endian bytes at the head of every frame.
///
///      0               4       6       8               12              16
///     +---------------+-------+-------+---------------+---------------+
///     |    length     | kind  | flags |      tag      |     group     |
///     +---------------+-------+-------+---------------+---------------+
public struct FrameHeader: Equatable, Sendable {
    /// Bytes that the header takes.
    public static let size = 16
    /// The longest frame, header included; longer payloads are cut with MORE.
    public static let maximumLength = 65_536
    /// The longest payload of one frame.
    public static let maximumPayload = maximumLength - size

    /// Length in bytes, header included.
    public var length: UInt32
    /// What the frame is.
    public var kind: FrameKind
    /// How it is meant.
    public var flags: FrameFlags
    /// Chosen by who asks; answers carry it back.
    public var tag: UInt32
    /// Multicast group of DATAGRAM, JOIN and LEAVE; 0 otherwise.
    public var group: UInt32

    /// A header from its fields.
    @inlinable
    public init(payload: Int = 0, kind: FrameKind, flags: FrameFlags = [], tag: UInt32 = 0, group: UInt32 = 0) {
        precondition(payload <= FrameHeader.maximumPayload, "a frame's payload has a limit")
        length = UInt32(FrameHeader.size + payload)
        self.kind = kind
        self.flags = flags
        self.tag = tag
        self.group = group
    }

    /// Reads the header at `offset`, where 16 bytes must be.
    ///
    /// - Throws: `badLength` for a length below 16 or above 65,536.
    @inlinable
    public init(from bytes: Span<UInt8>, at offset: Int = 0) throws(ProtocolError) {
        do throws(WireError) {
            length = try bytes.u32(at: offset)
            kind = FrameKind(rawValue: try bytes.u16(at: offset + 4))
            flags = FrameFlags(rawValue: try bytes.u16(at: offset + 6))
            tag = try bytes.u32(at: offset + 8)
            group = try bytes.u32(at: offset + 12)
        } catch {
            throw .badLength
        }
        guard length >= FrameHeader.size, length <= FrameHeader.maximumLength else { throw .badLength }
    }

    /// Writes the header into `buffer` at `offset`, where 16 bytes must be.
    @inlinable
    public func write(into buffer: inout [UInt8], at offset: Int) {
        func put(_ value: UInt32, _ place: Int) {
            for index in 0..<4 { buffer[place + index] = UInt8(truncatingIfNeeded: value >> (8 * UInt32(index))) }
        }
        put(length, offset)
        put(UInt32(kind.rawValue) | UInt32(flags.rawValue) << 16, offset + 4)
        put(tag, offset + 8)
        put(group, offset + 12)
    }
}

/// What the peer did that the protocol forbids.
///
/// The connection ends with it.
public enum ProtocolError: Error, Equatable, Sendable {
    /// The connection doesn't begin with `nlgate/1`.
    case badPreface
    /// A length field that no frame can have.
    case badLength
    /// A kind that doesn't exist, or that this side may not send.
    case badKind(UInt16)
    /// A kind that doesn't fit the moment: a second HELLO, a DATAGRAM before WELCOME.
    case unexpected(FrameKind)
    /// A control payload that isn't well-formed attributes, or lacks a required one.
    case badPayload(FrameKind)
    /// A reassembled payload above the session's limit.
    case tooLarge(limit: Int)
    /// The client's byte order isn't the server's.
    case foreignByteOrder
    /// A netlink message whose length is impossible, or padded with something else than zeros.
    case badMessage
    /// A control message that isn't the one with which pyroute2 0.1 begins.
    case badControl
}

extension ProtocolError: CustomStringConvertible {
    /// A sentence for GOODBYE and the log.
    public var description: String {
        switch self {
        case .badPreface: "the connection doesn't begin with nlgate/1"
        case .badLength: "a frame has an impossible length"
        case .badKind(let kind): "frame kind \(kind) is not allowed here"
        case .unexpected(let kind): "frame kind \(kind.rawValue) came at the wrong moment"
        case .badPayload(let kind): "the payload of frame kind \(kind.rawValue) is malformed"
        case .tooLarge(let limit): "a datagram is larger than this session's limit of \(limit) bytes"
        case .foreignByteOrder: "client and server have different byte orders; netlink can't be forwarded between them"
        case .badMessage: "a netlink message has an impossible length, or padding that isn't zero"
        case .badControl: "the control message isn't one that asks for a netlink protocol"
        }
    }
}

/// The first eight bytes of a native connection, client to server.
public let preface: [UInt8] = Array("nlgate/1".utf8)

/// Limits of the protocol, in bytes of a whole (reassembled) datagram.
public enum DatagramLimit {
    /// Client to server on a reader.
    public static let toReader = 64 * 1024
    /// Client to server on a privileged session.
    public static let toBroker = 4 * 1024 * 1024
    /// Messages in a datagram to a reader, which can't make room for more answers.
    public static let messagesToReader = 1024
    /// Messages in a datagram to a privileged session: a ruleset of nftables is one datagram.
    public static let messagesToBroker = 16_384
    /// Server to client.
    public static let toClient = 1024 * 1024
    /// Payloads of HELLO, JOIN, LEAVE, OPTION, CONFIRM and RESET.
    public static let control = 4096
}
