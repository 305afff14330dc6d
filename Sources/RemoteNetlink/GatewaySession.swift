public import GatewayProtocol
public import GatewayURL
import LinuxSys

/// One session on a gateway: what a netlink socket is locally.
///
/// Calls block until their deadline; use it from one thread at a time.
public final class GatewaySession {
    /// What the gateway told when the session began.
    public private(set) var welcome = Welcome()
    private let stream: ByteStream
    private var machine = ClientSession()
    private var buffer = ReceiveBuffer()
    private var lastTag: UInt32 = 0
    /// What came while an answer was waited for.
    private var kept: ArraySlice<SessionEvent> = []
    private let timeout: Int

    /// Connects and starts a session.
    ///
    /// - Throws: `ConnectError`; `goodbye` when the gateway refuses.
    public init(
        _ url: GatewayURL, _ credentials: Credentials?, _ hello: Hello, strictGroups: Bool = false, timeout: Int = 10
    ) throws(ConnectError) {
        self.timeout = timeout
        let deadline = Deadline(seconds: timeout)
        stream = try ByteStream.connect(to: url, credentials, deadline)
        let greeting = preface
        try stream.write(greeting.span, deadline)
        try begin(hello, strictGroups: strictGroups, deadline)
    }

    deinit {
        stream.close()
    }

    /// Ends the session on the gateway and starts another on the same connection.
    ///
    /// - Throws: `ConnectError`; `goodbye` when the gateway refuses the new session.
    public func reset(to hello: Hello, strictGroups: Bool = false) throws(ConnectError) {
        let deadline = Deadline(seconds: timeout)
        lastTag &+= 1
        try write(.reset, tag: lastTag, deadline)
        machine.resetSent(tag: lastTag)
        while !machine.isEnded { _ = try next(deadline) }
        machine = ClientSession()
        kept = []
        try begin(hello, strictGroups: strictGroups, deadline)
    }

    private func begin(_ hello: Hello, strictGroups: Bool, _ deadline: Deadline) throws(ConnectError) {
        try write(.hello, flags: strictGroups ? .strictGroups : [], payload: hello.encode(), deadline)
        guard case .welcome(let welcome) = try next(deadline) else {
            throw .protocolBroken(.unexpected(.welcome))
        }
        self.welcome = welcome
    }

    /// Sends one netlink datagram.
    ///
    /// - Throws: `ConnectError`; `protocolBroken(tooLarge)` when it is larger than the gateway takes.
    public func send(_ datagram: [UInt8], tag: UInt32 = 0) throws(ConnectError) {
        guard datagram.count <= Int(welcome.maximumToServer) else {
            throw .protocolBroken(.tooLarge(limit: Int(welcome.maximumToServer)))
        }
        try write(.datagram, tag: tag, payload: datagram, Deadline(seconds: timeout))
    }

    /// Waits for what comes next: a datagram, an overrun, a result that nobody waits for.
    ///
    /// - Throws: `ConnectError`; `timedOut` when nothing comes within `seconds`. nil waits without end.
    public func receive(seconds: Int?) throws(ConnectError) -> SessionEvent {
        if let first = kept.popFirst() { return first }
        return try next(seconds.map { Deadline(seconds: $0) } ?? .never)
    }

    /// The bytes of a datagram that `receive` returned; valid until the next call.
    ///
    /// - Throws: what `body` throws.
    public func withBytes<Result, Failure: Error>(
        of datagram: DatagramBytes, _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        switch datagram {
        case .inPlace(let range): try buffer.withBytes(range, body)
        case .assembled(let bytes): try body(bytes.span)
        }
    }

    /// Joins or leaves a multicast group.
    ///
    /// - Throws: `ConnectError`.
    /// - Returns: how it ended; `code` is an errno, 0 for success.
    public func setMembership(group: UInt32, joined: Bool) throws(ConnectError) -> Outcome {
        try request(joined ? .join : .leave, group: group)
    }

    /// Sets an option of the kernel socket.
    ///
    /// - Throws: `ConnectError`.
    /// - Returns: how it ended; `code` is an errno, 0 for success.
    public func setOption(_ option: OptionRequest) throws(ConnectError) -> Outcome {
        try request(.option, payload: option.encode())
    }

    /// Leaves a list with the gateway that it sends unless ``confirm(tag:)`` comes in time.
    ///
    /// A list with the same tag takes the place of the one before, and the time begins anew. Only a session that may
    /// write can have one, and only one.
    ///
    /// - Throws: `ConnectError`.
    /// - Returns: how it ended; `code` is an errno: EPERM when a datagram is refused, EBUSY while a list with another
    ///   tag is armed, 0 for success.
    public func arm(tag: UInt32, _ list: ArmRequest) throws(ConnectError) -> Outcome {
        try request(.arm, tag: tag, payload: list.encode())
    }

    /// The list with this tag isn't needed any more.
    ///
    /// - Throws: `ConnectError`; `goodbye(rolledBack)` when it came too late.
    /// - Returns: how it ended; `code` is an errno: ENOENT when no such list is armed, 0 for success.
    public func confirm(tag: UInt32) throws(ConnectError) -> Outcome {
        try request(.confirm, tag: tag)
    }

    /// The grants of this client, line by line.
    ///
    /// - Throws: `ConnectError`.
    public func describe() throws(ConnectError) -> [String] {
        let deadline = Deadline(seconds: timeout)
        lastTag &+= 1
        try write(.describe, tag: lastTag, deadline)
        return try wait(deadline) { if case .description(lastTag, let lines) = $0 { lines } else { nil } }
    }

    /// Asks whether the gateway is there.
    ///
    /// - Throws: `ConnectError`.
    public func ping() throws(ConnectError) {
        let deadline = Deadline(seconds: timeout)
        lastTag &+= 1
        try write(.ping, tag: lastTag, deadline)
        try wait(deadline) { $0 == .pong(tag: lastTag) ? () : nil }
    }

    private func request(
        _ kind: FrameKind, tag own: UInt32? = nil, group: UInt32 = 0, payload: [UInt8] = []
    ) throws(ConnectError) -> Outcome {
        let deadline = Deadline(seconds: timeout)
        if own == nil { lastTag &+= 1 }
        let tag = own ?? lastTag
        try write(kind, tag: tag, group: group, payload: payload, deadline)
        return try wait(deadline) { if case .result(tag, let outcome) = $0 { outcome } else { nil } }
    }

    /// Waits for one answer; whatever comes before it is kept for `receive`.
    private func wait<Answer>(
        _ deadline: Deadline, _ answer: (SessionEvent) -> Answer?
    ) throws(ConnectError) -> Answer {
        while true {
            let event = try next(deadline)
            if let found = answer(event) { return found }
            guard case .datagram(let datagram, let group) = event else {
                kept.append(event)
                continue
            }
            let copy = withBytes(of: datagram) { bytes in bytes.indices.map { bytes[$0] } }
            kept.append(.datagram(.assembled(copy), group: group))
        }
    }

    private func write(
        _ kind: FrameKind, flags: FrameFlags = [], tag: UInt32 = 0, group: UInt32 = 0, payload: [UInt8] = [],
        _ deadline: Deadline
    ) throws(ConnectError) {
        var writer = FrameWriter()
        writer.append(kind, flags: flags, tag: tag, group: group, payload)
        try stream.write(writer.bytes.span, deadline)
    }

    /// The next event; PING is answered here.
    private func next(_ deadline: Deadline) throws(ConnectError) -> SessionEvent {
        while true {
            guard let event = try take() else {
                try fill(deadline)
                continue
            }
            switch event {
            case .partial: continue
            case .ping(let tag): try write(.pong, tag: tag, deadline)
            case .goodbye(let outcome): throw .goodbye(outcome)
            default: return event
            }
        }
    }

    /// The next whole frame in the buffer.
    private func take() throws(ConnectError) -> SessionEvent? {
        do throws(ProtocolError) {
            return try buffer.next(&machine)
        } catch {
            throw .protocolBroken(error)
        }
    }

    private func fill(_ deadline: Deadline) throws(ConnectError) {
        try buffer.fill(from: stream, deadline)
    }
}

/// Bytes of the gateway that aren't used up.
///
/// A struct, because a class's property can't lend its span.
private struct ReceiveBuffer {
    private var bytes = [UInt8](repeating: 0, count: 4 * FrameHeader.maximumLength)
    private var start = 0
    private var end = 0

    mutating func next(_ machine: inout ClientSession) throws(ProtocolError) -> SessionEvent? {
        var cursor = FrameCursor(start..<end)
        guard let (header, payload) = try cursor.next(in: bytes.span) else { return nil }
        start = cursor.offset
        return try machine.receive(header, payload, in: bytes.span)
    }

    func withBytes<Result, Failure: Error>(
        _ range: Range<Int>, _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(bytes.span.extracting(range))
    }

    mutating func fill(from stream: ByteStream, _ deadline: Deadline) throws(ConnectError) {
        if start == end {
            (start, end) = (0, 0)
        } else if bytes.count - end < FrameHeader.maximumLength {
            for index in start..<end { bytes[index - start] = bytes[index] }
            (start, end) = (0, end - start)
        }
        end += try stream.read(into: &bytes, at: end, count: bytes.count - end, deadline)
    }
}
