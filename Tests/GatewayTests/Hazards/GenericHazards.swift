import GatewayProtocol
import Glibc
import NetlinkFamilies
import NetlinkWire
import RemoteNetlink
import Testing

extension GatewayTests.Hazards {
    /// Families, operations and groups that the kernel numbers as it goes.
    @Suite struct GenericHazards {
        @Test func `38: a family's name beats its number`() throws {
            let both = GenericBytes.getFamily(Bytes.attribute(1, [16, 0]) + Bytes.attribute(2, "tcp_metrics"))
            func names(_ bytes: [UInt8], _ name: String) -> Bool {
                bytes.indices.contains { bytes[$0...].starts(with: Array(name.utf8) + [0]) }
            }
            try Namespace().enter {
                let answer = try LocalSocket(protocolNumber: 16).answer(to: both, sequence: 2)
                #expect(names(answer.bytes, "tcp_metrics") && !names(answer.bytes, "nlctrl"))
            }
            try Gateway.run(["--policy", "builtin:unrestricted"]) { gateway in
                let client = try AttackingClient(gateway, 16)
                #expect(try client.errors(both) == [22])
                #expect(try client.errors(GenericBytes.getFamily(Bytes.attribute(1, [16, 0]))) == [])
                #expect(try client.errors(GenericBytes.getFamily(Bytes.attribute(2, "tcp_metrics"))) == [])
            }
        }

        @Test func `38: a family's number is never granted, only what its name is now`() throws {
            try Gateway.run(["--policy", "builtin:read-only"]) { gateway in
                let client = try AttackingClient(gateway, 16)
                for number in 17..<64 as Range<UInt16> {
                    let ethtool = try GenericBytes.family("ethtool")
                    let request = message(number, .ack, [2, 1, 0, 0] + Bytes.attribute(1, Bytes.attribute(2, "lo")))
                    let texts = try client.texts(request)
                    #expect(texts.contains { $0.contains("nlgate") } == (number != ethtool), "\(number) \(texts)")
                }
            }
        }

        @Test func `38 and 57: asking for a family by name loads modules and tells which are there`() throws {
            func ask(_ name: String) -> [UInt8] { GenericBytes.getFamily(Bytes.attribute(2, name)) }
            try Namespace().enter {
                let socket = try LocalSocket(protocolNumber: 16)
                #expect(try socket.answer(to: ask("nosuchfamily"), sequence: 2).code == ENOENT)
            }
            try Gateway.run(["--policy", "builtin:read-only"]) { gateway in
                let client = try AttackingClient(gateway, 16)
                for name in ["nosuchfamily", "nl80211", "tcp_metrics", "TASKSTATS"] {
                    #expect(try client.errors(ask(name)) == [1], "\(name)")
                }
                #expect(try client.errors(ask("ethtool")) == [])
            }
        }

        @Test func `39: reads of some families need the capability`() throws {
            let seg6 = try GenericBytes.family("SEG6")
            let getSource = message(seg6, .ack, sequence: 2, [4, 1, 0, 0])
            try Namespace().enter {
                let code = try kernelAnswer(16, getSource, 2).code
                #expect(code == 0)
            }
            try Gateway.run(["--policy", "builtin:unrestricted"]) { gateway in
                let reader = try AttackingClient(gateway, 16, readOnly: true)
                #expect(try reader.errors(getSource) == [1])
                let privileged = try AttackingClient(gateway, 16)
                #expect(try privileged.errors(getSource) == [])
            }
        }

        @Test func `51: a group's number is joined before any family has it`() throws {
            let taken = try GenericBytes.families().flatMap(\.groups).map(\.id)
            let free = try #require((2..<32 as Range<UInt32>).last { !taken.contains($0) })
            try Namespace().enter {
                let socket = try LocalSocket(protocolNumber: 16)
                try socket.setOption(1, Int32(free))
            }
            try Gateway.run(["--policy", "builtin:unrestricted"]) { gateway in
                let session = try gateway.session(nil, 16)
                #expect(try session.setMembership(group: free, joined: true).code == 1)
                #expect(try session.setMembership(group: 16, joined: true).code == 0)
            }
        }
    }
}
