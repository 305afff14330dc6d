import NetlinkFamilies
import RemoteNetlink
import Testing

extension GatewayTests {
    /// Interfaces as a live view, and changes that are made whole or not at all.
    @Suite struct IPDBTests {
        /// A tap interface, a pair of links and a bridge.
        private func furnished() throws -> NamedNamespace {
            let namespace = try NamedNamespace()
            try namespace.ip("tuntap add dev tap0 mode tap")
            try namespace.ip("link add e0 type veth peer name e1")
            try namespace.ip("link add br0 type bridge")
            try namespace.ip("link set e0 up")
            try namespace.ip("link set e1 up")
            return namespace
        }

        /// The same test with the local kernel and through a gateway.
        private func both(_ body: (IPDB, NamedNamespace) async throws -> Void) async throws {
            let local = try furnished()
            let inside = try Namespace(named: local.name)
            let ip = try inside.enter { try IPRoute() }
            let events = try inside.enter { IPDB.events(of: ip) }
            try await body(try await IPDB(ip, events), local)
            let remote = try furnished()
            try await OutsideGateway.run(["--policy", "builtin:unrestricted"], namespace: remote) { gateway in
                try await body(try await IPDB(try await gateway.client()), remote)
            }
        }

        @Test func `the sample of the manual: a tap interface gets everything in one transaction`() async throws {
            try await both { db, namespace in
                try await db["tap0"].update { tap in
                    tap.address = "00:11:22:33:44:55"
                    tap.addresses.insert("10.0.0.1/24")
                    tap.addresses.insert("10.0.0.2/24")
                    tap.name = "vpn"
                }
                let shown = try namespace.ip("addr show dev vpn")
                for words in ["link/ether 00:11:22:33:44:55", "inet 10.0.0.1/24", "inet 10.0.0.2/24"] {
                    #expect(shown.contains(words), "\(shown)")
                }
                #expect(db["tap0"].state == nil)
                #expect(db["vpn"].state?.address == "00:11:22:33:44:55")
                #expect(db["vpn"].state?.addresses == ["10.0.0.1/24", "10.0.0.2/24"])
            }
        }

        @Test func `a failure in the middle leaves it as it was`() async throws {
            try await both { db, namespace in
                try namespace.ip("addr add 10.5.0.1/24 dev e0")
                try namespace.ip("addr add 10.5.0.2/24 dev e0")
                try namespace.ip("-6 addr add 2001:db8::1/64 dev e0 nodad")
                try namespace.ip("route add 10.77.0.0/16 via 10.5.0.9")
                try namespace.ip("-6 route add 2001:db8:7::/48 via 2001:db8::9")
                // The kernel's own words, but for counters and ages.
                func picture() throws -> [String] {
                    [
                        try namespace.ip("-o link show e0"), try namespace.ip("-o addr show e0"),
                        try namespace.ip("route show dev e0"), try namespace.ip("-6 route show dev e0"),
                    ]
                }
                let before = try picture()
                let error = await #expect(throws: IPDBError.self) {
                    try await db["e0"].update { link in
                        link.mtu = 1400
                        link.address = "02:00:00:00:00:77"
                        link.alias = "changed"
                        link.addresses.remove("10.5.0.1/24")
                        link.addresses.insert("10.6.0.1/24")
                        link.isUp = false
                        // There is one of that name already.
                        link.name = "br0"
                    }
                }
                guard case .rolledBack(let step, let cause)? = error else {
                    Issue.record("\(String(describing: error))")
                    return
                }
                #expect(step == "set the name to br0")
                #expect(cause.errno == 17)
                let after = try picture()
                #expect(Set(after[1].split(separator: "\n")) == Set(before[1].split(separator: "\n")))
                #expect(after[0] == before[0])
                #expect(Set(after[2].split(separator: "\n")) == Set(before[2].split(separator: "\n")))
                #expect(Set(after[3].split(separator: "\n")) == Set(before[3].split(separator: "\n")))
            }
        }

        @Test func `what goes along with the first address of a subnet is put back`() async throws {
            try await both { db, namespace in
                try namespace.ip("addr add 10.5.0.1/24 dev e0")
                try namespace.ip("addr add 10.5.0.2/24 dev e0")
                let after = try await db["e0"].update { $0.addresses.remove("10.5.0.1/24") }
                #expect(after.addresses.filter { $0.family == .inet } == ["10.5.0.2/24"])
                #expect(try namespace.ip("-4 -o addr show e0").contains("10.5.0.2/24"))
            }
        }

        @Test func `changes by others are noticed, and theirs stay`() async throws {
            try await both { db, namespace in
                let conflict = await #expect(throws: IPDBError.self) {
                    try await db["e0"].update { (link) throws(IPDBError) in
                        link.mtu = 1400
                        // Somebody else is faster.
                        do { try namespace.ip("link set e0 mtu 1300") } catch { throw IPDBError.abandoned("\(error)") }
                    }
                }
                #expect(conflict == .conflict(interface: "e0", properties: ["mtu"]))
                #expect(try namespace.ip("-o link show e0").contains("mtu 1300"))
                try await db["e0"].update { (link) throws(IPDBError) in
                    link.addresses.insert("10.5.0.1/24")
                    do { try namespace.ip("addr add 10.6.0.1/24 dev e0") } catch {
                        throw IPDBError.abandoned("\(error)")
                    }
                }
                let shown = try namespace.ip("-4 -o addr show e0")
                #expect(shown.contains("10.5.0.1/24") && shown.contains("10.6.0.1/24"))
                let abandoned = await #expect(throws: IPDBError.self) {
                    try await db["e0"].update { (link) throws(IPDBError) in
                        link.mtu = 1200
                        throw IPDBError.abandoned("not today")
                    }
                }
                #expect(abandoned == .abandoned("not today"))
                #expect(try namespace.ip("-o link show e0").contains("mtu 1300"))
            }
        }

        @Test func `bridges with ports, routes, deleting`() async throws {
            try await both { db, namespace in
                let bridge = try await db.create(.bridge("br7")) { bridge in
                    bridge.ports = ["e0", "tap0"]
                    bridge.addresses = ["10.7.0.1/16"]
                    bridge.isUp = true
                    bridge.routes.insert(InterfaceRoute(to: "10.8.0.0/16", via: "10.7.0.9", metric: 5))
                    bridge.routes.insert(InterfaceRoute(to: "10.9.0.0/16"))
                }
                #expect(bridge.kind == "bridge")
                #expect(bridge.ports == ["e0", "tap0"])
                #expect(try namespace.ip("-o link show master br7").split(separator: "\n").count == 2)
                let routes = try namespace.ip("route show dev br7")
                #expect(routes.contains("10.8.0.0/16 via 10.7.0.9 metric 5"), "\(routes)")
                #expect(routes.contains("10.9.0.0/16 scope link"), "\(routes)")
                try await db["br7"].update { bridge in
                    bridge.ports.remove("tap0")
                    bridge.routes = []
                    bridge.isUp = false
                }
                #expect(db["e0"].state?.master == "br7")
                #expect(db["tap0"].state?.master == nil)
                // A bridge that can't be had whole isn't made at all.
                let error = await #expect(throws: IPDBError.self) {
                    try await db.create(.bridge("br8")) { $0.ports = ["nosuch0"] }
                }
                guard case .rolledBack? = error else {
                    Issue.record("\(String(describing: error))")
                    return
                }
                try await db.wait { interfaces in !interfaces.contains { $0.name == "br8" } }
                try await db["br7"].delete()
                #expect(db["br7"].state == nil)
                #expect(try !namespace.ip("-o link show").contains("br7"))
                let gone = await #expect(throws: IPDBError.self) { try await db["br7"].update { $0.mtu = 1400 } }
                #expect(gone == .noInterface("br7"))
            }
        }

        @Test func `the view follows the kernel`() async throws {
            try await both { db, namespace in
                #expect(db.isCurrent)
                try namespace.ip("link add v7 type veth peer name v8")
                try await db.wait { interfaces in interfaces.contains { $0.name == "v8" } }
                try namespace.ip("link set v7 up")
                try namespace.ip("addr add 10.3.0.1/24 dev v7")
                try namespace.ip("route add 10.44.0.0/16 via 10.3.0.2 onlink dev v7")
                try namespace.ip("link set v7 name v9")
                try await db.wait { interfaces in
                    interfaces.contains { link in
                        link.name == "v9" && link.isUp && link.addresses.contains("10.3.0.1/24")
                            && link.routes.contains(InterfaceRoute(to: "10.44.0.0/16", via: "10.3.0.2"))
                    }
                }
                try namespace.ip("link del v9")
                try await db.wait { interfaces in !interfaces.contains { ["v8", "v9"].contains($0.name) } }
                #expect(db["v9"].state == nil)
            }
        }

        @Test func `updates of one database run one after the other`() async throws {
            let namespace = try furnished()
            let inside = try Namespace(named: namespace.name)
            let ip = try inside.enter { try IPRoute() }
            let events = try inside.enter { IPDB.events(of: ip) }
            let db = try await IPDB(ip, events)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number: UInt8 in 1...20 {
                    group.addTask {
                        try await db["e0"].update { (link) throws(IPDBError) in
                            link.addresses.insert(IPPrefix(IPAddress(10, 20, number, 1), length: 24))
                            link.mtu -= 1
                        }
                    }
                }
                try await group.waitForAll()
            }
            let state = try #require(db["e0"].state)
            #expect(state.mtu == 1480)
            #expect(state.addresses.count { $0.family == .inet } == 20)
        }
    }
}
