import GatewayProtocol
public import GatewayURL
import Glibc
public import LinuxSys
public import RemoteNetlink

/// What `nlgate exec` was told.
public struct ExecSettings {
    /// The gateway whose kernel the command sees.
    public var url: GatewayURL
    /// Needed for `tls://`.
    public var credentials: Credentials?
    /// A namespace that the gateway serves; nil for the daemon's own, or the one that the URL names.
    public var networkNamespace: String?
    /// Sessions that only read.
    public var readOnly = false
    /// Requests about interfaces (ioctl) stay on this host.
    public var localRequests = false
    /// Takes each datagram of both sides.
    public var trace: ((TracedDatagram) -> Void)?
    /// Takes a sentence that the program itself can't say.
    public var complain: (String) -> Void = { _ in }

    /// Settings for a gateway.
    public init(_ url: GatewayURL, _ credentials: Credentials?) {
        self.url = url
        self.credentials = credentials
    }
}

/// Runs a command whose netlink sockets are sessions on a gateway.
public final class ExecMonitor {
    let settings: ExecSettings
    let filter: ExecFilter
    let reactor: Reactor
    let pool: GatewayPool
    var listener: Listener?
    /// By the number of the open socket.
    var sockets: [UInt64: EmulatedSocket] = [:]
    /// Calls that are answered later, by thread.
    var held: [Int32: Call] = [:]
    /// Answers that a signal kept from the thread, for the same call started again.
    var untaken: [Int32: (key: CallKey, result: Result<Int64, Errno>)] = [:]
    var scratch = [UInt8](repeating: 0, count: DatagramLimit.toClient)
    private var complaints: Set<String> = []
    private var status: ExitStatus?
    private var isUnused = false
    private var child: ChildWatch?
    private var signals: SignalWatch?

    /// Makes ready; nothing is connected yet.
    ///
    /// - Throws: `ConnectError` when the credentials can't be used or the name doesn't resolve.
    public init(_ settings: ExecSettings) throws(ConnectError) {
        self.settings = settings
        filter = ExecFilter(descriptorLimit: openFileLimit(), localRequests: settings.localRequests)
        do throws(Errno) {
            reactor = try Reactor()
        } catch {
            throw .system("epoll", error)
        }
        pool = try GatewayPool(reactor, settings.url, settings.credentials)
    }

    /// Connects to the gateway, so that a missing one is known before the command runs.
    ///
    /// - Throws: `ConnectError`.
    public func connect() throws(ConnectError) {
        pool.connect()
        do throws(Errno) {
            try reactor.run { pool.hasIdle || pool.failure != nil }
        } catch {
            throw .system("epoll", error)
        }
        if let failure = pool.failure { throw failure }
    }

    /// Runs the command to its end, and serves whatever it left behind until that has ended too.
    ///
    /// - Throws: `StageError` when the command can't be started.
    /// - Returns: how the command itself ended.
    public func run(_ command: [String]) throws(StageError) -> ExitStatus {
        ignoreSIGPIPE()
        let signals: SignalQueue
        do throws(Errno) {
            signals = try SignalQueue([SIGINT, SIGQUIT, SIGTERM, SIGHUP])
        } catch {
            throw .fork(error)
        }
        try start(command, signals)
        do throws(Errno) {
            try reactor.run { isUnused }
        } catch {
            preconditionFailure("epoll_wait: \(error)")
        }
        pool.close()
        return status ?? child?.wait() ?? .exited(1)
    }

    private func start(_ command: [String], _ signals: consuming SignalQueue) throws(StageError) {
        // Before the command runs: it has the same user, and this memory has keys.
        hideMemory()
        let started = try SystemCallMonitor.start(command, filter: filter.program)
        let listener = Listener(SystemCallMonitor(owning: started.listener))
        self.listener = listener
        do throws(Errno) {
            let process = try ChildProcess(pid: started.pid)
            try ListenerWatch(self, listener).begin(reactor)
            let child = ChildWatch(self, process)
            self.child = child
            try child.begin(reactor)
            let watch = SignalWatch(self, signals)
            self.signals = watch
            try watch.begin(reactor)
        } catch {
            throw .listener(error)
        }
    }

    // MARK: - What the watches report

    func commandEnded(_ status: ExitStatus) { self.status = status }

    func listenerUnused() { isUnused = true }

    /// The terminal sends its signals to the command as well; others are passed on.
    func took(signal: Int32) {
        if status != nil { return isUnused = true }
        if signal == SIGTERM || signal == SIGHUP { child?.signal(signal) }
    }

    /// Says something once.
    func complain(_ text: String) {
        if complaints.count < 64, complaints.insert(text).inserted { settings.complain(text) }
    }

    // MARK: - Calls

    /// Takes what a thread asks.
    func take(_ notification: SystemCallNotification) {
        guard let listener else { return }
        let call = Call(notification, listener)
        if let earlier = held.removeValue(forKey: call.thread) {
            // A thread waits in one call at a time: the earlier one was interrupted, and perhaps started again.
            if earlier.key == call.key, isPending(earlier) {
                earlier.renew(call.id)
                held[call.thread] = earlier
                return
            }
            earlier.abandon()
        }
        if let known = untaken.removeValue(forKey: call.thread), known.key == call.key {
            answer(call, known.result)
            return
        }
        // Before it is performed: what it waits for may happen at once.
        held[call.thread] = call
        do throws(Errno) {
            switch try perform(call) {
            case .value(let value): answer(call, .success(value))
            case .carryOn:
                held[call.thread] = nil
                listener.carryOn(call.id)
            case .answered: held[call.thread] = nil
            case .later: break
            }
        } catch {
            answer(call, .failure(error))
        }
    }

    /// False for a receive that was passed over because its thread was interrupted when something came: it has to be
    /// looked at again.
    private func isPending(_ call: Call) -> Bool {
        switch call.number {
        case SystemCallNumber.recvfrom, SystemCallNumber.recvmsg, SystemCallNumber.recvmmsg:
            sockets.values.contains { $0.receivers.contains { $0.call === call } }
        default: true
        }
    }

    /// Lets a call return; false when nobody waits for it.
    @discardableResult
    func answer(_ call: Call, _ result: Result<Int64, Errno>) -> Bool {
        if held[call.thread] === call { held[call.thread] = nil }
        guard !call.isAbandoned, let listener else { return false }
        if listener.answer(call.id, result) { return true }
        if call.hasEffect {
            if untaken.count > 4096 { untaken = [:] }
            untaken[call.thread] = (call.key, result)
        }
        return false
    }
}
