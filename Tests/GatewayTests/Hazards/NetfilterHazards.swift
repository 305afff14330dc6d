import GatewayProtocol
import NetlinkWire
import RemoteNetlink
import Testing

extension GatewayTests.Hazards {
    /// Batches, and what stands in the rules of a firewall.
    @Suite struct NetfilterHazards {
        private static let first = NetfilterBytes.newTable("nlgone", sequence: 2)
        private static let second = NetfilterBytes.newTable("nlgtwo", sequence: 3)

        private func hazard(_ attack: [UInt8], _ expected: String) -> Hazard {
            Hazard(
                protocolNumber: 12, harmless: { NetfilterBytes.batch(Self.second) }, attack: { attack },
                hasHappened: { try Facts.tables().contains(expected) })
        }

        @Test func `41: what stands behind the end of a batch is not executed and not reported`() throws {
            try hazard(NetfilterBytes.batch(Self.first) + Self.second, "nlgone").expectPrevented([125, 125, 22, 125])
        }

        @Test func `41: a batch inside a batch`() throws {
            let inner = NetfilterBytes.batch(Self.first)
            try Gateway.run(["--policy", "builtin:unrestricted"]) { gateway in
                let client = try AttackingClient(gateway, 12)
                #expect(try client.errors(NetfilterBytes.batch(inner)).contains(22))
                #expect(try !Facts.tables().contains("nlgone"))
                #expect(try client.errors(inner) == [])
            }
        }

        @Test func `41: the subsystem may be said in either byte order, and means the same`() throws {
            for resource in [[0, 10], [10, 0]] as [[UInt8]] {
                let batch =
                    NetfilterBytes.control(16, resource: resource) + Self.first
                    + NetfilterBytes.control(17, resource: resource)
                try Namespace().enter {
                    let code = try kernelAnswer(12, batch, 2).code
                    #expect(code == 0)
                    #expect(try Facts.tables().contains("nlgone"))
                }
                try Gateway.run(["--policy", "builtin:unrestricted"]) { gateway in
                    let reader = try gateway.refusal { try gateway.session(nil, 12, readOnly: true) }
                    #expect(reader.code == GoodbyeReason.policy)
                    let client = try AttackingClient(gateway, 12)
                    #expect(try client.errors(batch) == [])
                    #expect(try Facts.tables().contains("nlgone"))
                }
            }
        }

        @Test func `41: without an end the kernel acknowledges what it doesn't do`() throws {
            let open = NetfilterBytes.control(16) + Self.first
            try Namespace().enter {
                let code = try kernelAnswer(12, open, 2).code
                #expect(code == 0)
                #expect(try !Facts.tables().contains("nlgone"))
            }
            // `nft --check` asks like this; nothing is done here either.
            try Gateway.run(["--policy", "builtin:unrestricted"]) { gateway in
                let client = try AttackingClient(gateway, 12)
                #expect(try client.errors(open) == [])
                #expect(try !Facts.tables().contains("nlgone"))
            }
        }

        @Test func `43: a rule's expression reaches xtables, which take descriptors and paths`() throws {
            let information = Array("attack\0".utf8) + Bytes.zeros(249)
            let match =
                Bytes.attribute(1, "comment") + Bytes.attribute(2, [0, 0, 0, 0]) + Bytes.attribute(3, information)
            try Hazard(
                protocolNumber: 12, harmless: { NetfilterBytes.rule("counter", []) },
                prepare: NetfilterBytes.makeChain,
                attack: { NetfilterBytes.rule("match", match) },
                // Some builds of nft don't print what they can't say in their own words.
                hasHappened: { try tool("nft", ["--json", "list", "ruleset"]).contains("\"rule\"") }
            ).expectPrevented([125, 1, 125])
        }

        @Test func `35: a table that lives as long as its socket belongs to one session`() throws {
            let owned = NetfilterBytes.batch(
                NetfilterBytes.newTable("nlgown", flags: Bytes.attribute(2, [0, 0, 0, 2]), sequence: 2))
            let delete = NetfilterBytes.batch(
                message(
                    NetfilterBytes.subsystem | 2, .ack, sequence: 5,
                    NetfilterBytes.body(2, Bytes.attribute(1, "nlgown"))))
            try Namespace().enter {
                var socket: LocalSocket? = try LocalSocket(protocolNumber: 12)
                #expect(try #require(socket).answer(to: owned, sequence: 2).code == 0)
                #expect(try Facts.tables().contains("nlgown"))
                socket = nil
                try eventually("the table goes with its socket") { try !Facts.tables().contains("nlgown") }
            }
            try Gateway.run(["--policy", "builtin:unrestricted"]) { gateway in
                var owner: AttackingClient? = try AttackingClient(gateway, 12)
                #expect(try #require(owner).errors(owned) == [])
                let other = try AttackingClient(gateway, 12)
                #expect(try other.errors(delete) != [])
                #expect(try Facts.tables().contains("nlgown"))
                owner = nil
                try eventually("the table goes with its session") { try !Facts.tables().contains("nlgown") }
                _ = try other.errors(NetfilterBytes.batch(Self.first))
            }
        }
    }
}

/// Messages of nfnetlink.
enum NetfilterBytes {
    static let subsystem: UInt16 = 10 << 8

    /// struct nfgenmsg: family, version, resource in network byte order; then attributes.
    static func body(_ family: UInt8 = 2, _ attributes: [UInt8] = []) -> [UInt8] { [family, 0, 0, 0] + attributes }

    static func control(_ type: UInt16, _ flags: MessageFlags = [], resource: [UInt8] = [0, 10]) -> [UInt8] {
        message(type, flags, sequence: 1, [0, 0] + resource)
    }

    /// `content` between NFNL_MSG_BATCH_BEGIN and NFNL_MSG_BATCH_END.
    static func batch(_ content: [UInt8]) -> [UInt8] { control(16) + content + control(17) }

    static func newTable(_ name: String, flags: [UInt8] = [], sequence: UInt32) -> [UInt8] {
        message(subsystem, [.ack, .create], sequence: sequence, body(2, Bytes.attribute(1, name) + flags))
    }

    static func makeChain() throws {
        try tool("nft", ["add table ip t"])
        try tool("nft", ["add chain ip t c"])
    }

    /// NFT_MSG_NEWRULE in that chain, with one expression.
    static func rule(_ expression: String, _ data: [UInt8]) -> [UInt8] {
        let inner = Bytes.attribute(1, expression) + Bytes.attribute(2, data)
        let place = Bytes.attribute(1, "t") + Bytes.attribute(2, "c")
        return batch(
            message(
                subsystem | 6, [.ack, .create, .append], sequence: 4,
                body(2, place + Bytes.attribute(4, Bytes.attribute(1, inner)))))
    }
}
