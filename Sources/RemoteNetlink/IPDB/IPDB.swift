public import NetlinkFamilies
import Synchronization

/// The interfaces of one kernel as a live view, and changes of them that are made whole or not at all.
///
///     let db = try await IPDB(host: "tls://remote.host:7000", key: "client.key", cert: "client.crt", ca: "ca.crt")
///     try await db["tap0"].update { tap in
///         tap.address = "00:11:22:33:44:55"
///         tap.addresses.insert("10.0.0.1/24")
///         tap.addresses.insert("10.0.0.2/24")
///         tap.name = "vpn"
///     }
///
/// The view is kept current by events and is consistent: while a loss is made good, it stays the last whole picture, and
/// ``isCurrent`` says so.
///
/// A change begins and ends with what the kernel says, never with what the view remembers. Its steps are made in an
/// order in which each finds what it needs; when one fails, those before it are undone in the reverse order, and what
/// went along with them by itself (the routes of an address, the addresses and permanent neighbours of an interface that
/// went down) is put back.
/// When somebody else has changed the same property meanwhile, nothing is done and the update says so; what others
/// changed beside it stays as they want it. Two updates of one IPDB run one after the other.
///
/// ## Why it doesn't share the fate of the original
///
/// The class of this name in pyroute2 was deprecated by its authors. It ran threads that changed dictionaries under their
/// readers; its view was also the place where changes were made, so that a change that hadn't been committed looked like
/// the kernel's state; a commit waited for events to come and guessed by time-outs whether they would; when it lost
/// events, it stayed wrong; and it held every route of the host as Python objects. Here the view is a value that readers
/// copy and that only events change; changes are made on a copy that lives as long as the update; a commit asks the
/// kernel instead of waiting for events; losses are events themselves, followed by a fresh picture; there is no thread and
/// no lock that a program could see; and routes can be left out of the view.
public final class IPDB: Sendable {
    /// The client that the view and the changes are made with.
    public let ip: IPRoute
    let updates = AsyncLock()
    private let view: Mutex<InterfaceView>
    private let watcher = Mutex<Task<Void, Never>?>(nil)
    let keepsRoutes: Bool

    /// The kernel behind a gateway, or with a host of nil the local one; returns when the first picture is whole.
    ///
    /// - Throws: what ``IPRoute/init(host:key:cert:ca:crl:settings:)`` throws, and why there is no first picture.
    public convenience init(
        host: String? = nil, key: String? = nil, cert: String? = nil, ca: String? = nil, crl: String? = nil,
        keepsRoutes: Bool = true, settings: ConnectionSettings = ConnectionSettings()
    ) async throws(NetlinkError) {
        let ip = try await IPRoute(host: host, key: key, cert: cert, ca: ca, crl: crl, settings: settings)
        try await self.init(ip, keepsRoutes: keepsRoutes)
    }

    /// Uses a client that exists; of the local kernel: on a thread of the client's network namespace.
    ///
    /// With `keepsRoutes` false the view has no routes, which suits hosts with full routing tables; updates have them
    /// all the same.
    ///
    /// - Throws: why there is no first picture.
    public convenience init(_ ip: IPRoute, keepsRoutes: Bool = true) async throws(NetlinkError) {
        try await self.init(ip, IPDB.events(of: ip, keepsRoutes: keepsRoutes), keepsRoutes: keepsRoutes)
    }

    /// The events that a view needs; of the local kernel: on a thread of the client's network namespace.
    public static func events(of ip: IPRoute, keepsRoutes: Bool = true) -> Events {
        ip.events(keepsRoutes ? [.link, .addresses, .routes] : [.link, .addresses], snapshot: true)
    }

    /// Uses a client and the events that ``events(of:keepsRoutes:)`` gave.
    ///
    /// - Throws: why there is no first picture.
    public init(_ ip: IPRoute, _ events: Events, keepsRoutes: Bool = true) async throws(NetlinkError) {
        self.ip = ip
        self.keepsRoutes = keepsRoutes
        view = Mutex(InterfaceView())
        let first = FirstPicture()
        let task = Task { [weak self] in
            var iterator = events.makeAsyncIterator()
            while let event = await iterator.nextDetailed() {
                guard let self else { break }
                self.take(event, first)
            }
            first.fail(NetlinkError(.cancelled, host: ip.host))
        }
        watcher.withLock { $0 = task }
        try await first.wait()
    }

    deinit {
        watcher.withLock { $0 }?.cancel()
    }

    private func take(_ event: DetailedEvent, _ first: FirstPicture) {
        if case .disconnected(let error) = event.event { first.fail(error) }
        if view.withLock({ $0.take(event) }) { first.succeed() }
    }

    /// Whose kernel this is.
    public var host: NetlinkHost { ip.host }

    // MARK: - The view

    /// False while events are missing or there is no connection; the view is then the last whole picture.
    public var isCurrent: Bool { view.withLock { $0.isCurrent } }

    /// Every interface, by index.
    public var interfaces: [Interface] { view.withLock { $0.interfaces } }

    /// An interface by its name.
    public subscript(name: String) -> InterfaceReference { InterfaceReference(db: self, name: name) }

    /// What the view has of an interface; nil when there is none of that name.
    func known(_ name: String) -> Interface? { view.withLock { $0.interface(name) } }

    /// Waits until the view is as the program wants it.
    ///
    /// The condition is looked at after changes only, and takes at most half of the time of a processor.
    ///
    /// - Throws: `timedOut`, `cancelled`.
    public func wait(
        _ timeout: Duration = .seconds(30), until condition: @Sendable ([Interface]) -> Bool
    ) async throws(NetlinkError) {
        try await wait(timeout) { condition($0.interfaces) }
    }

    fileprivate func wait(
        _ timeout: Duration, forView condition: @Sendable (InterfaceView) -> Bool
    ) async throws(NetlinkError) {
        let clock = ContinuousClock()
        let end = clock.now + timeout
        var seen: UInt64?
        while true {
            let start = clock.now
            let isMet = view.withLock { view in
                guard view.revision != seen else { return false }
                seen = view.revision
                return condition(view)
            }
            if isMet { return }
            guard clock.now < end else { throw NetlinkError(.timedOut(timeout), host: host) }
            do {
                try await Task.sleep(for: max(.milliseconds(2), clock.now - start))
            } catch {
                throw NetlinkError(.cancelled, host: host)
            }
        }
    }

    /// Ends the view and the connection.
    public func close() {
        watcher.withLock { $0 }?.cancel()
        ip.close()
    }
}

/// One interface of an IPDB, by its name.
public struct InterfaceReference: Sendable {
    /// Where it belongs.
    public let db: IPDB
    /// The name that it was asked for with.
    public let name: String

    /// What the view has of it; nil when there is none of that name.
    public var state: Interface? { db.known(name) }

    /// Changes it: the body changes a copy, and at its end the kernel makes every change of it, or none.
    ///
    /// - Throws: `conflict`, `rolledBack`, `noInterface`, `netlink`, and the others of `IPDBError`.
    /// - Returns: the interface as the kernel has it afterwards.
    @discardableResult
    public func update(
        isolation actor: isolated (any Actor)? = #isolation,
        _ change: (inout Interface) throws(IPDBError) -> Void
    ) async throws(IPDBError) -> Interface {
        await db.updates.lock()
        defer { db.updates.unlock() }
        let base = try await InterfaceReader(ip: db.ip).read(name: name)
        var wanted = base.interface
        try change(&wanted)
        return try await db.commit(base, wanted)
    }

    /// Deletes it, with everything that belongs to it.
    ///
    /// - Throws: `noInterface`, `netlink`.
    public func delete() async throws(IPDBError) {
        await db.updates.lock()
        defer { db.updates.unlock() }
        let interface = try await InterfaceReader(ip: db.ip).read(name: name).interface
        try await asIPDBError { () async throws(NetlinkError) in
            try await db.ip.delete(Link(index: interface.index))
        }
        await db.settle { view in view.interface(index: interface.index) == nil }
    }
}

extension IPDB {
    /// Makes an interface and changes it, or makes none.
    ///
    ///     try await db.create(.bridge("br0")) { bridge in
    ///         bridge.ports = ["eth1", "eth2"]
    ///         bridge.isUp = true
    ///     }
    ///
    /// - Throws: `netlink` when the kernel makes none, and what an update throws.
    /// - Returns: the interface as the kernel has it afterwards.
    @discardableResult
    public func create(
        _ link: Link, isolation actor: isolated (any Actor)? = #isolation,
        _ change: (inout Interface) throws(IPDBError) -> Void = { _ in }
    ) async throws(IPDBError) -> Interface {
        await updates.lock()
        defer { updates.unlock() }
        try await asIPDBError { () async throws(NetlinkError) in try await ip.add(link) }
        let base = try await InterfaceReader(ip: ip).read(name: link.name.text)
        do throws(IPDBError) {
            var wanted = base.interface
            try change(&wanted)
            return try await commit(base, wanted)
        } catch {
            // Also in a task that was cancelled.
            let made = Link(index: base.interface.index)
            _ = await Task { [ip] in try? await ip.delete(made) }.value
            throw error
        }
    }

    /// Makes a change and waits for the view to show it.
    fileprivate func commit(_ base: InterfaceRecord, _ wanted: Interface) async throws(IPDBError) -> Interface {
        let after = try await Commit.run(ip, base: base, wanted: wanted)
        await settle { view in
            guard let shown = view.interface(index: after.index) else { return false }
            return shown.has(wanted, since: base.interface, routes: keepsRoutes)
        }
        return after
    }

    /// Waits a moment for the view to show what the kernel has already said.
    fileprivate func settle(_ condition: @Sendable (InterfaceView) -> Bool) async {
        try? await wait(.seconds(2), forView: condition)
    }
}

/// Turns what the kernel says into an error of the database.
@discardableResult
func asIPDBError<Value: Sendable>(
    isolation actor: isolated (any Actor)? = #isolation, _ body: () async throws(NetlinkError) -> Value
) async throws(IPDBError) -> Value {
    do throws(NetlinkError) {
        return try await body()
    } catch {
        throw .netlink(error)
    }
}

/// Lets tasks in one at a time, in the order in which they came.
final class AsyncLock: Sendable {
    private struct State {
        var isLocked = false
        var waiters = Queue<CheckedContinuation<Void, Never>>()
    }

    private let state = Mutex(State())

    func lock() async {
        await withCheckedContinuation { continuation in
            state.withLock { state in
                guard state.isLocked else {
                    state.isLocked = true
                    return continuation.resume()
                }
                state.waiters.append(continuation)
            }
        }
    }

    func unlock() {
        let next = state.withLock { state in
            let next = state.waiters.popFirst()
            if next == nil { state.isLocked = false }
            return next
        }
        next?.resume()
    }
}

/// The moment when the first picture is whole, or why there is none.
private final class FirstPicture: Sendable {
    private enum State {
        case open
        case waiting(CheckedContinuation<NetlinkError?, Never>)
        case over(NetlinkError?)
    }

    private let state = Mutex(State.open)

    func succeed() { end(nil) }
    func fail(_ error: NetlinkError) { end(error) }

    private func end(_ error: NetlinkError?) {
        let waiting = state.withLock { state -> CheckedContinuation<NetlinkError?, Never>? in
            if case .over = state { return nil }
            defer { state = .over(error) }
            if case .waiting(let continuation) = state { return continuation }
            return nil
        }
        waiting?.resume(returning: error)
    }

    func wait() async throws(NetlinkError) {
        let error = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                state.withLock { state in
                    if case .over(let error) = state { return continuation.resume(returning: error) }
                    state = .waiting(continuation)
                }
            }
        } onCancel: {
            fail(NetlinkError(.cancelled))
        }
        if let error { throw error }
    }
}
