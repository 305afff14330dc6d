import Glibc
import LinuxSys
import NetlinkWire

/// A client of the old dialects: netlink messages on a byte stream, without frames.
final class MessageStreamClient {
    let raw: RawClient
    private var pending: [UInt8] = []

    /// Connects to the gateway's Unix socket.
    init(_ gateway: Gateway) throws {
        raw = try RawClient(gateway)
    }

    init(_ address: SocketAddress) throws {
        raw = try RawClient(address)
    }

    /// The first message of pyroute2 0.1.6 to 0.1.12.
    static func control(_ protocolNumber: UInt8, command: UInt8 = 6) -> [UInt8] {
        [28, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, command, 0, 0, 0, 6, 0, 1, 0, protocolNumber, 0, 0, 0]
    }

    static let yes: [UInt8] = [20, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0]
    static let no: [UInt8] = [20, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0]

    /// The next message, padding left out; nil when the gateway has closed the connection.
    func next(seconds: Int = 60) throws -> (header: MessageHeader, bytes: [UInt8])? {
        while true {
            if pending.count >= MessageHeader.size {
                let header = try MessageHeader(from: pending.span)
                if pending.count >= aligned(Int(header.length)) {
                    let bytes = Array(pending[..<Int(header.length)])
                    pending.removeFirst(aligned(bytes.count))
                    return (header, bytes)
                }
            }
            guard let more = try raw.readSome(seconds: seconds) else { return nil }
            pending += more
        }
    }

    /// What answers the message with this number: the types of its messages and how it ended.
    func answer(_ sequence: UInt32) throws -> (types: [UInt16], code: Int32, portID: UInt32) {
        var types: [UInt16] = []
        while let (header, bytes) = try next() {
            guard header.sequence == sequence else { continue }
            switch header.type {
            case .error: return (types, -Int32(bitPattern: try bytes.span.u32(at: 16)), header.portID)
            case .done: return (types, 0, header.portID)
            default: types.append(header.type.rawValue)
            }
            if !header.flags.contains(.multi) { return (types, 0, header.portID) }
        }
        throw ToolFailure(description: "the connection ended before the answer")
    }

    /// A request with a port id of the client's own.
    static func request(_ bytes: [UInt8], portID: UInt32 = 4711) -> [UInt8] {
        var bytes = bytes
        for index in 0..<4 { bytes[12 + index] = UInt8(truncatingIfNeeded: portID >> (8 * UInt32(index))) }
        return bytes
    }
}
