/// What the frontend does with the next bytes of a client.
public enum ClientStep: Equatable, Sendable {
    /// There is no whole frame yet, or none may be taken now (`isPaused`).
    case needMore
    /// Bytes were consumed and nothing is to be done.
    case consumed
    /// A session is asked for; the frame in `range` goes to the broker once there is one.
    case open(Hello, frame: Range<Int>)
    /// Pass these whole frames to the session's broker as they are.
    case forward(Range<Int>)
    /// Answer with PONG and this tag.
    case pong(tag: UInt32)
    /// The client said goodbye.
    case goodbye
}

/// What the frontend does with the next frame of a broker.
public enum BrokerStep: Equatable, Sendable {
    /// Pass these frames to the client as they are.
    case forward(Range<Int>)
    /// The broker confirmed RESET: pass the frame on, the session is over, the connection stays.
    case sessionEnded(Range<Int>)
    /// The broker ends the connection: pass the frame on, then close.
    case goodbye(Range<Int>)
    /// A reply that was in flight when the client sent RESET.
    case drop(Range<Int>)
}

/// The frontend's side of one native connection: preface, order of frames, one session at a time.
///
/// It never looks into a datagram.
///
///     preface --nlgate/1--> idle --HELLO--> opening --session--> active --RESET--> resetting --RESULT 0--> idle
public struct FrontendConnection: Sendable {
    private enum State: Equatable, Sendable {
        case preface
        case idle
        case opening
        case active
        case resetting(tag: UInt32)
    }

    private var state = State.preface

    /// A connection whose first byte is yet to come.
    public init() {}

    /// True while client bytes must wait: a session is being opened or reset.
    public var isPaused: Bool {
        switch state {
        case .opening, .resetting: true
        default: false
        }
    }

    /// True when a session stands.
    public var hasSession: Bool {
        switch state {
        case .active, .resetting: true
        default: false
        }
    }

    /// True before the first HELLO and between sessions.
    public var isIdle: Bool { state == .idle || state == .preface }

    /// Takes what comes next in `range` of `bytes`; `consumed` says how far it got.
    ///
    /// - Throws: `ProtocolError`; the connection is over then.
    public mutating func receive(
        _ range: Range<Int>, of bytes: Span<UInt8>, consumed: inout Int
    ) throws(ProtocolError) -> ClientStep {
        consumed = 0
        if isPaused { return .needMore }
        if state == .preface { return try receivePreface(range, of: bytes, consumed: &consumed) }
        var cursor = FrameCursor(range)
        var forwardEnd = range.lowerBound
        while let (header, payload) = try cursor.next(in: bytes) {
            let frame = (payload.lowerBound - FrameHeader.size)..<payload.upperBound
            if isForwarded(header.kind) {
                forwardEnd = frame.upperBound
                consumed = forwardEnd - range.lowerBound
                guard header.kind == .reset else { continue }
                state = .resetting(tag: header.tag)
                return .forward(range.lowerBound..<forwardEnd)
            }
            // Frames before this one go first; this one is taken at the next call.
            if forwardEnd > range.lowerBound { return .forward(range.lowerBound..<forwardEnd) }
            consumed = frame.count
            return try take(header, payload, frame: frame, in: bytes)
        }
        return forwardEnd > range.lowerBound ? .forward(range.lowerBound..<forwardEnd) : .needMore
    }

    /// The supervisor gave the session its broker.
    public mutating func sessionOpened() {
        precondition(state == .opening, "a session opens only when it was asked for")
        state = .active
    }

    /// Takes the next frame of a message of the broker; nil at its end.
    ///
    /// - Throws: `ProtocolError`: the broker broke the protocol, the connection must end.
    public mutating func receiveFromBroker(
        _ cursor: inout FrameCursor, in bytes: Span<UInt8>
    ) throws(ProtocolError) -> BrokerStep? {
        guard hasSession else { throw .unexpected(.datagram) }
        guard let (header, payload) = try cursor.next(in: bytes) else {
            guard cursor.isAtEnd else { throw .badLength }
            return nil
        }
        guard FrameKind.fromBroker.contains(header.kind) else { throw .badKind(header.kind.rawValue) }
        let frame = (payload.lowerBound - FrameHeader.size)..<payload.upperBound
        if header.kind == .goodbye { return .goodbye(frame) }
        guard case .resetting(let tag) = state else { return .forward(frame) }
        guard header.kind == .result, header.tag == tag else { return .drop(frame) }
        let outcome = try Outcome(.result, payload, in: bytes)
        state = outcome.code == 0 ? .idle : .active
        return outcome.code == 0 ? .sessionEnded(frame) : .forward(frame)
    }

    private mutating func receivePreface(
        _ range: Range<Int>, of bytes: Span<UInt8>, consumed: inout Int
    ) throws(ProtocolError) -> ClientStep {
        for (index, expected) in preface.enumerated() {
            guard index < range.count else { return .needMore }
            guard bytes[range.lowerBound + index] == expected else { throw .badPreface }
        }
        consumed = preface.count
        state = .idle
        return .consumed
    }

    private func isForwarded(_ kind: FrameKind) -> Bool {
        guard state == .active else { return false }
        switch kind {
        case .datagram, .join, .leave, .option, .arm, .confirm, .describe, .reset: return true
        default: return false
        }
    }

    private mutating func take(
        _ header: FrameHeader, _ payload: Range<Int>, frame: Range<Int>, in bytes: Span<UInt8>
    ) throws(ProtocolError) -> ClientStep {
        switch header.kind {
        case .ping:
            guard payload.isEmpty else { throw .badPayload(.ping) }
            return .pong(tag: header.tag)
        case .pong: return .consumed
        case .goodbye: return .goodbye
        case .hello where state == .idle:
            guard payload.count <= DatagramLimit.control else { throw .badPayload(.hello) }
            let hello = try Hello(payload, in: bytes)
            state = .opening
            return .open(hello, frame: frame)
        default:
            guard FrameKind.fromClient.contains(header.kind) else { throw .badKind(header.kind.rawValue) }
            throw .unexpected(header.kind)
        }
    }
}
