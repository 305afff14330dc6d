import GatewayProtocol
import LinuxSys
import NetlinkWire
import RemoteNetlink
import SeededInput
import Testing

extension GatewayTests {
    /// Bytes that no client of ours sends, on every socket and at every moment.
    @Suite struct InputTests {
        /// Not what the protocol wants before the first HELLO; what may be answered is a GOODBYE, then the end.
        private static let garbage: [[UInt8]] = [
            Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8),
            Array("nlgate/2".utf8),
            [UInt8](repeating: 0, count: 4096),
            [UInt8](repeating: 0xff, count: 70_000),
            preface + [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            preface + [15, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            preface + [1, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            preface + [0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            preface + RawClient.frame(.datagram, RouteRequest.link(index: 1, sequence: 1)),
            preface + RawClient.frame(.welcome, Welcome().encode()),
            preface + RawClient.frame(FrameKind(rawValue: 999)),
            preface + RawClient.frame(.hello),
            preface + RawClient.frame(.hello, [1, 2, 3]),
            preface + RawClient.frame(.hello, Hello(protocolNumber: 33).encode()),
            preface + RawClient.frame(.hello, [UInt8](repeating: 0, count: 5000)),
            preface + RawClient.frame(.hello, Hello(protocolNumber: 0, byteOrder: 2).encode()),
            preface + RawClient.frame(.ping, [1]),
            preface + RawClient.frame(.reset, tag: 1),
            preface + RawClient.frame(.join, group: 1),
        ]

        @Test func `before a session`() throws {
            try Gateway.run { gateway in
                let good = try gateway.session(Gateway.tls)
                for bytes in Self.garbage {
                    for secure in [true, false] {
                        let client = secure ? try RawClient(RawClient.loopback) : try RawClient(gateway)
                        if secure { try client.startTLS(gateway.identities) }
                        try client.write(bytes)
                        let outcome = try client.goodbye()
                        #expect(outcome == nil || outcome?.code == GoodbyeReason.protocolError, "\(bytes.prefix(32))")
                        try client.waitForEnd()
                    }
                }
                try good.ping()
                #expect(gateway.helpers().count == 4)
                #expect(!gateway.log.contains("ended with"), "\(gateway.log)")
            }
        }

        @Test func `in a session`() throws {
            let hello = RawClient.frame(.hello, Hello(protocolNumber: 0).encode())
            let wrong: [[UInt8]] = [
                [15, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
                [0, 0, 2, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
                hello,
                RawClient.frame(.welcome, Welcome().encode()),
                RawClient.frame(.result, Outcome(code: 0).encode()),
                RawClient.frame(.overrun),
                RawClient.frame(FrameKind(rawValue: 16)),
                RawClient.frame(FrameKind(rawValue: 0)),
                RawClient.frame(.option, tag: 1, [1]),
                RawClient.frame(.option, tag: 1),
                RawClient.frame(.describe, tag: 1, [UInt8](repeating: 0, count: 5000)),
                // A part of a datagram, then something else.
                [20, 0, 0, 0, 3, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4] + RawClient.frame(.join, group: 1),
                [16, 0, 0, 0, 3, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            ]
            try Gateway.run { gateway in
                let good = try gateway.session(Gateway.tls)
                for bytes in wrong {
                    let client = try RawClient(gateway, greeting: Hello(protocolNumber: 0))
                    try client.write(bytes)
                    let outcome = try client.goodbye()
                    #expect(
                        outcome?.code == GoodbyeReason.protocolError,
                        "\(bytes.prefix(32)): \(String(describing: outcome))")
                    try client.waitForEnd()
                }
                #expect(try good.answer(to: RouteRequest.link(index: 1, sequence: 2), sequence: 2).messages == 1)
                #expect(!gateway.log.contains("ended with"), "\(gateway.log)")
            }
        }

        @Test func `netlink that isn't netlink is answered and the session goes on`() throws {
            var generator = SeededNumbers(seed: 0x6e6c_6761_7465)
            try Gateway.run { gateway in
                let session = try gateway.session()
                let client = try RawClient(gateway, greeting: Hello(protocolNumber: 0))
                for _ in 0..<500 {
                    let count = Int.random(in: 0...200, using: &generator)
                    let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
                    try client.write(RawClient.frame(.datagram, bytes))
                }
                try client.write(RawClient.frame(.option, tag: 5, OptionRequest.extendedAcks(true).encode()))
                while let (header, _) = try client.nextFrame(), header.kind != .result {
                    #expect(header.kind == .datagram)
                }
                #expect(!client.isClosed)
                try session.ping()
                #expect(!gateway.log.contains("ended with"), "\(gateway.log)")
            }
        }

        @Test func `byte by byte is as good as in one piece`() throws {
            try Gateway.run { gateway in
                let said =
                    preface + RawClient.frame(.hello, Hello(protocolNumber: 0).encode())
                    + RawClient.frame(.datagram, RouteRequest.link(index: 1, sequence: 7))
                    + RawClient.frame(.ping, tag: 2)
                for secure in [true, false] {
                    let client = secure ? try RawClient(RawClient.loopback) : try RawClient(gateway)
                    if secure { try client.startTLS(gateway.identities) }
                    for byte in said { try client.write([byte]) }
                    var kinds: Set<FrameKind> = []
                    while kinds.count < 3 { kinds.insert(try #require(try client.nextFrame()).header.kind) }
                    #expect(kinds == [.welcome, .datagram, .pong])
                }
            }
        }

        @Test func `what is cut off anywhere ends that connection alone`() throws {
            try Gateway.run { gateway in
                let good = try gateway.session()
                let said =
                    preface + RawClient.frame(.hello, Hello(protocolNumber: 0).encode())
                    + RawClient.frame(.datagram, RouteRequest.link(index: 1, sequence: 7))
                for end in 0..<said.count {
                    let client = try RawClient(gateway)
                    try client.write(Array(said[..<end]))
                    client.socket.shutdown(write: true)
                    try client.waitForEnd()
                }
                try good.ping()
                #expect(gateway.helpers().count == 4)
            }
        }

        @Test func `a TLS port never speaks plain`() throws {
            var generator = SeededNumbers(seed: 7)
            try Gateway.run { gateway in
                let good = try gateway.session(Gateway.tls)
                let hello = preface + RawClient.frame(.hello, Hello(protocolNumber: 0).encode())
                let random = (0..<2000).map { _ in UInt8.random(in: 0...255, using: &generator) }
                // A TLS record with a truncated ClientHello, and one of an absurd length.
                for bytes in [hello, random, [22, 3, 1, 0, 5, 1, 0, 0, 1, 3], [22, 3, 3, 255, 255] + random] {
                    let client = try RawClient(RawClient.loopback)
                    try client.write(bytes)
                    client.socket.shutdown(write: true)
                    let answer = try client.readAll()
                    #expect(!answer.contains("nlgate"))
                    // An alert at most: 7 bytes.
                    #expect(answer.utf8.count <= 32)
                }
                try good.ping()
                #expect(gateway.helpers().count == 4)
            }
        }

        @Test func `many connections that never shake hands, and a client that works all the while`() throws {
            let many = 10_000
            try Gateway.run { gateway in
                let good = try gateway.session()
                let established = try gateway.session(Gateway.tls)
                var held: [RawClient] = []
                for index in 0..<many {
                    held.append(try RawClient(RawClient.loopback))
                    if held.count > 200 { held.removeFirst(100) }
                    guard index.isMultiple(of: 500) else { continue }
                    for session in [good, established] {
                        #expect(
                            try session.answer(
                                to: RouteRequest.link(index: 1, sequence: 2), sequence: 2
                            ).messages == 1)
                    }
                    #expect(try gateway.session().welcome.portID != 0)
                }
                held = []
                try eventually("the address has room again") { (try? gateway.session(Gateway.tls)) != nil }
                #expect(!gateway.log.contains("ended with"), "\(gateway.log)")
            }
        }

        @Test func `the admin socket answers its requests and nothing else`() throws {
            try Gateway.run { gateway in
                let address = try SocketAddress(unix: gateway.scratch.path + "/admin.sock", abstract: false)
                let doctor = Array("nlga".utf8) + [1, 0, 1, 0]
                for bytes in [
                    Array("GET / HT".utf8), Array("nlga".utf8) + [2, 0, 1, 0], Array(doctor[..<7]) + [9],
                    Array("nlga".utf8) + [1, 0, 200, 0], [UInt8](repeating: 0xff, count: 9000),
                ] {
                    let client = try RawClient(address)
                    try client.write(bytes)
                    #expect(try client.readAll().isEmpty)
                }
                let cut = try RawClient(address)
                try cut.write(Array(doctor[..<3]))
                cut.socket.shutdown(write: true)
                #expect(try cut.readAll().isEmpty)
                // Silent ones don't keep others away.
                let silent = try (0..<10).map { _ in try RawClient(address) }
                let slow = try RawClient(address)
                for byte in doctor { try slow.write([byte]) }
                let answer = try slow.readAll()
                #expect(answer.contains("nlgated: pid \(gateway.pid), uid 0"))
                for name in ["nlgate-frontend 0", "reader 0.0", "reader 0.1"] { #expect(answer.contains(name)) }
                #expect(silent.count == 10)
            }
        }
    }
}
