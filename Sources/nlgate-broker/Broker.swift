import Confinement
import ControlSocket
import GatewayIPC
import GatewayPolicy
import GatewayProtocol
import Glibc
import LinuxSys

/// The event loop: supervisor, sessions' socketpairs, sessions' kernel sockets.
struct Broker: ~Copyable {
    let options: BrokerOptions
    let control: ControlSocket
    let kernel: KernelGate
    let budget: BurstBudget
    let denials = DenialIDs()
    let release: String
    let terminations: Terminations?
    var sealing: Sealing
    var epoll: Epoll
    var sessions: [UInt64: Session] = [:]
    var grantSets = GrantSets()
    var pauses = Pauses()
    /// Records that the supervisor hasn't confirmed, and whose they are.
    var tickets: [UInt64: UInt64] = [:]
    var lastTicket: UInt64 = 0
    /// One datagram of the largest size behind a packet that is nearly full.
    var scratch = [UInt8](
        repeating: 0, count: FrameHeader.maximumLength + FrameHeader.size + DatagramLimit.toClient)
    /// What a client sent, one packet.
    var clientPacket = [UInt8](repeating: 0, count: FrameHeader.maximumLength)
    var isStopping = false

    /// Tokens: 0 is the supervisor, 1 SIGTERM; a session has its number doubled, its kernel socket one more.
    private static let controlToken: UInt64 = 0
    private static let signalToken: UInt64 = 1

    init(
        _ options: BrokerOptions, sealing: consuming Sealing, control: ControlSocket, kernel: KernelGate,
        terminations: Terminations?, release: String
    ) throws(StartError) {
        let epoll = try Broker.queue(watching: control, terminations)
        self.epoll = epoll
        self.options = options
        self.control = control
        self.release = release
        self.sealing = sealing
        self.kernel = kernel
        self.terminations = terminations
        budget = BurstBudget(limit: Int(clamping: options.burstBudget))
    }

    private static func queue(
        watching control: ControlSocket, _ terminations: Terminations?
    ) throws(StartError) -> Epoll {
        do throws(Errno) {
            let epoll = try Epoll()
            try epoll.add(control.descriptor.raw, .read, token: controlToken)
            if let terminations {
                try epoll.add(terminations.queue.descriptor.raw, .read, token: signalToken)
            }
            return epoll
        } catch {
            throw .system("epoll", error)
        }
    }

    /// Serves until the supervisor says stop and every session has said goodbye.
    mutating func run() {
        var events: [Event] = []
        while !(isStopping && sessions.isEmpty) {
            do throws(Errno) {
                try epoll.wait(milliseconds: timeout(), into: &events)
            } catch {
                abandon()
            }
            for event in events {
                if event.token == Broker.controlToken {
                    receiveControl()
                } else if event.token == Broker.signalToken {
                    takeTermination()
                } else if let session = sessions[event.token >> 1] {
                    handle(event, session)
                }
            }
            for number in pauses.take(now: Clock.monotonicMilliseconds()) {
                if let session = sessions[number] { resume(session) }
            }
            rollBackIfDue()
            if control.isLost { abandon() }
        }
    }

    private mutating func handle(_ event: Event, _ session: Session) {
        if event.token & 1 == 1 {
            readKernel(session)
        } else {
            if event.readiness.contains(.write) || !session.outgoing.isEmpty { flush(session) }
            if event.readiness.contains(.hangUp), isLive(session),
                session.isPaused(now: Clock.monotonicMilliseconds())
            {
                return end(session)
            }
            proceed(session)
            if event.readiness.contains(.read) || event.readiness.contains(.hangUp), mayTake(session) {
                readClient(session)
            }
        }
        resume(session)
    }

    func isLive(_ session: Session) -> Bool { sessions[session.assignment.session] === session }

    /// True while the session's next request may be taken.
    func mayTake(_ session: Session) -> Bool {
        guard isLive(session), !session.isEnding, session.hasRoom else { return false }
        return session.throttle.isOpen || session.throttle.wait(now: Clock.monotonicMilliseconds()) == 0
    }

    /// Goes on with what had to wait, and tells epoll what is waited for now.
    mutating func resume(_ session: Session) {
        proceed(session)
        guard isLive(session) else { return }
        pause(session)
        watch(session)
    }

    /// What had to wait, in its order, as far as it may go now.
    private mutating func proceed(_ session: Session) {
        if session.awaitsSilence, isLive(session) { readKernel(session) }
        takeHeld(session)
        while !session.waiting.isEmpty, mayTake(session) { takeWaiting(session) }
    }

    /// Time alone brings tokens back, and an empty kernel queue raises no event.
    private mutating func pause(_ session: Session) {
        guard !session.isEnding else { return pauses.remove(session.assignment.session) }
        let now = Clock.monotonicMilliseconds()
        if session.awaitsSilence, !session.outgoing.isFull {
            pauses.add(session.assignment.session, at: now)
        } else if session.hasRoom, !session.throttle.isOpen, session.throttle.wait(now: now) > 0 {
            // Not each at its own millisecond: many sessions are looked at together.
            pauses.add(session.assignment.session, at: (now + session.throttle.wait(now: now) + 7) & ~7)
        } else {
            pauses.remove(session.assignment.session)
        }
    }

    /// Tells epoll what this session waits for now.
    private mutating func watch(_ session: Session) {
        var pair: Readiness = []
        if !session.outgoing.isEmpty { pair.insert(.write) }
        if mayTake(session) {
            pair.insert(.read)
        } else if !session.isEnding, session.isPaused(now: Clock.monotonicMilliseconds()) {
            // A client that leaves while it must wait is noticed at once.
            pair.insert(.hangUp)
        }
        let number = session.assignment.session
        do throws(Errno) {
            try epoll.change(session.pair.raw, from: session.watchedPair, to: pair, token: number << 1)
            session.watchedPair = pair
            guard let kernel = session.kernel else { return }
            let wanted: Readiness = session.isEnding || session.outgoing.isFull ? [] : .read
            try epoll.change(kernel.descriptor.raw, from: session.watchedKernel, to: wanted, token: number << 1 | 1)
            session.watchedKernel = wanted
        } catch {
            end(session)
        }
    }

    /// The session is over: kernel socket and socketpair are closed, the supervisor is told.
    mutating func end(_ session: Session) {
        guard sessions.removeValue(forKey: session.assignment.session) != nil else { return }
        rollBack(session, .connection)
        closeRecords(session)
        session.outgoing.clear()
        pauses.remove(session.assignment.session)
        epoll.remove(session.pair.raw)
        control.send(.ended(session: session.assignment.session))
        // A privileged broker dies with its session.
        if options.isPrivileged { exit(0) }
    }

    mutating func sayGoodbye(_ session: Session, _ reason: UInt32, _ text: String) {
        guard !session.isEnding else { return }
        rollBack(session, .connection)
        session.isEnding = true
        send(session, .goodbye, Outcome(code: reason, text: text).encode())
        flush(session)
        if isLive(session) { watch(session) }
        endWithSupervisor()
    }
}
