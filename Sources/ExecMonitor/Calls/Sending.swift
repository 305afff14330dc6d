import GatewayProtocol
import Glibc
import LinuxSys

/// sendto, sendmsg and sendmmsg.
///
/// They return when the kernel over there has worked on the datagram and its answer is in the pair, as a program on a
/// local socket may rely on: nft looks for errors with a select that doesn't wait.
extension ExecMonitor {
    func send(_ call: Call, _ socket: EmulatedSocket) throws(Errno) -> Verdict {
        switch call.number {
        case SystemCallNumber.sendto:
            guard call.integer(3) & ExecMonitor.outOfBand == 0 else { throw Errno(rawValue: EOPNOTSUPP) }
            let count = Int(clamping: call.argument(2))
            try checkDestination(call, at: call.argument(4), length: call.integer(5))
            let bytes = try gather(call, socket, [UserRange(address: call.argument(1), count: count)])
            return try forward(call, socket, [bytes], returning: Int64(bytes.count))
        case SystemCallNumber.sendmsg:
            let bytes = try message(call, socket, at: call.argument(1))
            return try forward(call, socket, [bytes], returning: Int64(bytes.count))
        default: return try sendMany(call, socket)
        }
    }

    /// struct mmsghdr: a message and what was sent of it.
    private func sendMany(_ call: Call, _ socket: EmulatedSocket) throws(Errno) -> Verdict {
        var datagrams: [[UInt8]] = []
        for index in 0..<UInt64(min(UInt32(bitPattern: call.integer(2)), 1024)) {
            let address = call.argument(1) &+ index * 64
            do throws(Errno) {
                let bytes = try message(call, socket, at: address)
                try call.write(address &+ 56, UserStructure.bytes(UInt32(bytes.count)))
                datagrams.append(bytes)
            } catch {
                // What stands before the mistake is sent; the next call finds it again.
                guard datagrams.isEmpty else { break }
                throw error
            }
        }
        guard !datagrams.isEmpty else { return .value(0) }
        return try forward(call, socket, datagrams, returning: Int64(datagrams.count))
    }

    private func message(_ call: Call, _ socket: EmulatedSocket, at address: UInt64) throws(Errno) -> [UInt8] {
        let message = UserMessage(try call.read(address, count: UserMessage.size))
        try checkDestination(call, at: message.name, length: message.nameLength)
        return try gather(call, socket, try call.ranges(message.vector, count: message.vectorCount))
    }

    /// Only the kernel can be spoken to.
    private func checkDestination(_ call: Call, at address: UInt64, length: Int32) throws(Errno) {
        guard address != 0, length != 0 else { return }
        let destination = try netlinkAddress(call, at: address, length: length)
        guard destination.portID == 0 else { throw Errno(rawValue: ECONNREFUSED) }
        guard destination.groups == 0 else { throw Errno(rawValue: EPERM) }
    }

    private func gather(
        _ call: Call, _ socket: EmulatedSocket, _ ranges: [UserRange]
    ) throws(Errno) -> [UInt8] {
        let total = UserRange.total(ranges)
        guard total <= Int(socket.welcome.maximumToServer) else { throw Errno(rawValue: EMSGSIZE) }
        guard total > 0 else { throw Errno(rawValue: ENODATA) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(total)
        for range in ranges { bytes += try call.read(range.address, count: range.count) }
        return bytes
    }

    private func forward(
        _ call: Call, _ socket: EmulatedSocket, _ datagrams: [[UInt8]], returning value: Int64
    ) throws(Errno) -> Verdict {
        let link = try liveLink(socket)
        call.hasEffect = true
        socket.isBound = true
        if datagrams.count == 1, answerNamespaceNumber(datagrams[0], socket) { return .value(value) }
        var refusal: Errno?
        var tags: [UInt32] = []
        for datagram in datagrams {
            // A RESULT with a datagram's tag comes only when the kernel didn't take it.
            let tag = request(socket, isSend: true) { result in
                if case .success(let outcome) = result, outcome.code != 0 {
                    refusal = refusal ?? Errno(rawValue: Int32(clamping: outcome.code))
                }
            }
            tags.append(tag)
            trace(socket, request: datagram)
            socket.sent.remember(datagram)
            link.queue(.datagram, tag: tag, payload: datagram)
        }
        // Changes nothing; its RESULT comes behind what the kernel answered.
        let fence = OptionRequest(name: UInt32(NetlinkOption.packetInfo), value: 1)
        let tag = request(socket, isSend: true) { [unowned self] result in
            for tag in tags { socket.requests[tag] = nil }
            if case .failure(let error) = result { refusal = refusal ?? error }
            answer(call, refusal.map { .failure($0) } ?? .success(value))
        }
        link.queue(.option, tag: tag, payload: fence.encode())
        return .later
    }

    /// What the program wrote without the monitor's help.
    func forwardWritten(_ socket: EmulatedSocket) {
        while let link = socket.link, socket.failure == nil, link.backlog < 1 << 22 {
            guard case .bytes(let count)? = try? socket.ours.receivePacket(into: &scratch, count: scratch.count) else {
                return
            }
            guard count <= Int(socket.welcome.maximumToServer) else { continue }
            socket.isBound = true
            let datagram = Array(scratch[..<count])
            trace(socket, request: datagram)
            socket.sent.remember(datagram)
            link.queue(.datagram, tag: 0, payload: datagram)
        }
    }
}
