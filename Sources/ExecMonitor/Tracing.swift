import NetlinkWire

/// `--trace`: one line for each netlink message.
extension ExecMonitor {
    func trace(_ socket: EmulatedSocket, _ datagram: [UInt8], isAnswer: Bool) {
        guard settings.trace != nil else { return }
        trace(socket, datagram, 0..<datagram.count, isAnswer ? "<" : ">")
    }

    func trace(_ socket: EmulatedSocket, _ bytes: [UInt8], _ range: Range<Int>, group: UInt32) {
        guard settings.trace != nil else { return }
        trace(socket, bytes, range, group == 0 ? "<" : "< group \(group)")
    }

    private func trace(_ socket: EmulatedSocket, _ bytes: [UInt8], _ range: Range<Int>, _ direction: String) {
        var cursor = MessageCursor(range)
        while let message = try? cursor.next(in: bytes.span) {
            let header = message.header
            settings.trace?(
                "\(direction) protocol \(socket.protocolNumber) type \(header.type.rawValue) "
                    + "flags 0x\(String(header.flags.rawValue, radix: 16)) seq \(header.sequence) "
                    + "pid \(header.portID), \(header.length) bytes")
        }
    }
}
