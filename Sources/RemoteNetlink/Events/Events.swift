import GatewayProtocol
import LinuxSys
import NetlinkFamilies
import NetlinkWire

/// Changes on a host as they happen, without gaps that nobody knows of.
///
/// The stream has a socket of its own, so that no burst of events costs an answer. When messages are lost, because the
/// kernel had no room or this program was too slow, ``NetworkEvent/lost`` says so, and a snapshot of what the groups are
/// about follows: `snapshotBegins`, each object as `present`, `snapshotEnds`. Snapshots after losses are taken at most
/// every tenth of a second, and more rarely when losses go on.
///
/// The first event is ``NetworkEvent/connected``. A connection that ends is made anew, with longer and longer pauses, and a snapshot follows. The stream ends when its
/// task is cancelled, or when the client that made it is closed.
public struct Events: AsyncSequence, Sendable {
    /// What happened, and where.
    public typealias Element = Tagged<NetworkEvent>
    /// Trouble is an event.
    public typealias Failure = Never

    let start: EventStart

    /// Begins with what happens from here on.
    public func makeAsyncIterator() -> Iterator {
        Iterator(EventSource(start))
    }

    /// Takes events one after the other.
    public struct Iterator: AsyncIteratorProtocol {
        private let source: EventSource

        init(_ source: EventSource) {
            self.source = source
        }

        /// The next event; nil when the task is cancelled or the client closed.
        public mutating func next(isolation actor: isolated (any Actor)? = #isolation) async -> Tagged<NetworkEvent>? {
            await source.next(isolation: actor).map { Tagged(source.host, $0.event) }
        }

        /// The same with the flags of its message.
        mutating func nextDetailed() async -> DetailedEvent? {
            await source.next(isolation: nil)
        }

        /// The next event; nil when the task is cancelled or the client closed.
        public mutating func next() async -> Tagged<NetworkEvent>? {
            await next(isolation: nil)
        }
    }
}

/// An event, and for views what the message said besides: whether a route took another's place, or stands behind it.
struct DetailedEvent: Sendable {
    var event: NetworkEvent
    var flags: MessageFlags = []
}

/// What a stream of events begins with.
struct EventStart: Sendable {
    let ip: IPRoute
    let groups: EventGroups
    let beginsWithSnapshot: Bool
    /// A local socket, opened where the program asked for events: its thread's namespace counts.
    let opened: Result<Endpoint.Opened, NetlinkError>?
    /// Joined from here on.
    let buffer: IncomingBuffer?
}

extension IPRoute {
    /// Changes as they happen; with `snapshot` what exists comes first.
    ///
    /// Of the local kernel: call this on a thread of the same network namespace.
    public func events(_ groups: EventGroups = .all, snapshot: Bool = false) -> Events {
        guard host == .local else {
            return Events(
                start: EventStart(
                    ip: self, groups: groups, beginsWithSnapshot: snapshot, opened: nil, buffer: nil))
        }
        let buffer = IncomingBuffer(limit: connection.settings.bufferSize)
        let opened = openEvents(groups, buffer)
        return Events(
            start: EventStart(
                ip: self, groups: groups, beginsWithSnapshot: snapshot, opened: opened, buffer: buffer))
    }

    private func openEvents(
        _ groups: EventGroups, _ buffer: IncomingBuffer
    ) -> Result<Endpoint.Opened, NetlinkError> {
        do throws(NetlinkError) {
            return .success(try connection.endpoint.openLocal(.route, groups: groups.numbers, incoming: buffer))
        } catch {
            return .failure(error)
        }
    }
}

/// The state of one stream of events.
final class EventSource {
    private enum Phase {
        /// There is no connection; the next attempt comes after this many failures.
        case disconnected(failures: Int)
        /// Events as they come.
        case live
        /// Events are missing.
        case needsSnapshot
        case snapshot(Snapshot)
        case over
    }

    private let start: EventStart
    private var phase: Phase
    private var channel: ChannelHandle?
    private var buffer: IncomingBuffer?
    /// Events that are ready.
    private var ready = Queue<DetailedEvent>()
    private var pause = ResyncPause()
    private var wasConnected = false

    init(_ start: EventStart) {
        self.start = start
        phase = .disconnected(failures: 0)
    }

    var host: NetlinkHost { start.ip.host }

    /// The next event; nil at the end.
    func next(isolation actor: isolated (any Actor)?) async -> DetailedEvent? {
        while true {
            if let event = ready.popFirst() { return event }
            if Task.isCancelled || start.ip.connection.isClosedHere { return nil }
            switch phase {
            case .over: return nil
            case .disconnected(let failures): await connect(failures, isolation: actor)
            case .live: await receive(isolation: actor)
            case .needsSnapshot: await beginSnapshot(isolation: actor)
            case .snapshot(var snapshot):
                let step = await snapshot.next(isolation: actor)
                phase = .snapshot(snapshot)
                take(step)
            }
        }
    }

    private func tell(_ event: NetworkEvent) {
        ready.append(DetailedEvent(event: event))
    }

    // MARK: - Connecting

    private func connect(_ failures: Int, isolation actor: isolated (any Actor)?) async {
        guard await wait(failures, isolation: actor) else { return }
        do throws(NetlinkError) {
            let opened = try await open(isolation: actor)
            channel = opened.handle
            start.ip.connection.end(opened.handle)
            let missing = start.groups.numbers.filter { !opened.welcome.groups.contains($0) }
            tell(.connected)
            if !missing.isEmpty { tell(.notGranted(missing.reduce([]) { $0.union(EventGroups(number: $1)) })) }
            phase = wasConnected || failures > 0 || start.beginsWithSnapshot ? .needsSnapshot : .live
            wasConnected = true
        } catch {
            tell(.disconnected(error))
            // A local socket belongs to the thread that asked for events: there is no second attempt.
            phase = host == .local ? .over : .disconnected(failures: failures + 1)
        }
    }

    /// A pause that grows from 100 ms to 30 s; false when the task was cancelled meanwhile.
    private func wait(_ failures: Int, isolation actor: isolated (any Actor)?) async -> Bool {
        guard failures > 0 else { return true }
        let milliseconds = min(100 << min(failures - 1, 9), 30_000)
        do {
            // Not all clients of a gateway that was restarted at the same moment.
            try await Task.sleep(for: .milliseconds(milliseconds / 2 + Int.random(in: 0...milliseconds / 2)))
            return true
        } catch {
            return false
        }
    }

    private func open(isolation actor: isolated (any Actor)?) async throws(NetlinkError) -> Endpoint.Opened {
        if let opened = start.opened {
            buffer = start.buffer
            return try opened.get()
        }
        let made = IncomingBuffer(limit: start.ip.connection.settings.bufferSize)
        buffer = made
        return try await start.ip.connection.endpoint.open(
            .route, groups: start.groups.numbers, incoming: made, readOnly: true)
    }

    // MARK: - Events

    private func receive(isolation actor: isolated (any Actor)?) async {
        guard let buffer else { return phase = .disconnected(failures: 1) }
        switch await buffer.next() {
        case .item(.datagram(let bytes, let group)): decode(bytes, group)
        case .item(.lost):
            tell(.lost)
            phase = .needsSnapshot
        case .item(.refused), .cancelled: break
        case .end(.closedHere): phase = .over
        case .end(let error):
            channel = nil
            tell(.disconnected(NetlinkError(error, host: host)))
            phase = .disconnected(failures: 1)
        }
    }

    private func decode(_ datagram: [UInt8], _ group: UInt32) {
        guard group != 0 else { return }
        do throws(WireError) {
            var cursor = MessageCursor(datagram.span)
            while let message = try cursor.next(in: datagram.span) {
                let event = NetworkEvent(try NetlinkMessage(message, in: datagram.span, group: group))
                ready.append(DetailedEvent(event: event, flags: message.header.flags))
            }
        } catch {
            // What can't be read is missing.
            tell(.lost)
            phase = .needsSnapshot
        }
    }

    // MARK: - Snapshots

    private func beginSnapshot(isolation actor: isolated (any Actor)?) async {
        if let milliseconds = pause.next(Clock.monotonicMilliseconds()) {
            try? await Task.sleep(for: .milliseconds(milliseconds))
            if Task.isCancelled { return }
        }
        // What came before the snapshot is part of it.
        while let taken = buffer?.takeNow() {
            guard case .end(let error) = taken else { continue }
            tell(.disconnected(NetlinkError(error, host: host)))
            return phase = .disconnected(failures: 1)
        }
        do throws(NetlinkError) {
            let client = try await client(isolation: actor)
            tell(.snapshotBegins)
            phase = .snapshot(Snapshot(client, start.groups))
        } catch {
            tell(.disconnected(error))
            phase = .disconnected(failures: 1)
        }
    }

    /// For the tables: the program's own client, or where that has lost its gateway another.
    private func client(isolation actor: isolated (any Actor)?) async throws(NetlinkError) -> IPRoute {
        guard start.ip.connection.handle.state.end != nil else { return start.ip }
        return IPRoute(try await NetlinkConnection(start.ip.connection.endpoint, .route, readOnly: true))
    }

    private func take(_ step: Snapshot.Step) {
        switch step {
        case .object(let object): tell(.present(object))
        case .end:
            tell(.snapshotEnds)
            phase = .live
        case .failure(let error):
            switch error.reason {
            case .cancelled: break
            case .interrupted, .overrun: phase = .needsSnapshot
            default:
                tell(.disconnected(error))
                phase = .disconnected(failures: 1)
            }
        }
    }
}

/// How long to wait before a table is read again: 100 ms, doubled with each loss up to 10 s, until a minute was quiet.
struct ResyncPause {
    private var last: UInt64?
    private var interval: UInt64 = 0

    /// Milliseconds to wait now; nil for none.
    mutating func next(_ now: UInt64) -> UInt64? {
        defer { last = now }
        guard let last else { return nil }
        interval = now - last > 60_000 ? 100 : min(max(100, 2 * interval), 10_000)
        let due = last + interval
        return due > now ? due - now : nil
    }
}
