/// Why bytes are not the handshake that they should be.
public struct HandshakeError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What is wrong, for a log; made of constants alone.
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// The types of handshake messages that matter here (RFC 8446, section 4).
enum MessageType {
    static let clientHello: UInt8 = 1
    static let serverHello: UInt8 = 2
    static let encryptedExtensions: UInt8 = 8
    static let certificate: UInt8 = 11
    static let certificateRequest: UInt8 = 13
    static let certificateVerify: UInt8 = 15
    static let finished: UInt8 = 20
    static let messageHash: UInt8 = 254
}

/// Reads a vector of TLS: big-endian numbers, and contents behind their lengths.
///
/// A reader never leaves its range, and a content is read by a reader of its own.
struct MessageReader {
    private let bytes: [UInt8]
    private(set) var offset: Int
    private let end: Int

    init(_ bytes: [UInt8], _ range: Range<Int>) {
        precondition(range.upperBound <= bytes.count, "a reader beyond its bytes")
        self.bytes = bytes
        offset = range.lowerBound
        end = range.upperBound
    }

    var isAtEnd: Bool { offset == end }

    /// A number of one, two or three bytes.
    mutating func number(_ size: Int) throws(HandshakeError) -> Int {
        let range = try take(size)
        return range.reduce(0) { $0 << 8 | Int(bytes[$1]) }
    }

    /// So many bytes, as their place.
    mutating func take(_ count: Int) throws(HandshakeError) -> Range<Int> {
        guard count <= end - offset else { throw HandshakeError("a length reaches beyond its message") }
        defer { offset += count }
        return offset..<(offset + count)
    }

    /// A content behind its length of so many bytes, as its place.
    mutating func content(_ size: Int) throws(HandshakeError) -> Range<Int> {
        try take(try number(size))
    }

    /// The content behind its length of so many bytes, to be read.
    mutating func vector(_ size: Int) throws(HandshakeError) -> MessageReader {
        MessageReader(bytes, try content(size))
    }

    /// Nothing may follow.
    func finish() throws(HandshakeError) {
        guard isAtEnd else { throw HandshakeError("bytes follow the end of a message") }
    }

    /// The place of each extension of a list that reaches to the end, by its number; none may be there twice.
    mutating func extensions() throws(HandshakeError) -> [Int: Range<Int>] {
        var list = try vector(2)
        try finish()
        var found: [Int: Range<Int>] = [:]
        while !list.isAtEnd {
            let number = try list.number(2)
            let place = try list.content(2)
            guard found.updateValue(place, forKey: number) == nil else {
                throw HandshakeError("an extension is there twice")
            }
        }
        return found
    }
}
