import GatewayProtocol
import NetlinkWire
import SeededInput
import Testing

/// ARM: its payload, and how a session takes it.
@Suite struct ArmTests {
    private func failure(_ body: () throws(ArmError) -> ArmRequest) -> ArmError? {
        do throws(ArmError) {
            _ = try body()
            return nil
        } catch {
            return error
        }
    }

    private func decoded(_ payload: [UInt8]) throws(ArmError) -> ArmRequest { try ArmRequest(payload.span) }

    private func attribute(_ type: UInt16, _ content: [UInt8]) -> [UInt8] {
        let length = UInt16(4 + content.count)
        let head = [UInt8(length & 255), UInt8(length >> 8), UInt8(type & 255), UInt8(type >> 8)]
        return head + content + [UInt8](repeating: 0, count: aligned(content.count) - content.count)
    }

    private let minute: [UInt8] = [8, 0, 1, 0, 60, 0, 0, 0]

    // MARK: the payload

    @Test func `its bytes are those of the document`() throws {
        let request = try ArmRequest(seconds: 60, datagrams: [[1, 2, 3, 4], [5]])
        #expect(request.encode() == minute + attribute(2, [1, 2, 3, 4]) + attribute(2, [5]))
    }

    @Test func `every list within the limits comes back as it was`() throws {
        let most = ArmRequest.maximumBytes
        let lists: [[[UInt8]]] = [
            [[1]], Array(repeating: [7], count: 64), [[UInt8](repeating: 9, count: most)],
            (0..<64).map { [UInt8](repeating: UInt8($0), count: most / 64) },
            [[UInt8](repeating: 1, count: 65_531)], [[UInt8](repeating: 2, count: 65_532), [3]],
            [[UInt8](repeating: 4, count: 131_062), [UInt8](repeating: 5, count: 131_063)],
        ]
        for seconds: UInt32 in [1, 3600] {
            for list in lists {
                let request = try ArmRequest(seconds: seconds, datagrams: list)
                #expect(try decoded(request.encode()) == request)
            }
        }
    }

    @Test func `one beyond each limit`() {
        let most = ArmRequest.maximumBytes
        #expect(failure { () throws(ArmError) in try ArmRequest(seconds: 0, datagrams: [[1]]) } == .seconds)
        #expect(failure { () throws(ArmError) in try ArmRequest(seconds: 3601, datagrams: [[1]]) } == .seconds)
        #expect(failure { () throws(ArmError) in try ArmRequest(seconds: 9, datagrams: []) } == .empty)
        #expect(failure { () throws(ArmError) in try ArmRequest(seconds: 9, datagrams: [[1], []]) } == .empty)
        let many = [[UInt8]](repeating: [1], count: 65)
        #expect(failure { () throws(ArmError) in try ArmRequest(seconds: 9, datagrams: many) } == .tooMany)
        let long = [[UInt8](repeating: 1, count: most), [1]]
        #expect(failure { () throws(ArmError) in try ArmRequest(seconds: 9, datagrams: long) } == .tooLong)
        #expect(
            [ArmError.malformed, .seconds, .empty, .tooMany, .tooLong, .notHere].map(\.errno) == [22, 22, 22, 7, 7, 1])
    }

    @Test func `the same, read from bytes`() {
        let one = attribute(2, [1])
        let cases: [([UInt8], ArmError)] = [
            (attribute(1, [0, 0, 0, 0]) + one, .seconds), (attribute(1, [17, 14, 0, 0]) + one, .seconds),
            (minute, .empty), (minute + attribute(2, []), .empty),
            (minute + (0..<65).flatMap { _ in one }, .tooMany),
            (minute + (0..<5).flatMap { _ in attribute(2, [UInt8](repeating: 1, count: 65_000)) }, .tooLong),
            ([], .malformed), (one, .malformed), (attribute(1, [60, 0, 0]) + one, .malformed),
            (minute + attribute(3, [1]), .malformed), (minute + one + attribute(3, [1]), .malformed),
            (minute + [3, 0, 2, 0], .malformed), (minute + [9, 0, 2, 0, 1], .malformed),
            (minute + one + [1], .malformed),
        ]
        for (payload, error) in cases {
            #expect(failure { () throws(ArmError) in try decoded(payload) } == error, "\(payload.prefix(24))")
        }
    }

    @Test func `unknown attributes are ignored, the last time counts, parts join what follows`() throws {
        let payload =
            attribute(9, [1, 2]) + minute + attribute(3, [1]) + attribute(3, [2]) + attribute(2, [3])
            + attribute(2, [4])
            + attribute(1, [5, 0, 0, 0])
        #expect(try decoded(payload) == ArmRequest(seconds: 5, datagrams: [[1, 2, 3], [4]]))
    }

    @Test func `no bytes trap it, and what it takes is within the limits`() throws {
        var random = SeededNumbers(seed: 0xa12)
        for round in 0..<20_000 {
            var payload = minute + attribute(2, [1, 2, 3, 4]) + attribute(3, [5]) + attribute(2, [6])
            if round % 3 == 0 {
                payload = random.bytes(0...200)
            } else {
                for _ in 0..<Int.random(in: 1...6, using: &random) {
                    payload[Int.random(in: payload.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
                }
            }
            guard let request = try? decoded(payload) else { continue }
            #expect((1...3600).contains(request.seconds))
            #expect(try decoded(request.encode()) == request)
        }
    }

    // MARK: a session

    private func receive(_ session: inout BrokerSession, _ bytes: [UInt8]) throws(ProtocolError) -> [SessionRequest] {
        var requests: [SessionRequest] = []
        var cursor = FrameCursor(0..<bytes.count)
        while let (header, payload) = try cursor.next(in: bytes.span) {
            requests.append(try session.receive(header, payload, in: bytes.span))
        }
        return requests
    }

    private func active(mayArm: Bool) throws -> BrokerSession {
        var session = BrokerSession(limit: DatagramLimit.toReader, mayArm: mayArm)
        _ = try receive(&session, frame(.hello))
        return session
    }

    @Test func `a list comes in one frame or in many`() throws {
        var session = try active(mayArm: true)
        let small = try ArmRequest(seconds: 60, datagrams: [[1, 2, 3, 4]])
        #expect(try receive(&session, frame(.arm, tag: 5)) == [.arm(tag: 5, .success(small))])
        let large = try ArmRequest(seconds: 60, datagrams: [[UInt8](repeating: 1, count: 200_000), [2]])
        let requests = try receive(&session, frame(.arm, tag: 6, large.encode()))
        #expect(requests == [.partial, .partial, .partial, .arm(tag: 6, .success(large))])
        #expect(session.held == 0)
    }

    @Test func `one that is too long is answered, and its bytes are not kept`() throws {
        for (mayArm, error) in [(true, ArmError.tooLong), (false, .notHere)] {
            var session = try active(mayArm: mayArm)
            let bytes = frame(.arm, tag: 7, [UInt8](repeating: 0, count: 1 << 20))
            let last = try #require(try receive(&session, bytes).last)
            #expect(last == .arm(tag: 7, .failure(error)))
            #expect(session.held == 0)
            #expect(try receive(&session, frame(.confirm, tag: 8)) == [.confirm(tag: 8)])
        }
        var reader = try active(mayArm: false)
        #expect(try receive(&reader, frame(.arm, flags: .more, [1, 2, 3])) == [.partial])
        #expect(reader.held == 0)
    }

    @Test(arguments: everyKind)
    func `between the parts of a list only its next part is taken`(kind: FrameKind) throws {
        var session = try active(mayArm: true)
        _ = try receive(&session, frame(.arm, flags: .more, minute))
        if kind == .arm {
            let requests = try receive(&session, frame(.arm, tag: 3, attribute(2, [1])))
            #expect(requests == [.arm(tag: 3, .success(try ArmRequest(seconds: 60, datagrams: [[1]])))])
        } else {
            var error: ProtocolError?
            do throws(ProtocolError) { _ = try receive(&session, frame(kind)) } catch let failure { error = failure }
            #expect(error == .unexpected(kind))
        }
    }

    @Test func `a refused RESET leaves the session as it was`() throws {
        var session = try active(mayArm: true)
        #expect(try receive(&session, frame(.reset, tag: 4)) == [.reset(tag: 4)])
        session.resetRefused()
        #expect(try receive(&session, frame(.confirm, tag: 5)) == [.confirm(tag: 5)])
    }
}
