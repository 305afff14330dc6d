/// What the judge must know about the session besides its grants.
public struct SessionContext: Equatable, Sendable {
    /// Port id of the session's kernel socket.
    public var portID: UInt32
    /// Messages that one datagram may hold.
    public var maximumMessages: Int

    /// A session's context.
    public init(portID: UInt32, maximumMessages: Int = 16_384) {
        self.portID = portID
        self.maximumMessages = maximumMessages
    }
}

/// What the judge says of a datagram.
public enum Verdict: Equatable, Sendable {
    /// Send it, unchanged.
    case forward(DatagramSummary)
    /// Send none of it, and answer.
    case refuse(Refusal)
}

/// What the judge says of a join.
public enum JoinVerdict: Equatable, Sendable {
    /// Join.
    case granted(JoinGrant)
    /// Don't.
    case refused(JoinRefusal)
}

/// A group that may be joined.
public struct JoinGrant: Equatable, Sendable {
    /// Family and group, such as `xfrm SA`.
    public var name: String
    /// The capability is needed for it.
    public var isPrivileged: Bool
    /// Line of the role that grants it; 0 for a built-in.
    public var line: UInt32
    /// What the roles lack, when only the ceiling grants it.
    public var ceilingOnly: Objection?

    /// A grant from its parts.
    public init(name: String, isPrivileged: Bool, line: UInt32, ceilingOnly: Objection? = nil) {
        self.name = name
        self.isPrivileged = isPrivileged
        self.line = line
        self.ceilingOnly = ceilingOnly
    }

    /// `listen` and the name, as the log writes it.
    public var operation: String { "listen \(name)" }
}

/// A group that may not be joined.
public struct JoinRefusal: Equatable, Sendable {
    /// What is wrong.
    public var objection: Objection
    /// `listen` and the group's name, or its number when it has none.
    public var operation: String

    /// A refusal from its parts.
    public init(objection: Objection, operation: String) {
        self.objection = objection
        self.operation = operation
    }
}

/// What a datagram that may be sent asks for.
public struct DatagramSummary: Equatable, Sendable {
    /// A message that the log wants to know of: a write, or one that passes by the ceiling alone.
    public struct Entry: Equatable, Sendable {
        /// Its place in the datagram.
        public var index: Int
        /// Its header's sequence number.
        public var sequence: UInt32
        /// It asks for an acknowledgement (NLM_F_ACK).
        public var asksAck: Bool
        /// Class write.
        public var isWrite: Bool
        /// `route NEWROUTE`, `route GETLINK dump`.
        public var operation: String
        /// `dev=eth0 dst=10.0.0.0/8`; empty when it names nothing, at most 64 bytes.
        public var target: String
        /// Line of the role that grants it; 0 for a built-in.
        public var line: UInt32
        /// What the roles lack, when only the ceiling grants it.
        public var ceilingOnly: Objection?
    }

    /// Messages in it.
    public internal(set) var messages = 0
    /// Messages that ask for an acknowledgement (NLM_F_ACK).
    public internal(set) var acknowledgements = 0
    /// Dumps that it starts.
    public internal(set) var dumps = 0
    /// Messages of class write.
    public internal(set) var writes = 0
    /// True when the kernel asks for CAP_NET_ADMIN in `send()`.
    public internal(set) var needsCapability = false
    /// True when the kernel may ask for CAP_NET_ADMIN in `recv()`, while a dump runs.
    public internal(set) var dumpNeedsCapability = false
    /// Every write and every message that passes by the ceiling alone, in order.
    public internal(set) var entries: [Entry] = []

    /// Nothing yet.
    public init() {}
}
