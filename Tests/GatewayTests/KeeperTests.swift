import Foundation
import GatewayIPC
import GatewayProtocol
import Glibc
import LinuxSys
import RemoteNetlink
import Testing

extension GatewayTests {
    /// The process with the private key, as part of a running gateway.
    @Suite struct KeeperTests {
        private func ask(_ session: GatewaySession) throws {
            #expect(try session.answer(to: RouteRequest.link(index: 1, sequence: 1), sequence: 1).messages == 1)
        }

        @Test func `it is killed, sessions live on, handshakes fail until the next one is there`() throws {
            try Gateway.run { gateway in
                let before = try gateway.session(Gateway.tls)
                let first = try gateway.only(.keeper).pid
                #expect(kill(first, SIGSTOP) == 0)
                #expect(kill(first, SIGKILL) == 0)
                try eventually("another keeper") {
                    gateway.helpers(.keeper).contains { $0.pid != first } && gateway.log.contains("started again")
                }
                try ask(before)
                try eventually("handshakes again") { (try? gateway.session(Gateway.tls)) != nil }
                try ask(before)
                #expect(gateway.log.contains("nlgate-keeper ended with signal 9"))
                #expect(gateway.helpers(.frontend).count == 1)
            }
        }

        @Test func `it hangs: handshakes fail, sessions live on, and it is replaced`() throws {
            try Gateway.run { gateway in
                let before = try gateway.session(Gateway.tls)
                let frontend = try gateway.only(.frontend).pid
                let first = try gateway.only(.keeper).pid
                #expect(kill(first, SIGSTOP) == 0)
                #expect(throws: (any Error).self) { try gateway.session(Gateway.tls) }
                try ask(before)
                // The gateway gives it ten seconds to take a new link.
                try eventually("another keeper") { gateway.log.contains("nlgate-keeper started again") }
                try eventually("handshakes again") { (try? gateway.session(Gateway.tls)) != nil }
                try ask(before)
                #expect(try gateway.only(.keeper).pid != first)
                #expect(try gateway.only(.frontend).pid == frontend)
            }
        }

        @Test func `a gateway without certificates has none`() throws {
            try Gateway.run(listen: ["unix://DIR/s.sock"]) { gateway in
                #expect(gateway.helpers(.keeper).isEmpty)
                try ask(gateway.session())
            }
        }

        @Test func `a frontend gets a new way when it lost its own`() throws {
            try Gateway.run { gateway in
                let first = try gateway.only(.frontend).pid
                #expect(kill(first, SIGKILL) == 0)
                try eventually("another frontend") { gateway.helpers(.frontend).contains { $0.pid != first } }
                try eventually("handshakes again") { (try? gateway.session(Gateway.tls)) != nil }
                #expect(gateway.helpers(.keeper).count == 1)
            }
        }

        @Test func `the handshake limit refuses, and a moment later it does not`() throws {
            try Gateway.run(["--limit", "handshakes-per-second=2"]) { gateway in
                var refused = 0
                for _ in 0..<12 where (try? gateway.session(Gateway.tls)) == nil { refused += 1 }
                #expect(refused > 0)
                try eventually("a handshake again") { (try? gateway.session(Gateway.tls)) != nil }
            }
        }
    }
}
