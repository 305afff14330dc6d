import NetlinkWire

/// What the frontend does with the next bytes of a client that speaks netlink messages.
public enum MessageStep: Equatable, Sendable {
    /// There is too little to go on with, or nothing may be taken now (`isPaused`).
    case needMore
    /// A session is asked for.
    case open(Hello)
    /// The frames that were appended go to the session's broker.
    case forward
}

/// The frontend's side of one connection of the dialects `raw` and `control`: netlink messages in a byte stream, turned
/// into the frames of a session and back.
///
///     first --first message--> opening --session--> greeting --WELCOME--> active
public struct MessageConnection: Sendable {
    private enum State: Sendable {
        case first
        case opening
        case greeting
        case active
    }

    private let dialect: Dialect
    private var state = State.first
    private var requests = RequestStream()
    private var replies = ReplyStream()
    private var reassembler = Reassembler(limit: DatagramLimit.toClient)
    /// A raw client's first message, until the session stands.
    private var opener: MessageHeader?
    /// Why the broker ended the session.
    private var goodbye: UInt32?

    /// A connection whose first bytes decided that it is `dialect`.
    ///
    /// `isLocal` says that what is written at once, up to 16 KiB, is not cut on its way: a Unix socket.
    public init(_ dialect: Dialect, isLocal: Bool) {
        precondition(dialect != .native, "native connections carry frames")
        self.dialect = dialect
        replies.isCutAnywhere = !isLocal
    }

    /// True while client bytes must wait for the session.
    public var isPaused: Bool { state == .opening || state == .greeting }

    /// True while a broker was asked for and isn't there.
    public var isOpening: Bool { state == .opening }

    /// True when the session stands and said so.
    public var isActive: Bool { state == .active }

    /// True when what came from the broker should be written before more of it is taken.
    public var isFull: Bool { replies.isFull }

    /// Takes what comes next in `range` of `bytes`; `consumed` says how far it got, `frames` gets what to forward.
    ///
    /// - Throws: `ProtocolError`; the connection is over then, and `farewell` has what to say.
    public mutating func receive(
        _ range: Range<Int>, of bytes: Span<UInt8>, consumed: inout Int, frames: inout [UInt8]
    ) throws(ProtocolError) -> MessageStep {
        consumed = 0
        switch state {
        case .first: return try receiveFirst(range, of: bytes, consumed: &consumed)
        case .opening, .greeting: return .needMore
        case .active:
            try requests.take(range, of: bytes, consumed: &consumed, frames: &frames)
            if frames.isEmpty { return .needMore }
            replies.requestCame()
            return .forward
        }
    }

    /// The supervisor gave the session its broker.
    public mutating func sessionOpened() {
        precondition(state == .opening, "a session opens only when it was asked for")
        state = .greeting
    }

    /// Takes the frames of one message of the broker; false when the connection ends with it.
    ///
    /// What the client gets comes out of `write`.
    ///
    /// - Throws: `ProtocolError`: the broker broke the protocol, the connection must end.
    public mutating func receiveFromBroker(
        _ range: Range<Int>, of bytes: Span<UInt8>, now: UInt64
    ) throws(ProtocolError) -> Bool {
        var cursor = FrameCursor(range)
        while let (header, payload) = try cursor.next(in: bytes) {
            guard state == .greeting || state == .active else { throw .unexpected(header.kind) }
            switch header.kind {
            case .welcome where state == .greeting: welcome(try Welcome(payload, in: bytes), now)
            case .goodbye:
                goodbye = try Outcome(.goodbye, payload, in: bytes).code
                return false
            case .datagram where state == .active: try add(header, payload, of: bytes, now)
            case .result where state == .active: refuse(header.tag, try Outcome(.result, payload, in: bytes).code)
            case .overrun where state == .active: addOverrun(now)
            default: throw .unexpected(header.kind)
            }
        }
        guard cursor.isAtEnd else { throw .badLength }
        return true
    }

    /// Moves what the client may get now to `output`; when to ask again, in milliseconds, if something has to wait.
    public mutating func write(into output: inout [UInt8], now: UInt64) -> UInt64? {
        replies.write(into: &output, now: now)
    }

    /// What a client is told at the end of its connection, for the broker's reason of GOODBYE or this one; empty when
    /// it can't be told.
    ///
    /// A client that has no session yet gets the answer no, or an error on its first message; later only what is wrong
    /// with its last message can be said.
    public func farewell(_ ownReason: UInt32) -> [UInt8] {
        let reason = goodbye ?? ownReason
        if dialect == .control, state != .active { return ControlMessage.answer(false) }
        guard state != .active || reason == GoodbyeReason.protocolError, let last = opener ?? requests.last else {
            return []
        }
        return error(for: last, errno: GoodbyeReason.errno(reason))
    }

    private mutating func receiveFirst(
        _ range: Range<Int>, of bytes: Span<UInt8>, consumed: inout Int
    ) throws(ProtocolError) -> MessageStep {
        var hello = Hello(protocolNumber: 0, clientName: dialect.clientName)
        if dialect == .control {
            guard range.count >= ControlMessage.size else { return .needMore }
            let message = try ControlMessage(bytes.extracting(range))
            guard message.protocolNumber < 32 else { throw .badControl }
            hello.protocolNumber = message.protocolNumber
            requests.isWide = message.isWide
            replies.readSize = message.isWide ? Dialect.wideReadSize : nil
            consumed = ControlMessage.size
        } else {
            // The message itself stays where it is: there is nobody yet to send it to.
            guard let header = try? MessageHeader(from: bytes.extracting(range)) else { return .needMore }
            opener = header
        }
        requests.protocolNumber = hello.protocolNumber
        if hello.protocolNumber == 0 { hello.groups = Dialect.routeGroups(for: dialect) }
        state = .opening
        return .open(hello)
    }

    private mutating func welcome(_ welcome: Welcome, _ now: UInt64) {
        state = .active
        opener = nil
        requests.limit = min(Int(welcome.maximumToServer), DatagramLimit.toBroker)
        replies.portID = welcome.portID
        if dialect == .control { replies.add(answer: ControlMessage.answer(true), now: now) }
    }

    private mutating func add(
        _ header: FrameHeader, _ payload: Range<Int>, of bytes: Span<UInt8>, _ now: UInt64
    ) throws(ProtocolError) {
        if try reassembler.isWhole(header, payload) {
            return try replies.add(payload, of: bytes, group: header.group, request: requests.last, now: now)
        }
        guard let whole = try reassembler.add(header, payload, of: bytes) else { return }
        try replies.add(0..<whole.count, of: whole.span, group: header.group, request: requests.last, now: now)
    }

    /// RESULT comes only when the kernel's `send()` failed; the tag is the message's number.
    private mutating func refuse(_ sequence: UInt32, _ code: UInt32) {
        guard code != 0, let last = requests.last else { return }
        // Only the last header is kept: of an earlier message the number is all that is known.
        let request = last.sequence == sequence ? last : MessageHeader(type: .noop, sequence: sequence)
        replies.add(error: error(for: request, errno: Int32(clamping: code)), isLast: request == last)
    }

    /// NLMSG_OVERRUN: the kernel dropped messages for this session.
    private mutating func addOverrun(_ now: UInt64) {
        var writer = MessageWriter()
        try? writer.message(MessageHeader(type: .overrun))
        replies.add(notice: writer.bytes, now: now)
    }

    private func error(for request: MessageHeader, errno: Int32) -> [UInt8] {
        var writer = MessageWriter()
        try? writer.acknowledge(request, portID: requests.last?.portID ?? request.portID, code: errno)
        return writer.bytes
    }
}

extension Dialect {
    /// What pyroute2 0.1.4 reads at once; it loses what is cut there.
    static let wideReadSize = 16_384
}

extension GoodbyeReason {
    /// What a local socket would have said: the nearest errno of Linux.
    static func errno(_ reason: UInt32) -> Int32 {
        switch reason {
        case policy: 1  // EPERM
        case limits: 105  // ENOBUFS
        case protocolError: 22  // EINVAL
        case notFound: 93  // EPROTONOSUPPORT
        case timeout: 110  // ETIMEDOUT
        default: 111  // ECONNREFUSED
        }
    }
}
