import GatewayIPC
import GatewayPolicy
import GatewayProtocol
import Glibc
import NetlinkWire
import RemoteNetlink
import Testing

extension GatewayTests {
    /// The guard against locking oneself out, with the kernel's own answers about addresses and routes.
    @Suite struct BrokerLockOutTests {
        /// Everything but extra self.
        private static let guarded = SessionGrants.of(
            Grants(
                extras: [.secrets, .traffic, .group, .code], operations: { _, operation in operation.grantable },
                groups: { _, _ in true }))

        private static func ipv4(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8, port: UInt16) -> Endpoint {
            Endpoint(address: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d], port: port)
        }

        private func index(_ name: String) throws -> UInt32 {
            let line = try ip("-o link show \(name)")
            return try #require(line.split(separator: ":").first.flatMap { UInt32($0) })
        }

        private func refusal(_ session: LoneSession, _ write: [UInt8]) throws -> Bool {
            let answer = try session.answer(to: write, sequence: 5)
            return answer.code == EPERM && answer.text?.contains("extra self") == true
        }

        private func session(
            _ grants: SessionGrants = guarded, local: Endpoint, peer: Endpoint
        ) throws -> LoneSession {
            let session = try LoneSession(LoneHelper.privileged(grants), local: local, peer: peer)
            try session.askForTexts()
            return session
        }

        // MARK: a session over 127.0.0.1

        private static let loopback = ipv4(127, 0, 0, 1, port: 7000)
        private static let neighbour = ipv4(127, 0, 0, 1, port: 40_000)

        private static func attacks() throws -> [(what: String, write: [UInt8])] {
            [
                ("lo down", RouteRequest.setLink(index: 1, up: false, sequence: 5)),
                ("lo down by name", try RouteWrite.set(named: "lo", up: false, sequence: 5)),
                (
                    "DELADDR",
                    try RouteWrite.address(RouteWrite.delAddress, [127, 0, 0, 1], length: 8, index: 1, sequence: 5)
                ),
                (
                    "DELROUTE",
                    try RouteWrite.deleteRoute(
                        [127, 0, 0, 1], length: 32, table: 255, type: 2, index: 1, sequence: 5)
                ),
            ]
        }

        @Test func `works before: a bare socket cuts the connection off`() throws {
            for (what, write) in try Self.attacks() {
                try Namespace().enter {
                    let bare = try LocalSocket(protocolNumber: 0)
                    #expect(try bare.answer(to: write, sequence: 5).code == 0, "\(what)")
                }
            }
        }

        @Test func `refused in a session over that address, done with extra self`() throws {
            for (what, write) in try Self.attacks() {
                try Namespace().enter {
                    let guarded = try session(local: Self.loopback, peer: Self.neighbour)
                    #expect(try refusal(guarded, write), "\(what)")
                    #expect(try guarded.record().event == .denied)
                    #expect(try ip("-o link show lo").contains(",UP"))
                    #expect(try ip("address show lo").contains("127.0.0.1/8"))
                    #expect(try ip("route show table local").contains("local 127.0.0.1 "))
                    let free = try session(.of(.unrestricted), local: Self.loopback, peer: Self.neighbour)
                    #expect(try free.answer(to: write, sequence: 5).code == 0, "\(what)")
                }
            }
        }

        @Test func `a session without addresses has nothing to guard`() throws {
            try Namespace().enter {
                let unix = try session(local: .unknown, peer: .unknown)
                #expect(try unix.answer(to: Self.attacks()[0].write, sequence: 5).code == 0)
            }
        }

        // MARK: what carries a session

        /// `net0` with a peer `far0`, and `mac0` above it; both have addresses.
        private func network(_ body: () throws -> Void) throws {
            try Namespace().enter {
                try ip("link add net0 type veth peer name far0")
                try ip("link add link net0 name mac0 type macvlan mode bridge")
                for name in ["net0", "far0", "mac0"] { try ip("link set \(name) up") }
                try ip("address add 10.9.0.1/24 dev mac0")
                try ip("address add 10.8.0.1/24 dev net0")
                try ip("link add other type ifb")
                try ip("link set other up")
                try body()
            }
        }

        @Test func `the interface of the address and the links below it`() throws {
            try network {
                let session = try session(
                    local: Self.ipv4(10, 9, 0, 1, port: 7000), peer: Self.ipv4(10, 9, 0, 77, port: 40_000))
                for name in ["mac0", "net0", "far0"] {
                    #expect(
                        try refusal(session, RouteRequest.setLink(index: index(name), up: false, sequence: 5)),
                        "\(name)")
                    #expect(try refusal(session, RouteWrite.delete(index: index(name), sequence: 5)), "\(name)")
                }
                let other = try RouteRequest.setLink(index: index("other"), up: false, sequence: 5)
                #expect(try session.answer(to: other, sequence: 5).code == 0)
            }
        }

        @Test func `the route to the client, directly and through a gateway`() throws {
            try network {
                let direct = try session(
                    local: Self.ipv4(10, 9, 0, 1, port: 7000), peer: Self.ipv4(10, 9, 0, 77, port: 40_000))
                let connected = try RouteWrite.deleteRoute(
                    [10, 9, 0, 0], length: 24, table: 254, index: index("mac0"), sequence: 5)
                #expect(try refusal(direct, connected))
                let elsewhere = try RouteWrite.deleteRoute(
                    [10, 8, 0, 0], length: 24, table: 254, index: index("net0"), sequence: 5)
                #expect(try direct.answer(to: elsewhere, sequence: 5).code == 0)
                try ip("route add 198.51.100.0/25 via 10.9.0.254")
                try ip("route add 198.51.100.128/25 via 10.9.0.254")
                let far = try session(
                    local: Self.ipv4(10, 9, 0, 1, port: 7000), peer: Self.ipv4(198, 51, 100, 7, port: 40_000))
                let used = try RouteWrite.deleteRoute(
                    [198, 51, 100, 0], length: 25, table: 254, index: index("mac0"), sequence: 5)
                #expect(try refusal(far, used))
                let unused = try RouteWrite.deleteRoute(
                    [198, 51, 100, 128], length: 25, table: 254, index: index("mac0"), sequence: 5)
                #expect(try far.answer(to: unused, sequence: 5).code == 0)
            }
        }

        @Test func `an address on lo: its interface and the one that the packets leave by, every one of several`()
            throws
        {
            try network {
                try ip("address add 192.0.2.1/32 dev lo")
                try ip("link add last0 type veth peer name last1")
                for name in ["last0", "last1"] { try ip("link set \(name) up") }
                try ip("address add 10.7.0.1/24 dev last0")
                try ip(
                    "route add 198.51.100.0/24 src 192.0.2.1 nexthop via 10.9.0.254 dev mac0 nexthop via 10.7.0.254 dev last0"
                )
                let session = try session(
                    local: Self.ipv4(192, 0, 2, 1, port: 7000), peer: Self.ipv4(198, 51, 100, 7, port: 40_000))
                for name in ["lo", "mac0", "net0", "last0"] {
                    #expect(
                        try refusal(session, RouteRequest.setLink(index: index(name), up: false, sequence: 5)),
                        "\(name)")
                }
                // Where the route goes is asked at each decision.
                try ip("route replace 198.51.100.0/24 src 192.0.2.1 via 10.9.0.254")
                let unused = try RouteRequest.setLink(index: index("last0"), up: false, sequence: 5)
                #expect(try session.answer(to: unused, sequence: 5).code == 0)
            }
        }

        @Test func `IPv6, with a route of its own table`() throws {
            try network {
                try ip("address add fd00::1/64 dev mac0 nodad")
                try ip("link add last0 type veth peer name last1")
                for name in ["last0", "last1"] { try ip("link set \(name) up") }
                try ip("address add fd07::1/64 dev last0 nodad")
                try ip("-6 route add 2001:db8::/32 via fd07::99 table 77")
                try ip("-6 rule add to 2001:db8::/32 table 77")
                func ipv6(_ first: UInt16, _ last: UInt8) -> Endpoint {
                    let head = [UInt8(first >> 8), UInt8(first & 0xff)]
                    return Endpoint(address: head + [UInt8](repeating: 0, count: 13) + [last], port: 7000)
                }
                let near = try session(local: ipv6(0xfd00, 1), peer: ipv6(0xfd00, 2))
                #expect(try refusal(near, RouteRequest.setLink(index: index("mac0"), up: false, sequence: 5)))
                let unused = try RouteRequest.setLink(index: index("last1"), up: true, sequence: 5)
                #expect(try near.answer(to: unused, sequence: 5).code == 0)
                var peer = ipv6(0x2001, 9)
                peer.address[2...3] = [0x0d, 0xb8]
                let far = try session(local: ipv6(0xfd00, 1), peer: peer)
                for name in ["mac0", "last0"] {
                    #expect(
                        try refusal(far, RouteRequest.setLink(index: index(name), up: false, sequence: 5)), "\(name)")
                }
            }
        }

        @Test func `many addresses don't hide the one`() throws {
            try network {
                try ipBatch(
                    (0..<5000).map { "address add 10.20.\($0 >> 8).\($0 & 255)/32 dev other" }, in: Scratch())
                try ip("address add 10.21.0.1/32 dev other")
                try ip("route add 198.51.100.0/24 via 10.9.0.254")
                let session = try session(
                    local: Self.ipv4(10, 21, 0, 1, port: 7000), peer: Self.ipv4(198, 51, 100, 7, port: 40_000))
                for name in ["other", "mac0"] {
                    #expect(
                        try refusal(session, RouteRequest.setLink(index: index(name), up: false, sequence: 5)),
                        "\(name)")
                }
            }
        }
    }
}
