import GatewayPolicy
import NetlinkWire
import Testing

@Suite struct ReportTests {
    /// A router under observation: what `ceiling` grants passes.
    private func court(ceiling: [RolePart], readOnly: Bool = false, carrier: Carrier? = nil) throws -> Court {
        let router = RolePart.role(named: "router", line: 21, ["route NEWROUTE", "route GETROUTE"]) {
            $0.tables = [100...199]
        }
        var server = Server.usual
        server.carrying = carrier
        return try Court(
            SessionGrants(roles: [router], ceiling: ceiling, never: Never(linkKinds: ["nlmon"])), readOnly: readOnly,
            server: server)
    }

    private static let wide = RolePart.role(named: "wide", line: 40, ["route *"])

    @Test func `what the ceiling grants passes, and says what the roles lack`() throws {
        let court = try court(ceiling: [ReportTests.wide])
        let summary = try #require(
            try court.summary(
                Route.route(table: 100) + Route.route(table: 5) + Route.link(19, index: 3)
                    + Request.message(18, Request.dump, Request.zeros(4))))
        #expect(summary.messages == 4 && summary.writes == 3)
        #expect(summary.entries.map(\.index) == [0, 1, 2, 3])
        #expect(summary.entries.map(\.line) == [21, 40, 40, 40])
        #expect(summary.entries.map(\.isWrite) == [true, true, true, false])
        #expect(
            summary.entries.map(\.operation)
                == ["route NEWROUTE", "route NEWROUTE", "route SETLINK", "route GETLINK dump"])
        let misfit = Misfit(operation: "route NEWROUTE", condition: "table is 100-199", role: "router", line: 21)
        #expect(
            summary.entries.map(\.ceilingOnly)
                == [nil, .misfit(misfit), .notGranted("route SETLINK"), .notGranted("route GETLINK")])
    }

    @Test func `reads that the roles grant are no entries`() throws {
        let summary = try #require(
            try court(ceiling: [ReportTests.wide]).summary(Request.message(26, Request.dump, Request.zeros(4))))
        #expect(summary.entries.isEmpty)
    }

    @Test func `malformed, forbidden and never stay refused`() throws {
        let court = try court(ceiling: [RolePart(name: "all", grants: .unrestricted)])
        #expect(court.errors(try Route.link(19, index: 0x8000_0001)) == [22])
        #expect(court.errors(try Special.link(Request.attribute(28, Special.number))) == [1])
        #expect(court.errors(try Route.link(16, with: Request.create, Route.kind("nlmon"))) == [1])
        #expect(court.forwards(try Route.link(16, with: Request.create, Route.kind("dummy"))))
    }

    @Test func `a ceiling refuses what it doesn't grant itself, and the roles' reason is told`() throws {
        let narrow = RolePart.role(named: "narrow", line: 50, ["route *"]) { $0.tables = [5...5] }
        let court = try court(ceiling: [narrow])
        #expect(court.forwards(try Route.route(table: 5)))
        #expect(
            court.complaint(try Route.route(table: 6))
                == "policy grants route NEWROUTE to noc-7 only where table is 100-199 (role router, line 21)")
        #expect(court.errors(try Route.link(19, Route.index(27, 0))) == [1])
    }

    @Test func `the guard holds unless the ceiling has extra self`() throws {
        let down = try Route.link(19, index: 4, mask: 1)
        #expect(try court(ceiling: [ReportTests.wide], carrier: GuardCase.four).errors(down) == [1])
        let bold = RolePart.role(named: "bold", ["route *"], extras: .itself)
        let court = try court(ceiling: [bold], carrier: GuardCase.four)
        #expect(court.summary(down)?.entries.first?.ceilingOnly == .notGranted("route SETLINK"))
    }

    @Test func `a session that only reads has a ceiling that only reads`() throws {
        let court = try court(ceiling: [RolePart(name: "all", grants: .unrestricted)], readOnly: true)
        #expect(court.errors(try Route.route(table: 100)) == [1])
        #expect(court.errors(try Route.link(19, index: 3)) == [1])
        #expect(court.summary(try Request.message(18, Request.dump, Request.zeros(4)))?.entries.count == 1)
    }

    @Test func `groups that only the ceiling grants are joined, and say so`() throws {
        let listening = Grants(operations: { _, _ in [] }, groups: { family, _ in family.label == "xfrm" })
        let session = SessionGrants(
            roles: [.role(["xfrm *"])],
            ceiling: [RolePart(name: "listen", line: 60, grants: listening)])
        let judge = DatagramJudge(session: session, protocolNumber: NetlinkProtocol.xfrm)
        #expect(
            judge.judgeJoin(group: 4, families: FamilyMap())
                == .granted(
                    JoinGrant(
                        name: "xfrm POLICY", isPrivileged: true, line: 60,
                        ceilingOnly: .notGranted("listening to xfrm POLICY"))))
        let secret = JoinRefusal(objection: .notGranted("listening to xfrm SA"), operation: "listen xfrm SA")
        #expect(judge.judgeJoin(group: 3, families: FamilyMap()) == .refused(secret))
    }

    @Test func `families that only the ceiling names may be looked up`() throws {
        let session = SessionGrants(
            roles: [.role(["generic/nlctrl *", "generic/ethtool *"])],
            ceiling: [.role(["generic/nlctrl *", "generic/wireguard *"])])
        let court = try Court(session, NetlinkProtocol.generic)
        let ask: (String) throws -> [UInt8] = { try Request.generic(16, 3, Request.get, Request.text(2, $0)) }
        #expect(court.summary(try ask("ethtool"))?.entries.isEmpty == true)
        #expect(court.summary(try ask("wireguard"))?.entries.first?.ceilingOnly == .notGranted("generic/wireguard"))
        #expect(court.errors(try ask("devlink")) == [1])
    }
}
