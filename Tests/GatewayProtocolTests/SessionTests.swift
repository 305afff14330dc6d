import GatewayProtocol
import Testing

@Suite struct BrokerSessionTests {
    private func receive(
        _ session: inout BrokerSession, _ bytes: [UInt8]
    ) throws(ProtocolError) -> SessionRequest {
        try withFrame(bytes) { (header, payload, bytes) throws(ProtocolError) in
            try session.receive(header, payload, in: bytes)
        }
    }

    private func active(limit: Int = DatagramLimit.toReader) throws -> BrokerSession {
        var session = BrokerSession(limit: limit)
        _ = try receive(&session, frame(.hello))
        return session
    }

    @Test(arguments: everyKind)
    func `before HELLO only HELLO is taken`(kind: FrameKind) throws {
        var session = BrokerSession(limit: 100)
        if kind == .hello {
            #expect(try receive(&session, frame(kind)) == .hello(Hello(protocolNumber: 0), strictGroups: false))
        } else {
            #expect(failure { () throws(ProtocolError) in try receive(&session, frame(kind)) } == .unexpected(kind))
        }
    }

    @Test func `HELLO carries its flag`() throws {
        var session = BrokerSession(limit: 100)
        let request = try receive(&session, frame(.hello, flags: .strictGroups))
        #expect(request == .hello(Hello(protocolNumber: 0), strictGroups: true))
    }

    @Test(arguments: everyKind)
    func `in a session every kind of the client is taken, others are not`(kind: FrameKind) throws {
        var session = try active()
        let bytes = frame(kind, tag: 5, group: 6)
        let expected: SessionRequest? =
            switch kind {
            case .datagram: .datagram(.inPlace(16..<20))
            case .join: .join(tag: 5, group: 6)
            case .leave: .leave(tag: 5, group: 6)
            case .option: .option(tag: 5, OptionRequest(name: 11, value: 1))
            case .arm: .arm(tag: 5, .failure(.notHere))
            case .confirm: .confirm(tag: 5)
            case .describe: .describe(tag: 5)
            case .reset: .reset(tag: 5)
            default: nil
            }
        if let expected {
            #expect(try receive(&session, bytes) == expected)
        } else {
            let error: ProtocolError = kind == .hello ? .unexpected(.hello) : .badKind(kind.rawValue)
            #expect(failure { () throws(ProtocolError) in try receive(&session, bytes) } == error)
        }
    }

    @Test(arguments: everyKind)
    func `after RESET nothing is taken`(kind: FrameKind) throws {
        var session = try active()
        _ = try receive(&session, frame(.reset))
        #expect(failure { () throws(ProtocolError) in try receive(&session, frame(kind)) } == .unexpected(kind))
    }

    @Test(arguments: everyKind)
    func `between the parts of a datagram only its next part is taken`(kind: FrameKind) throws {
        var session = try active()
        #expect(try receive(&session, frame(.datagram, flags: .more, [9])) == .partial)
        #expect(session.held == 1)
        if kind == .datagram {
            #expect(try receive(&session, frame(.datagram, [8])) == .datagram(.assembled([9, 8])))
            #expect(session.held == 0)
        } else {
            #expect(failure { () throws(ProtocolError) in try receive(&session, frame(kind)) } == .unexpected(kind))
        }
    }

    @Test func `a datagram may be as large as the limit, whole or in parts`() throws {
        var session = try active(limit: 70_000)
        let whole = [UInt8](repeating: 3, count: 70_000)
        let bytes = frame(.datagram, whole)
        let first = FrameHeader.maximumLength
        #expect(try receive(&session, bytes) == .partial)
        #expect(try receive(&session, Array(bytes[first...])) == .datagram(.assembled(whole)))
        #expect(try receive(&session, bytes) == .partial)
        let large = frame(.datagram, [UInt8](repeating: 3, count: 70_001 - FrameHeader.maximumPayload))
        let error = failure { () throws(ProtocolError) in try receive(&session, large) }
        #expect(error == .tooLarge(limit: 70_000))
    }

    @Test(arguments: [FrameKind.hello, .join, .option, .describe, .reset])
    func `a control payload has a limit`(kind: FrameKind) throws {
        var session = kind == .hello ? BrokerSession(limit: 100_000) : try active()
        let bytes = frame(kind, [UInt8](repeating: 0, count: DatagramLimit.control + 1))
        #expect(failure { () throws(ProtocolError) in try receive(&session, bytes) } == .badPayload(kind))
    }
}

@Suite struct ClientSessionTests {
    private func receive(_ session: inout ClientSession, _ bytes: [UInt8]) throws(ProtocolError) -> SessionEvent {
        try withFrame(bytes) { (header, payload, bytes) throws(ProtocolError) in
            try session.receive(header, payload, in: bytes)
        }
    }

    private func active() throws -> ClientSession {
        var session = ClientSession()
        _ = try receive(&session, frame(.welcome))
        return session
    }

    @Test(arguments: everyKind)
    func `before WELCOME`(kind: FrameKind) throws {
        var session = ClientSession()
        #expect(!session.isActive)
        switch kind {
        case .welcome:
            #expect(try receive(&session, frame(kind)) == .welcome(Welcome()))
            #expect(session.isActive)
        case .ping: #expect(try receive(&session, frame(kind, tag: 3)) == .ping(tag: 3))
        case .pong: #expect(try receive(&session, frame(kind, tag: 3)) == .pong(tag: 3))
        case .goodbye: #expect(try receive(&session, frame(kind)) == .goodbye(Outcome(code: 0, text: "done")))
        default:
            #expect(failure { () throws(ProtocolError) in try receive(&session, frame(kind)) } == .unexpected(kind))
        }
    }

    @Test(arguments: everyKind)
    func `in a session`(kind: FrameKind) throws {
        var session = try active()
        let bytes = frame(kind, tag: 5, group: 6)
        let expected: SessionEvent? =
            switch kind {
            case .datagram: .datagram(.inPlace(16..<20), group: 6)
            case .result: .result(tag: 5, Outcome(code: 0, text: "done"))
            case .overrun: .overrun
            case .ping: .ping(tag: 5)
            case .pong: .pong(tag: 5)
            case .goodbye: .goodbye(Outcome(code: 0, text: "done"))
            case .describe: .description(tag: 5, ["one line"])
            default: nil
            }
        if let expected {
            #expect(try receive(&session, bytes) == expected)
            #expect(session.isEnded == (kind == .goodbye))
        } else {
            let error: ProtocolError = kind == .welcome ? .unexpected(.welcome) : .badKind(kind.rawValue)
            #expect(failure { () throws(ProtocolError) in try receive(&session, bytes) } == error)
        }
    }

    @Test(arguments: everyKind)
    func `after the end`(kind: FrameKind) throws {
        var session = try active()
        session.resetSent(tag: 1)
        _ = try receive(&session, frame(.result, tag: 1))
        #expect(session.isEnded)
        if [.ping, .pong, .goodbye].contains(kind) {
            _ = try receive(&session, frame(kind))
        } else {
            #expect(failure { () throws(ProtocolError) in try receive(&session, frame(kind)) } == .unexpected(kind))
        }
    }

    @Test func `RESET ends with its own RESULT and not with another's`() throws {
        var session = try active()
        session.resetSent(tag: 8)
        #expect(!session.isActive)
        _ = try receive(&session, frame(.result, tag: 7))
        _ = try receive(&session, frame(.datagram))
        #expect(!session.isEnded)
        _ = try receive(&session, frame(.result, tag: 8))
        #expect(session.isEnded)
    }

    @Test func `a refused RESET leaves the session as it was`() throws {
        var session = try active()
        session.resetSent(tag: 8)
        _ = try receive(&session, frame(.result, tag: 8, Outcome(code: 16, text: "busy").encode()))
        #expect(session.isActive)
        #expect(!session.isEnded)
    }

    @Test func `a long answer comes in parts, PING may come in between`() throws {
        var session = try active()
        #expect(try receive(&session, frame(.datagram, flags: .more, group: 2, [1])) == .partial)
        #expect(try receive(&session, frame(.ping, tag: 4)) == .ping(tag: 4))
        #expect(try receive(&session, frame(.datagram, group: 2, [2])) == .datagram(.assembled([1, 2]), group: 2))
    }
}
