import GatewayURL
import Glibc
import LinuxSys
import RemoteNetlink
import TLSSocket

/// The event loop of a tunnel: one listener, any number of clients up to a limit, no threads.
struct Tunnel: ~Copyable {
    /// Seconds until a client's connection to the gateway must stand.
    static let connectSeconds = 10
    /// Clients at once; beyond them the listener waits.
    private static let most = 400

    private let listener: TunnelListener
    private let target: GatewayURL
    private let context: TLSClientContext
    private let signals: SignalQueue
    private var epoll: Epoll
    private var addresses: [SocketAddress]
    private var pairs: [UInt64: TunnelPair] = [:]
    private var busy: Set<UInt64> = []
    private var nextNumber: UInt64 = 1
    private var isAccepting = false
    /// When it listens again, after it ran out of descriptors.
    private var acceptAt: UInt64 = 0
    private var isStopping = false
    private var buffer = [UInt8](repeating: 0, count: 65_536)

    /// Tokens: a pair's number doubled for its client, one more for the gateway.
    private static let listenerToken: UInt64 = 0
    private static let signalToken: UInt64 = 1

    init(listener: TunnelListener, to target: GatewayURL, _ context: TLSClientContext) throws(TunnelError) {
        ignoreSIGPIPE()
        let addresses = try Tunnel.resolve(target)
        let signals = try Tunnel.signals()
        let epoll = try Tunnel.queue(watching: signals.descriptor.raw)
        self.listener = listener
        self.target = target
        self.context = context
        self.addresses = addresses
        self.signals = signals
        self.epoll = epoll
        _ = raiseDescriptorLimit(to: UInt64(2 * Tunnel.most + 64))
    }

    private static func signals() throws(TunnelError) -> SignalQueue {
        do throws(Errno) {
            return try SignalQueue([SIGTERM, SIGINT])
        } catch {
            throw .system("signalfd", error)
        }
    }

    private static func queue(watching signals: Int32) throws(TunnelError) -> Epoll {
        do throws(Errno) {
            let epoll = try Epoll()
            try epoll.add(signals, .read, token: signalToken)
            return epoll
        } catch {
            throw .system("epoll", error)
        }
    }

    private static func resolve(_ target: GatewayURL) throws(TunnelError) -> [SocketAddress] {
        do throws(ResolveError) {
            return try SocketAddress.resolve(host: target.host, port: target.port)
        } catch {
            throw .connect(.resolve(error))
        }
    }

    /// Serves until SIGTERM or SIGINT.
    mutating func run() throws(TunnelError) {
        var events: [Event] = []
        while !isStopping {
            listen(pairs.count < Tunnel.most && Clock.monotonicMilliseconds() >= acceptAt)
            do throws(Errno) {
                try epoll.wait(milliseconds: patience, into: &events)
            } catch {
                throw .system("epoll", error)
            }
            for event in events { handle(event) }
            let again = busy
            busy = []
            for number in again { if let pair = pairs[number] { advance(pair) } }
            sweep()
        }
    }

    private var patience: Int32 {
        if !busy.isEmpty { return 0 }
        return pairs.isEmpty && isAccepting ? -1 : 1000
    }

    private mutating func listen(_ wanted: Bool) {
        guard wanted != isAccepting else { return }
        isAccepting = wanted
        if wanted {
            try? epoll.add(listener.descriptor.raw, .read, token: Tunnel.listenerToken)
        } else {
            epoll.remove(listener.descriptor.raw)
        }
    }

    private mutating func handle(_ event: Event) {
        switch event.token {
        case Tunnel.listenerToken: accept()
        case Tunnel.signalToken: isStopping = signals.next() != nil
        default:
            guard let pair = pairs[event.token >> 1] else { return }
            if event.readiness.contains(.hangUp) || event.readiness.contains(.error) {
                if event.token & 1 == 0 { pair.localIsGone = true } else { pair.remoteIsGone = true }
            }
            advance(pair)
        }
    }

    private mutating func accept() {
        do throws(Errno) {
            while pairs.count < Tunnel.most, let socket = try listener.accept() {
                let deadline = Clock.monotonicMilliseconds() + UInt64(Tunnel.connectSeconds) * 1000
                let pair = TunnelPair(nextNumber, socket, to: target, at: addresses, context, deadline: deadline)
                nextNumber += 1
                pairs[pair.number] = pair
                start(pair)
            }
        } catch {
            writeStandardError("nlgate tunnel: accept: \(error)")
            acceptAt = Clock.monotonicMilliseconds() + 1000
        }
    }

    private mutating func start(_ pair: TunnelPair) {
        do throws(TunnelError) {
            try pair.connect()
        } catch {
            return end(pair, error)
        }
        advance(pair)
    }

    private mutating func advance(_ pair: TunnelPair) {
        do throws(TunnelError) {
            guard try pair.advance(&buffer) else { return end(pair, nil) }
        } catch {
            return end(pair, error)
        }
        if pair.isBusy { busy.insert(pair.number) }
        watch(pair)
    }

    private mutating func watch(_ pair: TunnelPair) {
        let wanted = pair.wanted
        do throws(Errno) {
            try epoll.change(
                pair.local.descriptor.raw, from: pair.watchedLocal, to: wanted.local, token: pair.number << 1)
            pair.watchedLocal = wanted.local
            guard let remote = pair.remote else { return }
            try epoll.change(
                remote.descriptor.raw, from: pair.watchedRemote, to: wanted.remote, token: pair.number << 1 | 1)
            pair.watchedRemote = wanted.remote
        } catch {
            end(pair, .system("epoll", error))
        }
    }

    /// Connections that took too long.
    private mutating func sweep() {
        let now = Clock.monotonicMilliseconds()
        for pair in Array(pairs.values) where pair.phase != .open && now >= pair.deadline {
            end(pair, .timedOut(target))
        }
    }

    private mutating func end(_ pair: TunnelPair, _ error: TunnelError?) {
        guard pairs.removeValue(forKey: pair.number) != nil else { return }
        busy.remove(pair.number)
        // Closing the sockets takes them out of epoll.
        guard let error else { return }
        writeStandardError("nlgate tunnel: \(error)")
        // The name may lead elsewhere by now.
        if pair.phase == .connecting, let found = try? Tunnel.resolve(target) { addresses = found }
    }
}
