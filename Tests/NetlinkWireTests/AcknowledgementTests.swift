import NetlinkWire
import Testing

@Suite struct AcknowledgementTests {
    private static let request = MessageHeader(
        length: 40, type: MessageType(rawValue: 16), flags: .request, sequence: 7)

    private func read(_ writer: MessageWriter) throws -> Acknowledgement {
        var cursor = MessageCursor(writer.bytes.span)
        let message = try #require(try cursor.next(in: writer.bytes.span))
        return try Acknowledgement(message, in: writer.bytes.span)
    }

    /// An NLMSG_ERROR with the request's header and, where `echo` says so, payload.
    private func error(
        _ flags: MessageFlags, code: Int32, echo: [UInt8]? = nil, length: UInt32 = 40, text: String? = nil,
        attributeOffset: UInt32? = nil
    ) throws -> MessageWriter {
        var writer = MessageWriter()
        let header = MessageHeader(type: .error, flags: flags)
        try writer.message(header) { (writer: inout MessageWriter) throws(WireError) in
            writer.append(UInt32(bitPattern: -code))
            writer.append(length)
            writer.append(UInt16(16))
            writer.append(UInt16(1))
            writer.append(UInt32(7))
            writer.append(UInt32(0))
            if let echo { writer.append(echo) }
            if let text { try writer.attribute(ExtendedAckAttribute.message, text) }
            if let attributeOffset { try writer.attribute(ExtendedAckAttribute.offset, attributeOffset) }
        }
        return writer
    }

    @Test func `success is code 0`() throws {
        #expect(try read(error(.capped, code: 0)) == Acknowledgement(code: 0))
    }

    @Test func `text and offset stand behind the capped header`() throws {
        let writer = try error([.capped, .ackTLVs], code: 22, text: "bad", attributeOffset: 36)
        #expect(try read(writer) == Acknowledgement(code: 22, text: "bad", attributeOffset: 36))
    }

    @Test func `text stands behind the echoed request`() throws {
        let echo = [UInt8](repeating: 0xee, count: 24)
        let writer = try error(.ackTLVs, code: 1, echo: echo, text: "no")
        #expect(try read(writer) == Acknowledgement(code: 1, text: "no"))
    }

    @Test func `an echoed request whose length isn't a multiple of four is padded`() throws {
        let echo = [UInt8](repeating: 0xee, count: 21) + [0, 0, 0]
        let writer = try error(.ackTLVs, code: 1, echo: echo, length: 37, text: "no")
        #expect(try read(writer).text == "no")
    }

    @Test func `an echoed request that reaches past the message is refused`() throws {
        let writer = try error(.ackTLVs, code: 1, echo: [], length: 400)
        #expect(throws: WireError.self) { _ = try read(writer) }
    }

    @Test func `an echoed length below a header is refused`() throws {
        let writer = try error(.ackTLVs, code: 1, echo: [], length: 3)
        #expect(throws: WireError.self) { _ = try read(writer) }
    }

    @Test func `a positive code is refused`() throws {
        let writer = try error(.capped, code: -5)
        #expect(throws: WireError(.wrongWidth, at: 16)) { _ = try read(writer) }
    }

    @Test func `the end of a dump may have no payload`() throws {
        var writer = MessageWriter()
        try writer.message(MessageHeader(type: .done, flags: .multi))
        #expect(try read(writer) == Acknowledgement(code: 0))
    }

    @Test func `the end of a dump may carry an error and text`() throws {
        var writer = MessageWriter()
        let header = MessageHeader(type: .done, flags: [.multi, .ackTLVs])
        try writer.message(header) { (writer: inout MessageWriter) throws(WireError) in
            writer.append(UInt32(bitPattern: -95))
            try writer.attribute(ExtendedAckAttribute.message, "later")
        }
        #expect(try read(writer) == Acknowledgement(code: 95, text: "later"))
    }

    @Test func `a written refusal is read back`() throws {
        var writer = MessageWriter()
        try writer.acknowledge(Self.request, portID: 9, code: 1, text: "policy")
        #expect(try read(writer) == Acknowledgement(code: 1, text: "policy"))
        let header = try MessageHeader(from: writer.bytes.span)
        #expect(header.flags == [.capped, .ackTLVs] && header.sequence == 7 && header.portID == 9)
        #expect(Int(header.length) <= writer.bytes.count)
    }
}
