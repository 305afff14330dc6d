import GatewayProtocol
import LinuxSys
import NetlinkWire
import RemoteNetlink
import Testing

extension GatewayTests {
    /// Several network namespaces behind one gateway.
    @Suite struct NamespaceTests {
        /// Two named namespaces, each with an interface that only it has.
        private func withNamespaces(_ body: (String, String) throws -> Void) throws {
            let names = ["nlgt\(Clock.monotonicMilliseconds())a", "nlgt\(Clock.monotonicMilliseconds())b"]
            defer { for name in names { _ = try? ip("netns del \(name)") } }
            for (index, name) in names.enumerated() {
                try ip("netns add \(name)")
                try Namespace(named: name).enter {
                    try ip("link add index \(70 + index) name only\(index) type bridge")
                }
            }
            try body(names[0], names[1])
        }

        private func has(_ session: GatewaySession, _ index: UInt32) throws -> Bool {
            try session.answer(to: RouteRequest.link(index: index, sequence: 3), sequence: 3).code == 0
        }

        @Test func `each namespace shows its own interfaces and no other's`() throws {
            try withNamespaces { first, second in
                try Gateway.run(["--netns", first, "--netns", second]) { gateway in
                    #expect(gateway.helpers(.reader).count == 6)
                    let own = try gateway.session()
                    let one = try gateway.session(netns: first)
                    let two = try gateway.session("\(Gateway.tls)/\(second)", netns: second)
                    #expect(try !has(own, 70) && !has(own, 71))
                    #expect(try has(one, 70) && !has(one, 71))
                    #expect(try !has(two, 70) && has(two, 71))
                    // One connection, one namespace after the other.
                    try own.reset(to: Hello(protocolNumber: 0, networkNamespace: second))
                    #expect(try has(own, 71) && !has(own, 70))
                }
            }
        }

        @Test func `writes and events stay in their namespace`() throws {
            try withNamespaces { first, second in
                try Gateway.run(["--netns", first, "--netns", second, "--policy", "builtin:unrestricted"]) { gateway in
                    let listener = try gateway.session(readOnly: true, netns: second, groups: [1])
                    let writer = try gateway.session(netns: first)
                    let answer = try writer.answer(
                        to: RouteRequest.setLink(index: 70, up: true, sequence: 3), sequence: 3)
                    #expect(answer.code == 0)
                    #expect(try Namespace(named: first).enter { try ip("-o link show only0") }.contains(",UP"))
                    #expect(
                        try writer.answer(
                            to: RouteRequest.setLink(index: 71, up: true, sequence: 4), sequence: 4
                        ).code == 19)
                    try Namespace(named: second).enter { try ip("link set only1 mtu 1400") }
                    let event = try listener.receive(seconds: 60)
                    guard case .datagram(let datagram, 1) = event else {
                        Issue.record("\(event)")
                        return
                    }
                    // ifi_index of the first event that came: only1, although only0 changed before it.
                    #expect(try listener.withBytes(of: datagram) { (bytes) throws in try bytes.u32(at: 20) } == 71)
                }
            }
        }

        @Test func `a name that isn't served is refused`() throws {
            try withNamespaces { first, second in
                try Gateway.run(["--netns", first]) { gateway in
                    for name in [second, "nowhere", "../\(first)"] {
                        let outcome = try gateway.refusal { try gateway.session(netns: name) }
                        #expect(outcome.code == GoodbyeReason.notFound)
                        #expect(outcome.text.contains("no namespace"))
                    }
                }
            }
        }
    }

    /// One connection, one session after the other.
    @Suite struct ResetTests {
        @Test func `a hundred sessions on one connection`() throws {
            try Gateway.run { gateway in
                for url in [Gateway.tls, "unix://\(gateway.unixPath)"] {
                    let session = try gateway.session(url)
                    for index in 0..<100 {
                        let request = RouteRequest.link(index: 1, sequence: UInt32(index + 1))
                        #expect(try session.answer(to: request, sequence: UInt32(index + 1)).messages == 1)
                        let protocolNumber: UInt32 = index.isMultiple(of: 2) ? 16 : 0
                        try session.reset(to: Hello(protocolNumber: protocolNumber))
                        if protocolNumber == 16 { try session.reset(to: Hello(protocolNumber: 0)) }
                    }
                }
                try eventually("the first session's connection is gone") { gateway.helpers(.reader).count == 2 }
            }
        }

        @Test func `privileged sessions too, each in a process of its own`() throws {
            try Gateway.run(["--policy", "builtin:unrestricted"]) { gateway in
                let session = try gateway.session(Gateway.tls)
                var seen: Set<Int32> = []
                for _ in 0..<5 {
                    try eventually("one broker") { gateway.helpers(.broker).count == 1 }
                    seen.formUnion(gateway.helpers(.broker).map(\.pid))
                    try session.reset(to: Hello(protocolNumber: 0))
                }
                #expect(seen.count == 5)
            }
        }

        @Test func `replies in flight are dropped before the RESULT, and memberships end`() throws {
            try Gateway.run(prepare: { try ip("link add nlgA type veth peer name nlgB") }) { gateway in
                let client = try RawClient(gateway, greeting: Hello(protocolNumber: 0, groups: [1, 7]))
                var requests: [UInt8] = []
                for sequence in 1...50 as ClosedRange<UInt32> {
                    requests += RawClient.frame(.datagram, RouteRequest.link(index: 1, sequence: sequence))
                }
                let again = RawClient.frame(.hello, Hello(protocolNumber: 0).encode())
                try client.write(requests + RawClient.frame(.reset, tag: 9) + again)
                var kinds: [FrameKind] = []
                while kinds.last != .welcome { kinds.append(try #require(try client.nextFrame()).header.kind) }
                #expect(kinds.suffix(2) == [.result, .welcome])
                #expect(kinds.dropLast(2).allSatisfy { $0 == .datagram })
                try ip("link set nlgA up")
                try client.write(RawClient.frame(.ping, tag: 3))
                #expect(try client.nextFrame()?.header.kind == .pong)
            }
        }
    }
}
