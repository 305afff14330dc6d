import GatewayProtocol
import Glibc
import LinuxSys
import RemoteNetlink
import Testing

extension GatewayTests {
    /// What a client with a certificate is to the policy, only the keeper says.
    @Suite struct KeeperMappingTests {
        private static func text(_ role: String) -> String {
            """
            clients: { root: { uid: 0 }, noc: { common-name: "noc-7" } }
            roles:
              first: { read: { route: [GETLINK, GETADDR] } }
              second: { read: { route: [GETLINK] } }
            bindings:
              - { client: root, roles: [\(role)] }
              - { client: noc, roles: [\(role)] }
            """
        }

        private let addresses = RouteRequest.dump(RouteRequest.getAddress, header: 8, sequence: 6)
        private let internalText = "the gateway can't say what the policy gives this client"

        private func code(_ session: GatewaySession) throws -> Int32 {
            try session.answer(to: addresses, sequence: 6).code
        }

        /// A handshake that has ended, without a session.
        private func client(_ gateway: Gateway) throws -> RawClient {
            let client = try RawClient(RawClient.loopback)
            try client.startTLS(gateway.identities)
            return client
        }

        /// `nlgate policy apply` of the configured file, which ends when the policy is in force for everybody.
        private func apply(_ gateway: Gateway) throws -> RunningTool {
            try RunningTool(
                program("nlgate"), ["policy", "apply", "--admin", gateway.scratch.path + "/admin.sock"],
                log: gateway.scratch.path + "/apply")
        }

        private func sayHello(_ client: RawClient) throws {
            try client.write(preface + RawClient.frame(.hello, Hello(protocolNumber: 0).encode()))
        }

        @Test func `when a policy is said to be in force, no session has rights of the one before`() throws {
            let policy = try PolicyText(Self.text("first"))
            try Gateway.run(policy: policy) { gateway in
                let sessions = try (0..<20).map { _ in try gateway.session(Gateway.tls) }
                for session in sessions { #expect(try code(session) == 0) }
                for (role, verdict) in [("second", 1), ("first", 0), ("second", 1)] as [(String, Int32)] {
                    try policy.replace(with: Self.text(role))
                    #expect(try gateway.reload().contains(" loaded: 2 clients, "))
                    for session in sessions { #expect(try code(session) == verdict) }
                    #expect(try gateway.session(Gateway.tls).welcome.roles == [role])
                }
            }
        }

        @Test func `who asks for a session meanwhile waits for the keeper, and is judged by the new policy`() throws {
            let policy = try PolicyText(Self.text("first"))
            try Gateway.run(policy: policy) { gateway in
                let session = try gateway.session(Gateway.tls)
                let local = try gateway.session()
                let client = try client(gateway)
                let leaver = try self.client(gateway)
                // All three are known to the supervisor: a session of each would be there at once.
                try gateway.session(Gateway.tls).ping()
                let keeper = try gateway.only(.keeper)
                _ = kill(keeper.pid, SIGSTOP)
                try policy.replace(with: Self.text("second"))
                let apply = try apply(gateway)
                // Whom the kernel vouches for is judged without the keeper.
                try eventually("the Unix client has the new rights") { try code(local) == 1 }
                #expect(try !apply.hasEnded())
                try sayHello(client)
                try sayHello(leaver)
                leaver.endOutput()
                #expect(throws: (any Error).self) { try client.nextFrame(seconds: 1) }
                _ = kill(keeper.pid, SIGCONT)
                let frame = try #require(try client.nextFrame())
                #expect(frame.header.kind == .welcome)
                let welcome = try Welcome(0..<frame.payload.count, in: frame.payload.span)
                #expect(welcome.roles == ["second"])
                #expect(try apply.wait() == .exited(0))
                #expect(apply.log.contains(" loaded: 2 clients, "))
                #expect(try code(session) == 1)
                #expect(try gateway.only(.keeper).pid == keeper.pid)
                #expect(!gateway.log.contains("broke the protocol"))
            }
        }

        @Test func `a keeper that doesn't say it costs its clients their sessions, and is replaced`() throws {
            let policy = try PolicyText(Self.text("first"))
            try Gateway.run(policy: policy) { gateway in
                let session = try gateway.session(Gateway.tls)
                let local = try gateway.session()
                let client = try client(gateway)
                try gateway.session(Gateway.tls).ping()
                let keeper = try gateway.only(.keeper)
                _ = kill(keeper.pid, SIGSTOP)
                try policy.replace(with: Self.text("second"))
                let apply = try apply(gateway)
                try eventually("the policy is there") { try code(local) == 1 }
                try sayHello(client)
                let error = #expect(throws: ConnectError.self) { try session.receive(seconds: 60) }
                guard case .goodbye(let outcome) = error else {
                    Issue.record("\(String(describing: error))")
                    return
                }
                #expect(outcome.code == GoodbyeReason.internalError && outcome.text == internalText)
                let refusal = try client.goodbye()
                #expect(refusal?.code == GoodbyeReason.internalError && refusal?.text == internalText)
                #expect(gateway.log.contains("nlgate-keeper doesn't say who clients are; killed"))
                #expect(try apply.wait() == .exited(0))
                try eventually("another keeper") { (try? gateway.only(.keeper).pid) ?? keeper.pid != keeper.pid }
                try eventually("a session") { (try? gateway.session(Gateway.tls).welcome.roles) == ["second"] }
            }
        }

        @Test func `each policy gives the keeper a time of its own`() throws {
            let policy = try PolicyText(Self.text("first"))
            try Gateway.run(policy: policy) { gateway in
                let session = try gateway.session(Gateway.tls)
                try policy.replace(with: Self.text("second"))
                #expect(try apply(gateway).wait() == .exited(0))
                let keeper = try gateway.only(.keeper)
                // The time for the first one is nearly over, and over while the keeper has more for the second.
                usleep(8_000_000)
                _ = kill(keeper.pid, SIGSTOP)
                try policy.replace(with: Self.text("first"))
                let apply = try apply(gateway)
                usleep(4_000_000)
                _ = kill(keeper.pid, SIGCONT)
                #expect(try apply.wait() == .exited(0))
                #expect(try code(session) == 0)
                #expect(try gateway.only(.keeper).pid == keeper.pid)
            }
        }

        @Test func `a keeper that takes another's place maps by the policy in force`() throws {
            let policy = try PolicyText(Self.text("first"))
            try Gateway.run(policy: policy) { gateway in
                let session = try gateway.session(Gateway.tls)
                try policy.replace(with: Self.text("second"))
                try gateway.reload()
                let keeper = try gateway.only(.keeper)
                _ = kill(keeper.pid, SIGKILL)
                try eventually("a session") { (try? gateway.session(Gateway.tls).welcome.roles) == ["second"] }
                #expect(try code(session) == 1)
                try policy.replace(with: Self.text("first"))
                try gateway.reload()
                #expect(try code(session) == 0)
            }
        }
    }
}
