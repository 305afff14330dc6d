import GatewayProtocol
import LinuxSys
import RemoteNetlink
import TLSSocket

/// Who has a link's session.
protocol SessionOwner: AnyObject {
    /// A connection will carry the session; requests may be sent at once.
    func assigned(_ link: GatewayLink)
    /// The session stands.
    func welcomed(_ welcome: Welcome)
    /// The session is over, or never began.
    func lost(_ error: ConnectError)
    /// A datagram: some of `bytes`.
    func received(_ bytes: [UInt8], _ range: Range<Int>, group: UInt32)
    /// The kernel dropped messages.
    func overrun()
    /// A tagged request ended.
    func ended(tag: UInt32, _ outcome: Outcome)
    /// False while datagrams find no room.
    var mayReceive: Bool { get }
}

/// One connection to the gateway; it carries one session after the other.
///
///     connecting --> handshake --> idle <--> greeting --> open --> resetting --> idle
final class GatewayLink: Watched {
    enum Phase: Equatable {
        case connecting
        case handshake
        case idle
        case greeting
        case open
        case resetting
        case dead
    }

    private static let readSize = 192 * 1024
    private static let fairShare = 8
    /// Milliseconds of silence after which the gateway is asked whether it is there.
    private static let silence: UInt64 = 20_000
    private static let patience: UInt64 = 10_000

    private unowned let pool: GatewayPool
    private let reactor: Reactor
    private let stream: StreamSocket
    private let context: TLSClientContext?
    private var token: UInt64 = 0
    private(set) var phase = Phase.connecting
    private(set) var owner: (any SessionOwner)?
    private(set) var hello: Hello?
    /// True from the second session on: the gateway may have closed meanwhile.
    private(set) var wasUsed = false
    private var isReleaseWanted = false
    private var machine = ClientSession()
    private var lastTag: UInt32 = 0

    private var watched: Readiness = []
    private var readWants = Readiness.read
    private var writeWants = Readiness.write
    private var outgoing = OutgoingBytes()
    private var buffer: [UInt8] = []
    private var start = 0
    private var end = 0
    private var isReading = false
    private var lastHeard: UInt64
    private var pingSent = false

    init(_ pool: GatewayPool, _ stream: StreamSocket, isConnected: Bool, _ context: TLSClientContext?) {
        self.pool = pool
        self.stream = stream
        self.context = context
        reactor = pool.reactor
        lastHeard = reactor.now
        token = reactor.register(self)
        outgoing.append(preface)
        reactor.wake(token, at: reactor.now + GatewayLink.patience)
        if isConnected { connected() } else { updateInterest() }
    }

    /// Bytes that wait for the network.
    var backlog: Int { outgoing.count }

    // MARK: - Sessions

    /// Starts a session; requests may follow at once.
    func open(_ hello: Hello, _ owner: any SessionOwner) {
        precondition(phase == .idle, "a link carries one session at a time")
        (self.hello, self.owner) = (hello, owner)
        machine = ClientSession()
        phase = .greeting
        reactor.wake(token, at: reactor.now + GatewayLink.patience)
        queue(.hello, payload: hello.encode())
        owner.assigned(self)
    }

    /// Somebody else has the session from now on.
    func handOver(to owner: any SessionOwner) {
        self.owner = owner
    }

    /// Ends the session; the link goes back to the pool.
    func release() {
        owner = nil
        switch phase {
        // The WELCOME under way has to be heard first.
        case .greeting: isReleaseWanted = true
        case .open: reset()
        default: break
        }
    }

    private func reset() {
        isReleaseWanted = false
        lastTag &+= 1
        machine.resetSent(tag: lastTag)
        phase = .resetting
        queue(.reset, tag: lastTag)
        updateInterest()
    }

    /// Queues a frame and sends what finds room.
    func queue(_ kind: FrameKind, tag: UInt32 = 0, group: UInt32 = 0, payload: [UInt8] = []) {
        var writer = FrameWriter()
        writer.append(kind, tag: tag, group: group, payload)
        outgoing.append(writer.take())
        flush()
    }

    /// A tag that no request has.
    func nextTag() -> UInt32 {
        lastTag &+= 1
        return lastTag
    }

    /// The owner has room again.
    func resume() {
        reactor.setUnfinished(token, true)
    }

    // MARK: - Beginning

    private func connected() {
        do throws(ConnectError) {
            if let context { try stream.startTLS(context) }
            phase = .handshake
            try shakeHands()
        } catch {
            die(error)
        }
    }

    private func shakeHands() throws(ConnectError) {
        if let wanted = try stream.handshake() {
            readWants = wanted
            return updateInterest()
        }
        readWants = .read
        phase = .idle
        reactor.wake(token, at: reactor.now + GatewayLink.silence)
        updateInterest()
        pool.becameIdle(self)
    }

    private func checkConnected() {
        do throws(Errno) {
            if let error = try stream.socket.pendingError() { throw error }
        } catch {
            return die(pool.connectError(error))
        }
        connected()
    }

    // MARK: - Readiness

    func ready(_ readiness: Readiness) {
        switch phase {
        case .dead: return
        case .connecting: checkConnected()
        case .handshake:
            do throws(ConnectError) { try shakeHands() } catch { die(error) }
        default:
            if !outgoing.isEmpty { flush() }
            read()
        }
    }

    private var mayRead: Bool { owner?.mayReceive ?? true }

    private func updateInterest() {
        guard phase != .dead else { return }
        var wanted: Readiness = []
        switch phase {
        case .connecting: wanted = .write
        case .handshake: wanted = readWants
        default:
            if mayRead { wanted.formUnion(readWants) }
            if !outgoing.isEmpty { wanted.formUnion(writeWants) }
        }
        do throws(Errno) {
            try reactor.watch(stream.socket.raw, from: watched, to: wanted, token)
            watched = wanted
        } catch {
            die(.system("epoll_ctl", error))
        }
    }

    private func flush() {
        guard phase != .dead, phase != .connecting, phase != .handshake else { return }
        do throws(ConnectError) {
            writing: while !outgoing.isEmpty {
                switch try outgoing.write(to: stream) {
                case .bytes: continue
                case .wantRead:
                    writeWants = .read
                    break writing
                case .wantWrite:
                    writeWants = .write
                    break writing
                case .closed: throw .closed
                }
            }
            updateInterest()
        } catch {
            // What the gateway said before it went explains more than the write that failed.
            reactor.setUnfinished(token, true)
        }
    }

    // MARK: - Reading

    private func read() {
        guard !isReading else { return }
        isReading = true
        defer { isReading = false }
        var isPending = false
        do throws(ConnectError) {
            try takeFrames()
            for _ in 0..<GatewayLink.fairShare {
                isPending = false
                guard phase != .dead, mayRead else { break }
                guard try fill() else { break }
                try takeFrames()
                isPending = true
            }
        } catch {
            return die(error)
        }
        guard phase != .dead else { return }
        reactor.setUnfinished(token, isPending && mayRead)
        updateInterest()
    }

    /// Reads what finds room; false when there is nothing.
    private func fill() throws(ConnectError) -> Bool {
        if buffer.isEmpty { buffer = [UInt8](repeating: 0, count: GatewayLink.readSize) }
        if start > 0 {
            buffer.replaceSubrange(0..<(end - start), with: buffer[start..<end])
            (start, end) = (0, end - start)
        }
        switch try stream.read(into: &buffer, at: end, count: buffer.count - end) {
        case .bytes(let count):
            end += count
            lastHeard = reactor.now
            pingSent = false
            return true
        case .wantRead: readWants = .read
        case .wantWrite: readWants = .write
        case .closed: throw .closed
        }
        return false
    }

    /// Takes whole frames as long as the owner has room.
    private func takeFrames() throws(ConnectError) {
        let bytes = buffer
        var cursor = FrameCursor(start..<end)
        while phase != .dead, mayRead {
            let event: SessionEvent
            do throws(ProtocolError) {
                guard let (header, payload) = try cursor.next(in: bytes.span) else { return }
                start = cursor.offset
                event = try machine.receive(header, payload, in: bytes.span)
            } catch {
                throw .protocolBroken(error)
            }
            try take(event, bytes)
        }
    }

    private func take(_ event: SessionEvent, _ bytes: [UInt8]) throws(ConnectError) {
        switch event {
        case .datagram(.inPlace(let range), let group): owner?.received(bytes, range, group: group)
        case .datagram(.assembled(let whole), let group): owner?.received(whole, 0..<whole.count, group: group)
        case .overrun: owner?.overrun()
        case .result(let tag, let outcome):
            if phase == .resetting, machine.isEnded { return sessionEnded() }
            owner?.ended(tag: tag, outcome)
        case .ping(let tag): queue(.pong, tag: tag)
        case .goodbye(let outcome): throw .goodbye(outcome)
        case .welcome(let welcome):
            phase = .open
            reactor.wake(token, at: reactor.now + GatewayLink.silence)
            if isReleaseWanted { reset() } else { owner?.welcomed(welcome) }
        case .description, .pong, .partial: break
        }
    }

    private func sessionEnded() {
        phase = .idle
        wasUsed = true
        hello = nil
        machine = ClientSession()
        if start == end { (buffer, start, end) = ([], 0, 0) }
        pool.becameIdle(self)
    }

    // MARK: - The end

    func timePassed(_ now: UInt64) {
        switch phase {
        case .dead: return
        case .connecting, .handshake, .greeting: die(.timedOut(seconds: Int(GatewayLink.patience / 1000)))
        case .idle, .open, .resetting: askWhetherAlive(now)
        }
    }

    private func askWhetherAlive(_ now: UInt64) {
        // While a slow program holds the reading up, nothing can be heard.
        if !mayRead { lastHeard = now }
        if now >= lastHeard + 2 * GatewayLink.silence {
            return die(.timedOut(seconds: Int(2 * GatewayLink.silence / 1000)))
        }
        if now >= lastHeard + GatewayLink.silence, !pingSent {
            pingSent = true
            queue(.ping, tag: nextTag())
        }
        reactor.wake(token, at: now + GatewayLink.silence / 4)
    }

    /// Closes the connection without a word about it to anybody.
    func close() {
        guard phase != .dead else { return }
        phase = .dead
        try? reactor.watch(stream.socket.raw, from: watched, to: [], token)
        reactor.forget(token)
        stream.close()
    }

    private func die(_ error: ConnectError) {
        guard phase != .dead else { return }
        let before = phase
        close()
        pool.died(self, in: before, error)
    }
}
