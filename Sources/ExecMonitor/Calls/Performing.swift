import GatewayProtocol
import Glibc
import LinuxSys

/// What becomes of a call.
enum Verdict: Equatable {
    /// It returns this.
    case value(Int64)
    /// The kernel carries it out.
    case carryOn
    /// It returned already.
    case answered
    /// It returns when something has happened.
    case later
}

extension ExecMonitor {
    func perform(_ call: Call) throws(Errno) -> Verdict {
        switch call.number {
        case SystemCallNumber.socket: return try openSocket(call)
        case SystemCallNumber.ioctl: return try askAboutInterface(call)
        default: return try performOnSocket(call)
        }
    }

    private func performOnSocket(_ call: Call) throws(Errno) -> Verdict {
        let peer: Descriptor
        do throws(Errno) {
            peer = try call.descriptor(call.integer(0))
        } catch {
            if error.rawValue == EBADF || error.rawValue == ENOENT { throw error }
            // A process that can't be looked into has no emulated socket that works; its own calls do.
            return .carryOn
        }
        guard let number = try peer.socketNumber(), let socket = sockets[number] else { return .carryOn }
        return try perform(call, socket, peer)
    }

    private func perform(
        _ call: Call, _ socket: EmulatedSocket, _ peer: borrowing Descriptor
    ) throws(Errno) -> Verdict {
        switch call.number {
        case SystemCallNumber.bind: return try bind(call, socket)
        case SystemCallNumber.connect: return try connect(call, socket)
        case SystemCallNumber.getsockname: return try tellName(call, socket.address)
        case SystemCallNumber.getpeername: return try tellName(call, NetlinkAddress())
        case SystemCallNumber.listen, SystemCallNumber.shutdown: throw Errno(rawValue: EOPNOTSUPP)
        case SystemCallNumber.setsockopt: return try setOption(call, socket)
        case SystemCallNumber.getsockopt: return try getOption(call, socket)
        case SystemCallNumber.sendto, SystemCallNumber.sendmsg, SystemCallNumber.sendmmsg:
            return try send(call, socket)
        case SystemCallNumber.recvfrom, SystemCallNumber.recvmsg, SystemCallNumber.recvmmsg:
            return try receive(call, socket, peer)
        default: return try duplicate(call, peer)
        }
    }

    /// A copy of an emulated socket has to stay among the trapped numbers.
    private func duplicate(_ call: Call, _ peer: borrowing Descriptor) throws(Errno) -> Verdict {
        var lowest = filter.base
        var closeOnExec = false
        switch call.number {
        case SystemCallNumber.dup: break
        case SystemCallNumber.fcntl:
            guard call.integer(2) < filter.numbers.upperBound else { throw Errno(rawValue: EINVAL) }
            lowest = max(lowest, call.integer(2))
            closeOnExec = call.integer(1) != F_DUPFD
        default:
            // dup2 and dup3.
            guard call.integer(1) < filter.base else { return .carryOn }
            throw Errno(rawValue: EINVAL)
        }
        let number = try freeNumber(call, from: lowest)
        try call.listener.install(call.id, peer, as: number, closeOnExec: closeOnExec)
        return .answered
    }

    func freeNumber(_ call: Call, from lowest: Int32) throws(Errno) -> Int32 {
        guard lowest < filter.numbers.upperBound else { throw Errno(rawValue: EMFILE) }
        let number = try ForeignThread.firstFreeNumber(lowest..<filter.numbers.upperBound, of: call.thread)
        guard call.isWaiting else { throw Errno(rawValue: ENOENT) }
        return number
    }

    private func connect(_ call: Call, _ socket: EmulatedSocket) throws(Errno) -> Verdict {
        guard call.integer(2) >= 2 else { throw Errno(rawValue: EINVAL) }
        let family = UserStructure.u16(try call.read(call.argument(1), count: 2), 0)
        if family == UInt16(AF_UNSPEC) { return .value(0) }
        let address = try netlinkAddress(call, at: call.argument(1), length: call.integer(2))
        guard address.portID == 0 else { throw Errno(rawValue: ECONNREFUSED) }
        guard address.groups == 0 else { throw Errno(rawValue: EPERM) }
        socket.isBound = true
        return .value(0)
    }

    private func tellName(_ call: Call, _ address: NetlinkAddress) throws(Errno) -> Verdict {
        try call.writeResult(address.bytes, at: call.argument(1), lengthAt: call.argument(2))
        return .value(0)
    }

    /// An address that the program gives.
    func netlinkAddress(_ call: Call, at address: UInt64, length: Int32) throws(Errno) -> NetlinkAddress {
        guard length >= NetlinkAddress.size else { throw Errno(rawValue: EINVAL) }
        let bytes = try call.read(address, count: NetlinkAddress.size)
        guard let result = NetlinkAddress(bytes) else { throw Errno(rawValue: EINVAL) }
        return result
    }

    /// Binds, and changes the groups to those of the address.
    private func bind(_ call: Call, _ socket: EmulatedSocket) throws(Errno) -> Verdict {
        let address = try netlinkAddress(call, at: call.argument(1), length: call.integer(2))
        if socket.isBound {
            guard address.portID == socket.address.portID else { throw Errno(rawValue: EINVAL) }
        } else if address.portID != 0, address.portID != socket.welcome.portID {
            let isTaken = sockets.values.contains {
                $0.protocolNumber == socket.protocolNumber && $0.isBound && $0.address.portID == address.portID
            }
            guard !isTaken else { throw Errno(rawValue: EADDRINUSE) }
            socket.ownPortID = address.portID
        }
        socket.isBound = true
        let wanted = Set((1...32 as ClosedRange<UInt32>).filter { address.groups & 1 << ($0 - 1) != 0 })
        let had = socket.groups.filter { $0 <= 32 }
        for group in had.subtracting(wanted) {
            socket.link?.queue(.leave, tag: 0, group: group)
            socket.groups.remove(group)
        }
        let new = wanted.subtracting(had)
        guard !new.isEmpty else { return .value(0) }
        try join(call, socket, new)
        return .later
    }

    /// Joins all groups, or none.
    func join(_ call: Call, _ socket: EmulatedSocket, _ groups: Set<UInt32>) throws(Errno) {
        let link = try liveLink(socket)
        call.hasEffect = true
        var left = groups.count
        var joined: Set<UInt32> = []
        var refusal: Errno?
        for group in groups.sorted() {
            let tag = request(socket) { [unowned self] result in
                left -= 1
                switch result {
                case .success(let outcome) where outcome.code == 0: joined.insert(group)
                case .success(let outcome):
                    refusal = refusal ?? Errno(rawValue: Int32(clamping: outcome.code))
                    if outcome.code == EPERM { complain(outcome.text) }
                case .failure(let error): refusal = refusal ?? error
                }
                guard left == 0 else { return }
                if let refusal {
                    for group in joined { socket.link?.queue(.leave, tag: 0, group: group) }
                    answer(call, .failure(refusal))
                } else {
                    socket.groups.formUnion(joined)
                    answer(call, .success(0))
                }
            }
            link.queue(.join, tag: tag, group: group)
        }
    }

    func liveLink(_ socket: EmulatedSocket) throws(Errno) -> GatewayLink {
        guard let link = socket.link, socket.failure == nil else {
            throw socket.failure ?? Errno(rawValue: ECONNRESET)
        }
        return link
    }

    /// Notes who waits for the answer to a request; the tag that it must have.
    func request(
        _ socket: EmulatedSocket, isSend: Bool = false, _ finish: @escaping (Result<Outcome, Errno>) -> Void
    ) -> UInt32 {
        let tag = socket.link?.nextTag() ?? 0
        socket.requests[tag] = PendingRequest(isSend: isSend, finish)
        return tag
    }
}
