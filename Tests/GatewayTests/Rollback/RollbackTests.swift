import GatewayIPC
import GatewayPolicy
import GatewayProtocol
import Glibc
import LinuxSys
import NetlinkWire
import Testing

extension GatewayTests {
    /// When a broker sends the list that it has armed, and what it says about it.
    @Suite struct RollbackTests {
        private func set(_ name: String, up: Bool = true, _ sequence: UInt32 = 5) throws -> [UInt8] {
            try RouteWrite.set(named: name, up: up, sequence: sequence)
        }

        /// A session in a namespace with two links that are down.
        private func run(_ grants: SessionGrants..., body: (LoneSession) throws -> Void) throws {
            try Namespace().enter {
                try makeLinks("nlg0", "nlg1")
                let session = try LoneSession.forLists(grants.first ?? .of(.unrestricted))
                for (index, set) in grants.dropFirst().enumerated() {
                    try session.helper.send(set, number: UInt32(index + 2))
                }
                try body(session)
            }
        }

        @Test func `on timeout, in order, with the kernel's verdict on each write`() throws {
            try run { session in
                let armed = try session.arm(
                    7, seconds: 1, RouteWrite.make("late", sequence: 1), set("late") + set("nlg9"),
                    RouteWrite.delete(named: "nlg0"))
                #expect(armed.map(\.event) == [.armed, .armed, .armed, .armed])
                #expect(armed.map(\.operation) == ["route NEWLINK", "route NEWLINK", "route NEWLINK", "route DELLINK"])
                #expect(armed.map(\.ticket) == [0, 0, 0, 0])
                #expect(armed[2].reason == "list 7, datagram 2 of 3, sent unless confirmed within 1 seconds")
                #expect(try !linkExists("late"))
                let goodbye = try #require(try session.goodbye())
                #expect(goodbye.code == GoodbyeReason.rolledBack)
                #expect(
                    goodbye.text
                        == "list 7 was not confirmed within 1 seconds; list 7, 3 datagrams: sent, 3 of 4 changes made")
                // Made first, then up: the order of the list.
                #expect(try linkIsUp("late"))
                #expect(try !linkExists("nlg0"))
                let records = try session.rolledBack()
                #expect(records.map(\.errno) == [0, 0, ENODEV, 0])
                #expect(records.map(\.operation) == armed.map(\.operation))
                #expect(records.map(\.target) == armed.map(\.target))
                #expect(records[2].reason == "timeout: list 7, datagram 2 of 3")
                #expect(try session.helper.end() == .exited(0))
                let line = "nlgate-broker: session 1 (test): timeout: list 7, 3 datagrams: sent, 3 of 4 changes made\n"
                #expect(session.helper.log == line)
            }
        }

        @Test func `confirmed lists are never sent, and the session goes on`() throws {
            try run { session in
                try session.arm(7, seconds: 1, RouteWrite.delete(named: "nlg0"))
                #expect(try session.confirm(7).code == 0)
                let record = try session.record()
                #expect(record.event == .confirmed && record.reason == "list 7, 1 datagram" && record.isWrite)
                #expect(try session.helper.message() == .armed(session: 1, seconds: 0))
                #expect(try session.confirm(7).code == ENOENT)
                usleep(1_500_000)
                #expect(try session.answer(to: RouteRequest.link(index: 1, sequence: 6), sequence: 6).messages == 1)
                #expect(try linkExists("nlg0"))
                session.socket.shutDown()
                #expect(try session.rolledBack() == [])
                #expect(try linkExists("nlg0"))
            }
        }

        @Test func `the time of a list that takes another's place begins anew`() throws {
            try run { session in
                try session.arm(7, seconds: 1, RouteWrite.delete(named: "nlg0"))
                try session.arm(7, seconds: 600, RouteWrite.delete(named: "nlg1"))
                usleep(1_500_000)
                #expect(try session.confirm(7).code == 0)
                #expect(try linkExists("nlg0") && linkExists("nlg1"))
            }
        }

        @Test func `when the frontend's end is gone, behind what it said before`() throws {
            try run { session in
                try session.arm(7, RouteWrite.delete(named: "nlg0"))
                try session.say(RouteWrite.make("late", sequence: 6))
                session.socket.shutDown()
                let records = try session.rolledBack()
                #expect(records.map(\.reason) == ["connection: list 7, datagram 1 of 1"])
                #expect(try !linkExists("nlg0") && linkExists("late"))
                #expect(try session.helper.end() == .exited(0))
            }
        }

        @Test func `a confirmation that is already there counts, also when its sender has gone`() throws {
            try run { session in
                try session.arm(7, RouteWrite.delete(named: "nlg0"))
                try session.socket.send(RawClient.frame(.confirm, tag: 7))
                session.socket.shutDown()
                #expect(try session.rolledBack() == [])
                #expect(try linkExists("nlg0"))
            }
        }

        @Test func `when the client breaks the protocol`() throws {
            try run { session in
                try session.arm(7, RouteWrite.delete(named: "nlg0"))
                try session.socket.send(RawClient.frame(.welcome))
                #expect(try session.goodbye()?.code == GoodbyeReason.protocolError)
                #expect(try session.rolledBack().map(\.errno) == [0])
                #expect(try !linkExists("nlg0"))
            }
        }

        @Test func `when the gateway stops, and the client hears of it`() throws {
            try run { session in
                try session.arm(7, RouteWrite.delete(named: "nlg0"))
                try session.helper.send(.stop)
                let goodbye = try #require(try session.goodbye())
                #expect(goodbye.code == GoodbyeReason.restart)
                #expect(
                    goodbye.text == "the gateway is stopping; list 7, 1 datagram: sent, 1 of 1 changes made")
                #expect(try session.rolledBack().map(\.reason) == ["stop: list 7, datagram 1 of 1"])
                #expect(try session.helper.end() == .exited(0))
            }
        }

        @Test(arguments: [GoodbyeReason.revoked, GoodbyeReason.expired, GoodbyeReason.limits])
        func `when the supervisor ends the session`(reason: UInt32) throws {
            try run { session in
                let cause = reason == GoodbyeReason.revoked ? "reload" : "expiry"
                try session.arm(7, RouteWrite.delete(named: "nlg0"))
                try session.helper.send(.revoke(session: 1, reason: reason, text: "it is over"))
                let goodbye = try #require(try session.goodbye())
                #expect(goodbye.code == reason && goodbye.text.hasPrefix("it is over; list 7"))
                #expect(try session.rolledBack().map(\.reason) == ["\(cause): list 7, datagram 1 of 1"])
            }
        }

        @Test func `before a change of grants that takes a needed right, and not before another`() throws {
            let less = SessionGrants.of(.route(["SETLINK", "NEWLINK", "GETLINK"]))
            let enough = SessionGrants.of(.route(["SETLINK", "NEWLINK", "GETLINK", "DELLINK"]))
            try run(.of(.unrestricted), enough, less) { session in
                try session.arm(7, set("nlg1"), RouteWrite.delete(named: "nlg0"))
                try session.helper.send(.regrant(session: 1, grantSet: 2, roles: "enough"))
                #expect(try session.answer(to: RouteRequest.link(index: 1, sequence: 6), sequence: 6).messages == 1)
                #expect(try linkExists("nlg0"))
                // The right is gone, and the list is sent all the same.
                try session.helper.send(.regrant(session: 1, grantSet: 3, roles: "less"))
                let goodbye = try #require(try session.goodbye())
                #expect(goodbye.code == GoodbyeReason.rolledBack)
                #expect(goodbye.text.hasPrefix("the policy changed and does not grant what list 7 needs; list 7, 2"))
                let records = try session.rolledBack()
                #expect(
                    records.map(\.reason) == ["reload: list 7, datagram 1 of 2", "reload: list 7, datagram 2 of 2"])
                #expect(records.map(\.errno) == [0, 0])
                #expect(try !linkExists("nlg0") && linkIsUp("nlg1"))
            }
        }

        @Test func `on SIGTERM while something is armed; otherwise SIGTERM ends the process at once`() throws {
            try run { session in
                try session.arm(7, RouteWrite.delete(named: "nlg0"))
                try session.helper.child.signal(SIGTERM)
                #expect(try session.goodbye()?.code == GoodbyeReason.restart)
                #expect(try session.rolledBack().map(\.reason) == ["stop: list 7, datagram 1 of 1"])
                #expect(try !linkExists("nlg0"))
            }
            try run { session in
                try session.arm(7, RouteWrite.delete(named: "nlg0"))
                #expect(try session.confirm(7).code == 0)
                try session.helper.child.signal(SIGTERM)
                #expect(try session.helper.end() == .signalled(SIGTERM))
                #expect(try linkExists("nlg0"))
            }
        }

        @Test func `when the supervisor says what it may not`() throws {
            try run { session in
                try session.arm(7, RouteWrite.delete(named: "nlg0"))
                try session.helper.send(.serve)
                #expect(try session.rolledBack().map(\.errno) == [0])
                #expect(try session.helper.end() == .exited(1))
                #expect(try !linkExists("nlg0"))
            }
        }

        @Test func `a broker that is killed loses its list`() throws {
            try run { session in
                try session.arm(7, seconds: 1, RouteWrite.delete(named: "nlg0"))
                try session.helper.child.signal(SIGKILL)
                #expect(try session.helper.end() == .signalled(SIGKILL))
                usleep(1_500_000)
                #expect(try linkExists("nlg0"))
            }
        }

        @Test func `a queue full of events and a dump under way hide no verdict`() throws {
            try run { session in
                try ipBatch((0..<4000).map { "route add 10.\($0 >> 8).\($0 & 255).0/24 dev lo" }, in: Scratch())
                // RTNLGRP_LINK
                #expect(try session.result(.join, group: 1).code == 0)
                try session.arm(7, RouteWrite.delete(named: "nlg0"), RouteWrite.delete(named: "nlg9"))
                for _ in 0..<50 { try session.say(RouteRequest.dump(RouteRequest.getRoute, header: 12, sequence: 9)) }
                try ipBatch((0..<2000).map { "link set nlg1 mtu \(1000 + $0 % 500)" }, in: Scratch())
                try session.helper.send(.stop)
                try eventually("it is sent") { try !linkExists("nlg0") }
                // A client that doesn't read isn't waited for.
                session.socket.shutDown()
                #expect(try session.rolledBack().map(\.errno) == [0, ENODEV])
            }
        }

        @Test func `what the session's last write came to is told before`() throws {
            try run { session in
                try session.arm(7, RouteWrite.delete(named: "late"))
                try session.say(RouteWrite.make("late", sequence: 6))
                session.socket.shutDown()
                guard case .audit(let write) = try session.helper.message() else {
                    throw ToolFailure(description: "no record of the write")
                }
                #expect(write.event == .wrote && write.errno == 0)
                #expect(try session.rolledBack().map(\.errno) == [0])
                #expect(try !linkExists("late"))
            }
        }
    }
}
