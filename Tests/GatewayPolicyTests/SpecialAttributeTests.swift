import GatewayPolicy
import NetlinkWire
import Testing

/// A request that is well-formed and granted but for one attribute deep inside.
struct Special: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let protocolNumber: Int32
    let bytes: [UInt8]

    init(_ name: String, _ bytes: [UInt8], _ protocolNumber: Int32 = NetlinkProtocol.route) {
        testDescription = name
        self.protocolNumber = protocolNumber
        self.bytes = bytes
    }

    static let number: [UInt8] = [3, 0, 0, 0]

    static func link(_ attributes: [UInt8], _ type: UInt16 = 16) throws -> [UInt8] {
        try Request.message(type, type == 18 ? Request.get : Request.create, Request.zeros(16) + attributes)
    }

    static func kind(_ name: String, _ data: [UInt8]) -> [UInt8] {
        Request.attribute(18, Request.text(1, name) + Request.attribute(2, data))
    }

    static func peer(_ kind: String, _ attributes: [UInt8]) -> [UInt8] {
        self.kind(kind, Request.attribute(1, Request.zeros(16) + attributes))
    }

    static func route(_ attributes: [UInt8]) throws -> [UInt8] {
        try Request.message(24, Request.create, [2] + Request.zeros(11) + attributes)
    }

    static func nextHop(_ attributes: [UInt8]) -> [UInt8] {
        Request.little(UInt16(8 + attributes.count)) + Request.zeros(6) + attributes
    }

    static func tunnel(_ type: UInt16, _ data: [UInt8], _ typeNumber: UInt16 = 21, _ number: UInt16 = 22) -> [UInt8] {
        Request.attribute(typeNumber, Request.little(type)) + Request.attribute(number, data)
    }

    static func filter(_ kind: String, _ options: [UInt8], _ type: UInt16 = 44) throws -> [UInt8] {
        try Request.message(
            type, Request.create, Request.zeros(20) + Request.text(1, kind) + Request.attribute(2, options))
    }

    static func action(_ kind: String, _ options: [UInt8] = []) -> [UInt8] {
        Request.attribute(1, Request.text(1, kind) + Request.attribute(2, options))
    }

    static func rule(_ expression: String, _ data: [UInt8] = []) throws -> [UInt8] {
        try Canonical.batch(
            Request.message(2566, Request.create, Request.zeros(4) + Request.attribute(4, element(expression, data))))
    }

    static func element(_ expression: String, _ data: [UInt8] = []) -> [UInt8] {
        Request.attribute(1, Request.text(1, expression) + Request.attribute(2, data))
    }

    static func generic(_ family: String, _ command: UInt8, header: Int = 0, _ attributes: [UInt8]) throws -> [UInt8] {
        try Request.generic(assignedFamilies[family] ?? 0, command, Request.set, header: header, attributes)
    }
}

@Suite struct SpecialAttributeTests {
    private static let linkAttributes: [UInt16: String] = [
        19: "IFLA_NET_NS_PID", 28: "IFLA_NET_NS_FD", 37: "IFLA_LINK_NETNSID", 43: "IFLA_XDP", 46: "IFLA_TARGET_NETNSID",
    ]

    private func expectRefused(_ special: Special) throws {
        let court = try Court(.unrestricted, special.protocolNumber)
        let errors = court.errors(special.bytes)
        #expect(errors.contains(1), "\(special.testDescription): \(errors)")
        #expect(!errors.contains(22), "\(special.testDescription): \(court.complaint(special.bytes) ?? "forwarded")")
    }

    private func expectForwarded(_ name: String, _ bytes: [UInt8], _ protocolNumber: Int32 = 0) throws {
        #expect(try Court(.unrestricted, protocolNumber).complaint(bytes) == nil, "\(name)")
    }

    @Test func `links name no descriptors, processes or namespaces, at any depth`() throws {
        for (type, name) in SpecialAttributeTests.linkAttributes {
            let attribute = Request.attribute(type, Special.number)
            for operation: UInt16 in [16, 17, 18, 19, 108, 109] {
                try expectRefused(Special("\(name) of \(operation)", Special.link(attribute, operation)))
                let marked = Request.attribute(type | 0x8000, Special.number)
                try expectRefused(Special("\(name) marked as nested", Special.link(marked, operation)))
                let swapped = Request.attribute(type | 0x4000, Special.number)
                try expectRefused(Special("\(name) marked as big-endian", Special.link(swapped, operation)))
            }
            for kind in ["veth", "vxcan", "netkit"] {
                try expectRefused(Special("\(name) of a \(kind) peer", Special.link(Special.peer(kind, attribute))))
                let deep = Special.peer(kind, Special.peer("veth", attribute))
                try expectRefused(Special("\(name) of a peer's peer", Special.link(deep)))
            }
        }
        let harmless = Special.peer("veth", Request.text(3, "peer0") + Request.attribute(1, [2, 0, 0, 0, 0, 1]))
        try expectForwarded("a veth pair", Special.link(Request.text(3, "veth0") + harmless))
    }

    @Test func `link kinds that take descriptors or aren't known are refused with data`() throws {
        for kind in ["ppp", "gtp", "nosuchkind", "vet", "veth0"] {
            try expectRefused(Special(kind, Special.link(Special.kind(kind, Request.attribute(1, Special.number)))))
        }
        try expectForwarded("a kind alone", Special.link(Request.attribute(18, Request.text(1, "dummy"))))
        let court = try Court(.unrestricted)
        #expect(court.errors(try Special.link(Request.nest([18, 2], Special.number))) == [22])
        let smuggled = Request.attribute(18, Request.attribute(1, Array("vlan\0veth".utf8)) + Request.attribute(2, []))
        #expect(court.errors(try Special.link(smuggled)) == [22])
        let twice = Request.text(1, "vlan") + Request.text(1, "veth") + Request.attribute(2, [])
        #expect(court.errors(try Special.link(Request.attribute(18, twice))) == [22])
    }

    @Test func `other rtnetlink attributes that name namespaces are refused`() throws {
        let namespace: [(UInt16, Int, UInt16)] = [
            (22, 8, 10), (20, 8, 10), (28, 12, 10), (88, 4, 2), (88, 4, 3), (88, 4, 4), (90, 4, 2), (90, 4, 3),
            (90, 4, 4),
        ]
        for (operation, size, type) in namespace {
            let bytes = try Request.message(
                operation, Request.get, Request.zeros(size) + Request.attribute(type, Special.number))
            try expectRefused(Special("\(operation) \(type)", bytes))
        }
        let byID = try Request.message(90, Request.get, Request.zeros(4) + Request.attribute(1, Special.number))
        try expectForwarded("GETNSID by id", byID)
    }

    @Test func `reads that carry another verb inside are looked into`() throws {
        let reads: Set<UInt8> = [1, 3, 5, 7, 10, 11, 12, 14, 16, 18, 21, 22, 24, 26]
        let court = try Court(.readOnly)
        for command: UInt8 in 0...40 {
            let request = try Request.message(78, Request.get, [0, command, 0, 0] + Request.text(1, "d0"))
            #expect(court.errors(request) == (reads.contains(command) ? [] : [1]), "\(command)")
        }
        let can = try Request.message(24, Request.create, [29] + Request.zeros(11))
        try expectRefused(Special("a route of AF_CAN", can))
    }

    @Test func `tunnels with programs are refused wherever routes hold them`() throws {
        let program = Special.tunnel(6, Request.nest([1, 1], Special.number))
        let local = Special.tunnel(7, Request.nest([8, 1], Special.number))
        let plain = Special.tunnel(2, Request.attribute(1, Request.zeros(8)))
        for (name, encapsulation) in [("BPF", program), ("SEG6_LOCAL_BPF", local), ("unknown", Special.tunnel(99, []))]
        {
            try expectRefused(Special("\(name) in a route", Special.route(encapsulation)))
            let hops = Special.nextHop([]) + Special.nextHop(encapsulation)
            try expectRefused(Special("\(name) in a hop", Special.route(Request.attribute(9, hops))))
        }
        let object = Special.tunnel(6, Request.nest([1, 1], Special.number), 7, 8)
        try expectRefused(Special("BPF in a nexthop", Request.message(104, Request.create, Request.zeros(8) + object)))
        try expectForwarded("an IP tunnel", Special.route(plain))
        try expectForwarded("hops", Special.route(Request.attribute(9, Special.nextHop([]) + Special.nextHop(plain))))
        let court = try Court(.unrestricted)
        #expect(court.errors(try Special.route(Request.attribute(22, []))) == [22])
        // A hop that takes in the attribute behind its list would be well-formed there.
        let long =
            Request.attribute(9, Request.little(UInt16(16)) + Request.zeros(6)) + Request.attribute(4, Special.number)
        #expect(court.errors(try Special.route(long)) == [22])
        for length: UInt16 in [0, 7, 9, 64] {
            let hop = Request.little(length) + Request.zeros(6)
            #expect(court.errors(try Special.route(Request.attribute(9, hop))) == [22])
        }
    }

    @Test func `traffic control carries no programs, xtables matches or unknown kinds`() throws {
        let lists: [(String, UInt16)] = [
            ("u32", 7), ("flower", 3), ("matchall", 2), ("basic", 3), ("cgroup", 1), ("fw", 4), ("route", 6),
            ("flow", 9),
        ]
        let good = Special.action("gact", Request.attribute(2, Request.zeros(20)))
        for (kind, list) in lists {
            for bad in ["ipt", "xt", "nosuchaction"] {
                let actions = good + Request.attribute(2, Request.text(1, bad) + Request.attribute(2, []))
                try expectRefused(Special("\(bad) in \(kind)", Special.filter(kind, Request.attribute(list, actions))))
            }
            try expectForwarded(kind, Special.filter(kind, Request.attribute(list, good)))
        }
        for (kind, matches) in [("basic", UInt16(2)), ("cgroup", 3), ("flow", 11)] {
            let match: (UInt16) -> [UInt8] = { Request.attribute(1, [1, 0] + Request.little($0) + Request.zeros(4)) }
            let tree: ([UInt8]) -> [UInt8] = { Request.nest([matches, 2], $0) }
            try expectRefused(Special("xtables match", Special.filter(kind, tree(match(1) + match(9)))))
            try expectRefused(Special("unknown match", Special.filter(kind, tree(match(77)))))
            try expectForwarded("a comparison", Special.filter(kind, tree(match(1))))
        }
        for (type, kind) in [(UInt16(44), "bpf"), (100, "bpf"), (44, "nosuchfilter")] {
            try expectRefused(Special(kind, Special.filter(kind, Request.attribute(6, Special.number), type)))
        }
        for operation: UInt16 in [48, 49, 50] {
            let actions = Request.attribute(1, good + Special.action("xt"))
            try expectRefused(Special("action", Request.message(operation, Request.get, Request.zeros(4) + actions)))
        }
        let court = try Court(.unrestricted)
        let noKind = try Request.message(44, Request.create, Request.zeros(20) + Request.attribute(2, []))
        #expect(court.errors(noKind) == [22])
    }

    @Test func `nftables expressions that reach xtables are refused wherever they stand`() throws {
        let protocolNumber = NetlinkProtocol.netfilter
        for name in ["match", "target", "nosuchexpression"] {
            let bad = Special.element(name)
            let inner = Request.text(1, name) + Request.attribute(2, [])
            try expectRefused(Special(name, Special.rule(name), protocolNumber))
            try expectRefused(Special("in dynset", Special.rule("dynset", Request.attribute(7, inner)), protocolNumber))
            try expectRefused(Special("in dynset", Special.rule("dynset", Request.attribute(10, bad)), protocolNumber))
            try expectRefused(Special("in inner", Special.rule("inner", Request.attribute(5, inner)), protocolNumber))
            for (operation, path) in [(UInt16(2569), [UInt16(18)]), (2572, [3, 1, 11])] {
                let bytes = try Canonical.batch(
                    Request.message(operation, Request.create, Request.zeros(4) + Request.nest(path, bad)))
                try expectRefused(Special("in a set", bytes, protocolNumber))
            }
            for (operation, path) in [(UInt16(2569), [UInt16(17)]), (2572, [3, 1, 7])] {
                let bytes = try Canonical.batch(
                    Request.message(operation, Request.create, Request.zeros(4) + Request.nest(path, inner)))
                try expectRefused(Special("in a set", bytes, protocolNumber))
            }
        }
        try expectForwarded("payload", Special.rule("payload", Request.attribute(1, Special.number)), protocolNumber)
        try expectForwarded("queue", Special.rule("queue"), protocolNumber)
    }

    @Test func `generic families name no descriptors, processes or files`() throws {
        let cases: [(String, UInt8, Int, [UInt8])] = [
            ("devlink", 37, 0, Request.attribute(138, Special.number)),
            ("devlink", 37, 0, Request.attribute(139, Special.number)),
            ("devlink", 37, 0, Request.attribute(140, Special.number)),
            ("devlink", 58, 0, Request.text(122, "/lib/firmware/x")),
            ("ethtool", 44, 0, Request.text(2, "x.bin")),
            ("nl80211", 49, 0, Request.attribute(219, Special.number)),
            ("nl80211", 2, 0, Request.attribute(82, Special.number)),
            ("nl80211", 103, 0, []), ("nl80211", 45, 0, []), ("nl802154", 20, 0, []),
            ("TASKSTATS", 4, 0, Request.attribute(1, Special.number)),
            ("l2tp", 1, 0, Request.attribute(23, Special.number)),
            ("gtp", 0, 0, Request.attribute(7, Special.number)), ("gtp", 2, 0, Request.attribute(7, Special.number)),
            ("handshake", 2, 0, []), ("handshake", 3, 0, []), ("nbd", 1, 0, []), ("psp", 8, 0, []),
            ("netdev", 13, 0, []), ("netdev", 15, 0, []), ("ovpn", 1, 0, []),
            ("ovpn", 2, 0, Request.nest([2, 6], Special.number)), ("TIPC", 1, 8, []),
            ("ovs_datapath", 1, 4, Request.attribute(2, Special.number)),
            ("ovs_datapath", 4, 4, Request.attribute(8, Request.zeros(4) + Special.number)),
            ("ovs_vport", 1, 4, Request.attribute(5, Special.number)),
            ("ovs_flow", 1, 4, []), ("ovs_packet", 3, 4, []),
        ]
        for (family, command, header, attributes) in cases {
            let bytes = try Special.generic(family, command, header: header, attributes)
            try expectRefused(Special("\(family) \(command)", bytes, NetlinkProtocol.generic))
        }
        let own = Request.attribute(2, Request.little(Court.portID))
        try expectForwarded("own port", Special.generic("ovs_datapath", 1, header: 4, own), NetlinkProtocol.generic)
    }

    @Test func `sock_diag takes filters but no map descriptors and no unknown families`() throws {
        let number = NetlinkProtocol.sockDiag
        let inet = [2, 6] + Request.zeros(54)
        let storages = try Request.message(20, Request.dump, inet + Request.nest([2, 1], Special.number))
        try expectRefused(Special("bpf storages", storages, number))
        try expectRefused(Special("family 99", Request.message(20, Request.dump, [99] + Request.zeros(55)), number))
        let filter = Request.attribute(1, Request.zeros(8))
        try expectForwarded("a filter", Request.message(20, Request.dump, inet + filter), number)
    }

    @Test func `duplicates, unknown attributes and broken nests are refused`() throws {
        let court = try Court(.unrestricted)
        let name = Request.text(3, "d0")
        let cases: [(String, [UInt8], Int32)] = [
            ("a duplicate", name + name, 22),
            ("a duplicate under another flag", name + Request.attribute(3 | 0x8000, Array("d1\0".utf8)), 22),
            ("an unknown attribute", Request.attribute(300, Special.number), 1),
            ("a length of 0", [0, 0, 3, 0], 22), ("a length of 3", [3, 0, 3, 0], 22),
            ("a length past the end", [9, 0, 3, 0, 1, 0, 0, 0], 22),
            ("three bytes", name + [4, 0, 3], 22), ("bytes behind padding", [5, 0, 3, 0, 0, 0, 7, 0, 1], 22),
            ("a broken nest", Request.attribute(18, [8, 0, 1]), 22),
            ("zeros where attributes stand", Request.zeros(4), 22),
        ]
        for (what, attributes, expected) in cases {
            #expect(court.errors(try Special.link(attributes, 19)) == [expected], "\(what)")
        }
        let deep = (0..<40).reduce(into: Request.text(3, "x")) { bytes, _ in
            bytes = Request.text(3, "x") + Special.peer("veth", bytes)
        }
        #expect(court.errors(try Special.link(deep)) == [22])
    }

    /// libmnl before 1.0.5 leaves what was in its buffer there; the kernel skips it.
    @Test func `padding of attributes changes no decision and hides nothing`() throws {
        func datagrams() throws -> [(Int32, [UInt8])] {
            let forbidden = Request.attribute(28, Special.number)
            var all: [(Int32, [UInt8])] = [
                (0, try Special.link(Special.peer("veth", Request.text(3, "p")))),
                (0, try Special.link(Special.peer("veth", Request.text(3, "p") + forbidden))),
                (0, try Special.link(Special.kind("gtp", Request.text(1, "x")))),
                (0, try Special.link(Request.text(3, "d") + Request.text(3, "e"))),
                (0, try Special.filter("flower", Request.attribute(3, Special.action("bpf", Request.text(9, "f"))))),
                (0, try Special.route(Request.attribute(9, Special.nextHop(Special.tunnel(6, Request.text(1, "x")))))),
                (12, try Special.rule("match", Request.text(1, "m"))), (12, try Special.rule("lookup")),
            ]
            for question in Question.all {
                let more = Request.attribute(200, [1, 2, 3])
                for attributes in [[], more] {
                    let bytes = try Canonical.request(
                        question.family, question.operation, dump: question.isDump, attributes: attributes)
                    all.append((question.family.protocolNumber, bytes))
                }
            }
            return all
        }
        for grants in [Grants.unrestricted, .readOnly] {
            let plain = try datagrams()
            let courts = try Dictionary(uniqueKeysWithValues: Set(plain.map(\.0)).map { ($0, try Court(grants, $0)) })
            for padding: UInt8 in [1, 4, 0x80, 0xff] {
                let noisy = try Request.$padding.withValue(padding) { try datagrams() }
                var different = 0
                for (before, after) in zip(plain, noisy) {
                    let court = try #require(courts[before.0])
                    #expect(court.errors(after.1) == court.errors(before.1), "\(before.1)")
                    #expect(court.complaint(after.1) == court.complaint(before.1))
                    different += before.1 == after.1 ? 0 : 1
                }
                #expect(different > 50)
            }
        }
    }
}
