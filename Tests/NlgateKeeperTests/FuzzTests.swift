import GatewayIPC
import SeededInput
import TLSHandshake
import TLSSocket
import Testing

@testable import nlgate_keeper

extension SeededNumbers {
    /// The bytes with one to four changes: a byte, a bit, a cut, a part twice, a part of something else, a length.
    fileprivate mutating func changed(_ original: [UInt8], _ other: [UInt8]) -> [UInt8] {
        var bytes = original
        for _ in 0...below(4) where !bytes.isEmpty {
            let place = below(bytes.count)
            switch below(7) {
            case 0: bytes[place] = UInt8(truncatingIfNeeded: next())
            case 1: bytes[place] ^= 1 << UInt8(below(8))
            case 2: bytes.removeSubrange(place..<min(bytes.count, place + 1 + below(40)))
            case 3: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 1 + below(40))], at: place)
            case 4: bytes.insert(contentsOf: self.bytes(1 + below(5)), at: place)
            case 5:
                let from = below(max(1, other.count))
                bytes.replaceSubrange(place..., with: other[min(from, other.count)...])
            default: bytes[place] = [0, 1, 0x7f, 0x80, 0xfe, 0xff][below(6)]
            }
        }
        return bytes
    }
}

/// The keeper's parsers and states under bytes that nobody meant.
@Suite struct FuzzTests {
    private let world: World
    private let alice: Recording
    private let bob: Recording

    init() throws {
        world = try World()
        alice = try Recording(world, world.alice)
        bob = try Recording(world, world.bob)
    }

    private func handshakes() -> Handshakes {
        Handshakes(world.key, world.clients, perSecond: 1_000_000, seconds: 10, now: 0) {
            [UInt8](repeating: 1, count: 32)
        }
    }

    @Test(arguments: 1...2 as ClosedRange<UInt64>)
    func `no change of a handshake traps its reader, and none but the same bytes mean the same`(seed: UInt64) {
        var random = SeededNumbers(seed: seed)
        for _ in 0..<6000 {
            let bytes = random.changed(alice.transcript, bob.transcript)
            guard let flight = try? ClientFlight(bytes), bytes != alice.transcript, bytes != bob.transcript else {
                continue
            }
            #expect(flight.clientChain.count <= ClientFlight.chainLimit)
            #expect(
                flight.clientHash { $0.hash($1) } != (try? ClientFlight(alice.transcript))?.clientHash { $0.hash($1) })
        }
        for _ in 0..<6000 {
            let bytes = random.changed(alice.proof, bob.proof)
            guard let proof = try? CertificateVerify(bytes) else { continue }
            // Behind header, scheme and length there is the signature and nothing else.
            #expect(proof.signature.count == bytes.count - 8)
        }
        for _ in 0..<6000 {
            let content = random.changed(alice.content, SignedContent.bytes(.client, transcriptHash: []))
            guard let hash = SignedContent.transcriptHash(ofServerContent: content) else { continue }
            #expect(SignedContent.bytes(.server, transcriptHash: hash) == content)
        }
    }

    @Test(arguments: 1...2 as ClosedRange<UInt64>)
    func `no handshake with a change makes anybody known`(seed: UInt64) {
        var random = SeededNumbers(seed: seed)
        for round in 0..<1500 {
            var handshakes = handshakes()
            let transcript = round % 3 == 0 ? alice.transcript : random.changed(alice.transcript, bob.transcript)
            let proof = round % 3 == 1 ? alice.proof : random.changed(alice.proof, bob.proof)
            for request in [
                .begin(connection: 5), .sign(connection: 5, content: alice.content),
                .judge(connection: 5, transcript: transcript), .prove(connection: 5, message: proof),
            ] as [KeeperRequest] {
                guard case .verified = handshakes.take(request, now: 0) else { continue }
                // Changes may undo each other.
                #expect(transcript == alice.transcript && proof == alice.proof)
            }
        }
    }

    @Test(arguments: 1...2 as ClosedRange<UInt64>)
    func `requests in any order get no second signature and make nobody known`(seed: UInt64) {
        var random = SeededNumbers(seed: seed)
        var handshakes = handshakes()
        var begun = 0
        var signed = 0
        for round in 0..<6000 {
            let connection = UInt32(random.below(4))
            let request: KeeperRequest =
                switch random.below(6) {
                case 0, 1: .begin(connection: connection)
                case 2: .sign(connection: connection, content: alice.content)
                case 3: .judge(connection: connection, transcript: random.changed(alice.transcript, bob.transcript))
                case 4: .prove(connection: connection, message: random.changed(alice.proof, bob.proof))
                default: .forget(connection: connection)
                }
            switch handshakes.take(request, now: UInt64(round)) {
            case .reply(.nonce): begun += 1
            case .reply(.signature): signed += 1
            case .verified: Issue.record("round \(round)")
            default: break
            }
            #expect(signed <= begun)
            #expect(handshakes.count <= 4)
        }
        #expect(signed > 0)
    }

    @Test(arguments: 1...2 as ClosedRange<UInt64>)
    func `a packet has one meaning, or none`(seed: UInt64) {
        var random = SeededNumbers(seed: seed)
        let requests = [
            KeeperRequest.begin(connection: 5), .sign(connection: 5, content: alice.content),
            .judge(connection: 5, transcript: alice.transcript), .prove(connection: 5, message: alice.proof),
            .forget(connection: 5),
        ].map { $0.encode() }
        let replies = [
            KeeperReply.nonce(connection: 5, [UInt8](repeating: 1, count: 32)), .signature(connection: 5, [1, 2, 3]),
            .judged(connection: 5, code: 23), .proved(connection: 5), .refused(connection: 5, reason: 1),
            .certificate(world.server.certificate),
        ].map { $0.encode() }
        for packet in requests { #expect((try? KeeperRequest(packet))?.encode() == packet) }
        for packet in replies { #expect((try? KeeperReply(packet))?.encode() == packet) }
        for _ in 0..<4000 {
            for packets in [requests, replies] {
                let bytes = random.changed(packets[random.below(packets.count)], packets[random.below(packets.count)])
                if let request = try? KeeperRequest(bytes) { #expect(request.encode() == bytes) }
                if let reply = try? KeeperReply(bytes) { #expect(reply.encode() == bytes) }
            }
        }
        for _ in 0..<4000 {
            let bytes = random.bytes(random.below(64))
            if let request = try? KeeperRequest(bytes) { #expect(request.encode() == bytes) }
        }
    }

    @Test(arguments: 1...2 as ClosedRange<UInt64>)
    func `no bytes in a certificate's place trap the verifier, and changed ones are refused`(seed: UInt64) throws {
        var random = SeededNumbers(seed: seed)
        let own = try ClientFlight(alice.transcript).clientChain
        let other = try ClientFlight(bob.transcript).clientChain
        let leaf = try #require(own.first)
        let foreign = try #require(other.first)
        for _ in 0..<800 {
            let changed = random.changed(leaf, foreign)
            for chain in [[changed], [changed, leaf], [random.bytes(random.below(600))]] where changed != foreign {
                guard case .good = world.clients.judge(chain) else { continue }
                #expect(changed == leaf)
            }
            // What is beside a good certificate can't make it a bad one, unless it can't be read.
            if case .good(let candidate) = world.clients.judge([leaf, changed]) {
                #expect(candidate.peer.commonName == "alice")
                #expect(world.clients.stillTrusts(candidate.trace))
            }
        }
    }

    @Test(arguments: 1...2 as ClosedRange<UInt64>)
    func `no bytes in a trace's place trap, and none but those of a trusted chain are trusted`(seed: UInt64) {
        var random = SeededNumbers(seed: seed)
        guard case .good(let candidate) = world.clients.judge((try? ClientFlight(alice.transcript))?.clientChain ?? [])
        else {
            Issue.record("alice is a client")
            return
        }
        #expect(world.clients.stillTrusts(candidate.trace))
        for _ in 0..<2000 {
            #expect(!world.clients.stillTrusts(ChainTrace(bytes: random.bytes(random.below(500)))))
        }
        #expect(!world.clients.stillTrusts(ChainTrace(bytes: [])))
    }
}
