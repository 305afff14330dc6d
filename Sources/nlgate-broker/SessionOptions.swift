import GatewayProtocol
import Glibc
import LinuxSys

/// Socket options that a client may set.
extension Broker {
    func setOption(_ session: Session, _ option: OptionRequest, tag: UInt32) {
        reply(session, tag) { (kernel) throws(Errno) in
            switch option.name {
            case OptionRequest.receiveBuffer: try kernel.setReceiveBuffer(session, bytes: option.value)
            case OptionRequest.sendBuffer: try kernel.setSendBuffer(session, bytes: option.value)
            case UInt32(NetlinkOption.packetInfo):
                // Always on for our own use; the group travels in the frame's header.
                guard option.value <= 1 else { throw Errno(rawValue: EINVAL) }
            default: try setNetlinkOption(session, option, kernel)
            }
        }
    }

    private func setNetlinkOption(
        _ session: Session, _ option: OptionRequest, _ kernel: KernelGate
    ) throws(Errno) {
        let granted = [
            NetlinkOption.extAck, NetlinkOption.capAck, NetlinkOption.getStrictCheck, NetlinkOption.noENOBUFS,
            NetlinkOption.broadcastError,
        ]
        guard let name = Int32(exactly: option.name), granted.contains(name) else {
            throw Errno(rawValue: ENOPROTOOPT)
        }
        guard option.value <= 1 else { throw Errno(rawValue: EINVAL) }
        try kernel.setNetlinkOption(session, name, option.value == 1)
        if name == NetlinkOption.extAck { session.extendedAcks = option.value == 1 }
        if name == NetlinkOption.noENOBUFS { session.losesSilently = option.value == 1 }
    }

    func reply(_ session: Session, _ tag: UInt32, _ body: (KernelGate) throws(Errno) -> Void) {
        let outcome: Outcome
        do throws(Errno) {
            try body(kernel)
            outcome = Outcome(code: 0)
        } catch {
            outcome = Outcome(code: UInt32(error.rawValue), text: "\(error)")
        }
        send(session, .result, tag: tag, outcome.encode())
    }
}
