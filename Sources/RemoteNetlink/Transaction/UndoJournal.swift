import GatewayProtocol
import NetlinkFamilies
import NetlinkWire
import Synchronization

/// What undoes the changes of a transaction; the gateway has it before each change is made.
final class UndoJournal: Sendable {
    /// A session has one list, so any name does.
    static let tag: UInt32 = 1
    /// Bytes of a datagram that holds several steps.
    private static let largestShared = 32 * 1024

    private let connection: NetlinkConnection
    private let seconds: UInt32
    private let lock = AsyncLock()
    /// Step by step, each with its requests in their order.
    private let steps = Mutex<[[Request]]>([])

    init(_ connection: NetlinkConnection, seconds: UInt32) {
        self.connection = connection
        self.seconds = seconds
    }

    /// True while the gateway has something to undo.
    var isArmed: Bool { steps.withLock { !$0.isEmpty } }

    /// Has the gateway know what undoes a request, then makes it.
    ///
    /// `undoing` is asked when it is this request's turn, since the one before may change the answer.
    func make(
        _ request: Request, undoneBy undoing: () async throws(NetlinkError) -> [Request]
    ) async throws(NetlinkError) -> Reply {
        await lock.lock()
        defer { lock.unlock() }
        let undo = try await undoing()
        let before = steps.withLock { $0 }
        if !undo.isEmpty { try await arm(before + [undo]) }
        do throws(NetlinkError) {
            return try await connection.request(request)
        } catch {
            // The kernel said no, so there is nothing to undo; where it said nothing, there may be.
            if case .refused = error.reason, !undo.isEmpty { try? await arm(before) }
            throw error
        }
    }

    /// Forgets everything.
    func confirm() async throws(NetlinkError) {
        await lock.lock()
        defer { lock.unlock() }
        guard isArmed else { return }
        try await arm([])
    }

    /// Has the gateway send the list in a second from now.
    func hurry() async throws(NetlinkError) {
        await lock.lock()
        defer { lock.unlock() }
        guard isArmed else { return }
        try await arm(steps.withLock { $0 }, seconds: 1)
    }

    private func arm(_ wanted: [[Request]], seconds own: UInt32? = nil) async throws(NetlinkError) {
        if wanted.isEmpty {
            try await connection.confirm(tag: UndoJournal.tag)
        } else {
            let list = try list(wanted, seconds: own ?? seconds)
            try await connection.arm(tag: UndoJournal.tag, list)
        }
        steps.withLock { $0 = wanted }
    }

    /// The last change is undone first; each step is a datagram, unless there are too many.
    private func list(_ steps: [[Request]], seconds: UInt32) throws(NetlinkError) -> ArmRequest {
        var datagrams: [[UInt8]] = []
        var sequence: UInt32 = 0
        for step in steps.reversed() {
            var writer = MessageWriter()
            do throws(WireError) {
                for request in step {
                    sequence += 1
                    try request.encode(into: &writer, sequence: sequence)
                }
            } catch {
                throw NetlinkError(.malformed(error), host: connection.host)
            }
            let isShared = steps.count > ArmRequest.maximumDatagrams
            if isShared, let last = datagrams.last, last.count + writer.bytes.count <= UndoJournal.largestShared {
                datagrams[datagrams.count - 1] += writer.bytes
            } else {
                datagrams.append(writer.bytes)
            }
        }
        do throws(ArmError) {
            return try ArmRequest(seconds: seconds, datagrams: datagrams)
        } catch {
            throw NetlinkError(.misuse("the changes can't all be undone: \(error)"), host: connection.host)
        }
    }
}
