import NetlinkFamilies
import NetlinkWire
import RemoteNetlink
import Testing

extension GatewayTests {
    /// The library with the local kernel, in namespaces of the test's own.
    @Suite struct LocalConnectionTests {
        /// A pair of links and a bridge.
        static func furnished() throws -> Namespace {
            let namespace = try Namespace()
            try namespace.enter {
                try ip("link add nlgA type veth peer name nlgB")
                try ip("link add nlgbr type bridge")
                try ip("link set nlgA up")
                try ip("link set nlgB up")
                try ip("addr add 10.9.0.1/16 dev nlgA")
            }
            return namespace
        }

        @Test func `links by list, by name and by index`() async throws {
            let namespace = try Self.furnished()
            let ip = try namespace.enter { try IPRoute() }
            #expect(ip.host == .local)
            let links = try await ip.links()
            #expect(Set(links.map { "\($0.name)" }) == ["lo", "nlgA", "nlgB", "nlgbr"])
            for link in links {
                #expect(try await ip.link(link.name).index == link.index)
                #expect(try await ip.link(index: link.index).name == link.name)
            }
        }

        @Test func `a refusal carries the number, the kernel's words and the request`() async throws {
            let namespace = try Namespace()
            let ip = try namespace.enter { try IPRoute() }
            let error = await #expect(throws: NetlinkError.self) { try await ip.link("nosuch0") }
            #expect(error?.errno == 19)
            #expect(error?.request?.type == .getLink)
            let bad = Route(to: "10.0.0.0/8")
            let words = await #expect(throws: NetlinkError.self) { try await ip.add(bad) }
            #expect(words?.errno == 19)
            var route = Route(to: "10.0.0.0/8")
            route.gateway = "192.0.2.1"
            let refused = await #expect(throws: NetlinkError.self) { try await ip.add(route) }
            #expect(refused?.text == "Nexthop has invalid gateway")
            #expect(refused?.description.contains("Nexthop has invalid gateway") == true)
        }

        @Test func `many requests at once each get their own answer`() async throws {
            let namespace = try Self.furnished()
            let ip = try namespace.enter { try IPRoute() }
            let indexes = try await ip.links().map(\.index)
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for round in 0..<2_000 {
                    let index = indexes[round % indexes.count]
                    group.addTask { try await ip.link(index: index).index == index }
                }
                for try await isRight in group { #expect(isRight) }
            }
        }

        @Test func `objects are added, changed, replaced and deleted`() async throws {
            let namespace = try Self.furnished()
            let ip = try namespace.enter { try IPRoute() }
            let link = try await ip.link("nlgA")
            try await ip.add(Address("10.8.0.1/24", index: link.index))
            #expect(try await ip.addresses(.inet, index: link.index).compactMap(\.prefix).contains("10.8.0.1/24"))
            let twice = await #expect(throws: NetlinkError.self) {
                try await ip.add(Address("10.8.0.1/24", index: link.index))
            }
            #expect(twice?.errno == 17)
            var route = Route(to: "10.77.0.0/16")
            route.gateway = "10.9.0.2"
            route.priority = 5
            try await ip.add(route)
            route.gateway = "10.9.0.3"
            try await ip.replace(route)
            let found = try await ip.routes(.inet, table: .main).filter { $0.prefix == "10.77.0.0/16" }
            #expect(found.map(\.gateway) == ["10.9.0.3"])
            try await ip.delete(try #require(found.first))
            #expect(try await ip.routes(.inet).contains { $0.prefix == "10.77.0.0/16" } == false)
            try await ip.delete(Address("10.8.0.1/24", index: link.index))
            var rule = Rule(family: .inet, priority: 77, table: RouteTable(rawValue: 4000))
            rule.source = "10.9.0.0"
            rule.sourceLength = 16
            try await ip.add(rule)
            #expect(try await ip.rules(.inet).contains { $0.priority == 77 && $0.table.rawValue == 4000 })
            try await ip.delete(rule)
            let neighbour = Neighbour(
                family: .inet, index: link.index, destination: "10.9.0.9", linkAddress: "02:00:00:00:00:09")
            try await ip.add(neighbour)
            #expect(try await ip.neighbour("10.9.0.9", index: link.index).linkAddress == "02:00:00:00:00:09")
            try await ip.delete(neighbour)
        }
    }
}
