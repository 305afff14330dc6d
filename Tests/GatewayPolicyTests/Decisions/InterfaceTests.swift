import GatewayPolicy
import NetlinkWire
import Testing

/// A request that names interfaces, for a role that may touch `veth*` alone.
struct InterfaceCase: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let fits: Bool
    let bytes: [UInt8]

    init(_ name: String, _ fits: Bool, _ bytes: [UInt8]) {
        testDescription = name
        self.fits = fits
        self.bytes = bytes
    }

    private static func hops(_ indexes: UInt32...) -> [UInt8] {
        Request.attribute(
            9,
            indexes.flatMap { index in
                let hop = Request.attribute(5, [10, 0, 0, 1])
                return Request.little(UInt16(8 + hop.count)) + [0, 0] + Request.little(index) + hop
            })
    }

    private static func mirror(_ index: UInt32) throws -> [UInt8] {
        let parameters = Request.attribute(2, Request.zeros(24) + Request.little(index))
        return try Route.indexed(
            44, index: 3, size: 20,
            Request.text(1, "matchall")
                + Request.attribute(2, Request.attribute(2, Special.action("mirred", parameters))))
    }

    static let all: [InterfaceCase] = {
        do { return try links() + others() } catch { return [] }
    }()

    private static func links() throws -> [InterfaceCase] {
        let fresh = Request.create
        return [
            InterfaceCase("by index", true, try Route.link(19, index: 3)),
            InterfaceCase("another by index", false, try Route.link(19, index: 2)),
            InterfaceCase("an index that doesn't exist", false, try Route.link(19, index: 99)),
            InterfaceCase("by name", true, try Route.link(19, with: Request.set, Route.name("veth0"))),
            InterfaceCase("another by name", false, try Route.link(17, with: Request.set, Route.name("eth0"))),
            InterfaceCase(
                "a name that doesn't exist", true, try Route.link(17, with: Request.set, Route.name("veth9"))),
            InterfaceCase(
                "another's alternative name", false, try Route.link(19, with: Request.set, Route.name("veth-uplink"))),
            InterfaceCase(
                "by alternative name", false, try Route.link(19, with: Request.set, Request.text(53, "veth-uplink"))),
            InterfaceCase("nothing selected", false, try Route.link(19)),
            InterfaceCase("a whole group", false, try Route.link(19, with: Request.set, Route.index(27, 0))),
            InterfaceCase(
                "group and master", false,
                try Route.link(19, with: Request.set, Route.index(27, 0) + Route.index(10, 3))),
            InterfaceCase(
                "rename to one that fits", true, try Route.link(19, index: 3, with: Request.set, Route.name("veth5"))),
            InterfaceCase(
                "rename to another", false, try Route.link(19, index: 3, with: Request.set, Route.name("eth5"))),
            InterfaceCase(
                "rename from another", false, try Route.link(19, index: 2, with: Request.set, Route.name("veth5"))),
            InterfaceCase("master", false, try Route.link(19, index: 3, with: Request.set, Route.index(10, 2))),
            InterfaceCase(
                "master taken away", true, try Route.link(19, index: 3, with: Request.set, Route.index(10, 0))),
            InterfaceCase("new", true, try Route.link(16, with: fresh, Route.name("veth7") + Route.kind("dummy"))),
            InterfaceCase(
                "new, of another name", false, try Route.link(16, with: fresh, Route.name("d7") + Route.kind("dummy"))),
            InterfaceCase("new, without a name", false, try Route.link(16, with: fresh, Route.kind("dummy"))),
            InterfaceCase(
                "on a lower link", false, try Route.link(16, with: fresh, Route.name("veth7") + Route.index(5, 2))),
            InterfaceCase(
                "on a lower link elsewhere", false,
                try Route.link(16, with: fresh, Route.name("veth7") + Route.index(5, 3) + Route.index(37, 5))),
            InterfaceCase(
                "elsewhere", false, try Route.link(17, with: Request.set, Route.name("veth0") + Route.index(46, 5))),
            InterfaceCase(
                "a pair", true,
                try Route.link(16, with: fresh, Route.name("veth7") + Special.peer("veth", Route.name("veth8")))),
            InterfaceCase(
                "a pair, the other end", false,
                try Route.link(16, with: fresh, Route.name("veth7") + Special.peer("veth", Route.name("p")))),
            InterfaceCase(
                "a pair, the other end without a name", false,
                try Route.link(16, with: fresh, Route.name("veth7") + Special.peer("veth", []))),
            InterfaceCase(
                "vxlan on a link", false,
                try Route.link(16, with: fresh, Route.name("veth7") + Special.kind("vxlan", Route.index(3, 2)))),
            InterfaceCase(
                "hsr over links", false,
                try Route.link(
                    16, with: fresh, Route.name("veth7") + Special.kind("hsr", Route.index(1, 3) + Route.index(2, 2)))),
            InterfaceCase(
                "hsr over links that fit", true,
                try Route.link(16, with: fresh, Route.name("veth7") + Special.kind("hsr", Route.index(1, 3)))),
            InterfaceCase(
                "a property", true,
                try Route.link(108, index: 3, with: Request.set, Request.nest([52], Request.text(53, "veth-a")))),
            InterfaceCase(
                "a property of another name", false,
                try Route.link(108, index: 3, with: Request.set, Request.nest([52], Request.text(53, "mgmt")))),
        ]
    }

    private static func others() throws -> [InterfaceCase] {
        [
            InterfaceCase("address", true, try Route.address(index: 3, Request.attribute(2, [10, 0, 0, 1]))),
            InterfaceCase("address", false, try Route.address(index: 2, Request.attribute(2, [10, 0, 0, 1]))),
            InterfaceCase("address without", false, try Route.address(index: 0, Request.attribute(2, [10, 0, 0, 1]))),
            InterfaceCase("route", true, try Route.route(Route.index(4, 3))),
            InterfaceCase("route", false, try Route.route(Route.index(4, 2))),
            InterfaceCase("route by gateway alone", false, try Route.route(Request.attribute(5, [10, 0, 0, 1]))),
            InterfaceCase("route by next-hop object", false, try Route.route(Route.index(30, 1))),
            InterfaceCase("route, incoming link alone", false, try Route.route(Route.index(3, 3))),
            InterfaceCase(
                "route, incoming link of another", false, try Route.route(Route.index(4, 3) + Route.index(3, 2))),
            InterfaceCase("hops", true, try Route.route(hops(3, 3))),
            InterfaceCase("hops, one of another", false, try Route.route(hops(3, 2))),
            InterfaceCase("hops, one without", false, try Route.route(hops(3, 0))),
            InterfaceCase("neighbour", true, try Route.indexed(28, index: 3, size: 12)),
            InterfaceCase("neighbour", false, try Route.indexed(29, index: 2, size: 12)),
            InterfaceCase("neighbour of a bridge", false, try Route.indexed(28, index: 3, size: 12, Route.index(9, 2))),
            InterfaceCase(
                "neighbour with the bridge alone", false, try Route.indexed(28, index: 0, size: 12, Route.index(9, 3))),
            InterfaceCase("rule", true, try Route.rule(Request.text(3, "veth0"))),
            InterfaceCase("rule", false, try Route.rule(Request.text(3, "eth0"))),
            InterfaceCase("rule, out", false, try Route.rule(Request.text(3, "veth0") + Request.text(17, "eth0"))),
            InterfaceCase("rule without", false, try Route.rule()),
            InterfaceCase(
                "next hop", true,
                try Request.message(104, Route.add, [2, 0, 0, 0] + Request.zeros(4) + Route.index(5, 3))),
            InterfaceCase(
                "next hop", false,
                try Request.message(104, Route.add, [2, 0, 0, 0] + Request.zeros(4) + Route.index(5, 2))),
            InterfaceCase(
                "next hop without", false, try Request.message(104, Route.add, [2, 0, 0, 0] + Request.zeros(4))),
            InterfaceCase("discipline", true, try Route.indexed(36, index: 3, size: 20)),
            InterfaceCase("discipline", false, try Route.indexed(37, index: 2, size: 20)),
            InterfaceCase("a shared block", false, try Route.indexed(44, index: UInt32.max, size: 20)),
            InterfaceCase("mirror", true, try mirror(3)),
            InterfaceCase("mirror to another", false, try mirror(2)),
            InterfaceCase("mirror to nowhere", false, try mirror(0)),
            InterfaceCase(
                "an action without a link", false,
                try Request.message(48, Route.add, Request.zeros(4) + Request.attribute(1, Special.action("gact")))),
            InterfaceCase(
                "multicast entry", true,
                try Route.indexed(
                    84, index: 3, size: 8, Request.attribute(1, Request.little(UInt32(3)) + Request.zeros(24)))),
            InterfaceCase(
                "multicast entry of a port", false,
                try Route.indexed(
                    84, index: 3, size: 8, Request.attribute(1, Request.little(UInt32(2)) + Request.zeros(24)))),
            InterfaceCase("VLAN", false, try Route.indexed(112, index: 2, size: 8)),
            InterfaceCase("tunnel", true, try Route.indexed(120, index: 3, size: 8)),
            InterfaceCase("statistics", false, try Route.indexed(95, index: 2, size: 12)),
            InterfaceCase("label", false, try Route.indexed(72, index: 0, size: 12)),
            InterfaceCase("label", true, try Route.indexed(72, index: 3, size: 12)),
            InterfaceCase(
                "neighbour table", true,
                try Request.message(67, Request.set, Request.zeros(4) + Request.nest([6], Route.index(1, 3)))),
            InterfaceCase(
                "neighbour table", false,
                try Request.message(67, Request.set, Request.zeros(4) + Request.text(1, "arp_cache"))),
            InterfaceCase("DCB", true, try Request.message(79, Request.set, [0, 2, 0, 0] + Request.text(1, "veth0"))),
            InterfaceCase("DCB", false, try Request.message(79, Request.set, [0, 2, 0, 0] + Request.text(1, "eth0"))),
            InterfaceCase("DELNEXTHOP has none", true, try Request.message(105, Request.set, Request.zeros(8))),
        ]
    }
}

@Suite struct InterfaceTests {
    @Test func `there are cases`() {
        #expect(InterfaceCase.all.count > 70)
    }

    @Test(arguments: InterfaceCase.all)
    func `every interface of a message must fit`(example: InterfaceCase) throws {
        let role = RolePart.role(["route *"], extras: .all, netnsIDs: [5]) { $0.interfaces = ["veth*"] }
        let court = try Court(SessionGrants(roles: [role]), server: .usual)
        let complaint = court.complaint(example.bytes)
        if example.fits {
            #expect(complaint == nil)
        } else {
            #expect(
                complaint?.contains("only where interface is veth* (role router, line 21)") == true,
                "\(complaint ?? "forwarded")")
        }
    }

    @Test func `generic families name interfaces too`() throws {
        let role = RolePart.role(["generic/ethtool *", "generic/wireguard *", "generic/macsec *"], extras: .all) {
            $0.interfaces = ["veth*"]
        }
        let court = try Court(SessionGrants(roles: [role]), NetlinkProtocol.generic, server: .usual)
        let ethtool = try #require(assignedFamilies["ethtool"])
        let wireguard = try #require(assignedFamilies["wireguard"])
        let macsec = try #require(assignedFamilies["macsec"])
        let cases: [(Bool, [UInt8])] = [
            (true, try Request.generic(ethtool, 5, Request.set, Request.nest([1], Route.index(1, 3)))),
            (false, try Request.generic(ethtool, 5, Request.set, Request.nest([1], Route.index(1, 2)))),
            (true, try Request.generic(ethtool, 5, Request.set, Request.nest([1], Request.text(2, "veth0")))),
            (
                false,
                try Request.generic(
                    ethtool, 5, Request.set, Request.nest([1], Request.text(2, "eth0") + Route.index(1, 3)))
            ),
            (false, try Request.generic(ethtool, 5)),
            (false, try Request.generic(ethtool, 5, Request.set, Request.nest([1], []))),
            (true, try Request.generic(wireguard, 1, Request.set, Route.index(1, 3))),
            (false, try Request.generic(wireguard, 1, Request.set, Request.text(2, "eth0"))),
            (true, try Request.generic(wireguard, 0, Request.dump, Request.text(2, "eth0"))),
            (true, try Request.generic(macsec, 1, Request.set, Route.index(1, 3))),
            (false, try Request.generic(macsec, 1, Request.set, Route.index(1, 2))),
        ]
        for (index, (fits, bytes)) in cases.enumerated() {
            #expect(court.errors(bytes) == (fits ? [] : [1]), "\(index): \(court.complaint(bytes) ?? "")")
        }
        let twice = Request.nest([1], Route.index(1, 3) + Route.index(1, 2))
        #expect(court.errors(try Request.generic(ethtool, 5, Request.set, twice)) == [22])
    }

    @Test func `link-kind is what a new link becomes and what an existing one is`() throws {
        let role = RolePart.role(["route *"], extras: .all) { $0.linkKinds = ["veth", "vlan", "dummy"] }
        let court = try Court(SessionGrants(roles: [role]), server: .usual)
        let change: MessageFlags = [.request, .ack]
        let cases: [(String, Bool, [UInt8])] = [
            ("new", true, try Route.link(16, with: Request.create, Route.name("d0") + Route.kind("dummy"))),
            ("new, any name", true, try Route.link(16, with: Request.create, Route.kind("dummy"))),
            (
                "new without EXCL", true,
                try Route.link(16, with: [.request, .create], Route.name("d0") + Route.kind("dummy"))
            ),
            ("new without EXCL or name", true, try Route.link(16, with: [.request, .create], Route.kind("dummy"))),
            (
                "new of another kind", false,
                try Route.link(16, with: Request.create, Route.name("b") + Route.kind("bridge"))
            ),
            ("no kind", false, try Route.link(16, with: Request.create, Route.name("b"))),
            ("set", true, try Route.link(19, index: 3)), ("delete", true, try Route.link(17, index: 4)),
            ("hardware", false, try Route.link(19, index: 2)),
            (
                "hardware by name, with a kind", false,
                try Route.link(16, with: change, Route.name("eth0") + Route.kind("dummy"))
            ),
            (
                "hardware that may be made", false,
                try Route.link(16, with: [.request, .create], Route.name("eth0") + Route.kind("dummy"))
            ),
            ("doesn't exist", false, try Route.link(17, index: 99)),
            ("doesn't exist", false, try Route.link(19, with: Request.set, Route.name("nope"))),
            ("a whole group", false, try Route.link(17, with: Request.set, Route.index(27, 7) + Route.kind("dummy"))),
            ("a property", false, try Route.link(108, index: 2)), ("a route has none", true, try Route.route()),
        ]
        for (name, fits, bytes) in cases {
            #expect(court.errors(bytes) == (fits ? [] : [1]), "\(name): \(court.complaint(bytes) ?? "forwarded")")
        }
    }

    @Test func `a server that can't be asked refuses what depends on it, and nothing else`() throws {
        let role = RolePart.role(["route *"]) { $0.interfaces = ["veth*"] }
        let court = try Court(SessionGrants(roles: [role]), server: Server(isSilent: true))
        #expect(court.errors(try Route.link(19, index: 3)) == [1])
        #expect(court.complaint(try Route.link(19, index: 3))?.contains("could not look up") == true)
        #expect(court.forwards(try Request.message(18, Request.dump, Request.zeros(16))))
        let plain = try Court(SessionGrants(roles: [.role(["route *"], extras: .all)]), server: Server(isSilent: true))
        #expect(plain.forwards(try Route.link(19, index: 3)))
    }

    @Test func `existing and missing interfaces get the same answer`() throws {
        let role = RolePart.role(["route *"], extras: .all) { $0.interfaces = ["veth*"] }
        let court = try Court(SessionGrants(roles: [role]), server: .usual)
        for type: UInt16 in [17, 19] {
            #expect(court.complaint(try Route.link(type, index: 2)) == court.complaint(try Route.link(type, index: 77)))
            let names = ["eth0", "nosuch"].map { Route.name($0) }
            #expect(
                court.complaint(try Route.link(type, with: Request.set, names[0]))
                    == court.complaint(try Route.link(type, with: Request.set, names[1])))
        }
    }
}
