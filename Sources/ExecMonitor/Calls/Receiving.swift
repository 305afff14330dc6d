import Glibc
import LinuxSys

/// recvfrom with an address, recvmsg and recvmmsg.
extension ExecMonitor {
    static let outOfBand: Int32 = 0x1
    private static let peek: Int32 = 0x2
    private static let truncated: Int32 = 0x20
    private static let controlTruncated: Int32 = 0x8
    private static let doNotWait: Int32 = 0x40
    private static let errorQueue: Int32 = 0x2000

    /// A packet on its way to the program.
    typealias Packet = (bytes: [UInt8], group: UInt32)

    func receive(
        _ call: Call, _ socket: EmulatedSocket, _ peer: borrowing Descriptor
    ) throws(Errno) -> Verdict {
        if try attempt(call, socket, peer) { return .answered }
        if flags(call) & (ExecMonitor.doNotWait | ExecMonitor.errorQueue) != 0 || peer.isNonblocking {
            throw Errno(rawValue: EAGAIN)
        }
        let timeout = peer.receiveTimeout
        let deadline = timeout > 0 ? reactor.now + timeout : nil
        socket.receivers.append(PendingReceive(call, deadline: deadline))
        watchDeadlines(socket)
        return .later
    }

    /// Serves those who wait, in their order, as far as there are packets.
    func serveReceivers(_ socket: EmulatedSocket) {
        while let first = socket.receivers.first {
            if first.call.isWaiting, !serve(first.call, socket) { break }
            // An answer may have served others meanwhile.
            socket.receivers.removeAll { $0 === first }
        }
    }

    /// False when there is nothing for it yet.
    private func serve(_ call: Call, _ socket: EmulatedSocket) -> Bool {
        do throws(Errno) {
            let peer = try call.descriptor(call.integer(0))
            guard try peer.socketNumber() == socket.number else { throw Errno(rawValue: EBADF) }
            return try attempt(call, socket, peer)
        } catch {
            answer(call, .failure(error))
            return true
        }
    }

    /// Receives that have waited long enough.
    func expireReceivers(_ socket: EmulatedSocket, _ now: UInt64) {
        let over = socket.receivers.filter { $0.deadline.map { $0 <= now } ?? false }
        socket.receivers.removeAll { waiting in over.contains { $0 === waiting } }
        for waiting in over { answer(waiting.call, .failure(Errno(rawValue: EAGAIN))) }
        watchDeadlines(socket)
    }

    func watchDeadlines(_ socket: EmulatedSocket) {
        reactor.wake(socket.token, at: socket.receivers.compactMap(\.deadline).min())
    }

    private func flags(_ call: Call) -> Int32 {
        call.integer(call.number == SystemCallNumber.recvmsg ? 2 : 3)
    }

    // MARK: - One attempt

    /// Takes a packet and lets the call return; false when there is none.
    private func attempt(
        _ call: Call, _ socket: EmulatedSocket, _ peer: borrowing Descriptor
    ) throws(Errno) -> Bool {
        let flags = flags(call)
        guard flags & ExecMonitor.outOfBand == 0 else { throw Errno(rawValue: EOPNOTSUPP) }
        guard flags & ExecMonitor.errorQueue == 0 else { return false }
        guard let first = try takePacket(socket, peer, peeking: flags & ExecMonitor.peek != 0) else { return false }
        var taken = [first]
        let value: Int64
        switch call.number {
        case SystemCallNumber.recvfrom: value = try fillAddress(call, socket, first, flags)
        case SystemCallNumber.recvmsg: value = try fill(call, socket, peer, at: call.argument(1), first, flags)
        default: value = try fillMany(call, socket, peer, &taken, flags)
        }
        if !answer(call, .success(value)), flags & ExecMonitor.peek == 0 { giveBack(taken, socket, peer) }
        return true
    }

    private func fillMany(
        _ call: Call, _ socket: EmulatedSocket, _ peer: borrowing Descriptor, _ taken: inout [Packet], _ flags: Int32
    ) throws(Errno) -> Int64 {
        let most = min(UInt32(bitPattern: call.integer(2)), 1024)
        guard most > 0 else { return 0 }
        var count: Int64 = 0
        var packet: Packet? = taken[0]
        while let next = packet {
            let address = call.argument(1) &+ UInt64(count) * 64
            let length = try fill(call, socket, peer, at: address, next, flags)
            try call.write(address &+ 56, UserStructure.bytes(UInt32(length)))
            count += 1
            guard count < most, flags & ExecMonitor.peek == 0 else { break }
            packet = try takePacket(socket, peer, peeking: false)
            if let packet { taken.append(packet) }
        }
        return count
    }

    /// The next packet; nil when there is none.
    private func takePacket(
        _ socket: EmulatedSocket, _ peer: borrowing Descriptor, peeking: Bool
    ) throws(Errno) -> Packet? {
        if let returned = socket.returned.first {
            if !peeking { socket.returned.removeFirst() }
            return returned
        }
        guard let length = try peer.takePacket(into: &scratch, peeking: peeking) else {
            return nil
        }
        // The end of the pair: there is no session any more.
        guard length > 0 else { throw socket.failure ?? Errno(rawValue: ECONNRESET) }
        let bytes = Array(scratch[..<min(length, scratch.count)])
        guard bytes != OverrunMark.bytes else {
            if peeking { _ = try peer.takePacket(into: &scratch, peeking: false) }
            throw Errno(rawValue: ENOBUFS)
        }
        return (bytes, socket.group(ofLength: length, taking: !peeking))
    }

    /// A signal came between: the packets are the first again.
    private func giveBack(_ packets: [Packet], _ socket: EmulatedSocket, _ peer: borrowing Descriptor) {
        let isEmpty = (try? peer.takePacket(into: &scratch, peeking: true)) == Int?.none
        if isEmpty, socket.returned.isEmpty, socket.spill.isEmpty {
            // In the pair the program's poll finds them.
            for packet in packets { socket.deliver(again: packet.bytes, group: packet.group) }
        } else {
            socket.returned.insert(contentsOf: packets, at: 0)
        }
    }

    // MARK: - Into the program's memory

    /// recvfrom: buffer, length, flags, address, its length.
    private func fillAddress(
        _ call: Call, _ socket: EmulatedSocket, _ packet: Packet, _ flags: Int32
    ) throws(Errno) -> Int64 {
        let range = UserRange(address: call.argument(1), count: Int(clamping: call.argument(2)))
        let copied = try scatter(call, packet.bytes, [range])
        socket.largestReceive = max(socket.largestReceive, range.count)
        if call.argument(4) != 0 {
            let name = NetlinkAddress(fromKernelTo: packet.group).bytes
            try call.writeResult(name, at: call.argument(4), lengthAt: call.argument(5))
        }
        return Int64(flags & ExecMonitor.truncated != 0 ? packet.bytes.count : copied)
    }

    /// recvmsg: everything that struct msghdr has.
    private func fill(
        _ call: Call, _ socket: EmulatedSocket, _ peer: borrowing Descriptor, at address: UInt64, _ packet: Packet,
        _ flags: Int32
    ) throws(Errno) -> Int64 {
        let message = UserMessage(try call.read(address, count: UserMessage.size))
        let ranges = try call.ranges(message.vector, count: message.vectorCount)
        let copied = try scatter(call, packet.bytes, ranges)
        socket.largestReceive = max(socket.largestReceive, UserRange.total(ranges))
        var result = copied < packet.bytes.count ? ExecMonitor.truncated : 0
        if message.name != 0 {
            guard message.nameLength >= 0 else { throw Errno(rawValue: EINVAL) }
            let name = NetlinkAddress(fromKernelTo: packet.group).bytes
            try call.write(message.name, Array(name.prefix(Int(message.nameLength))))
            try call.write(address &+ UserMessage.nameLengthOffset, UserStructure.bytes(UInt32(name.count)))
        }
        let control = controlMessages(
            socket, peer, packet.group, room: message.control == 0 ? 0 : message.controlLength)
        try call.write(message.control, control.bytes)
        if control.isCut { result |= ExecMonitor.controlTruncated }
        try call.write(address &+ UserMessage.controlLengthOffset, UserStructure.bytes(UInt64(control.bytes.count)))
        try call.write(address &+ UserMessage.flagsOffset, UserStructure.bytes(result))
        return Int64(flags & ExecMonitor.truncated != 0 ? packet.bytes.count : copied)
    }

    private func controlMessages(
        _ socket: EmulatedSocket, _ peer: borrowing Descriptor, _ group: UInt32, room: UInt64
    ) -> ControlMessages {
        var messages = ControlMessages(room: room)
        if socket.options[NetlinkOption.packetInfo] == true {
            messages.append(
                level: NetlinkOption.level, type: NetlinkOption.packetInfo, UserStructure.bytes(group))
        }
        // SCM_CREDENTIALS of the kernel: no process, root.
        if (try? peer.option(level: SOL_SOCKET, SO_PASSCRED)) == 1 {
            messages.append(level: SOL_SOCKET, type: 2, [UInt8](repeating: 0, count: 12))
        }
        return messages
    }

    /// Copies as much as finds room.
    private func scatter(_ call: Call, _ bytes: [UInt8], _ ranges: [UserRange]) throws(Errno) -> Int {
        var done = 0
        for range in ranges where done < bytes.count {
            let part = min(range.count, bytes.count - done)
            try call.write(range.address, bytes.span.extracting(done..<(done + part)))
            done += part
        }
        return done
    }
}
