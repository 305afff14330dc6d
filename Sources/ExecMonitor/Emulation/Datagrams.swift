import NetlinkWire

/// Datagrams of a dump, cut between messages so that they fit the program's buffer.
///
/// The kernel makes them as large as the largest receive so far. The gateway receives with a large buffer; what it
/// gets could be cut off at the program.
enum DumpParts {
    /// SKB_WITH_OVERHEAD of 4,096 and 32,768 bytes: the least and the most that the kernel takes.
    private static let least = 3776
    private static let most = 32_448

    /// Bytes of the largest datagram for a program that received with a buffer of this size.
    static func limit(largestReceive: Int) -> Int { max(least, min(largestReceive, most)) }

    /// The parts, in their order: whole messages, as many as the limit allows, at least one.
    static func split(_ bytes: [UInt8], _ range: Range<Int>, limit: Int) -> [Range<Int>] {
        guard range.count > limit else { return [range] }
        var parts: [Range<Int>] = []
        var start = range.lowerBound
        var end = start
        var cursor = MessageCursor(range)
        while let message = try? cursor.next(in: bytes.span) {
            guard message.header.flags.contains(.multi) else { return [range] }
            if cursor.offset - start > limit, end > start {
                parts.append(start..<end)
                start = end
            }
            end = cursor.offset
        }
        // What isn't messages to its end stays as it is.
        guard end == range.upperBound else { return [range] }
        return parts + [start..<end]
    }
}

/// Replaces the port id in the headers of a datagram.
func renamed(_ datagram: [UInt8], from old: UInt32, to new: UInt32) -> [UInt8] {
    var result = datagram
    var cursor = MessageCursor(datagram.span)
    while let message = try? cursor.next(in: datagram.span) {
        guard message.header.portID == old else { continue }
        result.replaceSubrange((message.offset + 12)..<(message.offset + 16), with: UserStructure.bytes(new))
    }
    return result
}
