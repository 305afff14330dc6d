import ControlSocket
import GatewayIPC
import GatewayProtocol
import Glibc
import LinuxSys
import TLSSocket

/// The event loop: supervisor, listeners, clients, sessions.
struct Frontend: ~Copyable {
    let options: FrontendOptions
    let control: ControlSocket
    /// What handshakes begin with; nil without a keeper.
    var keeper: KeeperLink?
    var epoll: Epoll
    let listeners: [Listener]
    var connections: [UInt32: Connection] = [:]
    /// Connections without a session, by address.
    var unauthenticated: [[UInt8]: Int] = [:]
    /// Connections whose turn ended while TLS still held bytes of theirs.
    var unfinished: Set<UInt32> = []
    /// Connections whose client gets something later.
    var delayed = DelayedConnections()
    var nextNumber: UInt32 = 1
    /// Given up for a moment when descriptors run out, so that a client can be turned away.
    var reserve: SessionSocket?
    /// One frame of the largest size from a client, and one from a broker.
    var fromClient = [UInt8](repeating: 0, count: FrameHeader.maximumLength)
    var fromBroker = [UInt8](repeating: 0, count: FrameHeader.maximumLength)
    var isStopping = false
    var now = Clock.monotonicMilliseconds()

    /// Tokens: a connection's number doubled, its session's socket one more; listeners and the supervisor above them.
    private static let controlToken: UInt64 = 1 << 62
    private static let listenerToken: UInt64 = 1 << 61

    init(_ options: FrontendOptions, control: ControlSocket) throws(StartError) {
        let listeners = options.listeners.map {
            Listener(Descriptor(owning: $0.descriptor), transport: $0.transport)
        }
        let epoll = try Frontend.queue(watching: control)
        self.epoll = epoll
        self.options = options
        self.control = control
        self.listeners = listeners
        reserve = SessionSocket(copyOf: control.descriptor)
    }

    private static func queue(watching control: ControlSocket) throws(StartError) -> Epoll {
        do throws(Errno) {
            let epoll = try Epoll()
            try epoll.add(control.descriptor.raw, .read, token: controlToken)
            return epoll
        } catch {
            throw .system("epoll", error)
        }
    }

    /// Serves until the supervisor says stop and every client was told.
    mutating func run() {
        var events: [Event] = []
        var nextSweep = now + 1000
        while !(isStopping && connections.isEmpty) {
            do throws(Errno) {
                try epoll.wait(milliseconds: patience, into: &events)
            } catch {
                exit(1)
            }
            now = Clock.monotonicMilliseconds()
            for event in events { handle(event) }
            resumeUnfinished()
            resumeDelayed()
            guard now >= nextSweep else { continue }
            nextSweep = now + 1000
            sweep()
        }
    }

    /// Milliseconds until something is to be done that is no event.
    private var patience: Int32 {
        if !unfinished.isEmpty { return 0 }
        if connections.isEmpty { return -1 }
        return min(1000, untilNextResume)
    }

    /// Goes on reading where a turn ended with bytes still inside TLS.
    private mutating func resumeUnfinished() {
        guard !unfinished.isEmpty else { return }
        let numbers = unfinished
        unfinished = []
        for number in numbers {
            guard let connection = connections[number] else { continue }
            readClient(connection)
            if isLive(connection) { watch(connection) }
        }
    }

    private mutating func handle(_ event: Event) {
        if event.token == Frontend.controlToken { return receiveControl() }
        if event.token >= Frontend.listenerToken { return accept(from: Int(event.token - Frontend.listenerToken)) }
        guard let connection = connections[UInt32(truncatingIfNeeded: event.token >> 1)] else { return }
        if event.token & 1 == 1 {
            handleSession(event, connection)
        } else {
            handleClient(event, connection)
        }
        if isLive(connection) { watch(connection) }
    }

    func isLive(_ connection: Connection) -> Bool { connections[connection.number] === connection }

    private mutating func receiveControl() {
        var passed: Descriptor?
        while let message = control.receive(taking: &passed) {
            switch message {
            case .adopt(let number, let uid, let gid):
                guard let socket = passed.take() else { exit(1) }
                control.send(.accepted(number: UInt64(number)))
                adopt(number, socket, uid: uid, gid: gid)
            case .opened(let number):
                guard let socket = passed.take() else { exit(1) }
                control.send(.accepted(number: UInt64(number)))
                if let connection = connections[number] { open(connection, SessionSocket(socket)) }
            case .refused(let number, let reason, let text):
                if let connection = connections[number] { sayGoodbye(connection, reason, text) }
            case .stop:
                isStopping = true
                for listener in listeners { epoll.remove(listener.descriptor.raw) }
                for connection in Array(connections.values) {
                    sayGoodbye(connection, GoodbyeReason.restart, "the gateway is stopping")
                }
            case .serve: listen()
            case .keeper:
                guard let socket = passed.take() else { exit(1) }
                control.send(.accepted(number: 0))
                keeper = KeeperLink(SessionSocket(socket))
                if keeper == nil { control.send(.keeperLost) }
            case .assign, .revoke, .grants, .forgetGrants, .regrant, .audited, .attach, .review, .clients, .retire,
                .measure:
                exit(1)
            }
        }
    }

    /// From here on clients are accepted.
    private mutating func listen() {
        for (index, listener) in listeners.enumerated() {
            do throws(Errno) {
                try epoll.add(
                    listener.descriptor.raw, [.read, .exclusive], token: Frontend.listenerToken + UInt64(index))
            } catch {
                exit(1)
            }
        }
    }

    /// Tells epoll what this connection waits for now.
    mutating func watch(_ connection: Connection) {
        var wanted: Readiness = []
        if connection.mayRead, !connection.readWantsWrite { wanted.insert(.read) }
        if !connection.outgoing.isEmpty || connection.readWantsWrite { wanted.insert(.write) }
        // After the client's end only the loss of the whole connection is news.
        if wanted.isEmpty, connection.inputEnded { wanted.insert(.hangUp) }
        var session: Readiness = []
        if connection.mayReadBroker { session.insert(.read) }
        if !connection.toBroker.isEmpty { session.insert(.write) }
        let token = UInt64(connection.number) << 1
        do throws(Errno) {
            try epoll.change(connection.socket.raw, from: connection.watchedSocket, to: wanted, token: token)
            connection.watchedSocket = wanted
            if let socket = connection.session {
                try epoll.change(socket.descriptor.raw, from: connection.watchedSession, to: session, token: token | 1)
                connection.watchedSession = session
            }
        } catch {
            close(connection)
        }
    }

    /// Deadlines, silence, PING.
    private mutating func sweep() {
        let pingAfter = UInt64(options.pingSeconds) * 1000
        for connection in Array(connections.values) {
            if let deadline = connection.deadline, now >= deadline {
                if connection.phase == .open {
                    sayGoodbye(connection, GoodbyeReason.timeout, "no HELLO came in time")
                } else {
                    close(connection)
                }
            } else if connection.messages != nil {
                sweepMessages(connection, quietFor: pingAfter)
            } else if connection.phase == .open, now >= connection.lastHeard + pingAfter {
                if now >= connection.lastHeard + 3 * pingAfter {
                    sayGoodbye(connection, GoodbyeReason.timeout, "no answer to PING")
                } else if !connection.pingSent {
                    connection.pingSent = true
                    if !connection.deliver(.ping) { close(connection) }
                }
            }
            if isLive(connection) { watch(connection) }
        }
    }

    /// Queues GOODBYE; the connection ends when it is sent.
    mutating func sayGoodbye(_ connection: Connection, _ reason: UInt32, _ text: String) {
        guard connection.phase == .open else { return close(connection) }
        let said = connection.messages.map { $0.farewell(reason) } ?? connection.goodbye(reason, text)
        guard connection.deliver(said.span) else { return close(connection) }
        finish(connection)
    }

    /// Nothing more will be queued: close as soon as the client has everything.
    mutating func finish(_ connection: Connection) {
        dropSession(connection)
        connection.phase = .closing
        connection.deadline = now + 5000
        if connection.outgoing.isEmpty { drain(connection) }
        if isLive(connection) { watch(connection) }
    }

    /// Our end is said; the client's bytes are read and forgotten until its end comes.
    mutating func drain(_ connection: Connection) {
        connection.tls?.closeNotify()
        connection.socket.shutdown(write: true)
        connection.phase = .draining
        connection.readWantsWrite = false
        connection.deadline = now + 2000
    }

    mutating func dropSession(_ connection: Connection) {
        if let session = connection.session { epoll.remove(session.descriptor.raw) }
        connection.session = nil
        connection.watchedSession = []
        connection.toBroker = []
        connection.resumeAt = nil
        delayed.remove(connection.number)
    }

    mutating func close(_ connection: Connection) {
        guard connections.removeValue(forKey: connection.number) != nil else { return }
        dropSession(connection)
        authenticated(connection)
        if connection.phase == .handshake { connection.keeper?.forget(connection.number) }
        epoll.remove(connection.socket.raw)
        // Not before: until then its descriptor is in use.
        if connection.isKnown { control.send(.closed(connection: connection.number)) }
    }
}
