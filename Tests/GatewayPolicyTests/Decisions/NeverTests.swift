import GatewayPolicy
import NetlinkWire
import Testing

@Suite struct NeverTests {
    private func court(_ never: Never, _ number: Int32 = 0, ceiling: Bool = false) throws -> Court {
        let all = RolePart(name: "all", grants: .unrestricted)
        let netns = RolePart.role(named: "netns", ["route *"], extras: .netns, netnsIDs: [5])
        return try Court(
            SessionGrants(roles: [all, netns], ceiling: ceiling ? [all] : [], never: never), number, server: .usual)
    }

    private func expect(
        _ court: Court, refuses: [(String, [UInt8])], passes: [(String, [UInt8])],
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        for (name, bytes) in refuses {
            let complaint = court.complaint(bytes) ?? "forwarded"
            #expect(complaint.hasPrefix("the policy"), "\(name): \(complaint)", sourceLocation: sourceLocation)
            #expect(court.errors(bytes) == [1], "\(name)", sourceLocation: sourceLocation)
        }
        for (name, bytes) in passes {
            #expect(court.complaint(bytes) == nil, "\(name)", sourceLocation: sourceLocation)
        }
    }

    @Test func `kinds of links, at any depth`() throws {
        let court = try court(Never(linkKinds: ["nlmon", "*vtap"]))
        let nested = Special.peer("veth", Route.name("p") + Route.kind("nlmon"))
        expect(
            court,
            refuses: [
                ("nlmon", try Route.link(16, with: Request.create, Route.kind("nlmon"))),
                ("with data", try Route.link(16, with: Request.create, Special.kind("macvtap", []))),
                ("pattern", try Route.link(16, with: Request.create, Route.kind("ipvtap"))),
                ("without NUL", try Route.link(16, with: Request.create, Request.nest([18, 1], Array("nlmon".utf8)))),
                ("in a peer", try Route.link(16, with: Request.create, nested)),
                ("of an existing link", try Route.link(19, index: 3, Route.kind("nlmon"))),
            ],
            passes: [
                ("dummy", try Route.link(16, with: Request.create, Route.kind("dummy"))),
                ("a read", try Route.link(18, with: Request.get, Route.kind("nlmon"))),
                ("nlmonx", try Route.link(16, with: Request.create, Route.kind("nlmonx"))),
            ])
        let hidden = try Route.link(16, with: Request.create, Request.nest([18, 1], Array("nlmon\0\0".utf8)))
        #expect(court.errors(hidden) == [22])
    }

    @Test func `interfaces by index, name, alternative name, and as master or lower link`() throws {
        let court = try court(Never(interfaces: ["eth0", "mgmt*"]))
        let mirror = Request.attribute(2, Request.zeros(24) + Request.little(UInt32(2)))
        expect(
            court,
            refuses: [
                ("index", try Route.link(19, index: 2)), ("name", try Route.link(17, Route.name("eth0"))),
                ("alternative name", try Route.link(19, Route.name("enp1s0"))),
                ("its alternative name is protected", try Route.link(19, index: 4)),
                ("by its other name", try Route.link(19, Route.name("vlan7"))),
                ("rename to it", try Route.link(19, index: 3, Route.name("mgmt7"))),
                ("create it", try Route.link(16, with: Request.create, Route.name("mgmt1") + Route.kind("dummy"))),
                ("as peer", try Route.link(16, with: Request.create, Special.peer("veth", Route.name("mgmt1")))),
                (
                    "alternative name added",
                    try Route.link(108, index: 3, Request.nest([52], Request.text(53, "mgmt2")))
                ),
                ("master", try Route.link(19, index: 3, Route.index(10, 2))),
                ("lower", try Route.link(16, with: Request.create, Route.name("v") + Route.index(5, 2))),
                ("hsr slave", try Route.link(16, with: Request.create, Special.kind("hsr", Route.index(1, 2)))),
                ("a whole group", try Route.link(19, Route.index(27, 7))),
                ("a shared block", try Route.indexed(44, index: UInt32.max, size: 20)),
                ("elsewhere", try Route.link(17, index: 3, Route.index(46, 5))),
                ("address", try Route.address(of: 21, index: 2, Request.attribute(2, [10, 0, 0, 1]))),
                ("route", try Route.route(Route.index(4, 2))),
                (
                    "mirror",
                    try Route.indexed(
                        44, index: 3, size: 20,
                        Request.text(1, "matchall")
                            + Request.attribute(2, Request.attribute(2, Special.action("mirred", mirror))))
                ),
                ("rule", try Route.rule(table: 9, Request.text(3, "enp1s0"))),
                ("rule of a name without a link", try Route.rule(table: 9, Request.text(17, "mgmt99"))),
            ],
            passes: [
                ("another", try Route.link(19, index: 3)), ("one that doesn't exist", try Route.link(19, index: 99)),
                ("a name that doesn't exist", try Route.link(17, Route.name("nosuch"))),
                ("new", try Route.link(16, with: Request.create, Route.name("d0") + Route.kind("dummy"))),
                ("a read", try Route.link(18, index: 2, with: Request.get)), ("a route without", try Route.route()),
            ])
    }

    @Test func `other protocols name interfaces too`() throws {
        let never = Never(interfaces: ["eth0"])
        let ethtool = try #require(assignedFamilies["ethtool"])
        let generic = try court(never, NetlinkProtocol.generic)
        let rings: (UInt32) throws -> [UInt8] = {
            try Request.generic(ethtool, 16, Request.set, Request.nest([1], Route.index(1, $0)))
        }
        expect(generic, refuses: [("rings", try rings(2))], passes: [("rings", try rings(3))])
        let xfrm = try court(never, NetlinkProtocol.xfrm)
        let state: (UInt32) throws -> [UInt8] = {
            try Request.message(16, Request.set, Request.zeros(224) + Request.attribute(28, Request.little($0) + [0]))
        }
        expect(xfrm, refuses: [("offload", try state(2))], passes: [("offload", try state(3))])
    }

    @Test func `the ceiling doesn't lift it, and it comes before what isn't granted`() throws {
        let court = try court(Never(interfaces: ["eth0"]), ceiling: true)
        expect(court, refuses: [("index", try Route.link(19, index: 2))], passes: [])
        let reading = try Court(
            SessionGrants(roles: [RolePart(name: "r", grants: .readOnly)], never: Never(interfaces: ["eth0"])),
            server: .usual)
        expect(reading, refuses: [("index", try Route.link(19, index: 2))], passes: [])
        #expect(reading.complaint(try Route.link(19, index: 3)) == "policy does not grant route SETLINK to noc-7")
    }

    @Test func `a server that can't be asked protects everything`() throws {
        let session = SessionGrants(
            roles: [RolePart(name: "all", grants: .unrestricted)], never: Never(interfaces: ["eth0"]))
        let court = try Court(session, server: Server(isSilent: true))
        #expect(court.errors(try Route.link(19, index: 3)) == [1])
        #expect(court.forwards(try Route.route()))
    }
}
