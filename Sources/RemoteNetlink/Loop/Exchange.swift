import NetlinkFamilies
import NetlinkWire

/// How a request ended.
typealias ReplyResult = Result<Reply, NetlinkError.Reason>

/// One request and who waits for what answers it.
final class Exchange {
    /// Who takes the answer.
    enum Sink {
        /// A task that wants it whole.
        case whole(CheckedContinuation<ReplyResult, Never>)
        /// A dump's consumer, which takes it in parts.
        case parts(DumpBuffer)
        /// Nobody any more.
        case nobody
    }

    /// Number within the loop.
    let id: UInt64
    let request: Request
    /// NLMSG_DONE or an error ends the answer.
    let isDump: Bool
    /// An acknowledgement ends the answer; otherwise a first message that isn't one of several.
    let wantsAcknowledgement: Bool
    /// Milliseconds.
    let patience: UInt64
    /// Monotonic milliseconds.
    var deadline: UInt64 = 0
    var sequence: UInt32 = 0
    var sink: Sink
    private var reply = Reply()
    private var wasInterrupted = false

    init(id: UInt64, _ request: Request, isDump: Bool, patience: UInt64, _ sink: Sink) {
        self.id = id
        self.request = request
        self.isDump = isDump
        wantsAcknowledgement = request.flags.contains(.ack)
        self.patience = patience
        self.sink = sink
    }

    /// Nobody waits any more.
    var isOver: Bool {
        if case .nobody = sink { true } else { false }
    }

    /// The consumer is slow: no more of the answer is wanted now.
    var isPaused = false

    /// Keeps a message for a task that wants the answer whole.
    func keep(_ message: Message, in bytes: Span<UInt8>) throws(WireError) {
        guard case .whole = sink else { return }
        if message.header.flags.contains(.dumpInterrupted) { wasInterrupted = true }
        reply.messages.append(try NetlinkMessage(message, in: bytes))
    }

    /// Hands a datagram of a dump on.
    func take(_ datagram: [UInt8]) {
        if case .parts(let buffer) = sink { isPaused = buffer.push(datagram) }
    }

    /// The answer is complete.
    func finish(_ acknowledgement: Acknowledgement) {
        guard acknowledgement.code == 0 else { return fail(.refused(acknowledgement)) }
        if wasInterrupted { return fail(.interrupted(attempts: 1)) }
        reply.warning = acknowledgement.text
        end(.success(reply))
    }

    /// There will be no answer, or no more of it.
    func fail(_ reason: NetlinkError.Reason) {
        end(.failure(reason))
    }

    private func end(_ answer: ReplyResult) {
        let last = sink
        sink = .nobody
        isPaused = false
        switch last {
        case .whole(let continuation): continuation.resume(returning: answer)
        case .parts(let buffer): buffer.finish(answer.map(\.warning))
        case .nobody: break
        }
    }
}

/// First in, first out, in constant time.
struct Queue<Element> {
    private var elements: [Element?] = []
    private var head = 0

    var isEmpty: Bool { head == elements.count }
    var count: Int { elements.count - head }

    mutating func append(_ element: Element) {
        elements.append(element)
    }

    mutating func popFirst() -> Element? {
        guard head < elements.count else { return nil }
        defer {
            elements[head] = nil
            head += 1
            if head == elements.count {
                elements.removeAll(keepingCapacity: elements.capacity < 1024)
                head = 0
            } else if head > 64, head > elements.count / 2 {
                elements.removeFirst(head)
                head = 0
            }
        }
        return elements[head]
    }

    func forEach(_ body: (Element) -> Void) {
        for case let element? in elements[head...] { body(element) }
    }

    /// Takes out what `body` says yes to.
    mutating func removeAll(where body: (Element) -> Bool) -> [Element] {
        var removed: [Element] = []
        var kept: [Element?] = []
        while let element = popFirst() {
            if body(element) { removed.append(element) } else { kept.append(element) }
        }
        elements = kept
        head = 0
        return removed
    }
}
