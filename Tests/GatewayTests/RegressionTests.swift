import Foundation
import GatewayProtocol
import Glibc
import LinuxSys
import NetlinkWire
import RemoteNetlink
import Testing

extension GatewayTests {
    /// What hostile clients once could do.
    @Suite struct RegressionTests {
        private static let one = ["--frontends", "1", "--readers", "1"]

        /// True when the process waits for something at several moments in a row; one that spins never does.
        private func isIdle(_ helper: Helper) -> Bool {
            (0..<20).allSatisfy { _ in
                usleep(10_000)
                let status = text(ofFile: "/proc/\(helper.pid)/stat")
                guard let end = status.lastIndex(of: ")") else { return false }
                return status[end...].dropFirst(2).hasPrefix("S")
            }
        }

        @Test func `a session that ends while its client doesn't read leaves nobody spinning`() throws {
            try Gateway.run(base: RegressionTests.one) { gateway in
                let client = try RawClient(gateway, greeting: Hello(protocolNumber: 0))
                // PONGs fill the client's socket, so that GOODBYE can't be read from the broker.
                for tag in 0..<1200 { try client.write(RawClient.frame(.ping, tag: UInt32(tag))) }
                try client.write(RawClient.frame(.option, [1, 2]))
                try eventually("the frontend rests") { gateway.helpers(.frontend).allSatisfy(isIdle) }
                #expect(try client.goodbye()?.code == GoodbyeReason.protocolError)
            }
        }

        @Test func `short requests with long answers are answered in order, in bounded memory`() throws {
            try Gateway.run(base: RegressionTests.one) { gateway in
                let client = try RawClient(gateway, greeting: Hello(protocolNumber: 0))
                let count: UInt32 = 20_000
                let reader = try #require(gateway.helpers(.reader).first)
                let before = try #require(Gateway.status("VmRSS", of: reader.pid))
                var requests: [UInt8] = []
                for tag in 0..<count { requests += RawClient.frame(tag % 3 == 0 ? .join : .describe, tag: tag) }
                var sent = 0
                var answered: UInt32 = 0
                while answered < count {
                    while sent < requests.count,
                        let done = client.writeSome(requests.span.extracting(sent..<requests.count)), done > 0
                    { sent += done }
                    // Only when nothing more can be sent is anything read.
                    let frame = try #require(try client.nextFrame())
                    #expect(frame.header.tag == answered)
                    #expect(frame.header.kind == (answered % 3 == 0 ? .result : .describe))
                    answered += 1
                }
                let peak = try #require(Gateway.status("VmHWM", of: reader.pid))
                #expect(peak - before < 6000, "KiB more than before")
            }
        }

        @Test func `clients that don't read keep no event from one that does`() throws {
            let routes: [String] = (0..<20_000).map { (number: Int) -> String in
                "route add blackhole 10.0.\(number >> 8).\(number & 255)/32"
            }
            try Gateway.run(
                ["--limit", "burst-budget=2097152"], base: RegressionTests.one,
                prepare: { try ipBatch(routes, in: Scratch()) }
            ) { gateway in
                let session = try gateway.session(groups: [1])
                let dump = RouteRequest.dump(RouteRequest.getRoute, header: 12)
                var lazy: [RawClient] = []
                for _ in 0..<6 {
                    let client = try RawClient(gateway, greeting: Hello(protocolNumber: 0))
                    try client.write(RawClient.frame(.datagram, dump))
                    lazy.append(client)
                }
                try eventually("the reader has done what it can") { gateway.helpers(.reader).allSatisfy(isIdle) }
                for name in ["first", "second"] {
                    try ip("link set lo alias \(name)")
                    #expect(try session.nextEvent().type == RouteRequest.newLink)
                }
                for client in lazy { client.socket.shutdown(write: false) }
                try session.ping()
            }
        }

        /// True when a session on this new connection began and was reset.
        private func isReset(_ client: RawClient, _ hello: [UInt8]) throws -> Bool {
            try client.write(hello)
            guard try client.nextFrame()?.header.kind == .welcome else { return false }
            try client.write(RawClient.frame(.reset, tag: 1))
            return try client.nextFrame()?.header.kind == .result
        }

        @Test func `connections whose session was reset count again`() throws {
            let listen = ["tcp://127.0.0.1:7001", "unix://DIR/s.sock"]
            let options = ["--insecure-tcp", "--limit", "unauthenticated-per-address=3"]
            let address = SocketAddress(kind: .ipv4, bytes: [127, 0, 0, 1], port: 7001)
            let hello: [UInt8] = preface + RawClient.frame(.hello, Hello(protocolNumber: 0).encode())
            try Gateway.run(options, listen: listen, base: RegressionTests.one) { gateway in
                var held: [RawClient] = []
                for _ in 0..<10 {
                    let client = try RawClient(address)
                    guard try isReset(client, hello) else { break }
                    held.append(client)
                }
                #expect(held.count == 3)
                let first = try #require(held.first)
                try first.write(RawClient.frame(.ping, tag: 5))
                let pong: FrameKind? = try first.nextFrame()?.header.kind
                #expect(pong == .pong)
            }
        }

        @Test func `Unix connections of one user are bounded, and too many cost nobody else anything`() throws {
            let options: [String] = [
                "--limit", "unauthenticated-per-address=4", "--limit", "sessions-per-client=4", "--limit",
                "sessions=20",
            ]
            try Gateway.run(options, base: RegressionTests.one) { gateway in
                let other = try gateway.session(Gateway.tls)
                var held: [RawClient] = []
                for _ in 0..<8 { held.append(try RawClient(gateway)) }
                try eventually("the ninth is turned away") {
                    let ninth = try RawClient(gateway)
                    return (try? ninth.waitForEnd(seconds: 1)) != nil && ninth.isClosed
                }
                for _ in 0..<200 { _ = try? RawClient(gateway) }
                try other.ping()
                held.removeAll()
                try eventually("there is room again") { (try? gateway.session()) != nil }
                #expect(gateway.helpers(.frontend).count == 1)
                #expect(!gateway.log.contains("ended with"))
            }
        }

        @Test func `at its limit a client may still reset its session`() throws {
            let options: [String] = [
                "--limit", "privileged-brokers=1", "--limit", "sessions-per-client=1", "--policy",
                "builtin:unrestricted",
            ]
            try Gateway.run(options, base: RegressionTests.one) { gateway in
                let session = try gateway.session()
                for _ in 0..<20 { try session.reset(to: Hello(protocolNumber: 0)) }
                #expect(session.welcome.isPrivileged)
            }
        }

        @Test func `a daemon that fails to start leaves no socket behind`() throws {
            try Namespace().enter {
                // Not a certificate, which only a frontend finds out, when the sockets are there.
                let broken = try Gateway(["--cert", "/etc/passwd"], listen: ["unix://DIR/s.sock", Gateway.tls])
                #expect(try broken.supervisor.wait() == .exited(1))
                #expect(broken.log.contains("certificate"))
                #expect(!FileManager.default.fileExists(atPath: broken.unixPath))
                #expect(!FileManager.default.fileExists(atPath: broken.scratch.path + "/admin.sock"))
            }
        }
    }
}
