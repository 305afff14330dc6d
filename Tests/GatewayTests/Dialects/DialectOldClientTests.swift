import Foundation
import LinuxSys
import Testing

extension GatewayTests {
    /// pyroute2 0.1 itself, as the package index has it, under a Python 2.7.
    @Suite struct OldClientTests {
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

        @Test(
            .enabled(if: OldClient.isAvailable("0.1.4", "0.1.5", "0.1.7", "0.1.12"), OldClient.reason),
            arguments: ["0.1.4", "0.1.5", "0.1.7", "0.1.12"])
        func `links, addresses, neighbours and routes`(version: String) throws {
            try run { gateway in
                for url in [gateway.unixURL, Self.tcp] {
                    let seen = try #require(try OldClient.run(version, "read", url, in: gateway.scratch).first)
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

        @Test(
            .enabled(if: OldClient.isAvailable("0.1.4", "0.1.7", "0.1.12"), OldClient.reason),
            arguments: ["0.1.4", "0.1.7", "0.1.12"])
        func `changes and their errors`(version: String) throws {
            try run { gateway in
                let said = try #require(
                    try OldClient.run(version, "write", gateway.unixURL, "nlgA", in: gateway.scratch).first)
                #expect(said["add"] as? [Int] == [0, 0, 0, 0, 0])
                #expect(said["again"] as? Int == 17)
                #expect(said["delete"] as? Int == 0)
                #expect(said["gone"] as? Int == 99)
                #expect(try addresses("nlgA") == (1...4).map { "192.0.2.\($0)" })
            }
        }

        @Test(.enabled(if: OldClient.isAvailable("0.1.12"), OldClient.reason))
        func `the policy's refusal is an error like the kernel's`() throws {
            try run { gateway in
                let said = try #require(
                    try OldClient.run("0.1.12", "write", Self.tcp, "nlgA", in: gateway.scratch).first)
                #expect(said["add"] as? [Int] == [1, 1, 1, 1, 1])
                #expect(try addresses("nlgA").isEmpty)
            }
        }

        @Test(
            .enabled(if: OldClient.isAvailable("0.1.7", "0.1.12"), OldClient.reason), arguments: ["0.1.7", "0.1.12"])
        func `ipdb commits, follows, and rolls back`(version: String) throws {
            try run { gateway in
                let said = try OldClient.run(
                    version, "ipdb", gateway.unixURL, "nlgA", in: gateway.scratch)
                #expect(said.first?["renamed"] as? Bool == true)
                let link = try #require(try json("link show dev vpn").first)
                #expect(link["address"] as? String == "00:11:22:33:44:55")
                #expect(link["master"] as? String == "nlgBridge")
                #expect(said.dropFirst().first?["ports"] as? Int == 1)
                // The third address came with a name that is taken: both went again.
                #expect(said.last?["clash"] as? Bool == true)
                #expect(try addresses("vpn") == ["10.0.0.1", "10.0.0.2"])
            }
        }

        @Test(
            .enabled(if: OldClient.isAvailable("0.1.4", "0.1.7", "0.1.12"), OldClient.reason),
            arguments: ["0.1.4", "0.1.7", "0.1.12"])
        func `taskstats`(version: String) throws {
            try run { gateway in
                let said = try OldClient.run(
                    version, "taskstats", gateway.unixURL, "\(gateway.pid)", in: gateway.scratch)
                #expect(said.last?["pid"] as? Int == Int(gateway.pid))
                #expect((said.last?["version"] as? Int ?? 0) >= 8)
            }
        }

        @Test(.enabled(if: OldClient.isAvailable("0.1.4", "0.1.7", "0.1.12"), OldClient.reason))
        func `several watch while others change`() throws {
            try run { gateway in
                let unix = gateway.unixURL
                let watchers = try [("0.1.4", unix), ("0.1.7", Self.tcp), ("0.1.12", unix), ("0.1.12", Self.tcp)].map {
                    try OldClient.start(
                        $0.0, ["monitor", $0.1, "10.99.0.0"],
                        log: "\(gateway.scratch.path)/watch-\($0.0)-\($0.1.hasPrefix("unix"))")
                }
                try eventually("all of them watch") { watchers.allSatisfy { $0.log.contains("ready") } }
                _ = try OldClient.run("0.1.12", "write", unix, "nlgA", in: gateway.scratch)
                try ip("link add nlgC type veth peer name nlgD")
                try ip("rule add prio 100 table 100")
                try ip("route add blackhole 10.99.0.0/24")
                for watcher in watchers {
                    #expect(try watcher.wait() == .exited(0), "\(watcher.log)")
                    let events = try OldClient.objects(watcher.log)
                    func saw(_ event: String, _ key: String, _ value: String) -> Bool {
                        events.contains { $0["event"] as? String == event && $0[key] as? String == value }
                    }
                    for number in 1...5 {
                        #expect(saw("RTM_NEWADDR", "address", "192.0.2.\(number)"), "\(watcher.log)")
                    }
                    #expect(saw("RTM_DELADDR", "address", "192.0.2.5"), "\(watcher.log)")
                    #expect(saw("RTM_NEWLINK", "name", "nlgC"), "\(watcher.log)")
                    #expect(!watcher.log.contains("Traceback"), "\(watcher.log)")
                }
            }
        }

        @Test(
            .enabled(if: OldClient.isAvailable("0.1.7", "0.1.12"), OldClient.reason), arguments: ["0.1.7", "0.1.12"])
        func `20,000 routes`(version: String) throws {
            try run { gateway in
                try ip("addr add 10.200.0.1/24 dev nlgA")
                try ipBatch(
                    (0..<20_000).map { "route add 10.100.\($0 >> 8).\($0 & 255)/32 via 10.200.0.2 dev nlgA" },
                    in: gateway.scratch)
                for url in [gateway.unixURL, Self.tcp] {
                    let said = try OldClient.run(version, "dump", url, in: gateway.scratch)
                    #expect(said.first?["routes"] as? Int == 20_000, "\(url)")
                }
            }
        }
    }
}
