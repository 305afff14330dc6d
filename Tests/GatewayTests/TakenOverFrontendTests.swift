import Foundation
import GatewayIPC
import GatewayProtocol
import Glibc
import LinuxSys
import NetlinkWire
import TLSHandshake
import TLSSocket
import Testing

extension GatewayTests {
    /// A frontend that was taken over, with the sockets of a real one, before a real supervisor and a real keeper.
    @Suite struct TakenOverFrontendTests {
        private let identities: Identities

        init() throws { identities = try Identities.shared.get() }

        /// Runs `body` with a gateway and so many frontends, which are not started again at once.
        private func run(
            frontends: Int, _ options: [String] = [], _ body: (PuppetGateway, [PuppetFrontend]) throws -> Void
        ) throws {
            try Namespace().enter {
                let gateway = try PuppetGateway(identities, frontends: frontends, options)
                try body(gateway, gateway.frontends(frontends))
                #expect(try !gateway.supervisor.hasEnded(), "\(gateway.log)")
            }
        }

        private func open(_ connection: UInt32, _ transport: Transport = .tls) -> ChildMessage {
            .open(
                OpenRequest(
                    connection: connection, transport: transport, networkNamespace: 0, protocolNumber: 0,
                    readOnly: true, local: .unknown, peer: .unknown))
        }

        /// A session of a connection whose client is known: its socket.
        private func session(_ connection: UInt32, of frontend: PuppetFrontend) throws -> PacketSocket {
            try frontend.say(open(connection))
            guard let (message, socket) = try frontend.message(), message == .opened(connection: connection),
                let socket
            else { throw ToolFailure(description: "there is no session") }
            try frontend.say(.accepted(number: UInt64(connection)))
            let hello = RawClient.frame(.hello, Hello(protocolNumber: 0, readOnly: true).encode())
            try socket.send(hello)
            #expect(try socket.kinds() == [.welcome])
            return socket
        }

        /// The session's broker answers a question about the loopback interface.
        private func ask(_ session: PacketSocket) throws {
            try session.send(RawClient.frame(.datagram, RouteRequest.link(index: 1, sequence: 1)))
            #expect(try session.kinds() == [.datagram])
        }

        private static let hash = [UInt8](repeating: 7, count: 32)
        private static let text = Array("TLS 1.3, server CertificateVerify".utf8)
        private static func spaces(_ count: Int) -> [UInt8] { [UInt8](repeating: 0x20, count: count) }

        /// What is no server's CertificateVerify.
        private static let contents: [[[UInt8]]] = [
            [
                SignedContent.bytes(.client, transcriptHash: hash), spaces(63) + text + [0] + hash,
                spaces(65) + text + [0] + hash, spaces(64) + text + [1] + hash, spaces(64) + text + hash,
            ],
            [
                hash, [], SignedContent.bytes(.server, transcriptHash: [UInt8](repeating: 7, count: 20)),
                SignedContent.bytes(.server, transcriptHash: [UInt8](repeating: 7, count: 33)),
                SignedContent.bytes(.server, transcriptHash: [UInt8](repeating: 7, count: 64)),
            ],
        ]

        @Test(arguments: contents) func `nothing else is signed, and who asks for it is ended`(
            contents: [[UInt8]]
        ) throws {
            try run(frontends: contents.count) { gateway, frontends in
                for (index, content) in contents.enumerated() {
                    let frontend = frontends[index]
                    guard case .nonce(connection: 1, _)? = try frontend.ask(.begin(connection: 1)) else {
                        Issue.record("a handshake can begin")
                        return
                    }
                    #expect(try frontend.ask(.sign(connection: 1, content: content)) == nil)
                    try frontend.expectEnd()
                    let complaints = gateway.log.components(separatedBy: "broke the protocol with the keeper").count - 1
                    #expect(complaints == index + 1)
                }
                // The next one is served again.
                let next = try #require(try gateway.frontends().first)
                try next.handshake(1, identities.client, identities)
                #expect(try next.ask(.prove(connection: 1, message: next.proof)) == .proved(connection: 1))
            }
        }

        @Test func `two signatures for one handshake, or a step out of turn, end the frontend`() throws {
            let content = SignedContent.bytes(.server, transcriptHash: Self.hash)
            let sign = KeeperRequest.sign(connection: 1, content: content)
            let steps: [[KeeperRequest]] = [
                [sign, sign], [.judge(connection: 1, transcript: [1])], [.prove(connection: 1, message: [1])],
                [.begin(connection: 1)], [sign, .prove(connection: 1, message: [1])],
            ]
            let packets: [[UInt8]] = [[0], [64, 0, 1, 0, 0], [99, 0, 1, 0, 0, 0]]
            try run(frontends: steps.count + packets.count) { _, frontends in
                for (requests, frontend) in zip(steps, frontends) {
                    for request in [.begin(connection: 1)] + requests.dropLast() {
                        #expect(try frontend.ask(request) != nil)
                    }
                    #expect(try frontend.ask(requests[requests.count - 1]) == nil)
                    try frontend.expectEnd()
                }
                // Bytes that are no question at all.
                for (bytes, frontend) in zip(packets, frontends.dropFirst(steps.count)) {
                    #expect(try frontend.exchange(bytes) == nil)
                    try frontend.expectEnd()
                }
            }
        }

        @Test func `a recorded handshake opens nothing a second time, nor for another frontend`() throws {
            try run(frontends: 2) { gateway, frontends in
                let frontend = frontends[0]
                try frontend.handshake(1, identities.client, identities)
                #expect(try frontend.ask(.prove(connection: 1, message: frontend.proof)) == .proved(connection: 1))
                try ask(session(1, of: frontend))
                // The same bytes again: there is a signature, and no more.
                let refusal = KeeperReply.refused(connection: 2, reason: KeeperRefusal.notAHandshake)
                guard case .nonce(connection: 2, let nonce)? = try frontend.ask(.begin(connection: 2)),
                    case .signature? = try frontend.ask(.sign(connection: 2, content: frontend.content))
                else {
                    Issue.record("a second handshake can begin")
                    return
                }
                #expect(nonce != frontend.nonce)
                #expect(try frontend.ask(.judge(connection: 2, transcript: frontend.transcript)) == refusal)
                #expect(try frontend.ask(.prove(connection: 2, message: frontend.proof)) == refusal)
                try frontend.say(open(2))
                try frontend.expectEnd()
                #expect(gateway.log.contains(" broke the protocol between our processes"))
                // The client of one frontend is nobody to another.
                try frontends[1].say(open(1))
                try frontends[1].expectEnd()
                #expect(gateway.log.components(separatedBy: "\"session-start\"").count == 2, "\(gateway.log)")
            }
        }

        @Test func `one client's handshake with another's certificate or signature makes nobody known`() throws {
            let other = try identities.authority.issueClient(commonName: "other", validity: Validity(days: 2))
            try run(frontends: 3) { gateway, frontends in
                let cases = [(false, true), (false, false), (true, false)]
                for ((usesOwnCertificate, usesOwnProof), frontend) in zip(cases, frontends) {
                    frontend.skipsJudgement = true
                    try frontend.handshake(2, other, identities)
                    let (theirs, theirProof) = (frontend.transcript, frontend.proof)
                    try frontend.handshake(1, identities.client, identities)
                    let own = frontend.transcript
                    let mixed = own.dropLast(lastMessage(own).count) + lastMessage(theirs)
                    let transcript = usesOwnCertificate ? own : Array(mixed)
                    // Both certificates are good ones, and the handshake is the keeper's own.
                    #expect(
                        try frontend.ask(.judge(connection: 1, transcript: transcript))
                            == .judged(connection: 1, code: 0))
                    let proof = usesOwnProof ? frontend.proof : theirProof
                    #expect(
                        try frontend.ask(.prove(connection: 1, message: proof))
                            == .refused(connection: 1, reason: KeeperRefusal.notTheClient))
                    try frontend.say(open(1))
                    try frontend.expectEnd()
                }
                #expect(!gateway.log.contains("\"session-start\""), "\(gateway.log)")
            }
        }

        /// The client's Certificate at the end of a transcript.
        private func lastMessage(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
            var (start, offset) = (0, 0)
            while offset + 4 <= bytes.count {
                start = offset
                offset += 4 + Int(bytes[offset + 1]) << 16 + Int(bytes[offset + 2]) << 8 + Int(bytes[offset + 3])
            }
            return bytes[start...]
        }

        @Test func `no word of one frontend reaches another's sessions, whatever numbers it guesses`() throws {
            try run(frontends: 9) { gateway, frontends in
                let (honest, first) = (frontends[0], frontends[1])
                // In the middle of a handshake its number means nothing on another link.
                honest.skipsJudgement = true
                try honest.handshake(1, identities.client, identities)
                let refusal = KeeperReply.refused(connection: 1, reason: KeeperRefusal.notAHandshake)
                #expect(try first.ask(.judge(connection: 1, transcript: honest.transcript)) == refusal)
                #expect(
                    try honest.ask(.judge(connection: 1, transcript: honest.transcript))
                        == .judged(connection: 1, code: 0))
                #expect(try first.ask(.prove(connection: 1, message: honest.proof)) == refusal)
                #expect(try honest.ask(.prove(connection: 1, message: honest.proof)) == .proved(connection: 1))
                let session = try session(1, of: honest)
                try ask(session)
                // Not the sender's connection: nothing happens.
                try first.say(.closed(connection: 1))
                let identity = IdentityRecord(fingerprint: Self.hash, notAfter: .max, display: "CN=root")
                let memo = ClientMemo(fingerprint: Self.hash, commonName: "root", trace: []).encode()
                let mapping = ClientMapping(
                    frontend: 1, connection: 1, policy: 1, clients: [0], bindings: [0], words: "")
                let record = AuditRecord(
                    event: .writing, session: 1, ticket: 9, errno: 0, line: 1, omitted: 0, isWrite: true,
                    operation: "route NEWROUTE", target: "", denial: "", reason: "")
                let lies: [ChildMessage] = [
                    .sessionClosed(connection: 1), .ended(session: 1), open(1), .armed(session: 1, seconds: 60),
                    .audit(record), .misbehaved(frontend: 1), .revoked(frontend: 1, connection: 1),
                    .verified(VerifiedClient(frontend: 1, connection: 7, identity: identity, memo: memo)),
                    .mapped(mapping),
                ]
                for (lie, frontend) in zip(lies, frontends.dropFirst()) {
                    try frontend.say(lie)
                    try frontend.expectEnd()
                }
                try ask(session)
                // Of its own sessions a frontend may speak: this one is over, and the next may begin.
                try honest.say(.sessionClosed(connection: 1))
                try ask(self.session(1, of: honest))
            }
        }

        @Test func `handshakes are begun as often as the limit says, and the keeper lives on`() throws {
            try run(frontends: 1, ["--limit", "handshakes-per-second=20"]) { _, frontends in
                let frontend = frontends[0]
                var begun: UInt32 = 0
                var refused: UInt32 = 0
                for number in 1...200 as ClosedRange<UInt32> {
                    switch try frontend.ask(.begin(connection: number)) {
                    case .nonce(connection: number, _)?: begun += 1
                    case .refused(connection: number, KeeperRefusal.busy)?: refused += 1
                    default: Issue.record("\(number)")
                    }
                }
                #expect(begun >= 20)
                #expect(refused > 0)
                try eventually("the rate is there again") {
                    if case .nonce? = try frontend.ask(.begin(connection: 1000)) { true } else { false }
                }
            }
        }
    }
}
