import LinuxSys
import NetlinkFamilies
import RemoteNetlink
import Testing

extension GatewayTests {
    /// Nothing stays behind.
    @Suite struct LeakTests {
        /// Runs `body` twice; what the first leaves open may stay, the second must not add to it.
        private func expectNoGrowth(_ body: () async throws -> Void) async throws {
            try await body()
            let descriptors = try openDescriptors()
            let memory = try residentMemory()
            try await body()
            // The loops close what they are told to a moment later.
            try eventually("every descriptor is closed") { try openDescriptors() <= descriptors }
            #expect(try residentMemory() - memory < 6 * 1024, "KiB more")
        }

        private func ask(_ ip: IPRoute, _ count: Int) async throws {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for worker in 0..<50 {
                    group.addTask { () async throws in
                        for round in 0..<count / 50 {
                            // Every seventh fails, every eleventh is given up.
                            if round % 7 == worker % 7 {
                                await #expect(throws: NetlinkError.self) { try await ip.link(index: 0x7fff_0000) }
                            } else if round % 11 == worker % 11 {
                                let task = Task { try await ip.link(index: 1) }
                                task.cancel()
                                _ = try? await task.value
                            } else {
                                #expect(try await ip.link(index: 1).index == 1)
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
        }

        @Test func `100,000 requests to the local kernel`() async throws {
            let namespace = try Namespace()
            let ip = try namespace.enter { try IPRoute() }
            try await expectNoGrowth { try await ask(ip, 50_000) }
        }

        @Test func `100,000 requests through a gateway`() async throws {
            try await OutsideGateway.run { gateway in
                let ip = try await gateway.client()
                try await expectNoGrowth { try await ask(ip, 50_000) }
            }
        }

        @Test func `10,000 sockets of the local kernel`() async throws {
            let namespace = try Namespace()
            try await expectNoGrowth {
                for round in 0..<5_000 {
                    let ip = try namespace.enter { try IPRoute() }
                    if round % 10 == 0 { #expect(try await ip.link(index: 1).index == 1) }
                    if round % 3 == 0 { ip.close() }
                }
            }
        }

        @Test func `10,000 connections to a gateway`() async throws {
            try await OutsideGateway.run(["--limit", "sessions-per-client=256"]) { gateway in
                try await expectNoGrowth {
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for worker in 0..<10 {
                            group.addTask {
                                [unix = gateway.unix, tls = gateway.tls, client = try gateway.connecting] ()
                                    async throws in
                                for round in 0..<500 {
                                    let ip = try await client(round % 100 == worker ? tls : unix)
                                    if round % 10 == 0 { #expect(try await ip.link(index: 1).index == 1) }
                                    if round % 3 == 0 { ip.close() }
                                }
                            }
                        }
                        try await group.waitForAll()
                    }
                }
            }
        }

        @Test func `streams of events that end in every way`() async throws {
            let namespace = try NamedNamespace()
            try await OutsideGateway.run(["--limit", "sessions-per-client=256"], namespace: namespace) { gateway in
                let ip = try await gateway.client(gateway.unix)
                try await expectNoGrowth {
                    for round in 0..<200 {
                        let events = ip.events([.link], snapshot: true)
                        if round % 2 == 0 {
                            for await _ in events { break }
                        } else {
                            let task = Task { for await _ in events {} }
                            if round % 4 == 1 { try await Task.sleep(for: .milliseconds(2)) }
                            task.cancel()
                            await task.value
                        }
                    }
                }
            }
        }
    }
}

extension OutsideGateway {
    /// What connects to the gateway, for tasks.
    var connecting: @Sendable (String) async throws -> IPRoute {
        get throws {
            let identities = gateway.identities
            let files = try identities.clientFiles()
            let settings = settings
            return { url in
                try await IPRoute(
                    host: url, key: files.key, cert: files.certificate, ca: identities.authorityPath,
                    settings: settings)
            }
        }
    }
}
