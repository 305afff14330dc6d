import NetlinkFamilies
import RemoteNetlink
import Testing

extension GatewayTests {
    /// The view is what the kernel has, whatever happens there.
    @Suite struct IPDBViewTests {
        /// Numbers that are the same in each run.
        private struct Numbers {
            var state: UInt64

            mutating func below(_ limit: Int) -> Int {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return Int(state >> 33) % limit
            }

            mutating func one<Element>(of elements: [Element]) -> Element { elements[below(elements.count)] }
        }

        /// Something that may happen to routes, and be refused.
        private func happening(_ numbers: inout Numbers) -> String {
            let link = numbers.one(of: ["e0", "e2"])
            let prefix = numbers.one(of: ["10.77.0.0/16", "10.78.0.0/16"])
            let prefix6 = numbers.one(of: ["2001:db8:7::/48", "2001:db8:8::/48"])
            let how = numbers.one(of: ["add", "append", "prepend", "replace", "change", "del", "del"])
            let extra = numbers.one(of: ["", "", " metric 7", " tos 4", " src 10.5.0.4", " mtu 1300", " scope link"])
            let gateway = "\(link == "e0" ? "10.5.0" : "10.6.0").\(70 + numbers.below(4))"
            let gateway6 = "2001:db8:\(link == "e0" ? 5 : 6)::\(70 + numbers.below(4))"
            switch numbers.below(20) {
            case 0...6: return "route \(how) \(prefix) via \(gateway) dev \(link)\(extra)"
            case 7: return "route \(how) \(prefix) dev \(link)\(extra)"
            case 8: return "route \(how) \(prefix) nexthop via 10.5.0.71 nexthop via 10.6.0.72"
            case 9...12: return "-6 route \(how) \(prefix6) via \(gateway6) dev \(link)"
            case 13: return "-6 route \(how) \(prefix6) dev \(link)"
            case 14: return "-6 route \(how) \(prefix6) nexthop via 2001:db8:5::71 nexthop via 2001:db8:6::72"
            case 15: return "route \(numbers.one(of: ["append", "del"])) blackhole \(prefix)"
            case 16: return "addr \(numbers.one(of: ["add", "del"])) 10.5.0.4/24 dev e0"
            case 17: return "addr \(numbers.one(of: ["add", "del"])) 10.6.0.1/24 dev e2"
            case 18: return "link set \(link) down"
            default: return "link set \(link) up"
            }
        }

        @Test func `routes of one destination, added, replaced and dropped without a word`() async throws {
            let namespace = try NamedNamespace()
            for words in [
                "link add e0 type veth peer name e1", "link add e2 type veth peer name e3", "link set e1 up",
                "link set e3 up", "link set e0 up", "link set e2 up", "addr add 10.5.0.1/24 dev e0",
                "addr add 10.5.0.4/24 dev e0", "addr add 10.6.0.1/24 dev e2",
                "-6 addr add 2001:db8:5::1/64 dev e0 nodad", "-6 addr add 2001:db8:6::1/64 dev e2 nodad",
            ] { try namespace.ip(words) }
            let inside = try Namespace(named: namespace.name)
            let ip = try inside.enter { try IPRoute() }
            let events = try inside.enter { IPDB.events(of: ip) }
            let db = try await IPDB(ip, events)
            var numbers = Numbers(state: 20_260_101)
            var story: [String] = []
            for _ in 0..<600 {
                let words = happening(&numbers)
                guard (try? namespace.ip(words)) != nil else { continue }
                story.append(words)
                for name in ["e0", "e2"] {
                    // What the kernel says when it is asked.
                    let asked = try await db[name].update { _ in }
                    do throws(NetlinkError) {
                        try await db.wait(.seconds(3)) { $0.contains { $0.name == name && $0.routes == asked.routes } }
                    } catch {
                        let shown = db[name].state?.routes ?? []
                        Issue.record(
                            """
                            after \(story.suffix(12)): \(name) has \(asked.routes.subtracting(shown)) more, \
                            \(shown.subtracting(asked.routes)) less
                            """)
                        return
                    }
                }
            }
            #expect(story.count > 150)
            #expect(story.contains { $0.contains("append") } && story.contains { $0.contains("down") })
        }

        @Test func `interfaces are found by their alternative names, before and after`() async throws {
            let namespace = try NamedNamespace()
            try namespace.ip("link add e0 type veth peer name e1")
            try namespace.ip("link add br0 type bridge")
            try namespace.ip("link property add dev e0 altname a-name-that-is-longer-than-fifteen-bytes")
            let inside = try Namespace(named: namespace.name)
            let ip = try inside.enter { try IPRoute() }
            let events = try inside.enter { IPDB.events(of: ip) }
            let db = try await IPDB(ip, events)
            let long = "a-name-that-is-longer-than-fifteen-bytes"
            #expect(db[long].state?.name == "e0")
            try await db[long].update { $0.mtu = 1400 }
            #expect(db["e0"].state?.mtu == 1400)
            // A port that is named by it.
            try await db["br0"].update { $0.ports = [long] }
            #expect(try namespace.ip("-o link show master br0").contains("e0"))
            try await db["br0"].update { $0.ports = [] }
            try await db["e0"].update { $0.master = "br0" }
            #expect(db["e0"].state?.master == "br0")
            try namespace.ip("link property del dev e0 altname \(long)")
            try await db.wait { _ in true }
            try await db["e0"].update { $0.name = "e9" }
            #expect(db[long].state == nil)
            #expect(db["e9"].state?.mtu == 1400)
            #expect(db["e0"].state == nil)
        }

        @Test func `names that no kernel takes are refused before anything is done`() async throws {
            let namespace = try NamedNamespace()
            try namespace.ip("link add e0 type veth peer name e1")
            let inside = try Namespace(named: namespace.name)
            let ip = try inside.enter { try IPRoute() }
            let events = try inside.enter { IPDB.events(of: ip) }
            let db = try await IPDB(ip, events)
            for name in ["", ".", "..", "a/b", "a b", "a:b", "sixteen-bytes-00", "a\u{1}\n", "\u{0}"] {
                let error = await #expect(throws: IPDBError.self) {
                    try await db["e0"].update { link in
                        link.mtu = 1300
                        link.name = name
                    }
                }
                guard case .invalid? = error else {
                    Issue.record("\(name): \(String(describing: error))")
                    continue
                }
            }
            let none = await #expect(throws: IPDBError.self) { try await db["e0"].update { $0.address = nil } }
            guard case .invalid? = none else {
                Issue.record("\(String(describing: none))")
                return
            }
            #expect(db["e0"].state?.mtu == 1500)
        }
    }
}
