/// What the judge must know about the session besides its grants.
public struct SessionContext: Equatable, Sendable {
    /// Port id of the session's kernel socket.
    public var portID: UInt32
    /// Messages that one datagram may hold.
    public var maximumMessages: Int

    /// A session's context.
    public init(portID: UInt32, maximumMessages: Int = 1024) {
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
    /// Join. `privileged` when the capability is needed for it.
    case granted(name: String, privileged: Bool)
    /// Don't, with a text for the client.
    case refused(String)
}

/// What a datagram that may be sent asks for.
public struct DatagramSummary: Equatable, Sendable {
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
    /// Label and name of the operations, in order, each once, at most 8; for the audit log.
    public internal(set) var operations: [String] = []

    /// Nothing yet.
    public init() {}
}
