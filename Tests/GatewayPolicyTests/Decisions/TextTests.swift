import GatewayPolicy
import NetlinkWire
import Testing

@Suite struct TextTests {
    private static func whole(_ court: Court, _ bytes: [UInt8]) throws -> Refusal {
        guard case .refuse(let refusal) = court.verdict(bytes) else { throw WireError(.trailingBytes, at: 0) }
        return refusal
    }

    private static func refusal(_ court: Court, _ bytes: [UInt8]) throws -> Refusal.Item {
        try #require(try whole(court, bytes).cause)
    }

    @Test func `a refusal says operation, target, class and the role that fell short`() throws {
        let role = RolePart.role(["route *"], extras: .all) { $0.tables = [100...199] }
        let court = try Court(SessionGrants(roles: [role]), server: .usual)
        let bytes = try Route.route(table: 5, protocolNumber: 186, Route.destination(10, 1, 2, 0) + Route.index(4, 3))
        let item = try TextTests.refusal(court, bytes)
        #expect(item.operation == "route NEWROUTE" && item.isWrite && item.line == 21)
        #expect(item.target == "dev=veth0 dst=10.1.2.0/24 table=5 protocol=bgp")
        let answer = try #require(
            try TextTests.whole(court, bytes)
                .answers(portID: 1, extendedAcks: true, client: "noc-7", denialID: "5f3a").first)
        let text =
            "nlgate: policy grants route NEWROUTE to noc-7 only where table is 100-199 (role router, line 21) [denial 5f3a]"
        #expect(String(decoding: answer, as: UTF8.self).contains(text))
        let reading = try Court(.readOnly)
        let denied = try TextTests.refusal(reading, try Route.link(17, index: 9))
        #expect(denied.operation == "route DELLINK" && denied.target == "dev=#9" && denied.line == 0)
        let none = try Court(Grants(operations: { _, _ in [] }))
        let dump = try TextTests.refusal(none, try Request.message(18, Request.dump, Request.zeros(4)))
        #expect(dump.operation == "route GETLINK dump" && !dump.isWrite && dump.target.isEmpty)
        let one = try TextTests.refusal(none, try Route.link(18, with: Request.get, Route.name("eth0")))
        #expect(one.operation == "route GETLINK" && one.target == "dev=eth0")
    }

    @Test func `targets name what the message has`() throws {
        let court = try Court(SessionGrants(roles: [RolePart(name: "all", grants: .unrestricted)]), server: .usual)
        func target(_ bytes: [UInt8]) -> String? { court.summary(bytes)?.entries.first?.target }
        let six = Request.attribute(1, [0x20, 1, 0xd, 0xb8] + Request.zeros(4) + [0, 1] + Request.zeros(6))
        #expect(target(try Route.route(family: 10, length: 80, six)) == "dst=2001:db8:0:0:1::/80")
        #expect(target(try Route.route(family: 10, length: 0)) == "dst=::/0")
        let host = Request.attribute(1, [0xfe, 0x80] + Request.zeros(12) + [0, 1])
        #expect(target(try Route.route(family: 10, length: 128, host)) == "dst=fe80::1/128")
        let full = Request.attribute(1, (1...16).map { $0 })
        #expect(target(try Route.route(family: 10, length: 128, full)) == "dst=102:304:506:708:90a:b0c:d0e:f10/128")
        #expect(target(try Route.route(length: 0, Route.index(15, 7777))) == "dst=0.0.0.0/0 table=7777")
        #expect(target(try Route.link(19, Route.index(27, 0))) == "dev=group")
        #expect(target(try Route.link(19, index: 2)) == "dev=eth0")
        #expect(target(try Route.link(19, index: 2, Route.name("a b"))) == nil)
        let pair = try Route.link(16, with: Request.create, Route.name("v0") + Special.peer("veth", Route.name("v1")))
        #expect(target(pair) == "dev=v1 dev=v0 kind=veth")
        #expect(target(try Request.message(105, Request.set, Request.zeros(8))) == "")
        #expect(target(try Route.rule(table: 7)) == "dst=0.0.0.0/0 table=7")
        let long = try Route.link(
            16, with: Request.create,
            Route.name("abcdefghijklmno")
                + Special.peer("veth", Route.name("ponmlkjihgfedcb") + Route.kind(String(repeating: "k", count: 40))))
        #expect(target(long)?.utf8.count ?? 99 <= 64)
        let odd = try Route.link(16, with: Request.create, Route.name("w\u{e9}lan") + Route.kind("dummy"))
        #expect(target(odd) == "dev=w??lan kind=dummy")
    }

    @Test func `targets of nftables, and never a key`() throws {
        let court = try Court(.unrestricted, NetlinkProtocol.netfilter)
        let table = try Canonical.batch(
            Request.message(2560, Request.create, [1, 0, 0, 0] + Request.text(1, "filter")))
        #expect(court.summary(table)?.entries.first?.target == "table=filter")
        let wireguard = try Court(.unrestricted, NetlinkProtocol.generic)
        let key = [UInt8](repeating: 0x41, count: 32)
        let set = try Request.generic(
            assignedFamilies["wireguard"] ?? 0, 1, Request.set, Request.text(2, "wg0") + Request.attribute(3, key))
        #expect(wireguard.summary(set)?.entries.first?.target == "dev=wg0")
    }

    @Test func `long conditions are cut`() throws {
        let role = RolePart.role(["route *"]) { $0.tables = (1...40).map { ($0 * 10)...($0 * 10 + 1) } }
        let court = try Court(SessionGrants(roles: [role]))
        let complaint = try #require(court.complaint(try Route.route()))
        #expect(complaint.contains("table is 10-11, 20-21, 30-31, 40-41, 50-51, 60-61 … (role"))
        let keys: [(String, (inout Conditions) -> Void)] = [
            ("interface is nothing", { $0.interfaces = [] }), ("protocol is bgp, 77", { $0.protocols = [186, 77] }),
            ("family is 10", { $0.families = [10] }), ("table is 5", { $0.tables = [5...5] }),
            (
                "destination-in is 10.0.0.0/8",
                { $0.destinations = [AddressPrefix(address: [10, 0, 0, 0], length: 8)].compactMap(\.self) }
            ),
        ]
        for (text, conditions) in keys {
            let court = try Court(SessionGrants(roles: [.role(["route *"], conditions)]))
            #expect(court.complaint(try Route.route())?.contains("only where \(text) (role") == true, "\(text)")
        }
    }

    @Test func `the order of refusals`() throws {
        let role = RolePart.role(["route NEWLINK"]) { $0.interfaces = ["veth*"] }
        let court = try Court(SessionGrants(roles: [role], never: Never(linkKinds: ["nlmon"])), server: .usual)
        let (fd, never) = (Request.attribute(28, Special.number), Route.kind("nlmon"))
        let (bad, narrow) = (Request.attribute(10, [1]), Route.index(46, 5))
        func cause(_ attributes: [UInt8]) throws -> Objection {
            try TextTests.refusal(court, Route.link(16, with: Request.create, Route.name("eth9") + attributes))
                .objection
        }
        guard case .malformed = try cause(fd + never + bad) else { throw WireError(.trailingBytes, at: 0) }
        guard case .forbidden = try cause(fd + never + narrow) else { throw WireError(.trailingBytes, at: 0) }
        guard case .never = try cause(never + narrow) else { throw WireError(.trailingBytes, at: 0) }
        guard case .misfit = try cause(narrow) else { throw WireError(.trailingBytes, at: 0) }
        let fitting = try Route.link(16, with: Request.create, Route.name("veth9") + narrow)
        #expect(court.complaint(fitting)?.contains("extra netns") == true)
    }
}
