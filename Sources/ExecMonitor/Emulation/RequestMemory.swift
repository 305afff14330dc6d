import NetlinkWire

/// The last requests of a socket, so that a refusal can carry the request that it is about.
///
/// The kernel answers a failed request with all of it unless NETLINK_CAP_ACK is set; the gateway refuses with the header
/// alone. Programs that didn't ask for that decode what should follow.
struct RequestMemory {
    private static let largest = 8 << 10
    private static let mostBytes = 32 << 10
    /// struct nlmsgerr without what follows the header of the request.
    private static let errorSize = MessageHeader.size + 4 + MessageHeader.size

    private var datagrams: [[UInt8]] = []
    private var bytes = 0

    /// Takes what the program sent.
    mutating func remember(_ datagram: [UInt8]) {
        guard datagram.count <= RequestMemory.largest else { return }
        datagrams.append(datagram)
        bytes += datagram.count
        while bytes > RequestMemory.mostBytes { bytes -= datagrams.removeFirst().count }
    }

    /// An error with the whole request in it; nil for everything else, and when the request isn't known any more.
    func completed(_ datagram: [UInt8], _ range: Range<Int>) -> [UInt8]? {
        var cursor = MessageCursor(range)
        guard let error = try? cursor.next(in: datagram.span), error.header.type == .error,
            error.header.flags.contains(.capped),
            error.payload.count + MessageHeader.size
                >= RequestMemory.errorSize, cursor.offset == range.upperBound,
            UserStructure.u32(datagram, error.payload.lowerBound) != 0
        else { return nil }
        let requestStart = error.payload.lowerBound + 4
        let requestEnd = requestStart + MessageHeader.size
        guard let request = request(Array(datagram[requestStart..<requestEnd])) else { return nil }
        var whole = Array(datagram[error.offset..<requestStart]) + request
        if requestEnd < error.payload.upperBound {
            whole += [UInt8](repeating: 0, count: aligned(whole.count) - whole.count)
            whole += datagram[requestEnd..<error.payload.upperBound]
        }
        whole.replaceSubrange(0..<4, with: UserStructure.bytes(UInt32(whole.count)))
        let flags = error.header.flags.subtracting(.capped)
        whole.replaceSubrange(6..<8, with: UserStructure.bytes(flags.rawValue))
        return whole
    }

    /// The latest message with this header.
    private func request(_ header: [UInt8]) -> [UInt8]? {
        for datagram in datagrams.reversed() {
            var cursor = MessageCursor(datagram.span)
            while let message = try? cursor.next(in: datagram.span) {
                let start = message.offset
                guard Array(datagram[start..<(start + MessageHeader.size)]) == header else { continue }
                return Array(datagram[start..<message.payload.upperBound])
            }
        }
        return nil
    }
}
