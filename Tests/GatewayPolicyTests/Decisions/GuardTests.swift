import GatewayPolicy
import NetlinkWire
import Testing

/// A write, and whether it would cut off a session that runs over vlan7 on eth0.
struct GuardCase: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let isRefused: Bool
    let bytes: [UInt8]

    init(_ name: String, refused: Bool, _ bytes: [UInt8]) {
        testDescription = "\(name)\(refused ? "" : ", harmless")"
        isRefused = refused
        self.bytes = bytes
    }

    static let four = Carrier(
        localAddress: [192, 0, 2, 1], peerAddress: [198, 51, 100, 9], localPort: 4123, links: [4, 2],
        route: AddressPrefix(address: [198, 51, 100, 0], length: 24), routeTable: 100, gateway: [192, 0, 2, 254])

    static let all: [GuardCase] = {
        do { return try links() + addresses() + routes() + rules() } catch { return [] }
    }()

    private static func links() throws -> [GuardCase] {
        let up: UInt32 = 1
        return [
            GuardCase("down", refused: true, try Route.link(19, index: 4, mask: up)),
            GuardCase("down by name", refused: true, try Route.link(19, mask: up, Route.name("vlan7"))),
            GuardCase("down by alternative name", refused: true, try Route.link(19, mask: up, Route.name("mgmt-vlan"))),
            GuardCase("down, the lower link", refused: true, try Route.link(16, index: 2, mask: up)),
            GuardCase("down without a mask", refused: true, try Route.link(19, index: 4, flags: 0x1000)),
            GuardCase("up", refused: false, try Route.link(19, index: 4, flags: up, mask: up)),
            GuardCase("another flag", refused: false, try Route.link(19, index: 4, flags: 0x100, mask: 0x100)),
            GuardCase("down, another", refused: false, try Route.link(19, index: 3, mask: up)),
            GuardCase("rename", refused: true, try Route.link(19, index: 4, Route.name("new"))),
            GuardCase("rename to the same", refused: false, try Route.link(19, index: 4, Route.name("vlan7"))),
            GuardCase(
                "new address", refused: true, try Route.link(19, index: 4, Request.attribute(1, Request.zeros(6)))),
            GuardCase("small MTU", refused: true, try Route.link(19, index: 4, Route.index(4, 1279))),
            GuardCase("MTU", refused: false, try Route.link(19, index: 4, Route.index(4, 1280))),
            GuardCase("master", refused: true, try Route.link(19, index: 2, Route.index(10, 3))),
            GuardCase("carrier off", refused: true, try Route.link(19, index: 2, Request.attribute(33, [0]))),
            GuardCase("carrier on", refused: false, try Route.link(19, index: 2, Request.attribute(33, [1]))),
            GuardCase("protocol down", refused: true, try Route.link(19, index: 2, Request.attribute(39, [1]))),
            GuardCase("to another namespace", refused: true, try Route.link(19, index: 2, Route.index(46, 5))),
            GuardCase("delete", refused: true, try Route.link(17, index: 4)),
            GuardCase("delete by name", refused: true, try Route.link(17, Route.name("enp1s0"))),
            GuardCase("delete another", refused: false, try Route.link(17, index: 3)),
            GuardCase("a whole group", refused: true, try Route.link(19, Route.index(27, 3))),
            GuardCase("queue length", refused: false, try Route.link(19, index: 4, Route.index(13, 500))),
            GuardCase(
                "new", refused: false, try Route.link(16, with: Request.create, Route.name("d") + Route.kind("dummy"))),
        ]
    }

    private static func addresses() throws -> [GuardCase] {
        let local = Request.attribute(2, [192, 0, 2, 1])
        let other = Request.attribute(2, [192, 0, 2, 2])
        let replace: MessageFlags = [.request, .create, .replace]
        return [
            GuardCase("delete the address", refused: true, try Route.address(of: 21, index: 4, local)),
            GuardCase(
                "by IFA_ADDRESS", refused: true,
                try Route.address(of: 21, index: 4, Request.attribute(1, [192, 0, 2, 1]))),
            GuardCase("on another link", refused: true, try Route.address(of: 21, index: 3, local)),
            GuardCase("the first of the prefix", refused: true, try Route.address(of: 21, index: 4, other)),
            GuardCase("of another prefix", refused: false, try Route.address(of: 21, length: 32, index: 4, other)),
            GuardCase("the prefix elsewhere", refused: false, try Route.address(of: 21, index: 3, other)),
            GuardCase(
                "an IPv6 address", refused: false,
                try Route.address(of: 21, family: 10, index: 4, Request.attribute(2, Request.zeros(16)))),
            GuardCase("add", refused: false, try Route.address(index: 4, local)),
            GuardCase("replace", refused: true, try Route.address(index: 4, with: replace, local)),
            GuardCase("replace another", refused: false, try Route.address(index: 4, with: replace, other)),
            GuardCase(
                "neighbour", refused: true,
                try Route.indexed(28, index: 4, size: 12, family: 2, Request.attribute(1, [192, 0, 2, 254]))),
            GuardCase(
                "neighbour", refused: true,
                try Route.indexed(29, index: 4, size: 12, family: 2, Request.attribute(1, [198, 51, 100, 9]))),
            GuardCase(
                "neighbour", refused: false,
                try Route.indexed(29, index: 4, size: 12, family: 2, Request.attribute(1, [198, 51, 100, 8]))),
        ]
    }

    private static func routes() throws -> [GuardCase] {
        let used = Route.destination(198, 51, 100, 0)
        let host = Route.destination(198, 51, 100, 9)
        return [
            GuardCase("the route in use", refused: true, try Route.route(of: 25, table: 100, used)),
            GuardCase("over it", refused: true, try Route.route(table: 100, used)),
            GuardCase("more specific", refused: true, try Route.route(length: 32, host)),
            GuardCase("more specific, in main", refused: true, try Route.route(length: 25, table: 254, used)),
            GuardCase("less specific", refused: false, try Route.route(length: 23, table: 100, used)),
            GuardCase("default", refused: false, try Route.route(length: 0)),
            GuardCase("elsewhere", refused: false, try Route.route(length: 24, Route.destination(203, 0, 113, 0))),
            GuardCase("another table", refused: false, try Route.route(table: 77, used)),
            GuardCase(
                "another table by attribute", refused: false, try Route.route(table: 100, used + Route.index(15, 1000))),
            GuardCase(
                "the local address", refused: true,
                try Route.route(of: 25, length: 32, table: 255, Route.destination(192, 0, 2, 1))),
            GuardCase("IPv6", refused: false, try Route.route(family: 10, length: 0)),
        ]
    }

    private static func rules() throws -> [GuardCase] {
        let source = Request.attribute(2, [192, 0, 2, 0])
        return [
            GuardCase("catch all", refused: true, try Route.rule(table: 7)),
            GuardCase("from the local prefix", refused: true, try Route.rule(lengths: (0, 24), table: 7, source)),
            GuardCase(
                "from elsewhere", refused: false,
                try Route.rule(lengths: (0, 24), table: 7, Request.attribute(2, [10, 0, 0, 0]))),
            GuardCase(
                "to the peer", refused: true,
                try Route.rule(lengths: (24, 0), table: 7, Route.destination(198, 51, 100, 0))),
            GuardCase(
                "to elsewhere", refused: false,
                try Route.rule(lengths: (24, 0), table: 7, Route.destination(10, 0, 0, 0))),
            GuardCase(
                "to elsewhere, inverted", refused: true,
                try Route.rule(lengths: (24, 0), table: 7, flags: 2, Route.destination(10, 0, 0, 0))),
            GuardCase("with a mark", refused: false, try Route.rule(table: 7, Route.index(10, 1))),
            GuardCase("with a mark of 0", refused: true, try Route.rule(table: 7, Route.index(10, 0))),
            GuardCase(
                "with an empty mask", refused: true, try Route.rule(table: 7, Route.index(10, 1) + Route.index(16, 0))),
            GuardCase("incoming", refused: false, try Route.rule(table: 7, Request.text(3, "eth0"))),
            GuardCase("outgoing", refused: true, try Route.rule(table: 7, Request.text(3, "lo"))),
            GuardCase("of bound sockets", refused: false, try Route.rule(table: 7, Request.text(17, "eth0"))),
            GuardCase("of UDP", refused: false, try Route.rule(table: 7, Request.attribute(22, [17]))),
            GuardCase("of TCP", refused: true, try Route.rule(table: 7, Request.attribute(22, [6]))),
            GuardCase("IPv6", refused: false, try Route.rule(family: 10, table: 7)),
            GuardCase("delete, of the table in use", refused: true, try Route.rule(of: 33, table: 100)),
            GuardCase("delete, of main", refused: true, try Route.rule(of: 33, table: 254)),
            GuardCase("delete, of local", refused: true, try Route.rule(of: 33, Route.index(15, 255))),
            GuardCase("delete by priority", refused: true, try Route.rule(of: 33, Route.index(6, 100))),
            GuardCase("delete, of another", refused: false, try Route.rule(of: 33, table: 7)),
            GuardCase("delete, IPv6", refused: false, try Route.rule(of: 33, family: 10, table: 254)),
        ]
    }
}

@Suite struct GuardTests {
    private func court(
        _ extras: Grants.Extras, _ number: Int32 = 0, _ carrier: Carrier? = GuardCase.four
    ) throws -> Court {
        var server = Server.usual
        server.carrying = carrier
        let grants = Grants(extras: extras, netnsIDs: [5], operations: { _, operation in operation.grantable })
        return try Court(SessionGrants(roles: [RolePart(name: "all", grants: grants)]), number, server: server)
    }

    @Test func `there are cases`() {
        #expect(GuardCase.all.count > 65)
    }

    @Test(arguments: GuardCase.all)
    func `what would cut the session off needs extra self`(example: GuardCase) throws {
        let complaint = try court([.group, .netns]).complaint(example.bytes)
        #expect(
            (complaint?.hasSuffix(", which needs extra self") ?? false) == example.isRefused,
            "\(complaint ?? "forwarded")")
        #expect(try court([.group, .netns, .itself]).complaint(example.bytes) == nil)
        #expect(try court([.group, .netns], 0, nil).complaint(example.bytes) == nil)
    }

    @Test func `the session's own socket isn't destroyed`() throws {
        let request: (UInt8, UInt8) throws -> [UInt8] = {
            try Request.message(21, Request.set, [2, 6] + Request.zeros(6) + [$0, $1] + Request.zeros(46))
        }
        let court = try court(.group, NetlinkProtocol.sockDiag)
        #expect(court.errors(try request(0x10, 0x1b)) == [1])
        #expect(court.errors(try request(0, 0)) == [1])
        #expect(court.errors(try request(0x1b, 0x10)) == [])
        #expect(try self.court(.itself, NetlinkProtocol.sockDiag).errors(request(0x10, 0x1b)) == [])
    }

    @Test func `IPv6, and IPv4 mapped into it`() throws {
        let mapped: ([UInt8]) -> [UInt8] = { Request.zeros(10) + [0xff, 0xff] + $0 }
        let carrier = Carrier(
            localAddress: mapped([192, 0, 2, 1]), peerAddress: mapped([198, 51, 100, 9]), localPort: 1, links: [4])
        let delete = try Route.address(of: 21, index: 4, Request.attribute(2, [192, 0, 2, 1]))
        #expect(try court(.group, 0, carrier).errors(delete) == [1])
        let local: [UInt8] = [0x20, 1, 0xd, 0xb8] + Request.zeros(11) + [1]
        let peer: [UInt8] = [0x20, 1, 0xd, 0xb8, 0, 9] + Request.zeros(9) + [1]
        let six = Carrier(localAddress: local, peerAddress: peer, localPort: 1, links: [4])
        let court = try court(.group, 0, six)
        #expect(
            court.errors(try Route.address(of: 21, family: 10, length: 64, index: 4, Request.attribute(1, local))) == [
                1
            ])
        #expect(court.errors(try Route.route(family: 10, length: 0)) == [1])
        #expect(court.errors(try Route.route(family: 10, length: 128, Request.attribute(1, peer))) == [1])
        #expect(court.errors(try Route.route(family: 10, length: 128, Request.attribute(1, local))) == [])
        #expect(court.errors(delete) == [])
    }

    @Test func `without a known route every one that leads to the peer counts`() throws {
        var carrier = GuardCase.four
        carrier.route = nil
        let court = try court(.group, 0, carrier)
        #expect(court.errors(try Route.route(length: 0)) == [1])
        #expect(court.errors(try Route.route(length: 8, Route.destination(10, 0, 0, 0))) == [])
    }

    @Test func `a server that can't be asked refuses every write that could matter`() throws {
        let grants = Grants(operations: { _, operation in operation.grantable })
        let court = try Court(
            SessionGrants(roles: [RolePart(name: "all", grants: grants)]), server: Server(isSilent: true))
        #expect(court.errors(try Route.link(19, index: 3)) == [1])
        #expect(court.forwards(try Request.message(18, Request.dump, Request.zeros(16))))
    }
}
