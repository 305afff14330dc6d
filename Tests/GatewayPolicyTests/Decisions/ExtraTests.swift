import GatewayPolicy
import NetlinkWire
import Testing

@Suite struct ExtraTests {
    private static let everything = Grants.Extras.all.subtracting(.netns)

    /// The request passes with this extra alone, and with all others it is refused, naming it.
    private func expect(
        _ name: String, needs extra: Grants.Extras, _ bytes: [UInt8], _ number: Int32 = 0,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        func court(_ extras: Grants.Extras) throws -> Court {
            try Court(Grants(extras: extras, operations: { _, operation in operation.grantable }), number)
        }
        #expect(try court(extra).complaint(bytes) == nil, "\(name)", sourceLocation: sourceLocation)
        let complaint = try court(ExtraTests.everything.subtracting(extra)).complaint(bytes)
        let word =
            [Grants.Extras.secrets: "secrets", .traffic: "traffic", .code: "code", .group: "group"][extra] ?? "?"
        #expect(
            complaint?.hasPrefix("policy does not grant extra \(word), which ") == true,
            "\(name): \(complaint ?? "forwarded")", sourceLocation: sourceLocation)
    }

    @Test func `code: instructions inside the message, never descriptors`() throws {
        let program = Request.attribute(4, [1, 0]) + Request.attribute(5, [6, 0, 0, 0, 0, 0, 0, 0])
        try expect("filter", needs: .code, Special.filter("bpf", program))
        let action = Special.action("bpf", Request.attribute(4, [6, 0, 0, 0, 0, 0, 0, 0]))
        try expect("action", needs: .code, Special.filter("matchall", Request.attribute(2, action)))
        try expect(
            "action alone", needs: .code,
            Request.message(48, Route.add, Request.zeros(4) + Request.attribute(1, action)))
        let court = try Court(.unrestricted)
        for bytes in [
            try Special.filter("bpf", Request.attribute(6, Special.number)),
            try Special.filter("bpf", program + Request.attribute(6, Special.number)),
            try Special.filter(
                "matchall", Request.attribute(2, Special.action("bpf", Request.attribute(5, Special.number)))),
            try Special.filter(
                "bpf", Request.attribute(1, Special.action("bpf", Request.attribute(5, Special.number)))),
        ] {
            #expect(court.complaint(bytes)?.contains("names a file descriptor") == true)
        }
    }

    @Test func `code: the filters of ss only look, and pass`() throws {
        let inet = [2, 6] + Request.zeros(54) + Request.attribute(1, Request.zeros(16))
        let court = try Court(
            Grants(operations: { _, operation in operation.grantable }), NetlinkProtocol.sockDiag)
        #expect(court.forwards(try Request.message(20, Request.dump, inet)))
    }

    @Test func `traffic: packets that go elsewhere`() throws {
        for name in ["queue", "log", "dup", "fwd", "tproxy"] {
            try expect(name, needs: .traffic, Special.rule(name), NetlinkProtocol.netfilter)
        }
        for name in ["mirred", "sample"] {
            try expect(name, needs: .traffic, Special.filter("matchall", Request.attribute(2, Special.action(name))))
        }
        try expect(
            "queue", needs: .traffic, Request.message(770, Request.set, Request.zeros(4)), NetlinkProtocol.netfilter)
    }

    @Test func `secrets: requests and answers with keys`() throws {
        try expect("states", needs: .secrets, Request.message(18, Request.dump, []), NetlinkProtocol.xfrm)
        try expect(
            "a state", needs: .secrets, Request.message(16, Request.set, Request.zeros(224)), NetlinkProtocol.xfrm)
        let wireguard = try #require(assignedFamilies["wireguard"])
        try expect("wg", needs: .secrets, Request.generic(wireguard, 0, Request.dump, Route.index(1, 3)), 16)
    }

    @Test func `netns: only the listed ids`() throws {
        let role = RolePart.role(["route *"], extras: .netns, netnsIDs: [0, 5])
        let court = try Court(SessionGrants(roles: [role]))
        let cases: [(String, (UInt32) throws -> [UInt8])] = [
            ("IFLA_TARGET_NETNSID", { try Route.link(19, index: 3, Route.index(46, $0)) }),
            ("IFLA_TARGET_NETNSID", { try Route.link(18, index: 3, with: Request.get, Route.index(46, $0)) }),
            (
                "IFLA_LINK_NETNSID",
                { try Route.link(16, with: Request.create, Route.kind("dummy") + Route.index(37, $0)) }
            ),
            (
                "IFLA_TARGET_NETNSID",
                { try Route.link(16, with: Request.create, Special.peer("veth", Route.index(46, $0))) }
            ),
            ("IFA_TARGET_NETNSID", { try Request.message(22, Request.dump, Request.zeros(8) + Route.index(10, $0)) }),
            ("NDA_LINK_NETNSID", { try Route.indexed(28, index: 3, size: 12, Route.index(10, $0)) }),
            ("NETNSA_TARGET_NSID", { try Request.message(90, Request.get, Request.zeros(4) + Route.index(4, $0)) }),
        ]
        for (name, make) in cases {
            for id in [0, 5] as [UInt32] { #expect(court.complaint(try make(id)) == nil, "\(name)") }
            for id in [1, 6, UInt32.max] {
                let wanted =
                    "policy does not grant extra netns with the id \(Int32(bitPattern: id)), which \(name) needs, to noc-7"
                #expect(court.complaint(try make(id)) == wanted)
            }
            #expect(try Court(.unrestricted).errors(make(5)) == [1], "\(name)")
        }
        let narrow = try Route.link(19, index: 3, Request.attribute(46, [5, 0]))
        #expect(court.errors(narrow) == [22])
        for type in [2, 3] as [UInt16] {
            let bytes = try Request.message(90, Request.get, Request.zeros(4) + Route.index(type, 5))
            #expect(court.errors(bytes) == [1])
        }
    }

    @Test func `extras of several roles come together`() throws {
        let session = SessionGrants(roles: [
            .role(named: "a", ["xfrm *"]), .role(named: "b", [], extras: .secrets),
        ])
        #expect(try Court(session, NetlinkProtocol.xfrm).forwards(Request.message(18, Request.dump, [])))
    }

    @Test func `group: many objects at once`() throws {
        let netfilter = NetlinkProtocol.netfilter
        let metrics = try #require(assignedFamilies["tcp_metrics"])
        let wireless = try #require(assignedFamilies["nl80211"])
        try expect("links of a group", needs: .group, Route.link(19, Route.index(27, 0)))
        try expect("links of a group", needs: .group, Route.link(17, Route.index(27, 9)))
        try expect("NEWLINK that can't create", needs: .group, Route.link(16, Route.index(27, 9)))
        try expect(
            "forwarding entries", needs: .group,
            Route.indexed(29, index: 3, size: 12, family: 7, with: [.request, .bulk]))
        try expect(
            "multicast entries", needs: .group,
            Route.indexed(85, index: 3, size: 8, family: 7, with: [.request, .bulk]))
        try expect(
            "actions", needs: .group,
            Request.message(49, [.request, .root], Request.zeros(4) + Request.attribute(1, Special.action("gact"))))
        try expect(
            "all tables", needs: .group, Canonical.batch(Request.message(2562, Request.set, Request.zeros(4))),
            netfilter)
        try expect(
            "a table in every family", needs: .group,
            Canonical.batch(Request.message(2586, Request.set, Request.zeros(4) + Request.text(1, "t"))), netfilter)
        try expect("all connections", needs: .group, Request.message(258, Request.set, Request.zeros(4)), netfilter)
        try expect(
            "filtered connections", needs: .group,
            Request.message(258, Request.set, [2, 0, 0, 0] + Request.attribute(1, []) + Request.attribute(25, [])),
            netfilter)
        try expect("all expectations", needs: .group, Request.message(514, Request.set, Request.zeros(4)), netfilter)
        for type in [1539, 1540, 1795, 2050, 2306] as [UInt16] {
            try expect("\(type)", needs: .group, Request.message(type, Request.set, Request.zeros(4)), netfilter)
        }
        try expect("all metrics", needs: .group, Request.generic(metrics, 2, Request.set), 16)
        try expect("all stations", needs: .group, Request.generic(wireless, 20, Request.set, Route.index(3, 3)), 16)
    }

    @Test func `one object is no group`() throws {
        let court = try Court(Grants(operations: { _, operation in operation.grantable }), NetlinkProtocol.netfilter)
        let named: (UInt16, UInt16) throws -> [UInt8] = {
            try Request.message($0, Request.set, [2, 0, 0, 0] + Request.text($1, "n"))
        }
        for (type, name) in [(258, 1), (258, 2), (514, 2), (1539, 2), (1540, 2), (1795, 1), (2050, 1), (2306, 1)]
            as [(UInt16, UInt16)]
        {
            #expect(court.forwards(try named(type, name)), "\(type)")
        }
        for handle in [Request.text(1, "t"), Request.attribute(4, Request.zeros(8))] {
            #expect(court.forwards(try Canonical.batch(Request.message(2562, Request.set, [2, 0, 0, 0] + handle))))
        }
    }

    @Test func `deletions that would take the first that comes are malformed`() throws {
        let court = try Court(.unrestricted)
        #expect(court.errors(try Route.address(of: 21, Request.text(3, "label"))) == [22])
        #expect(court.errors(try Route.rule(of: 33)) == [22])
        #expect(court.forwards(try Route.rule(of: 33, table: 7)))
        #expect(court.forwards(try Route.rule(of: 33, lengths: (0, 8), Request.attribute(2, [10, 0, 0, 0]))))
        #expect(court.errors(try Route.link(19, index: 0x8000_0001)) == [22])
    }

    @Test func `deletions of nftables name what they delete, once`() throws {
        let court = try Court(.unrestricted, NetlinkProtocol.netfilter)
        let (table, handle) = (Request.text(1, "t"), Request.zeros(8))
        func delete(_ number: UInt16, _ attributes: [UInt8]) throws -> [Int32] {
            court.errors(
                try Canonical.batch(Request.message(2560 + number, Request.set, [1, 0, 0, 0] + attributes)))
        }
        let wrong: [(UInt16, [UInt8])] = [
            (2, table + Request.attribute(4, handle)), (26, table + Request.attribute(4, handle)),
            (5, table), (5, Request.text(3, "c")), (5, table + Request.text(3, "c") + Request.attribute(2, handle)),
            (8, []), (8, table + Request.attribute(3, handle)), (28, table + Request.attribute(9, [0, 0, 0, 1])),
            (11, table), (11, table + Request.text(2, "s") + Request.attribute(16, handle)),
            (14, table), (30, Request.text(2, "s")), (20, table), (32, table),
            (20, table + Request.text(2, "o") + Request.attribute(6, handle)),
        ]
        for (number, attributes) in wrong { #expect(try delete(number, attributes) == [125, 22, 125], "\(number)") }
        let right: [(UInt16, [UInt8])] = [
            (5, table + Request.text(3, "c")), (5, table + Request.attribute(2, handle)), (8, table),
            (8, table + Request.text(2, "c")), (8, table + Request.text(2, "c") + Request.attribute(3, handle)),
            (11, table + Request.attribute(16, handle)), (14, table + Request.text(2, "s")),
            (20, table + Request.text(2, "o") + Request.attribute(3, [0, 0, 0, 1])),
            (24, table + Request.text(2, "f")), (24, table + Request.attribute(5, handle)),
        ]
        for (number, attributes) in right { #expect(try delete(number, attributes) == [], "\(number)") }
    }
}
