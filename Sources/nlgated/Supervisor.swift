import Confinement
import GatewayIPC
import Glibc
import LinuxSys
import Roles

/// What an epoll token stands for.
enum Token {
    static let signals: UInt64 = 1
    static let admin: UInt64 = 2
    static let standardInput: UInt64 = 3
    static func unixListener(_ index: Int) -> UInt64 { 3 << 60 | UInt64(index) }
    static func control(_ child: UInt64) -> UInt64 { 1 << 60 | child }
    static func process(_ child: UInt64) -> UInt64 { 2 << 60 | child }
    static func adminClient(_ number: UInt64) -> UInt64 { 4 << 60 | number }

    static let kindMask: UInt64 = 15 << 60
}

/// The event loop and what it knows.
///
/// A class, because it owns every descriptor of the daemon to the end.
final class Supervisor {
    /// What a reader may open; a kernel that lacks one refuses it at HELLO.
    static let readerProtocols: [Int32] = [0, 4, 16]
    static let mostDeaths = 10

    let options: Options
    let limits: Limits
    /// In force; there may be other ones on the way.
    var files: CredentialFiles
    let users: Users
    let namespaces: Namespaces
    let images: Images
    let listeners: Listeners
    let admin: AdminSocket
    let signals: Signals
    let notifier: Notifier
    let report: SealingReport
    let audit: AuditLog
    let daemonUID = getuid()
    let null: Descriptor
    let frontendCount: Int
    let readerCount: Int
    var epoll: Epoll
    var now = Clock.monotonicMilliseconds()

    var children: [UInt64: Child] = [:]
    var childCount: UInt64 = 0
    var restarts: [(at: UInt64, kind: Child.Kind)] = []
    var deaths: [UInt64] = []

    /// In force; there is one before anybody is served.
    var policy: LoadedPolicy?
    /// Policies that there have been.
    var policyCount: UInt32 = 0
    /// Until when the keeper must have said what everybody is to the policy, in monotonic milliseconds; nil when nobody
    /// was asked about.
    var mappingDeadline: UInt64?
    /// The client that the keeper was asked about last; it answers in order.
    var lastReview: Review?
    /// What is said when everybody has been judged by the policy in force.
    var policyNews: [PolicyNews] = []
    /// What the service manager is to hear of the policy when the reload is over.
    var reloadVerdict: String?
    /// Policies that wait for their turn.
    var policyRequests: [PolicyRequest] = []
    /// The policy that is being compiled.
    var compilation: Compilation?
    var grantSets = GrantSets()
    /// Somebody waits for `nlgate status`.
    var statusRequest: StatusRequest?

    let startedAt = Clock.monotonicMilliseconds()
    /// Messages and sessions that the policy refused.
    var denialCount: UInt64 = 0
    /// Standing processes that ended by themselves.
    var restartCount: UInt64 = 0

    /// The keeper that signs and decides now, by its number.
    var keeperNumber: UInt64?
    /// The keeper that is to take its place, with other files.
    var renewal: Renewal?

    var sessions: [UInt64: SessionRecord] = [:]
    var sessionCount: UInt64 = 0
    var sessionsOf: [Principal: Int] = [:]
    /// Unix connections, by user.
    var connectionsOf: [UInt32: Int] = [:]
    var nextAdopted: UInt32 = 1 << 31

    /// Why a standing process could not start.
    var failure: String?
    var isServing = false
    var isStopping = false
    var stopDeadline: UInt64 = 0
    /// Everybody was told to stop, not only those that were armed.
    private var hasStoppedAll = false
    /// Brokers that are told to stop before the others.
    private var stopFirst: [UInt64] = []
    private var exitCode: Int32 = 0
    private var nextCheck: UInt64 = 0
    private var nextOmissions: UInt64 = 0
    /// When the ends of certificates are looked at again, in monotonic milliseconds.
    var nextExpiryCheck: UInt64 = 0
    /// What was said of each last, of which keeper's, and when it is said again, in monotonic milliseconds.
    var expiryWarnings: [String: (keeper: UInt64, state: ExpiryState, again: UInt64)] = [:]
    private var buffer = [UInt8](repeating: 0, count: maximumMessageLength + 1)

    init(
        _ options: Options, limits: Limits, files: CredentialFiles, users: Users, namespaces: Namespaces,
        images: Images, listeners: Listeners, admin: AdminSocket, audit: AuditLog, signals: Signals,
        notifier: Notifier, report: SealingReport
    ) throws(StartError) {
        self.options = options
        self.limits = limits
        self.files = files
        self.users = users
        self.namespaces = namespaces
        self.images = images
        self.listeners = listeners
        self.admin = admin
        self.audit = audit
        self.signals = signals
        self.notifier = notifier
        self.report = report
        let cores = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        frontendCount = options.frontends ?? cores
        readerCount = options.readers ?? max(2, cores)
        null = try attempt("/dev/null") { () throws(Errno) in try Descriptor.open("/dev/null", flags: O_RDWR) }
        epoll = try Supervisor.queue(signals, admin)
    }

    private static func queue(_ signals: Signals, _ admin: AdminSocket) throws(StartError) -> Epoll {
        try attempt("epoll") { () throws(Errno) in
            let epoll = try Epoll()
            try epoll.add(signals.queue.descriptor.raw, .read, token: Token.signals)
            if let listener = admin.listener {
                try epoll.add(listener.descriptor.raw, .read, token: Token.admin)
            }
            return epoll
        }
    }

    /// Serves until it is told to stop and every process has ended; returns the exit status.
    func run() -> Int32 {
        while !(isStopping && children.isEmpty) { turn(milliseconds: 1000) }
        audit.writeOmissions(now: now)
        return exitCode
    }

    /// One round of the loop.
    func turn(milliseconds: Int32) {
        var events: [Event] = []
        let soonest = restarts.map(\.at).min().map { Int32(clamping: $0 > now ? $0 - now : 0) } ?? milliseconds
        do throws(Errno) {
            try epoll.wait(milliseconds: min(milliseconds, soonest), into: &events)
        } catch {
            writeLog(.error, "epoll_wait: \(error)")
            exit(1)
        }
        now = Clock.monotonicMilliseconds()
        for event in events { handle(event) }
        if isStopping, !hasStoppedAll, stopFirst.allSatisfy({ children[$0] == nil }) { stopAll() }
        startDue()
        checkDeadlines()
        notifier.alive(now: now)
    }

    private func handle(_ event: Event) {
        let number = event.token & ~Token.kindMask
        switch event.token & Token.kindMask {
        case 0 where event.token == Token.signals: takeSignals()
        case 0 where event.token == Token.standardInput: readStandardInput()
        case 0: admin.accept(self)
        case 1 << 60:
            if let child = children[number] { receive(child, event) }
        case 2 << 60:
            if let child = children[number] { reap(child) }
        case 3 << 60: acceptUnix(listeners.unix[Int(number)])
        default: admin.handle(number, self)
        }
    }

    private func takeSignals() {
        while let signal = signals.queue.next() {
            switch signal {
            case SIGHUP: reload()
            default: stop(exitCode: 0)
            }
        }
    }

    private func reap(_ child: Child) {
        do throws(Errno) {
            guard let status = try child.process.reap() else { return }
            // What it said last may still be in the socket.
            if child.kind == .compiler || child.kind == .keeper || child.kind.isBroker { receiveRest(child) }
            childEnded(child, status)
        } catch {
            childEnded(child, .exited(-1))
        }
    }

    /// Reads a child's messages.
    ///
    /// A malformed one, or a verb in the wrong state, kills the child.
    private func receive(_ child: Child, _ event: Event) {
        if event.readiness.contains(.write), !child.flush() { return kill(child) }
        receive(child)
    }

    /// All that a process said before it ended; it can't be more than its socket holds.
    private func receiveRest(_ child: Child) {
        for _ in 0..<64 where children[child.number] === child && !child.isSilent { receive(child) }
    }

    func receive(_ child: Child) {
        for _ in 0..<64 {
            do throws(Errno) {
                switch try child.control.receivePacket(into: &buffer, count: buffer.count) {
                case .wouldBlock: return watch(child)
                // The process is ending; its pidfd tells when it has.
                case .closed:
                    child.isSilent = true
                    return epoll.remove(child.control.raw)
                case .bytes(let count):
                    guard let message = try? ChildMessage(Array(buffer[..<count])), take(message, from: child) else {
                        let text = "\(child.kind.name) broke the protocol between our processes"
                        log(text, .error)
                        if child.kind == .compiler { compilation?.fail(text) }
                        return kill(child)
                    }
                }
            } catch {
                return kill(child)
            }
        }
        watch(child)
    }

    private func watch(_ child: Child) {
        guard children[child.number] === child else { return }
        try? epoll.modify(
            child.control.raw, child.hasQueue ? [.read, .write] : .read, token: Token.control(child.number))
    }

    /// Sends to a child, and keeps an eye on it when it doesn't read.
    func send(_ message: SupervisorMessage, to child: Child, passing descriptor: PassedDescriptor? = nil) {
        guard child.send(message, passing: descriptor) else { return kill(child) }
        if child.hasQueue { watch(child) }
    }

    func kill(_ child: Child) {
        try? child.process.signal(SIGKILL)
    }

    /// Goodbye to everybody; whoever is still there after five seconds is killed.
    ///
    /// Brokers that have something to undo come first and have five seconds of their own, while their clients can
    /// still be told.
    func stop(exitCode: Int32) {
        guard !isStopping else { return }
        isStopping = true
        notifier.stopping()
        self.exitCode = exitCode
        stopDeadline = now + 5000
        restarts = []
        for listener in listeners.unix { epoll.remove(listener.descriptor.raw) }
        let armed = children.values.filter(\.isArmed)
        for child in armed where !child.send(.stop) { try? child.process.signal(SIGTERM) }
        if armed.isEmpty { return stopAll() }
        stopFirst = armed.map(\.number)
        log(
            "\(armed.count) armed \(armed.count == 1 ? "list is" : "lists are") undone before the gateway stops",
            .warning)
    }

    /// The second step of a stop.
    private func stopAll() {
        hasStoppedAll = true
        stopDeadline = now + 5000
        for child in children.values where child.kind == .compiler || !child.send(.stop) { kill(child) }
    }

    /// Ten times a second at most: it looks at every session.
    private func checkDeadlines() {
        guard now >= nextCheck else { return }
        nextCheck = now + 100
        if isStopping, !hasStoppedAll, now >= stopDeadline { stopAll() }
        for child in children.values {
            if hasStoppedAll, now >= stopDeadline { kill(child) }
            if let deadline = child.deadline, now >= deadline {
                let text = "\(child.kind.name) was not \(child.isReady ? "done" : "ready") within 10 seconds"
                log(text, .error)
                startFailed(child, text)
                child.deadline = nil
                kill(child)
            }
            if child.isReady, child.isStuck(now: now) {
                log("\(child.kind.name) doesn't answer; killed", .error)
                kill(child)
            }
        }
        endExpiredSessions()
        endUnmapped()
        tellReloaded()
        renewLinks()
        answerStatus()
        endRetiredKeepers()
        warnOfExpiries()
        guard now >= nextOmissions else { return }
        nextOmissions = now + 1000
        audit.writeOmissions(now: now)
    }

    func log(_ text: String, _ level: LogLevel = .info) {
        writeLog(level, text)
    }
}

/// Signals as something that can be handed on.
final class Signals {
    let queue: SignalQueue

    init(_ queue: consuming SignalQueue) {
        self.queue = queue
    }
}

/// SIGTERM and SIGINT stop the daemon, SIGHUP reloads.
func queuedSignals() throws(StartError) -> Signals {
    try attempt("signalfd") { () throws(Errno) in Signals(try SignalQueue([SIGTERM, SIGINT, SIGHUP])) }
}

/// The supervisor's own confinement.
func sealed(_ options: Options) throws(StartError) -> SealingReport {
    do throws(SealingError) {
        return try SupervisorSealing.seal(
            root: getuid() == 0, kernel: .running(insecureOldKernel: options.insecureOldKernel))
    } catch {
        throw .sealing(error)
    }
}

func printInsecureChoices(_ options: Options) {
    if options.insecureTCP {
        writeLog(.warning, "--insecure-tcp: whoever reaches a tcp:// port reads this host's network state")
    }
    if options.insecureOldKernel {
        writeLog(.warning, "--insecure-old-kernel: confinement is only what this kernel has")
    }
}
