import GatewayProtocol
import NetlinkWire
import RemoteNetlink

/// Everything that answered one request, byte for byte but for the port ids.
struct KernelAnswer: Equatable {
    let sequence: UInt32
    /// The messages but the last NLMSG_ERROR or NLMSG_DONE, one after the other.
    var bytes: [UInt8] = []
    var messages = 0
    var isComplete = false
    /// How it ended: 0, or an errno.
    var code: Int32 = 0
    /// The extended acknowledgement's text.
    var text: String?

    init(sequence: UInt32) {
        self.sequence = sequence
    }

    /// Takes the messages of one datagram that belong to the request.
    mutating func take(_ datagram: Span<UInt8>) throws {
        var cursor = MessageCursor(datagram)
        while let message = try cursor.next(in: datagram) {
            guard message.header.sequence == sequence else { continue }
            if message.header.type == .error || message.header.type == .done {
                let acknowledgement = try Acknowledgement(message, in: datagram)
                (isComplete, code, text) = (true, acknowledgement.code, acknowledgement.text)
            } else {
                let start = bytes.count
                bytes += try datagram.bytes(message.offset..<message.payload.upperBound)
                for index in 12..<16 { bytes[start + index] = 0 }
                messages += 1
                if !message.header.flags.contains(.multi) { isComplete = true }
            }
        }
    }

    /// The types of the messages.
    func types() throws -> [UInt16] {
        var types: [UInt16] = []
        var cursor = MessageCursor(bytes.span)
        while let message = try cursor.next(in: bytes.span) { types.append(message.header.type.rawValue) }
        return types
    }
}

/// What came before the answer was complete could not be had.
struct OverrunError: Error {}

extension GatewaySession {
    /// Sends a datagram and gathers what answers the message with this sequence number.
    func answer(to datagram: [UInt8], sequence: UInt32, seconds: Int = 60) throws -> KernelAnswer {
        try send(datagram)
        return try answer(sequence: sequence, seconds: seconds)
    }

    /// Gathers what answers the message with this sequence number.
    func answer(sequence: UInt32, seconds: Int = 60) throws -> KernelAnswer {
        var answer = KernelAnswer(sequence: sequence)
        while !answer.isComplete {
            switch try receive(seconds: seconds) {
            case .datagram(let datagram, _): try withBytes(of: datagram) { (bytes) throws in try answer.take(bytes) }
            case .overrun: throw OverrunError()
            default: continue
            }
        }
        return answer
    }

    /// The next event of a group, as its message type, and the group.
    func nextEvent(seconds: Int = 60) throws -> (type: UInt16, group: UInt32) {
        while true {
            guard case .datagram(let datagram, let group) = try receive(seconds: seconds), group != 0 else { continue }
            return (try withBytes(of: datagram) { (bytes) throws in try bytes.u16(at: 4) }, group)
        }
    }
}

extension LocalSocket {
    /// Sends a datagram and gathers what answers the message with this sequence number.
    func answer(to datagram: [UInt8], sequence: UInt32) throws -> KernelAnswer {
        try send(datagram)
        var answer = KernelAnswer(sequence: sequence)
        while !answer.isComplete {
            var failure: (any Error)?
            let whole = try receive(seconds: 60) { bytes, _ in
                do { try answer.take(bytes) } catch { failure = error }
            }
            if let failure { throw failure }
            if !whole { throw OverrunError() }
        }
        return answer
    }
}

/// One netlink message.
func message(
    _ type: UInt16, _ flags: MessageFlags, sequence: UInt32 = 1, _ payload: [UInt8] = [], length: UInt32? = nil
) -> [UInt8] {
    var writer = MessageWriter()
    writer.append(length ?? UInt32(16 + payload.count))
    writer.append(type)
    writer.append(flags.union(.request).rawValue)
    writer.append(sequence)
    writer.append(UInt32(0))
    writer.append(payload)
    while writer.bytes.count % 4 != 0 { writer.append(UInt8(0)) }
    return writer.bytes
}

/// The messages of rtnetlink that the tests send; `linux/rtnetlink.h` has the numbers.
enum RouteRequest {
    static let newLink: UInt16 = 16
    static let getLink: UInt16 = 18
    static let newAddress: UInt16 = 20
    static let getAddress: UInt16 = 22
    static let newRoute: UInt16 = 24
    static let getRoute: UInt16 = 26
    static let getNeighbour: UInt16 = 30
    static let getRule: UInt16 = 34

    /// A dump with the family's own header, zeroed, of so many bytes.
    static func dump(_ type: UInt16, header: Int, sequence: UInt32 = 1) -> [UInt8] {
        message(type, .dump, sequence: sequence, [UInt8](repeating: 0, count: header))
    }

    /// RTM_GETLINK for one interface.
    static func link(index: UInt32, sequence: UInt32) -> [UInt8] {
        message(getLink, [], sequence: sequence, interface(index))
    }

    /// RTM_NEWLINK that sets an interface up or down: the plainest of writes.
    static func setLink(index: UInt32, up: Bool, sequence: UInt32) -> [UInt8] {
        message(newLink, .ack, sequence: sequence, interface(index, flags: up ? 1 : 0, mask: 1))
    }

    /// struct ifinfomsg.
    static func interface(_ index: UInt32, flags: UInt32 = 0, mask: UInt32 = 0) -> [UInt8] {
        var writer = MessageWriter()
        writer.append(UInt32(0))
        for value in [index, flags, mask] { writer.append(value) }
        return writer.bytes
    }
}

extension OptionRequest {
    /// NETLINK_EXT_ACK.
    static func extendedAcks(_ on: Bool) -> OptionRequest { OptionRequest(name: 11, value: on ? 1 : 0) }
}
