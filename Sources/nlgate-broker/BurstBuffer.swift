import GatewayProtocol

/// What all sessions of this process may hold together, in bytes.
final class BurstBudget {
    private let limit: Int
    private(set) var used = 0

    init(limit: Int) {
        self.limit = limit
    }

    var isExhausted: Bool { used >= limit }

    func change(by bytes: Int) {
        used += bytes
    }
}

/// Frames on their way to a client that doesn't read fast enough.
///
/// Whole frames only; allocated while needed.
struct BurstBuffer {
    private var bytes: [UInt8] = []
    private var head = 0
    /// The policy may change it while the session lives.
    var limit: Int
    private let budget: BurstBudget

    init(limit: Int, budget: BurstBudget) {
        self.limit = limit
        self.budget = budget
    }

    var isEmpty: Bool { head == bytes.count }
    var count: Int { bytes.count - head }

    /// True when the kernel socket must not be read: one more datagram of any size might not fit.
    ///
    /// Neither a low limit nor what others hold stops a client that keeps up: it needs no room, and nothing would wake
    /// it again.
    var isFull: Bool {
        count > 0 && (count + DatagramLimit.toClient + FrameHeader.maximumLength > limit || budget.isExhausted)
    }

    /// True while another request of the client may be answered.
    var hasRoomForAnswers: Bool { count < min(limit, DatagramLimit.toClient) }

    mutating func append(_ frames: Span<UInt8>) {
        if head > 0, head >= bytes.count / 2 { compact() }
        let needed = bytes.count + frames.count
        // Asking for exactly what is needed each time would copy everything each time.
        if needed > bytes.capacity { bytes.reserveCapacity(max(needed, 2 * bytes.capacity)) }
        for index in frames.indices { bytes.append(frames[index]) }
        budget.change(by: frames.count)
    }

    /// The next packet: as many whole frames as one message takes.
    func nextPacket() -> Range<Int> {
        var end = head
        var cursor = FrameCursor(head..<bytes.count)
        while let frame = try? cursor.next(in: bytes.span), frame.payload.upperBound - head <= FrameHeader.maximumLength
        {
            end = frame.payload.upperBound
        }
        return head..<end
    }

    func withPacket<Result>(_ range: Range<Int>, _ body: (Span<UInt8>) -> Result) -> Result {
        body(bytes.span.extracting(range))
    }

    mutating func drop(_ count: Int) {
        head += count
        budget.change(by: -count)
        if head == bytes.count { clear() }
    }

    mutating func clear() {
        budget.change(by: -count)
        bytes = []
        head = 0
    }

    private mutating func compact() {
        bytes.removeSubrange(..<head)
        head = 0
    }
}
