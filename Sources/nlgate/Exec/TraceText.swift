import ExecMonitor
import GatewayPolicy
import LinuxSys
import NetlinkFamilies
import NetlinkWire

/// Netlink messages as lines for a person.
///
/// Families of generic netlink have the names that the other kernel gave in what passed by.
final class TraceText {
    private var families = FamilyMap()
    private static let flagNames: [(MessageFlags, String)] = [
        (.request, "REQUEST"), (.multi, "MULTI"), (.ack, "ACK"), (.echo, "ECHO"), (.dumpInterrupted, "DUMP_INTR"),
        (.dumpFiltered, "DUMP_FILTERED"),
    ]

    /// One line for each message.
    func lines(_ datagram: TracedDatagram) -> [String] {
        let bytes = datagram.bytes
        if datagram.protocolNumber == NetlinkProtocol.generic, !datagram.isRequest { families.apply(bytes.span) }
        var lines: [String] = []
        var cursor = MessageCursor(bytes.span)
        do throws(WireError) {
            while let message = try cursor.next(in: bytes.span) {
                lines.append(try line(message, datagram))
            }
        } catch {
            // Tools send the unused end of their buffer, too.
            let rest = bytes[cursor.offset...]
            if rest.contains(where: { $0 != 0 }) {
                lines.append("\(direction(datagram)) \(rest.count) bytes that are no message")
            }
        }
        return lines
    }

    private func direction(_ datagram: TracedDatagram) -> String {
        if datagram.isRequest { return ">" }
        return datagram.group == 0 ? "<" : "< group \(datagram.group)"
    }

    private func line(_ message: Message, _ datagram: TracedDatagram) throws(WireError) -> String {
        let header = message.header
        var words = [direction(datagram), try name(message, datagram)]
        let flags = flags(header.flags, datagram)
        if !flags.isEmpty { words.append(flags) }
        words.append("seq \(header.sequence)")
        words.append("\(header.length) bytes")
        if header.type == .error || header.type == .done {
            let answer = try Acknowledgement(message, in: datagram.bytes.span)
            words.append(answer.code == 0 ? "done" : "errno \(abs(answer.code)) \(Errno(rawValue: abs(answer.code)))")
            if let text = answer.text { words.append("\"\(Terminal.visible(text))\"") }
        } else if let attributes = attributes(message, datagram) {
            words[words.count - 1] += ": " + attributes
        }
        return words.joined(separator: " ")
    }

    /// nil where nothing is known of the layout, and where no attributes are.
    private func attributes(_ message: Message, _ datagram: TracedDatagram) -> String? {
        let type = message.header.type.rawValue
        let isGeneric = datagram.protocolNumber == NetlinkProtocol.generic
        let family = isGeneric ? families.name(of: type) : nil
        let known = AttributeNames.of(protocolNumber: datagram.protocolNumber, type: type, family: family)
        var size = known?.headerSize
        if size == nil, isGeneric {
            size = 4 + (family.flatMap { Catalogue.family("generic/\($0)") }?.headerSize ?? 0)
        }
        guard let size, message.payload.count > size else { return nil }
        var text = AttributeText(hostOrder: datagram.protocolNumber != NetlinkProtocol.netfilter)
        text.add((message.payload.lowerBound + size)..<message.payload.upperBound, known?.names, datagram.bytes)
        return text.text.isEmpty ? nil : text.text
    }

    private func flags(_ flags: MessageFlags, _ datagram: TracedDatagram) -> String {
        var names = TraceText.flagNames.filter { flags.contains($0.0) }.map(\.1)
        // The upper ones mean something else in each kind of request, and in answers.
        if datagram.isRequest {
            if flags.contains(.dump) {
                names.append("DUMP")
            } else if flags.rawValue & 0xff00 != 0 {
                names.append("0x" + String(flags.rawValue & 0xff00, radix: 16))
            }
        }
        return names.joined(separator: "|")
    }

    private func name(_ message: Message, _ datagram: TracedDatagram) throws(WireError) -> String {
        let type = message.header.type.rawValue
        switch message.header.type {
        case .noop: return "NOOP"
        case .error: return "ERROR"
        case .done: return "DONE"
        case .overrun: return "OVERRUN"
        default: break
        }
        let label = NetlinkProtocol.name(datagram.protocolNumber)
        guard datagram.protocolNumber == NetlinkProtocol.generic else {
            let family = Catalogue.families.first {
                $0.protocolNumber == datagram.protocolNumber && $0.operation(type) != nil
            }
            return "\(family?.label ?? label) \(family?.operation(type)?.name ?? "type \(type)")"
        }
        let command = UInt16(try datagram.bytes.span.u8(at: message.payload.lowerBound))
        guard let name = families.name(of: type) else { return "\(label)/\(type) command \(command)" }
        let operation = Catalogue.family("generic/\(name)")?.operation(command)
        return "\(label)/\(Terminal.visible(name)) \(operation?.name ?? "command \(command)")"
    }
}
