import GatewayProtocol
import LinuxSys
import NetlinkWire
import RemoteNetlink
import Testing

extension GatewayTests.Hazards {
    /// Where a parser and the kernel see different messages or different attributes.
    @Suite struct FramingHazards {
        private static let down = RouteRequest.setLink(index: 1, up: false, sequence: 8)

        /// RTM_NEWLINK for `lo` with these attributes.
        private static func change(_ attributes: [UInt8]) -> [UInt8] {
            message(RouteRequest.newLink, .ack, sequence: 9, RouteRequest.interface(1) + attributes)
        }

        @Test func `1: every message of a datagram is executed`() throws {
            try Hazard(
                policy: "builtin:read-only", harmless: { RouteRequest.link(index: 1, sequence: 3) },
                attack: { RouteRequest.link(index: 1, sequence: 7) + Self.down },
                hasHappened: { try !Facts.isUp("lo") }
            ).expectPrevented([125, 1])
        }

        @Test(arguments: [0, 8, 15, 4000] as [UInt32])
        func `2: a length that is too small or too large ends the kernel's reading without a word`(length: UInt32)
            throws
        {
            let broken = message(RouteRequest.getLink, [], sequence: 9, RouteRequest.interface(1), length: length)
            try Hazard(
                harmless: { RouteRequest.setLink(index: 1, up: true, sequence: 3) },
                attack: { Self.down + broken }, hasHappened: { try !Facts.isUp("lo") }
            ).expectPrevented([125, 22])
        }

        @Test func `2: bytes behind the last message are skipped without a word`() throws {
            try Hazard(attack: { Self.down + [1, 2, 3, 4] }, hasHappened: { try !Facts.isUp("lo") })
                .expectPrevented([125, 22])
        }

        @Test func `3: without NLM_F_REQUEST nothing is done and success is acknowledged`() throws {
            var silent = Self.down
            silent[6] &= ~1
            try Namespace().enter {
                let answer = try LocalSocket(protocolNumber: 0).answer(to: silent, sequence: 8)
                #expect(answer.code == 0 && answer.isComplete, "the kernel says that it was done")
                #expect(try Facts.isUp("lo"), "and it wasn't")
            }
            try Gateway.run(["--policy", "builtin:unrestricted"]) { gateway in
                let client = try AttackingClient(gateway, 0)
                #expect(try client.errors(silent) == [22])
                #expect(try Facts.isUp("lo"))
            }
        }

        @Test func `4: of two attributes of a type the last one counts`() throws {
            try Hazard(
                harmless: { Self.change(Bytes.attribute(4, 1300)) },
                attack: { Self.change(Bytes.attribute(4, 1300) + Bytes.attribute(4, 1400)) },
                hasHappened: { try Facts.mtu("lo") == "1400" }
            ).expectPrevented([22])
        }

        @Test(arguments: [[4, 0, 3], [3, 0, 4, 0], [99, 0, 3, 0]] as [[UInt8]])
        func `4: what stands behind a malformed attribute is hidden`(tail: [UInt8]) throws {
            try Hazard(
                attack: { Self.change(Bytes.attribute(4, 1400) + tail) },
                hasHappened: { try Facts.mtu("lo") == "1400" }
            ).expectPrevented([22])
        }

        @Test func `5: attributes that this kernel doesn't know are ignored, and the next one's aren't`() throws {
            try Hazard(
                attack: { Self.change(Bytes.attribute(4, 1400) + Bytes.attribute(300, [1, 2, 3, 4])) },
                hasHappened: { try Facts.mtu("lo") == "1400" }
            ).expectPrevented([1])
        }

        @Test func `6: the other end of a pair is a message of its own`() throws {
            var other: Neighbourhood?
            func pair(_ peer: [UInt8]) -> [UInt8] {
                let inner = Bytes.attribute(1, RouteRequest.interface(0) + Bytes.attribute(3, "nlgp") + peer)
                let info = Bytes.attribute(1, "veth") + Bytes.attribute(2, inner)
                return message(
                    RouteRequest.newLink, [.ack, .create, .exclusive], sequence: 9,
                    RouteRequest.interface(0) + Bytes.attribute(3, "nlgv") + Bytes.attribute(18, info))
            }
            try Hazard(
                harmless: { pair([]) }, prepare: { other = try Neighbourhood() },
                attack: { pair(Bytes.attribute(19, try #require(other).pid)) },
                hasHappened: { try #require(other).has("nlgp") }
            ).expectPrevented([1])
        }

        @Test func `9: a batch is one datagram, and stays one`() throws {
            let batch = NetfilterBytes.batch(NetfilterBytes.newTable("nlgt", sequence: 2))
            try Namespace().enter {
                let socket = try LocalSocket(protocolNumber: 12)
                #expect(try socket.answer(to: NetfilterBytes.newTable("nlgt", sequence: 2), sequence: 2).code == 22)
                #expect(try socket.answer(to: batch, sequence: 2).code == 0)
                #expect(try Facts.tables().contains("nlgt"))
            }
            try Gateway.run(["--policy", "builtin:unrestricted"]) { gateway in
                let client = try AttackingClient(gateway, 12)
                #expect(try client.errors(NetfilterBytes.newTable("nlgt", sequence: 2)) == [22])
                #expect(try !Facts.tables().contains("nlgt"))
                #expect(try client.errors(batch) == [])
                #expect(try Facts.tables().contains("nlgt"))
            }
        }

        @Test func `10: what doesn't fit a buffer is cut without a word`() throws {
            let request = RouteRequest.link(index: 1, sequence: 3)
            let names = (0..<40).map { "link property add dev lo altname \(String(repeating: "n", count: 100))\($0)" }
            func prepare() throws { try ipBatch(names, in: Scratch()) }
            try Namespace().enter {
                try prepare()
                let socket = try Descriptor.netlink(protocolNumber: 0)
                try socket.bindNetlink()
                _ = try socket.send(request.span)
                var buffer = [UInt8](repeating: 0, count: 1024)
                let received = try #require(try socket.receiveNetlink(into: &buffer, count: buffer.count))
                #expect(received.length > buffer.count, "the kernel cuts")
            }
            try Gateway.run(prepare: prepare) { gateway in
                let session = try gateway.session()
                let answer = try session.answer(to: request, sequence: 3)
                #expect(try answer == kernelAnswer(0, request, 3))
                #expect(answer.bytes.count > 4096)
            }
        }
    }
}
