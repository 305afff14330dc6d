import GatewayProtocol
import Glibc
import NetlinkWire
import RemoteNetlink
import Testing

extension GatewayTests.Hazards {
    /// Flags that change what a read is, reads that tell secrets, and refusals that tell what is there.
    @Suite struct ReadingHazards {
        @Test func `11: either dump bit makes a dump`() throws {
            let half = message(RouteRequest.getRule, [.root, .ack], sequence: 3, [2] + Bytes.zeros(11))
            try Namespace().enter {
                let answer = try LocalSocket(protocolNumber: 0).answer(to: half, sequence: 3)
                #expect(answer.messages >= 3, "a dump of every rule")
            }
            // It is judged as the dump that it is.
            try Gateway.run { gateway in
                let client = try AttackingClient(gateway, 0)
                #expect(try client.errors(half) == [])
                #expect(try client.errors(message(RouteRequest.getRule, .dump, [2] + Bytes.zeros(11))) == [])
            }
            try Gateway.run(policy: PolicyText(role: "read: { route: [GETLINK] }")) { gateway in
                let client = try AttackingClient(gateway, 0)
                #expect(try client.errors(half) == [1])
                #expect(try client.errors(message(RouteRequest.getRule, .dump, [2] + Bytes.zeros(11))) == [1])
            }
        }

        @Test func `11: a single request that the kernel takes for a dump`() throws {
            let half = message(RouteRequest.getLink, [.match, .ack], sequence: 3, Bytes.zeros(16))
            try Namespace().enter {
                try ip("link add nlgA type veth peer name nlgB")
                let answer = try kernelAnswer(0, half, 3)
                #expect(answer.messages >= 3, "a dump of every link")
            }
            try Gateway.run(policy: PolicyText(role: "read: { route: [GETLINK single] }")) { gateway in
                let client = try AttackingClient(gateway, 0)
                #expect(try client.errors(half) == [1])
                #expect(try client.errors(message(RouteRequest.getLink, .dump, Bytes.zeros(16))) == [1])
                #expect(try client.errors(RouteRequest.link(index: 1, sequence: 4)) == [])
            }
        }

        @Test func `12: reads that reset counters`() throws {
            func counters(_ command: UInt16) -> [UInt8] {
                message(NetfilterBytes.subsystem | command, .dump, sequence: 3, NetfilterBytes.body(2))
            }
            try Hazard(
                protocolNumber: 12, role: PolicyText(role: "read: { netfilter/nftables: all }"),
                harmless: { counters(19) },
                prepare: {
                    try tool("nft", ["add table ip t"])
                    try tool("nft", ["add counter ip t n { packets 5 bytes 500; }"])
                }, attack: { counters(21) },
                hasHappened: { try tool("nft", ["list", "ruleset"]).contains("packets 0") }
            ).expectPrevented([1])
        }

        @Test func `44 and 46: groups and reads that carry packets and keys need more than their grant`() throws {
            let (states, policies) = (message(18, .dump, sequence: 3), message(21, .dump, sequence: 3))
            try Namespace().enter {
                let code = try kernelAnswer(6, states, 3).code
                #expect(code == 0)
                try LocalSocket(protocolNumber: 12).setOption(1, 9)
                try LocalSocket(protocolNumber: 6).setOption(1, 3)
            }
            let everything = try PolicyText(
                role: "read: all, listen: { netfilter/nftables: all, xfrm: all, route: all }")
            try Gateway.run(policy: everything) { gateway in
                let client = try AttackingClient(gateway, 6)
                #expect(try client.errors(states) == [1])
                #expect(try client.errors(policies) == [])
                for (number, refused, granted) in [(12, 9, 7), (6, 3, 4), (0, 30, 1)] as [(UInt32, UInt32, UInt32)] {
                    let session = try gateway.session(nil, number)
                    #expect(try session.setMembership(group: refused, joined: true).code == 1, "\(number) \(refused)")
                    #expect(try session.setMembership(group: granted, joined: true).code == 0, "\(number) \(granted)")
                }
            }
        }

        @Test func `46: keys that need no capability`() throws {
            let metrics = message(try GenericBytes.family("tcp_metrics"), .dump, sequence: 3, [1, 1, 0, 0])
            let hashing = message(
                try GenericBytes.family("ethtool"), .ack, sequence: 4,
                [38, 1, 0, 0] + Bytes.attribute(1 | 0x8000, Bytes.attribute(2, "lo")))
            try Namespace().enter {
                let socket = try LocalSocket(protocolNumber: 16)
                #expect(try socket.answer(to: metrics, sequence: 3).code == 0)
            }
            try Gateway.run { gateway in
                let client = try AttackingClient(gateway, 16)
                #expect(try client.errors(metrics) == [1])
                #expect(try client.errors(hashing) == [1])
            }
        }

        @Test func `47: a socket of anybody is destroyed`() throws {
            // struct inet_diag_req_v2: established TCP connections, then struct inet_diag_sockid.
            func ask(_ type: UInt16, _ flags: MessageFlags, _ id: [UInt8]) -> [UInt8] {
                message(type, flags, sequence: 3, [2, 6, 0, 0] + Bytes.little(UInt32(2)) + id)
            }
            let dump = ask(20, .dump, Bytes.zeros(48))
            try Gateway.run(["--policy", "builtin:unrestricted"]) { gateway in
                let victim = try gateway.session(Gateway.tls)
                let shown = try kernelAnswer(4, dump, 3)
                let destroy = ask(21, .ack, Array(shown.bytes[20..<68]))
                let reader = try AttackingClient(gateway, 4, readOnly: true)
                #expect(try reader.errors(destroy) == [1])
                try victim.ping()
                #expect(try kernelAnswer(4, dump, 3).messages == shown.messages)
                let code = try kernelAnswer(4, destroy, 3).code
                #expect(code == 0)
                #expect(throws: ConnectError.self, "the kernel itself ends the session") { try victim.ping() }
            }
            try expectNothing("builtin:read-only", 4, [dump, ask(21, .ack, Bytes.zeros(48))])
        }

        @Test func `50: the kernel's refusals tell what is there`() throws {
            func delete(_ index: UInt32, _ sequence: UInt32) -> [UInt8] {
                message(17, .ack, sequence: sequence, RouteRequest.interface(index))
            }
            try Namespace().enter {
                let socket = try LocalSocket(protocolNumber: 0)
                let there = try socket.answer(to: delete(1, 3), sequence: 3).code
                let missing = try socket.answer(to: delete(9999, 4), sequence: 4).code
                #expect(there != 0 && missing != 0 && there != missing)
            }
            try Gateway.run(["--policy", "builtin:read-only"]) { gateway in
                let client = try AttackingClient(gateway, 0)
                let texts = try [1, 9999].map { try client.texts(delete($0, 3)) }
                #expect(texts[0] == texts[1] && texts[0].count == 1)
                let there = try client.errors(delete(1, 3))
                #expect(try there == [1] && client.errors(delete(9999, 3)) == [1])
            }
        }
    }
}

/// A session of this protocol isn't given at all, or nothing of it is granted.
private func expectNothing(
    _ policy: String, _ protocolNumber: UInt32, readOnly: Bool = false, _ datagrams: [[UInt8]]
) throws {
    try Gateway.run(["--policy", policy]) { gateway in
        let client: AttackingClient
        do {
            client = try AttackingClient(gateway, protocolNumber, readOnly: readOnly)
        } catch is ToolFailure {
            return
        }
        for datagram in datagrams { #expect(try client.errors(datagram) == [1]) }
    }
}
