/// A piece of something that is longer than one message: compiled tables, diagnostics, a grant set.
///
/// Pieces come in order and without gaps; the last one ends at `total`.
public struct TablePart: Equatable, Sendable {
    /// Bytes that one piece holds at most.
    public static let capacity = 4000

    /// Where the piece begins.
    public var offset: UInt32
    /// Length of the whole.
    public var total: UInt32
    /// The piece.
    public var bytes: [UInt8]

    /// A piece from its parts.
    public init(offset: UInt32, total: UInt32, bytes: [UInt8]) {
        self.offset = offset
        self.total = total
        self.bytes = bytes
    }

    /// The pieces of `whole`; one empty piece for nothing.
    public static func parts(of whole: [UInt8]) -> [TablePart] {
        guard !whole.isEmpty else { return [TablePart(offset: 0, total: 0, bytes: [])] }
        return stride(from: 0, to: whole.count, by: capacity).map { start in
            let bytes = Array(whole[start..<min(start + capacity, whole.count)])
            return TablePart(offset: UInt32(start), total: UInt32(whole.count), bytes: bytes)
        }
    }

    static let size = 4 + 4 + 2 + capacity

    func write(to writer: inout PacketWriter) {
        writer.put(offset)
        writer.put(total)
        writer.put(UInt16(bytes.count))
        writer.put(bytes, count: TablePart.capacity)
    }

    /// Nil for a piece that no whole has: too long, outside the total, or short without being the last.
    init?(from reader: inout PacketReader) {
        offset = reader.number()
        total = reader.number()
        let count = Int(reader.number(UInt16.self))
        let content = reader.content(count: TablePart.capacity)
        guard count <= TablePart.capacity else { return nil }
        bytes = Array(content[..<count])
        let end = UInt64(offset) + UInt64(count)
        guard end <= UInt64(total), count == TablePart.capacity || end == UInt64(total), count > 0 || total == 0 else {
            return nil
        }
    }
}

/// Puts pieces together again, within a limit.
public struct TableAssembly: Sendable {
    private let limit: Int
    private var bytes: [UInt8] = []
    private var total: Int?

    /// Takes wholes of at most `limit` bytes.
    public init(limit: Int) {
        self.limit = limit
    }

    /// What a piece led to.
    public enum Progress: Equatable, Sendable {
        /// More must follow.
        case partial
        /// All is there.
        case complete([UInt8])
        /// The piece doesn't follow the last one, or the whole is too long.
        case broken
    }

    /// Takes the next piece; after `complete` the assembly is as new.
    public mutating func take(_ part: TablePart) -> Progress {
        guard Int(part.total) <= limit, total == nil || total == Int(part.total), Int(part.offset) == bytes.count else {
            return .broken
        }
        total = Int(part.total)
        bytes += part.bytes
        guard bytes.count == Int(part.total) else { return .partial }
        let whole = bytes
        (bytes, total) = ([], nil)
        return .complete(whole)
    }
}

/// What a broker tells of one message, for the audit log.
///
/// Every text is the broker's word, escaped.
public struct AuditRecord: Equatable, Sendable {
    /// What became of the message.
    public enum Event: UInt8, Sendable {
        /// It was refused.
        case denied = 1
        /// A write, with the kernel's verdict in `errno`.
        case wrote = 2
        /// A write that is about to be sent; the supervisor answers `audited` with the ticket.
        case writing = 3
        /// It passed by the ceiling of a binding in report mode.
        case wouldDeny = 4
        /// A write of a list that is armed; with a ticket the supervisor answers `audited`.
        case armed = 5
        /// The list was confirmed: it is forgotten.
        case confirmed = 6
        /// A write of a list that wasn't confirmed: it was sent, with the kernel's verdict in `errno`.
        case rolledBack = 7
    }

    /// What `errno` says when the kernel's verdict isn't known.
    public static let unknownVerdict: Int32 = -1

    /// What became of it.
    public var event: Event
    /// The session.
    public var session: UInt64
    /// A number of the broker's, to find the answer to `writing` and `armed`; 0 where none is expected.
    public var ticket: UInt64
    /// EPERM, EINVAL or ECANCELED of a refusal; 0 or the kernel's error of a write; or `unknownVerdict`.
    public var errno: Int32
    /// Line of the role that decided or fell short; 0 when no role did.
    public var line: UInt32
    /// Records of this session that were left out before this one.
    public var omitted: UInt32
    /// The class: read, write, or another.
    public var isWrite: Bool
    /// Family and operation, such as `route NEWROUTE`; at most 64 bytes.
    public var operation: String
    /// Interface, prefix, table: what it is about; at most 64 bytes.
    public var target: String
    /// The denial's id, as the client saw it; at most 16 bytes.
    public var denial: String
    /// What was missing, for people; at most 160 bytes.
    public var reason: String

    /// A record from its parts.
    public init(
        event: Event, session: UInt64, ticket: UInt64 = 0, errno: Int32 = 0, line: UInt32 = 0, omitted: UInt32 = 0,
        isWrite: Bool, operation: String, target: String = "", denial: String = "", reason: String = ""
    ) {
        self.event = event
        self.session = session
        self.ticket = ticket
        self.errno = errno
        self.line = line
        self.omitted = omitted
        self.isWrite = isWrite
        self.operation = operation
        self.target = target
        self.denial = denial
        self.reason = reason
    }

    static let size = 1 + 8 + 8 + 4 + 4 + 4 + 1 + 64 + 64 + 16 + 160

    func write(to writer: inout PacketWriter) {
        writer.put(event.rawValue)
        writer.put(session)
        writer.put(ticket)
        writer.put(errno)
        writer.put(line)
        writer.put(omitted)
        writer.put(UInt8(isWrite ? 1 : 0))
        writer.put(operation, count: 64)
        writer.put(target, count: 64)
        writer.put(denial, count: 16)
        writer.put(reason, count: 160)
    }

    init?(from reader: inout PacketReader) {
        guard let event = Event(rawValue: reader.number()) else { return nil }
        self.event = event
        session = reader.number()
        ticket = reader.number()
        errno = reader.number()
        line = reader.number()
        omitted = reader.number()
        guard let isWrite = flag(reader.number()) else { return nil }
        self.isWrite = isWrite
        operation = reader.text(count: 64)
        target = reader.text(count: 64)
        denial = reader.text(count: 16)
        reason = reader.text(count: 160)
    }
}
