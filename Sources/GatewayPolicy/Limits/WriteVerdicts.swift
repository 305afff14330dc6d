internal import NetlinkWire

/// The writes of one datagram, and what the kernel says of each.
///
/// The kernel answers inside `send()`: when its queue is empty, every answer that there is was heard. A message without
/// NLM_F_ACK is answered only when it failed, so silence is success, unless answers were lost.
public struct WriteVerdicts: Sendable {
    /// What stands for a verdict that nobody knows.
    public static let unknown: Int32 = -1

    /// One write and its verdict.
    public struct Write: Equatable, Sendable {
        /// What the judge said of it.
        public let entry: DatagramSummary.Entry
        /// 0, an errno, `unknown`, or nil before it is known.
        public var code: Int32?
        let header: MessageHeader
    }

    private var writes: [Write] = []
    private let isBatch: Bool
    private let hasEnd: Bool
    private var batchError: Int32?

    /// The writes that `summary` lists of `datagram`, which was judged.
    public init(_ summary: DatagramSummary, of datagram: Span<UInt8>, protocolNumber: Int32) {
        let frames = Frames(datagram, limit: Int.max)
        let headers = frames.messages.map(\.header)
        isBatch = protocolNumber == NetlinkProtocol.netfilter && headers.first?.type.rawValue == Batch.begin
        hasEnd = headers.last?.type.rawValue == Batch.end
        for entry in summary.entries where entry.isWrite && headers.indices.contains(entry.index) {
            writes.append(Write(entry: entry, header: headers[entry.index]))
        }
    }

    /// True when there is nothing to wait for: every write was answered.
    ///
    /// The failure of a whole batch may come behind the answers, so a batch waits for the empty queue.
    public var isComplete: Bool { !isBatch && writes.allSatisfy { $0.code != nil } }

    /// Takes in what the kernel sent to the session alone.
    public mutating func hear(_ datagram: Span<UInt8>) {
        var cursor = MessageCursor(datagram)
        while let message = try? cursor.next(in: datagram) {
            guard message.header.type == .error, let answer = try? Acknowledgement(message, in: datagram),
                let request = try? MessageHeader(from: datagram, at: message.payload.lowerBound + 4)
            else { continue }
            hear(answer.code, of: request)
        }
    }

    /// The echoed header tells the message; of several with the same, those with NLM_F_ACK are answered in order, and
    /// of those without nobody knows which one failed.
    private mutating func hear(_ code: Int32, of request: MessageHeader) {
        if isBatch, code != 0 { batchError = batchError ?? code }
        let same = writes.indices.filter { writes[$0].code == nil && writes[$0].header == request }
        guard let first = same.first else { return }
        if same.count == 1 || request.flags.contains(.ack) {
            writes[first].code = code
        } else {
            for index in same { writes[index].code = WriteVerdicts.unknown }
        }
    }

    /// Every write with its verdict, once the queue is empty or the session is over.
    ///
    /// `isCertain` is false when answers may have been lost.
    public func finish(isCertain: Bool) -> [Write] {
        writes.map { write in
            var write = write
            if isBatch {
                write.code = WriteVerdicts.ofBatch(write.code, batchError, hasEnd, isCertain)
            } else if write.code == nil {
                write.code = isCertain && !write.entry.asksAck ? 0 : WriteVerdicts.unknown
            }
            return write
        }
    }

    /// A batch is applied as a whole: one failure fails all, and without its end nothing is done.
    private static func ofBatch(_ own: Int32?, _ failure: Int32?, _ hasEnd: Bool, _ isCertain: Bool) -> Int32 {
        if let own, own != 0 { return own }
        if let failure { return failure }
        return hasEnd ? (isCertain ? 0 : unknown) : cancelled
    }

    /// ECANCELED, of a batch that was only tried.
    private static let cancelled: Int32 = 125
}
