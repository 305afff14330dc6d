import GatewayProtocol
import LinuxSys
import NetlinkWire

/// RTM_GETNSID that names a namespace by a descriptor or a process of this host.
///
/// ip asks so for each of its named namespaces when a link has its other end elsewhere. The namespace has no number in
/// the other kernel, and that is what the kernel would say.
extension ExecMonitor {
    // linux/rtnetlink.h and linux/net_namespace.h.
    private static let getNumber = MessageType(rawValue: 90)
    private static let newNumber = MessageType(rawValue: 88)
    private static let numberAttribute: UInt16 = 1
    private static let byProcess: UInt16 = 2
    private static let byDescriptor: UInt16 = 3
    private static let headerSize = 4

    /// True when the datagram was answered here.
    func answerNamespaceNumber(_ datagram: [UInt8], _ socket: EmulatedSocket) -> Bool {
        guard socket.protocolNumber == 0, let request = namespaceRequest(datagram) else { return false }
        trace(socket, request: datagram)
        var answers: [[UInt8]] = []
        do throws(WireError) {
            answers.append(try unassigned(request, socket.welcome.portID))
            if request.flags.contains(.ack) {
                var acknowledgement = MessageWriter()
                try acknowledgement.acknowledge(request, portID: socket.welcome.portID, code: 0)
                answers.append(acknowledgement.bytes)
            }
        } catch {
            return false
        }
        for bytes in answers {
            trace(socket, bytes, 0..<bytes.count, group: 0)
            socket.deliver(bytes, 0..<bytes.count, group: 0)
        }
        serveReceivers(socket)
        return true
    }

    private func unassigned(_ request: MessageHeader, _ portID: UInt32) throws(WireError) -> [UInt8] {
        var answer = MessageWriter()
        let header = MessageHeader(
            type: ExecMonitor.newNumber, flags: [], sequence: request.sequence, portID: portID)
        try answer.message(header) { (writer: inout MessageWriter) throws(WireError) in
            writer.append([UInt8](repeating: 0, count: ExecMonitor.headerSize))
            // NETNSA_NSID_NOT_ASSIGNED.
            try writer.attribute(ExecMonitor.numberAttribute, UserStructure.bytes(Int32(-1)))
        }
        return answer.bytes
    }

    /// The header of such a request, when it is alone in its datagram.
    private func namespaceRequest(_ datagram: [UInt8]) -> MessageHeader? {
        var messages = MessageCursor(datagram.span)
        guard let message = try? messages.next(in: datagram.span), message.header.type == ExecMonitor.getNumber,
            messages.offset == datagram.count, message.header.flags.isDisjoint(with: .dump)
        else { return nil }
        let start = message.payload.lowerBound + ExecMonitor.headerSize
        guard start <= message.payload.upperBound else { return nil }
        var attributes = AttributeCursor(start..<message.payload.upperBound)
        var isForeign = false
        while let attribute = try? attributes.next(in: datagram.span) {
            isForeign = isForeign || [ExecMonitor.byProcess, ExecMonitor.byDescriptor].contains(attribute.type)
        }
        return isForeign ? message.header : nil
    }
}
