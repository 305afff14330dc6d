import GatewayProtocol
import LinuxSys
import NetlinkWire
import RemoteNetlink
import Testing

extension GatewayTests {
    /// Netlink messages on a byte stream, with or without a control message before them.
    @Suite struct DialectTests {
        private static let links = MessageStreamClient.request(
            RouteRequest.dump(RouteRequest.getLink, header: 16, sequence: 1))

        private func link(_ index: UInt32, _ sequence: UInt32) -> [UInt8] {
            MessageStreamClient.request(RouteRequest.link(index: index, sequence: sequence))
        }

        @Test func `raw and control, over every transport`() throws {
            let urls = ["unix://DIR/s.sock", "tls://127.0.0.1:7000", "tcp://127.0.0.1:7001"]
            try Gateway.run(["--insecure-tcp"], listen: urls) { gateway in
                let native = try gateway.session().answer(
                    to: RouteRequest.dump(RouteRequest.getLink, header: 16), sequence: 1)
                for url in urls {
                    for control in [true, false] {
                        let client = try client(of: gateway, url)
                        if control {
                            try client.raw.write(MessageStreamClient.control(0))
                            #expect(try client.next()?.bytes == MessageStreamClient.yes)
                        }
                        try client.raw.write(Self.links)
                        let answer = try client.answer(1)
                        #expect(try answer.types == native.types())
                        #expect(answer.code == 0 && answer.portID == 4711, "\(url)")
                    }
                }
            }
        }

        private func client(of gateway: Gateway, _ url: String) throws -> MessageStreamClient {
            if url.hasPrefix("unix") { return try MessageStreamClient(gateway) }
            guard url.hasPrefix("tls") else {
                return try MessageStreamClient(SocketAddress(kind: .ipv4, bytes: [127, 0, 0, 1], port: 7001))
            }
            let client = try MessageStreamClient(RawClient.loopback)
            try client.raw.startTLS(gateway.identities)
            return client
        }

        @Test func `byte by byte, and all at once`() throws {
            try Gateway.run { gateway in
                let said = MessageStreamClient.control(0) + Self.links + link(1, 2)
                let slow = try MessageStreamClient(gateway)
                for byte in said { try slow.raw.write([byte]) }
                let fast = try MessageStreamClient(gateway)
                try fast.raw.write(said)
                for client in [slow, fast] {
                    #expect(try client.next()?.bytes == MessageStreamClient.yes)
                    #expect(try client.answer(1).types.count > 0)
                    #expect(try client.answer(2).types == [RouteRequest.newLink])
                }
            }
        }

        @Test func `generic netlink, and a protocol that nobody grants`() throws {
            try Gateway.run { gateway in
                let generic = try MessageStreamClient(gateway)
                try generic.raw.write(MessageStreamClient.control(16))
                #expect(try generic.next()?.bytes == MessageStreamClient.yes)
                // CTRL_CMD_GETFAMILY of nlctrl.
                let family: [UInt8] = [3, 1, 0, 0, 6, 0, 1, 0, 16, 0, 0, 0]
                try generic.raw.write(MessageStreamClient.request(message(16, [], sequence: 3, family)))
                #expect(try generic.answer(3).types == [16])
                for bytes in [
                    MessageStreamClient.control(9), MessageStreamClient.control(33),
                    MessageStreamClient.control(0, command: 5),
                ] {
                    let refused = try MessageStreamClient(gateway)
                    try refused.raw.write(bytes)
                    #expect(try refused.next()?.bytes == MessageStreamClient.no)
                    #expect(try refused.next() == nil)
                }
            }
        }

        @Test func `without a session left, raw clients get an error and control clients a no`() throws {
            try Gateway.run(["--limit", "sessions-per-client=1"]) { gateway in
                let first = try gateway.session()
                let raw = try MessageStreamClient(gateway)
                try raw.raw.write(link(1, 9))
                #expect(try raw.answer(9).code == 105)
                #expect(try raw.next() == nil)
                let control = try MessageStreamClient(gateway)
                try control.raw.write(MessageStreamClient.control(0))
                #expect(try control.next()?.bytes == MessageStreamClient.no)
                #expect(try control.next() == nil)
                try first.ping()
            }
        }

        @Test func `a message that can't be ends the connection with EINVAL, a refused one doesn't`() throws {
            try Gateway.run { gateway in
                let client = try MessageStreamClient(gateway)
                try client.raw.write(
                    link(1, 1) + MessageStreamClient.request(RouteRequest.setLink(index: 1, up: false, sequence: 2)))
                #expect(try client.answer(1).types == [RouteRequest.newLink])
                let refusal = try client.answer(2)
                #expect(refusal.code == 1 && refusal.portID == 4711)
                try client.raw.write([8, 0, 0, 0] + link(1, 3).dropFirst(4))
                #expect(try client.answer(3).code == 22)
                #expect(try client.next() == nil)
                let long = try MessageStreamClient(gateway)
                try long.raw.write(link(1, 1) + [1, 0, 1, 0] + link(1, 4).dropFirst(4))
                #expect(try long.answer(4).code == 22)
                #expect(try long.next() == nil)
                #expect(!gateway.log.contains("ended with"), "\(gateway.log)")
            }
        }

        @Test func `the largest message takes two frames`() throws {
            try Gateway.run { gateway in
                let client = try MessageStreamClient(gateway)
                // An attribute that no link has, ignored where GET isn't strict.
                let size = 65_536
                let padding: [UInt8] = [0, 0xf0, 0xff, 0x3f]
                var big = link(1, 1)
                big += padding + [UInt8](repeating: 0, count: size - big.count - 4)
                (big[0], big[1], big[2]) = (0, 0, 1)
                let length = size - 32
                (big[32], big[33]) = (UInt8(length & 255), UInt8(length >> 8))
                try client.raw.write(big + link(1, 2))
                // Whatever the policy thinks of the first, the second is found behind it.
                #expect(try client.answer(2).types == [RouteRequest.newLink])
            }
        }

        @Test func `who ends his side still gets the replies, and the end after a while`() throws {
            func prepare() throws {
                try ipBatch(
                    (0..<20_000).map { "route add blackhole 10.\($0 >> 8 & 255).\($0 & 255).0/24" }, in: Scratch())
            }
            let options = ["--limit", "ping-seconds=1"]
            try Gateway.run(options, prepare: prepare) { gateway in
                for secure in [false, true] {
                    let client = try client(of: gateway, secure ? "tls" : "unix")
                    let dump = RouteRequest.dump(RouteRequest.getRoute, header: 12, sequence: 1)
                    try client.raw.write(MessageStreamClient.request(dump))
                    client.raw.endOutput()
                    #expect(try client.answer(1).types.count >= 20_000)
                    #expect(try client.next() == nil)
                }
                try eventually("the sessions are gone") {
                    try gateway.session().welcome.portID != 0 && gateway.helpers(.broker).isEmpty
                }
            }
        }

        @Test func `a silent client is not asked with PING and not given up`() throws {
            try Gateway.run(["--limit", "ping-seconds=1"]) { gateway in
                let old = try MessageStreamClient(gateway)
                try old.raw.write(link(1, 1))
                #expect(try old.answer(1).types.count == 1)
                let native = try RawClient(gateway, greeting: Hello(protocolNumber: 0))
                #expect(try native.goodbye()?.code == GoodbyeReason.timeout)
                try old.raw.write(link(1, 2))
                #expect(try old.next()?.header.sequence == 2)
            }
        }

        @Test func `who says too little in time is sent away`() throws {
            try Gateway.run(["--limit", "handshake-seconds=1"]) { gateway in
                for bytes in [[], [32], [32, 0, 0, 0, 18, 0], Array(MessageStreamClient.control(0)[..<20])] as [[UInt8]]
                {
                    let client = try RawClient(gateway)
                    try client.write(bytes)
                    try client.waitForEnd()
                }
                // One whole header is a wish for a session.
                let client = try MessageStreamClient(gateway)
                try client.raw.write(link(1, 5))
                #expect(try client.answer(5).types.count == 1)
            }
        }

        @Test func `events of all granted groups, numbered 0`() throws {
            try Gateway.run(prepare: { try ip("link add nlgA type veth peer name nlgB") }) { gateway in
                let client = try MessageStreamClient(gateway)
                try client.raw.write(MessageStreamClient.control(0) + link(1, 1))
                #expect(try client.answer(1).types.count == 1)
                try ip("link set nlgA up")
                try ip("addr add 192.0.2.1/32 dev lo")
                try ip("rule add prio 100 table 100")
                try ip("neigh add 192.0.2.9 lladdr 00:11:22:33:44:55 dev nlgA")
                var missing: Set<UInt16> = [16, 20, 24, 28, 32]
                while !missing.isEmpty {
                    let (header, _) = try #require(try client.next())
                    #expect(header.sequence == 0)
                    missing.remove(header.type.rawValue)
                }
            }
        }

        @Test func `of a storm each event comes, or NLMSG_OVERRUN, and others are served`() throws {
            let options = ["--limit", "burst-buffer=2097152"]
            try Gateway.run(options, base: ["--frontends", "1", "--readers", "1"]) { gateway in
                let slow = try MessageStreamClient(gateway)
                try slow.raw.write(link(1, 1))
                #expect(try slow.answer(1).types.count == 1)
                let other = try gateway.session()
                let prefixes = (0..<30_000).map { "blackhole 10.\($0 >> 16).\($0 >> 8 & 255).\($0 & 255)/32" }
                let before = try frontendMemory(gateway)
                for round in 0..<3 as Range<UInt32> {
                    try ipBatch(prefixes.map { "route add \($0)" } + prefixes.map { "route del \($0)" }, in: Scratch())
                    let request = RouteRequest.link(index: 1, sequence: round + 1)
                    #expect(try other.answer(to: request, sequence: round + 1).messages == 1)
                }
                #expect(try frontendMemory(gateway) - before < 4096, "KiB more than before")
                var overruns = 0
                var sequence: UInt32 = 100
                // A reply may be among what the kernel dropped: then it is asked for again.
                try slow.raw.write(link(1, sequence))
                while true {
                    let (header, _) = try #require(try slow.next())
                    if header.sequence == sequence, header.type.rawValue == RouteRequest.newLink { break }
                    guard header.type == .overrun else { continue }
                    overruns += 1
                    sequence += 1
                    try slow.raw.write(link(1, sequence))
                }
                #expect(overruns > 0)
            }
        }

        private func frontendMemory(_ gateway: Gateway) throws -> Int {
            let frontend = try #require(gateway.helpers(.frontend).first)
            return try #require(Gateway.status("VmRSS", of: frontend.pid))
        }
    }
}
