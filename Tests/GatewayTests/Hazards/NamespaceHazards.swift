import GatewayProtocol
import Glibc
import LinuxSys
import NetlinkFamilies
import NetlinkWire
import RemoteNetlink
import Testing

extension GatewayTests.Hazards {
    /// Attributes that name namespaces, descriptors and processes of whoever sends.
    @Suite struct NamespaceHazards {
        /// RTM_NEWLINK for `nlgA` with these attributes.
        private static func change(_ attributes: [UInt8]) throws -> [UInt8] {
            message(
                RouteRequest.newLink, .ack, sequence: 9, RouteRequest.interface(try Facts.index("nlgA")) + attributes)
        }

        private static func makePair() throws { try ip("link add nlgA type veth peer name nlgB") }

        @Test func `21: a descriptor of whoever sends moves a link`() throws {
            let other = try Neighbourhood()
            let descriptor = try Descriptor.open("/proc/\(other.pid)/ns/net", flags: O_RDONLY)
            try Namespace().enter {
                try Self.makePair()
                let socket = try LocalSocket(protocolNumber: 0)
                let number = UInt32(bitPattern: descriptor.raw)
                #expect(
                    try socket.answer(to: Self.change(Bytes.attribute(28, number)), sequence: 9).code == 0)
                #expect(try other.has("nlgA"))
            }
            try Gateway.run(["--policy", "builtin:unrestricted"], prepare: Self.makePair) { gateway in
                let client = try AttackingClient(gateway, 0)
                for number in Array(0..<64) + [UInt32.max] {
                    #expect(try client.errors(Self.change(Bytes.attribute(28, number))) == [1], "\(number)")
                }
                #expect(try Facts.exists("nlgA"))
            }
        }

        @Test func `21: a process moves a link to where it is`() throws {
            var other: Neighbourhood?
            try Hazard(
                harmless: { try Self.change(Bytes.attribute(4, 1400)) },
                prepare: {
                    try Self.makePair()
                    other = try Neighbourhood()
                },
                attack: { try Self.change(Bytes.attribute(19, try #require(other).pid)) },
                hasHappened: { try !Facts.exists("nlgA") }
            ).expectPrevented([1])
        }

        /// A neighbour that the kernel calls 5 in the calling thread's namespace.
        private static func neighbourFive() throws -> Neighbourhood {
            let other = try Neighbourhood()
            let identifier = message(
                88, .ack, sequence: 4, Bytes.zeros(4) + Bytes.attribute(1, 5) + Bytes.attribute(2, other.pid))
            let code = try kernelAnswer(0, identifier, 4).code
            #expect(code == 0)
            return other
        }

        @Test func `23: a number reaches into another namespace`() throws {
            var other: Neighbourhood?
            let bridge = Bytes.attribute(3, "nlgb") + Bytes.attribute(18, Bytes.attribute(1, "bridge"))
            func create(_ more: [UInt8]) -> [UInt8] {
                message(
                    RouteRequest.newLink, [.ack, .create, .exclusive], sequence: 9,
                    RouteRequest.interface(0) + bridge + more)
            }
            try Hazard(
                harmless: { create([]) }, prepare: { other = try Self.neighbourFive() },
                attack: { create(Bytes.attribute(46, 5)) }, hasHappened: { try #require(other).has("nlgb") }
            ).expectPrevented([1])
        }

        @Test(arguments: [
            Dump(type: RouteRequest.getLink, header: 16, attribute: 46),
            Dump(type: RouteRequest.getAddress, header: 8, attribute: 10),
        ])
        func `23: a number reads another namespace`(dump: Dump) throws {
            let request = message(
                dump.type, .dump, sequence: 9, Bytes.zeros(dump.header) + Bytes.attribute(dump.attribute, 5))
            func prepare() throws -> Neighbourhood {
                let other = try Self.neighbourFive()
                try other.namespace.enter {
                    try ip("link add nlgS type bridge")
                    try ip("link set nlgS up")
                    try ip("addr add 192.0.2.7/32 dev nlgS")
                }
                return other
            }
            func mentionsNeighbour(_ bytes: [UInt8]) -> Bool {
                [Array("nlgS".utf8), [192, 0, 2, 7]].contains { needle in
                    bytes.indices.contains { bytes[$0...].starts(with: needle) }
                }
            }
            try Namespace().enter {
                let other = try prepare()
                let socket = try LocalSocket(protocolNumber: 0)
                try socket.setOption(NetlinkOption.getStrictCheck, 1)
                #expect(try mentionsNeighbour(socket.answer(to: request, sequence: 9).bytes))
                withExtendedLifetime(other) {}
            }
            try Gateway.run(["--policy", "builtin:unrestricted"]) { gateway in
                let other = try prepare()
                let session = try gateway.session()
                #expect(try session.setOption(OptionRequest(name: 12, value: 1)).code == 0)
                let answer = try session.answer(to: request, sequence: 9)
                #expect(answer.code == 1 && !mentionsNeighbour(answer.bytes))
                withExtendedLifetime(other) {}
            }
        }

        struct Dump: Sendable {
            var type: UInt16
            var header: Int
            var attribute: UInt16
        }

        @Test func `24: reading a namespace's number tells which processes are there`() throws {
            func ask(_ process: UInt32, _ sequence: UInt32) -> [UInt8] {
                message(90, .ack, sequence: sequence, Bytes.zeros(4) + Bytes.attribute(2, process))
            }
            let (there, missing) = (ask(UInt32(getpid()), 9), ask(4_194_000, 10))
            try Namespace().enter {
                let socket = try LocalSocket(protocolNumber: 0)
                #expect(try socket.answer(to: there, sequence: 9).code == 0)
                #expect(try socket.answer(to: missing, sequence: 10).code == ESRCH)
            }
            try Gateway.run(["--policy", "builtin:unrestricted"]) { gateway in
                let client = try AttackingClient(gateway, 0)
                let texts = try [there, missing].map { try client.texts($0) }
                #expect(texts[0] == texts[1] && texts[0].count == 1)
                #expect(try client.errors(there) == [1] && client.errors(missing) == [1])
                let byNumber = message(90, .ack, Bytes.zeros(4) + Bytes.attribute(1, 0))
                #expect(try client.texts(byNumber).allSatisfy { !$0.contains("nlgate") })
            }
        }

        @Test func `25: a socket option hears every namespace`() throws {
            let listenAll: Int32 = 8
            try Namespace().enter { try LocalSocket(protocolNumber: 0).setOption(listenAll, 1) }
            try Gateway.run(["--policy", "builtin:unrestricted"]) { gateway in
                let session = try gateway.session()
                #expect(try session.setOption(OptionRequest(name: UInt32(listenAll), value: 1)).code == ENOPROTOOPT)
            }
        }

        @Test func `26: no descriptor at all detaches a link's filter`() throws {
            let none = Bytes.attribute(43, Bytes.attribute(1, UInt32.max))
            try Namespace().enter {
                try Self.makePair()
                let socket = try LocalSocket(protocolNumber: 0)
                #expect(try socket.answer(to: Self.change(none), sequence: 9).code == 0)
            }
            try Gateway.run(["--policy", "builtin:unrestricted"], prepare: Self.makePair) { gateway in
                let client = try AttackingClient(gateway, 0)
                #expect(try client.errors(Self.change(none)) == [1])
            }
        }

        @Test func `27: a group of processes by descriptor tells which descriptors are open`() throws {
            func ask(_ family: UInt16, _ descriptor: UInt32) -> [UInt8] {
                message(family, .ack, sequence: 9, [4, 1, 0, 0] + Bytes.attribute(1, descriptor))
            }
            try Namespace().enter {
                let socket = try LocalSocket(protocolNumber: 16)
                let family = try GenericBytes.family("TASKSTATS")
                let open = try socket.answer(to: ask(family, 0), sequence: 9).code
                let closed = try socket.answer(to: ask(family, 999_999), sequence: 9).code
                #expect(open != closed, "\(open) \(closed)")
            }
            try Gateway.run(["--policy", "builtin:unrestricted"]) { gateway in
                let client = try AttackingClient(gateway, 16)
                let family = try GenericBytes.family("TASKSTATS")
                #expect(try client.errors(ask(family, 0)) == [1] && client.errors(ask(family, 999_999)) == [1])
                let texts = try [0, 3, 999_999].map { try client.texts(ask(family, $0)) }
                #expect(Set(texts).count == 1)
            }
        }
    }
}

/// Messages of generic netlink.
enum GenericBytes {
    /// Every family that this kernel has.
    static func families() throws -> [GenericFamily] {
        let bytes = try kernelAnswer(16, ControllerRequest.dump().encode(sequence: 2), 2).bytes
        var families: [GenericFamily] = []
        var cursor = MessageCursor(bytes.span)
        while let message = try cursor.next(in: bytes.span) {
            families.append(try GenericFamily(message, in: bytes.span))
        }
        return families
    }

    /// The number that the kernel gave the family with this name.
    static func family(_ name: String) throws -> UInt16 {
        try #require(try families().first { $0.name.description == name }, "no family \(name)").id.rawValue
    }

    /// CTRL_CMD_GETFAMILY.
    static func getFamily(_ attributes: [UInt8]) -> [UInt8] {
        message(16, .ack, sequence: 2, [3, 1, 0, 0] + attributes)
    }
}
