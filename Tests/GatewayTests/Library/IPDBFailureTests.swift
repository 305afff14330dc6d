import NetlinkFamilies
import RemoteNetlink
import Synchronization
import Testing

extension GatewayTests {
    /// Changes of interfaces that something comes in the way of, at each of their steps.
    @Suite struct IPDBFailureTests {
        /// A gateway with a namespace in which an interface has everything that can be lost, behind a meddler.
        private func run(_ body: (IPDB, NamedNamespace, InterposedGateway) async throws -> Void) async throws {
            let namespace = try NamedNamespace()
            for words in [
                "link add e0 type veth peer name e1", "link add e2 type veth peer name e3", "link add br0 type bridge",
                "link set e0 up", "link set e1 up", "link set e2 up", "link set e3 up", "link set br0 up",
                "addr add 10.5.0.9/24 dev e0 label e0:first", "addr add 10.5.0.1/24 dev e0",
                "addr add 10.5.0.4/24 dev e0", "addr add 10.6.0.1/24 dev e0 valid_lft 9000 preferred_lft 8000",
                "-6 addr add 2001:db8::1/64 dev e0 nodad", "-6 addr add 2001:db8::2/64 dev e0 nodad noprefixroute",
                "addr add 10.7.0.1/24 dev e2",
                "route add 10.77.0.0/16 via 10.5.0.77", "route append 10.77.0.0/16 via 10.5.0.76",
                "route append 10.77.0.0/16 via 10.5.0.78", "route add 10.78.0.0/16 via 10.5.0.77 mtu 1300 src 10.5.0.4",
                "route add 10.79.0.0/16 tos 4 via 10.5.0.77 proto static",
                "route add 10.80.0.0/16 nexthop via 10.5.0.77 weight 2 nexthop via 10.7.0.77",
                "-6 route add 2001:db8:7::/48 via 2001:db8::9", "-6 route add 2001:db8:8::/48 dev e0 metric 77",
                "link set e3 master br0",
            ] { try namespace.ip(words) }
            try await OutsideGateway.run(["--policy", "builtin:unrestricted"], namespace: namespace) { gateway in
                // Link-local addresses and carriers come by themselves.
                var (last, equal) = (try picture(namespace), 0)
                while equal < 4 {
                    try await Task.sleep(for: .milliseconds(50))
                    let next = try picture(namespace)
                    equal = next == last ? equal + 1 : 0
                    last = next
                }
                let meddler = try InterposedGateway(gateway.gateway.unixPath)
                let ip = try await IPRoute(host: meddler.url, settings: gateway.settings)
                try await body(try await IPDB(ip), namespace, meddler)
            }
        }

        /// The kernel's own words, in the kernel's own order where that matters, but for counters and ages.
        private func picture(_ namespace: NamedNamespace) throws -> [String] {
            func words(_ command: String) throws -> [String] {
                try namespace.ip(command).split(separator: "\n").map { line in
                    String(line).replacing(/valid_lft \d+sec preferred_lft \d+sec/, with: "limited")
                        .replacing(" tentative", with: "").replacing(" linkdown", with: "")
                        .replacing(/state \w+/, with: "")
                }
            }
            return try words("-o link show") + words("-4 -o addr show") + words("-6 -o addr show").sorted()
                + words("route show table main") + words("-6 route show").sorted()
        }

        private static func changeAll(_ link: inout Interface) {
            link.mtu = 1400
            link.address = "02:00:00:00:00:77"
            link.alias = "changed"
            link.txQueueLength = 77
            link.name = "renamed"
            link.addresses.subtract(["10.5.0.9/24", "2001:db8::1/64"])
            link.addresses.formUnion(["10.8.0.1/24", "2001:db8:1::1/64"])
            link.routes.insert(InterfaceRoute(to: "10.90.0.0/16", via: "10.8.0.2", metric: 9))
            link.routes.remove(InterfaceRoute(to: "10.77.0.0/16", via: "10.5.0.76"))
        }

        private static func takeDown(_ link: inout Interface) {
            link.addresses.remove("10.5.0.4/24")
            link.isUp = false
            link.master = "br0"
            link.alias = "down"
        }

        private static func changePorts(_ bridge: inout Interface) {
            bridge.ports = ["e1"]
            bridge.addresses = ["10.9.0.1/24"]
            bridge.routes.insert(InterfaceRoute(to: "10.91.0.0/16", via: "10.9.0.2"))
            bridge.mtu = 1300
        }

        /// Lets the first, second, third step fail and so on, until the change has no more steps.
        private func failEachStep(
            _ name: String, _ change: @escaping @Sendable (inout Interface) -> Void
        ) async throws -> Int {
            var steps = 0
            try await run { db, namespace, meddler in
                let before = try picture(namespace)
                while true {
                    let fatal = steps + 1
                    meddler.judge { $0 == fatal ? .refuse(16) : .pass }
                    do throws(IPDBError) {
                        try await db[name].update { (link) throws(IPDBError) in change(&link) }
                        return
                    } catch {
                        guard case .rolledBack(_, let cause) = error else {
                            Issue.record("step \(fatal): \(error)")
                            return
                        }
                        guard cause.errno == 16 else {
                            Issue.record("step \(fatal): \(error)")
                            return
                        }
                    }
                    let after = try picture(namespace)
                    #expect(after == before, "step \(fatal): \(after.difference(from: before))")
                    guard after == before else { return }
                    steps += 1
                }
            }
            return steps
        }

        @Test func `whatever step of a change fails, everything is as it was`() async throws {
            #expect(try await failEachStep("e0", Self.changeAll) >= 11)
        }

        @Test func `also where the interface had to go down and got a master`() async throws {
            #expect(try await failEachStep("e0", Self.takeDown) >= 4)
        }

        @Test func `also where ports come and go`() async throws {
            #expect(try await failEachStep("br0", Self.changePorts) >= 5)
        }

        @Test func `whatever step of making one fails, none is made`() async throws {
            try await run { db, namespace, meddler in
                let before = try picture(namespace)
                var fatal = 1
                while true {
                    meddler.judge { [fatal] number in number == fatal ? .refuse(16) : .pass }
                    let made = try? await db.create(.bridge("br7")) { bridge in
                        bridge.ports = ["e1"]
                        bridge.addresses = ["10.9.0.1/24"]
                        bridge.isUp = true
                    }
                    if made != nil || fatal > 20 { break }
                    let after = try picture(namespace)
                    #expect(after == before, "step \(fatal): \(after.difference(from: before))")
                    guard after == before, fatal < 50 else { return }
                    fatal += 1
                }
                #expect(fatal == 5)
                #expect(try namespace.ip("-o link show master br7").contains("e1"))
            }
        }

        @Test func `an interface that others rename meanwhile is changed all the same`() async throws {
            try await run { db, namespace, meddler in
                meddler.judge { number in
                    if number == 2 { _ = try? namespace.ip("link set e0 name theirs") }
                    return .pass
                }
                let after = try await db["e0"].update { link in
                    link.mtu = 1400
                    link.alias = "ours"
                    link.addresses.insert("10.8.0.1/24")
                }
                #expect(after.name == "theirs")
                #expect(db["theirs"].state?.mtu == 1400)
                #expect(db["theirs"].state?.addresses.contains("10.8.0.1/24") == true)
                #expect(try namespace.ip("-o addr show dev theirs").contains("10.8.0.1/24"))
            }
        }

        @Test func `one that others delete meanwhile is gone, and nothing else is touched`() async throws {
            try await run { db, namespace, meddler in
                meddler.judge { number in
                    if number == 2 { _ = try? namespace.ip("link del e0") }
                    return .pass
                }
                let error = await #expect(throws: IPDBError.self) {
                    try await db["e0"].update { (link) throws(IPDBError) in Self.changeAll(&link) }
                }
                #expect(error == .noInterface("e0"))
                #expect(try namespace.ip("-o link show e2").contains("e2"))
                try await db.wait { interfaces in !interfaces.contains { $0.name == "e0" } }
            }
        }

        @Test func `what others change during the steps stays theirs, and is told`() async throws {
            try await run { db, namespace, meddler in
                meddler.judge { number in
                    // The MTU is set by the first step; then it is somebody else's, and the third fails.
                    if number == 2 { _ = try? namespace.ip("link set e0 mtu 1345") }
                    return number == 3 ? .refuse(1) : .pass
                }
                let error = await #expect(throws: IPDBError.self) {
                    try await db["e0"].update { link in
                        link.mtu = 1400
                        link.address = "02:00:00:00:00:77"
                        link.alias = "ours"
                    }
                }
                guard case .halfDone("set the alias to \"ours\"", let cause, let left)? = error else {
                    Issue.record("\(String(describing: error))")
                    return
                }
                #expect(cause.errno == 1)
                #expect(left == ["the mtu, which somebody else has changed"])
                let shown = try namespace.ip("-o link show e0")
                #expect(shown.contains("mtu 1345"))
                #expect(!shown.contains("02:00:00:00:00:77"))
            }
        }

        @Test func `a cancelled task leaves everything as it was`() async throws {
            try await run { db, namespace, meddler in
                let before = try picture(namespace)
                let running = Mutex<Task<Void, any Error>?>(nil)
                meddler.judge { number in
                    if number == 3 { running.withLock { $0?.cancel() } }
                    return .pass
                }
                let task = Task {
                    // Not before its handle is known.
                    while running.withLock({ $0 == nil }) { await Task.yield() }
                    try await db["e0"].update { (link) throws(IPDBError) in Self.changeAll(&link) }
                }
                running.withLock { $0 = task }
                let error = await #expect(throws: IPDBError.self) { try await task.value }
                guard case .rolledBack(_, let cause)? = error else {
                    Issue.record("\(String(describing: error))")
                    return
                }
                #expect(cause.reason == .cancelled)
                let after = try picture(namespace)
                #expect(after == before, "\(after.difference(from: before))")
            }
        }

        @Test func `a lost connection leaves what can't be undone, and says so`() async throws {
            try await run { db, namespace, meddler in
                meddler.judge { $0 == 3 ? .cut : .pass }
                let error = await #expect(throws: IPDBError.self) {
                    try await db["e0"].update { link in
                        link.mtu = 1400
                        link.txQueueLength = 77
                        link.alias = "never"
                    }
                }
                guard case .halfDone(_, let cause, let left)? = error else {
                    Issue.record("\(String(describing: error))")
                    return
                }
                guard case .connection = cause.reason else {
                    Issue.record("\(cause)")
                    return
                }
                #expect(left.count == 1)
                let shown = try namespace.ip("-o link show e0")
                #expect(shown.contains("mtu 1400") && !shown.contains("never"))
            }
        }
    }
}
