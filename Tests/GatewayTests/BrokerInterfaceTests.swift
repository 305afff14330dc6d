import GatewayIPC
import GatewayPolicy
import GatewayProtocol
import Glibc
import NetlinkWire
import Testing

extension GatewayTests {
    /// `where: interface` and `never: interfaces` on real links: a broker asks its kernel at each decision, through a
    /// socket that works when every filter is in force.
    @Suite struct BrokerInterfaceTests {
        private static let long = "a-name-of-more-than-fifteen-characters"

        /// Links `tap0` and `mgmt0`, each with an alternative name.
        private func run(_ grants: SessionGrants, _ body: (LoneSession) throws -> Void) throws {
            try Namespace().enter {
                for name in ["tap0", "mgmt0"] {
                    try ip("link add \(name) type ifb")
                    try ip("link property add dev \(name) altname \(Self.long)-\(name)")
                }
                let session = try LoneSession(LoneHelper.privileged(grants))
                try session.askForTexts()
                try body(session)
            }
        }

        private func index(_ name: String) throws -> UInt32 {
            let line = try ip("-o link show \(name)")
            return try #require(line.split(separator: ":").first.flatMap { UInt32($0) })
        }

        private func isUp(_ name: String) throws -> Bool { try ip("-o link show \(name)").contains(",UP") }

        private func bound(to interfaces: [String]) -> SessionGrants {
            var conditions = Conditions()
            conditions.interfaces = interfaces
            return SessionGrants(
                roles: [RolePart(name: "taps", line: 12, grants: .unrestricted, conditions: conditions)])
        }

        @Test func `a write passes on the interfaces of its role, whatever it calls them`() throws {
            try run(bound(to: ["tap*"])) { session in
                let ways = try [
                    RouteWrite.set(named: "tap0", up: true, sequence: 5),
                    RouteRequest.setLink(index: index("tap0"), up: true, sequence: 5),
                    RouteWrite.set(named: "\(Self.long)-tap0", up: true, sequence: 5),
                ]
                for write in ways {
                    try ip("link set tap0 down")
                    #expect(try session.answer(to: write, sequence: 5).code == 0)
                    #expect(try isUp("tap0"))
                    #expect(try session.record().target.contains("dev="))
                }
            }
        }

        @Test func `and on no other, whatever it calls them`() throws {
            try run(bound(to: ["tap*"])) { session in
                let ways = try [
                    RouteWrite.set(named: "mgmt0", up: true, sequence: 5),
                    RouteRequest.setLink(index: index("mgmt0"), up: true, sequence: 5),
                    RouteWrite.set(named: "\(Self.long)-mgmt0", up: true, sequence: 5),
                    RouteWrite.set(named: "nowhere", up: true, sequence: 5),
                    RouteRequest.setLink(index: 4000, up: true, sequence: 5),
                ]
                for write in ways {
                    let answer = try session.answer(to: write, sequence: 5)
                    #expect(answer.code == EPERM)
                    #expect(answer.text?.contains("only where interface is tap* (role taps, line 12)") == true)
                    let record = try session.record()
                    #expect(record.event == .denied && record.line == 12)
                    #expect(try !isUp("mgmt0"))
                }
            }
        }

        @Test func `names are looked up at each decision, so a rename between two counts`() throws {
            try run(bound(to: ["tap*"])) { session in
                let number = try index("tap0")
                let up = RouteRequest.setLink(index: number, up: true, sequence: 5)
                #expect(try session.answer(to: up, sequence: 5).code == 0)
                #expect(try session.record().target == "dev=tap0")
                try ip("link set tap0 down")
                try ip("link set tap0 name eth9")
                #expect(try session.answer(to: up, sequence: 5).code == EPERM)
                #expect(try session.record().target == "dev=eth9")
                #expect(try !isUp("eth9"))
                // The name is another's now.
                try ip("link set mgmt0 name tap0")
                let byName = try RouteWrite.set(named: "tap0", up: true, sequence: 6)
                #expect(try session.answer(to: byName, sequence: 6).code == 0)
                #expect(try isUp("tap0"))
            }
        }

        @Test func `no write selects what never is to be touched, by number, name or alternative name`() throws {
            let grants = SessionGrants(
                roles: [RolePart(name: "all", grants: .unrestricted)],
                ceiling: [RolePart(name: "ceiling", grants: .unrestricted)], never: Never(interfaces: ["mgmt*"]))
            try run(grants) { session in
                let ways = try [
                    RouteWrite.set(named: "mgmt0", up: true, sequence: 5),
                    RouteRequest.setLink(index: index("mgmt0"), up: true, sequence: 5),
                    RouteWrite.set(named: "\(Self.long)-mgmt0", up: true, sequence: 5),
                    RouteWrite.delete(index: index("mgmt0"), sequence: 5),
                    RouteWrite.address(
                        RouteRequest.newAddress, [192, 0, 2, 1], length: 24, index: index("mgmt0"), sequence: 5),
                ]
                for write in ways {
                    let answer = try session.answer(to: write, sequence: 5)
                    #expect(answer.code == EPERM)
                    #expect(answer.text?.contains("never lets a write touch the interface mgmt0") == true, "\(answer)")
                    #expect(try session.record().event == .denied)
                }
                #expect(try !isUp("mgmt0"))
                #expect(try !ip("address").contains("192.0.2.1"))
                // An alternative name that never lists protects its link, too.
                try ip("link property add dev tap0 altname mgmt-of-old")
                let tap = try RouteWrite.set(named: "tap0", up: true, sequence: 6)
                #expect(try session.answer(to: tap, sequence: 6).code == EPERM)
                try ip("link property del dev tap0 altname mgmt-of-old")
                #expect(try session.answer(to: tap, sequence: 6).code == 0)
            }
        }

        @Test func `a link with many alternative names and one whose answer is long`() throws {
            try run(bound(to: ["tap*"])) { session in
                for number in 0..<100 {
                    try ip("link property add dev tap0 altname \(Self.long)-\(Self.long)-\(Self.long)-\(number)")
                }
                let write = try RouteWrite.set(
                    named: "\(Self.long)-\(Self.long)-\(Self.long)-99", up: true, sequence: 5)
                #expect(try session.answer(to: write, sequence: 5).code == 0)
                #expect(try isUp("tap0"))
            }
        }
    }
}
