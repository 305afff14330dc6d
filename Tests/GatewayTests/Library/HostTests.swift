import GatewayProtocol
import Glibc
import LinuxSys
import NetlinkFamilies
import RemoteNetlink
import Testing

extension GatewayTests {
    /// Several hosts in one object, and gateways that come back.
    @Suite struct HostTests {
        @Test func `several hosts answer at once, each with its name`() async throws {
            let (first, second) = (try NamedNamespace(), try NamedNamespace())
            try first.ip("link add one type bridge")
            try second.ip("link add two type bridge")
            try await OutsideGateway.run(["--netns", second.name], namespace: first) { gateway in
                let hosts = ["\(gateway.unix)?netns=\(first.name)", "\(gateway.unix)?netns=\(second.name)"]
                let network = try await IPRouteHosts(hosts)
                #expect(network.hosts.map(\.description) == hosts)
                let answers = await network.each { (ip) async throws(NetlinkError) in try await ip.links() }
                let names = try answers.map { try $0.value.get().map(\.name.description) }
                #expect(names == [["lo", "one"], ["lo", "two"]])
                #expect(answers.map(\.host) == network.hosts)
                // One that fails doesn't hold the other up.
                let mixed = await network.each { (ip) async throws(NetlinkError) in try await ip.link("two").index }
                #expect(throws: NetlinkError.self) { try mixed[0].value.get() }
                #expect(try mixed[1].value.get() > 0)
                #expect(network[network.hosts[1]]?.host == network.hosts[1])

                var events = network.events([.link]).makeAsyncIterator()
                for _ in 0..<2 {
                    guard case .connected? = await events.next()?.value else {
                        Issue.record("the first event of a host is something else")
                        return
                    }
                }
                try first.ip("link set one up")
                try second.ip("link set two up")
                var seen: Set<String> = []
                while seen.count < 2, let event = await events.next() {
                    guard case .changed(.link(let link)) = event.value else { continue }
                    #expect(event.host == network.hosts[link.name == "one" ? 0 : 1])
                    seen.insert("\(link.name)")
                }
                network.close()
                while await events.next() != nil {}
            }
        }

        @Test func `a stream of events survives its gateway's processes`() async throws {
            let namespace = try NamedNamespace()
            try namespace.ip("link add one type bridge")
            try await OutsideGateway.run(namespace: namespace) { gateway in
                let ip = try await gateway.client()
                var events = ip.events([.link]).makeAsyncIterator()
                guard case .connected? = await events.next()?.value else {
                    Issue.record("the first event is something else")
                    return
                }
                for helper in gateway.gateway.helpers() { try ChildProcess(pid: helper.pid).signal(SIGKILL) }
                // While nobody listens, something changes.
                try namespace.ip("link set one mtu 1400")
                var story: [String] = []
                while story.last != "end", let event = await events.next() {
                    switch event.value {
                    case .disconnected: if story.last != "gone" { story.append("gone") }
                    case .connected: story.append("back")
                    case .snapshotBegins: story.append("begin")
                    case .present(.link(let link)) where link.name == "one":
                        #expect(link.mtu == 1400)
                        story.append("one")
                    case .snapshotEnds: story.append("end")
                    default: continue
                    }
                }
                #expect(story == ["gone", "back", "begin", "one", "end"])
                // The client's own connection is gone, and says so.
                await #expect(throws: NetlinkError.self) { try await ip.links() }
                try namespace.ip("link set one mtu 1300")
                while let event = await events.next() {
                    if case .changed(.link(let link)) = event.value, link.mtu == 1300 { break }
                }
            }
        }

        @Test func `a gateway that stands still costs a deadline, and goes on when it does`() async throws {
            try await OutsideGateway.run { gateway in
                gateway.settings.deadline = .milliseconds(200)
                gateway.settings.connectTimeout = .milliseconds(300)
                let ip = try await gateway.client()
                #expect(try await ip.link(index: 1).index == 1)
                let helpers = gateway.gateway.helpers().map(\.pid)
                for helper in helpers { kill(helper, SIGSTOP) }
                defer { for helper in helpers { kill(helper, SIGCONT) } }
                for _ in 0..<3 {
                    let one = await #expect(throws: NetlinkError.self) { try await ip.link(index: 1) }
                    #expect(one?.reason == .timedOut(.milliseconds(200)))
                }
                let table = await #expect(throws: NetlinkError.self) { try await ip.routes() }
                #expect(table?.reason == .timedOut(.milliseconds(200)))
                let another = await #expect(throws: NetlinkError.self) { try await gateway.client() }
                guard case .connection(.timedOut) = another?.reason else {
                    Issue.record("\(String(describing: another))")
                    return
                }
                for helper in helpers { kill(helper, SIGCONT) }
                let index = try await Self.retried { try await ip.link(index: 1).index }
                #expect(index == 1)
                #expect(try await Self.retried { try await ip.routes().count } >= 0)
            }
        }

        /// What was stopped has to come to its turn first.
        private static func retried<Value>(_ body: () async throws -> Value) async throws -> Value {
            for _ in 0..<20 {
                if let value = try? await body() { return value }
            }
            return try await body()
        }

        @Test func `groups that the policy doesn't grant are named`() async throws {
            let scripted = try ScriptedGateway { _, _, _ in }
            let ip = try await IPRoute(host: scripted.url)
            var events = ip.events([.link, .neighbour]).makeAsyncIterator()
            guard case .connected? = await events.next()?.value else {
                Issue.record("the first event is something else")
                return
            }
            // Everything that was asked for is granted here; a session for events is a reader's.
            #expect(scripted.hellos.last?.groups == [1, 3])
            #expect(scripted.hellos.last?.readOnly == true)
            scripted.hangUp()
            guard case .disconnected? = await events.next()?.value else {
                Issue.record("no word of the end")
                return
            }
        }

        @Test func `a local stream belongs to its client's namespace`() async throws {
            let namespace = try Namespace()
            let ip = try namespace.enter { try IPRoute() }
            // This thread is somewhere else.
            var events = ip.events([.link]).makeAsyncIterator()
            guard case .disconnected(let error)? = await events.next()?.value else {
                Issue.record("it listens elsewhere")
                return
            }
            #expect(error.description.contains("another network namespace"))
            #expect(await events.next() == nil)
        }
    }
}
