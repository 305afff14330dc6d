import GatewayProtocol
import GatewayURL
import Glibc
import LinuxSys
import NetlinkWire
import Synchronization
import TLSSocket

/// Where a kernel is and how to get there, as often as needed.
final class Endpoint: Sendable {
    let host: NetlinkHost
    let settings: ConnectionSettings
    private let url: GatewayURL?
    private let context: TLSClientContext?
    /// The network namespace of the first local socket; the others must be of the same.
    private let namespace = Mutex<UInt64?>(nil)

    /// The local kernel.
    init(settings: ConnectionSettings) {
        host = .local
        self.settings = settings
        url = nil
        context = nil
    }

    /// A gateway.
    init(_ url: GatewayURL, _ credentials: Credentials?, settings: ConnectionSettings) throws(NetlinkError) {
        host = .gateway(url)
        self.settings = settings
        self.url = url
        do throws(ConnectError) {
            context = try tlsContext(url, credentials)
        } catch {
            throw NetlinkError(error, host: .gateway(url))
        }
    }

    /// Bytes of the receive buffer that a socket for events asks for: a burst of thousands of events.
    private static let eventBuffer: UInt32 = 4 << 20

    /// An opened channel, and what is known of the socket behind it.
    struct Opened: Sendable {
        var handle: ChannelHandle
        var welcome: Welcome
    }

    /// Opens a channel for a netlink protocol.
    ///
    /// A local socket belongs to the namespace of the calling thread.
    func open(
        _ netlinkProtocol: NetlinkProtocol, groups: [UInt32] = [], incoming: IncomingBuffer? = nil,
        readOnly: Bool? = nil
    ) async throws(NetlinkError) -> Opened {
        guard let url else { return try openLocal(netlinkProtocol, groups: groups, incoming: incoming) }
        let hello = Hello(
            protocolNumber: netlinkProtocol.rawValue,
            networkNamespace: settings.networkNamespace ?? url.networkNamespace,
            readOnly: readOnly ?? settings.readOnly, clientName: settings.clientName, groups: groups)
        let opening = Opening(
            url, context, hello, incoming, options: options(forEvents: !groups.isEmpty), settings.connectTimeout)
        switch await opening.run() {
        case .success(let opened): return opened
        case .failure(let reason): throw NetlinkError(reason, host: host)
        }
    }

    /// Opens a socket of the local kernel in the calling thread's namespace.
    func openLocal(
        _ netlinkProtocol: NetlinkProtocol, groups: [UInt32] = [], incoming: IncomingBuffer? = nil
    ) throws(NetlinkError) -> Opened {
        if let name = settings.networkNamespace {
            let text = "namespaces by name are a gateway's; open the local connection inside of \(name)"
            throw NetlinkError(.misuse(text))
        }
        do throws(Errno) {
            let socket = try Descriptor.netlink(protocolNumber: Int32(clamping: netlinkProtocol.rawValue))
            guard isInNamespace(socket) else { throw Errno(rawValue: EXDEV) }
            try socket.bindNetlink()
            try socket.setOption(level: NetlinkOption.level, NetlinkOption.packetInfo, 1)
            for option in options(forEvents: !groups.isEmpty) {
                // Like a gateway: an option that isn't there is done without.
                try? socket.set(option)
            }
            for group in groups {
                try socket.setOption(
                    level: NetlinkOption.level, NetlinkOption.addMembership, Int32(bitPattern: group))
            }
            var welcome = Welcome()
            welcome.portID = try socket.netlinkPortID()
            welcome.kernelRelease = kernelRelease()
            welcome.groups = groups
            let loop = try EventLoop.kernel()
            return Opened(handle: loop.add(local: SharedDescriptor(socket), incoming), welcome: welcome)
        } catch {
            guard error.rawValue != EXDEV else {
                throw NetlinkError(.misuse("the calling thread is in another network namespace than the client"))
            }
            throw NetlinkError(.system("netlink socket", error), host: .local)
        }
    }

    private func isInNamespace(_ socket: borrowing Descriptor) -> Bool {
        guard let cookie = socket.networkNamespaceCookie() else { return true }
        return namespace.withLock { namespace in
            namespace = namespace ?? cookie
            return namespace == cookie
        }
    }

    /// The options of a new socket.
    private func options(forEvents: Bool) -> [OptionRequest] {
        var options: [OptionRequest] = []
        func add(_ name: Int32, _ isWanted: Bool) {
            if isWanted { options.append(OptionRequest(name: UInt32(name), value: 1)) }
        }
        add(NetlinkOption.extAck, settings.extendedAcknowledgements)
        add(NetlinkOption.capAck, settings.cappedAcknowledgements)
        add(NetlinkOption.getStrictCheck, settings.strictChecking)
        if let size = settings.receiveBuffer ?? (forEvents ? Endpoint.eventBuffer : nil) {
            options.append(OptionRequest(name: OptionRequest.receiveBuffer, value: size))
        }
        return options
    }
}

extension EventLoop {
    /// Serves a socket of the local kernel.
    fileprivate func add(local socket: SharedDescriptor, _ incoming: IncomingBuffer?) -> ChannelHandle {
        let id = newID()
        let state = ChannelState()
        submit { core in
            let channel = Channel(id: id, core, state)
            if let incoming { channel.setIncoming(incoming) }
            channel.begin(LocalTransport(channel, socket))
        }
        return ChannelHandle(self, id: id, state)
    }
}

/// One attempt to have a session on a gateway.
struct Opening: Sendable {
    private let url: GatewayURL
    private let context: TLSClientContext?
    private let hello: Hello
    private let incoming: IncomingBuffer?
    private let options: [OptionRequest]
    private let timeout: Duration

    init(
        _ url: GatewayURL, _ context: TLSClientContext?, _ hello: Hello, _ incoming: IncomingBuffer?,
        options: [OptionRequest], _ timeout: Duration
    ) {
        self.url = url
        self.context = context
        self.hello = hello
        self.incoming = incoming
        self.options = options
        self.timeout = timeout
    }

    /// Tries each address in turn, all within the time.
    func run() async -> Result<Endpoint.Opened, NetlinkError.Reason> {
        let end = Clock.monotonicMilliseconds() + timeout.milliseconds
        let addresses: [SocketAddress]
        switch await Resolver.addresses(of: url, timeout: timeout) {
        case .success(let found): addresses = found
        case .failure(let reason): return .failure(reason)
        }
        var failure = ConnectError.timedOut(seconds: Int(timeout.components.seconds))
        for (index, address) in addresses.enumerated() {
            let now = Clock.monotonicMilliseconds()
            guard now < end else { break }
            // An address that doesn't answer must leave time for the others.
            let patience = max(1, (end - now) / UInt64(addresses.count - index))
            let result = await open(address, patience: patience)
            if Task.isCancelled { return .failure(.cancelled) }
            switch result {
            case .success(let opened): return .success(opened)
            case .failure(let error):
                failure = error
                guard case .connect = error else { return .failure(.connection(error)) }
            }
        }
        return .failure(.connection(failure))
    }

    private func open(_ address: SocketAddress, patience: UInt64) async -> Result<Endpoint.Opened, ConnectError> {
        do throws(ConnectError) {
            let loop = try EventLoop.forStreams()
            // On the calling task, so that the socket belongs to its thread's network namespace; nothing here waits.
            let started = try StreamSocket.connecting(to: address)
            let start = GatewayTransport.Start(
                url: url, address: address, isConnected: started.isConnected, context: context, hello: hello,
                strictGroups: false, options: options, patience: patience)
            return await welcome(loop, started.socket, start)
        } catch {
            return .failure(error)
        }
    }

    private func welcome(
        _ loop: EventLoop, _ socket: Int32, _ start: GatewayTransport.Start
    ) async -> Result<Endpoint.Opened, ConnectError> {
        let handle = ChannelHandle(loop, id: loop.newID(), ChannelState())
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let id = handle.id
                let state = handle.state
                loop.submit { core in
                    let channel = Channel(id: id, core, state)
                    if let incoming { channel.setIncoming(incoming) }
                    let stream = StreamSocket(Descriptor(owning: socket), start.url)
                    let transport = GatewayTransport(channel, stream, start) { continuation.resume(returning: $0) }
                    channel.begin(transport)
                    transport.begin()
                }
            }
        } onCancel: {
            handle.close()
        }
        return result.map { Endpoint.Opened(handle: handle, welcome: $0) }
    }
}

extension EventLoop {
    /// The loop for gateways.
    fileprivate static func forStreams() throws(ConnectError) -> EventLoop {
        do throws(Errno) {
            return try streams()
        } catch {
            throw .system("epoll", error)
        }
    }
}
