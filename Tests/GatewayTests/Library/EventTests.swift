import LinuxSys
import NetlinkFamilies
import RemoteNetlink
import Testing

extension GatewayTests {
    /// Events: decoded, tagged, and never silently missing.
    @Suite struct EventTests {
        /// What a consumer of events knows of IPv4 routes.
        private struct Picture {
            var routes: Set<IPPrefix> = []
            var losses = 0
            var snapshots = 0
            var isWhole = false

            mutating func take(_ event: NetworkEvent) {
                switch event {
                case .changed(.route(let route)), .present(.route(let route)):
                    if route.type == .blackhole { routes.insert(route.prefix) }
                case .removed(.route(let route)): routes.remove(route.prefix)
                case .lost:
                    losses += 1
                    isWhole = false
                case .snapshotBegins: routes = []
                case .snapshotEnds:
                    snapshots += 1
                    isWhole = true
                default: break
                }
            }
        }

        @Test func `changes of every kind are decoded`() async throws {
            let namespace = try NamedNamespace()
            try await OutsideGateway.run(namespace: namespace) { gateway in
                let inside = try Namespace(named: namespace.name)
                let local = try inside.enter { try IPRoute() }
                let remote = try await gateway.client()
                for events in try [inside.enter { local.events() }, remote.events()] {
                    var iterator = events.makeAsyncIterator()
                    guard case .connected? = await iterator.next()?.value else {
                        Issue.record("the first event is something else")
                        continue
                    }
                    let change = {
                        for words in [
                            "link add e0 type veth peer name e1", "link set e0 up", "link set e1 up",
                            "addr add 10.3.0.1/16 dev e0", "route add blackhole 10.4.0.0/16",
                            "neigh add 10.3.0.9 lladdr 02:00:00:00:00:09 dev e0", "rule add priority 55 table 66",
                            "rule del priority 55", "link del e0",
                            "route del blackhole 10.4.0.0/16",
                        ] { try namespace.ip(words) }
                    }
                    try await expectKinds(&iterator, change)
                }
            }
        }

        /// An event storm: routes come and go, the consumer is slow, the picture is right in the end.
        private func storm(_ events: Events, _ namespace: NamedNamespace, _ count: Int) async throws {
            var iterator = events.makeAsyncIterator()
            var picture = Picture()
            while picture.snapshots == 0 {
                picture.take(try #require(await iterator.next()).value)
            }
            let prefixes = (0..<count).map { "10.\(20 + ($0 >> 16)).\(($0 >> 8) & 255).\($0 & 255)" }
            // Nobody takes an event meanwhile.
            try namespace.ipBatch(
                prefixes.map { "route add blackhole \($0)/32" } + prefixes.map { "route del blackhole \($0)/32" }
                    + ["route add blackhole 192.0.2.0/24", "route add blackhole 198.51.100.0/24"])
            let wanted: Set<IPPrefix> = ["192.0.2.0/24", "198.51.100.0/24"]
            while picture.routes != wanted || !picture.isWhole {
                let event = try #require(await iterator.next()).value
                if case .disconnected(let error) = event { Issue.record("\(error)") }
                picture.take(event)
            }
            #expect(picture.losses > 0)
            #expect(picture.snapshots > 1)
            // From here on nothing is missing.
            let losses = picture.losses
            try namespace.ip("route add blackhole 203.0.113.0/24")
            while !picture.routes.contains("203.0.113.0/24") {
                picture.take(try #require(await iterator.next()).value)
            }
            #expect(picture.losses == losses)
            try namespace.ip("route flush table main type blackhole")
        }

        @Test func `a storm over a slow consumer is a loss that is told, and a snapshot`() async throws {
            let namespace = try NamedNamespace()
            try await OutsideGateway.run(["--limit", "burst-buffer=2097152"], namespace: namespace) { gateway in
                let inside = try Namespace(named: namespace.name)
                let local = try inside.enter { try IPRoute() }
                let events = try inside.enter { local.events([.ipv4Route], snapshot: true) }
                try await storm(events, namespace, 60_000)
                let remote = try await gateway.client()
                try await storm(remote.events([.ipv4Route], snapshot: true), namespace, 100_000)
            }
        }

        private func expectKinds(_ iterator: inout Events.Iterator, _ change: () throws -> Void) async throws {
            try change()
            var kinds: Set<String> = []
            while kinds.count < 8 {
                guard let event = await iterator.next() else { break }
                switch event.value {
                case .changed(.link(let link)) where link.name == "e0": kinds.insert("link")
                case .changed(.address(let address)) where address.prefix == "10.3.0.1/16": kinds.insert("address")
                case .changed(.route(let route)) where route.prefix == "10.4.0.0/16": kinds.insert("route")
                case .changed(.neighbour(let entry)) where entry.destination == "10.3.0.9": kinds.insert("neighbour")
                case .changed(.rule(let rule)) where rule.priority == 55: kinds.insert("rule")
                case .removed(.rule(let rule)) where rule.priority == 55: kinds.insert("no rule")
                case .removed(.link(let link)) where link.name == "e0": kinds.insert("no link")
                case .removed(.address(let address)) where address.prefix == "10.3.0.1/16": kinds.insert("no address")
                case .lost, .disconnected: Issue.record("\(event)")
                default: continue
                }
            }
            #expect(kinds.count == 8, "\(kinds)")
        }
    }
}
