import GatewayIPC
import GatewayPolicy
import GatewayProtocol
import Glibc
import LinuxSys
import NetlinkWire
import Testing

extension GatewayTests {
    /// Which lists a broker arms, and which it doesn't.
    @Suite struct ArmingTests {
        private func up(_ name: String = "lo", _ sequence: UInt32 = 5) throws -> [UInt8] {
            try RouteWrite.set(named: name, up: true, sequence: sequence)
        }

        private func run(_ grants: SessionGrants = .of(.unrestricted), _ body: (LoneSession) throws -> Void) throws {
            try Namespace().enter { try body(LoneSession.forLists(grants)) }
        }

        @Test func `each datagram is judged as if it were said now`() throws {
            let list = try ArmRequest(seconds: 60, datagrams: [up(), RouteWrite.delete(named: "nlg0")])
            try run { session in
                try makeLinks("nlg0")
                #expect(try session.arm(7, list).code == 0)
                #expect(try session.confirm(7).code == 0)
                #expect(try linkExists("nlg0"))
            }
            try run(.of(.route(["SETLINK", "NEWLINK"]))) { session in
                let refused = try session.arm(7, list)
                #expect(refused.code == EPERM)
                let denial = try session.record()
                #expect(denial.event == .denied && denial.operation == "route DELLINK" && denial.isWrite)
                #expect(
                    refused.text
                        == "datagram 2 of 2: policy does not grant route DELLINK to test [denial \(denial.denial)]")
                #expect(try session.confirm(7).code == ENOENT)
                // The part that is granted can be armed.
                #expect(try session.arm(7, ArmRequest(seconds: 60, datagrams: [up()])).code == 0)
            }
        }

        @Test func `what would cut the session off is refused there too, unless extra self is granted`() throws {
            let all = Grants(
                extras: [.secrets, .traffic, .group, .code], operations: { _, operation in operation.grantable },
                groups: { _, _ in true })
            let down = try ArmRequest(
                seconds: 60, datagrams: [RouteRequest.setLink(index: 1, up: false, sequence: 5)])
            let here = Endpoint(address: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1], port: 7000)
            try Namespace().enter {
                let guarded = try LoneSession.forLists(.of(all), local: here, peer: here)
                let refused = try guarded.arm(1, down)
                #expect(refused.code == EPERM && refused.text.contains("extra self"), "\(refused)")
                let free = try LoneSession.forLists(.of(.unrestricted), local: here, peer: here)
                #expect(try free.arm(1, down).code == 0)
                #expect(try free.confirm(1).code == 0)
            }
        }

        @Test func `what is malformed, and what changes nothing`() throws {
            try run { session in
                let link = RouteRequest.link(index: 1, sequence: 5)
                let broken = Array(try up().dropLast(4))
                for (datagram, words) in [(link, "changes nothing"), (broken, "malformed"), ([1, 2, 3], "malformed")] {
                    let refused = try session.arm(1, ArmRequest(seconds: 60, datagrams: [up(), datagram]))
                    #expect(refused.code == EINVAL && refused.text.contains(words), "\(refused)")
                    #expect(refused.text.hasPrefix("datagram 2 of 2"))
                }
                #expect(try session.result(.arm, tag: 1, [1, 2, 3]).code == EINVAL)
                #expect(try session.result(.arm, tag: 1).code == EINVAL)
                #expect(try session.confirm(1).code == ENOENT)
            }
        }

        @Test func `the limits, and one beyond each`() throws {
            try run { session in
                // Zeros behind the last message are let through.
                let padded = try up() + [UInt8](repeating: 0, count: 4096 - up().count)
                let full = [[UInt8]](repeating: padded, count: 64)
                #expect(try session.arm(1, ArmRequest(seconds: 3600, datagrams: full)).code == 0)
                #expect(try session.confirm(1).code == 0)
                try session.helper.skipMessages()
                let payload = try ArmRequest(seconds: 60, datagrams: full).encode()
                let one: [UInt8] = [5, 0, 2, 0, 1, 0, 0, 0]
                #expect(try session.result(.arm, tag: 1, payload + one).code == E2BIG)
                let long = try ArmRequest(seconds: 60, datagrams: Array(full.dropLast())).encode() + one
                #expect(try session.result(.arm, tag: 1, long + [8, 16, 2, 0] + padded + [0, 0, 0, 0]).code == E2BIG)
                let hour = try ArmRequest(seconds: 3600, datagrams: [up()]).encode()
                #expect(
                    try session.result(.arm, tag: 1, [8, 0, 1, 0, 17, 14, 0, 0] + hour.dropFirst(8)).code == EINVAL)
                #expect(try session.result(.arm, tag: 1, [8, 0, 1, 0, 0, 0, 0, 0] + hour.dropFirst(8)).code == EINVAL)
                let many = try (0..<512).flatMap { _ in try up() }
                try session.socket.send(
                    RawClient.frame(.arm, tag: 1, ArmRequest(seconds: 60, datagrams: [many, many]).encode()))
                var records = 0
                while case .audit(let record) = try session.helper.message() {
                    records += 1
                    #expect(record.event == .armed)
                }
                #expect(records == 1024)
                #expect(try session.next().header.kind == .result)
                let more = try session.arm(1, ArmRequest(seconds: 60, datagrams: [many, many, up()]))
                #expect(more.code == E2BIG && more.text.contains("1024"))
            }
        }

        @Test func `a session has one list: another tag is refused, the same tag takes its place`() throws {
            try run { session in
                try makeLinks("nlg0", "nlg1")
                try session.arm(7, up("nlg0"))
                let other = try session.arm(8, ArmRequest(seconds: 60, datagrams: [up("nlg1")]))
                #expect(other.code == EBUSY && other.text.contains("list 7 is armed"))
                #expect(try session.confirm(8).code == ENOENT)
                try session.arm(7, up("nlg1"))
                // A list that is refused takes nobody's place.
                #expect(try session.arm(7, ArmRequest(seconds: 60, datagrams: [[1, 2, 3]])).code == EINVAL)
                try session.helper.send(.stop)
                #expect(try session.rolledBack().map(\.target) == ["dev=nlg1"])
                #expect(try linkIsUp("nlg1") && !linkIsUp("nlg0"))
            }
        }

        @Test func `a session that has a list isn't reset`() throws {
            try run { session in
                try session.arm(7, up())
                let busy = try session.result(.reset, tag: 9)
                #expect(busy.code == EBUSY && busy.text == "list 7 is armed; confirm it first")
                #expect(try session.answer(to: RouteRequest.link(index: 1, sequence: 6), sequence: 6).messages == 1)
                #expect(try session.confirm(7).code == 0)
                #expect(try session.result(.reset, tag: 10).code == 0)
                #expect(try session.helper.end() == .exited(0))
            }
        }

        @Test func `a reader arms nothing, however long the list is, and serves on`() throws {
            try Namespace().enter {
                let session = try LoneSession(LoneHelper.reader([.of(.unrestricted)]))
                let padded = try up() + [UInt8](repeating: 0, count: 4096 - up().count)
                for count in [1, 64] {
                    let refused = try session.arm(
                        1, ArmRequest(seconds: 60, datagrams: [[UInt8]](repeating: padded, count: count)))
                    #expect(refused.code == EPERM && refused.text.contains("nothing to undo"))
                }
                #expect(try session.result(.arm, tag: 1, [UInt8](repeating: 0, count: 1 << 20)).code == EPERM)
                #expect(try session.confirm(1).code == ENOENT)
                #expect(try session.answer(to: RouteRequest.link(index: 1, sequence: 6), sequence: 6).messages == 1)
            }
        }

        @Test func `random lists end neither the broker nor the session`() throws {
            try run { session in
                var random = SystemRandomNumberGenerator()
                let seed = UInt64.random(in: 0...UInt64.max, using: &random)
                var state = seed
                func next() -> UInt8 {
                    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    return UInt8(truncatingIfNeeded: state >> 33)
                }
                let good = try ArmRequest(seconds: 60, datagrams: [up(), RouteWrite.delete(named: "nlg9")]).encode()
                for _ in 0..<2000 {
                    var payload = good
                    for _ in 0...(next() % 4) { payload[Int(next()) % payload.count] = next() }
                    let outcome = try session.result(.arm, tag: 1, payload)
                    try session.helper.skipMessages()
                    #expect([0, EPERM, EINVAL, E2BIG].contains(Int32(outcome.code)), "seed \(seed): \(outcome)")
                }
                #expect(try session.answer(to: RouteRequest.link(index: 1, sequence: 6), sequence: 6).messages == 1)
            }
        }

        // MARK: audit: required

        @Test func `where the log is required, nothing is armed before it has every write of the list`() throws {
            let grants = SessionGrants(
                roles: [RolePart(name: "writer", line: 9, grants: .unrestricted)], auditRequired: true)
            for isWritten in [true, false] {
                try run(grants) { session in
                    let list = try ArmRequest(seconds: 60, datagrams: [up(), RouteWrite.delete(named: "nlg0")])
                    try session.socket.send(RawClient.frame(.arm, tag: 7, list.encode()))
                    let (first, second) = (try session.record(), try session.record())
                    #expect(first.event == .armed && second.event == .armed)
                    #expect(first.operation == "route NEWLINK" && second.operation == "route DELLINK")
                    #expect(first.reason == "list 7, datagram 1 of 2, sent unless confirmed within 60 seconds")
                    #expect(first.ticket != 0 && second.ticket != first.ticket)
                    #expect(throws: ToolFailure.self) { try session.next(seconds: 1) }
                    try session.helper.send(.audited(ticket: second.ticket, isWritten: isWritten))
                    try session.helper.send(.audited(ticket: first.ticket, isWritten: true))
                    let (header, payload) = try session.next()
                    #expect(header.kind == .result && header.tag == 7)
                    let outcome = try Outcome(.result, 0..<payload.count, in: payload.span)
                    #expect(outcome.code == (isWritten ? 0 : UInt32(EPERM)), "\(outcome)")
                    #expect(try session.confirm(7).code == (isWritten ? 0 : UInt32(ENOENT)))
                }
            }
        }
    }
}
