public import NetlinkFamilies
import NetlinkWire

/// What processes and threads have used, and those that end (TASKSTATS).
///
/// Ids are those of the kernel that is asked: on another host they name that host's processes. The kernel answers only
/// with CAP_NET_ADMIN; on a gateway that is a privileged session.
public final class TaskStats: Sendable {
    /// The family.
    public let generic: GenericNetlink

    /// The kernel behind a gateway, or with a host of nil the local one.
    ///
    /// - Throws: `refused` with ENOENT when the kernel was built without it, `connection`.
    public init(
        host: String? = nil, key: String? = nil, cert: String? = nil, ca: String? = nil, crl: String? = nil,
        settings: ConnectionSettings = ConnectionSettings()
    ) async throws(NetlinkError) {
        generic = try await GenericNetlink(
            family: TaskStatsMessage.family, host: host, key: key, cert: cert, ca: ca, crl: crl, settings: settings)
    }

    /// Uses a connection that exists; it must speak NETLINK_GENERIC.
    ///
    /// - Throws: `refused` with ENOENT when the kernel was built without it.
    public init(_ connection: NetlinkConnection) async throws(NetlinkError) {
        generic = try await GenericNetlink(connection, family: TaskStatsMessage.family)
    }

    /// Whose kernel this is.
    public var host: NetlinkHost { generic.host }

    /// What a thread has used.
    ///
    /// - Throws: `refused` with ESRCH when there is none, EPERM without the right.
    public func stats(pid: UInt32) async throws(NetlinkError) -> TaskStatistics {
        try await stats(TaskStatsMessage.pid, pid)
    }

    /// What the threads of a process have used, those that ended included.
    ///
    /// The kernel sums up delays and context switches only.
    ///
    /// - Throws: `refused` with ESRCH when there is none, EPERM without the right.
    public func stats(tgid: UInt32) async throws(NetlinkError) -> TaskStatistics {
        try await stats(TaskStatsMessage.tgid, tgid)
    }

    private func stats(_ attribute: UInt16, _ id: UInt32) async throws(NetlinkError) -> TaskStatistics {
        let request = try generic.request(command: TaskStatsMessage.get, flags: .ack) {
            (writer: inout MessageWriter) throws(WireError) in try writer.attribute(attribute, id)
        }
        let reply = try await generic.connection.request(request)
        do throws(WireError) {
            for message in reply.messages {
                let found = try message.decode { (message, bytes) throws(WireError) in
                    try TaskStatsMessage.decode(message, in: bytes)
                }
                if let first = found.first { return first.statistics }
            }
        } catch {
            throw NetlinkError(.malformed(error), request: request, host: host)
        }
        throw NetlinkError(.noAnswer, request: request, host: host)
    }

    /// Tasks that end on some processors: `0-3,7`, numbers of the kernel that is asked.
    ///
    /// The kernel tells of each thread, and with the last of a process of the process. The stream begins with what ends
    /// after the first element was awaited. The kernel sends these only to sockets of the initial network namespace; in
    /// another it takes the request and stays silent.
    public func exits(cpus: String) -> TaskExits {
        TaskExits(tasks: self, cpus: cpus)
    }

    fileprivate func register(_ attribute: UInt16, _ cpus: String) async throws(NetlinkError) {
        try await generic.send(command: TaskStatsMessage.get) {
            (writer: inout MessageWriter) throws(WireError) in try writer.attribute(attribute, cpus)
        }
    }
}

/// Tasks that end, with the losses of the stream.
///
/// The kernel serves one listener for each connection and processor; use one stream for each connection.
public struct TaskExits: AsyncSequence, Sendable {
    /// A task that ended, or that some are missing.
    public enum Element: Sendable {
        /// A thread or process ended; this is what it had used.
        case exit(TaskSubject, TaskStatistics)
        /// Tasks ended of which nothing is known.
        case lost
    }

    /// The connection's end, or the kernel's refusal.
    public typealias Failure = NetlinkError

    fileprivate let tasks: TaskStats
    fileprivate let cpus: String

    /// Registers when the first element is awaited.
    public func makeAsyncIterator() -> Iterator {
        Iterator(tasks: tasks, cpus: cpus, messages: tasks.generic.messages().makeAsyncIterator())
    }

    /// Takes what came.
    public struct Iterator: AsyncIteratorProtocol {
        fileprivate let tasks: TaskStats
        fileprivate let cpus: String
        fileprivate var messages: GenericMessages.Iterator
        private var isRegistered = false
        private var ready = Queue<Element>()

        fileprivate init(tasks: TaskStats, cpus: String, messages: GenericMessages.Iterator) {
            self.tasks = tasks
            self.cpus = cpus
            self.messages = messages
        }

        /// The next task that ended; nil when this program closed the connection.
        ///
        /// - Throws: `refused`: EINVAL for a list of processors that can't be read, EPERM; `connection`, `cancelled`.
        public mutating func next(
            isolation actor: isolated (any Actor)? = #isolation
        ) async throws(NetlinkError) -> Element? {
            if !isRegistered {
                try await tasks.register(TaskStatsMessage.registerCPUs, cpus)
                isRegistered = true
            }
            while true {
                if let element = ready.popFirst() { return element }
                switch try await messages.next(isolation: actor) {
                case .message(let message)?: take(message)
                case .lost?: return .lost
                case nil: return nil
                }
            }
        }

        /// The next task that ended; nil when this program closed the connection.
        ///
        /// - Throws: `refused`: EINVAL for a list of processors that can't be read, EPERM; `connection`, `cancelled`.
        public mutating func next() async throws(NetlinkError) -> Element? {
            try await next(isolation: nil)
        }

        private mutating func take(_ message: GenericMessage) {
            do throws(WireError) {
                let found = try message.message.decode { (message, bytes) throws(WireError) in
                    try TaskStatsMessage.decode(message, in: bytes)
                }
                for (subject, statistics) in found { ready.append(.exit(subject, statistics)) }
            } catch {
                ready.append(.lost)
            }
        }
    }
}
