import GatewayProtocol
import SeededInput
import Testing

@Suite struct FrontendConnectionTests {
    private enum State: CaseIterable {
        case idle
        case opening
        case active
        case resetting
    }

    /// All steps that these bytes lead to, up to the first NEEDMORE; `left` is what was not consumed.
    private func steps(
        _ connection: inout FrontendConnection, _ bytes: [UInt8], left: inout [UInt8]
    ) throws(ProtocolError) -> [ClientStep] {
        var list: [ClientStep] = []
        var start = 0
        while true {
            var consumed = 0
            let step = try connection.receive(start..<bytes.count, of: bytes.span, consumed: &consumed)
            if step == .needMore { break }
            start += consumed
            list.append(step)
        }
        left = Array(bytes[start...])
        return list
    }

    private func steps(_ connection: inout FrontendConnection, _ bytes: [UInt8]) throws(ProtocolError) -> [ClientStep] {
        var left: [UInt8] = []
        return try steps(&connection, bytes, left: &left)
    }

    private func connection(_ state: State) throws -> FrontendConnection {
        var connection = FrontendConnection()
        _ = try steps(&connection, preface)
        if state == .idle { return connection }
        _ = try steps(&connection, frame(.hello))
        if state == .opening { return connection }
        connection.sessionOpened()
        if state == .resetting { _ = try steps(&connection, frame(.reset, tag: 8)) }
        return connection
    }

    private func broker(_ connection: inout FrontendConnection, _ bytes: [UInt8]) throws(ProtocolError) -> [BrokerStep]
    {
        var cursor = FrameCursor(0..<bytes.count)
        var list: [BrokerStep] = []
        while let step = try connection.receiveFromBroker(&cursor, in: bytes.span) {
            list.append(step)
            // Nobody asks on after the end of the session.
            if case .sessionEnded = step, cursor.isAtEnd { break }
        }
        return list
    }

    @Test func `the preface is eight bytes and no others`() throws {
        for end in 0..<8 {
            var connection = FrontendConnection()
            #expect(try steps(&connection, Array(preface[..<end])).isEmpty)
            #expect(connection.isIdle)
            var wrong = Array(preface[...end])
            wrong[end] ^= 1
            #expect(failure { () throws(ProtocolError) in try steps(&connection, wrong) } == .badPreface)
        }
        var connection = FrontendConnection()
        #expect(try steps(&connection, preface) == [.consumed])
    }

    @Test(arguments: everyKind)
    func `between sessions`(kind: FrameKind) throws {
        var connection = try connection(.idle)
        #expect(connection.isIdle && !connection.hasSession && !connection.isPaused)
        let bytes = frame(kind, tag: 5)
        switch kind {
        case .hello:
            #expect(try steps(&connection, bytes) == [.open(Hello(protocolNumber: 0), frame: 0..<bytes.count)])
            #expect(connection.isPaused && !connection.hasSession && !connection.isIdle)
        case .ping: #expect(try steps(&connection, bytes) == [.pong(tag: 5)])
        case .pong: #expect(try steps(&connection, bytes) == [.consumed])
        case .goodbye: #expect(try steps(&connection, bytes) == [.goodbye])
        default:
            let isClients = FrameKind.fromClient.contains(kind)
            let error: ProtocolError = isClients ? .unexpected(kind) : .badKind(kind.rawValue)
            #expect(failure { () throws(ProtocolError) in try steps(&connection, bytes) } == error)
        }
    }

    @Test(arguments: everyKind)
    func `in a session`(kind: FrameKind) throws {
        var connection = try connection(.active)
        #expect(connection.hasSession && !connection.isIdle && !connection.isPaused)
        let bytes = frame(kind, tag: 5)
        switch kind {
        case .datagram, .join, .leave, .option, .arm, .confirm, .describe, .reset:
            #expect(try steps(&connection, bytes) == [.forward(0..<bytes.count)])
            #expect(connection.isPaused == (kind == .reset))
        case .ping: #expect(try steps(&connection, bytes) == [.pong(tag: 5)])
        case .pong: #expect(try steps(&connection, bytes) == [.consumed])
        case .goodbye: #expect(try steps(&connection, bytes) == [.goodbye])
        default:
            let error: ProtocolError = kind == .hello ? .unexpected(.hello) : .badKind(kind.rawValue)
            #expect(failure { () throws(ProtocolError) in try steps(&connection, bytes) } == error)
        }
    }

    @Test(arguments: [FrameKind.datagram, .ping, .hello, .goodbye, FrameKind(rawValue: 999)])
    func `while a session is opened or reset, bytes wait`(kind: FrameKind) throws {
        for state in [State.opening, .resetting] {
            var connection = try connection(state)
            var left: [UInt8] = []
            #expect(try steps(&connection, frame(kind), left: &left).isEmpty)
            #expect(left == frame(kind))
        }
    }

    @Test func `frames that go to the broker go in one run, others keep their place`() throws {
        var connection = try connection(.active)
        let one = frame(.datagram, [1, 2, 3])
        let two = frame(.join, group: 4)
        let ping = frame(.ping, tag: 9)
        let bytes = one + two + ping + one + frame(.reset, tag: 2) + two
        let run = one.count + two.count
        let second = run + ping.count
        let end = bytes.count - two.count
        var left: [UInt8] = []
        #expect(
            try steps(&connection, bytes, left: &left)
                == [.forward(0..<run), .pong(tag: 9), .forward(second..<end)])
        #expect(left == two)
    }

    @Test func `byte by byte gives the same frames as in one piece`() throws {
        let said =
            preface + frame(.ping, tag: 1)
            + frame(.hello, Hello(protocolNumber: 4, readOnly: true, groups: [1]).encode())
        let later = frame(.datagram, [1, 2, 3]) + frame(.ping, tag: 2) + frame(.join, group: 7) + frame(.reset, tag: 3)
        func feed(_ size: Int) throws -> (hello: Hello?, forwarded: [UInt8], pongs: [UInt32]) {
            var connection = FrontendConnection()
            var hello: Hello?
            var forwarded: [UInt8] = []
            var pongs: [UInt32] = []
            var held: [UInt8] = []
            for piece in stride(from: 0, to: said.count + later.count, by: size) {
                let all = said + later
                held += all[piece..<min(piece + size, all.count)]
                var again = true
                while again {
                    let before = held
                    again = false
                    for step in try steps(&connection, before, left: &held) {
                        switch step {
                        case .open(let asked, _):
                            hello = asked
                            connection.sessionOpened()
                            again = true
                        case .forward(let range): forwarded += before[range]
                        case .pong(let tag): pongs.append(tag)
                        default: continue
                        }
                    }
                }
            }
            return (hello, forwarded, pongs)
        }
        let whole = try feed(said.count + later.count)
        #expect(whole.hello?.groups == [1])
        #expect(whole.forwarded == frame(.datagram, [1, 2, 3]) + frame(.join, group: 7) + frame(.reset, tag: 3))
        #expect(whole.pongs == [1, 2])
        for size in [1, 2, 3, 7, 16, 17, 40] {
            let cut = try feed(size)
            #expect(cut.hello == whole.hello)
            #expect(cut.forwarded == whole.forwarded)
            #expect(cut.pongs == whole.pongs)
        }
    }

    @Test(arguments: everyKind)
    func `from the broker, in a session`(kind: FrameKind) throws {
        var connection = try connection(.active)
        let bytes = frame(kind, tag: 5)
        switch kind {
        case .welcome, .datagram, .result, .overrun, .describe:
            #expect(try broker(&connection, bytes) == [.forward(0..<bytes.count)])
        case .goodbye: #expect(try broker(&connection, bytes) == [.goodbye(0..<bytes.count)])
        default:
            #expect(failure { () throws(ProtocolError) in try broker(&connection, bytes) } == .badKind(kind.rawValue))
        }
    }

    @Test func `a broker without a session, or with half a frame, is hostile`() throws {
        var idle = try connection(.idle)
        #expect(failure { () throws(ProtocolError) in try broker(&idle, frame(.datagram)) } == .unexpected(.datagram))
        for end in 1..<20 {
            var active = try connection(.active)
            let cut = Array(frame(.datagram)[..<end])
            #expect(failure { () throws(ProtocolError) in try broker(&active, cut) } == .badLength)
        }
    }

    @Test func `what is in flight at RESET is dropped, its RESULT ends the session`() throws {
        var connection = try connection(.resetting)
        let datagram = frame(.datagram)
        let other = frame(.result, tag: 7)
        let own = frame(.result, tag: 8)
        let sizes = [datagram.count, datagram.count + other.count, datagram.count + other.count + own.count]
        #expect(
            try broker(&connection, datagram + other + own)
                == [.drop(0..<sizes[0]), .drop(sizes[0]..<sizes[1]), .sessionEnded(sizes[1]..<sizes[2])])
        #expect(connection.isIdle && !connection.hasSession)
        #expect(try steps(&connection, frame(.hello)).count == 1)
    }

    @Test func `a refused RESET is passed on and the session stays`() throws {
        var connection = try connection(.resetting)
        let busy = frame(.result, tag: 8, Outcome(code: 16, text: "busy").encode())
        #expect(try broker(&connection, busy) == [.forward(0..<busy.count)])
        #expect(connection.hasSession && !connection.isPaused)
    }

    @Test func `nothing may follow the RESULT of RESET`() throws {
        var connection = try connection(.resetting)
        let bytes = frame(.result, tag: 8) + frame(.datagram)
        #expect(failure { () throws(ProtocolError) in try broker(&connection, bytes) } == .unexpected(.datagram))
    }

    @Test func `random bytes end the connection or wait for more, and never trap`() throws {
        var generator = SeededNumbers(seed: 0x6672_6f6e_74)
        let known = everyKind.map { frame($0) }
        var errors = 0
        for _ in 0..<5000 {
            guard let state = State.allCases.randomElement(using: &generator) else { continue }
            var connection = try connection(state)
            var bytes: [UInt8] = []
            for _ in 0..<Int.random(in: 0...4, using: &generator) {
                bytes += known.randomElement(using: &generator) ?? []
            }
            if !bytes.isEmpty, Bool.random(using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            if Bool.random(using: &generator) { bytes += generator.bytes(0...40) }
            let fromClient = failure { () throws(ProtocolError) in try steps(&connection, bytes) }
            let fromBroker = failure { () throws(ProtocolError) in try broker(&connection, bytes) }
            errors += [fromClient, fromBroker].count { $0 != nil }
        }
        #expect(errors > 1500)
    }
}
