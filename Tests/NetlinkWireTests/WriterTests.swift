import NetlinkWire
import SeededInput
import Testing

@Suite struct WriterTests {
    @Test func `lengths, nests and padding come out canonical`() throws {
        var writer = MessageWriter()
        let header = MessageHeader(type: MessageType(rawValue: 16), flags: [.request, .dump], sequence: 3, portID: 4)
        try writer.message(header) { (writer: inout MessageWriter) throws(WireError) in
            try writer.attribute(1, UInt8(7))
            try writer.nest(2) { (writer: inout MessageWriter) throws(WireError) in
                try writer.attribute(3, "lo")
                try writer.attribute(4, UInt64(0x0102_0304_0506_0708))
            }
        }
        let expected: [UInt8] = [
            0x30, 0, 0, 0, 16, 0, 0x01, 0x03, 3, 0, 0, 0, 4, 0, 0, 0, 5, 0, 1, 0, 7, 0, 0, 0, 0x18, 0, 2, 0x80, 7, 0,
            3, 0, 0x6c, 0x6f, 0, 0, 12, 0, 4, 0, 8, 7, 6, 5, 4, 3, 2, 1,
        ]
        #expect(writer.bytes == expected)
    }

    @Test func `an attribute that its length field can't hold is refused`() throws {
        var writer = MessageWriter()
        #expect(throws: WireError.self) { try writer.attribute(1, [UInt8](repeating: 0, count: 65_532)) }
        var other = MessageWriter()
        try other.attribute(1, [UInt8](repeating: 0, count: 65_531))
        #expect(other.bytes.count == 65_536)
    }

    @Test func `a text with a NUL inside is refused`() {
        var writer = MessageWriter()
        #expect(throws: WireError(.malformedString, at: 0)) { try writer.attribute(1, "a\0b") }
    }

    @Test func `random attributes are read back as they were written`() throws {
        let seed = UInt64.random(in: .min ... .max)
        print("seed \(seed)")
        var random = SeededNumbers(seed: seed)
        for _ in 0..<2_000 {
            let content = (0..<Int.random(in: 0...8, using: &random)).map { index in
                let count = Int.random(in: 0...40, using: &random)
                return (UInt16(index), (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) })
            }
            var writer = MessageWriter()
            for (type, payload) in content { try writer.attribute(type, payload) }
            let set = try AttributeSet(0..<writer.bytes.count, in: writer.bytes.span)
            #expect(set.attributes.map(\.type) == content.map(\.0))
            for (attribute, written) in zip(set.attributes, content) {
                #expect(try attribute.copy(of: writer.bytes.span) == written.1, "seed \(seed)")
            }
        }
    }

    @Test func `no random input stops the program`() {
        let seed = UInt64.random(in: .min ... .max)
        print("seed \(seed)")
        var random = SeededNumbers(seed: seed)
        var messages = 0
        for _ in 0..<20_000 {
            var bytes = (0..<Int.random(in: 0...96, using: &random)).map { _ in
                // Small numbers make plausible lengths.
                Bool.random(using: &random) ? UInt8.random(in: 0...40, using: &random) : 0
            }
            if bytes.count >= 4, Bool.random(using: &random) {
                bytes.replaceSubrange(0..<4, with: [UInt8(bytes.count), 0, 0, 0])
            }
            var cursor = MessageCursor(bytes.span)
            while let message = try? cursor.next(in: bytes.span) {
                messages += 1
                _ = try? Acknowledgement(message, in: bytes.span)
                var attributes = AttributeCursor(message.payload)
                while let attribute = try? attributes.next(in: bytes.span) {
                    _ = try? attribute.string(in: bytes.span)
                    _ = try? AttributeSet(attribute.payload, in: bytes.span)
                    _ = try? attribute.u64(in: bytes.span)
                    #expect(attribute.payload.upperBound <= message.payload.upperBound, "seed \(seed)")
                }
            }
        }
        #expect(messages > 100)
    }
}
