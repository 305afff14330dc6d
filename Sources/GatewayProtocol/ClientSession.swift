/// What the gateway told a client.
public enum SessionEvent: Equatable, Sendable {
    /// The session stands.
    case welcome(Welcome)
    /// The kernel said this; `group` is 0 for a reply.
    case datagram(DatagramBytes, group: UInt32)
    /// A tagged request ended.
    case result(tag: UInt32, Outcome)
    /// The kernel dropped messages for this session.
    case overrun
    /// The grants, line by line.
    case description(tag: UInt32, [String])
    /// Answer with PONG and this tag.
    case ping(tag: UInt32)
    /// A PING was answered.
    case pong(tag: UInt32)
    /// The gateway ends the connection.
    case goodbye(Outcome)
    /// One part of something larger; nothing to do yet.
    case partial
}

/// The client's side of one connection: checks form and order of the gateway's frames.
///
///     awaitingWelcome --WELCOME--> active --(own RESET)--> resetting --RESULT 0--> ended
public struct ClientSession: Sendable {
    private enum State: Equatable, Sendable {
        case awaitingWelcome
        case active
        case resetting(tag: UInt32)
        case ended
    }

    private var state = State.awaitingWelcome
    private var reassembler = Reassembler(limit: DatagramLimit.toClient)

    /// A session whose HELLO was or will be sent.
    public init() {}

    /// True once WELCOME has come and until the session ends.
    public var isActive: Bool { state == .active }

    /// True when RESET was confirmed: the connection is free for a new session.
    public var isEnded: Bool { state == .ended }

    /// The client sends RESET with this tag.
    public mutating func resetSent(tag: UInt32) {
        state = .resetting(tag: tag)
    }

    /// Takes one frame of the gateway.
    ///
    /// - Throws: `ProtocolError`; the connection is over then.
    public mutating func receive(
        _ header: FrameHeader, _ payload: Range<Int>, in bytes: Span<UInt8>
    ) throws(ProtocolError) -> SessionEvent {
        switch header.kind {
        case .ping: return .ping(tag: header.tag)
        case .pong: return .pong(tag: header.tag)
        case .goodbye:
            state = .ended
            return .goodbye(try Outcome(.goodbye, payload, in: bytes))
        case .welcome:
            guard state == .awaitingWelcome else { throw .unexpected(.welcome) }
            state = .active
            return .welcome(try Welcome(payload, in: bytes))
        default: break
        }
        guard state != .awaitingWelcome, state != .ended else { throw .unexpected(header.kind) }
        switch header.kind {
        case .datagram:
            if try reassembler.isWhole(header, payload) { return .datagram(.inPlace(payload), group: header.group) }
            guard let whole = try reassembler.add(header, payload, of: bytes) else { return .partial }
            return .datagram(.assembled(whole), group: header.group)
        case .describe:
            guard let whole = try reassembler.add(header, payload, of: bytes) else { return .partial }
            return .description(tag: header.tag, try Description.decode(0..<whole.count, in: whole.span))
        case .overrun: return .overrun
        case .result:
            let outcome = try Outcome(.result, payload, in: bytes)
            if state == .resetting(tag: header.tag) { state = outcome.code == 0 ? .ended : .active }
            return .result(tag: header.tag, outcome)
        default: throw .badKind(header.kind.rawValue)
        }
    }
}
