import GatewayIPC
import GatewayPolicy
import GatewayProtocol
import Glibc
import LinuxSys
import NetlinkWire
import Testing

extension GatewayTests {
    /// What a broker says for the audit log, to the field.
    @Suite struct BrokerAuditTests {
        /// RTNLGRP_IPV4_MROUTE_R, which needs the capability.
        private static let multicastRoutes: UInt32 = 30

        private func withReader(
            _ grants: SessionGrants = .of(.readOnly), _ body: (LoneSession) throws -> Void
        ) throws {
            try Namespace().enter { try body(LoneSession(LoneHelper.reader([grants]))) }
        }

        private func withBroker(
            _ grants: SessionGrants = .of(.unrestricted), protocolNumber: UInt32 = 0,
            _ body: (LoneSession) throws -> Void
        ) throws {
            try Namespace().enter {
                try body(LoneSession(LoneHelper.privileged(grants), protocolNumber: protocolNumber))
            }
        }

        private func exists(_ name: String) throws -> Bool {
            try ip("-o link").contains(" \(name): ")
        }

        @Test func `a denial, with the id that the client sees`() throws {
            try withReader { session in
                try session.askForTexts()
                let write = RouteRequest.setLink(index: 1, up: false, sequence: 6)
                let answer = try session.answer(to: write, sequence: 6)
                let record = try session.record()
                #expect(record.event == .denied)
                #expect(record.session == 1)
                #expect(record.errno == EPERM)
                #expect(record.isWrite)
                #expect(record.operation == "route NEWLINK")
                #expect(record.target == "dev=#1")
                #expect(record.omitted == 0 && record.ticket == 0)
                #expect(record.reason == "policy does not grant route NEWLINK to test")
                #expect(record.denial.count == 10)
                #expect(answer.text == "nlgate: \(record.reason) [denial \(record.denial)]")
            }
        }

        @Test func `one record for each message that was refused, and none for those that fell with it`() throws {
            try withReader { session in
                let datagram =
                    RouteRequest.link(index: 1, sequence: 5)
                    + RouteRequest.setLink(index: 1, up: false, sequence: 6)
                    + message(RouteRequest.getRule, .dump, sequence: 7, [2] + [UInt8](repeating: 0, count: 11))
                    + message(RouteWrite.delLink, .ack, sequence: 8, RouteRequest.interface(9))
                #expect(try session.answer(to: datagram, sequence: 5).code == ECANCELED)
                #expect(try session.answer(sequence: 6).code == EPERM)
                #expect(try session.answer(sequence: 8).code == EPERM)
                let first = try session.record()
                let second = try session.record()
                #expect([first.operation, second.operation] == ["route NEWLINK", "route DELLINK"])
                #expect(first.denial == second.denial)
                #expect([first.target, second.target] == ["dev=#1", "dev=#9"])
                // What comes next is about something else.
                _ = try session.result(.join, group: Self.multicastRoutes)
                #expect(try session.record().operation == "listen route IPV4_MROUTE_R")
            }
        }

        @Test func `what is malformed, and what nobody knows`() throws {
            try withReader { session in
                let attribute = message(
                    RouteRequest.getLink, [], sequence: 6, RouteRequest.interface(1) + [40, 0, 3, 0, 0x61, 0, 0, 0])
                #expect(try session.answer(to: attribute, sequence: 6).code == EINVAL)
                let malformed = try session.record()
                #expect(malformed.event == .denied && malformed.errno == EINVAL && !malformed.isWrite)
                #expect(malformed.operation == "route GETLINK")
                #expect(malformed.reason.hasPrefix("malformed message"))
                #expect(try session.answer(to: message(4000, [], sequence: 7), sequence: 7).code == EPERM)
                let unknown = try session.record()
                #expect(unknown.errno == EPERM)
                #expect(unknown.operation == "route")
                #expect(unknown.reason.contains("4000"))
            }
        }

        @Test func `a join that was refused, by its answer and at HELLO`() throws {
            try withReader(.of(.route(["GETLINK"], groups: ["LINK"]))) { session in
                let outcome = try session.result(.join, group: 5)
                let record = try session.record()
                #expect(outcome.code == UInt32(EPERM))
                #expect(record.operation == "listen route IPV4_IFADDR")
                #expect(record.event == .denied && !record.isWrite && record.errno == EPERM)
                #expect(outcome.text == "\(record.reason) [denial \(record.denial)]")
                let pair = try PacketSocket.pair()
                try session.helper.send(.assign(LoneHelper.assignment(2)), passing: pair.theirs)
                #expect(try session.helper.message() == .accepted(number: 2))
                let hello = Hello(protocolNumber: 0, groups: [1, 5])
                try pair.ours.send(RawClient.frame(.hello, hello.encode()))
                let second = try session.record()
                #expect(second.session == 2 && second.operation == "listen route IPV4_IFADDR")
                #expect(try pair.ours.kinds() == [.welcome])
            }
        }

        @Test func `every write has the kernel's verdict`() throws {
            try withBroker { session in
                #expect(try session.answer(to: RouteWrite.make("nlg0", sequence: 5), sequence: 5).code == 0)
                let made = try session.record()
                #expect(made.event == .wrote && made.errno == 0 && made.isWrite && made.line == 7)
                #expect(made.operation == "route NEWLINK")
                #expect(made.target.contains("dev=nlg0") && made.target.contains("kind=ifb"))
                #expect(made.denial.isEmpty && made.reason.isEmpty && made.ticket == 0)
                #expect(try session.answer(to: RouteWrite.make("nlg0", sequence: 6), sequence: 6).code == EEXIST)
                #expect(try session.record().errno == EEXIST)
                let gone = RouteWrite.delete(index: 4000, sequence: 7)
                #expect(try session.answer(to: gone, sequence: 7).code == ENODEV)
                let record = try session.record()
                #expect(record.errno == ENODEV && record.operation == "route DELLINK" && record.target == "dev=#4000")
                let up = RouteRequest.setLink(index: 1, up: true, sequence: 8)
                #expect(try session.answer(to: up, sequence: 8).code == 0)
                #expect(try session.record().target == "dev=lo")
            }
        }

        @Test func `also when the client doesn't ask for an acknowledgement`() throws {
            try withBroker { session in
                try session.say(RouteWrite.make("nlg0", sequence: 5, ack: false))
                let made = try session.record()
                #expect(made.event == .wrote && made.errno == 0)
                #expect(try exists("nlg0"))
                try session.say(RouteWrite.make("nlg0", sequence: 6, ack: false))
                #expect(try session.record().errno == EEXIST)
                #expect(try session.answer(sequence: 6).code == EEXIST)
                // Several at once: each its own.
                let datagram =
                    try RouteWrite.make("nlg1", sequence: 7, ack: false)
                    + RouteWrite.make("nlg0", sequence: 8, ack: false)
                    + RouteWrite.make("nlg2", sequence: 9)
                #expect(try session.answer(to: datagram, sequence: 9).code == 0)
                #expect(try (0..<3).map { _ in try session.record().errno } == [0, EEXIST, 0])
            }
        }

        @Test func `reads leave no record, and a client that can't hear losses gets no invented verdict`() throws {
            try withBroker { session in
                #expect(try session.answer(to: RouteRequest.link(index: 1, sequence: 4), sequence: 4).messages == 1)
                let noLoss = OptionRequest(name: UInt32(NetlinkOption.noENOBUFS), value: 1)
                #expect(try session.result(.option, noLoss.encode()).code == 0)
                try session.say(RouteWrite.make("nlg0", sequence: 5, ack: false))
                #expect(try session.record().errno == AuditRecord.unknownVerdict)
                #expect(try session.answer(to: RouteWrite.make("nlg1", sequence: 6), sequence: 6).code == 0)
                #expect(try session.record().errno == 0)
            }
        }

        @Test func `a batch has one verdict`() throws {
            try withBroker(protocolNumber: 12) { session in
                #expect(try session.answer(to: TableBatch.make(["a", "b"], sequence: 10), sequence: 12).code == 0)
                let made = [try session.record(), try session.record()]
                #expect(made.map(\.errno) == [0, 0])
                #expect(made.map(\.operation) == ["netfilter/nftables NEWTABLE", "netfilter/nftables NEWTABLE"])
                #expect(made.map(\.target) == ["table=a", "table=b"])
                #expect(try tool("nft", ["list", "tables"]) == "table ip a\ntable ip b\n")
                // The second is there already, so the first isn't made either.
                try session.say(TableBatch.make(["c", "a"], sequence: 20))
                #expect(try [session.record().errno, session.record().errno] == [EEXIST, EEXIST])
                #expect(try session.answer(sequence: 22).code == EEXIST)
                // Acknowledged by the kernel and applied by nobody.
                #expect(
                    try session.answer(to: TableBatch.make(["d"], sequence: 30, hasEnd: false), sequence: 31).code == 0)
                #expect(try session.record().errno == ECANCELED)
                #expect(try tool("nft", ["list", "tables"]) == "table ip a\ntable ip b\n")
            }
        }

        @Test func `in report mode, what the roles would refuse`() throws {
            let grants = SessionGrants(
                roles: [RolePart(name: "reader", line: 3, grants: .readOnly)],
                ceiling: [RolePart(name: "writer", line: 9, grants: .unrestricted)])
            try withBroker(grants) { session in
                #expect(try session.answer(to: RouteWrite.make("nlg0", sequence: 5), sequence: 5).code == 0)
                let reported = try session.record()
                #expect(reported.event == .wouldDeny && reported.errno == EPERM && reported.isWrite)
                #expect(reported.operation == "route NEWLINK" && reported.target.contains("dev=nlg0"))
                #expect(reported.reason == "policy does not grant route NEWLINK to test")
                let wrote = try session.record()
                #expect(wrote.event == .wrote && wrote.errno == 0 && wrote.line == 9)
                #expect(try exists("nlg0"))
                #expect(try session.result(.join, group: Self.multicastRoutes).code == 0)
                let joined = try session.record()
                #expect(joined.event == .wouldDeny && joined.operation == "listen route IPV4_MROUTE_R")
                #expect(try session.describe().contains { $0.hasPrefix("report mode") })
            }
        }

        @Test func `denials beyond the rate are counted, to the last one`() throws {
            try withReader { session in
                let write = RouteRequest.setLink(index: 1, up: false, sequence: 6)
                for _ in 0..<300 { #expect(try session.answer(to: write, sequence: 6).code == EPERM) }
                // Another operation is never lost among them.
                let other = message(RouteWrite.delLink, .ack, sequence: 8, RouteRequest.interface(9))
                #expect(try session.answer(to: other, sequence: 8).code == EPERM)
                for _ in 0..<3 { #expect(try session.answer(to: write, sequence: 6).code == EPERM) }
                session.socket.descriptor.shutdown(write: false)
                var (records, omitted, operations): (Int, Int, Set<String>) = (0, 0, [])
                while let message = try session.helper.message() {
                    guard case .audit(let record) = message else {
                        #expect(message == .ended(session: 1))
                        break
                    }
                    records += 1
                    omitted += Int(record.omitted)
                    operations.insert(record.operation)
                }
                #expect(records + omitted == 304)
                #expect(records >= 50)
                #expect(omitted > 0)
                #expect(operations == ["route NEWLINK", "route DELLINK"])
            }
        }
    }
}
