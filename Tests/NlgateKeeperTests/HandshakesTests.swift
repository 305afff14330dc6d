import GatewayIPC
import TLSHandshake
import TLSSocket
import Testing

@testable import nlgate_keeper

/// What a frontend that does as it likes gets from the keeper.
@Suite struct HandshakesTests {
    private let world: World
    private let alice: Recording

    init() throws {
        world = try World()
        alice = try Recording(world, world.alice)
    }

    /// What came of a whole handshake.
    private enum Result: Equatable {
        case verified(String)
        case refused(UInt32)
        case judged(UInt32)
        case violation
        case other
    }

    private func handshakes(nonce: UInt8 = 1) -> Handshakes {
        Handshakes(world.key, world.clients, perSecond: 1000, seconds: 10, now: 0) {
            [UInt8](repeating: nonce, count: 32)
        }
    }

    private func result(_ outcome: Handshakes.Outcome) -> Result {
        switch outcome {
        case .verified(let candidate, .proved(connection: 5)): .verified(candidate.peer.commonName ?? "")
        case .reply(.refused(connection: 5, let reason)): .refused(reason)
        case .reply(.judged(connection: 5, let code)): .judged(code)
        case .violation: .violation
        default: .other
        }
    }

    /// Plays a handshake to the end or to the first refusal.
    private func play(
        _ handshakes: inout Handshakes, content: [UInt8]? = nil, transcript: [UInt8]? = nil, proof: [UInt8]? = nil
    ) -> Result {
        guard case .reply(.nonce) = handshakes.take(.begin(connection: 5), now: 0) else { return .other }
        let signed = handshakes.take(.sign(connection: 5, content: content ?? alice.content), now: 0)
        guard case .reply(.signature) = signed else { return result(signed) }
        let judged = handshakes.take(.judge(connection: 5, transcript: transcript ?? alice.transcript), now: 0)
        guard case .reply(.judged(connection: 5, code: 0)) = judged else { return result(judged) }
        return result(handshakes.take(.prove(connection: 5, message: proof ?? alice.proof), now: 0))
    }

    @Test func `a client that is there is verified`() throws {
        var handshakes = handshakes()
        #expect(play(&handshakes) == .verified("alice"))
        #expect(handshakes.count == 0)
    }

    @Test func `a recorded handshake is worth nothing under another nonce`() throws {
        var handshakes = handshakes(nonce: 2)
        #expect(play(&handshakes) == .refused(KeeperRefusal.notAHandshake))
    }

    @Test func `a handshake with another server of the same CA is worth nothing here`() throws {
        let made = try World()
        let elsewhere = try Recording(made, made.alice)
        var handshakes = handshakes()
        let result = play(&handshakes, content: elsewhere.content, transcript: elsewhere.transcript)
        #expect(result == .refused(KeeperRefusal.notAHandshake))
    }

    @Test func `what was signed must be what the client saw`() throws {
        let other = SignedContent.bytes(.server, transcriptHash: [UInt8](repeating: 0, count: 48))
        var handshakes = handshakes()
        #expect(play(&handshakes, content: other) == .refused(KeeperRefusal.notAHandshake))
    }

    @Test func `one client's handshake with another's certificate proves nothing`() throws {
        let bob = try Recording(world, world.bob)
        // Everything up to the server's Finished is Alice's, the certificate is Bob's.
        let own = Array(alice.transcript.prefix(alice.transcript.count - certificateLength(alice)))
        let mixed = own + bob.transcript.suffix(certificateLength(bob))
        for proof in [alice.proof, bob.proof] {
            var handshakes = handshakes()
            #expect(play(&handshakes, transcript: mixed, proof: proof) == .refused(KeeperRefusal.notTheClient))
        }
        var handshakes = handshakes()
        #expect(play(&handshakes, proof: bob.proof) == .refused(KeeperRefusal.notTheClient))
    }

    /// Length of the last message, the client's Certificate.
    private func certificateLength(_ recording: Recording) -> Int {
        var offset = 0
        var last = 0
        let bytes = recording.transcript
        while offset + 4 <= bytes.count {
            last = 4 + Int(bytes[offset + 1]) << 16 + Int(bytes[offset + 2]) << 8 + Int(bytes[offset + 3])
            offset += last
        }
        return last
    }

    @Test func `a flipped bit anywhere, and the client is not verified`() throws {
        for index in alice.transcript.indices {
            var transcript = alice.transcript
            transcript[index] ^= 1 << UInt8(index % 8)
            var handshakes = handshakes()
            let result = play(&handshakes, transcript: transcript)
            if case .verified = result { Issue.record("byte \(index)") }
        }
        for index in alice.proof.indices {
            var proof = alice.proof
            proof[index] ^= 1
            var handshakes = handshakes()
            #expect(play(&handshakes, proof: proof) == .refused(KeeperRefusal.notTheClient), "byte \(index)")
        }
    }

    @Test func `a transcript that is cut or longer is refused`() throws {
        for count in stride(from: 0, to: alice.transcript.count, by: 7) {
            var handshakes = handshakes()
            let result = play(&handshakes, transcript: Array(alice.transcript.prefix(count)))
            #expect(result == .refused(KeeperRefusal.notAHandshake), "\(count)")
        }
        for more in [[0], alice.proof, alice.transcript] as [[UInt8]] {
            var handshakes = handshakes()
            #expect(play(&handshakes, transcript: alice.transcript + more) == .refused(KeeperRefusal.notAHandshake))
        }
    }

    @Test func `each step comes once and in order`() throws {
        let sign = KeeperRequest.sign(connection: 5, content: alice.content)
        let judge = KeeperRequest.judge(connection: 5, transcript: alice.transcript)
        let prove = KeeperRequest.prove(connection: 5, message: alice.proof)
        let steps = [KeeperRequest.begin(connection: 5), sign, judge, prove]
        for done in 0...3 {
            for (index, next) in steps.enumerated() where index != done {
                var handshakes = handshakes()
                for step in steps[..<done] { _ = handshakes.take(step, now: 0) }
                let outcome = result(handshakes.take(next, now: 0))
                // Before the first step nothing is known that could be broken.
                #expect(outcome == (done == 0 ? .refused(KeeperRefusal.notAHandshake) : .violation), "\(done) \(index)")
            }
        }
        // After the last one the connection's number is free, and a proof is worth nothing any more.
        var handshakes = handshakes()
        #expect(play(&handshakes) == .verified("alice"))
        #expect(result(handshakes.take(prove, now: 0)) == .refused(KeeperRefusal.notAHandshake))
    }

    @Test func `two signatures for one handshake can't be had`() throws {
        let sign = KeeperRequest.sign(connection: 5, content: alice.content)
        var handshakes = handshakes()
        _ = handshakes.take(.begin(connection: 5), now: 0)
        guard case .reply(.signature) = handshakes.take(sign, now: 0) else {
            Issue.record("the first one is to be had")
            return
        }
        #expect(result(handshakes.take(sign, now: 0)) == .violation)
        #expect(result(handshakes.take(sign, now: 0)) == .refused(KeeperRefusal.notAHandshake))
    }

    @Test func `nothing but a server's CertificateVerify is signed`() throws {
        let hash = [UInt8](repeating: 7, count: 32)
        let contents: [[UInt8]] = [
            SignedContent.bytes(.client, transcriptHash: hash), hash, [], alice.content + [0],
            Array(alice.content.dropLast()), Array(alice.content.dropFirst()),
            SignedContent.bytes(.server, transcriptHash: [UInt8](repeating: 7, count: 20)),
            SignedContent.bytes(.server, transcriptHash: [UInt8](repeating: 7, count: 64)),
        ]
        for content in contents {
            var handshakes = handshakes()
            #expect(play(&handshakes, content: content) == .violation)
        }
    }

    @Test func `what isn't finished in time is forgotten, and there is a limit`() throws {
        var handshakes = Handshakes(world.key, world.clients, perSecond: 3, seconds: 10, now: 0)
        for connection in 1...3 as ClosedRange<UInt32> {
            guard case .reply(.nonce) = handshakes.take(.begin(connection: connection), now: 0) else {
                Issue.record("no nonce for \(connection)")
                return
            }
        }
        guard case .reply(.refused(connection: 4, KeeperRefusal.busy)) = handshakes.take(.begin(connection: 4), now: 0)
        else {
            Issue.record("a fourth handshake in one second")
            return
        }
        handshakes.expire(now: 9999)
        #expect(handshakes.count == 3)
        handshakes.expire(now: 10_000)
        #expect(handshakes.count == 0)
        _ = handshakes.take(.begin(connection: 5), now: 20_000)
        _ = handshakes.take(.forget(connection: 5), now: 20_000)
        #expect(handshakes.count == 0)
    }

    @Test func `no two nonces are the same`() {
        var handshakes = Handshakes(world.key, world.clients, perSecond: 1000, seconds: 10, now: 0)
        var seen: Set<[UInt8]> = []
        for connection in 1...500 as ClosedRange<UInt32> {
            if case .reply(.nonce(_, let nonce)) = handshakes.take(.begin(connection: connection), now: 0) {
                seen.insert(nonce)
            }
        }
        #expect(seen.count == 500)
    }
}
