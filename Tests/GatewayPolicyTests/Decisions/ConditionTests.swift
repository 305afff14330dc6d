import GatewayPolicy
import NetlinkWire
import Testing

@Suite struct ConditionTests {
    private static let all = ["route *"]

    /// A session whose one role grants rtnetlink under a condition.
    private func court(_ conditions: (inout Conditions) throws -> Void) throws -> Court {
        try Court(
            SessionGrants(roles: [try .role(ConditionTests.all, extras: .all, conditions)]), server: .usual)
    }

    private func expect(
        _ court: Court, fits: [(String, [UInt8])], not: [(String, [UInt8])],
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        for (name, bytes) in fits {
            #expect(court.complaint(bytes) == nil, "\(name)", sourceLocation: sourceLocation)
        }
        for (name, bytes) in not {
            let complaint = court.complaint(bytes) ?? "forwarded"
            #expect(complaint.contains("only where"), "\(name): \(complaint)", sourceLocation: sourceLocation)
        }
    }

    @Test func `table is the header's, or RTA_TABLE's, which wins`() throws {
        let court = try court { $0.tables = [100...199, 1000...1000] }
        expect(
            court,
            fits: [
                ("header", try Route.route(table: 100)), ("header", try Route.route(table: 199)),
                ("attribute", try Route.route(Route.index(15, 1000))),
                ("attribute over header", try Route.route(table: 5, Route.index(15, 150))),
                ("rule", try Route.rule(table: 150)), ("rule", try Route.rule(Route.index(15, 1000))),
                ("deletion", try Route.route(of: 25, table: 100)),
                ("an operation without a table", try Route.link(19, index: 3)),
            ],
            not: [
                ("below", try Route.route(table: 99)), ("above", try Route.route(table: 200)),
                ("main", try Route.route(table: 254)), ("left out", try Route.route()),
                ("attribute over header", try Route.route(table: 150, Route.index(15, 99))),
                ("attribute of 0", try Route.route(table: 150, Route.index(15, 0))),
                ("deletion", try Route.route(of: 25)), ("rule", try Route.rule()),
                ("rule", try Route.rule(table: 150, Route.index(15, 254))),
                ("multicast ignores the header", try Route.route(family: 128, table: 150)),
            ])
    }

    @Test func `protocol is who installs it, and 0 is nobody`() throws {
        let court = try court { $0.protocols = [186, 188] }
        expect(
            court,
            fits: [
                ("bgp", try Route.route(protocolNumber: 186)), ("ospf", try Route.route(of: 25, protocolNumber: 188)),
                ("rule", try Route.rule(Request.attribute(21, [186]))),
                ("address", try Route.address(Request.attribute(11, [186]))),
                ("neighbour", try Route.indexed(28, index: 3, size: 12, Request.attribute(12, [188]))),
                ("next hop", try Request.message(104, Route.add, [2, 0, 186, 0] + Request.zeros(4))),
                ("DELADDR compares none", try Route.address(of: 21, Request.attribute(2, [10, 0, 0, 1]))),
                ("DELNEIGH compares none", try Route.indexed(29, index: 3, size: 12)),
                ("DELNEXTHOP compares none", try Request.message(105, Request.set, Request.zeros(8))),
            ],
            not: [
                ("static", try Route.route(protocolNumber: 4)), ("left out", try Route.route()),
                ("deletion of any", try Route.route(of: 25)), ("rule", try Route.rule()),
                ("address", try Route.address(Request.attribute(2, [10, 0, 0, 1]))),
                ("neighbour", try Route.indexed(28, index: 3, size: 12)),
                ("next hop", try Request.message(104, Route.add, [2, 0, 4, 0] + Request.zeros(4))),
            ])
        #expect(court.errors(try Route.rule(Request.attribute(21, [186, 0]))) == [22])
    }

    @Test func `destination-in admits what lies inside, and the default route is 0.0.0.0/0`() throws {
        let court = try court {
            $0.destinations = [try .prefix("10.0.0.0/8"), try .prefix("2001:db8:0:0:0:0:0:0/32")]
        }
        let six = Request.attribute(1, [0x20, 1, 0xd, 0xb8] + Request.zeros(12))
        expect(
            court,
            fits: [
                ("inside", try Route.route(length: 24, Route.destination(10, 1, 2, 0))),
                ("the whole", try Route.route(length: 8, Route.destination(10, 0, 0, 0))),
                ("bits behind the prefix don't count", try Route.route(length: 8, Route.destination(10, 9, 9, 9))),
                ("IPv6", try Route.route(family: 10, length: 48, six)),
                ("rule", try Route.rule(lengths: (16, 0), Route.destination(10, 1, 0, 0))),
                ("a neighbour has no such prefix", try Route.indexed(28, index: 3, size: 12)),
            ],
            not: [
                ("outside", try Route.route(length: 24, Route.destination(11, 1, 2, 0))),
                ("wider", try Route.route(length: 7, Route.destination(10, 0, 0, 0))),
                ("the default route", try Route.route(length: 0)),
                ("a length without an address", try Route.route(length: 24)),
                ("IPv6, outside", try Route.route(family: 10, length: 31, six)),
                ("a label", try Route.route(family: 28, length: 20, Route.destination(10, 1, 2, 0))),
                ("any destination", try Route.rule(table: 7)),
            ])
        #expect(court.errors(try Route.route(length: 33, Route.destination(10, 0, 0, 0))) == [22])
        #expect(court.errors(try Route.route(family: 10, length: 8, Route.destination(10, 0, 0, 0))) == [22])
        let anywhere = try self.court { $0.destinations = [try .prefix("0.0.0.0/0")] }
        expect(
            anywhere, fits: [("default", try Route.route(length: 0)), ("rule", try Route.rule(table: 7))],
            not: [("IPv6", try Route.route(family: 10, length: 0))])
    }

    @Test func `not-destination-in refuses what lies inside and admits what is wider`() throws {
        let court = try court { $0.excludedDestinations = [try .prefix("10.255.0.0/16")] }
        expect(
            court,
            fits: [
                ("elsewhere", try Route.route(length: 24, Route.destination(10, 1, 2, 0))),
                ("wider", try Route.route(length: 8, Route.destination(10, 0, 0, 0))),
                ("default", try Route.route(length: 0)),
            ],
            not: [
                ("inside", try Route.route(length: 24, Route.destination(10, 255, 2, 0))),
                ("the whole", try Route.route(of: 25, length: 16, Route.destination(10, 255, 0, 0))),
                ("a length without an address", try Route.route(length: 24)),
            ])
    }

    @Test func `family is the header's byte, and 0 must be listed`() throws {
        let court = try court { $0.families = [2, 7] }
        expect(
            court,
            fits: [
                ("inet", try Route.route(family: 2)), ("bridge", try Route.link(19, index: 3, family: 7)),
                ("traffic control has none", try Route.indexed(36, index: 3, size: 20)),
            ],
            not: [
                ("inet6", try Route.route(family: 10)), ("unspec", try Route.link(19, index: 3)),
                ("inet6", try Route.address(family: 10, Request.attribute(2, Request.zeros(16)))),
            ])
        let unspecified = try self.court { $0.families = [0] }
        expect(unspecified, fits: [("unspec", try Route.link(19, index: 3))], not: [])
        let rules = try Court(
            SessionGrants(roles: [.role(["netfilter/nftables *"], extras: .group) { $0.families = [1] }]),
            NetlinkProtocol.netfilter)
        let table: (UInt8) throws -> [UInt8] = {
            try Canonical.batch(Request.message(2560, Request.create, [$0, 0, 0, 0] + Request.text(1, "t")))
        }
        expect(rules, fits: [("inet table", try table(1))], not: [("ip table", try table(2))])
    }

    @Test func `several roles: one that fits is enough, and their values are not mixed`() throws {
        let session = SessionGrants(roles: [
            .role(named: "bgp", line: 10, ConditionTests.all) {
                $0.tables = [100...100]
                $0.protocols = [186]
            },
            .role(named: "ospf", line: 20, ConditionTests.all) {
                $0.tables = [200...200]
                $0.protocols = [188]
            },
            .role(named: "plain", line: 30, ["route NEWNEIGH"]),
        ])
        let court = try Court(session, server: .usual)
        expect(
            court,
            fits: [
                ("bgp", try Route.route(table: 100, protocolNumber: 186)),
                ("ospf", try Route.route(table: 200, protocolNumber: 188)),
                ("granted without a condition elsewhere", try Route.indexed(28, index: 3, size: 12)),
            ],
            not: [
                ("the table of one, the protocol of the other", try Route.route(table: 100, protocolNumber: 188)),
                ("neither", try Route.route(table: 1, protocolNumber: 1)),
            ])
        let summary = try #require(court.summary(try Route.route(table: 200, protocolNumber: 188)))
        #expect(summary.entries.map(\.line) == [20])
        #expect(try court.summary(Route.indexed(28, index: 3, size: 12))?.entries.map(\.line) == [30])
        // The nearest role is named, and what it lacks.
        let complaint = court.complaint(try Route.route(table: 200, protocolNumber: 186))
        #expect(
            complaint
                == "policy grants route NEWROUTE to noc-7 only where table is 100 (role bgp, line 10)")
    }

    @Test func `reads are bound by nothing`() throws {
        let court = try court {
            $0.tables = [5...5]
            $0.interfaces = ["none"]
            $0.families = [99]
        }
        for type: UInt16 in [18, 22, 26, 30, 38] {
            #expect(court.forwards(try Request.message(type, Request.dump, Request.zeros(4))))
        }
    }

    @Test func `which operations a key binds`() throws {
        let route = try #require(Catalogue.family("route"))
        func bound(_ key: ConditionKeys) -> [String] {
            route.operations.filter { ConditionKeys(binding: $0, of: route).isSuperset(of: key) }.map(\.name)
        }
        #expect(bound(.table) == ["NEWROUTE", "DELROUTE", "NEWRULE", "DELRULE"])
        #expect(bound(.destinations) == bound(.table))
        #expect(bound(.linkKind) == ["NEWLINK", "DELLINK", "SETLINK", "NEWLINKPROP", "DELLINKPROP"])
        #expect(
            bound(.protocolNumber)
                == ["NEWADDR", "NEWROUTE", "DELROUTE", "NEWNEIGH", "NEWRULE", "DELRULE", "NEWNEXTHOP"])
        #expect(!bound(.interface).contains { $0.hasPrefix("GET") || $0 == "DELNEXTHOP" || $0 == "NEWNSID" })
        #expect(bound(.interface).count == 34)
        for family in Catalogue.families {
            for operation in family.operations where operation.kind == .read {
                #expect(ConditionKeys(binding: operation, of: family).isEmpty)
            }
        }
        let ethtool = try #require(Catalogue.family("generic/ethtool"))
        let ring = try #require(ethtool.operations.first { $0.name == "RINGS_SET" })
        #expect(ConditionKeys(binding: ring, of: ethtool) == .interface)
    }
}
