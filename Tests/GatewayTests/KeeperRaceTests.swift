import CHostile
import GatewayIPC
import Glibc
import LinuxSys
import TLSHandshake
import Testing

@testable import TLSSocket

extension GatewayTests {
    /// A frontend that changes its questions after it has sent them.
    ///
    /// Pages that are spliced into a Unix stream are shared with the sender until the receiver copies them. Into a
    /// packet the kernel, as of Linux 6.18, copies at once: the link to the keeper is a socket of packets.
    @Suite struct KeeperRaceTests {
        /// How the bytes change.
        enum Change: String, CaseIterable {
            /// Once, while the keeper stands still.
            case before
            /// By turns, until the keeper has answered.
            case meanwhile
        }

        private let identities: Identities
        private let alice: [[UInt8]]
        private let bob: IssuedCertificate

        init() throws {
            identities = try Identities.shared.get()
            alice = try derChain(identities.client.certificate)
            bob = try identities.authority.issueClient(commonName: "bob-7", validity: Validity(days: 2))
        }

        /// True where the receiver of a packet gets what the page has when it reads.
        private func pagesAreShared() throws -> Bool {
            let pair = try PacketSocket.pair()
            try pair.ours.send([1, 2, 3], changedTo: [4, 5, 6])
            return try pair.theirs.receive() == [4, 5, 6]
        }

        /// Sends a question that becomes the other one.
        private func send(
            _ first: KeeperRequest, _ second: KeeperRequest, _ change: Change, _ keeper: LoneHelper,
            _ frontend: LyingFrontend
        ) throws {
            switch change {
            case .meanwhile: try frontend.link.send(first.encode(), flipping: second.encode())
            case .before:
                try keeper.child.signal(SIGSTOP)
                try frontend.link.send(first.encode(), changedTo: second.encode())
                try keeper.child.signal(SIGCONT)
            }
        }

        private func isSignature(_ signature: [UInt8], over content: [UInt8], by server: [UInt8]) throws -> Bool {
            let key = try #require(Certificate(encoded: server)?.publicKey)
            let scheme = try #require(SignatureScheme(serverKey: key))
            return scheme.verify(signature, over: content, by: key)
        }

        @Test(arguments: Change.allCases)
        func `what is signed is what was looked at, and what the handshake goes on with`(change: Change) throws {
            let keeper = try LoneHelper.keeper()
            let frontend = try LyingFrontend(keeper, 1)
            let isLate = try pagesAreShared()
            for _ in 0..<150 {
                let (connection, nonce) = try frontend.begin()
                let handshake = ForgedHandshake(nonce: nonce, server: frontend.server, client: alice)
                var other = handshake.content
                other[other.count - 1] ^= 1
                try send(
                    .sign(connection: connection, content: handshake.content),
                    .sign(connection: connection, content: other), change, keeper, frontend)
                guard case .signature(connection, let signature)? = try frontend.answer() else {
                    Issue.record("both contents may be signed")
                    return
                }
                let isOurs = try isSignature(signature, over: handshake.content, by: frontend.server)
                #expect(try isOurs != isSignature(signature, over: other, by: frontend.server))
                if change == .before { #expect(isOurs != isLate) }
                let verdict = try frontend.ask(.judge(connection: connection, transcript: handshake.transcript))
                let refusal = KeeperReply.refused(connection: connection, reason: KeeperRefusal.notAHandshake)
                #expect(verdict == (isOurs ? .judged(connection: connection, code: 0) : refusal))
                _ = try frontend.link.send(KeeperRequest.forget(connection: connection).encode())
            }
        }

        @Test(arguments: Change.allCases)
        func `what may not be signed isn't, however late it comes`(change: Change) throws {
            let keeper = try LoneHelper.keeper()
            var violations = 0
            for number in 1...100 as ClosedRange<UInt64> {
                let frontend = try LyingFrontend(keeper, number)
                let (connection, nonce) = try frontend.begin()
                let handshake = ForgedHandshake(nonce: nonce, server: frontend.server, client: alice)
                // The 64 spaces begin with something else: no server says that.
                var other = handshake.content
                other[0] = 0x21
                try send(
                    .sign(connection: connection, content: handshake.content),
                    .sign(connection: connection, content: other), change, keeper, frontend)
                if case .signature(_, let signature)? = try frontend.answer() {
                    #expect(try isSignature(signature, over: handshake.content, by: frontend.server))
                } else {
                    violations += 1
                    #expect(try keeper.message() == .misbehaved(frontend: number))
                }
            }
            if change == .before { #expect(try violations == (pagesAreShared() ? 100 : 0)) }
        }

        @Test(arguments: Change.allCases)
        func `whose certificate was judged is who must prove, and who is told`(change: Change) throws {
            let keeper = try LoneHelper.keeper()
            let frontend = try LyingFrontend(keeper, 1)
            let theirs = try derChain(bob.certificate)
            var (known, unknown) = (0, 0)
            for round in 0..<150 {
                let (connection, nonce) = try frontend.begin()
                // Two handshakes of one length: a certificate's signature is a byte longer or shorter by chance.
                let handshakes = [alice, theirs].map { chain in
                    ForgedHandshake(
                        nonce: nonce, server: frontend.server, client: chain,
                        padding: 1000 - chain.joined().count)
                }
                guard case .signature? = try frontend.ask(.sign(connection: connection, content: handshakes[0].content))
                else {
                    Issue.record("there is no signature")
                    return
                }
                // Bob has no key but his own, and would like to be Alice or to be let in by her certificate.
                let proof = try handshakes[1].proof(bob.key)
                let (first, second) = (handshakes[round % 2].transcript, handshakes[1 - round % 2].transcript)
                try send(
                    .judge(connection: connection, transcript: first),
                    .judge(connection: connection, transcript: second), change, keeper, frontend)
                guard case .judged(connection, 0)? = try frontend.answer() else {
                    // Neither the one nor the other was read, but a mixture of both.
                    #expect(change == .meanwhile)
                    continue
                }
                let answer = try frontend.ask(.prove(connection: connection, message: proof))
                if answer == .proved(connection: connection) {
                    guard case .verified(let client)? = try keeper.message() else {
                        Issue.record("the supervisor must know")
                        return
                    }
                    #expect(client.identity.fingerprint == (try fingerprint(theirs)))
                    #expect(ClientMemo(client.memo)?.commonName == "bob-7")
                    // And what he is to the policy.
                    _ = try keeper.message()
                    known += 1
                } else {
                    #expect(answer == .refused(connection: connection, reason: KeeperRefusal.notTheClient))
                    unknown += 1
                }
            }
            if change == .before { #expect(known == 75 && unknown == 75) }
        }

        private func fingerprint(_ chain: [[UInt8]]) throws -> [UInt8] {
            HandshakeDigest.sha256.hash(try #require(chain.first))
        }

        @Test func `a stream lends pages to its reader, and a packet can't be made to`() throws {
            let scratch = try Scratch()
            let address = try SocketAddress(unix: scratch.path + "/stream", abstract: false)
            let listener = try Descriptor.streamSocket(for: address)
            try listener.bind(to: address)
            try listener.listen(backlog: 1)
            let near = PacketSocket(try Descriptor.streamSocket(for: address))
            _ = try near.descriptor.connect(to: address)
            guard let accepted = try listener.accept() else { throw ToolFailure(description: "nobody came") }
            let far = Descriptor(owning: accepted.release())
            var buffer = [UInt8](repeating: 0, count: 3)
            try near.send([1, 2, 3], changedTo: [4, 5, 6])
            #expect(try far.receive(into: &buffer, count: 3) == .bytes(3))
            // From Linux 6.5 on it is what the page has by now.
            let isShared = buffer == [4, 5, 6]
            #expect(isShared || buffer == [1, 2, 3])
            #expect(try isShared || !pagesAreShared())
            let pair = try PacketSocket.pair()
            #expect(hostile_zerocopy(pair.ours.descriptor.raw) == EOPNOTSUPP)
        }
    }
}
