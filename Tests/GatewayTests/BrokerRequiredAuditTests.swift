import GatewayIPC
import GatewayPolicy
import GatewayProtocol
import Glibc
import LinuxSys
import NetlinkWire
import Testing

extension GatewayTests {
    /// `audit: required`: what can't be logged isn't done.
    @Suite struct BrokerRequiredAuditTests {
        private func run(_ body: (LoneSession) throws -> Void) throws {
            try Namespace().enter {
                let grants = SessionGrants(
                    roles: [RolePart(name: "writer", line: 9, grants: .unrestricted)], auditRequired: true)
                let session = try LoneSession(LoneHelper.privileged(grants))
                try session.askForTexts()
                try body(session)
            }
        }

        /// IFLA_NET_NS_PID: a process of another host can't be named.
        private static let foreign = message(
            RouteRequest.newLink, .ack, sequence: 5, RouteRequest.interface(1) + [8, 0, 19, 0, 1, 0, 0, 0])

        private func exists(_ name: String) throws -> Bool { try ip("-o link").contains(" \(name): ") }

        @Test func `nothing reaches the kernel before the log has it, and the session's input waits`() throws {
            try run { session in
                try session.say(RouteWrite.make("nlg0", sequence: 5))
                let ahead = try session.record()
                #expect(ahead.event == .writing && ahead.ticket != 0 && ahead.isWrite && ahead.line == 9)
                #expect(ahead.operation == "route NEWLINK" && ahead.target.contains("dev=nlg0"))
                // A read behind the write waits for its turn.
                try session.say(RouteRequest.link(index: 1, sequence: 6))
                try session.helper.send(.regrant(session: 1, grantSet: 1, roles: "again"))
                #expect(throws: ToolFailure.self) { try session.next(seconds: 1) }
                #expect(try !exists("nlg0"))
                try session.helper.send(.audited(ticket: ahead.ticket, isWritten: true))
                #expect(try session.answer(sequence: 5).code == 0)
                #expect(try session.answer(sequence: 6).messages == 1)
                let verdict = try session.record()
                #expect(verdict.event == .wrote && verdict.errno == 0 && verdict.ticket == 0)
                #expect(verdict.operation == ahead.operation && verdict.target == ahead.target)
                #expect(try exists("nlg0"))
            }
        }

        @Test func `a log that can't be written refuses the write, with these words`() throws {
            try run { session in
                try session.say(RouteRequest.link(index: 1, sequence: 4) + RouteWrite.make("nlg0", sequence: 5))
                let ahead = try session.record()
                try session.helper.send(.audited(ticket: ahead.ticket, isWritten: false))
                #expect(try session.answer(sequence: 4).code == ECANCELED)
                let answer = try session.answer(sequence: 5)
                let denied = try session.record()
                #expect(answer.code == EPERM)
                #expect(answer.text == "nlgate: the audit log can't be written [denial \(denied.denial)]")
                #expect(denied.event == .denied && denied.errno == EPERM && denied.operation == "route NEWLINK")
                #expect(denied.reason == "the audit log can't be written")
                #expect(try !exists("nlg0"))
                // The session goes on, and the next write asks anew.
                try session.say(RouteWrite.make("nlg1", sequence: 7))
                let next = try session.record()
                #expect(next.event == .writing && next.ticket != ahead.ticket)
                try session.helper.send(.audited(ticket: next.ticket, isWritten: true))
                #expect(try session.answer(sequence: 7).code == 0)
                #expect(try exists("nlg1"))
                #expect(try !exists("nlg0"))
            }
        }

        @Test func `one datagram waits for all of its records`() throws {
            try run { session in
                let datagram = try (0..<3).flatMap { try RouteWrite.make("nlg\($0)", sequence: UInt32(10 + $0)) }
                try session.say(datagram)
                let tickets = try (0..<3).map { _ in try session.record().ticket }
                #expect(Set(tickets).count == 3)
                try session.helper.send(.audited(ticket: tickets[1], isWritten: true))
                try session.helper.send(.audited(ticket: tickets[0], isWritten: false))
                #expect(throws: ToolFailure.self) { try session.next(seconds: 1) }
                try session.helper.send(.audited(ticket: tickets[2], isWritten: true))
                // One that is missing stops all.
                for sequence in 10...12 as ClosedRange<UInt32> {
                    #expect(try session.answer(sequence: sequence).code == EPERM)
                    #expect(try session.record().event == .denied)
                }
                #expect(try !exists("nlg1"))
            }
        }

        @Test func `reads and refusals don't wait`() throws {
            try run { session in
                #expect(try session.answer(to: RouteRequest.link(index: 1, sequence: 4), sequence: 4).messages == 1)
                let refused = try session.answer(to: Self.foreign, sequence: 5)
                #expect(refused.code == EPERM)
                #expect(try session.record().event == .denied)
            }
        }

        @Test func `a session that ends while it waits says that nothing was sent`() throws {
            try run { session in
                try session.say(RouteWrite.make("nlg0", sequence: 5))
                #expect(try session.record().event == .writing)
                try session.helper.send(.revoke(session: 1, reason: GoodbyeReason.revoked, text: "over"))
                let last = try session.record()
                #expect(last.event == .wrote && last.errno == ECANCELED && last.operation == "route NEWLINK")
                #expect(try session.helper.message() == .ended(session: 1))
                #expect(try !exists("nlg0"))
            }
        }

        @Test func `what it judged before is judged again when the log has it`() throws {
            try Namespace().enter {
                let writer = SessionGrants(
                    roles: [RolePart(name: "writer", line: 9, grants: .unrestricted)], auditRequired: true)
                let session = try LoneSession(LoneHelper.privileged(writer, .of(.readOnly)))
                try session.say(RouteWrite.make("nlg0", sequence: 5))
                let ahead = try session.record()
                try session.helper.send(.regrant(session: 1, grantSet: 2, roles: "less"))
                try session.helper.send(.audited(ticket: ahead.ticket, isWritten: true))
                #expect(try session.answer(sequence: 5).code == EPERM)
                #expect(try session.record().event == .denied)
                #expect(try !exists("nlg0"))
            }
        }
    }
}
