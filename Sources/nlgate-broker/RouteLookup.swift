import GatewayPolicy
import Glibc
import LinuxSys
import NetlinkWire

/// The privileged broker's own rtnetlink socket, which has no capability: what the judge asks about the server.
///
/// Every question is asked when a message is judged and forgotten afterwards. The kernel answers inside `send()`, so
/// nothing is waited for; an answer that isn't there, is too long or isn't understood refuses the message.
final class RouteLookup {
    private let socket: Descriptor
    private var buffer = [UInt8](repeating: 0, count: 64 * 1024)
    private var sequence: UInt32 = 0

    /// Datagrams that one dump may have: several 100,000 addresses.
    private static let mostDatagrams = 4096

    static func open() throws(StartError) -> RouteLookup {
        do throws(Errno) {
            let socket = try Descriptor.netlink(protocolNumber: NetlinkProtocol.route)
            try socket.bindNetlink()
            // Without it the kernel ignores what it doesn't understand of a question.
            try socket.setOption(level: NetlinkOption.level, NetlinkOption.getStrictCheck, 1)
            return RouteLookup(socket)
        } catch {
            throw .system("can't open the lookup socket (NETLINK_ROUTE)", error)
        }
    }

    private init(_ socket: consuming Descriptor) {
        self.socket = socket
    }

    /// Asks for one object; nothing is answered when the kernel says with one of these errors that there is none.
    func ask(
        _ type: UInt16, none: [Int32], _ body: (inout MessageWriter) throws(WireError) -> Void,
        answer: (Message, Span<UInt8>) throws(WireError) -> Void
    ) throws(LookupFailure) {
        try send(type, .request, body)
        try receive { (message, bytes) throws(WireError) in
            if message.header.type == .error {
                let code = try Acknowledgement(message, in: bytes).code
                guard none.contains(code) else { throw WireError(.trailingBytes, at: message.offset) }
            } else {
                try answer(message, bytes)
            }
            return true
        }
    }

    /// Asks for all objects; an answer that a change has cut in two is asked for again.
    func dump(
        _ type: UInt16, _ body: (inout MessageWriter) throws(WireError) -> Void,
        each: (Message, Span<UInt8>) throws(WireError) -> Void
    ) throws(LookupFailure) {
        for _ in 0..<3 {
            try send(type, [.request, .dump], body)
            var isInterrupted = false
            try receive { (message, bytes) throws(WireError) in
                if message.header.flags.contains(.dumpInterrupted) { isInterrupted = true }
                if message.header.type == .done || message.header.type == .error {
                    guard try Acknowledgement(message, in: bytes).code == 0 else {
                        throw WireError(.trailingBytes, at: message.offset)
                    }
                    return true
                }
                try each(message, bytes)
                return false
            }
            if !isInterrupted { return }
        }
        throw LookupFailure()
    }

    private func send(
        _ type: UInt16, _ flags: MessageFlags, _ body: (inout MessageWriter) throws(WireError) -> Void
    ) throws(LookupFailure) {
        sequence &+= 1
        var writer = MessageWriter()
        do throws(WireError) {
            let header = MessageHeader(type: MessageType(rawValue: type), flags: flags, sequence: sequence)
            try writer.message(header, body)
        } catch {
            throw LookupFailure()
        }
        do throws(Errno) {
            // What an earlier question left behind would be in the way of a new dump.
            for _ in 0..<RouteLookup.mostDatagrams {
                guard try socket.receiveNetlink(into: &buffer, count: buffer.count) != nil else { break }
            }
            guard try socket.send(writer.bytes.span) == .bytes(writer.bytes.count) else {
                throw Errno(rawValue: EAGAIN)
            }
        } catch {
            throw LookupFailure()
        }
    }

    /// Hands out the answers to the last question until `each` says that it was the last.
    private func receive(
        _ each: (Message, Span<UInt8>) throws(WireError) -> Bool
    ) throws(LookupFailure) {
        for _ in 0..<RouteLookup.mostDatagrams {
            let datagram: ReceivedDatagram?
            do throws(Errno) {
                datagram = try socket.receiveNetlink(into: &buffer, count: buffer.count)
            } catch {
                throw LookupFailure()
            }
            guard let datagram, datagram.length <= buffer.count else { throw LookupFailure() }
            guard datagram.sender == 0 else { continue }
            let content = Array(buffer[..<datagram.length])
            do throws(WireError) {
                var cursor = MessageCursor(content.span)
                while let message = try cursor.next(in: content.span) {
                    if message.header.sequence == sequence, try each(message, content.span) { return }
                }
            } catch {
                throw LookupFailure()
            }
        }
        throw LookupFailure()
    }
}

/// What the kernel says of links (linux/if_link.h).
extension RouteLookup {
    func link(index: UInt32) throws(LookupFailure) -> LinkFacts? {
        guard index != 0, index <= UInt32(Int32.max) else { return nil }
        return try link(index: index, name: nil)
    }

    /// One attribute finds names and alternative names alike.
    func link(named name: String) throws(LookupFailure) -> LinkFacts? {
        guard !name.isEmpty, name.utf8.count < 128, !name.utf8.contains(0) else { return nil }
        return try link(index: 0, name: name)
    }

    private func link(index: UInt32, name: String?) throws(LookupFailure) -> LinkFacts? {
        var facts: LinkFacts?
        try ask(RouteMessage.getLink, none: [ENODEV]) { (writer: inout MessageWriter) throws(WireError) in
            writer.append([UInt8](repeating: 0, count: 4))
            writer.append(index)
            writer.append([UInt8](repeating: 0, count: 8))
            try writer.attribute(LinkAttribute.extendedMask, LinkAttribute.skipStatistics)
            if let name { try writer.attribute(LinkAttribute.alternativeName, name) }
        } answer: { (message, bytes) throws(WireError) in
            facts = try LinkFacts(message, in: bytes)
        }
        return facts
    }
}

extension LinkFacts {
    /// RTM_NEWLINK.
    fileprivate init(_ message: Message, in bytes: Span<UInt8>) throws(WireError) {
        let start = message.payload.lowerBound
        self.init(index: try bytes.u32(at: start + 4), name: "")
        var isForeign = false
        var cursor = AttributeCursor((start + 16)..<message.payload.upperBound)
        while let attribute = try cursor.next(in: bytes) {
            switch attribute.type {
            case LinkAttribute.name: name = try attribute.string(in: bytes)
            case LinkAttribute.lower: lowerIndex = try attribute.u32(in: bytes)
            case LinkAttribute.group: group = try attribute.u32(in: bytes)
            case LinkAttribute.lowerNamespace: isForeign = true
            case LinkAttribute.info:
                var info = AttributeCursor(attribute.payload)
                while let field = try info.next(in: bytes) {
                    if field.type == LinkAttribute.infoKind { kind = try field.string(in: bytes) }
                }
            case LinkAttribute.properties:
                var list = AttributeCursor(attribute.payload)
                while let field = try list.next(in: bytes) {
                    guard field.type == LinkAttribute.alternativeName else { continue }
                    alternativeNames.append(try field.string(in: bytes))
                }
            default: continue
            }
        }
        if isForeign || lowerIndex == index { lowerIndex = 0 }
    }
}

enum RouteMessage {
    static let getLink: UInt16 = 18
    static let getAddress: UInt16 = 22
    static let getRoute: UInt16 = 26
}

private enum LinkAttribute {
    static let name: UInt16 = 3
    static let lower: UInt16 = 5
    static let info: UInt16 = 18
    static let group: UInt16 = 27
    static let extendedMask: UInt16 = 29
    static let lowerNamespace: UInt16 = 37
    static let properties: UInt16 = 52
    static let alternativeName: UInt16 = 53
    static let infoKind: UInt16 = 1
    // RTEXT_FILTER_SKIP_STATS
    static let skipStatistics: UInt32 = 1 << 3
}
