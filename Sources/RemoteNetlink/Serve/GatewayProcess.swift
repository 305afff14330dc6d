import Glibc
import LinuxSys
import Synchronization

/// The daemon, its standard input and its log, served by the loop for streams.
final class GatewayProcess: Sendable {
    let pid: Int32
    let state = ServerState()
    private let loop: EventLoop
    private let ids: [UInt64]

    private init(_ child: consuming ChildProcess, _ input: SharedDescriptor, _ log: LogReader, _ loop: EventLoop) {
        pid = child.pid
        self.loop = loop
        let process = SharedChild(child)
        let members = (0..<3).map { _ in loop.newID() }
        ids = members
        let state = state
        loop.submit { core in
            let output = LogPipe(id: members[2], core, log, state)
            let ending = ProcessMember(id: members[0], core, process, state, output)
            let input = InputMember(id: members[1], core, input, state)
            for member in [output, ending, input] as [any LoopMember & Starting] { member.start() }
        }
    }

    deinit { hangUp() }

    /// Closes our end of its standard input: it stops.
    func hangUp() {
        let id = ids[1]
        loop.submit { core in (core.member(id) as? InputMember)?.close() }
    }

    /// Starts the program with a socket as standard input and a pipe for its log.
    static func start(
        _ program: borrowing ProgramFile, _ words: [String], _ log: @escaping @Sendable (String) -> Void
    ) throws(GatewayServerError) -> GatewayProcess {
        do throws(Errno) {
            let loop = try EventLoop.streams()
            let null = try Descriptor.open("/dev/null", flags: O_RDWR)
            let input = try Descriptor.packetPair().release()
            let ours = SharedDescriptor(Descriptor(owning: input.ours))
            let theirs = Descriptor(owning: input.theirs)
            let output = try Descriptor.packetPair().release()
            let reader = LogReader(Descriptor(owning: output.ours), log)
            let writer = Descriptor(owning: output.theirs)
            let child = try program.start(
                arguments: words, environment: ["SWIFT_BACKTRACE=enable=no"],
                descriptors: [theirs.raw, null.raw, writer.raw])
            return GatewayProcess(child, ours, reader, loop)
        } catch {
            throw .system(program.path, error)
        }
    }
}

/// What is known of the daemon, for the tasks that wait.
final class ServerState: Sendable {
    private struct Content {
        var isReady = false
        /// Set when the process has ended; the status is nil when it can't be known.
        var end: ExitStatus??
        var lines: [String] = []
        var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
        var lastWaiter: UInt64 = 0

        /// Everybody who waits; they are to be resumed outside of the lock.
        mutating func takeWaiters() -> [CheckedContinuation<Void, Never>] {
            defer { waiters = [:] }
            return Array(waiters.values)
        }
    }

    private static let keptLines = 50
    private let content = Mutex(Content())

    func listens() {
        let waiting = content.withLock { content in
            content.isReady = true
            return content.takeWaiters()
        }
        for continuation in waiting { continuation.resume() }
    }

    func ended(_ status: ExitStatus?) {
        let waiting = content.withLock { content in
            content.end = .some(status)
            return content.takeWaiters()
        }
        for continuation in waiting { continuation.resume() }
    }

    func keep(_ line: String) {
        content.withLock { content in
            content.lines.append(line)
            if content.lines.count > Self.keptLines { content.lines.removeFirst() }
        }
    }

    func ready(within timeout: Duration) async throws(GatewayServerError) {
        let result = await withTaskGroup(of: Result<Void, GatewayServerError>.self) { group in
            group.addTask { await self.outcome() }
            group.addTask {
                try? await Task.sleep(for: timeout)
                return .failure(.timedOut(timeout))
            }
            let first = await group.next() ?? .failure(.timedOut(timeout))
            group.cancelAll()
            return first
        }
        try result.get()
    }

    private func outcome() async -> Result<Void, GatewayServerError> {
        while true {
            let found = content.withLock { content -> Result<Void, GatewayServerError>? in
                if let end = content.end { return .failure(.ended(end, log: content.lines)) }
                return content.isReady ? .success(()) : nil
            }
            if let found { return found }
            if Task.isCancelled { return .failure(.timedOut(.zero)) }
            await change { $0.isReady }
        }
    }

    @discardableResult
    func ended() async -> ExitStatus? {
        while true {
            if let end = content.withLock({ $0.end }) { return end }
            if Task.isCancelled { return nil }
            await change { _ in false }
        }
    }

    /// Waits until something is different; not when it has ended or is what is waited for already.
    private func change(unless isThere: @Sendable (Content) -> Bool) async {
        let number = content.withLock { content in
            content.lastWaiter += 1
            return content.lastWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                content.withLock { content in
                    guard content.end == nil, !isThere(content), !Task.isCancelled else { return continuation.resume() }
                    content.waiters[number] = continuation
                }
            }
        } onCancel: {
            content.withLock { content in content.waiters.removeValue(forKey: number) }?.resume()
        }
    }
}

private final class SharedChild: Sendable {
    let child: ChildProcess

    init(_ child: consuming ChildProcess) {
        self.child = child
    }
}

/// What has to be put into the loop's queue.
private protocol Starting {
    func start()
}

/// Waits for the daemon's end.
private final class ProcessMember: LoopMember, Starting {
    let id: UInt64
    private unowned let core: LoopCore
    private let process: SharedChild
    private let state: ServerState
    private let log: LogPipe

    init(id: UInt64, _ core: LoopCore, _ process: SharedChild, _ state: ServerState, _ log: LogPipe) {
        self.id = id
        self.core = core
        self.process = process
        self.state = state
        self.log = log
    }

    func start() {
        core.add(self)
        do throws(Errno) {
            try core.watch(process.child.descriptor.raw, from: [], to: .read, id)
        } catch {
            end(nil)
        }
    }

    func ready(_ readiness: Readiness) {
        do throws(Errno) {
            if let status = try process.child.reap() { end(status) }
        } catch {
            // Somebody else collected it: the program waits for all its children.
            end(nil)
        }
    }

    func deadlinePassed() {}

    private func end(_ status: ExitStatus?) {
        log.drain()
        core.remove(self)
        state.ended(status)
    }
}

/// Our end of the daemon's standard input: it says when it listens, and stops when we hang up.
private final class InputMember: LoopMember, Starting {
    let id: UInt64
    private unowned let core: LoopCore
    private var socket: SharedDescriptor?
    private let state: ServerState
    private var watched: Readiness = []

    init(id: UInt64, _ core: LoopCore, _ socket: SharedDescriptor, _ state: ServerState) {
        self.id = id
        self.core = core
        self.socket = socket
        self.state = state
    }

    func start() {
        core.add(self)
        watch(.read)
    }

    private func watch(_ readiness: Readiness) {
        guard let socket else { return }
        try? core.watch(socket.descriptor.raw, from: watched, to: readiness, id)
        watched = readiness
    }

    func ready(_ readiness: Readiness) {
        guard let socket else { return }
        switch try? socket.descriptor.receive(into: &core.scratch, count: 64) {
        case .bytes?: state.listens()
        case .wouldBlock?: break
        case .closed?, nil: watch([])
        }
    }

    func deadlinePassed() {}

    func close() {
        watch([])
        core.remove(self)
        socket = nil
    }
}

/// The daemon's standard error, cut into lines.
private final class LogPipe: LoopMember, Starting {
    let id: UInt64
    private unowned let core: LoopCore
    private let reader: LogReader
    private let state: ServerState

    init(id: UInt64, _ core: LoopCore, _ reader: LogReader, _ state: ServerState) {
        self.id = id
        self.core = core
        self.reader = reader
        self.state = state
    }

    func start() {
        core.add(self)
        try? core.watch(reader.descriptor.raw, from: [], to: .read, id)
    }

    func ready(_ readiness: Readiness) {
        drain()
    }

    func deadlinePassed() {}

    /// Takes what is there; each write of the daemon's processes is whole lines.
    func drain() {
        while true {
            switch try? reader.descriptor.receive(into: &core.scratch, count: 65_536) {
            case .bytes(let count)?:
                for line in String(decoding: core.scratch[..<count], as: UTF8.self).split(separator: "\n") {
                    state.keep(String(line))
                    reader.log(String(line))
                }
            case .wouldBlock?: return
            case .closed?, nil:
                try? core.watch(reader.descriptor.raw, from: .read, to: [], id)
                return core.remove(self)
            }
        }
    }
}

/// Where log lines come from and go to.
final class LogReader: Sendable {
    let descriptor: Descriptor
    let log: @Sendable (String) -> Void

    init(_ descriptor: consuming Descriptor, _ log: @escaping @Sendable (String) -> Void) {
        self.descriptor = descriptor
        self.log = log
    }
}
