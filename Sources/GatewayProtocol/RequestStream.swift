import NetlinkWire

/// Netlink messages as they come out of a byte stream, cut and joined anyhow, made into DATAGRAM frames: one message,
/// one datagram.
struct RequestStream: Sendable {
    /// The session's netlink protocol.
    var protocolNumber: UInt32 = 0
    /// The client is pyroute2 0.1.4 or 0.1.5, whose requests are wider than they are meant.
    var isWide = false
    /// The largest message, in bytes.
    var limit = DatagramLimit.toReader
    /// The header of the message that came last, also if it was refused.
    private(set) var last: MessageHeader?
    /// Bytes of that message that were not forwarded yet.
    private var rest = 0
    /// Zeros that must follow it.
    private var padding = 0

    /// Takes what is there and appends frames, at most one packet of them; `consumed` says how far it got.
    ///
    /// - Throws: `badMessage`, `tooLarge`; `last` is the message that it was about, if it had a whole header.
    mutating func take(
        _ range: Range<Int>, of bytes: Span<UInt8>, consumed: inout Int, frames: inout [UInt8]
    ) throws(ProtocolError) {
        var position = range.lowerBound
        defer { consumed = position - range.lowerBound }
        while position < range.upperBound {
            if rest == 0 {
                switch next(&position, range, of: bytes) {
                case .success(true): break
                case .success(false): return
                // What came before it is forwarded in any case, however TCP cut the stream.
                case .failure(let error):
                    guard frames.isEmpty else { return }
                    throw error
                }
            }
            // A part is forwarded whole: a client that sends byte by byte must not become a flood of frames.
            let part = min(rest, FrameHeader.maximumPayload)
            guard range.upperBound - position >= part,
                frames.isEmpty || frames.count + FrameHeader.size + part <= FrameHeader.maximumLength
            else { return }
            forward(position..<(position + part), of: bytes, into: &frames)
            position += part
        }
    }

    /// Goes on to the next message; false when its header isn't whole.
    private mutating func next(
        _ position: inout Int, _ range: Range<Int>, of bytes: Span<UInt8>
    ) -> Result<Bool, ProtocolError> {
        do throws(ProtocolError) {
            try skipPadding(&position, range, of: bytes)
            return .success(padding == 0 ? try begin(at: position, range, of: bytes) : false)
        } catch {
            return .failure(error)
        }
    }

    private mutating func skipPadding(
        _ position: inout Int, _ range: Range<Int>, of bytes: Span<UInt8>
    ) throws(ProtocolError) {
        while padding > 0, position < range.upperBound {
            guard bytes[position] == 0 else { throw .badMessage }
            padding -= 1
            position += 1
        }
    }

    /// Reads the next header; false when it isn't whole.
    private mutating func begin(
        at position: Int, _ range: Range<Int>, of bytes: Span<UInt8>
    ) throws(ProtocolError) -> Bool {
        guard let header = try? MessageHeader(from: bytes.extracting(position..<range.upperBound)) else { return false }
        last = header
        let length = Int(header.length)
        guard length >= MessageHeader.size else { throw .badMessage }
        guard length <= limit else { throw .tooLarge(limit: limit) }
        rest = length
        padding = aligned(length) - length
        return true
    }

    private mutating func forward(_ part: Range<Int>, of bytes: Span<UInt8>, into frames: inout [UInt8]) {
        let isBegin = rest == Int(last?.length ?? 0)
        rest -= part.count
        let meant =
            isBegin && rest == 0 && isWide
            ? WideRequest.trimmed(part, of: bytes, protocolNumber: protocolNumber) : nil
        let header = FrameHeader(
            payload: meant?.count ?? part.count, kind: .datagram, flags: rest > 0 ? .more : [], tag: last?.sequence ?? 0
        )
        let start = frames.count
        frames.reserveCapacity(start + Int(header.length))
        frames.append(contentsOf: repeatElement(0, count: FrameHeader.size))
        header.write(into: &frames, at: start)
        if let meant { frames += meant } else { for index in part { frames.append(bytes[index]) } }
        guard isBegin, protocolNumber == 0, last.map(RequestStream.hasOldDeleteFlags) == true else { return }
        frames[start + FrameHeader.size + 7] &= ~0x02
    }

    /// pyroute2 0.1 says NLM_F_CREATE and NLM_F_EXCL also where it deletes, which used to mean nothing; today's kernels
    /// take the latter for NLM_F_BULK, which they refuse.
    private static func hasOldDeleteFlags(_ header: MessageHeader) -> Bool {
        header.type.rawValue >= MessageType.firstOfProtocol && header.type.rawValue % 4 == 1
            && header.flags.isSuperset(of: [.create, .exclusive])
    }
}
