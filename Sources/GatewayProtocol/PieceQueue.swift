import NetlinkWire

/// Messages for a byte stream that are written together.
struct Piece: Sendable {
    private(set) var bytes: [UInt8]
    /// Where the last message begins.
    private(set) var last = 0
    /// When it came, in milliseconds.
    let since: UInt64
    /// It must be the first thing that the client reads.
    var isFirst = false
    /// It is the last word on the client's last request.
    var isAnswer = false
    /// It answers the control message.
    var isGreeting = false
    /// More of the same dump is to come.
    private(set) var isPart = false
    /// The client has a class for every message.
    private(set) var hasClass = true

    init(bytes: [UInt8], since: UInt64 = 0) {
        self.bytes = bytes
        self.since = since
    }

    /// Appends a message; `isOwn` says that it belongs to the client's last request.
    mutating func append(_ message: Range<Int>, of source: Span<UInt8>, _ header: MessageHeader, isOwn: Bool) {
        let isControl = header.type.rawValue < MessageType.firstOfProtocol
        isPart = !isControl && header.flags.contains(.multi)
        if isOwn, header.type == .error, bytes.isEmpty { isFirst = true }
        if isOwn, !isPart { isAnswer = true }
        if !Piece.classes.contains(header.type.rawValue) { hasClass = false }
        last = bytes.count
        bytes.reserveCapacity(last + aligned(message.count))
        for index in message { bytes.append(source[index]) }
        while bytes.count % 4 != 0 { bytes.append(0) }
    }

    /// Appends an NLMSG_NOOP of so many bytes, none of which mean anything.
    mutating func fill(_ count: Int) {
        guard count >= MessageHeader.size else { return }
        last = bytes.count
        bytes += [UInt8](repeating: 0, count: count)
        put(UInt32(truncatingIfNeeded: count), at: last)
        put(UInt32(MessageType.noop.rawValue), at: last + 4)
    }

    /// Makes this acknowledgement lead to the right class for what is written behind it.
    ///
    /// pyroute2 0.1 has read 16 bytes of it then, and takes the six that follow for the length and type of the next
    /// message: here the code and half of the length of the request.
    mutating func announce(_ next: Piece) {
        guard bytes.count >= 24, next.bytes.count >= MessageHeader.size else { return }
        (bytes[20], bytes[21]) = (next.bytes[4], next.bytes[5])
    }

    /// Overwrites four bytes.
    mutating func put(_ value: UInt32, at offset: Int) {
        for index in 0..<4 { bytes[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * UInt32(index))) }
    }

    /// What pyroute2 0.1 has classes for: links, addresses, routes, neighbours and traffic control.
    private static let classes: Set<UInt16> = [16, 17, 20, 21, 24, 25, 28, 29, 36, 37, 40, 41, 44, 45]
}

/// Pieces in the order in which they came.
struct PieceQueue: Sendable {
    private var pieces: [Piece] = []
    private var head = 0
    /// Bytes of all pieces.
    private(set) var bytes = 0

    var isEmpty: Bool { head == pieces.count }
    var first: Piece? { isEmpty ? nil : pieces[head] }

    /// How many of the first pieces have together at most so many bytes.
    func count(within limit: Int) -> Int {
        var left = limit
        return pieces[head...].prefix { piece in
            left -= piece.bytes.count
            return left >= 0
        }.count
    }

    mutating func add(_ piece: Piece) {
        pieces.append(piece)
        bytes += piece.bytes.count
    }

    mutating func removeFirst() {
        bytes -= pieces[head].bytes.count
        // A queue that is never empty must not keep what it has given away.
        pieces[head] = Piece(bytes: [])
        head += 1
        guard isEmpty || head >= 64 && 2 * head >= pieces.count else { return }
        pieces.removeSubrange(..<head)
        head = 0
    }
}
