import GatewayProtocol
import GatewayURL
import Glibc
import LinuxSys
import RemoteNetlink

/// socket(AF_NETLINK, …): the call returns when the gateway has welcomed the session.
extension ExecMonitor {
    private static let closeOnExec: Int32 = 0o2000000
    private static let nonblocking: Int32 = 0o4000
    private static let typeBits: Int32 = 0xf

    func openSocket(_ call: Call) throws(Errno) -> Verdict {
        let type = call.integer(1)
        guard type & ~(ExecMonitor.closeOnExec | ExecMonitor.nonblocking | ExecMonitor.typeBits) == 0 else {
            throw Errno(rawValue: EINVAL)
        }
        // SOCK_DGRAM and SOCK_RAW.
        guard [2, 3].contains(type & ExecMonitor.typeBits) else { throw Errno(rawValue: ESOCKTNOSUPPORT) }
        guard (0..<32).contains(call.integer(2)) else { throw Errno(rawValue: EPROTONOSUPPORT) }
        call.hasEffect = false
        pool.request(hello(protocolNumber: call.integer(2)), for: OpeningSocket(self, call))
        return .later
    }

    func hello(protocolNumber: Int32, readOnly: Bool = false) -> Hello {
        Hello(
            protocolNumber: UInt32(protocolNumber),
            networkNamespace: settings.networkNamespace ?? settings.url.networkNamespace,
            readOnly: readOnly || settings.readOnly, clientName: "nlgate exec")
    }

    /// The session stands: the program gets its end of a pair.
    fileprivate func finishOpening(_ call: Call, _ link: GatewayLink, _ welcome: Welcome) {
        guard call.isWaiting else {
            // Killed meanwhile, or interrupted and not come back.
            if held[call.thread] === call { held[call.thread] = nil }
            return link.release()
        }
        do throws(Errno) {
            try install(call, link, welcome)
            if held[call.thread] === call { held[call.thread] = nil }
        } catch {
            link.release()
            answer(call, .failure(error))
        }
    }

    private func install(_ call: Call, _ link: GatewayLink, _ welcome: Welcome) throws(Errno) {
        let type = call.integer(1)
        let ends = try Descriptor.blockingPacketPair().release()
        let ours = Descriptor(owning: ends.ours)
        let theirs = Descriptor(owning: ends.theirs)
        try ours.setNonblocking(true)
        if type & ExecMonitor.nonblocking != 0 { try theirs.setNonblocking(true) }
        // More packets on their way; the kernel cuts it to wmem_max.
        try ours.setOption(level: SOL_SOCKET, SO_SNDBUF, 1 << 21)
        guard let number = try theirs.socketNumber() else { throw Errno(rawValue: ENOTSOCK) }
        let place = try freeNumber(call, from: filter.base)
        let socket = EmulatedSocket(
            ours: ours, number: number, protocolNumber: call.integer(2), type: type & ExecMonitor.typeBits)
        (socket.link, socket.welcome) = (link, welcome)
        let driver = SocketDriver(self, socket)
        socket.token = reactor.register(driver)
        do throws(Errno) {
            try driver.watch(.read)
            try call.listener.install(
                call.id, theirs, as: place, closeOnExec: type & ExecMonitor.closeOnExec != 0)
        } catch {
            try? driver.watch([])
            reactor.forget(socket.token)
            throw error
        }
        link.handOver(to: driver)
        sockets[number] = socket
    }

    /// What a program is told when it can't have a socket.
    fileprivate func refusal(_ error: ConnectError) -> Errno {
        complain("\(error)")
        guard case .goodbye(let outcome) = error else { return Errno(rawValue: ENETUNREACH) }
        return switch outcome.code {
        case GoodbyeReason.policy, GoodbyeReason.revoked, GoodbyeReason.expired: Errno(rawValue: EPERM)
        case GoodbyeReason.limits: Errno(rawValue: ENFILE)
        case GoodbyeReason.notFound: Errno(rawValue: EPROTONOSUPPORT)
        default: Errno(rawValue: ENETUNREACH)
        }
    }
}

/// A socket() that waits for its session.
private final class OpeningSocket: SessionOwner {
    private unowned let monitor: ExecMonitor
    private let call: Call
    private var link: GatewayLink?

    init(_ monitor: ExecMonitor, _ call: Call) {
        self.monitor = monitor
        self.call = call
    }

    let mayReceive = true

    func assigned(_ link: GatewayLink) { self.link = link }

    func welcomed(_ welcome: Welcome) {
        if let link { monitor.finishOpening(call, link, welcome) }
    }

    func lost(_ error: ConnectError) { monitor.answer(call, .failure(monitor.refusal(error))) }

    func received(_ bytes: [UInt8], _ range: Range<Int>, group: UInt32) {}
    func overrun() {}
    func ended(tag: UInt32, _ outcome: Outcome) {}
}
