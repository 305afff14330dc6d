import Foundation
import Glibc
import LinuxSys
import NetlinkWire
import SeededInput
import Testing

extension GatewayTests {
    /// What a hostile client of the dialects costs the frontend, and everybody else.
    @Suite struct DialectHostileTests {
        private static let address = SocketAddress(kind: .ipv4, bytes: [127, 0, 0, 1], port: 7001)
        private static let listen = ["unix://DIR/s.sock", "tcp://127.0.0.1:7001"]
        private static let base = ["--frontends", "1", "--readers", "1", "--insecure-tcp"]

        private func link(_ sequence: UInt32) -> [UInt8] {
            MessageStreamClient.request(RouteRequest.link(index: 1, sequence: sequence))
        }

        private func frontend(_ gateway: Gateway) throws -> Int32 { try #require(gateway.helpers(.frontend).first).pid }

        private func descriptors(_ pid: Int32) throws -> Int {
            try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").count
        }

        @Test func `requests without end, whose answers nobody reads`() throws {
            try Gateway.run(listen: Self.listen, base: Self.base) { gateway in
                let process = try frontend(gateway)
                let hostile = try (0..<8).map { _ in try RawClient(Self.address) }
                for client in hostile { try client.write(link(1)) }
                let before = try #require(Gateway.status("VmRSS", of: process))
                let many = Array((0..<2000 as Range<UInt32>).flatMap { link($0) })
                // As much as they take; a full stop when the gateway takes no more.
                var idle = 0
                var written = 0
                while idle < 20 {
                    let counts = hostile.map { $0.writeSome(many.span) ?? 0 }
                    written += counts.reduce(0, +)
                    idle = counts.contains { $0 > 0 } ? 0 : idle + 1
                    if idle > 0 { usleep(10_000) }
                    if written > 256 << 20 { break }
                }
                #expect(written < 256 << 20, "somebody takes without end")
                #expect(try #require(Gateway.status("VmRSS", of: process)) - before < 16 << 10, "KiB")
                let other = try MessageStreamClient(gateway)
                try other.raw.write(link(7))
                #expect(try other.answer(7).types == [RouteRequest.newLink])
            }
        }

        @Test func `a dump for each of 64 sessions, and one byte read of each`() throws {
            func prepare() throws {
                try ipBatch(
                    (0..<5000).map { "route add blackhole 10.\($0 >> 8 & 255).\($0 & 255).0/24" }, in: Scratch())
            }
            try Gateway.run(listen: Self.listen, base: Self.base, prepare: prepare) { gateway in
                let process = try frontend(gateway)
                let (memory, open) = (try #require(Gateway.status("VmRSS", of: process)), try descriptors(process))
                let dump = RouteRequest.dump(RouteRequest.getRoute, header: 12, sequence: 1)
                var clients: [MessageStreamClient] = []
                for _ in 0..<64 {
                    let client = try MessageStreamClient(Self.address)
                    try client.raw.write(MessageStreamClient.request(dump))
                    clients.append(client)
                }
                for client in clients { #expect(try client.next() != nil) }
                // 64 is what one address may have.
                let turnedAway = try MessageStreamClient(Self.address)
                try turnedAway.raw.write(link(3))
                #expect(try turnedAway.answer(3).code == ENOBUFS)
                #expect(try #require(Gateway.status("VmRSS", of: process)) - memory < 32 << 10, "KiB")
                #expect(try clients[0].answer(1).types.count > 4000)
                clients = []
                try eventually("every descriptor is closed") { try descriptors(process) <= open }
            }
        }

        @Test func `clients of random bytes end alone`() throws {
            try Gateway.run(listen: Self.listen, base: Self.base) { gateway in
                let process = try frontend(gateway)
                let open = try descriptors(process)
                let watcher = try MessageStreamClient(gateway)
                try watcher.raw.write(link(1))
                #expect(try watcher.answer(1).types.count == 1)
                var generator = SeededNumbers(seed: 0x6469_616c)
                for _ in 0..<300 {
                    let client = try RawClient(Bool.random(using: &generator) ? Self.address : unix(gateway))
                    try client.write(stream(&generator))
                    client.endOutput()
                }
                try watcher.raw.write(link(2))
                #expect(try watcher.answer(2).types.count == 1)
                #expect(
                    try frontend(gateway) == process && !gateway.log.contains("ended with"),
                    "\(gateway.log.suffix(2000))")
                // Who only ended his side is let go when nothing has come for him in a while.
                #expect(try descriptors(process) < open + 700)
            }
        }

        private func unix(_ gateway: Gateway) throws -> SocketAddress {
            try SocketAddress(unix: gateway.unixPath, abstract: false)
        }

        /// A good beginning, and then a few wrong bytes somewhere.
        private func stream(_ generator: inout SeededNumbers) -> [UInt8] {
            var bytes =
                Bool.random(using: &generator)
                ? MessageStreamClient.control(UInt8.random(in: 0...20, using: &generator)) : []
            for sequence in 0..<UInt32.random(in: 1...5, using: &generator) {
                bytes += link(sequence)
                bytes += MessageStreamClient.request(RouteRequest.setLink(index: 1, up: false, sequence: sequence))
            }
            for _ in 0..<Int.random(in: 0...4, using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            return Array(bytes.prefix(Int.random(in: 1...bytes.count, using: &generator)))
        }

        @Test func `only granted groups are joined`() throws {
            let policy = try PolicyText(
                """
                clients:
                  old: { anonymous: true }
                roles:
                  links: { read: { route: [GETLINK] }, listen: { route: [LINK] } }
                bindings:
                  - { client: old, roles: [links] }
                """)
            try Gateway.run(policy: policy, ["--insecure-tcp"], listen: Self.listen) { gateway in
                let client = try MessageStreamClient(Self.address)
                try client.raw.write(MessageStreamClient.control(0) + link(1))
                #expect(try client.answer(1).types == [RouteRequest.newLink])
                try client.raw.write(MessageStreamClient.request(RouteRequest.dump(22, header: 8, sequence: 2)))
                #expect(try client.answer(2).code == EPERM)
                try ip("addr add 192.0.2.1/32 dev lo")
                try ip("link add nlgA type veth peer name nlgB")
                var types: Set<UInt16> = []
                while !types.contains(16) { types.insert(try #require(try client.next()).header.type.rawValue) }
                #expect(types == [16])
            }
        }
    }
}
