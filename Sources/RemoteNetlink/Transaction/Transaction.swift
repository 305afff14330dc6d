import GatewayProtocol

/// Changes that undo themselves unless they are confirmed.
///
/// The gateway knows what undoes each change before it is made. When this program ends, loses its connection or doesn't
/// confirm in time, the gateway puts everything back; nothing on this side is needed for that. A transaction has a
/// session of its own.
///
/// What undoes a change is computed from the kernel's answers just before it: of a link its properties, and where it
/// goes down also the addresses and routes that go along; of an address or a route what was in its place. Interfaces are
/// named by index in that list, so an interface that somebody else deletes and makes anew meanwhile is not put back. A
/// deleted interface can't be put back, and is refused.
public final class Transaction: Sendable {
    /// The client to make the changes with; what it changes is undone.
    public let ip: IPRoute
    private let origin: Endpoint
    private let journal: UndoJournal
    private let patience: Duration

    init(_ endpoint: Endpoint, within time: Duration) async throws(NetlinkError) {
        guard case .gateway = endpoint.host else { throw NetlinkError(.misuse(NetlinkConnection.nobodyToUndo)) }
        let seconds = time.components.seconds + (time.components.attoseconds > 0 ? 1 : 0)
        guard seconds >= 1, seconds <= Int64(ArmRequest.maximumSeconds) else {
            throw NetlinkError(.misuse("\(ArmError.seconds)"), host: endpoint.host)
        }
        let connection = try await NetlinkConnection(endpoint, .route, readOnly: false)
        origin = endpoint
        patience = .seconds(seconds)
        journal = UndoJournal(connection, seconds: UInt32(seconds))
        ip = IPRoute(connection, journal)
    }

    /// Checks that the gateway can still be reached, and keeps the changes.
    ///
    /// The check is a connection of its own from here to the gateway: that the one that is there still works says little
    /// about the next. It is tried until the time is over. The transaction has ended when this returns.
    ///
    /// - Throws: why the changes couldn't be confirmed; the gateway undoes them, or has. `connection(goodbye)` with
    ///   reason 10 when it has already.
    public func confirm() async throws(NetlinkError) {
        try await checkWay()
        try await journal.confirm()
        ip.close()
    }

    /// Has the gateway undo the changes now, and ends the transaction.
    ///
    /// - Returns: what the gateway said about it; nil when nothing was to be undone, or when it could not be reached: it
    ///   undoes them all the same.
    @discardableResult
    public func rollBack() async -> String? {
        guard journal.isArmed else {
            ip.close()
            return nil
        }
        // Also in a task that was cancelled.
        return await Task { await rollBackNow() }.value
    }

    private func rollBackNow() async -> String? {
        var said: String?
        if (try? await journal.hurry()) != nil {
            for _ in 0..<100 {
                if let end = ip.connection.handle.state.end {
                    if case .goodbye(let outcome) = end { said = outcome.text }
                    break
                }
                try? await Task.sleep(for: .milliseconds(50))
            }
        }
        // The end of the session undoes it, too.
        ip.close()
        return said
    }

    private func checkWay() async throws(NetlinkError) {
        let clock = ContinuousClock()
        let end = clock.now + patience
        while true {
            do throws(NetlinkError) {
                let fresh = try await NetlinkConnection(origin, .route, readOnly: true)
                try await fresh.ping()
                fresh.close()
                return
            } catch {
                if let end = ip.connection.handle.state.end { throw NetlinkError(end, host: ip.host) }
                guard clock.now < end, !Task.isCancelled else { throw error }
                try? await Task.sleep(for: .milliseconds(500))
            }
        }
    }
}

extension IPRoute {
    /// Begins a transaction on a session of its own: see ``Transaction``.
    ///
    /// The time begins anew with each change.
    ///
    /// - Throws: `misuse` of the local kernel and for times outside 1 second to an hour; `connection`.
    public func begin(confirmWithin time: Duration) async throws(NetlinkError) -> Transaction {
        try await Transaction(connection.endpoint, within: time)
    }

    /// Makes changes that undo themselves, unless the body returns, the gateway can be reached by a new connection
    /// after it, and it takes the confirmation in time.
    ///
    ///     try await ip.transaction(confirmWithin: .seconds(60)) { ip in
    ///         try await ip.change(link)
    ///         try await check()          // whatever the program wants to know before it keeps the change
    ///     }
    ///
    /// The body makes its changes with the client that it is given; what it changes otherwise is not undone. The time
    /// begins anew with each change.
    ///
    /// - Throws: `notBegun`; `undone` when the body throws; `unconfirmed` when the changes could not be confirmed.
    public func transaction<Value, Failure: Error>(
        confirmWithin time: Duration, isolation actor: isolated (any Actor)? = #isolation,
        _ body: (IPRoute) async throws(Failure) -> Value
    ) async throws(TransactionError<Failure>) -> Value {
        let transaction: Transaction
        do throws(NetlinkError) {
            transaction = try await begin(confirmWithin: time)
        } catch {
            throw .notBegun(error)
        }
        return try await transaction.run(body)
    }
}

extension Transaction {
    /// Runs the body, then confirms or undoes.
    func run<Value, Failure: Error>(
        isolation actor: isolated (any Actor)? = #isolation, _ body: (IPRoute) async throws(Failure) -> Value
    ) async throws(TransactionError<Failure>) -> Value {
        let value: Value
        do throws(Failure) {
            value = try await body(ip)
        } catch {
            throw .undone(error, said: await rollBack())
        }
        do throws(NetlinkError) {
            try await confirm()
        } catch {
            // Nobody knows whether the change or the way is at fault: nothing may stay.
            throw .unconfirmed(error, said: await rollBack())
        }
        return value
    }
}

/// Why the changes of a transaction were not kept.
public enum TransactionError<Failure: Error>: Error {
    /// There was no session for it; nothing was changed.
    case notBegun(NetlinkError)
    /// The body threw this, and the gateway undid what it had changed; `said` are its words, nil when it was not asked
    /// or not reached.
    case undone(Failure, said: String?)
    /// The changes could not be confirmed; the gateway undoes them, or has.
    case unconfirmed(NetlinkError, said: String?)
}

extension TransactionError: CustomStringConvertible {
    /// What was wrong, and what became of the changes.
    public var description: String {
        switch self {
        case .notBegun(let error): "\(error); nothing was changed"
        case .undone(let error, let said): "\(error); the changes are undone\(said.map { " (\($0))" } ?? "")"
        case .unconfirmed(let error, let said):
            "the changes could not be confirmed: \(error); the gateway undoes them\(said.map { " (\($0))" } ?? "")"
        }
    }
}
