import GatewayProtocol
import NetlinkWire

/// A connection of netlink messages with what a frontend keeps for it.
struct MessageClient {
    static let no: [UInt8] = [0x14, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0]
    static let portID: UInt32 = 900

    var connection: MessageConnection
    /// What went to the client.
    var output: [UInt8] = []
    /// When to ask again.
    var wakeAt: UInt64?
    /// Every frame that went to the broker, also before an error.
    private(set) var forwarded: [UInt8] = []
    private var held: [UInt8] = []

    init(_ dialect: Dialect, isLocal: Bool = true) {
        connection = MessageConnection(dialect, isLocal: isLocal)
    }

    /// Up to the wish for a session, or to the session itself.
    init(_ dialect: Dialect, session: Bool, wide: Bool = false, isLocal: Bool = true, limit: Int = 4 << 20) throws {
        self.init(dialect, isLocal: isLocal)
        _ = try say(dialect == .raw ? request(18, sequence: 77) : control(protocolNumber: 0, wide: wide))
        guard session else { return }
        connection.sessionOpened()
        var welcome = Welcome()
        welcome.portID = MessageClient.portID
        welcome.maximumToServer = UInt32(limit)
        try hear(frame(.welcome, welcome.encode()), now: 0)
        // The raw client's first message waited for the session.
        _ = try say([])
        output = []
    }

    /// What the client's bytes led to.
    struct Heard {
        var hello: Hello?
        var packets: [[UInt8]] = []
        var frames: [UInt8] { Array(packets.joined()) }
    }

    /// Says bytes, as many as a frontend takes at once.
    mutating func say(_ bytes: [UInt8]) throws(ProtocolError) -> Heard {
        var heard = Heard()
        var rest = bytes[...]
        repeat {
            let part = rest.prefix(65_536 - held.count)
            held += part
            rest = rest.dropFirst(part.count)
            while true {
                var consumed = 0
                var frames: [UInt8] = []
                let bytes = held
                let step = try connection.receive(
                    0..<bytes.count, of: bytes.span, consumed: &consumed, frames: &frames)
                held.removeFirst(consumed)
                if case .open(let hello) = step { heard.hello = hello }
                forwarded += frames
                if step == .forward { heard.packets.append(frames) }
                if step == .needMore { break }
            }
        } while !rest.isEmpty
        return heard
    }

    /// Takes a packet of the broker and writes what may be written.
    @discardableResult
    mutating func hear(_ packet: [UInt8], now: UInt64) throws(ProtocolError) -> Bool {
        let goesOn = try connection.receiveFromBroker(0..<packet.count, of: packet.span, now: now)
        wait(until: now)
        return goesOn
    }

    mutating func wait(until now: UInt64) {
        wakeAt = connection.write(into: &output, now: now)
    }

    mutating func take() -> [UInt8] {
        defer { output = [] }
        return output
    }
}

/// The messages of a stream.
func messages(in bytes: [UInt8]) throws -> [Message] {
    var cursor = MessageCursor(bytes.span)
    var list: [Message] = []
    while let message = try cursor.next(in: bytes.span) { list.append(message) }
    return list
}

/// The datagrams of some frames, put together.
func datagrams(in frames: [UInt8]) throws -> [(tag: UInt32, bytes: [UInt8])] {
    var cursor = FrameCursor(0..<frames.count)
    var reassembler = Reassembler(limit: DatagramLimit.toBroker)
    var list: [(tag: UInt32, bytes: [UInt8])] = []
    while let (header, payload) = try cursor.next(in: frames.span) {
        guard header.kind == .datagram else { throw ProtocolError.unexpected(header.kind) }
        if let whole = try reassembler.add(header, payload, of: frames.span) { list.append((header.tag, whole)) }
    }
    guard cursor.isAtEnd else { throw ProtocolError.badLength }
    return list
}
