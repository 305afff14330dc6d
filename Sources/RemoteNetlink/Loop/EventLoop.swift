import LinuxSys
import Synchronization

/// A thread that owns sockets, and the way for others to have it do something.
///
/// Tasks never call into the kernel for a transfer: they hand a job over and wait for their continuation.
final class EventLoop: Sendable {
    /// Something to do on the loop's thread.
    typealias Job = @Sendable (LoopCore) -> Void

    /// Connections to gateways.
    static func streams() throws(Errno) -> EventLoop { try streamLoop.get() }
    /// Sockets of the local kernel.
    ///
    /// A thread of their own: the kernel carries a change out inside `send`, which may take long.
    static func kernel() throws(Errno) -> EventLoop { try kernelLoop.get() }

    private static let streamLoop = LazyLoop(name: "netlink-streams")
    private static let kernelLoop = LazyLoop(name: "netlink-kernel")

    private struct Queue {
        var jobs: [Job] = []
        /// The thread sleeps, or will before it looks at the jobs again.
        var needsWaking = true
    }

    private let queue = Mutex(Queue())
    private let waker: SharedDescriptor
    private let lastID = Atomic<UInt64>(0)

    fileprivate init(name: String) throws(Errno) {
        let ends = try Descriptor.packetPair().release()
        waker = SharedDescriptor(Descriptor(owning: ends.ours))
        let wakeEnd = SharedDescriptor(Descriptor(owning: ends.theirs))
        // Made before the thread, so that a failure has somebody to be told.
        let epoll = try Epoll()
        try epoll.add(wakeEnd.descriptor.raw, .read, token: 0)
        let start = EpollHandOver(epoll)
        try startThread(name: name) { [self] in start.run(self, wakeEnd) }
    }

    /// A number that nothing else on this loop has.
    func newID() -> UInt64 { lastID.add(1, ordering: .relaxed).newValue }

    /// Has the thread do something, after what was submitted before.
    func submit(_ job: @escaping Job) {
        let mustWake = queue.withLock { queue in
            queue.jobs.append(job)
            defer { queue.needsWaking = false }
            return queue.needsWaking
        }
        if mustWake { waker.wake() }
    }

    /// Takes the jobs; with none, the next `submit` will wake the thread.
    func takeJobs() -> [Job] {
        queue.withLock { queue in
            let jobs = queue.jobs
            queue.jobs = []
            queue.needsWaking = jobs.isEmpty
            return jobs
        }
    }
}

/// A queue on its way to the thread that will own it.
private final class EpollHandOver: Sendable {
    private let epoll: Mutex<Epoll?>

    init(_ epoll: consuming Epoll) {
        self.epoll = Mutex(epoll)
    }

    func run(_ loop: EventLoop, _ wakeEnd: SharedDescriptor) {
        guard let epoll = epoll.withLock({ $0.take() }) else { return }
        LoopCore(loop: loop, epoll: epoll, wakeEnd: wakeEnd).run()
    }
}

/// A loop that starts when it is first needed; a start that fails is tried again.
private final class LazyLoop: Sendable {
    private let name: String
    private let loop = Mutex<EventLoop?>(nil)

    init(name: String) {
        self.name = name
    }

    func get() throws(Errno) -> EventLoop {
        try loop.withLock { (loop) throws(Errno) in
            if let loop { return loop }
            let made = try EventLoop(name: name)
            loop = made
            return made
        }
    }
}

/// A descriptor that several own; it closes with the last.
final class SharedDescriptor: Sendable {
    let descriptor: Descriptor

    init(_ descriptor: consuming Descriptor) {
        self.descriptor = descriptor
    }

    /// Sends one byte; a full socketpair wakes its reader as well without it.
    func wake() {
        let byte: [UInt8] = [1]
        _ = try? descriptor.send(byte.span)
    }
}
