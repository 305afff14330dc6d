import NetlinkWire

/// Datagrams of the kernel, put back to back onto a byte stream for clients that match replies by number.
///
/// Each message gets the client's own port id where it has the session's. Notifications get sequence number 0: these
/// clients know a reply by its number alone, and anybody's change could carry the number that is just waited for.
///
/// pyroute2 0.1 takes what one `recv` returned for one datagram; a local socket gives one a call, so it never noticed:
/// - until 0.1.7 it reads the code of an acknowledgement only where nothing stands before it;
/// - until 0.1.12 it takes a message for another kind if it stands behind one that it has no class for, such as an
///   acknowledgement, the end of a dump, a rule;
/// - from 0.1.5 to 0.1.12 it stops for good when `recv` returns fewer than 16 bytes;
/// - 0.1.4 loses messages that are cut;
/// - the thread of 0.1.5 that reads ends for good when the answer to the control message is there before the other
///   thread has gone on from sending it.
///
/// Therefore replies go first. The notifications of the same change follow an acknowledgement at once, and the length
/// that it repeats of the request, which no client looks at, is made into what the client reads there for their type.
/// Other notifications go out when the line is quiet, and those without a class behind the others. A dump leaves in
/// lots of 16 bytes, so that nothing smaller is left over, and for 0.1.4 in lots that it reads at once.
/// Times are the caller's, in milliseconds that never go back.
struct ReplyStream: Sendable {
    /// What a waiting process needs to wake up and read, many times over.
    static let calm: UInt64 = 100
    /// How long a notification may wait for quiet.
    static let patience: UInt64 = 500
    /// How long a client is given that may read a few bytes more than the answer to its control message.
    static let greeting: UInt64 = 1000
    /// Bytes that may wait before no more should be added.
    static let room = 65_536
    /// The fewest bytes that a client must find, as long as there are more to come.
    static let lot = 16

    /// Port id of the session's kernel socket.
    var portID: UInt32 = 0
    /// What the client reads at once, if it loses messages that are cut there.
    var readSize: Int?
    /// What is written may be cut anywhere on its way, so only one read may be under way.
    var isCutAnywhere = false
    private var replies = PieceQueue()
    /// Notifications that the client has classes for, and others.
    private var known = PieceQueue()
    private var unknown = PieceQueue()
    /// Replies that don't fill a whole read yet.
    private var pack = Piece(bytes: [])
    /// The last bytes of a dump that goes on.
    private var carry: [UInt8] = []
    /// The last request has no answer yet.
    private var isAsked = false
    /// Until then the client may not have read the last reply, notifications without a class, any notifications.
    private var replyReadBy: UInt64 = 0
    private var unknownReadBy: UInt64 = 0
    private var noticesReadBy: UInt64 = 0
    private var greetedBy: UInt64 = 0
    /// Nothing is written before.
    private var startsAt: UInt64 = 0
    /// Bytes since the client surely had read everything; it has again at `readBy`.
    private var unread = 0
    private var readBy: UInt64 = 0

    /// True when something should be written before more is added.
    var isFull: Bool { replies.bytes + known.bytes + unknown.bytes >= ReplyStream.room }

    /// The client sends its next request: the answer to the last one it has read.
    mutating func requestCame() {
        greetedBy = 0
        if !isAsked { unread = 0 }
        isAsked = true
    }

    /// The answer to the control message.
    mutating func add(answer bytes: [UInt8], now: UInt64) {
        if readSize != nil { startsAt = now + ReplyStream.calm }
        var piece = Piece(bytes: bytes)
        piece.isGreeting = true
        replies.add(piece)
    }

    /// An error on one of the client's messages, its last one or an earlier one.
    mutating func add(error bytes: [UInt8], isLast: Bool) {
        var piece = Piece(bytes: bytes)
        piece.isFirst = isLast
        piece.isAnswer = isLast
        replies.add(piece)
    }

    /// A message of our own that belongs to no request.
    mutating func add(notice bytes: [UInt8], now: UInt64) {
        unknown.add(Piece(bytes: bytes, since: now))
    }

    /// One datagram of the kernel.
    ///
    /// - Throws: `badMessage` when it isn't made of netlink messages: a stream can't carry such.
    mutating func add(
        _ range: Range<Int>, of bytes: Span<UInt8>, group: UInt32, request: MessageHeader?, now: UInt64
    ) throws(ProtocolError) {
        var piece = Piece(bytes: [], since: now)
        var position = range.lowerBound
        while position < range.upperBound {
            guard let header = try? MessageHeader(from: bytes.extracting(position..<range.upperBound)),
                Int(header.length) >= MessageHeader.size, Int(header.length) <= range.upperBound - position
            else { throw .badMessage }
            let end = position + Int(header.length)
            if group == 0 { makeRoom(for: aligned(end - position), in: &piece) }
            let isOwn = group == 0 && header.sequence == request?.sequence
            piece.append(position..<end, of: bytes, header, isOwn: isOwn)
            if group != 0 { piece.put(0, at: piece.last + 8) }
            if header.portID == portID, let request { piece.put(request.portID, at: piece.last + 12) }
            position = min(aligned(end), range.upperBound)
        }
        add(piece, group: group)
    }

    private mutating func add(_ piece: Piece, group: UInt32) {
        if group != 0 {
            if piece.hasClass { known.add(piece) } else { unknown.add(piece) }
        } else if readSize != nil, piece.isPart {
            pack = piece
        } else {
            replies.add(piece)
        }
    }

    /// Starts from what is packed already, and ends a read that the next message doesn't fit into.
    private mutating func makeRoom(for length: Int, in piece: inout Piece) {
        guard let readSize else { return }
        if piece.bytes.isEmpty { swap(&piece, &pack) }
        guard !piece.bytes.isEmpty else { return }
        let rest = readSize - piece.bytes.count
        // What is left must be nothing, or enough for a message that says nothing.
        if length == rest || length <= rest - MessageHeader.size { return }
        piece.fill(rest)
        replies.add(piece)
        piece = Piece(bytes: [], since: piece.since)
    }

    /// Moves what may be written now to `output`; when to ask again, if something has to wait.
    mutating func write(into output: inout [UInt8], now: UInt64) -> UInt64? {
        if now < startsAt { return startsAt }
        while true {
            if let piece = replies.first {
                let time = timeToReply(piece)
                guard now >= time else { return time }
                replies.removeFirst()
                let behind = piece.isFirst && replies.isEmpty ? roomBehind(piece, now) : 0
                write(piece, followedBy: behind > 0 ? known.first : nil, into: &output, now)
                for _ in 0..<behind { writeKnown(into: &output, now) }
            } else if let piece = known.first {
                let time = max(timeToNotify(piece), unknownReadBy)
                guard now >= time else { return time }
                writeKnown(into: &output, now)
            } else if let piece = unknown.first {
                let time = timeToNotify(piece)
                guard now >= time else { return time }
                unknown.removeFirst()
                write(piece.bytes, into: &output, now)
                (noticesReadBy, unknownReadBy) = (now + ReplyStream.calm, now + ReplyStream.calm)
            } else {
                return nil
            }
        }
    }

    /// How many notifications may follow this acknowledgement at once.
    private func roomBehind(_ piece: Piece, _ now: UInt64) -> Int {
        guard now >= greetedBy else { return 0 }
        let most = (readSize ?? ReplyStream.room) - (now >= readBy ? 0 : unread) - piece.bytes.count
        return known.count(within: most)
    }

    private mutating func writeKnown(into output: inout [UInt8], _ now: UInt64) {
        guard let piece = known.first else { return }
        known.removeFirst()
        write(piece.bytes, into: &output, now)
        noticesReadBy = now + ReplyStream.calm
    }

    private func timeToReply(_ piece: Piece) -> UInt64 {
        max(unknownReadBy, piece.isFirst ? noticesReadBy : 0, timeOfRoom(for: piece))
    }

    private func timeToNotify(_ piece: Piece) -> UInt64 {
        let patienceEnds = isFull ? 0 : piece.since + ReplyStream.patience
        let quiet = isAsked ? patienceEnds : min(replyReadBy, patienceEnds)
        return max(quiet, greetedBy, timeOfRoom(for: piece))
    }

    /// When the client's reading will not cut the piece.
    private func timeOfRoom(for piece: Piece) -> UInt64 {
        guard let readSize, unread > 0 else { return 0 }
        let begun = isCutAnywhere ? unread : unread % readSize
        return begun > 0 && begun + piece.bytes.count > readSize ? readBy : 0
    }

    private mutating func write(
        _ piece: Piece, followedBy notice: Piece?, into output: inout [UInt8], _ now: UInt64
    ) {
        var piece = piece
        if let notice { piece.announce(notice) }
        write(piece.bytes, into: &output, now)
        if piece.isAnswer { isAsked = false }
        replyReadBy = now + ReplyStream.calm
        if piece.isGreeting, !isAsked { greetedBy = now + ReplyStream.greeting }
        guard piece.isPart, isAsked else { return }
        // More is to come: what would be too little by itself goes with it.
        let rest = unread % ReplyStream.lot
        carry = Array(output.suffix(rest))
        output.removeLast(rest)
        unread -= rest
    }

    private mutating func write(_ bytes: [UInt8], into output: inout [UInt8], _ now: UInt64) {
        if now >= readBy { unread = 0 }
        output += carry
        output += bytes
        unread += carry.count + bytes.count
        carry = []
        readBy = now + ReplyStream.calm
    }
}
