import GatewayProtocol
import NetlinkWire
import RemoteNetlink
import Testing

extension GatewayTests.Hazards {
    /// What a granted write may hold that is more than the write.
    @Suite struct PowerHazards {
        @Test func `26: a program for the kernel comes without a descriptor`() throws {
            // One instruction of classic BPF: match everything.
            let program = Bytes.attribute(4, [1, 0]) + Bytes.attribute(5, [6, 0, 0, 0, 0xff, 0xff, 0xff, 0xff])
            // struct tcmsg: lo, its ingress, priority 1, every protocol.
            let place =
                Bytes.zeros(4) + Bytes.little(UInt32(1)) + Bytes.zeros(4) + Bytes.little(UInt32(0xffff_fff2))
                + [0, 3, 1, 0]
            let filter = message(
                44, [.ack, .create, .exclusive], sequence: 9,
                place + Bytes.attribute(1, "bpf") + Bytes.attribute(2, program))
            try Hazard(
                role: PolicyText(role: "write: { route: [NEWTFILTER] }"),
                prepare: { try tool("tc", ["qdisc", "add", "dev", "lo", "clsact"]) }, attack: { filter },
                hasHappened: { try tool("tc", ["filter", "show", "dev", "lo", "ingress"]).contains("bpf") }
            ).expectPrevented([1])
        }

        @Test func `30: a link of another kind opens a device to the packets`() throws {
            func create(_ kind: String) throws -> [UInt8] {
                message(
                    RouteRequest.newLink, [.ack, .create, .exclusive], sequence: 9,
                    RouteRequest.interface(0) + Bytes.attribute(3, "nlgt")
                        + Bytes.attribute(5, try Facts.index("nlgA"))
                        + Bytes.attribute(18, Bytes.attribute(1, kind)))
            }
            try Hazard(
                role: PolicyText(
                    role: "write: { route: [NEWLINK] }", never: "{ link-kinds: [macvtap, ipvtap, nlmon] }"),
                harmless: { try create("macvlan") }, prepare: { try ip("link add nlgA type veth peer name nlgB") },
                attack: { try create("macvtap") }, hasHappened: { try Facts.exists("nlgt") }
            ).expectPrevented([1])
        }

        @Test func `43: a rule hands packets to a program`() throws {
            let group = Bytes.attribute(1, [0, 5])
            try Hazard(
                protocolNumber: 12, role: PolicyText(role: "write: { netfilter/nftables: all }"),
                harmless: { NetfilterBytes.rule("counter", []) }, prepare: NetfilterBytes.makeChain,
                attack: { NetfilterBytes.rule("log", group) },
                hasHappened: { try tool("nft", ["list", "ruleset"]).contains("log group 5") }
            ).expectPrevented([125, 1, 125])
        }

        @Test func `48: a group of packets is bound to whoever asks`() throws {
            // NFULNL_MSG_CONFIG for group 5: NFULNL_CFG_CMD_BIND.
            let bind = message(4 << 8 | 1, .ack, sequence: 9, [2, 0, 0, 5] + Bytes.attribute(1, [1]))
            try Namespace().enter {
                let code = try kernelAnswer(12, bind, 9).code
                #expect(code == 0)
            }
            for (extra, errors) in [("", [1]), (", extra: [traffic]", [])] as [(String, [Int32])] {
                try Gateway.run(policy: PolicyText(role: "write: { netfilter/ulog: all }\(extra)")) { gateway in
                    let client = try AttackingClient(gateway, 12)
                    #expect(try client.errors(bind) == errors)
                }
            }
        }
    }
}
