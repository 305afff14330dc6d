import GatewayProtocol
import NetlinkWire
import SeededInput
import Testing

/// Client bytes into frames, and the way to a session.
@Suite struct MessageConnectionTests {
    @Test(arguments: [Dialect.raw, .control])
    func `a raw client gets NETLINK_ROUTE, a control client what it names`(dialect: Dialect) throws {
        var client = MessageClient(dialect)
        let hello = try #require(
            try client.say(dialect == .raw ? request(18, sequence: 1) : control(protocolNumber: 0, wide: false)).hello)
        #expect(hello.protocolNumber == 0)
        #expect(hello.groups == Dialect.routeGroups(for: dialect))
        #expect(client.connection.isPaused && client.connection.isOpening)
        #expect(hello.groups.allSatisfy { (1...31).contains($0) })
    }

    @Test(arguments: [false, true])
    func `generic netlink, with no groups`(wide: Bool) throws {
        var client = MessageClient(.control)
        let hello = try #require(try client.say(control(protocolNumber: 16, wide: wide)).hello)
        #expect(hello.protocolNumber == 16)
        #expect(hello.groups.isEmpty)
    }

    @Test(arguments: [
        control(protocolNumber: 32, wide: false), control(protocolNumber: 0, wide: false, command: 4),
        [28, 0, 0, 0, 1, 0, 0, 0] + [UInt8](repeating: 0, count: 20),
        [32, 0, 0, 0, 1, 0, 0, 0] + [UInt8](repeating: 0, count: 24),
        [28, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 7, 0, 1, 0, 0, 0, 0, 0],
        [28, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 6, 0, 2, 0, 0, 0, 0, 0],
    ])
    func `any other control message is answered no`(bytes: [UInt8]) throws {
        var client = MessageClient(.control)
        #expect(failure { () throws(ProtocolError) in try client.say(bytes) } == .badControl)
        #expect(client.connection.farewell(GoodbyeReason.protocolError) == MessageClient.no)
    }

    @Test func `the answer is yes with WELCOME and no with a refusal`() throws {
        var client = try MessageClient(.control, session: false)
        #expect(client.connection.farewell(GoodbyeReason.policy) == MessageClient.no)
        client.connection.sessionOpened()
        #expect(client.connection.isPaused && !client.connection.isOpening)
        try client.hear(frame(.welcome), now: 0)
        #expect(client.output == [0x14, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0])
        #expect(client.connection.isActive && !client.connection.isPaused)
        #expect(client.connection.farewell(GoodbyeReason.restart).isEmpty)

        var refused = try MessageClient(.control, session: false)
        refused.connection.sessionOpened()
        let goodbye = frame(.goodbye, Outcome(code: GoodbyeReason.policy).encode())
        #expect(try !refused.hear(goodbye, now: 0))
        #expect(refused.connection.farewell(GoodbyeReason.closed) == MessageClient.no)
    }

    @Test func `a raw client is refused with an error on its first message`() throws {
        var client = MessageClient(.raw)
        _ = try client.say(request(18, sequence: 9))
        let bytes = client.connection.farewell(GoodbyeReason.policy)
        let error = try #require(try messages(in: bytes).first)
        #expect(error.header.type == .error)
        #expect(error.header.sequence == 9)
        #expect(error.header.portID == 4711)
        #expect(try Acknowledgement(error, in: bytes.span).code == 1)
        #expect(try MessageHeader(from: bytes.span, at: 20).type.rawValue == 18)
    }

    @Test(arguments: [1, 2, 3, 5, 16, 17, 100, 100_000])
    func `however TCP cuts and joins, each message becomes one datagram`(size: Int) throws {
        let sizes = [0, 16, 3, 70_000, 1, 65_504, 65_505, 40]
        let said = sizes.enumerated().map { request(20, sequence: UInt32($0.offset), payload: $0.element) }
        var client = try MessageClient(.raw, session: true)
        let all = said.joined()
        var frames: [UInt8] = []
        var start = all.startIndex
        while start != all.endIndex {
            let end = all.index(start, offsetBy: size, limitedBy: all.endIndex) ?? all.endIndex
            frames += try client.say(Array(all[start..<end])).frames
            start = end
        }
        let datagrams = try datagrams(in: frames)
        #expect(datagrams.map(\.tag) == (0..<UInt32(sizes.count)).map { $0 })
        #expect(datagrams.map(\.bytes.count) == sizes.map { 16 + $0 })
        for (datagram, message) in zip(datagrams, said) {
            #expect(datagram.bytes == Array(message[..<datagram.bytes.count]))
        }
    }

    @Test func `a packet of frames is never larger than one may be`() throws {
        var client = try MessageClient(.raw, session: true)
        let one = request(20, sequence: 1, payload: 1000)
        let heard = try client.say(Array(repeatElement(one, count: 640).joined()))
        #expect(heard.packets.count > 10)
        #expect(heard.packets.allSatisfy { $0.count <= 65_536 })
        #expect(try datagrams(in: heard.frames).count == 640)
    }

    @Test(arguments: [
        ([15, 0, 0, 0, 18, 0, 1, 0, 5, 0, 0, 0, 0, 0, 0, 0], ProtocolError.badMessage),
        ([0, 0, 0, 0, 18, 0, 1, 0, 5, 0, 0, 0, 0, 0, 0, 0], .badMessage),
        ([1, 0, 1, 0, 18, 0, 1, 0, 5, 0, 0, 0, 0, 0, 0, 0], .tooLarge(limit: 65_536)),
        ([255, 255, 255, 255, 18, 0, 1, 0, 5, 0, 0, 0, 0, 0, 0, 0], .tooLarge(limit: 65_536)),
        ([17, 0, 0, 0, 18, 0, 1, 0, 5, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1], .badMessage),
    ])
    func `a message that can't be is answered EINVAL and ends the connection`(
        _ test: (bytes: [UInt8], error: ProtocolError)
    ) throws {
        var client = try MessageClient(.raw, session: true, limit: 65_536)
        #expect(failure { () throws(ProtocolError) in try client.say(test.bytes) } == test.error)
        let bytes = client.connection.farewell(GoodbyeReason.protocolError)
        let error = try #require(try messages(in: bytes).first)
        #expect(error.header.sequence == 5)
        #expect(try Acknowledgement(error, in: bytes.span).code == 22)
    }

    @Test func `the limit is that of WELCOME`() throws {
        var client = try MessageClient(.raw, session: true, limit: 4 << 20)
        var frames: [UInt8] = []
        let said = request(20, sequence: 1, payload: (4 << 20) - 16)
        for start in stride(from: 0, to: said.count, by: 60_000) {
            frames += try client.say(Array(said[start..<min(start + 60_000, said.count)])).frames
        }
        #expect(try datagrams(in: frames).map(\.bytes.count) == [4 << 20])
        let tooLong: [UInt8] = [1, 0, 64, 0, 18, 0, 1, 0, 5, 0, 0, 0, 0, 0, 0, 0]
        #expect(failure { () throws(ProtocolError) in try client.say(tooLong) } == .tooLarge(limit: 4 << 20))
    }

    @Test(arguments: [(UInt16(17), true), (21, true), (16, false), (18, false), (3, false)])
    func `what 2013 said at a deletion is not taken for NLM_F_BULK`(_ test: (type: UInt16, isMended: Bool)) throws {
        let old: MessageFlags = [.request, .ack, .create, .exclusive]
        let bulk: MessageFlags = [.request, .ack, .bulk]
        for flags in [old, bulk] {
            var client = try MessageClient(.raw, session: true)
            let frames = try client.say(request(test.type, sequence: 1, flags: flags)).frames
            let datagram = try #require(try datagrams(in: frames).first)
            let header = try MessageHeader(from: datagram.bytes.span)
            #expect(header.flags == (test.isMended && flags == old ? flags.subtracting(.exclusive) : flags))
        }
        var generic = MessageClient(.control)
        _ = try generic.say(control(protocolNumber: 16, wide: false))
        generic.connection.sessionOpened()
        try generic.hear(frame(.welcome), now: 0)
        let datagram = try #require(
            try datagrams(in: generic.say(request(test.type, sequence: 1, flags: old)).frames).first)
        #expect(try MessageHeader(from: datagram.bytes.span).flags == old)
    }

    @Test func `a broker out of turn is hostile`() throws {
        var early = try MessageClient(.control, session: false)
        #expect(
            failure { () throws(ProtocolError) in try early.hear(frame(.welcome), now: 0) } == .unexpected(.welcome))
        early.connection.sessionOpened()
        #expect(
            failure { () throws(ProtocolError) in try early.hear(frame(.datagram), now: 0) } == .unexpected(.datagram))
        for kind in [FrameKind.welcome, .describe, .ping, .hello, FrameKind(rawValue: 99)] {
            var client = try MessageClient(.raw, session: true)
            #expect(failure { () throws(ProtocolError) in try client.hear(frame(kind), now: 0) } == .unexpected(kind))
        }
        for end in 1..<20 {
            var client = try MessageClient(.raw, session: true)
            let cut = Array(frame(.datagram)[..<end])
            #expect(failure { () throws(ProtocolError) in try client.hear(cut, now: 0) } == .badLength)
        }
    }

    @Test func `random bytes from both sides never trap`() throws {
        var generator = SeededNumbers(seed: 0x6d65_7373)
        var errors = 0
        for _ in 0..<4000 {
            var client = try MessageClient(Bool.random(using: &generator) ? .raw : .control, session: true)
            var bytes = (0..<Int.random(in: 0...3, using: &generator)).flatMap { request(20, sequence: UInt32($0)) }
            if !bytes.isEmpty, Bool.random(using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            bytes += generator.bytes(0...40)
            let fromClient = failure { () throws(ProtocolError) in try client.say(bytes) }
            var reply = frame(.datagram, group: UInt32.random(in: 0...2, using: &generator), bytes)
            if Bool.random(using: &generator) {
                reply[Int.random(in: 0..<reply.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            let fromBroker = failure { () throws(ProtocolError) in try client.hear(reply, now: 0) }
            _ = client.connection.farewell(GoodbyeReason.protocolError)
            errors += [fromClient, fromBroker].count { $0 != nil }
        }
        #expect(errors > 1500)
    }
}
