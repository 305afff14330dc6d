import GatewayProtocol
import NetlinkWire
import RemoteNetlink
import Testing

extension GatewayTests.Hazards {
    /// Which object a message is about, when it says so twice, loosely, or not at all.
    @Suite struct SelectorHazards {
        private static func makePair() throws {
            try ip("link add nlgA type veth peer name nlgB")
            for name in ["nlgA", "nlgB"] { try ip("link set \(name) up") }
        }

        private static func link(_ type: UInt16, _ index: UInt32, mask: UInt32, _ attributes: [UInt8] = []) -> [UInt8] {
            message(type, .ack, sequence: 9, RouteRequest.interface(index, mask: mask) + attributes)
        }

        @Test func `16: a link's group without its index or name is every link`() throws {
            try Hazard(
                role: PolicyText(role: "write: { route: [NEWLINK, SETLINK] }"),
                harmless: { Self.link(19, try Facts.index("nlgA"), mask: 1) }, prepare: Self.makePair,
                attack: { Self.link(16, 0, mask: 1, Bytes.attribute(27, 0)) },
                hasHappened: { try !Facts.isUp("nlgA") && !Facts.isUp("nlgB") && !Facts.isUp("lo") }
            ).expectPrevented([1])
        }

        @Test func `16: a link's group deletes every link of it`() throws {
            try Hazard(
                role: PolicyText(role: "write: { route: [DELLINK] }"),
                harmless: { Self.link(17, try Facts.index("nlgA"), mask: 0) },
                prepare: {
                    try Self.makePair()
                    for name in ["nlgA", "nlgB"] { try ip("link set \(name) group 7") }
                }, attack: { Self.link(17, 0, mask: 0, Bytes.attribute(27, 7)) },
                hasHappened: { try !Facts.exists("nlgA") }
            ).expectPrevented([1])
        }

        @Test func `16: an index beats a name, which renames`() throws {
            func rename(_ link: String, _ name: String) throws -> [UInt8] {
                Self.link(19, try Facts.index(link), mask: 1, Bytes.attribute(3, name))
            }
            // The name is one that the role has, the index is another's.
            try Hazard(
                role: PolicyText(role: "write: { route: [SETLINK] }, where: { interface: [nlgA, nlgC] }"),
                harmless: { Self.link(19, try Facts.index("nlgA"), mask: 1) }, prepare: Self.makePair,
                attack: { try rename("nlgB", "nlgC") }, hasHappened: { try Facts.exists("nlgC") }
            ).expectPrevented([1])
        }

        /// `nlgbr` with a port and an address behind it.
        private static func makeBridge() throws {
            try Self.makePair()
            try ip("link add nlgbr type bridge")
            try ip("link set nlgA master nlgbr")
            try tool("bridge", ["fdb", "add", "02:00:00:00:00:99", "dev", "nlgA", "master", "static"])
        }

        private static func hasEntry(_ address: String) throws -> Bool {
            try tool("bridge", ["fdb", "show", "br", "nlgbr"]).contains(address)
        }

        /// struct ndmsg and attributes; `ntf` says whose table.
        private static func neighbour(
            _ type: UInt16, _ flags: MessageFlags, family: UInt8, _ link: String, ntf: UInt8, _ attributes: [UInt8]
        ) throws -> [UInt8] {
            // NUD_PERMANENT for what is made.
            let state: UInt16 = type == 28 ? 0x80 : 0
            return message(
                type, flags.union(.ack), sequence: 9,
                [family, 0, 0, 0] + Bytes.little(try Facts.index(link)) + Bytes.little(state) + [ntf, 0] + attributes)
        }

        @Test func `14: a flag makes one deletion delete everything`() throws {
            let address = Bytes.attribute(2, [2, 0, 0, 0, 0, 0x99])
            try Hazard(
                role: PolicyText(role: "write: { route: [DELNEIGH] }"),
                harmless: { try Self.neighbour(29, [], family: 7, "nlgA", ntf: 4, address) },
                prepare: Self.makeBridge,
                // NLM_F_BULK has the bit of NLM_F_EXCL.
                attack: { try Self.neighbour(29, .exclusive, family: 7, "nlgbr", ntf: 2, []) },
                hasHappened: { try !Self.hasEntry("02:00:00:00:00:99") }
            ).expectPrevented([1])
        }

        @Test func `19: the address family chooses another table`() throws {
            let address = Bytes.attribute(2, [2, 0, 0, 0, 0, 0x77])
            let host = address + Bytes.attribute(1, [192, 0, 2, 1])
            try Hazard(
                role: PolicyText(role: "write: { route: [NEWNEIGH] }, where: { family: [inet] }"),
                harmless: { try Self.neighbour(28, .create, family: 2, "nlgB", ntf: 0, host) },
                prepare: Self.makeBridge,
                attack: { try Self.neighbour(28, .create, family: 7, "nlgA", ntf: 4, address) },
                hasHappened: { try Self.hasEntry("02:00:00:00:00:77") }
            ).expectPrevented([1])
        }

        private static func deleteTable(_ family: UInt8, _ attributes: [UInt8]) -> [UInt8] {
            NetfilterBytes.batch(
                message(
                    NetfilterBytes.subsystem | 2, .ack, sequence: 4, NetfilterBytes.body(family, attributes)))
        }

        /// Tables `one` and `two` of IPv4, and `one` of IPv6.
        private static func makeTables() throws {
            for table in ["ip one", "ip two", "ip6 one"] { try tool("nft", ["add table \(table)"]) }
        }

        private static func tables(_ attack: [UInt8], _ hasHappened: @escaping (String) -> Bool) throws -> Hazard {
            Hazard(
                protocolNumber: 12, role: try PolicyText(role: "write: { netfilter/nftables: all }"),
                harmless: { Self.deleteTable(2, Bytes.attribute(1, "two")) }, prepare: Self.makeTables,
                attack: { attack }, hasHappened: { hasHappened(try Facts.tables()) })
        }

        @Test func `17: a table that isn't named is every table`() throws {
            try Self.tables(Self.deleteTable(0, [])) { $0.isEmpty }.expectPrevented([125, 1, 125])
        }

        @Test func `17: a table in no family is the table in every family`() throws {
            try Self.tables(Self.deleteTable(0, Bytes.attribute(1, "one"))) { !$0.contains("one") }
                .expectPrevented([125, 1, 125])
        }

        @Test func `17: a table's handle beats its name`() throws {
            // The handle of the second table.
            let both = Bytes.attribute(1, "one") + Bytes.attribute(4, [0, 0, 0, 0, 0, 0, 0, 2])
            try Self.tables(Self.deleteTable(2, both)) { !$0.contains("two") }.expectPrevented([125, 22, 125])
        }

        @Test func `18: a connection that isn't told is every connection`() throws {
            func connections() -> Int {
                text(ofFile: "/proc/thread-self/net/nf_conntrack").split(separator: "\n").count
            }
            try Hazard(
                protocolNumber: 12, role: PolicyText(role: "write: { netfilter/ctnetlink: [CT_DELETE] }"),
                prepare: {
                    try tool("nft", ["add table ip t"])
                    try tool("nft", ["add chain ip t c { type filter hook output priority 0; }"])
                    try tool("nft", ["add rule ip t c ct state new counter"])
                    // A datagram to a port that nobody has.
                    try tool("bash", ["-c", "echo > /dev/udp/127.0.0.1/9"])
                    #expect(connections() > 0)
                },
                attack: { message(1 << 8 | 2, .ack, sequence: 9, NetfilterBytes.body(2)) },
                hasHappened: { connections() == 0 }
            ).expectPrevented([1])
        }

        @Test func `18: a set that isn't named is every set`() throws {
            func ask(_ command: UInt16, _ flags: MessageFlags, _ attributes: [UInt8]) -> [UInt8] {
                message(
                    6 << 8 | command, flags.union(.ack), sequence: 9,
                    NetfilterBytes.body(2, Bytes.attribute(1, [7]) + attributes))
            }
            let name = Bytes.attribute(2, "nlgset")
            let kind = Bytes.attribute(3, "hash:ip") + Bytes.attribute(4, [0]) + Bytes.attribute(5, [2])
            try Hazard(
                protocolNumber: 12, role: PolicyText(role: "write: { netfilter/ipset: [DESTROY] }"),
                harmless: { ask(3, [], name) },
                prepare: {
                    let code = try kernelAnswer(12, ask(2, .create, name + kind + Bytes.attribute(7 | 0x8000, [])), 9)
                        .code
                    #expect(code == 0)
                }, attack: { ask(3, [], []) },
                hasHappened: { try kernelAnswer(12, ask(12, [], name), 9).code != 0 }
            ).expectPrevented([1])
        }
    }
}
