import GatewayIPC
import GatewayPolicy
import GatewayProtocol
import Glibc
import LinuxSys
import NetlinkWire
import Testing

extension GatewayTests {
    /// Grant sets: how they reach a broker, and what a change of them does to a session that lives.
    @Suite struct BrokerGrantTests {
        private static let linkGroup: UInt32 = 1
        private static let addressGroup: UInt32 = 5

        private static func parts(_ grants: SessionGrants) throws -> [TablePart] {
            TablePart.parts(of: try grants.encoded())
        }

        /// What no supervisor sends after the sets 1 and 2.
        private static func wrong() throws -> [(why: String, messages: [SupervisorMessage])] {
            let whole = try parts(.of(.unrestricted))
            let set = try SessionGrants.of(.readOnly).encoded()
            func one(_ bytes: [UInt8], _ number: UInt32 = 5) -> [SupervisorMessage] {
                TablePart.parts(of: bytes).map { .grants(number: number, part: $0) }
            }
            return [
                ("a number twice", one(set, 1)),
                ("no bytes", one([])),
                ("no grant set", one(Array("nlgX".utf8) + set.dropFirst(4))),
                ("cut short", one(Array(set.dropLast()))),
                ("something behind it", one(set + [0])),
                ("the second part first", [.grants(number: 5, part: whole[1])]),
                ("a part twice", [.grants(number: 5, part: whole[0]), .grants(number: 5, part: whole[0])]),
                ("two sets at once", [.grants(number: 5, part: whole[0]), .grants(number: 6, part: whole[0])]),
                (
                    "too long",
                    [.grants(number: 5, part: TablePart(offset: 0, total: 2 << 20, bytes: whole[0].bytes))]
                ),
                ("to forget what isn't there", [.forgetGrants(number: 5)]),
                ("to forget it twice", [.forgetGrants(number: 2), .forgetGrants(number: 2)]),
                ("to regrant what isn't there", [.regrant(session: 1, grantSet: 5, roles: "")]),
                ("to confirm what nobody asked", [.audited(ticket: 1, isWritten: true)]),
            ]
        }

        @Test func `what a supervisor may not say of grants ends the broker`() throws {
            try Namespace().enter {
                for (why, messages) in try Self.wrong() {
                    let reader = try LoneHelper.reader()
                    for message in messages { try? reader.send(message) }
                    #expect(try reader.end() == .exited(1), "\(why)")
                }
            }
        }

        @Test func `a set that was forgotten can't be assigned, and its number may come again`() throws {
            try Namespace().enter {
                let reader = try LoneHelper.reader()
                let old = try LoneSession(reader, 1, grantSet: 1)
                try reader.send(.forgetGrants(number: 1))
                // Who has it keeps it.
                #expect(try old.answer(to: RouteRequest.link(index: 1, sequence: 4), sequence: 4).messages == 1)
                try reader.send(.of(.route(["GETADDR"])), number: 1)
                let new = try LoneSession(reader, 2, grantSet: 1)
                #expect(try new.answer(to: RouteRequest.link(index: 1, sequence: 4), sequence: 4).code == EPERM)
                try reader.send(.forgetGrants(number: 1))
                try reader.send(.assign(LoneHelper.assignment(3, grantSet: 1)), passing: PacketSocket.pair().theirs)
                #expect(try reader.end() == .exited(1))
            }
        }

        @Test func `more sets than a broker holds end it`() throws {
            try Namespace().enter {
                let reader = try LoneHelper.reader([])
                let set = try Self.parts(.of(.route(["GETLINK"])))
                for number in 0..<1024 as Range<UInt32> {
                    for part in set { try waitAndSend(reader, .grants(number: number, part: part)) }
                }
                let session = try LoneSession(reader, grantSet: 1023)
                #expect(try session.answer(to: RouteRequest.link(index: 1, sequence: 4), sequence: 4).messages == 1)
                try reader.send(.grants(number: 1024, part: set[0]))
                #expect(try reader.end() == .exited(1))
            }
        }

        /// Sends when there is room.
        private func waitAndSend(_ helper: LoneHelper, _ message: SupervisorMessage) throws {
            while try helper.control.descriptor.send(message.encode().span) == .wouldBlock {
                _ = try helper.control.descriptor.wait(for: .write, milliseconds: 60_000)
            }
        }

        @Test func `one broker serves sessions of different grants`() throws {
            try Namespace().enter {
                let reader = try LoneHelper.reader([.of(.route(["GETLINK"])), .of(.route(["GETADDR"]))])
                let links = try LoneSession(reader, 1, grantSet: 1)
                let addresses = try LoneSession(reader, 2, grantSet: 2)
                let dump = RouteRequest.dump(RouteRequest.getAddress, header: 8, sequence: 5)
                for _ in 0..<2 {
                    #expect(try links.answer(to: RouteRequest.link(index: 1, sequence: 4), sequence: 4).messages == 1)
                    #expect(try links.answer(to: dump, sequence: 5).code == EPERM)
                    #expect(
                        try addresses.answer(to: RouteRequest.link(index: 1, sequence: 4), sequence: 4).code == EPERM)
                    #expect(try addresses.answer(to: dump, sequence: 5).messages > 0)
                }
            }
        }

        @Test func `an operation that was taken away is refused from the next message on, and a new one passes`() throws {
            try Namespace().enter {
                let reader = try LoneHelper.reader([.of(.route(["GETLINK"])), .of(.route(["GETADDR"]))])
                let session = try LoneSession(reader)
                let dump = RouteRequest.dump(RouteRequest.getAddress, header: 8, sequence: 5)
                #expect(try session.answer(to: RouteRequest.link(index: 1, sequence: 4), sequence: 4).messages == 1)
                #expect(try session.describe().contains { $0.contains("GETLINK") })
                try reader.send(.regrant(session: 1, grantSet: 2, roles: "addresses"))
                try eventually("the broker has taken the regrant") { try session.describe().contains("roles addresses") }
                #expect(try session.describe().contains { $0.contains("GETADDR") })
                #expect(try !session.describe().contains { $0.contains("GETLINK") })
                #expect(try session.answer(to: RouteRequest.link(index: 1, sequence: 4), sequence: 4).code == EPERM)
                #expect(try session.answer(to: dump, sequence: 5).messages > 0)
            }
        }

        @Test func `a session that has ended is not missed by a regrant`() throws {
            try Namespace().enter {
                let reader = try LoneHelper.reader()
                let session = try LoneSession(reader, 1)
                try reader.send(.regrant(session: 77, grantSet: 2, roles: ""))
                #expect(try session.answer(to: RouteRequest.link(index: 1, sequence: 4), sequence: 4).messages == 1)
            }
        }

        @Test func `groups that aren't granted any more are left, the others stay`() throws {
            try Namespace().enter {
                let read: Set<String> = ["GETLINK"]
                let reader = try LoneHelper.reader([
                    .of(.route(read, groups: ["LINK", "IPV4_IFADDR"])), .of(.route(read, groups: ["IPV4_IFADDR"])),
                ])
                let session = try LoneSession(reader, groups: [Self.linkGroup, Self.addressGroup])
                #expect(Set(session.welcome.groups) == [Self.linkGroup, Self.addressGroup])
                try ip("link add nlg0 type ifb")
                #expect(try session.event().group == Self.linkGroup)
                // What is queued already when the group is left doesn't come either.
                try reader.child.signal(SIGSTOP)
                try reader.send(.regrant(session: 1, grantSet: 2, roles: ""))
                for number in 1...20 { try ip("link add nlg\(number) type ifb") }
                try ip("address add 192.0.2.1/32 dev nlg0")
                try reader.child.signal(SIGCONT)
                #expect(try session.event().group == Self.addressGroup)
                try ip("link add nlgx type ifb")
                try ip("address add 192.0.2.2/32 dev nlg0")
                #expect(try session.event().group == Self.addressGroup)
                #expect(try session.result(.join, group: Self.linkGroup).code == UInt32(EPERM))
            }
        }

        @Test func `a write granted on a reader takes effect with the next session`() throws {
            try Namespace().enter {
                let reader = try LoneHelper.reader([
                    .of(.route(["GETLINK"])), .of(.route(["GETLINK", "GETADDR", "NEWLINK", "SETLINK"])),
                ])
                let session = try LoneSession(reader)
                try reader.send(.regrant(session: 1, grantSet: 2, roles: "more"))
                try eventually("the broker has taken the regrant") { try session.describe().contains("roles more") }
                let dump = RouteRequest.dump(RouteRequest.getAddress, header: 8, sequence: 5)
                #expect(try session.answer(to: dump, sequence: 5).messages > 0)
                try session.askForTexts()
                let write = RouteRequest.setLink(index: 1, up: false, sequence: 6)
                let answer = try session.answer(to: write, sequence: 6)
                #expect(answer.code == EPERM)
                // The policy's words, not the kernel's: nothing was asked of it.
                #expect(answer.text?.contains("nlgate") == true)
                #expect(try ip("-o link show lo").contains(",UP"))
            }
        }

        @Test func `a privileged session that lost its writes stays and reads`() throws {
            try Namespace().enter {
                let broker = try LoneHelper.privileged(.of(.unrestricted), .of(.readOnly))
                let session = try LoneSession(broker)
                #expect(session.welcome.isPrivileged)
                let down = RouteRequest.setLink(index: 1, up: false, sequence: 6)
                #expect(try session.answer(to: down, sequence: 6).code == 0)
                #expect(try session.record().event == .wrote)
                try broker.send(.regrant(session: 1, grantSet: 2, roles: "less"))
                try eventually("the broker has taken the regrant") { try session.describe().contains("roles less") }
                let up = RouteRequest.setLink(index: 1, up: true, sequence: 7)
                #expect(try session.answer(to: up, sequence: 7).code == EPERM)
                #expect(try session.record().event == .denied)
                #expect(try session.answer(to: RouteRequest.link(index: 1, sequence: 8), sequence: 8).messages == 1)
                #expect(try !ip("-o link show lo").contains(",UP"))
            }
        }
    }
}
