public import NetlinkFamilies
public import NetlinkWire

/// A kernel table that arrives part by part, with bounded memory: what the consumer doesn't take yet isn't read.
///
/// Each iteration asks the kernel anew. When an iteration ends early, the rest is read and dropped in the background. A
/// table that changes meanwhile ends with ``NetlinkError/Reason/interrupted(attempts:)`` after its last part: what came
/// is there, but may be inconsistent. ``NetlinkConnection/all(_:as:)`` asks again by itself.
///
/// Requests on the same connection inside the loop are fine; the parts that stand before their answers are then kept in
/// memory. A second connection avoids that.
public struct Dump<Value: Sendable>: AsyncSequence, Sendable {
    /// One object of the table.
    public typealias Element = Value
    /// Why a dump ends early.
    public typealias Failure = NetlinkError

    fileprivate let connection: NetlinkConnection
    fileprivate let request: Result<Request, WireError>
    fileprivate let decode: @Sendable (Message, Span<UInt8>) throws(WireError) -> Value?

    init(
        _ connection: NetlinkConnection, _ request: Result<Request, WireError>,
        _ decode: @escaping @Sendable (Message, Span<UInt8>) throws(WireError) -> Value?
    ) {
        self.connection = connection
        self.request = request
        self.decode = decode
    }

    /// Asks the kernel when the first object is awaited.
    public func makeAsyncIterator() -> Iterator {
        Iterator(self)
    }

    /// One run of the dump.
    public struct Iterator: AsyncIteratorProtocol {
        private let dump: Dump
        private var run: DumpRun?
        private var datagram: [UInt8] = []
        private var cursor = MessageCursor(0..<0)
        private var wasInterrupted = false
        private var isOver = false
        /// What the kernel remarked at the end of a dump that went well.
        public private(set) var warning: String?

        fileprivate init(_ dump: Dump) {
            self.dump = dump
        }

        /// The next object; nil at the end.
        ///
        /// - Throws: `interrupted`, `refused`, `timedOut`, `cancelled`, `connection`, `malformed`.
        public mutating func next(
            isolation actor: isolated (any Actor)? = #isolation
        ) async throws(NetlinkError) -> Value? {
            while !isOver {
                if let value = try decodeNext() { return value }
                try take(await begun().next())
            }
            return nil
        }

        /// The next object; nil at the end.
        ///
        /// - Throws: `interrupted`, `refused`, `timedOut`, `cancelled`, `connection`, `malformed`.
        public mutating func next() async throws(NetlinkError) -> Value? {
            try await next(isolation: nil)
        }

        private mutating func decodeNext() throws(NetlinkError) -> Value? {
            let bytes = datagram
            var cursor = self.cursor
            defer { self.cursor = cursor }
            do throws(WireError) {
                while let message = try cursor.next(in: bytes.span) {
                    if message.header.flags.contains(.dumpInterrupted) { wasInterrupted = true }
                    guard message.header.type.rawValue >= MessageType.firstOfProtocol else { continue }
                    if let value = try dump.decode(message, bytes.span) { return value }
                }
                return nil
            } catch {
                throw fail(.malformed(error))
            }
        }

        private mutating func begun() throws(NetlinkError) -> DumpRun {
            if let run { return run }
            do throws(WireError) {
                let made = DumpRun(dump.connection, try dump.request.get())
                run = made
                return made
            } catch {
                throw fail(.malformed(error))
            }
        }

        private mutating func take(_ part: DumpBuffer.Part) throws(NetlinkError) {
            switch part {
            case .datagram(let bytes, _):
                datagram = bytes
                cursor = MessageCursor(0..<bytes.count)
            case .end(let warning):
                self.warning = warning
                if wasInterrupted { throw fail(.interrupted(attempts: 1)) }
                isOver = true
            case .failure(let reason): throw fail(reason)
            }
        }

        private mutating func fail(_ reason: NetlinkError.Reason) -> NetlinkError {
            isOver = true
            run = nil
            return NetlinkError(reason, request: try? dump.request.get(), host: dump.connection.host)
        }
    }
}

/// A dump that the kernel runs; it is given up when nobody holds it any more.
private final class DumpRun: Sendable {
    private let connection: NetlinkConnection
    private let buffer: DumpBuffer
    private let ticket: Ticket

    init(_ connection: NetlinkConnection, _ request: Request) {
        self.connection = connection
        buffer = DumpBuffer(limit: connection.settings.bufferSize)
        ticket = connection.handle.dump(request, patience: connection.settings.deadline, buffer)
    }

    deinit {
        connection.handle.abandon(ticket, .cancelled)
    }

    func next() async -> DumpBuffer.Part {
        let part = await buffer.next()
        if case .datagram(_, resumes: true) = part { connection.handle.resume(ticket) }
        return part
    }
}

extension NetlinkConnection {
    /// A table, part by part; `decode` makes a value of each message, or nil of one that isn't meant.
    public func dump<Value: Sendable>(
        _ request: Request, _ decode: @escaping @Sendable (Message, Span<UInt8>) throws(WireError) -> Value?
    ) -> Dump<Value> {
        Dump(self, .success(request), decode)
    }

    /// A table of rtnetlink objects, part by part.
    public func dump<Value: RouteMessage>(_ request: Request, as type: Value.Type = Value.self) -> Dump<Value> {
        Dump(self, .success(request), objects)
    }

    /// A whole table; one that changes meanwhile is asked for again, as often as the settings say.
    ///
    /// - Throws: `interrupted` when it changed each time, and what a dump throws.
    public func all<Value: Sendable>(
        _ request: Request, _ decode: @escaping @Sendable (Message, Span<UInt8>) throws(WireError) -> Value?
    ) async throws(NetlinkError) -> [Value] {
        let attempts = max(1, settings.dumpAttempts)
        for _ in 0..<attempts {
            do throws(NetlinkError) {
                var values: [Value] = []
                var iterator = dump(request, decode).makeAsyncIterator()
                while let value = try await iterator.next() { values.append(value) }
                return values
            } catch {
                guard case .interrupted = error.reason else { throw error }
            }
        }
        throw NetlinkError(.interrupted(attempts: attempts), request: request, host: host)
    }

    /// A whole table of rtnetlink objects.
    ///
    /// - Throws: `interrupted` when it changed each time, and what a dump throws.
    public func all<Value: RouteMessage>(
        _ request: Request, as type: Value.Type = Value.self
    ) async throws(NetlinkError) -> [Value] {
        try await all(request, objects)
    }
}

/// The RTM_NEW messages of a kind.
@Sendable func objects<Value: RouteMessage>(
    _ message: Message, _ bytes: Span<UInt8>
) throws(WireError) -> Value? {
    message.header.type == Value.newType ? try Value(message, in: bytes) : nil
}
