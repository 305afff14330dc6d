import GatewayProtocol
import SeededInput
import Testing

@Suite struct FrameTests {
    @Test func `the header is sixteen little-endian bytes`() throws {
        let bytes = frame(.join, flags: [.more, .strictGroups], tag: 0x0102_0304, group: 0x0a0b_0c0d, [0xee])
        #expect(bytes == [17, 0, 0, 0, 4, 0, 3, 0, 4, 3, 2, 1, 0x0d, 0x0c, 0x0b, 0x0a, 0xee])
        let header = try FrameHeader(from: bytes.span)
        #expect(header.length == 17)
        #expect(header.kind == .join)
        #expect(header.flags == [.more, .strictGroups])
        #expect(header.tag == 0x0102_0304)
        #expect(header.group == 0x0a0b_0c0d)
        var copy = [UInt8](repeating: 0, count: 20)
        header.write(into: &copy, at: 3)
        #expect(Array(copy[3..<19]) == Array(bytes[..<16]))
    }

    @Test(arguments: [0, 1, 15, 65_537, 0x8000_0000, UInt32.max])
    func `an impossible length is refused as soon as the header is there`(length: UInt32) {
        var bytes = frame(.ping)
        for index in 0..<4 { bytes[index] = UInt8(truncatingIfNeeded: length >> (8 * UInt32(index))) }
        #expect(failure { () throws(ProtocolError) in try withFrame(bytes) { header, _, _ in header } } == .badLength)
        #expect(failure { () throws(ProtocolError) in try FrameHeader(from: bytes.span) } == .badLength)
    }

    @Test func `fifteen bytes are no header`() {
        #expect(
            failure { () throws(ProtocolError) in try FrameHeader(from: [UInt8](repeating: 16, count: 15).span) }
                == .badLength)
    }

    @Test func `the cursor stops before what isn't whole`() throws {
        let bytes = frame(.ping, tag: 1) + frame(.datagram, tag: 2, [1, 2, 3]) + frame(.pong, tag: 3)
        for end in 0...bytes.count {
            var cursor = FrameCursor(0..<end)
            var tags: [UInt32] = []
            while let (header, payload) = try cursor.next(in: bytes.span) {
                tags.append(header.tag)
                #expect(payload.upperBound <= end)
            }
            #expect(tags == (end < 16 ? [] : end < 35 ? [1] : end < 51 ? [1, 2] : [1, 2, 3]))
            #expect(cursor.isAtEnd == [0, 16, 35, 51].contains(end))
        }
    }

    @Test func `the cursor keeps to its range`() throws {
        let bytes = [0xff, 0xff] + frame(.ping, tag: 5) + [0xff]
        var cursor = FrameCursor(2..<18)
        #expect(try cursor.next(in: bytes.span)?.header.tag == 5)
        #expect(try cursor.next(in: bytes.span) == nil)
        #expect(cursor.isAtEnd)
    }

    @Test(arguments: [0, 1, 65_519, 65_520, 65_521, 131_040, 131_041, 1_048_576])
    func `a payload of any length is cut with MORE and put together again`(count: Int) throws {
        var generator = SeededNumbers(seed: UInt64(count))
        let whole = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
        let bytes = frame(.datagram, tag: 7, group: 9, whole)
        let parts = max(1, (count + FrameHeader.maximumPayload - 1) / FrameHeader.maximumPayload)
        #expect(bytes.count == count + 16 * parts)
        var reassembler = Reassembler(limit: 1_048_576)
        var cursor = FrameCursor(0..<bytes.count)
        var result: [UInt8]?
        var frames = 0
        while let (header, payload) = try cursor.next(in: bytes.span) {
            frames += 1
            #expect(header.tag == 7 && header.group == 9)
            #expect(header.flags.contains(.more) == (frames < parts))
            #expect(try reassembler.isWhole(header, payload) == (parts == 1))
            result = try reassembler.add(header, payload, of: bytes.span)
            #expect((result == nil) == (frames < parts))
            #expect(reassembler.isPartial == (frames < parts))
        }
        #expect(frames == parts)
        #expect(result == whole)
        #expect(reassembler.held == 0)
    }

    @Test func `the limit holds for the sum of the parts`() {
        var reassembler = Reassembler(limit: 10)
        let part = frame(.datagram, flags: .more, [UInt8](repeating: 1, count: 5))
        for expected in [nil, nil, ProtocolError.tooLarge(limit: 10)] {
            let error = failure { () throws(ProtocolError) in
                try withFrame(part) { (header, payload, bytes) throws(ProtocolError) in
                    _ = try reassembler.add(header, payload, of: bytes)
                }
            }
            #expect(error == expected)
        }
        let large = frame(.datagram, [UInt8](repeating: 1, count: 11))
        let error = failure { () throws(ProtocolError) in
            try withFrame(large) { (header, payload, _) throws(ProtocolError) in
                try Reassembler(limit: 10).isWhole(header, payload)
            }
        }
        #expect(error == .tooLarge(limit: 10))
    }

    @Test func `an empty part and another kind in between are refused`() throws {
        var reassembler = Reassembler(limit: 100)
        let empty = frame(.datagram, flags: .more, [])
        #expect(
            failure { () throws(ProtocolError) in
                try withFrame(empty) { (header, payload, bytes) throws(ProtocolError) in
                    try reassembler.add(header, payload, of: bytes)
                }
            } == .badLength)
        _ = try withFrame(frame(.datagram, flags: .more, [1])) { (header, payload, bytes) throws(ProtocolError) in
            try reassembler.add(header, payload, of: bytes)
        }
        #expect(
            failure { () throws(ProtocolError) in
                try withFrame(frame(.describe)) { (header, payload, bytes) throws(ProtocolError) in
                    try reassembler.add(header, payload, of: bytes)
                }
            } == .unexpected(.describe))
    }

    @Test func `every error says something of its own`() {
        let errors: [ProtocolError] = [
            .badPreface, .badLength, .badKind(4), .unexpected(.hello), .badPayload(.hello), .tooLarge(limit: 12),
            .foreignByteOrder,
        ]
        #expect(Set(errors.map(\.description)).count == errors.count)
        #expect(ProtocolError.tooLarge(limit: 12).description.contains("12"))
    }
}
