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
    var sealing: Sealing
    var epoll: Epoll
    var sessions: [UInt64: Session] = [:]
    /// One datagram of the largest size behind a packet that is nearly full.
    var scratch = [UInt8](
        repeating: 0, count: FrameHeader.maximumLength + FrameHeader.size + DatagramLimit.toClient)
    /// What a client sent, one packet.
    var clientPacket = [UInt8](repeating: 0, count: FrameHeader.maximumLength)
    var isStopping = false
    private var knownRights: [[UInt32]: SessionRights] = [:]

    /// Tokens: 0 is the supervisor; a session has its number doubled, its kernel socket one more.
    private static let controlToken: UInt64 = 0

    init(
        _ options: BrokerOptions, sealing: consuming Sealing, control: ControlSocket, lookup: KernelLookup,
        administrator: Administrator?, release: String
    ) throws(StartError) {
        let epoll = try Broker.queue(watching: control)
        self.epoll = epoll
        self.options = options
        self.control = control
        self.release = release
        self.sealing = sealing
        kernel = KernelGate(
            lookup: lookup, administrator: administrator, largestReceiveBuffer: options.receiveBuffer)
        budget = BurstBudget(limit: Int(clamping: options.burstBudget))
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

    /// Serves until the supervisor says stop and every session has said goodbye.
    mutating func run() {
        var events: [Event] = []
        while !(isStopping && sessions.isEmpty) {
            do throws(Errno) {
                try epoll.wait(milliseconds: -1, into: &events)
            } catch {
                exit(1)
            }
            for event in events {
                if event.token == Broker.controlToken {
                    receiveControl()
                } else if let session = sessions[event.token >> 1] {
                    handle(event, session)
                }
            }
        }
    }

    private mutating func handle(_ event: Event, _ session: Session) {
        if event.token & 1 == 1 {
            readKernel(session)
        } else {
            if event.readiness.contains(.write) || !session.outgoing.isEmpty { flush(session) }
            while isLive(session), !session.waiting.isEmpty, session.mayTake { takeWaiting(session) }
            if event.readiness.contains(.read) || event.readiness.contains(.hangUp), isLive(session), session.mayTake {
                readClient(session)
            }
        }
        while isLive(session), !session.waiting.isEmpty, session.mayTake { takeWaiting(session) }
        if isLive(session) { watch(session) }
    }

    func isLive(_ session: Session) -> Bool { sessions[session.assignment.session] === session }

    private mutating func receiveControl() {
        var passed: Descriptor?
        while let message = control.receive(taking: &passed) {
            switch message {
            case .assign(let assignment):
                guard let pair = passed.take(), !options.isPrivileged || sessions.isEmpty else { exit(1) }
                start(assignment, pair)
            case .revoke(let number, let reason, let text):
                if let session = sessions[number] { sayGoodbye(session, reason, text) }
            case .stop:
                isStopping = true
                for session in Array(sessions.values) {
                    sayGoodbye(session, GoodbyeReason.restart, "the gateway is stopping")
                }
            case .adopt, .opened, .refused, .serve, .grants, .forgetGrants, .regrant, .audited: exit(1)
            }
        }
    }

    private mutating func start(_ assignment: Assignment, _ pair: consuming Descriptor) {
        guard assignment.session > 0, assignment.session < 1 << 62, sessions[assignment.session] == nil,
            assignment.networkNamespace == options.networkNamespace,
            let rights = rights(assignment)
        else { exit(1) }
        let session = Session(
            assignment, pair: pair, rights: rights,
            limit: options.isPrivileged ? DatagramLimit.toBroker : DatagramLimit.toReader,
            outgoing: BurstBuffer(limit: Int(clamping: options.burstBuffer), budget: budget))
        do throws(Errno) {
            try epoll.add(session.pair.raw, .read, token: assignment.session << 1)
        } catch {
            exit(1)
        }
        sessions[assignment.session] = session
        control.send(.accepted(number: assignment.session))
    }

    private mutating func rights(_ assignment: Assignment) -> SessionRights? {
        let key = [assignment.grantSet, assignment.protocolNumber, assignment.readOnly ? 1 : 0]
        if let made = knownRights[key] { return made }
        let made = SessionRights(assignment)
        knownRights[key] = made
        return made
    }

    /// Tells epoll what this session waits for now.
    private mutating func watch(_ session: Session) {
        var pair: Readiness = []
        if !session.isEnding, session.mayTake { pair.insert(.read) }
        if !session.outgoing.isEmpty { pair.insert(.write) }
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
        session.outgoing.clear()
        epoll.remove(session.pair.raw)
        control.send(.ended(session: session.assignment.session))
        // A privileged broker dies with its session.
        if options.isPrivileged { exit(0) }
    }

    mutating func sayGoodbye(_ session: Session, _ reason: UInt32, _ text: String) {
        guard !session.isEnding else { return }
        session.isEnding = true
        send(session, .goodbye, Outcome(code: reason, text: text).encode())
        flush(session)
        if isLive(session) { watch(session) }
    }
}
