import GatewayProtocol
import Glibc
import LinuxSys
import Testing

/// What holds for a connection whose client was verified a while ago.
///
/// It waits, and so it isn't one of those that run one after the other: the others run meanwhile.
@Suite(HangGuard(), .enabled(if: getuid() == 0, "only root can make network namespaces and serve them"))
struct IdentityAgeTests {
    private static let options = [
        "--limit", "identity-minutes=1", "--limit", "ping-seconds=3600",
        // Users of its own: processes count by user.
        "--uid-base", "\(Gateway.userBase + 8_000_000)",
    ]

    /// Ends the session and asks for the next one: the answer to HELLO.
    private func reopen(_ client: RawClient) throws -> (header: FrameHeader, payload: [UInt8]) {
        try client.write(RawClient.frame(.reset, tag: 1))
        #expect(try client.nextFrame()?.header.kind == .result)
        try client.write(RawClient.frame(.hello, Hello(protocolNumber: 0).encode()))
        return try #require(try client.nextFrame())
    }

    private func connect(_ gateway: Gateway) throws -> RawClient {
        let client = try RawClient(RawClient.loopback)
        try client.startTLS(gateway.identities)
        try client.write(preface + RawClient.frame(.hello, Hello(protocolNumber: 0).encode()))
        #expect(try client.nextFrame()?.header.kind == .welcome)
        return client
    }

    @Test func `after its minutes a client must show again who it is, and what is open stays`() async throws {
        let namespace = try Namespace()
        let (gateway, client, other) = try namespace.enter {
            let gateway = try Gateway(Gateway.usual + Self.options, listen: [Gateway.tls])
            try gateway.waitUntilListening()
            return (gateway, try connect(gateway), try connect(gateway))
        }
        #expect(try reopen(client).header.kind == .welcome)
        try await Task.sleep(for: .seconds(61))
        let answer = try reopen(client)
        #expect(answer.header.kind == .goodbye)
        let reason = try Outcome(.goodbye, 0..<answer.payload.count, in: answer.payload.span)
        #expect(reason.code == GoodbyeReason.limits)
        #expect(
            reason.text == "this connection's client was verified more than 1 minute ago; connect again")
        try other.write(RawClient.frame(.datagram, RouteRequest.link(index: 1, sequence: 1)))
        #expect(try other.nextFrame()?.header.kind == .datagram)
        try namespace.enter {
            _ = try connect(gateway)
            try gateway.stop()
        }
    }
}
