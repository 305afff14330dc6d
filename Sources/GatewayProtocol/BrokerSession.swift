/// A datagram inside the receive buffer, or put together from several frames.
public enum DatagramBytes: Equatable, Sendable {
    /// It lies in the buffer that was given.
    case inPlace(Range<Int>)
    /// It was cut with MORE and is whole now.
    case assembled([UInt8])
}

/// What a client wants, as the broker sees it.
public enum SessionRequest: Equatable, Sendable {
    /// Start; the first request of every session.
    case hello(Hello, strictGroups: Bool)
    /// Say this to the kernel.
    case datagram(DatagramBytes)
    /// Join a group.
    case join(tag: UInt32, group: UInt32)
    /// Leave a group.
    case leave(tag: UInt32, group: UInt32)
    /// Set an option.
    case option(tag: UInt32, OptionRequest)
    /// Keep this list, or say what is wrong with it.
    case arm(tag: UInt32, Result<ArmRequest, ArmError>)
    /// Forget the list.
    case confirm(tag: UInt32)
    /// Tell the grants.
    case describe(tag: UInt32)
    /// End the session.
    case reset(tag: UInt32)
    /// One part of a larger payload; nothing to do yet.
    case partial
}

/// The broker's side of one session: checks form and order of the frames, knows nothing of sockets or policy.
///
///     awaitingHello --HELLO--> active --RESET--> ended --resetRefused--> active
public struct BrokerSession: Sendable {
    private enum State: Sendable {
        case awaitingHello
        case active
        case ended
    }

    private var state = State.awaitingHello
    private var reassembler: Reassembler
    private let mayArm: Bool

    /// A session that waits for HELLO; datagrams may have `limit` bytes.
    ///
    /// Where nothing may be armed, nothing is kept of what should be.
    public init(limit: Int, mayArm: Bool = false) {
        reassembler = Reassembler(limit: limit)
        self.mayArm = mayArm
    }

    /// Bytes held of a datagram that isn't whole yet.
    public var held: Int { reassembler.held }

    /// RESET was answered with an error: the session goes on.
    public mutating func resetRefused() {
        precondition(state == .ended, "only a session that was reset goes on")
        state = .active
    }

    /// Takes one frame of the client.
    ///
    /// - Throws: `ProtocolError`; the session is over then.
    public mutating func receive(
        _ header: FrameHeader, _ payload: Range<Int>, in bytes: Span<UInt8>
    ) throws(ProtocolError) -> SessionRequest {
        switch state {
        case .ended: throw .unexpected(header.kind)
        case .awaitingHello:
            guard header.kind == .hello else { throw .unexpected(header.kind) }
            guard payload.count <= DatagramLimit.control else { throw .badPayload(.hello) }
            state = .active
            return .hello(try Hello(payload, in: bytes), strictGroups: header.flags.contains(.strictGroups))
        case .active: return try receiveActive(header, payload, in: bytes)
        }
    }

    private mutating func receiveActive(
        _ header: FrameHeader, _ payload: Range<Int>, in bytes: Span<UInt8>
    ) throws(ProtocolError) -> SessionRequest {
        if header.kind == .datagram {
            if try reassembler.isWhole(header, payload) { return .datagram(.inPlace(payload)) }
            guard let whole = try reassembler.add(header, payload, of: bytes) else { return .partial }
            return .datagram(.assembled(whole))
        }
        if header.kind == .arm { return try receiveList(header, payload, in: bytes) }
        guard !reassembler.isPartial else { throw .unexpected(header.kind) }
        guard payload.count <= DatagramLimit.control else { throw .badPayload(header.kind) }
        switch header.kind {
        case .join: return .join(tag: header.tag, group: header.group)
        case .leave: return .leave(tag: header.tag, group: header.group)
        case .option: return .option(tag: header.tag, try OptionRequest(payload, in: bytes))
        case .confirm: return .confirm(tag: header.tag)
        case .describe: return .describe(tag: header.tag)
        case .reset:
            state = .ended
            return .reset(tag: header.tag)
        case .hello: throw .unexpected(.hello)
        default: throw .badKind(header.kind.rawValue)
        }
    }

    private mutating func receiveList(
        _ header: FrameHeader, _ payload: Range<Int>, in bytes: Span<UInt8>
    ) throws(ProtocolError) -> SessionRequest {
        let limit = mayArm ? ArmRequest.maximumPayload : 0
        switch try reassembler.add(header, payload, of: bytes, dropping: limit) {
        case nil: return .partial
        case .tooLong: return .arm(tag: header.tag, .failure(mayArm ? .tooLong : .notHere))
        case .whole(let whole):
            do throws(ArmError) {
                return .arm(tag: header.tag, .success(try ArmRequest(whole.span)))
            } catch {
                return .arm(tag: header.tag, .failure(mayArm ? error : .notHere))
            }
        }
    }
}
