internal import NetlinkWire

/// The messages of a datagram, and what is wrong with its framing.
struct Frames {
    /// The first message that is no message, or zeros where not even a header stands.
    struct Fault {
        let header: MessageHeader
        let objection: Objection
    }

    private(set) var messages: [Message] = []
    private(set) var fault: Fault?

    /// Takes a datagram apart.
    ///
    /// Zeros behind the last message are let through: iproute2 sends the whole of its request buffers, and a length of
    /// 0 makes the kernel stop there too.
    init(_ datagram: Span<UInt8>, limit: Int) {
        guard !datagram.isEmpty else {
            fault = Fault(header: MessageHeader(length: 0, type: .noType), objection: .malformed("empty datagram"))
            return
        }
        var cursor = MessageCursor(datagram)
        do throws(WireError) {
            while cursor.offset < datagram.count {
                if !messages.isEmpty, Frames.isZero(datagram, from: cursor.offset) { return }
                guard let message = try cursor.next(in: datagram) else { return }
                guard messages.count < limit else {
                    fault = Fault(
                        header: messages[0].header, objection: .malformed("more than \(limit) messages in a datagram"))
                    messages = []
                    return
                }
                messages.append(message)
            }
        } catch {
            let header =
                (try? MessageHeader(from: datagram, at: cursor.offset)) ?? MessageHeader(length: 0, type: .noType)
            fault = Fault(header: header, objection: .malformed(error.description))
        }
    }

    /// True when nothing but zeros is left.
    private static func isZero(_ bytes: Span<UInt8>, from offset: Int) -> Bool {
        for index in offset..<bytes.count where bytes[index] != 0 { return false }
        return true
    }
}

extension MessageType {
    /// No type at all, for a header that couldn't be read.
    fileprivate static let noType = MessageType(rawValue: 0)
}
