import NetlinkFamilies
import RemoteNetlink
import Testing

extension GatewayTests {
    /// Ports of bonds, which the kernel of the tests may not have: against one that follows the bonding driver's rules.
    @Suite struct IPDBBondTests {
        private static let links: [UInt32: ScriptedKernel.Port] = [
            1: ScriptedKernel.Port(name: "bond0", isUp: true),
            2: ScriptedKernel.Port(name: "p1", master: 1, isUp: true),
            3: ScriptedKernel.Port(name: "p2", isUp: true),
            4: ScriptedKernel.Port(name: "p3", isUp: false),
            5: ScriptedKernel.Port(name: "p4", isUp: true),
        ]

        private typealias Change = @Sendable (inout Interface) -> Void

        @Sendable private static func change(_ bond: inout Interface) {
            bond.ports = ["p2", "p3"]
            bond.mtu = 1400
        }

        @Test func `ports are set down to be taken, and are as they were when they are let go`() async throws {
            let kernel = ScriptedKernel(Self.links)
            let gateway = try kernel.gateway()
            let db = try await IPDB(try await IPRoute(host: gateway.url))
            let after = try await db["bond0"].update { (bond) throws(IPDBError) in Self.change(&bond) }
            #expect(after.ports == ["p2", "p3"])
            var expected = Self.links
            expected[1]?.mtu = 1400
            // Let go it is down; it was up before.
            expected[2] = ScriptedKernel.Port(name: "p1", isUp: true)
            expected[3]?.master = 1
            expected[4] = ScriptedKernel.Port(name: "p3", master: 1, isUp: true)
            #expect(kernel.links == expected)
        }

        @Test func `an interface becomes a port of a bond, and is one no longer`() async throws {
            let kernel = ScriptedKernel(Self.links)
            let gateway = try kernel.gateway()
            let db = try await IPDB(try await IPRoute(host: gateway.url))
            for (name, index) in [("p4", UInt32(5)), ("p3", 4)] {
                try await db[name].update { $0.master = "bond0" }
                #expect(kernel.links[index] == ScriptedKernel.Port(name: name, master: 1, isUp: true))
            }
            try await db["p4"].update { $0.master = nil }
            #expect(kernel.links[5] == Self.links[5])
        }

        @Test func `whatever step fails, bond and ports are as they were`() async throws {
            let kernel = ScriptedKernel(Self.links)
            let gateway = try kernel.gateway()
            let db = try await IPDB(try await IPRoute(host: gateway.url))
            let changes: [(String, Change)] = [
                ("bond0", Self.change), ("p4", { $0.master = "bond0" }),
                (
                    "p1",
                    { port in
                        port.master = nil
                        port.mtu = 1400
                        port.isUp = false
                    }
                ),
            ]
            for (name, change) in changes {
                var steps = 0
                while true {
                    let before = kernel.links
                    kernel.refuse(steps + 1)
                    do throws(IPDBError) {
                        try await db[name].update { (link) throws(IPDBError) in change(&link) }
                        break
                    } catch {
                        guard case .rolledBack = error else {
                            Issue.record("\(name), step \(steps + 1): \(error)")
                            return
                        }
                        #expect(kernel.links == before, "\(name), step \(steps + 1)")
                        guard kernel.links == before, steps < 50 else { return }
                        steps += 1
                    }
                }
                #expect(steps >= 2, "\(name)")
            }
        }
    }
}
