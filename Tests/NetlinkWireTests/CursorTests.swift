import NetlinkWire
import Testing

@Suite struct AttributeCursorTests {
    struct Case: CustomTestStringConvertible {
        let name: String
        let bytes: [UInt8]
        let reason: WireError.Reason
        let offset: Int
        var testDescription: String { name }
    }

    static let refused = [
        Case(name: "length 0", bytes: [0, 0, 1, 0], reason: .lengthBelowHeader, offset: 0),
        Case(name: "length 1", bytes: [1, 0, 1, 0], reason: .lengthBelowHeader, offset: 0),
        Case(name: "length 2", bytes: [2, 0, 1, 0], reason: .lengthBelowHeader, offset: 0),
        Case(name: "length 3", bytes: [3, 0, 1, 0], reason: .lengthBelowHeader, offset: 0),
        Case(name: "length past the parent", bytes: [9, 0, 1, 0, 1, 2, 3, 4], reason: .lengthPastEnd, offset: 0),
        Case(name: "largest length", bytes: [255, 255, 1, 0, 1, 2, 3, 4], reason: .lengthPastEnd, offset: 0),
        Case(name: "1 trailing byte", bytes: [4, 0, 1, 0, 0], reason: .truncatedHeader, offset: 4),
        Case(name: "2 trailing bytes", bytes: [4, 0, 1, 0, 0, 0], reason: .truncatedHeader, offset: 4),
        Case(name: "3 trailing bytes", bytes: [4, 0, 1, 0, 0, 0, 0], reason: .truncatedHeader, offset: 4),
        Case(name: "bytes behind padding", bytes: [7, 0, 1, 0, 1, 2, 3, 9, 9], reason: .truncatedHeader, offset: 8),
        Case(
            name: "second one broken", bytes: [4, 0, 1, 0, 3, 0, 2, 0], reason: .lengthBelowHeader, offset: 4),
    ]

    @Test(arguments: refused) func `what isn't canonical is refused`(_ test: Case) {
        var cursor = AttributeCursor(0..<test.bytes.count)
        #expect(throws: WireError(test.reason, at: test.offset)) {
            while try cursor.next(in: test.bytes.span) != nil {}
        }
        // Another call says the same again instead of going on behind the fault.
        #expect(throws: WireError(test.reason, at: test.offset)) { _ = try cursor.next(in: test.bytes.span) }
    }

    @Test(arguments: [[5, 0, 1, 0, 7], [5, 0, 1, 0, 7, 0], [5, 0, 1, 0, 7, 0, 0], [5, 0, 1, 0, 7, 0, 0, 0]])
    func `padding behind the last attribute may be missing`(_ bytes: [UInt8]) throws {
        var cursor = AttributeCursor(0..<bytes.count)
        let attribute = try #require(try cursor.next(in: bytes.span))
        #expect(attribute.type == 1 && attribute.payload == 4..<5)
        #expect(try attribute.u8(in: bytes.span) == 7)
        #expect(try cursor.next(in: bytes.span) == nil)
    }

    @Test(arguments: [
        [7, 0, 1, 0, 1, 2, 3, 9], [6, 0, 1, 0, 1, 2, 4, 0], [5, 0, 1, 0, 1, 4, 0, 7], [5, 0, 1, 0, 1, 9],
    ])
    func `what stands in padding counts for nothing`(_ bytes: [UInt8]) throws {
        let next: [UInt8] = [4, 0, 2, 0]
        var cursor = AttributeCursor(0..<bytes.count)
        let attribute = try #require(try cursor.next(in: bytes.span))
        #expect(attribute.type == 1 && attribute.payload == 4..<Int(bytes[0]))
        #expect(try cursor.next(in: bytes.span) == nil)
        guard bytes.count == 8 else { return }
        let both = bytes + next
        var second = AttributeCursor(0..<both.count)
        #expect(try second.next(in: both.span) == attribute)
        #expect(try second.next(in: both.span)?.type == 2)
    }

    @Test func `flag bits are told apart from the type`() throws {
        let bytes: [UInt8] = [4, 0, 0x05, 0xc0]
        var cursor = AttributeCursor(0..<4)
        let attribute = try #require(try cursor.next(in: bytes.span))
        #expect(attribute.type == 5 && attribute.isNested && attribute.isNetworkByteOrder)
    }

    @Test func `a range past the buffer is refused`() {
        let bytes: [UInt8] = [4, 0, 1, 0]
        var cursor = AttributeCursor(0..<8)
        #expect(throws: WireError(.truncatedHeader, at: 0)) { _ = try cursor.next(in: bytes.span) }
    }

    @Test func `duplicates are refused by a set, flag bits or not`() {
        let bytes: [UInt8] = [4, 0, 1, 0, 4, 0, 1, 0x80]
        #expect(throws: WireError(.duplicateAttribute(1), at: 4)) {
            _ = try AttributeSet(0..<bytes.count, in: bytes.span)
        }
    }

    @Test(arguments: 0...9) func `integers want their exact width`(_ width: Int) throws {
        let bytes = [UInt8(4 + width), 0, 1, 0] + [UInt8](repeating: 1, count: width) + [0, 0, 0]
        var cursor = AttributeCursor(0..<aligned(4 + width))
        let attribute = try #require(try cursor.next(in: bytes.span))
        #expect((try? attribute.u8(in: bytes.span)) == (width == 1 ? 1 : nil))
        #expect((try? attribute.u16(in: bytes.span)) == (width == 2 ? 0x0101 : nil))
        #expect((try? attribute.u32(in: bytes.span)) == (width == 4 ? 0x0101_0101 : nil))
        #expect((try? attribute.i32(in: bytes.span)) == (width == 4 ? 0x0101_0101 : nil))
        #expect((try? attribute.u64(in: bytes.span)) == (width == 8 ? 0x0101_0101_0101_0101 : nil))
    }

    @Test(arguments: [[], [65], [65, 66], [65, 0, 0], [0, 65, 0], [65, 0, 66, 0], [0xff, 0]])
    func `strings want one NUL at their end, and UTF-8`(_ payload: [UInt8]) throws {
        let bytes = [UInt8(4 + payload.count), 0, 1, 0] + payload
        var cursor = AttributeCursor(0..<bytes.count)
        let attribute = try #require(try cursor.next(in: bytes.span))
        #expect(throws: WireError(.malformedString, at: 0)) { _ = try attribute.string(in: bytes.span) }
    }

    @Test func `a string is read`() throws {
        let bytes: [UInt8] = [8, 0, 1, 0, 0x6c, 0x6f, 0x21, 0]
        var cursor = AttributeCursor(0..<8)
        #expect(try cursor.next(in: bytes.span)?.string(in: bytes.span) == "lo!")
    }
}

@Suite struct MessageCursorTests {
    static func header(_ length: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + [16, 0, 1, 0, 1, 0, 0, 0, 2, 0, 0, 0]
    }

    static let refused = [
        AttributeCursorTests.Case(
            name: "length 0", bytes: header(0), reason: .lengthBelowHeader, offset: 0),
        AttributeCursorTests.Case(name: "length 15", bytes: header(15), reason: .lengthBelowHeader, offset: 0),
        AttributeCursorTests.Case(name: "length 17", bytes: header(17), reason: .lengthPastEnd, offset: 0),
        AttributeCursorTests.Case(name: "largest length", bytes: header(.max), reason: .lengthPastEnd, offset: 0),
        AttributeCursorTests.Case(
            name: "half a header", bytes: Array(header(16)[..<8]), reason: .truncatedHeader, offset: 0),
        AttributeCursorTests.Case(
            name: "1 trailing byte", bytes: header(16) + [0], reason: .truncatedHeader, offset: 16),
        AttributeCursorTests.Case(
            name: "padding", bytes: header(17) + [1, 0, 0, 9], reason: .nonzeroPadding, offset: 17),
        AttributeCursorTests.Case(
            name: "second message cut", bytes: header(16) + header(20), reason: .lengthPastEnd, offset: 16),
    ]

    @Test(arguments: refused) func `what isn't canonical is refused`(_ test: AttributeCursorTests.Case) {
        var cursor = MessageCursor(test.bytes.span)
        #expect(throws: WireError(test.reason, at: test.offset)) {
            while try cursor.next(in: test.bytes.span) != nil {}
        }
    }

    @Test func `several messages are stepped through, the last without its padding`() throws {
        let bytes = Self.header(17) + [7, 0, 0, 0] + Self.header(16) + Self.header(18) + [8, 9]
        var cursor = MessageCursor(bytes.span)
        var payloads: [Range<Int>] = []
        while let message = try cursor.next(in: bytes.span) { payloads.append(message.payload) }
        #expect(payloads == [16..<17, 36..<36, 52..<54])
    }

    @Test func `an empty datagram has no message`() throws {
        let bytes: [UInt8] = []
        var cursor = MessageCursor(bytes.span)
        #expect(try cursor.next(in: bytes.span) == nil)
    }
}
