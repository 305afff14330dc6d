import GatewayIPC
import TLSHandshake
import TLSSocket

/// The handshakes of one frontend, and how far each has come: a state machine without sockets.
///
/// Everything that the frontend says is its word alone. What counts are the nonces that were given out here, the
/// signatures that were made here, and the client's signature over both.
struct Handshakes {
    /// What a request led to.
    enum Outcome {
        case reply(KeeperReply)
        /// The supervisor must hear of the client before the frontend hears of anything.
        case verified(ClientCandidate, KeeperReply)
        case nothing
        /// No well-behaved frontend says this now.
        case violation
    }

    private enum State {
        case begun(nonce: [UInt8])
        case signed(nonce: [UInt8], transcriptHash: [UInt8])
        case judged(ClientCandidate, transcriptHash: [UInt8])
    }

    private struct Handshake {
        var state: State
        let begunAt: UInt64
    }

    /// Handshakes that may be unfinished at once.
    static let mostUnfinished = 16_384

    private let key: ServerKey
    private let clients: ClientVerifier
    private let lifetime: UInt64
    private var unfinished: [UInt32: Handshake] = [:]
    private var rate: HandshakeRate
    private let makeNonce: () -> [UInt8]

    /// Handshakes that end after `seconds`; `makeNonce` gives 32 bytes that nobody can guess.
    init(
        _ key: ServerKey, _ clients: ClientVerifier, perSecond: UInt32, seconds: UInt32, now: UInt64,
        makeNonce: @escaping () -> [UInt8] = randomNonce
    ) {
        self.key = key
        self.clients = clients
        self.makeNonce = makeNonce
        lifetime = UInt64(seconds) * 1000
        rate = HandshakeRate(perSecond: perSecond, now: now)
    }

    var count: Int { unfinished.count }

    mutating func take(_ request: KeeperRequest, now: UInt64) -> Outcome {
        switch request {
        case .begin(let connection): return begin(connection, now)
        case .sign(let connection, let content): return sign(connection, content)
        case .judge(let connection, let transcript): return judge(connection, transcript)
        case .prove(let connection, let message): return prove(connection, message)
        case .forget(let connection):
            unfinished[connection] = nil
            return .nothing
        }
    }

    /// Forgets what is too old to be finished.
    mutating func expire(now: UInt64) {
        unfinished = unfinished.filter { now < $0.value.begunAt + lifetime }
    }

    private mutating func begin(_ connection: UInt32, _ now: UInt64) -> Outcome {
        guard unfinished[connection] == nil else { return .violation }
        guard unfinished.count < Handshakes.mostUnfinished, rate.take(now: now) else {
            return .reply(.refused(connection: connection, reason: KeeperRefusal.busy))
        }
        let nonce = makeNonce()
        unfinished[connection] = Handshake(state: .begun(nonce: nonce), begunAt: now)
        return .reply(.nonce(connection: connection, nonce))
    }

    /// One signature a handshake: the state is gone before anything is looked at.
    private mutating func sign(_ connection: UInt32, _ content: [UInt8]) -> Outcome {
        guard let handshake = unfinished.removeValue(forKey: connection) else { return forgotten(connection) }
        guard case .begun(let nonce) = handshake.state else { return .violation }
        guard let hash = SignedContent.transcriptHash(ofServerContent: content), let signature = key.sign(content)
        else {
            return .violation
        }
        unfinished[connection] = Handshake(
            state: .signed(nonce: nonce, transcriptHash: hash), begunAt: handshake.begunAt)
        return .reply(.signature(connection: connection, signature))
    }

    private mutating func judge(_ connection: UInt32, _ transcript: [UInt8]) -> Outcome {
        guard let handshake = unfinished.removeValue(forKey: connection) else { return forgotten(connection) }
        guard case .signed(let nonce, let signedHash) = handshake.state else { return .violation }
        let refusal = Outcome.reply(.refused(connection: connection, reason: KeeperRefusal.notAHandshake))
        // The nonce is used up, whatever comes of it.
        guard let flight = try? ClientFlight(transcript), flight.nonce == nonce,
            flight.serverCertificate == key.certificate, flight.serverHash({ $0.hash($1) }) == signedHash
        else { return refusal }
        switch clients.judge(flight.clientChain) {
        case .refused(let code):
            return .reply(.judged(connection: connection, code: UInt32(bitPattern: code)))
        case .good(let candidate):
            unfinished[connection] = Handshake(
                state: .judged(candidate, transcriptHash: flight.clientHash { $0.hash($1) }),
                begunAt: handshake.begunAt)
            return .reply(.judged(connection: connection, code: 0))
        }
    }

    private mutating func prove(_ connection: UInt32, _ message: [UInt8]) -> Outcome {
        guard let handshake = unfinished.removeValue(forKey: connection) else { return forgotten(connection) }
        guard case .judged(let candidate, let hash) = handshake.state else { return .violation }
        guard let proof = try? CertificateVerify(message), candidate.hasSigned(hash, proof) else {
            return .reply(.refused(connection: connection, reason: KeeperRefusal.notTheClient))
        }
        return .verified(candidate, .proved(connection: connection))
    }

    /// It took too long, or never began.
    private func forgotten(_ connection: UInt32) -> Outcome {
        .reply(.refused(connection: connection, reason: KeeperRefusal.notAHandshake))
    }
}

/// How many handshakes a frontend may begin: so many a second, and a second's worth at once.
struct HandshakeRate {
    private let perSecond: UInt64
    /// In thousandths of a handshake.
    private var left: UInt64
    private var last: UInt64

    init(perSecond: UInt32, now: UInt64) {
        self.perSecond = UInt64(perSecond)
        left = UInt64(perSecond) * 1000
        last = now
    }

    /// False when there is none left; `now` is in milliseconds.
    mutating func take(now: UInt64) -> Bool {
        let passed = min(now > last ? now - last : 0, 1000)
        left = min(left + passed * perSecond, perSecond * 1000)
        last = max(last, now)
        guard left >= 1000 else { return false }
        left -= 1000
        return true
    }
}

private func randomNonce() -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return (0..<ClientFlight.nonceLength).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
}
