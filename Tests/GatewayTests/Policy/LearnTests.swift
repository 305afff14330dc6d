import Foundation
import GatewayProtocol
import LinuxSys
import NetlinkWire
import RemoteNetlink
import Testing

/// What a program said to netlink, from Tests/Vectors/policy; record.py made it.
private struct Recording {
    let protocolNumber: UInt32
    var groups: [UInt32] = []
    var datagrams: [[UInt8]] = []

    /// Reads a recording; `index` is put where the recorded interface's number stood.
    init(_ name: String, interface index: UInt32 = 0) throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().path()
        let lines = text(ofFile: "\(folder)/Vectors/policy/\(name).txt").split(separator: "\n").map {
            $0.split(separator: " ").map(String.init)
        }
        let recorded = lines.first { $0.starts(with: ["#", "v0"]) }.flatMap { UInt32($0[3]) } ?? 0
        protocolNumber = try #require(lines.first { $0[0] != "#" }.flatMap { UInt32($0[0]) })
        for line in lines where line[0] != "#" {
            if line[1] == "g" {
                groups = line.dropFirst(2).compactMap { UInt32($0) }
            } else {
                datagrams.append(try Recording.bytes(line[2], Recording.output(recorded), Recording.output(index)))
            }
        }
    }

    /// RTA_OIF.
    private static func output(_ index: UInt32) -> String {
        "08000400" + (0..<4).map { String(format: "%02x", UInt8(truncatingIfNeeded: index >> (8 * $0))) }.joined()
    }

    private static func bytes(_ hexadecimal: String, _ old: String, _ new: String) throws -> [UInt8] {
        let digits = Array(hexadecimal.replacing(old, with: new))
        return try stride(from: 0, to: digits.count, by: 2).map {
            try #require(UInt8(String(digits[$0...($0 + 1)]), radix: 16))
        }
    }
}

extension GatewayTests {
    /// First everything passes and is written down; the policy that `nlgate policy learn` drafts from that lets the same
    /// traffic pass and refuses its neighbours.
    @Suite struct LearnTests {
        private static let watching = """
            policy: 1
            clients: { program: { uid: 0 } }
            roles:
              nothing: { read: { generic/nlctrl: [GETPOLICY] } }
              everything: { read: all, write: all, listen: all, extra: [secrets, traffic, code, group, self] }
            bindings:
              - { client: program, roles: [nothing], mode: report, ceiling: everything }

            """

        @Test func `ip -br link`() throws {
            try learn("link") { session in
                #expect(try session.answer(to: RouteRequest.dump(RouteRequest.getAddress, header: 8), sequence: 1).code == 1)
                #expect(try session.answer(to: RouteRequest.link(index: 1, sequence: 2), sequence: 2).code == 1)
                #expect(try session.answer(to: RouteRequest.setLink(index: 1, up: false, sequence: 3), sequence: 3).code == 1)
                #expect(try session.setMembership(group: 1, joined: true).code == 1)
            }
        }

        @Test func `bird with three hundred routes`() throws {
            try learn("bird") { session in
                #expect(try ip("route show table 100").split(separator: "\n").count == 300)
                let route = try #require(Recording("bird", interface: 2).datagrams.last)
                for (offset, value) in [(20, UInt8(101)), (21, 4), (33, 99)] {
                    var other = route
                    other[offset] = value
                    let sequence = try other.span.u32(at: 8)
                    let code = try session.answer(to: other, sequence: sequence).code
                    #expect(code == 1, "byte \(offset) as \(value)")
                }
                #expect(try session.answer(to: RouteRequest.setLink(index: 1, up: false, sequence: 3), sequence: 3).code == 1)
                #expect(try session.setMembership(group: 3, joined: true).code == 1)
                #expect(try ip("route show table 100").split(separator: "\n").count == 300)
            }
        }

        @Test func `nft -f of a ruleset`() throws {
            try learn("nft") { session in
                let rules = try tool("nft", ["list", "ruleset"])
                #expect(rules.contains("table inet filter") && rules.contains("ip saddr @trusted"))
                // NFT_MSG_GETFLOWTABLE is neighbour to what nft asked; NFT_MSG_GETGEN single is what it asked.
                let flowtables = message(10 << 8 | 23, .dump, sequence: 5, [0, 0, 0, 0])
                let reset = message(10 << 8 | 25, .dump, sequence: 6, [0, 0, 0, 0])
                let asked = try Recording("nft").datagrams.contains { Array($0[4..<6]) == Array(flowtables[4..<6]) }
                #expect(try session.answer(to: flowtables, sequence: 5).code == (asked ? 0 : 1))
                #expect(try session.answer(to: reset, sequence: 6).code == 1)
            }
        }

        /// Records under the ceiling, drafts, checks, and says the same again under the draft.
        private func learn(_ name: String, _ neighbours: (GatewaySession) throws -> Void) throws {
            let scratch = try Scratch()
            let log = scratch.path + "/audit.jsonl"
            let first = try scratch.write(Self.watching, to: "watching.yaml")
            try Gateway.run(["--policy", first, "--audit", log], prepare: prepare) { gateway in
                _ = try replay(name, gateway)
            }
            let drafted = try result(of: program("nlgate"), ["policy", "learn", log])
            #expect(drafted.status == .exited(0), "\(drafted.output)")
            let draft = try standardOutput(of: program("nlgate"), ["policy", "learn", log], scratch)
            let second = try scratch.write(draft, to: "draft.yaml")
            let checked = try result(of: program("nlgate"), ["policy", "check", second])
            #expect(checked.status == .exited(0), "\(draft)\n\(checked.output)")
            try Gateway.run(["--policy", second, "--audit", log + ".2"], prepare: prepare) { gateway in
                let session = try replay(name, gateway)
                #expect(!text(ofFile: log + ".2").contains("\"denied\""), "\(draft)")
                try neighbours(session)
            }
        }

        /// Standard output alone.
        private func standardOutput(of path: String, _ words: [String], _ scratch: Scratch) throws -> String {
            let output = scratch.path + "/draft.out"
            _ = try tool("sh", ["-c", "\"$@\" 2>/dev/null >\(output)", "sh", path] + words)
            return text(ofFile: output)
        }

        private func prepare() throws {
            try ip("link add v0 type veth peer name v1")
            for link in ["v0", "v1"] { try ip("link set \(link) up") }
            try ip("addr add 192.0.2.1/24 dev v0")
        }

        /// Says everything; nothing may be refused.
        private func replay(_ name: String, _ gateway: Gateway) throws -> GatewaySession {
            let index = try #require(UInt32(try ip("-o link show v0").prefix { $0 != ":" }))
            let recording = try Recording(name, interface: index)
            let session = try gateway.session(nil, recording.protocolNumber, groups: recording.groups)
            #expect(Set(session.welcome.groups) == Set(recording.groups))
            #expect(try session.setOption(.extendedAcks(true)).code == 0)
            for datagram in recording.datagrams {
                var cursor = MessageCursor(datagram.span)
                let header = try #require(try cursor.next(in: datagram.span)).header
                let isDump = header.flags.isSuperset(of: .dump) && header.type.rawValue & 0xff != 24
                guard isDump || header.flags.contains(.ack) else {
                    try session.send(datagram)
                    continue
                }
                let answer = try session.answer(to: datagram, sequence: header.sequence)
                #expect(answer.code == 0, "\(name): type \(header.type.rawValue): \(answer.text ?? "")")
            }
            // Answers of what asked for none have come when this has.
            _ = try session.describe()
            return session
        }
    }
}
