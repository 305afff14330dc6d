/// Steps through the frames in a buffer that may end in the middle of one.
public struct FrameCursor: Sendable {
    /// Where the next frame begins.
    public private(set) var offset: Int
    private let end: Int

    /// A cursor over the bytes of `range`.
    public init(_ range: Range<Int>) {
        offset = range.lowerBound
        end = range.upperBound
    }

    /// The next whole frame and where its payload lies; nil when the rest is not a whole frame.
    ///
    /// - Throws: `badLength`, as soon as the length can be read.
    public mutating func next(in bytes: Span<UInt8>) throws(ProtocolError) -> (
        header: FrameHeader, payload: Range<Int>
    )? {
        guard end - offset >= FrameHeader.size else { return nil }
        let header = try FrameHeader(from: bytes, at: offset)
        guard end - offset >= Int(header.length) else { return nil }
        let payload = (offset + FrameHeader.size)..<(offset + Int(header.length))
        offset = payload.upperBound
        return (header, payload)
    }

    /// True when every byte belonged to a whole frame.
    public var isAtEnd: Bool { offset == end }
}

/// Puts payloads together that were cut with MORE, under a limit.
public struct Reassembler: Sendable {
    private var kind: FrameKind?
    private var parts: [UInt8] = []
    /// The payload is too long, and its parts are dropped to its end.
    private var isDropping = false
    /// The largest whole payload, in bytes.
    public let limit: Int

    /// An empty reassembler.
    public init(limit: Int) {
        self.limit = limit
    }

    /// Bytes that are held.
    public var held: Int { parts.count }

    /// True in the middle of a payload: only PING, PONG or the next part may come.
    public var isPartial: Bool { kind != nil }

    /// Takes one frame; nil while parts are missing, otherwise the whole payload.
    ///
    /// A frame that was not cut costs no copy when the caller asks `isWhole` first.
    ///
    /// - Throws: `tooLarge`; `unexpected` when another kind comes in between.
    public mutating func add(
        _ header: FrameHeader, _ payload: Range<Int>, of bytes: Span<UInt8>
    ) throws(ProtocolError) -> [UInt8]? {
        if let kind, kind != header.kind { throw .unexpected(header.kind) }
        guard parts.count + payload.count <= limit else { throw .tooLarge(limit: limit) }
        let needed = parts.count + payload.count
        // Asking for exactly what is needed each time would copy everything for each part.
        if needed > parts.capacity { parts.reserveCapacity(max(needed, 2 * parts.capacity)) }
        for index in payload { parts.append(bytes[index]) }
        if header.flags.contains(.more) {
            guard !payload.isEmpty else { throw .badLength }
            kind = header.kind
            return nil
        }
        kind = nil
        defer { parts = [] }
        return parts
    }

    /// The same for a payload that may have other bytes than `limit`, and that is answered when it has more.
    ///
    /// - Returns: nil while parts are missing; then the whole payload, or none when it was longer.
    /// - Throws: `unexpected` when another kind comes in between, `badLength` for an empty part.
    mutating func add(
        _ header: FrameHeader, _ payload: Range<Int>, of bytes: Span<UInt8>, dropping limit: Int
    ) throws(ProtocolError) -> Dropped? {
        if let kind, kind != header.kind { throw .unexpected(header.kind) }
        let hasMore = header.flags.contains(.more)
        guard !hasMore || !payload.isEmpty else { throw .badLength }
        isDropping = isDropping || parts.count + payload.count > limit
        if isDropping { parts = [] } else { for index in payload { parts.append(bytes[index]) } }
        kind = hasMore ? header.kind : nil
        guard !hasMore else { return nil }
        defer { (parts, isDropping) = ([], false) }
        return isDropping ? .tooLong : .whole(parts)
    }

    /// A payload that may have been dropped.
    enum Dropped {
        case whole([UInt8])
        case tooLong
    }

    /// True when this frame is a whole payload by itself, so that it can be used in place.
    ///
    /// - Throws: `tooLarge`.
    public func isWhole(_ header: FrameHeader, _ payload: Range<Int>) throws(ProtocolError) -> Bool {
        guard payload.count <= limit else { throw .tooLarge(limit: limit) }
        return kind == nil && !header.flags.contains(.more)
    }
}

/// Appends frames to a byte array, cutting long payloads with MORE.
public struct FrameWriter: Sendable {
    /// What was written so far.
    public private(set) var bytes: [UInt8] = []

    /// An empty writer.
    public init() {}

    /// Appends one payload as one frame or several.
    public mutating func append(
        _ kind: FrameKind, flags: FrameFlags = [], tag: UInt32 = 0, group: UInt32 = 0, _ payload: [UInt8] = []
    ) {
        var rest = payload[...]
        repeat {
            let part = rest.prefix(FrameHeader.maximumPayload)
            rest = rest.dropFirst(part.count)
            let more: FrameFlags = rest.isEmpty ? [] : .more
            let header = FrameHeader(
                payload: part.count, kind: kind, flags: flags.union(more), tag: tag, group: group)
            let start = bytes.count
            bytes.append(contentsOf: repeatElement(0, count: FrameHeader.size))
            header.write(into: &bytes, at: start)
            bytes.append(contentsOf: part)
        } while !rest.isEmpty
    }

    /// Hands out what was written and starts anew.
    public mutating func take() -> [UInt8] {
        defer { bytes = [] }
        return bytes
    }
}
