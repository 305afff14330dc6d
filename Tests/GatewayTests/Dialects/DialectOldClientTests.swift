import Foundation
import LinuxSys
import Testing

extension GatewayTests {
    /// pyroute2 0.1 itself, as the package index has it, under a Python 2.7.
    @Suite(.enabled(if: OldClient.isAvailable(OldClient.versions), OldClient.reason))
    struct OldClientTests {
        private static let tcp = "tcp://127.0.0.1:7001"
        private static let both = ["unix://DIR/s.sock", "tcp://127.0.0.1:7001"]
        private static let unrestricted = ["--insecure-tcp", "--policy", "builtin:unrestricted"]

        private func makeLinks() throws {
            try ip("link add nlgA type veth peer name nlgB")
            try ip("link set nlgA up")
            try ip("link set nlgB up")
            try ip("link add nlgBridge type bridge")
        }

        private func run(_ body: (Gateway) throws -> Void) throws {
            try Gateway.run(Self.unrestricted, listen: Self.both, prepare: makeLinks, body)
        }

        private func json(_ words: String) throws -> [[String: Any]] {
            let data = Data(try ip("-j " + words).utf8)
            return try #require(try JSONSerialization.jsonObject(with: data) as? [[String: Any]])
        }

        /// IPv4 addresses of an interface, sorted.
        private func addresses(_ name: String) throws -> [String] {
            let info = try json("-4 addr show dev \(name)").first?["addr_info"] as? [[String: Any]]
            return (info ?? []).compactMap { $0["local"] as? String }.sorted()
        }

        @Test(arguments: OldClient.versions)
        func `links, addresses, neighbours and routes`(version: String) throws {
            try run { gateway in
                for url in [gateway.unixURL, Self.tcp] {
                    let seen = try OldClient.one(version, "read", url, in: gateway.scratch)
                    let links = try #require(seen["links"] as? [[Any]])
                    let real = try json("link").map { link in
                        [link["ifindex"], link["ifname"], link["address"], link["mtu"]].map { "\($0 ?? "-")" }
                    }
                    #expect(links.map { $0.map { "\($0)" } } == real)
                    #expect((seen["addresses"] as? [[Any]])?.map { "\($0[1])" } == ["127.0.0.1"])
                    #expect((seen["routes"] as? Int ?? 0) > 2)
                }
            }
        }

        @Test(arguments: OldClient.versions)
        func `changes and their errors`(version: String) throws {
            try run { gateway in
                let said = try OldClient.one(version, "write", gateway.unixURL, "nlgA", in: gateway.scratch)
                #expect(said["add"] as? [Int] == [0, 0, 0, 0, 0])
                #expect(said["again"] as? Int == 17)
                #expect(said["delete"] as? Int == 0)
                #expect(said["gone"] as? Int == 99)
                #expect(try addresses("nlgA") == (1...4).map { "192.0.2.\($0)" })
                // Nobody has rights on tcp://, whatever the policy.
                let refused = try OldClient.one(version, "write", Self.tcp, "nlgB", in: gateway.scratch)
                #expect(refused["add"] as? [Int] == [1, 1, 1, 1, 1])
                #expect(try addresses("nlgB").isEmpty)
            }
        }

        @Test(arguments: OldClient.versions)
        func `what the policy refuses is an error like the kernel's, and reading goes on`(version: String) throws {
            try Gateway.run(["--insecure-tcp"], listen: Self.both, prepare: makeLinks) { gateway in
                // The links' own IPv6 addresses come and settle by themselves.
                try eventually("each end of the pair has its address") {
                    let list = try ip("-o -6 addr show scope link")
                    return list.split(separator: "\n").count == 2 && !list.contains("tentative")
                }
                let before = try ip("-o addr") + ip("-o link")
                for url in [gateway.unixURL, Self.tcp] {
                    let said = try OldClient.one(version, "refused", url, "nlgA", in: gateway.scratch)
                    #expect(said["codes"] as? [Int] == [1, 1, 1, 1, 1])
                    // The last releases raise a RuntimeError where they can't roll back either.
                    #expect(said["commit"] as? Int == 1 || (said["commit"] as? String ?? "").contains("RuntimeError"))
                    #expect(said["links"] as? Int == 4)
                    #expect(said["view"] as? Bool == true)
                }
                #expect(try ip("-o addr") + ip("-o link") == before)
                let denials = gateway.log.split(separator: "\n").filter { $0.contains("\"event\":\"denied\"") }
                #expect(denials.contains { $0.contains("DELLINK") } && denials.contains { $0.contains("NEWROUTE") })
            }
        }

        @Test(arguments: OldClient.versions)
        func `ipdb commits, follows, and rolls back`(version: String) throws {
            try run { gateway in
                let said = try OldClient.run(version, ["ipdb", gateway.unixURL, "nlgA"], in: gateway.scratch)
                #expect(said.first?["renamed"] as? Bool == true)
                let link = try #require(try json("link show dev vpn").first)
                #expect(link["address"] as? String == "00:11:22:33:44:55")
                // Until 0.1.6 there are no ports.
                if said.count == 3 {
                    #expect(said[1]["ports"] as? Int == 1)
                    #expect(link["master"] as? String == "nlgBridge")
                }
                #expect(said.count == 3 || ["0.1.4", "0.1.5", "0.1.6"].contains(version))
                // The third address came with a name that is taken: both went again.
                #expect(said.last?["clash"] as? Bool == true)
                #expect(try addresses("vpn") == ["10.0.0.1", "10.0.0.2"])
            }
        }

        @Test(arguments: OldClient.versions)
        func `taskstats`(version: String) throws {
            try run { gateway in
                let said = try OldClient.run(
                    version, ["taskstats", gateway.unixURL, "\(gateway.pid)"], in: gateway.scratch)
                #expect(said.last?["pid"] as? Int == Int(gateway.pid))
                #expect((said.last?["version"] as? Int ?? 0) >= 8)
            }
        }

        @Test(arguments: OldClient.kinds)
        func `20,000 routes`(version: String) throws {
            try run { gateway in
                try ip("addr add 10.200.0.1/24 dev nlgA")
                try ipBatch(
                    (0..<20_000).map { "route add 10.100.\($0 >> 8).\($0 & 255)/32 via 10.200.0.2 dev nlgA" },
                    in: gateway.scratch)
                // 0.1.4 loses what TCP cuts.
                let url = version == "0.1.12" ? Self.tcp : gateway.unixURL
                #expect(try OldClient.one(version, "dump", url, in: gateway.scratch)["routes"] as? Int == 20_000)
            }
        }
    }
}
