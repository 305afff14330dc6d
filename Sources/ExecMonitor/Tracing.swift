/// One datagram between the program and the other kernel.
public struct TracedDatagram: Sendable {
    /// The program sent it.
    public var isRequest: Bool
    /// The netlink protocol.
    public var protocolNumber: Int32
    /// The multicast group that it came by; 0 for an answer.
    public var group: UInt32
    /// The messages.
    public var bytes: [UInt8]
}

/// `--trace`: what both sides say.
extension ExecMonitor {
    func trace(_ socket: EmulatedSocket, request bytes: [UInt8]) {
        settings.trace?(
            TracedDatagram(isRequest: true, protocolNumber: socket.protocolNumber, group: 0, bytes: bytes))
    }

    func trace(_ socket: EmulatedSocket, _ bytes: [UInt8], _ range: Range<Int>, group: UInt32) {
        guard let trace = settings.trace else { return }
        trace(
            TracedDatagram(
                isRequest: false, protocolNumber: socket.protocolNumber, group: group, bytes: Array(bytes[range])))
    }
}
