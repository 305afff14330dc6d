import GatewayProtocol
import NetlinkWire
import RemoteNetlink
import Testing

extension GatewayTests {
    /// What the gateway tells is what the kernel tells.
    @Suite struct DumpTests {
        private static func furnish() throws {
            try ip("link add nlgA type veth peer name nlgB")
            try ip("link add nlgbr type bridge")
            try ip("link set nlgB master nlgbr")
            for name in ["nlgA", "nlgB", "nlgbr"] { try ip("link set \(name) up") }
            try ip("addr add 10.9.0.1/16 dev nlgA")
            try ip("addr add 2001:db8::1/64 dev nlgA nodad")
            try ip("route add 10.10.0.0/16 via 10.9.0.2 dev nlgA metric 7")
            try ip("route add 10.11.0.0/16 nexthop via 10.9.0.3 dev nlgA nexthop via 10.9.0.4 dev nlgA weight 3")
            try ip("-6 route add 2001:db8:1::/48 via 2001:db8::2 dev nlgA")
            try ip("route add table 4000 blackhole 10.12.0.0/16")
            try ip("neigh add 10.9.0.2 lladdr 02:00:00:00:00:02 nud permanent dev nlgA")
            try ip("rule add from 10.9.0.0/16 lookup 4000 priority 77")
        }

        /// Both ways must give the same, twice in a row at most: counters may move between them.
        private func expectEqual(_ session: GatewaySession, _ local: LocalSocket, _ datagram: [UInt8]) throws {
            var pair = (KernelAnswer(sequence: 0), KernelAnswer(sequence: 1))
            try eventually("two dumps are equal", seconds: 20) {
                pair.0 = try session.answer(to: datagram, sequence: 1)
                pair.1 = try local.answer(to: datagram, sequence: 1)
                return pair.0 == pair.1
            }
            #expect(pair.0.messages > 0)
            #expect(pair.0.code == 0)
        }

        @Test func `links, addresses, routes, rules and neighbours equal the local dump, byte for byte`() throws {
            try Gateway.run(prepare: DumpTests.furnish) { gateway in
                let session = try gateway.session()
                let local = try LocalSocket(protocolNumber: 0)
                try expectEqual(session, local, RouteRequest.dump(RouteRequest.getLink, header: 16))
                try expectEqual(session, local, RouteRequest.dump(RouteRequest.getAddress, header: 8))
                try expectEqual(session, local, RouteRequest.dump(RouteRequest.getRoute, header: 12))
                try expectEqual(session, local, RouteRequest.dump(RouteRequest.getRule, header: 12))
                let forwarding = message(RouteRequest.getNeighbour, .dump, [7] + [UInt8](repeating: 0, count: 11))
                _ = try session.answer(to: forwarding, sequence: 1)
                // Neighbours carry their age: what isn't one is compared.
                let neighbours = RouteRequest.dump(RouteRequest.getNeighbour, header: 12)
                let remote = try session.answer(to: neighbours, sequence: 1)
                #expect(try remote.types() == local.answer(to: neighbours, sequence: 1).types())
                #expect(remote.messages > 0)
            }
        }

        @Test func `the twenty-byte dump of getifaddrs works`() throws {
            // glibc sends struct rtgenmsg, padded: shorter than the header that strict checking wants.
            let request = RouteRequest.dump(RouteRequest.getLink, header: 4)
            #expect(request.count == 20)
            try Gateway.run(prepare: DumpTests.furnish) { gateway in
                let session = try gateway.session()
                let local = try LocalSocket(protocolNumber: 0)
                try expectEqual(session, local, request)
                try expectEqual(session, local, RouteRequest.dump(RouteRequest.getAddress, header: 4))
            }
        }

        @Test func `the generic controller lists the same families`() throws {
            try Gateway.run { gateway in
                let request = message(16, .dump, [3, 1, 0, 0])
                let remote = try gateway.session(nil, 16).answer(to: request, sequence: 1)
                let local = try LocalSocket(protocolNumber: 16).answer(to: request, sequence: 1)
                #expect(remote == local)
                #expect(remote.messages > 0)
            }
        }

        @Test func `200,000 routes arrive whole over TLS`() throws {
            let count = 200_000
            func prepare() throws {
                let routes = (0..<count).map { index in
                    "route add blackhole 10.\(index >> 16).\((index >> 8) & 255).\(index & 255)/32"
                }
                try ipBatch(routes, in: Scratch())
            }
            try Gateway.run(prepare: prepare) { gateway in
                let request = message(RouteRequest.getRoute, .dump, [2] + [UInt8](repeating: 0, count: 11))
                let remote = try gateway.session(Gateway.tls).answer(to: request, sequence: 1)
                let local = try LocalSocket(protocolNumber: 0).answer(to: request, sequence: 1)
                #expect(remote.messages >= count)
                #expect(remote == local)
            }
        }
    }

    /// Sizes at and beyond what a frame, a session and a socket take.
    @Suite struct SizeTests {
        /// Alternative names are the longest thing that the kernel tells of an interface in one message.
        private func makeTalkativeLink() throws {
            try ip("link add index 50 name nlgA type veth peer name nlgB")
            let names = (0..<494).map { index in
                "link property add dev nlgA altname \(String(repeating: "a", count: 123))\(1000 + index)"
            }
            try ipBatch(names, in: Scratch())
        }

        @Test func `a message of the kernel that no single frame holds arrives in parts`() throws {
            try Gateway.run(prepare: makeTalkativeLink) { gateway in
                let request = RouteRequest.link(index: 50, sequence: 1)
                let local = try LocalSocket(protocolNumber: 0).answer(to: request, sequence: 1)
                #expect(local.bytes.count > FrameHeader.maximumPayload)
                for url in [Gateway.tls, "unix://\(gateway.unixPath)"] {
                    #expect(try gateway.session(url).answer(to: request, sequence: 1) == local)
                }
            }
        }

        /// The most messages that a datagram may have.
        private static let mostMessages = 1024

        /// A request of 64 bytes for an interface that isn't there.
        private func request(sequence: UInt32) throws -> [UInt8] {
            var writer = MessageWriter()
            writer.append(RouteRequest.interface(0))
            // IFLA_ALT_IFNAME
            try writer.attribute(53, String(repeating: "n", count: 27))
            return message(RouteRequest.getLink, [], sequence: sequence, writer.bytes)
        }

        @Test func `a datagram in two frames reaches the kernel as one`() throws {
            try Gateway.run { gateway in
                let session = try gateway.session(Gateway.tls)
                let datagram = try (0..<Self.mostMessages).flatMap { try request(sequence: UInt32($0 + 1)) }
                #expect(datagram.count == DatagramLimit.toReader)
                #expect(datagram.count > FrameHeader.maximumPayload)
                try session.send(datagram)
                // The kernel answers each in turn; what finds no room is reported, never silently lost.
                var sequences: [UInt32] = []
                var isOver = false
                while !isOver {
                    switch try session.receive(seconds: 60) {
                    case .datagram(let datagram, 0):
                        sequences.append(try session.withBytes(of: datagram) { (bytes) throws in try bytes.u32(at: 8) })
                        isOver = sequences.last == UInt32(Self.mostMessages)
                    case .overrun: isOver = true
                    default: continue
                    }
                }
                #expect(sequences == Array(0..<sequences.count).map { UInt32($0 + 1) })
                try session.ping()
                #expect(
                    try session.answer(to: RouteRequest.link(index: 1, sequence: 9999), sequence: 9999).messages == 1)
            }
        }

        @Test func `more messages than a datagram may have are refused as a whole`() throws {
            try Gateway.run { gateway in
                let session = try gateway.session(Gateway.tls)
                #expect(try session.setOption(.extendedAcks(true)).code == 0)
                let datagram = (0...Self.mostMessages).flatMap { RouteRequest.link(index: 1, sequence: UInt32($0 + 1)) }
                let answer = try session.answer(to: datagram, sequence: 1)
                #expect(answer.code == 22)
                #expect(answer.text?.contains("1024 messages") == true)
            }
        }

        @Test func `a datagram beyond a reader's limit ends the session with a reason`() throws {
            try Gateway.run { gateway in
                let client = try RawClient(gateway, greeting: Hello(protocolNumber: 0))
                var writer = FrameWriter()
                writer.append(.datagram, [UInt8](repeating: 0, count: DatagramLimit.toReader + 4))
                try client.write(writer.bytes)
                let outcome = try #require(try client.goodbye())
                #expect(outcome.code == GoodbyeReason.protocolError)
                #expect(outcome.text.contains("65536"))
            }
        }

        /// A route of 4,096 bytes, nearly all of them next hops through the loopback interface.
        private func manyHops(sequence: UInt32) -> [UInt8] {
            var route: [UInt8] = [2, 32, 0, 0, 254, 3, 253, 1, 0, 0, 0, 0]
            // RTA_DST
            route += [8, 0, 1, 0, 192, 0, 2, UInt8(truncatingIfNeeded: sequence)]
            // RTA_MULTIPATH: 4 + 507 * 8 bytes
            route += [0xdc, 0x0f, 9, 0]
            for _ in 0..<507 { route += [8, 0, 0, 0, 1, 0, 0, 0] }
            let flags: MessageFlags = [.ack, .create, .append]
            return message(RouteRequest.newRoute, flags, sequence: sequence, route)
        }

        @Test func `a privileged session takes four mebibytes and not more`() throws {
            try Gateway.run(["--policy", "builtin:unrestricted"]) { gateway in
                let session = try gateway.session(Gateway.tls)
                #expect(session.welcome.isPrivileged)
                #expect(session.welcome.maximumToServer == UInt32(DatagramLimit.toBroker))
                let datagram = (0..<Self.mostMessages).flatMap { manyHops(sequence: UInt32($0 + 1)) }
                #expect(datagram.count == DatagramLimit.toBroker)
                #expect(try session.setOption(OptionRequest(name: 10, value: 1)).code == 0)
                // Whatever the kernel thinks of them, it has seen the first and the last.
                try session.send(datagram)
                #expect(try session.answer(sequence: 1).code >= 0)
                #expect(try session.answer(sequence: UInt32(Self.mostMessages)).code >= 0)
                let client = try RawClient(gateway, greeting: Hello(protocolNumber: 0))
                var writer = FrameWriter()
                writer.append(.datagram, [UInt8](repeating: 0, count: DatagramLimit.toBroker + 4))
                try client.write(writer.bytes)
                #expect(try client.goodbye()?.code == GoodbyeReason.protocolError)
            }
        }
    }
}
