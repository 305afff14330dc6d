/// What an operation does to the kernel, whatever its name looks like.
public enum OperationClass: Equatable, Hashable, Sendable {
    /// Changes nothing.
    case read
    /// Changes something; GET operations that reset counters are here too.
    case write
}

/// What the kernel asks of the sender before it runs an operation or admits to a group.
public enum Need: Equatable, Hashable, Sendable {
    /// The kernel has no handler: the operation can't be asked this way.
    case noHandler
    /// Nothing.
    case nothing
    /// CAP_NET_ADMIN.
    case netAdmin
    /// Not known; treated as CAP_NET_ADMIN.
    case unsure
    /// Another capability, which no broker has.
    case other

    /// True when a socket without a capability is not enough.
    public var isPrivileged: Bool { self == .netAdmin || self == .unsure }
    /// True when a broker can serve it at all.
    public var isServed: Bool { self != .noHandler && self != .other }
}

/// What makes an operation or a group more than a read or a write.
public struct Tags: OptionSet, Hashable, Sendable {
    /// The bits.
    public let rawValue: UInt16

    /// Tags from their bits.
    public init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// Key material in the request, the reply or the event.
    public static let secret = Tags(rawValue: 1 << 0)
    /// Packets, or the means to divert them.
    public static let traffic = Tags(rawValue: 1 << 1)
    /// Filters and programs inside the message.
    public static let code = Tags(rawValue: 1 << 2)
    /// Addresses that identify people or machines.
    public static let personal = Tags(rawValue: 1 << 3)
    /// Slow or raw access to hardware.
    public static let hardware = Tags(rawValue: 1 << 4)
    /// Attributes that name a file descriptor of the sender.
    public static let descriptor = Tags(rawValue: 1 << 5)
    /// Attributes that name a process.
    public static let process = Tags(rawValue: 1 << 6)
    /// Attributes that name a file.
    public static let path = Tags(rawValue: 1 << 7)
    /// Attributes that name a netlink socket, or an effect that lasts as long as the sender's socket.
    public static let portID = Tags(rawValue: 1 << 8)
    /// The real operation stands inside the message.
    public static let multiplexed = Tags(rawValue: 1 << 9)
    /// Only inside a batch (NFNL_MSG_BATCH_BEGIN to NFNL_MSG_BATCH_END).
    public static let batched = Tags(rawValue: 1 << 10)
    /// Never granted: it can't be said without what can't cross hosts, or needs a capability that no broker has.
    public static let never = Tags(rawValue: 1 << 11)
    /// Names another network namespace, or lists them.
    public static let namespace = Tags(rawValue: 1 << 12)
    /// One message for many objects.
    public static let group = Tags(rawValue: 1 << 13)
    /// Can cut off whoever reaches the server over what it changes.
    public static let itself = Tags(rawValue: 1 << 14)
    /// The kernel loads a module by a name or number in the message.
    public static let moduleLoad = Tags(rawValue: 1 << 15)
}

extension Tags {
    /// As `operations.table` spells it; nil for a word that it doesn't use.
    init?(_ word: String) {
        switch word {
        case "secret": self = .secret
        case "traffic": self = .traffic
        case "code": self = .code
        case "pii": self = .personal
        case "hw": self = .hardware
        case "fd": self = .descriptor
        case "pid": self = .process
        case "path": self = .path
        case "portid": self = .portID
        case "multiplex": self = .multiplexed
        case "batch": self = .batched
        case "never": self = .never
        case "netns": self = .namespace
        case "group": self = .group
        case "self": self = .itself
        case "load": self = .moduleLoad
        default: return nil
        }
    }
}

/// How an operation is asked: for one object, or for all of them.
public struct Modes: OptionSet, Hashable, Sendable {
    /// The bits, as they stand in encoded grants.
    public let rawValue: UInt8

    /// Modes from their bits.
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// A single request.
    public static let single = Modes(rawValue: 1)
    /// A dump.
    public static let dump = Modes(rawValue: 2)
    /// Both.
    public static let both: Modes = [.single, .dump]
}

/// One row of the table of operations.
public struct Operation: Equatable, Hashable, Sendable {
    /// The kernel's name without its prefix, such as `GETLINK`.
    public let name: String
    /// `nlmsg_type`; of a generic family, `genlmsghdr.cmd`.
    public let number: UInt16
    /// Read or write.
    public let kind: OperationClass
    /// What a single request needs.
    public let single: Need
    /// What a dump needs.
    public let dump: Need
    /// What else it does.
    public let tags: Tags

    /// The modes that could be granted at all.
    public var grantable: Modes {
        guard !tags.contains(.never) else { return [] }
        var modes: Modes = []
        if single.isServed { modes.insert(.single) }
        if dump.isServed { modes.insert(.dump) }
        return modes
    }

    /// The modes that need no capability and change nothing.
    public var harmless: Modes {
        guard kind == .read, !tags.contains(.never) else { return [] }
        var modes: Modes = []
        if single == .nothing { modes.insert(.single) }
        if dump == .nothing { modes.insert(.dump) }
        return modes
    }

    /// True when one of `modes` needs CAP_NET_ADMIN.
    public func needsCapability(in modes: Modes) -> Bool {
        (modes.contains(.single) && single.isPrivileged) || (modes.contains(.dump) && dump.isPrivileged)
    }
}

/// A multicast group of a family.
public struct Group: Equatable, Hashable, Sendable {
    /// The kernel's name without its prefix, such as `LINK`.
    public let name: String
    /// Its number; nil in generic netlink, where numbers are dynamic.
    public let number: UInt32?
    /// What joining needs.
    public let join: Need
    /// What its events carry.
    public let tags: Tags
}
