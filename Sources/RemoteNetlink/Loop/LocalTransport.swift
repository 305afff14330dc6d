import GatewayProtocol
import Glibc
import LinuxSys
import NetlinkWire

/// A netlink socket of this host's kernel.
final class LocalTransport: Transport {
    /// Datagrams received at one go before other channels get their turn.
    private static let fairShare = 64

    private unowned let channel: Channel
    private let socket: SharedDescriptor
    private var watched: Readiness = []
    private var isReceiving = false
    /// The kernel dropped messages, and drops them until its queue is empty; it says so once, before what is queued.
    private var isCongested = false

    init(_ channel: Channel, _ socket: SharedDescriptor) {
        self.channel = channel
        self.socket = socket
        updateInterest()
    }

    let maximumDatagram = DatagramLimit.toBroker
    /// Answers are taken before the next request is sent, but for those of a paused dump.
    let window = 16
    let nextDeadline: UInt64? = nil

    func deadlinePassed(_ now: UInt64) {}

    func send(_ datagram: [UInt8], tag: UInt32) throws(Errno) {
        // The kernel works inside this call: the answer is there when it returns.
        _ = try socket.descriptor.send(datagram.span)
    }

    func flush() {
        receive()
    }

    func ready(_ readiness: Readiness) {
        receive()
    }

    func updateInterest() {
        let wanted: Readiness = channel.mayRead ? .read : []
        guard wanted != watched else { return }
        do throws(Errno) {
            try channel.core.watch(socket.descriptor.raw, from: watched, to: wanted, channel.id)
            watched = wanted
        } catch {
            channel.end(.system("epoll_ctl", error))
        }
    }

    func control(_ operation: ControlOperation, _ answer: @escaping (ControlAnswer) -> Void) {
        do throws(Errno) {
            switch operation {
            case .join(let group): try set(NetlinkOption.addMembership, Int32(bitPattern: group))
            case .leave(let group): try set(NetlinkOption.dropMembership, Int32(bitPattern: group))
            case .option(let option): try socket.descriptor.set(option)
            case .describe: return answer(.success(.lines(["the local kernel, as this process may use it"])))
            case .arm, .confirm: return answer(.failure(.misuse(NetlinkConnection.nobodyToUndo)))
            case .ping: break
            }
            answer(.success(.done))
        } catch {
            answer(.failure(.refused(Acknowledgement(code: error.rawValue))))
        }
    }

    private func set(_ option: Int32, _ value: Int32) throws(Errno) {
        try socket.descriptor.setOption(level: NetlinkOption.level, option, value)
    }

    func close(_ error: ConnectError) {
        try? channel.core.watch(socket.descriptor.raw, from: watched, to: [], channel.id)
    }

    /// Takes what the kernel has; requests that are sent meanwhile have theirs taken by the same loop.
    private func receive() {
        guard !isReceiving else { return }
        isReceiving = true
        defer { isReceiving = false }
        receiveSome()
        // Where the gap is, or may be: behind what was queued.
        if isCongested, channel.isLive { channel.overrun() }
    }

    private func receiveSome() {
        let core = channel.core
        for _ in 0..<LocalTransport.fairShare {
            guard channel.mayRead else { return updateInterest() }
            do throws(Errno) {
                let count = core.scratch.count
                guard let datagram = try socket.descriptor.receiveNetlink(into: &core.scratch, count: count) else {
                    if isCongested { channel.overrun() }
                    isCongested = false
                    return
                }
                // Another process may send to this socket as well: only the kernel counts.
                guard datagram.sender == 0 else { continue }
                guard datagram.length <= count else {
                    channel.overrun()
                    continue
                }
                channel.take(core.scratch, 0..<datagram.length, group: datagram.group)
            } catch {
                guard error.rawValue == ENOBUFS else { return channel.end(.system("recvmsg", error)) }
                isCongested = true
                channel.overrun()
            }
        }
    }
}

extension Descriptor {
    /// Sets an option as a gateway would.
    func set(_ option: OptionRequest) throws(Errno) {
        switch option.name {
        case OptionRequest.receiveBuffer: try setReceiveBuffer(option.value)
        case OptionRequest.sendBuffer: try setSendBuffer(option.value)
        default: try setOption(level: NetlinkOption.level, Int32(clamping: option.name), Int32(clamping: option.value))
        }
    }

    /// Sets SO_RCVBUF beyond the system's limit where the process may.
    private func setReceiveBuffer(_ bytes: UInt32) throws(Errno) {
        do throws(Errno) {
            try setOption(level: SOL_SOCKET, SO_RCVBUFFORCE, Int32(clamping: bytes))
        } catch {
            try setOption(level: SOL_SOCKET, SO_RCVBUF, Int32(clamping: bytes))
        }
    }

    /// Sets SO_SNDBUF beyond the system's limit where the process may.
    private func setSendBuffer(_ bytes: UInt32) throws(Errno) {
        do throws(Errno) {
            try setOption(level: SOL_SOCKET, SO_SNDBUFFORCE, Int32(clamping: bytes))
        } catch {
            try setOption(level: SOL_SOCKET, SO_SNDBUF, Int32(clamping: bytes))
        }
    }
}
