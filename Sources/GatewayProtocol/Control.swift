import NetlinkWire

/// Byte orders as HELLO and WELCOME name them.
public enum ByteOrder {
    /// Least significant byte first.
    public static let little: UInt8 = 1
    /// Most significant byte first.
    public static let big: UInt8 = 2
    /// This machine's.
    public static let host: UInt8 = UInt16(1).littleEndian == 1 ? little : big
}

/// What a client asks for when it starts a session (payload of HELLO).
public struct Hello: Equatable, Sendable {
    /// The netlink protocol number, such as 0 for NETLINK_ROUTE.
    public var protocolNumber: UInt32
    /// Name of a served network namespace; nil means the daemon's own.
    public var networkNamespace: String?
    /// The client will only read.
    public var readOnly: Bool
    /// What the client calls itself, for the log.
    ///
    /// At most 64 bytes.
    public var clientName: String?
    /// Groups to join from the start.
    ///
    /// At most 256.
    public var groups: [UInt32]
    /// The client's byte order.
    public var byteOrder: UInt8

    /// A request from its parts.
    public init(
        protocolNumber: UInt32, networkNamespace: String? = nil, readOnly: Bool = false, clientName: String? = nil,
        groups: [UInt32] = [], byteOrder: UInt8 = ByteOrder.host
    ) {
        self.protocolNumber = protocolNumber
        self.networkNamespace = networkNamespace
        self.readOnly = readOnly
        self.clientName = clientName
        self.groups = groups
        self.byteOrder = byteOrder
    }

    /// Reads the payload of HELLO.
    ///
    /// - Throws: `badPayload`, and `foreignByteOrder` when the client isn't of the host's order.
    public init(_ payload: Range<Int>, in bytes: Span<UInt8>) throws(ProtocolError) {
        var hello = Hello(protocolNumber: 0)
        var hasProtocol = false
        try forEachAttribute(.hello, payload, in: bytes) { (attribute, bytes) throws(WireError) in
            switch attribute.type {
            case 1:
                hello.protocolNumber = try attribute.u32(in: bytes)
                hasProtocol = true
            case 2: hello.networkNamespace = try attribute.string(in: bytes)
            case 3: hello.readOnly = true
            case 4: hello.clientName = try attribute.string(in: bytes)
            case 5: hello.groups.append(try attribute.u32(in: bytes))
            case 6: hello.byteOrder = try attribute.u8(in: bytes)
            default: break
            }
        }
        guard hello.byteOrder == ByteOrder.host else { throw .foreignByteOrder }
        guard hasProtocol, hello.protocolNumber < 32, hello.groups.count <= 256,
            (hello.clientName?.utf8.count ?? 0) <= 64, (hello.networkNamespace?.utf8.count ?? 0) <= 255
        else { throw .badPayload(.hello) }
        self = hello
    }

    /// The payload of HELLO.
    public func encode() -> [UInt8] {
        encodeAttributes { (writer: inout MessageWriter) throws(WireError) in
            try writer.attribute(1, protocolNumber)
            if let networkNamespace { try writer.attribute(2, networkNamespace) }
            if readOnly { try writer.attribute(3, [UInt8]()) }
            if let clientName { try writer.attribute(4, clientName) }
            for group in groups { try writer.attribute(5, group) }
            try writer.attribute(6, byteOrder)
        }
    }
}

/// What the server tells when a session stands (payload of WELCOME).
public struct Welcome: Equatable, Sendable {
    /// Port id of the kernel socket behind the session.
    public var portID: UInt32 = 0
    /// The kernel's release, as `uname -r` prints it.
    public var kernelRelease = ""
    /// The server's byte order.
    public var byteOrder = ByteOrder.host
    /// The server's version.
    public var serverVersion = ""
    /// Largest datagram client to server, in bytes.
    public var maximumToServer = UInt32(DatagramLimit.toReader)
    /// Largest datagram server to client, in bytes.
    public var maximumToClient = UInt32(DatagramLimit.toClient)
    /// The client's identity as the gateway sees it, escaped.
    public var identity = ""
    /// The roles that the identity has here.
    public var roles: [String] = []
    /// The groups that were joined.
    public var groups: [UInt32] = []
    /// True on a privileged broker, false on a reader.
    public var isPrivileged = false

    /// An empty welcome.
    public init() {}

    /// Reads the payload of WELCOME.
    ///
    /// - Throws: `badPayload`.
    public init(_ payload: Range<Int>, in bytes: Span<UInt8>) throws(ProtocolError) {
        var welcome = Welcome()
        try forEachAttribute(.welcome, payload, in: bytes) { (attribute, bytes) throws(WireError) in
            switch attribute.type {
            case 1: welcome.portID = try attribute.u32(in: bytes)
            case 2: welcome.kernelRelease = try attribute.string(in: bytes)
            case 3: welcome.byteOrder = try attribute.u8(in: bytes)
            case 4: welcome.serverVersion = try attribute.string(in: bytes)
            case 5: welcome.maximumToServer = try attribute.u32(in: bytes)
            case 6: welcome.maximumToClient = try attribute.u32(in: bytes)
            case 7: welcome.identity = try attribute.string(in: bytes)
            case 8: welcome.roles.append(try attribute.string(in: bytes))
            case 9: welcome.groups.append(try attribute.u32(in: bytes))
            case 10: welcome.isPrivileged = true
            default: break
            }
        }
        self = welcome
    }

    /// The payload of WELCOME.
    public func encode() -> [UInt8] {
        encodeAttributes { (writer: inout MessageWriter) throws(WireError) in
            try writer.attribute(1, portID)
            try writer.attribute(2, kernelRelease)
            try writer.attribute(3, byteOrder)
            try writer.attribute(4, serverVersion)
            try writer.attribute(5, maximumToServer)
            try writer.attribute(6, maximumToClient)
            try writer.attribute(7, identity)
            for role in roles { try writer.attribute(8, role) }
            for group in groups { try writer.attribute(9, group) }
            if isPrivileged { try writer.attribute(10, [UInt8]()) }
        }
    }
}

/// How a request ended (payload of RESULT), or why a connection ends (payload of GOODBYE).
public struct Outcome: Equatable, Sendable {
    /// RESULT: an errno, 0 for success.
    ///
    /// GOODBYE: a `GoodbyeReason`.
    public var code: UInt32
    /// A sentence for a person; empty when there is nothing to say.
    public var text: String

    /// An outcome from its parts.
    public init(code: UInt32, text: String = "") {
        self.code = code
        self.text = text
    }

    /// Reads the payload of RESULT or GOODBYE.
    ///
    /// - Throws: `badPayload`.
    public init(_ kind: FrameKind, _ payload: Range<Int>, in bytes: Span<UInt8>) throws(ProtocolError) {
        var outcome = Outcome(code: 0)
        try forEachAttribute(kind, payload, in: bytes) { (attribute, bytes) throws(WireError) in
            switch attribute.type {
            case 1: outcome.code = try attribute.u32(in: bytes)
            case 2: outcome.text = try attribute.string(in: bytes)
            default: break
            }
        }
        self = outcome
    }

    /// The payload of RESULT or GOODBYE.
    public func encode() -> [UInt8] {
        encodeAttributes { (writer: inout MessageWriter) throws(WireError) in
            try writer.attribute(1, code)
            if !text.isEmpty { try writer.attribute(2, text) }
        }
    }
}

/// Why a connection ends.
public enum GoodbyeReason {
    /// The peer asked for it, or went.
    public static let closed: UInt32 = 0
    /// The policy grants nothing of what HELLO asked for.
    public static let policy: UInt32 = 1
    /// A limit of the gateway is reached.
    public static let limits: UInt32 = 2
    /// The gateway stops or restarts.
    public static let restart: UInt32 = 3
    /// The client's certificate was revoked or removed from the policy.
    public static let revoked: UInt32 = 4
    /// The client's certificate has expired.
    public static let expired: UInt32 = 5
    /// The peer broke the protocol.
    public static let protocolError: UInt32 = 6
    /// HELLO asked for something that isn't there: a namespace, a netlink protocol.
    public static let notFound: UInt32 = 7
    /// Nobody answered a PING in time.
    public static let timeout: UInt32 = 8
    /// The process behind the session ended.
    public static let internalError: UInt32 = 9
    /// What the session had armed was sent, because nobody confirmed it.
    public static let rolledBack: UInt32 = 10
}

/// A socket option that a client may ask for (payload of OPTION).
public struct OptionRequest: Equatable, Sendable {
    /// SO_RCVBUF, within the policy's bound.
    public static let receiveBuffer: UInt32 = 0x10001
    /// SO_SNDBUF, within the policy's bound.
    public static let sendBuffer: UInt32 = 0x10002

    /// An option of SOL_NETLINK by the kernel's number, or one of the two above.
    public var name: UInt32
    /// The value: 0 or 1, or a size in bytes.
    public var value: UInt32

    /// A request from its parts.
    public init(name: UInt32, value: UInt32) {
        self.name = name
        self.value = value
    }

    /// Reads the payload of OPTION.
    ///
    /// - Throws: `badPayload`.
    public init(_ payload: Range<Int>, in bytes: Span<UInt8>) throws(ProtocolError) {
        var name: UInt32?
        var value: UInt32?
        try forEachAttribute(.option, payload, in: bytes) { (attribute, bytes) throws(WireError) in
            switch attribute.type {
            case 1: name = try attribute.u32(in: bytes)
            case 2: value = try attribute.u32(in: bytes)
            default: break
            }
        }
        guard let name, let value else { throw .badPayload(.option) }
        self.init(name: name, value: value)
    }

    /// The payload of OPTION.
    public func encode() -> [UInt8] {
        encodeAttributes { (writer: inout MessageWriter) throws(WireError) in
            try writer.attribute(1, name)
            try writer.attribute(2, value)
        }
    }
}

/// The grants of an identity as lines of text (payload of the answer to DESCRIBE).
public enum Description {
    /// Reads the payload.
    ///
    /// - Throws: `badPayload`.
    public static func decode(_ payload: Range<Int>, in bytes: Span<UInt8>) throws(ProtocolError) -> [String] {
        var lines: [String] = []
        try forEachAttribute(.describe, payload, in: bytes) { (attribute, bytes) throws(WireError) in
            if attribute.type == 1 { lines.append(try attribute.string(in: bytes)) }
        }
        return lines
    }

    /// The payload.
    public static func encode(_ lines: [String]) -> [UInt8] {
        encodeAttributes { (writer: inout MessageWriter) throws(WireError) in
            for line in lines { try writer.attribute(1, line) }
        }
    }
}

private func forEachAttribute(
    _ kind: FrameKind, _ payload: Range<Int>, in bytes: Span<UInt8>,
    _ body: (Attribute, Span<UInt8>) throws(WireError) -> Void
) throws(ProtocolError) {
    do throws(WireError) {
        var cursor = AttributeCursor(payload)
        while let attribute = try cursor.next(in: bytes) { try body(attribute, bytes) }
    } catch {
        throw .badPayload(kind)
    }
}

/// Everything that our own side encodes fits by construction: a failure is our bug.
func encodeAttributes(_ body: (inout MessageWriter) throws(WireError) -> Void) -> [UInt8] {
    var writer = MessageWriter()
    do throws(WireError) {
        try body(&writer)
    } catch {
        preconditionFailure("a control payload doesn't encode: \(error)")
    }
    return writer.bytes
}
