public import NetlinkWire

/// The four bytes behind the message's header in generic netlink (struct genlmsghdr).
public struct GenericHeader: Hashable, Sendable {
    /// Bytes that the header takes (GENL_HDRLEN).
    public static let size = 4

    /// What is asked of the family.
    public var command: UInt8
    /// Version of the family's interface.
    public var version: UInt8

    /// A header from its fields.
    public init(command: UInt8, version: UInt8 = 1) {
        self.command = command
        self.version = version
    }

    /// Reads the header at the start of a message's payload.
    ///
    /// - Throws: `truncatedHeader` when it is cut.
    public init(_ message: Message, in bytes: Span<UInt8>) throws(WireError) {
        let start = message.payload.lowerBound
        guard message.payload.count >= GenericHeader.size else { throw WireError(.truncatedHeader, at: start) }
        command = try bytes.u8(at: start)
        version = try bytes.u8(at: start + 1)
    }

    /// Writes the header; the two reserved bytes are 0.
    public func encode(into writer: inout MessageWriter) {
        writer.append(command)
        writer.append(version)
        writer.append(UInt16(0))
    }
}

/// Message types of generic netlink.
extension MessageType {
    /// GENL_ID_CTRL: the controller, which knows the other families.
    public static let genericController = MessageType(rawValue: 16)
}

/// Commands of the controller.
public enum ControllerCommand {
    /// CTRL_CMD_NEWFAMILY: a family, in answers and notifications.
    public static let newFamily: UInt8 = 1
    /// CTRL_CMD_DELFAMILY: a family is gone.
    public static let deleteFamily: UInt8 = 2
    /// CTRL_CMD_GETFAMILY: asks for a family.
    public static let getFamily: UInt8 = 3
}

/// Attributes of the controller's messages.
public enum ControllerAttribute {
    /// CTRL_ATTR_FAMILY_ID: message type of the family.
    public static let familyID: UInt16 = 1
    /// CTRL_ATTR_FAMILY_NAME: name of the family.
    public static let familyName: UInt16 = 2
    /// CTRL_ATTR_VERSION: version of the family's interface.
    public static let version: UInt16 = 3
    /// CTRL_ATTR_HDRSIZE: size of the family's own header.
    public static let headerSize: UInt16 = 4
    /// CTRL_ATTR_MAXATTR: highest attribute of the family.
    public static let maximumAttribute: UInt16 = 5
    /// CTRL_ATTR_OPS: array of commands.
    public static let operations: UInt16 = 6
    /// CTRL_ATTR_MCAST_GROUPS: array of multicast groups.
    public static let multicastGroups: UInt16 = 7
    /// CTRL_ATTR_OP_ID: number of a command.
    public static let operationID: UInt16 = 1
    /// CTRL_ATTR_OP_FLAGS: flags of a command.
    public static let operationFlags: UInt16 = 2
    /// CTRL_ATTR_MCAST_GRP_NAME: name of a group.
    public static let groupName: UInt16 = 1
    /// CTRL_ATTR_MCAST_GRP_ID: number of a group.
    public static let groupID: UInt16 = 2
}

/// Flags of a generic netlink command.
public struct GenericOperationFlags: OptionSet, Hashable, Sendable {
    /// The bits on the wire.
    public let rawValue: UInt32

    /// Flags from their bits.
    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// GENL_ADMIN_PERM: needs CAP_NET_ADMIN.
    public static let admin = GenericOperationFlags(rawValue: 0x01)
    /// GENL_CMD_CAP_DO: can be asked for one object.
    public static let canDo = GenericOperationFlags(rawValue: 0x02)
    /// GENL_CMD_CAP_DUMP: can be asked for all objects.
    public static let canDump = GenericOperationFlags(rawValue: 0x04)
    /// GENL_CMD_CAP_HASPOL: describes its attributes.
    public static let hasPolicy = GenericOperationFlags(rawValue: 0x08)
    /// GENL_UNS_ADMIN_PERM: needs CAP_NET_ADMIN in the namespace's own user namespace.
    public static let namespaceAdmin = GenericOperationFlags(rawValue: 0x10)
}

/// A family of generic netlink, as the controller describes it.
public struct GenericFamily: Hashable, Sendable {
    /// A command.
    public struct Operation: Hashable, Sendable {
        /// Number of the command.
        public var id: UInt32
        /// How it can be used, and by whom.
        public var flags: GenericOperationFlags
    }

    /// A multicast group.
    public struct Group: Hashable, Sendable {
        /// Name within the family.
        public var name: ByteString
        /// Number to join with.
        public var id: UInt32
    }

    /// Message type of the family (CTRL_ATTR_FAMILY_ID).
    public var id: MessageType = MessageType(rawValue: 0)
    /// Name (CTRL_ATTR_FAMILY_NAME).
    public var name: ByteString = ""
    /// Version of the interface (CTRL_ATTR_VERSION).
    public var version: UInt32 = 0
    /// Size of the family's own header (CTRL_ATTR_HDRSIZE).
    public var headerSize: UInt32 = 0
    /// Highest attribute (CTRL_ATTR_MAXATTR).
    public var maximumAttribute: UInt32 = 0
    /// Commands (CTRL_ATTR_OPS).
    public var operations: [Operation] = []
    /// Multicast groups (CTRL_ATTR_MCAST_GROUPS).
    public var groups: [Group] = []
    /// Attributes that have no property here, as they came.
    public var unknownAttributes: [RawAttribute] = []

    /// Decodes CTRL_CMD_NEWFAMILY, CTRL_CMD_DELFAMILY or an answer to CTRL_CMD_GETFAMILY.
    ///
    /// - Throws: what is wrong with the bytes, and where.
    public init(_ message: Message, in bytes: Span<UInt8>) throws(WireError) {
        _ = try GenericHeader(message, in: bytes)
        var seen = SeenTypes()
        var cursor = AttributeCursor((message.payload.lowerBound + GenericHeader.size)..<message.payload.upperBound)
        while let attribute = try cursor.next(in: bytes) {
            try seen.insert(attribute)
            switch attribute.type {
            case ControllerAttribute.familyID: id = MessageType(rawValue: try attribute.u16(in: bytes))
            case ControllerAttribute.familyName: name = try attribute.text(in: bytes)
            case ControllerAttribute.version: version = try attribute.u32(in: bytes)
            case ControllerAttribute.headerSize: headerSize = try attribute.u32(in: bytes)
            case ControllerAttribute.maximumAttribute: maximumAttribute = try attribute.u32(in: bytes)
            case ControllerAttribute.operations: try decodeOperations(attribute, in: bytes)
            case ControllerAttribute.multicastGroups: try decodeGroups(attribute, in: bytes)
            default: unknownAttributes.append(try RawAttribute(attribute, in: bytes))
            }
        }
    }

    private mutating func decodeOperations(_ list: Attribute, in bytes: Span<UInt8>) throws(WireError) {
        var cursor = AttributeCursor(list.payload)
        while let entry = try cursor.next(in: bytes) {
            let parts = try AttributeSet(entry.payload, in: bytes)
            operations.append(
                Operation(
                    id: try parts[ControllerAttribute.operationID]?.u32(in: bytes) ?? 0,
                    flags: GenericOperationFlags(
                        rawValue: try parts[ControllerAttribute.operationFlags]?.u32(in: bytes) ?? 0)))
        }
    }

    private mutating func decodeGroups(_ list: Attribute, in bytes: Span<UInt8>) throws(WireError) {
        var cursor = AttributeCursor(list.payload)
        while let entry = try cursor.next(in: bytes) {
            let parts = try AttributeSet(entry.payload, in: bytes)
            groups.append(
                Group(
                    name: try parts[ControllerAttribute.groupName]?.text(in: bytes) ?? "",
                    id: try parts[ControllerAttribute.groupID]?.u32(in: bytes) ?? 0))
        }
    }
}

/// Requests to the controller (CTRL_CMD_GETFAMILY).
public enum ControllerRequest {
    /// Asks for one family by its name.
    ///
    /// - Throws: `tooLong` for a name that no attribute can hold.
    public static func family(named name: ByteString) throws(WireError) -> Request {
        try Request(type: .genericController, flags: [.ack]) { (writer: inout MessageWriter) throws(WireError) in
            GenericHeader(command: ControllerCommand.getFamily).encode(into: &writer)
            try writer.attribute(ControllerAttribute.familyName, name)
        }
    }

    /// Asks for every family.
    ///
    /// - Throws: nothing; the writer's closures are declared to.
    public static func dump() throws(WireError) -> Request {
        try Request(type: .genericController, flags: [.dump]) { (writer: inout MessageWriter) throws(WireError) in
            GenericHeader(command: ControllerCommand.getFamily).encode(into: &writer)
        }
    }
}
