import GatewayPolicy
import NetlinkWire
import Testing

@Suite struct RefusalTests {
    private func refusal(_ datagram: [UInt8]) throws -> Refusal {
        guard case .refuse(let refusal) = try Court(.readOnly).verdict(datagram) else {
            throw WireError(.trailingBytes, at: 0)
        }
        return refusal
    }

    private func decode(_ answer: [UInt8]) throws -> (MessageHeader, MessageHeader, Acknowledgement) {
        var cursor = MessageCursor(answer.span)
        let message = try #require(try cursor.next(in: answer.span))
        #expect(try cursor.next(in: answer.span) == nil)
        let request = try MessageHeader(from: answer.span, at: message.payload.lowerBound + 4)
        return (message.header, request, try Acknowledgement(message, in: answer.span))
    }

    @Test func `every message is answered as the kernel would`() throws {
        let read = try Request.message(18, Request.dump, sequence: 1, Request.zeros(4))
        let write = try Request.message(17, Request.set, sequence: 2, Request.zeros(16))
        let answers = try refusal(read + write).answers(
            portID: 99, extendedAcks: true, client: "noc-7", denialID: "5f3a")
        #expect(answers.count == 2)
        let (header, request, text) = try decode(answers[1])
        #expect(header.type == .error)
        #expect(header.flags == [.capped, .ackTLVs])
        #expect(header.sequence == 2 && header.portID == 99)
        #expect(request.type.rawValue == 17 && request.length == 32 && request.flags == Request.set)
        #expect(text.code == 1)
        #expect(text.text == "nlgate: policy does not grant route DELLINK to noc-7 [denial 5f3a]")
        #expect(try decode(answers[0]).2.code == 125)
    }

    @Test func `without EXT_ACK there is no text`() throws {
        let write = try Request.message(17, Request.set, Request.zeros(16))
        let answers = try refusal(write).answers(portID: 1, extendedAcks: false, client: "c", denialID: "1")
        let (header, _, acknowledgement) = try decode(answers[0])
        #expect(header.flags == .capped)
        #expect(acknowledgement == Acknowledgement(code: 1))
        #expect(answers[0].count == 36)
    }

    @Test func `a header that can't be read is answered with zeros`() throws {
        let answers = try refusal([1, 2, 3]).answers(portID: 5, extendedAcks: false, client: "c", denialID: "1")
        let (_, request, acknowledgement) = try decode(answers[0])
        #expect(request == MessageHeader(length: 0, type: MessageType(rawValue: 0)))
        #expect(acknowledgement.code == 22)
    }

    @Test func `a hostile client name stays one printable line`() throws {
        let write = try Request.message(17, Request.set, Request.zeros(16))
        let name = "a\n\u{1b}[2J\0" + String(repeating: "x", count: 200)
        let answers = try refusal(write).answers(portID: 5, extendedAcks: true, client: name, denialID: "1")
        let text = try #require(try decode(answers[0]).2.text)
        #expect(text.utf8.allSatisfy { (0x20...0x7e).contains($0) })
        #expect(text.utf8.count < 160)
    }

    @Test func `protocols that are never carried say why`() throws {
        for number: Int32 in [2, 7, 8, 9, 10, 11, 15, 18, 20, 21, 22, 77] {
            #expect(!Grants.unrestricted.serves(protocolNumber: number))
            let why = try #require(NetlinkProtocol.whyRefused(number))
            let court = try Court(.unrestricted, number)
            let request = try Request.message(18, Request.get, Request.zeros(16))
            #expect(court.complaint(request) == why)
            guard case .refused(let refusal) = court.judge.judgeJoin(group: 1, families: court.families) else {
                Issue.record("a group of protocol \(number) was granted")
                continue
            }
            #expect(refusal.objection == .notGranted("listening to \(NetlinkProtocol.name(number)) group 1"))
        }
        for number: Int32 in [0, 4, 6, 12, 16] { #expect(NetlinkProtocol.whyRefused(number) == nil) }
    }
}
