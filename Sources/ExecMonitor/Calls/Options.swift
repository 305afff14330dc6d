import GatewayProtocol
import Glibc
import LinuxSys

/// setsockopt and getsockopt.
extension ExecMonitor {
    private static let listMemberships: Int32 = 9
    private static let listenAllNamespaces: Int32 = 8
    private static let socketProtocol: Int32 = 38
    private static let socketDomain: Int32 = 39
    private static let sendBufferForce: Int32 = 32
    private static let receiveBufferForce: Int32 = 33

    func setOption(_ call: Call, _ socket: EmulatedSocket) throws(Errno) -> Verdict {
        switch call.integer(1) {
        case NetlinkOption.level: return try setNetlinkOption(call, socket)
        case SOL_SOCKET: return try setSocketOption(call, socket)
        default: throw Errno(rawValue: ENOPROTOOPT)
        }
    }

    private func value(_ call: Call) throws(Errno) -> UInt32 {
        guard call.integer(4) >= 4 else { throw Errno(rawValue: EINVAL) }
        return try call.u32(call.argument(3))
    }

    /// The kernel takes a value that is too short for 0.
    private func netlinkValue(_ call: Call) throws(Errno) -> UInt32 {
        call.integer(4) >= 0 && call.integer(4) < 4 ? 0 : try value(call)
    }

    private func setNetlinkOption(_ call: Call, _ socket: EmulatedSocket) throws(Errno) -> Verdict {
        let option = call.integer(2)
        switch option {
        case NetlinkOption.addMembership:
            let group = try netlinkValue(call)
            guard group > 0 else { throw Errno(rawValue: EINVAL) }
            if socket.groups.contains(group) { return .value(0) }
            try join(call, socket, [group])
            return .later
        case NetlinkOption.dropMembership:
            let group = try netlinkValue(call)
            guard group > 0 else { throw Errno(rawValue: EINVAL) }
            socket.groups.remove(group)
            try liveLink(socket).queue(.leave, group: group)
            return .value(0)
        case NetlinkOption.packetInfo, NetlinkOption.broadcastError, NetlinkOption.noENOBUFS, NetlinkOption.capAck,
            NetlinkOption.extAck, NetlinkOption.getStrictCheck:
            let isOn = try netlinkValue(call) != 0
            socket.options[option] = isOn
            if option != NetlinkOption.packetInfo {
                // The kernel never refuses these, and what follows finds them set: nobody needs to wait.
                let request = OptionRequest(name: UInt32(option), value: isOn ? 1 : 0)
                try liveLink(socket).queue(.option, payload: request.encode())
            }
            return .value(0)
        case ExecMonitor.listenAllNamespaces: throw Errno(rawValue: EPERM)
        default: throw Errno(rawValue: ENOPROTOOPT)
        }
    }

    private func setSocketOption(_ call: Call, _ socket: EmulatedSocket) throws(Errno) -> Verdict {
        let option = call.integer(2)
        switch option {
        case SO_RCVBUF, ExecMonitor.receiveBufferForce:
            let bytes = min(try value(call), 1 << 30)
            socket.receiveBuffer = Int32(max(2 * bytes, 2304))
            let request = OptionRequest(name: OptionRequest.receiveBuffer, value: bytes)
            try liveLink(socket).queue(.option, payload: request.encode())
            return .value(0)
        case SO_SNDBUF, ExecMonitor.sendBufferForce:
            let bytes = min(try value(call), 1 << 30)
            socket.sendBuffer = Int32(max(2 * bytes, 4608))
            let request = OptionRequest(name: OptionRequest.sendBuffer, value: bytes)
            try liveLink(socket).queue(.option, payload: request.encode())
            return .value(0)
        default: return .carryOn
        }
    }

    func getOption(_ call: Call, _ socket: EmulatedSocket) throws(Errno) -> Verdict {
        let option = call.integer(2)
        switch (call.integer(1), option) {
        case (SOL_SOCKET, SO_TYPE): return try tell(call, socket.type)
        case (SOL_SOCKET, ExecMonitor.socketDomain): return try tell(call, AF_NETLINK)
        case (SOL_SOCKET, ExecMonitor.socketProtocol): return try tell(call, socket.protocolNumber)
        case (SOL_SOCKET, SO_RCVBUF): return try tell(call, socket.receiveBuffer)
        case (SOL_SOCKET, SO_SNDBUF): return try tell(call, socket.sendBuffer)
        case (SOL_SOCKET, _): return .carryOn
        case (NetlinkOption.level, ExecMonitor.listMemberships):
            try call.writeResult(membershipBitmap(socket), at: call.argument(3), lengthAt: call.argument(4))
            return .value(0)
        case (NetlinkOption.level, NetlinkOption.packetInfo...NetlinkOption.noENOBUFS),
            (NetlinkOption.level, NetlinkOption.capAck...NetlinkOption.getStrictCheck):
            return try tell(call, socket.options[option] == true ? 1 : 0)
        default: throw Errno(rawValue: ENOPROTOOPT)
        }
    }

    private func tell(_ call: Call, _ value: Int32) throws(Errno) -> Verdict {
        try call.writeResult(UserStructure.bytes(value), at: call.argument(3), lengthAt: call.argument(4))
        return .value(0)
    }

    /// One bit for each group, in 32-bit words.
    private func membershipBitmap(_ socket: EmulatedSocket) -> [UInt8] {
        let highest = Int(min(socket.groups.max() ?? 0, 65_536))
        var bitmap = [UInt8](repeating: 0, count: max(4, (highest + 31) / 32 * 4))
        for group in socket.groups where group <= 65_536 { bitmap[Int(group - 1) / 8] |= 1 << ((group - 1) % 8) }
        return bitmap
    }
}
