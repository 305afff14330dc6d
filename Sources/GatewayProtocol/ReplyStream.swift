import NetlinkWire

/// How long the client must be left alone, so that it reads what it was sent by itself.
public enum Pause: Equatable, Sendable {
    /// Long enough for a process that is waiting for the bytes.
    case short
    /// Until the client sends something; if it doesn't, about a second.
    case long
}

/// Datagrams of the kernel, put back to back onto a byte stream for clients that match replies by number.
///
/// Each message gets the client's own port id where it has the session's. Notifications get sequence number 0: these
/// clients know a reply by its number alone, and anybody's change could carry the number that is just waited for.
///
/// pyroute2 0.1 takes what one `recv` returned for one datagram. Until 0.1.7 it reads the code of an acknowledgement
/// only where nothing stands before it, and until 0.1.12 it takes what stands behind a message that it has no class for
/// (acknowledgements among them) for another kind of message. 0.1.4 also loses messages that are cut. A local socket
/// gives one datagram a call, so it never noticed. Therefore such messages go out by themselves, with a pause before or
/// after them, but only if they belong to the client's last request: who has several under way reads streams well.
struct ReplyStream: Sendable {
    private struct Piece: Sendable {
        var bytes: [UInt8]
        /// It must be the first thing that the client reads.
        var isFirst = false
        /// It must be read before anything else comes.
        var pauseAfter: Pause?
        /// It is the last word on the client's last request.
        var isAnswer = false
    }

    /// Port id of the session's kernel socket.
    var portID: UInt32 = 0
    /// Bytes that the client may find in one go; nil when it puts messages together.
    var pieceLimit: Int?
    private var waiting: [Piece] = []
    private var next = 0
    /// Bytes that the client may not have read yet.
    private var unread = 0
    private var pauseAfter: Pause?
    private var hasAnswered = false

    /// True when something waits for a pause to be over.
    var isHeld: Bool { next < waiting.count && pause(before: waiting[next]) != nil }

    /// The client sends its next request: if the last one was answered, it has read the answer.
    mutating func requestCame() {
        if hasAnswered { pauseEnded() }
        hasAnswered = false
    }

    /// The client has read everything.
    mutating func pauseEnded() {
        unread = 0
        pauseAfter = nil
    }

    /// The answer to the control message, behind which the client may read a few bytes more than it should.
    mutating func add(answer bytes: [UInt8]) {
        waiting.append(Piece(bytes: bytes, pauseAfter: .long, isAnswer: true))
    }

    /// One message of our own.
    mutating func add(_ bytes: [UInt8], isAnswer: Bool) {
        waiting.append(Piece(bytes: bytes, isFirst: isAnswer, pauseAfter: .short, isAnswer: isAnswer))
    }

    /// One datagram of the kernel.
    ///
    /// - Throws: `badMessage` when it isn't made of netlink messages: a stream can't carry such.
    mutating func add(
        _ range: Range<Int>, of bytes: Span<UInt8>, group: UInt32, request: MessageHeader?
    ) throws(ProtocolError) {
        var piece = Piece(bytes: [])
        piece.bytes.reserveCapacity(aligned(range.count))
        var position = range.lowerBound
        while position < range.upperBound {
            guard let header = try? MessageHeader(from: bytes.extracting(position..<range.upperBound)),
                Int(header.length) >= MessageHeader.size, Int(header.length) <= range.upperBound - position
            else { throw .badMessage }
            let end = position + Int(header.length)
            if let pieceLimit, !piece.bytes.isEmpty, piece.bytes.count + Int(header.length) > pieceLimit {
                waiting.append(piece)
                piece = Piece(bytes: [])
            }
            classify(&piece, header, group: group, request: request)
            append(position..<end, of: bytes, header, group: group, request: request, to: &piece.bytes)
            position = min(aligned(end), range.upperBound)
        }
        if !piece.bytes.isEmpty { waiting.append(piece) }
    }

    /// Moves what may be written now to `output`; the pause that must come before the rest, if there is a rest.
    mutating func write(into output: inout [UInt8]) -> Pause? {
        while next < waiting.count {
            if let pause = pause(before: waiting[next]) { return pause }
            let piece = waiting[next]
            output += piece.bytes
            unread += piece.bytes.count
            pauseAfter = piece.pauseAfter
            hasAnswered = piece.isAnswer
            next += 1
        }
        waiting.removeAll(keepingCapacity: true)
        next = 0
        return nil
    }

    private func pause(before piece: Piece) -> Pause? {
        guard unread > 0 else { return nil }
        if let pauseAfter { return pauseAfter }
        if piece.isFirst { return .short }
        guard let pieceLimit, unread + piece.bytes.count > pieceLimit else { return nil }
        return .short
    }

    private func classify(_ piece: inout Piece, _ header: MessageHeader, group: UInt32, request: MessageHeader?) {
        let isControl = header.type.rawValue < MessageType.firstOfProtocol
        let isOwn = group == 0 && header.sequence == request?.sequence
        let isPart = group == 0 && header.flags.contains(.multi)
        if isOwn, header.type == .error, piece.bytes.isEmpty { piece.isFirst = true }
        piece.isAnswer = isOwn && (isControl || !isPart)
        let isAlone = isControl ? isOwn : !isPart && !ReplyStream.hasClass(header.type)
        piece.pauseAfter = isAlone ? .short : nil
    }

    /// True for the types of rtnetlink that pyroute2 0.1 has classes for: links, addresses, routes, neighbours and
    /// traffic control, but for their GET.
    private static func hasClass(_ type: MessageType) -> Bool {
        switch type.rawValue {
        case 16, 17, 20, 21, 24, 25, 28, 29, 36, 37, 40, 41, 44, 45: true
        default: false
        }
    }

    private func append(
        _ message: Range<Int>, of bytes: Span<UInt8>, _ header: MessageHeader, group: UInt32, request: MessageHeader?,
        to output: inout [UInt8]
    ) {
        let start = output.count
        for index in message { output.append(bytes[index]) }
        while output.count % 4 != 0 { output.append(0) }
        if group != 0 { put(0, at: start + 8, in: &output) }
        if header.portID == portID, let request { put(request.portID, at: start + 12, in: &output) }
    }

    private func put(_ value: UInt32, at offset: Int, in bytes: inout [UInt8]) {
        for index in 0..<4 { bytes[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * UInt32(index))) }
    }
}
