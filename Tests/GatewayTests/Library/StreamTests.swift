import NetlinkFamilies
import NetlinkWire
import RemoteNetlink
import Testing

extension GatewayTests {
    /// Tables that are too large to hold.
    @Suite struct StreamTests {
        private static let count = 200_000

        /// Blackhole routes, 200,000 of them.
        private static func routes() -> [String] {
            (0..<count).map { "route add blackhole 10.\($0 >> 16).\(($0 >> 8) & 255).\($0 & 255)/32" }
        }

        /// Streams the table with a consumer that stops twice, and tells by how many KiB memory grew at most.
        private func stream(_ ip: IPRoute) async throws -> (routes: Int, growth: Int) {
            // The first round touches what stays in use afterwards.
            var warm = 0
            for try await _ in ip.routeStream(.inet) { warm += 1 }
            let before = try residentMemory()
            var seen = 0
            var most = 0
            for try await route in ip.routeStream(.inet) where route.type == .blackhole {
                seen += 1
                if seen == 1 || seen == Self.count / 2 {
                    // Time for whoever would read on without end.
                    try await Task.sleep(for: .milliseconds(700))
                    most = max(most, try residentMemory() - before)
                }
            }
            #expect(warm >= seen)
            return (seen, most)
        }

        @Test func `200,000 routes of the local kernel with bounded memory`() async throws {
            let namespace = try NamedNamespace()
            try namespace.ipBatch(Self.routes())
            let inside = try Namespace(named: namespace.name)
            let ip = try inside.enter { try IPRoute() }
            let (seen, growth) = try await stream(ip)
            #expect(seen == Self.count)
            // As datagrams they are 12 MB.
            #expect(growth < 3072, "KiB")
        }

        @Test func `200,000 routes over TLS with bounded memory`() async throws {
            let namespace = try NamedNamespace()
            try namespace.ipBatch(Self.routes())
            try await OutsideGateway.run(namespace: namespace) { gateway in
                let (seen, growth) = try await stream(try await gateway.client())
                #expect(seen == Self.count)
                #expect(growth < 3072, "KiB")
            }
        }

        @Test func `requests inside the loop, a second dump, and a loop that ends early`() async throws {
            let namespace = try NamedNamespace()
            try namespace.ipBatch(Array(Self.routes().prefix(30_000)))
            try await OutsideGateway.run(["--policy", "builtin:unrestricted"], namespace: namespace) { gateway in
                let inside = try Namespace(named: namespace.name)
                for ip in [try inside.enter { try IPRoute() }, try await gateway.client()] {
                    var seen = 0
                    for try await route in ip.routeStream(.inet) where route.type == .blackhole {
                        seen += 1
                        if seen == 1 {
                            // The kernel's next parts stand before these answers.
                            try await Task.sleep(for: .milliseconds(100))
                            #expect(try await ip.link("lo").name == "lo")
                            #expect(try await ip.links().isEmpty == false)
                        }
                        if seen % 10_000 == 0 { try await ip.delete(route) }
                        if seen == 25_000 { break }
                    }
                    #expect(seen == 25_000)
                    #expect(try await ip.link("lo").name == "lo")
                    #expect(try await ip.routes(.inet).count { $0.type == .blackhole } > 29_000)
                }
            }
        }

        @Test func `a cancelled stream ends, and its connection goes on`() async throws {
            let namespace = try NamedNamespace()
            try namespace.ipBatch(Array(Self.routes().prefix(30_000)))
            let inside = try Namespace(named: namespace.name)
            let ip = try inside.enter { try IPRoute() }
            let task = Task {
                var seen = 0
                for try await _ in ip.routeStream(.inet) {
                    seen += 1
                    if seen == 10 { try await Task.sleep(for: .seconds(600)) }
                }
            }
            try await Task.sleep(for: .milliseconds(50))
            task.cancel()
            await #expect(throws: (any Error).self) { try await task.value }
            #expect(try await ip.routes(.inet).count { $0.type == .blackhole } == 30_000)
        }
    }
}
