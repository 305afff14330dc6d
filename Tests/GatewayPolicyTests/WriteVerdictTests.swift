import NetlinkWire
import Testing

@testable import GatewayPolicy

@Suite struct WriteVerdictTests {
    private static let setLink: UInt16 = 19
    private static let newTable: UInt16 = 0xa00
    private static let begin: UInt16 = 16
    private static let end: UInt16 = 17

    /// A datagram, and its messages of class write.
    private struct Said {
        var bytes: [UInt8] = []
        var summary = DatagramSummary()
        private var count = 0

        mutating func add(
            _ type: UInt16, sequence: UInt32, ack: Bool = false, isWrite: Bool = true
        ) throws(WireError) {
            bytes += try Request.message(type, ack ? [.request, .ack] : .request, sequence: sequence, [0, 0, 0, 0])
            defer { count += 1 }
            guard isWrite else { return }
            summary.writes += 1
            summary.entries.append(
                DatagramSummary.Entry(
                    index: count, sequence: sequence, asksAck: ack, isWrite: true, operation: "write \(count)",
                    target: "", line: 0))
        }

        func verdicts(_ protocolNumber: Int32 = 0) -> WriteVerdicts {
            WriteVerdicts(summary, of: bytes.span, protocolNumber: protocolNumber)
        }

        /// The kernel's answer to one of the messages.
        func answer(_ index: Int, _ code: Int32) throws -> [UInt8] {
            var cursor = MessageCursor(bytes.span)
            var writer = MessageWriter()
            for place in 0... {
                guard let message = try cursor.next(in: bytes.span) else { break }
                if place == index { try writer.acknowledge(message.header, portID: 5, code: code) }
            }
            return writer.bytes
        }
    }

    private func hear(_ answer: [UInt8], _ verdicts: inout WriteVerdicts) {
        verdicts.hear(answer.span)
    }

    private func codes(_ verdicts: WriteVerdicts, isCertain: Bool = true) -> [Int32?] {
        verdicts.finish(isCertain: isCertain).map(\.code)
    }

    @Test func `acknowledgements and errors come to their messages`() throws {
        var said = Said()
        for sequence in 1...3 as ClosedRange<UInt32> { try said.add(Self.setLink, sequence: sequence, ack: true) }
        var verdicts = said.verdicts()
        #expect(!verdicts.isComplete)
        hear(try said.answer(0, 0), &verdicts)
        hear((try said.answer(1, 17) + said.answer(2, 0)), &verdicts)
        #expect(verdicts.isComplete)
        #expect(codes(verdicts) == [0, 17, 0])
    }

    @Test func `silence is success without NLM_F_ACK, and unknown with it`() throws {
        var said = Said()
        try said.add(Self.setLink, sequence: 1)
        try said.add(Self.setLink, sequence: 2)
        try said.add(Self.setLink, sequence: 3, ack: true)
        var verdicts = said.verdicts()
        hear(try said.answer(1, 19), &verdicts)
        #expect(!verdicts.isComplete)
        #expect(codes(verdicts) == [0, 19, -1])
        #expect(codes(verdicts, isCertain: false) == [-1, 19, -1])
    }

    @Test func `what answers a read of the same number is no verdict on a write`() throws {
        var said = Said()
        try said.add(Self.setLink, sequence: 1)
        try said.add(18, sequence: 1, isWrite: false)
        var verdicts = said.verdicts()
        hear(try said.answer(1, 19), &verdicts)
        #expect(codes(verdicts) == [0])
    }

    @Test func `messages that can't be told apart`() throws {
        var said = Said()
        for _ in 0..<3 { try said.add(Self.setLink, sequence: 9) }
        var verdicts = said.verdicts()
        hear(try said.answer(2, 19), &verdicts)
        // One of the three failed, and nobody knows which.
        #expect(codes(verdicts) == [-1, -1, -1])
        var asking = Said()
        for _ in 0..<3 { try asking.add(Self.setLink, sequence: 9, ack: true) }
        verdicts = asking.verdicts()
        for code in [0, 19, 0] as [Int32] { hear(try asking.answer(0, code), &verdicts) }
        // All are answered, in their order.
        #expect(codes(verdicts) == [0, 19, 0])
    }

    @Test func `answers that aren't acknowledgements, or are broken, say nothing`() throws {
        var said = Said()
        try said.add(Self.setLink, sequence: 1, ack: true)
        var verdicts = said.verdicts()
        hear(try Request.message(16, sequence: 1, [UInt8](repeating: 0, count: 16)), &verdicts)
        hear(try Request.message(2, sequence: 1, [0, 0, 0, 0]), &verdicts)
        hear([1, 2, 3], &verdicts)
        #expect(!verdicts.isComplete)
    }

    private func batch(end: Bool = true) throws -> Said {
        var said = Said()
        try said.add(Self.begin, sequence: 1, isWrite: false)
        try said.add(Self.newTable, sequence: 2, ack: true)
        try said.add(Self.newTable, sequence: 3)
        if end { try said.add(Self.end, sequence: 4, isWrite: false) }
        return said
    }

    @Test func `one failure fails a whole batch`() throws {
        let said = try batch()
        var verdicts = said.verdicts(NetlinkProtocol.netfilter)
        hear(try said.answer(1, 0), &verdicts)
        hear(try said.answer(2, 2), &verdicts)
        #expect(!verdicts.isComplete)
        #expect(codes(verdicts) == [2, 2])
    }

    @Test func `the failure of the commit comes with the header of the begin`() throws {
        let said = try batch()
        var verdicts = said.verdicts(NetlinkProtocol.netfilter)
        hear(try said.answer(0, 28), &verdicts)
        hear(try said.answer(1, 0), &verdicts)
        #expect(codes(verdicts) == [28, 28])
    }

    @Test func `a batch that nothing objects to is applied`() throws {
        let said = try batch()
        var verdicts = said.verdicts(NetlinkProtocol.netfilter)
        hear(try said.answer(1, 0), &verdicts)
        #expect(codes(verdicts) == [0, 0])
        #expect(codes(verdicts, isCertain: false) == [-1, -1])
    }

    @Test func `a batch without its end is applied by nobody`() throws {
        let said = try batch(end: false)
        var verdicts = said.verdicts(NetlinkProtocol.netfilter)
        hear(try said.answer(1, 0), &verdicts)
        #expect(codes(verdicts) == [125, 125])
    }
}
