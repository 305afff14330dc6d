import GatewayProtocol
import NetlinkWire
import SeededInput
import Testing

/// Frames of the broker into what a client of messages reads, and when.
@Suite struct ReplyStreamTests {
    private static let newLink: UInt16 = 16
    private static let newAddress: UInt16 = 20
    private static let newRule: UInt16 = 32

    private func client(_ dialect: Dialect = .raw, wide: Bool = false, isLocal: Bool = true) throws -> MessageClient {
        var client = try MessageClient(dialect, session: true, wide: wide, isLocal: isLocal)
        // A raw client's first message was a request.
        if dialect == .raw { try client.hear(acknowledgement(77), now: 0) }
        client.wait(until: 10_000)
        client.output = []
        return client
    }

    private func reply(
        _ type: UInt16, sequence: UInt32, flags: MessageFlags = [], payload: Int = 16, group: UInt32 = 0,
        portID: UInt32 = MessageClient.portID
    ) -> [UInt8] {
        let header = MessageHeader(
            type: MessageType(rawValue: type), flags: flags, sequence: sequence, portID: portID)
        return frame(.datagram, group: group, message(header, [UInt8](repeating: 9, count: payload)))
    }

    private func acknowledgement(_ sequence: UInt32, code: Int32 = 0) -> [UInt8] {
        var writer = MessageWriter()
        let request = MessageHeader(type: MessageType(rawValue: 20), sequence: sequence, portID: 4711)
        try? writer.acknowledge(request, portID: MessageClient.portID, code: code)
        return frame(.datagram, writer.bytes)
    }

    /// Type, number and port id of each message.
    private func heads(_ bytes: [UInt8]) throws -> [[UInt32]] {
        try messages(in: bytes).map { [UInt32($0.header.type.rawValue), $0.header.sequence, $0.header.portID] }
    }

    @Test func `replies carry the client's port id, others keep theirs`() throws {
        var client = try client()
        _ = try client.say(request(18, sequence: 5, portID: 4711))
        try client.hear(reply(16, sequence: 5, flags: .multi) + reply(16, sequence: 5, portID: 1234), now: 20_000)
        client.wait(until: 30_000)
        #expect(try heads(client.take()) == [[16, 5, 4711], [16, 5, 1234]])
    }

    @Test func `notifications have number 0, and the client's port id only if it made them`() throws {
        var client = try client()
        _ = try client.say(request(20, sequence: 5, flags: .ack))
        try client.hear(acknowledgement(5), now: 20_000)
        try client.hear(reply(20, sequence: 5, group: 5) + reply(16, sequence: 5, group: 1, portID: 77), now: 20_000)
        client.wait(until: 30_000)
        #expect(try heads(client.take()) == [[2, 5, 4711], [20, 0, 4711], [16, 0, 77]])
    }

    @Test func `messages of a datagram stay together, and an odd length is padded`() throws {
        var client = try client()
        let header = MessageHeader(type: MessageType(rawValue: 16), sequence: 0, portID: 3)
        var odd = message(header, [1, 2, 3])
        let both = odd + message(header, [4])
        odd.removeLast()
        try client.hear(frame(.datagram, group: 1, both) + frame(.datagram, group: 1, odd), now: 20_000)
        #expect(client.output == both + odd + [0])
    }

    @Test func `a datagram that was cut with MORE comes whole`() throws {
        var client = try client()
        _ = try client.say(request(18, sequence: 5))
        let whole = message(
            MessageHeader(type: MessageType(rawValue: 16), sequence: 5, portID: 77),
            [UInt8](repeating: 1, count: 70_000))
        let frames = frame(.datagram, whole)
        try client.hear(Array(frames[..<65_536]), now: 20_000)
        #expect(client.output.isEmpty)
        try client.hear(Array(frames[65_536...]), now: 20_000)
        #expect(client.output == whole)
    }

    @Test func `a datagram that is no netlink ends the connection`() throws {
        for bytes: [UInt8] in [[1, 2, 3], Array("add@/devices/virtual".utf8), [15] + [UInt8](repeating: 0, count: 15)] {
            var client = try client()
            #expect(
                failure { () throws(ProtocolError) in try client.hear(frame(.datagram, bytes), now: 0) } == .badMessage)
        }
    }

    @Test func `OVERRUN is NLMSG_OVERRUN, behind everything that came before`() throws {
        var client = try client()
        try client.hear(reply(16, sequence: 1, group: 1) + frame(.overrun), now: 20_000)
        #expect(try heads(client.take()).map { $0[0] } == [16, 4])
    }

    @Test func `RESULT is the error that send() gave`() throws {
        var client = try client()
        _ = try client.say(request(20, sequence: 5))
        try client.hear(frame(.result, tag: 5, Outcome(code: 105).encode()), now: 20_000)
        let bytes = client.take()
        let error = try #require(try messages(in: bytes).first)
        #expect(error.header.sequence == 5 && error.header.portID == 4711)
        #expect(try Acknowledgement(error, in: bytes.span).code == 105)
    }

    @Test func `the notifications of a change follow its acknowledgement, which leads to their class`() throws {
        var client = try client(.control)
        _ = try client.say(request(20, sequence: 5, flags: .ack))
        try client.hear(reply(24, sequence: 5, group: 7), now: 20_000)
        #expect(client.output.isEmpty)
        try client.hear(reply(20, sequence: 5, group: 5) + acknowledgement(5), now: 20_001)
        let bytes = client.take()
        #expect(try heads(bytes) == [[2, 5, 4711], [24, 0, 4711], [20, 0, 4711]])
        // What a client reads for length and type of the second message when it has read 16 bytes of the first.
        #expect(try bytes.span.u32(at: 16) == 0)
        #expect(try bytes.span.u16(at: 20) == 24)
        #expect(client.wakeAt == nil)
    }

    @Test func `an acknowledgement alone is as the kernel made it, and what comes later waits`() throws {
        var client = try client(.control)
        _ = try client.say(request(20, sequence: 5, flags: .ack))
        let frames = acknowledgement(5)
        try client.hear(frames, now: 20_000)
        #expect(Array(client.take()[16...]) == Array(frames[32...]))
        try client.hear(reply(20, sequence: 0, group: 5), now: 20_001)
        let time = try #require(client.wakeAt)
        client.wait(until: time - 1)
        #expect(client.output.isEmpty)
        client.wait(until: time)
        #expect(try heads(client.take()) == [[20, 0, 4711]])
    }

    @Test func `an acknowledgement waits until notifications were read`() throws {
        var client = try client(.control)
        try client.hear(reply(20, sequence: 0, group: 5, portID: 0), now: 20_000)
        #expect(client.take().count == 32)
        _ = try client.say(request(20, sequence: 5, flags: .ack))
        try client.hear(acknowledgement(5, code: 17), now: 20_001)
        #expect(client.output.isEmpty)
        client.wait(until: try #require(client.wakeAt))
        #expect(try heads(client.take()) == [[2, 5, 4711]])
    }

    @Test func `of several requests under way only the last one's acknowledgement waits`() throws {
        var client = try client()
        try client.hear(reply(20, sequence: 0, group: 5, portID: 0), now: 20_000)
        _ = client.take()
        for sequence in 5...7 { _ = try client.say(request(20, sequence: UInt32(sequence), flags: .ack)) }
        try client.hear(acknowledgement(5) + acknowledgement(6), now: 20_001)
        #expect(try heads(client.take()).map { $0[1] } == [5, 6])
    }

    @Test func `what the client has no class for comes last, and nothing follows it at once`() throws {
        var client = try client(.control)
        _ = try client.say(request(18, sequence: 1))
        try client.hear(reply(16, sequence: 1), now: 15_000)
        _ = client.take()
        try client.hear(reply(Self.newRule, sequence: 0, group: 8) + reply(16, sequence: 0, group: 1), now: 20_000)
        #expect(try heads(client.take()).map { $0[0] } == [16, 32])
        try client.hear(reply(16, sequence: 0, group: 1), now: 20_010)
        #expect(client.output.isEmpty)
        client.wait(until: try #require(client.wakeAt))
        #expect(try heads(client.take()).map { $0[0] } == [16])
    }

    @Test func `behind the answer yes notifications wait for the first request or a second`() throws {
        var quiet = try MessageClient(.control, session: true)
        try quiet.hear(reply(16, sequence: 0, group: 1), now: 0)
        quiet.wait(until: 999)
        #expect(quiet.output.isEmpty)
        quiet.wait(until: 1000)
        #expect(try heads(quiet.take()).count == 1)

        var busy = try MessageClient(.control, session: true)
        try busy.hear(reply(16, sequence: 0, group: 1), now: 0)
        _ = try busy.say(request(18, sequence: 1))
        try busy.hear(reply(16, sequence: 1), now: 5)
        #expect(try heads(busy.take()).map { $0[1] } == [1])
        busy.wait(until: 200)
        #expect(try heads(busy.take()).map { $0[1] } == [0])
    }

    @Test func `the answer to 0.1.4 and 0.1.5 waits until they look for it`() throws {
        var client = MessageClient(.control)
        _ = try client.say(control(protocolNumber: 0, wide: true))
        client.connection.sessionOpened()
        try client.hear(frame(.welcome, Welcome().encode()), now: 5000)
        _ = try client.say(request(18, sequence: 1))
        try client.hear(reply(16, sequence: 1), now: 5001)
        #expect(client.output.isEmpty && client.wakeAt == 5100)
        client.wait(until: 5100)
        #expect(try heads(client.take()).map { $0[0] } == [1, 16])
        // It had asked already: no second is waited for its first request.
        try client.hear(reply(16, sequence: 0, group: 1), now: 5101)
        client.wait(until: 5300)
        #expect(try heads(client.take()).map { $0[0] } == [16])
    }

    @Test func `a notification waits no longer than half a second, whatever else goes on`() throws {
        var client = try client(.control)
        try client.hear(reply(16, sequence: 0, group: 1), now: 20_000)
        _ = client.take()
        var waited: UInt64?
        for step in 0..<200 as Range<UInt64> {
            let now = 20_000 + step * 5
            let sequence = UInt32(step + 1)
            _ = try client.say(request(20, sequence: sequence, flags: .ack))
            if step == 1 { try client.hear(reply(20, sequence: 0, group: 5, portID: 0), now: now) }
            try client.hear(acknowledgement(sequence), now: now)
            if try heads(client.take()).contains(where: { $0[0] == 20 }) { waited = waited ?? now - 20_005 }
        }
        #expect(try #require(waited) <= 505)
    }

    @Test func `of a storm no more is kept than fits, and all of it comes out`() throws {
        var client = try client(.control)
        _ = try client.say(request(18, sequence: 1, flags: .dump))
        var count = 0
        while !client.connection.isFull {
            try client.connection.receiveOne(reply(16, sequence: 0, payload: 1000, group: 1), now: 20_000)
            count += 1
        }
        #expect((60...70).contains(count))
        client.wait(until: 20_000)
        #expect(!client.connection.isFull)
        client.wait(until: try #require(client.wakeAt))
        #expect(try messages(in: client.take()).count == count)
    }

    @Test func `a dump leaves in lots of 16 bytes, its end at once`() throws {
        var client = try client(.control)
        _ = try client.say(request(18, sequence: 1, flags: .dump))
        var stream: [UInt8] = []
        for size in [20, 24, 28, 32, 36, 100, 1000] {
            try client.hear(reply(16, sequence: 1, flags: .multi, payload: size), now: 20_000)
            let bytes = client.take()
            #expect(bytes.count % 16 == 0)
            stream += bytes
        }
        try client.hear(reply(3, sequence: 1, flags: .multi, payload: 4), now: 20_000)
        stream += client.take()
        #expect(try heads(stream).map { $0[0] } == [16, 16, 16, 16, 16, 16, 16, 3])
    }

    @Test(arguments: [true, false])
    func `for 0.1.4 and 0.1.5 each read of 16 KiB ends between messages`(isLocal: Bool) throws {
        var client = try client(.control, wide: true, isLocal: isLocal)
        _ = try client.say(request(26, sequence: 1, flags: .dump))
        var generator = SeededNumbers(seed: 16_384)
        var sent = 0
        var stream: [UInt8] = []
        var now: UInt64 = 20_000
        func settle() throws {
            client.wait(until: now)
            repeat {
                let bytes = client.take()
                if !isLocal { #expect(bytes.count <= 16_384) }
                stream += bytes
                guard let time = client.wakeAt else { break }
                now = time
                client.wait(until: now)
            } while true
        }
        for _ in 0..<100 {
            var datagram: [UInt8] = []
            for _ in 0..<Int.random(in: 1...40, using: &generator) {
                let header = MessageHeader(type: MessageType(rawValue: 24), flags: .multi, sequence: 1, portID: 900)
                let payload = [UInt8](repeating: 5, count: 4 * Int.random(in: 3...40, using: &generator))
                datagram += message(header, payload)
                sent += 1
            }
            try client.hear(frame(.datagram, datagram), now: now)
            try settle()
        }
        try client.hear(reply(3, sequence: 1, flags: .multi, payload: 4), now: now)
        try settle()
        #expect(stream.count > 10 * 16_384)
        var received = 0
        for start in stride(from: 0, to: stream.count, by: 16_384) {
            let read = Array(stream[start..<min(start + 16_384, stream.count)])
            received += try messages(in: read).count { $0.header.type.rawValue == 24 }
        }
        #expect(received == sent)
    }
}

extension MessageConnection {
    /// Takes one frame and writes nothing.
    fileprivate mutating func receiveOne(_ frame: [UInt8], now: UInt64) throws(ProtocolError) {
        _ = try receiveFromBroker(0..<frame.count, of: frame.span, now: now)
    }
}
