import GatewayProtocol
import LinuxSys

/// What was asked of a gateway besides datagrams, and who waits for the answers.
struct ControlTable {
    private struct Entry {
        var deadline: UInt64
        var answer: (ControlAnswer) -> Void
    }

    /// Tags below are those of lists, which the program chooses.
    static let firstTag: UInt32 = 1 << 30

    private var entries: [UInt32: Entry] = [:]
    private var lastTag = ControlTable.firstTag

    /// The soonest deadline.
    var soonest: UInt64? { entries.values.map(\.deadline).min() }

    /// Queues the frame and notes who waits.
    mutating func start(
        _ outgoing: inout OutgoingBytes, _ operation: ControlOperation, deadline: UInt64,
        _ answer: @escaping (ControlAnswer) -> Void
    ) {
        let tag = operation.tag ?? nextTag()
        guard entries[tag] == nil else {
            return answer(.failure(.misuse("another request about list \(tag) is under way")))
        }
        entries[tag] = Entry(deadline: deadline, answer: answer)
        var writer = FrameWriter()
        switch operation {
        case .join(let group): writer.append(.join, tag: tag, group: group)
        case .leave(let group): writer.append(.leave, tag: tag, group: group)
        case .option(let option): writer.append(.option, tag: tag, option.encode())
        case .describe: writer.append(.describe, tag: tag)
        case .arm(_, let list): writer.append(.arm, tag: tag, list.encode())
        case .confirm: writer.append(.confirm, tag: tag)
        case .ping: writer.append(.ping, tag: tag)
        }
        outgoing.append(writer.take())
    }

    private mutating func nextTag() -> UInt32 {
        repeat {
            // Tags with the highest bit set are those of datagrams.
            lastTag = lastTag == Channel.firstSequence - 1 ? ControlTable.firstTag : lastTag + 1
        } while entries[lastTag] != nil
        return lastTag
    }

    /// The answer came; a late one is dropped.
    mutating func finish(_ tag: UInt32, _ answer: ControlAnswer) {
        entries.removeValue(forKey: tag)?.answer(answer)
    }

    mutating func expire(_ now: UInt64) {
        for (tag, entry) in entries where entry.deadline <= now {
            entries[tag] = nil
            entry.answer(.failure(.timedOut(.zero)))
        }
    }

    mutating func failAll(_ reason: NetlinkError.Reason) {
        let all = entries
        entries = [:]
        for entry in all.values { entry.answer(.failure(reason)) }
    }
}

extension ControlOperation {
    /// Of a list, the program's own.
    fileprivate var tag: UInt32? {
        switch self {
        case .arm(let tag, _), .confirm(let tag): tag
        default: nil
        }
    }
}

/// Bytes that wait for the stream to take them.
package struct OutgoingBytes {
    private var bytes: [UInt8] = []
    private var sent = 0

    package init() {}

    package var isEmpty: Bool { sent == bytes.count }

    package mutating func append(_ more: [UInt8]) {
        if sent > 0, sent == bytes.count {
            bytes = []
            sent = 0
        }
        bytes.append(contentsOf: more)
    }

    /// How much waits.
    package var count: Int { bytes.count - sent }

    /// Writes as much as finds room at once.
    package mutating func write(to stream: StreamSocket) throws(ConnectError) -> StreamSocket.Step {
        let step = try stream.write(bytes.span.extracting(sent..<bytes.count))
        if case .bytes(let count) = step { sent += count }
        if isEmpty {
            bytes.removeAll(keepingCapacity: bytes.capacity <= 1 << 16)
            sent = 0
        }
        return step
    }
}
