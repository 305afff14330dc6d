import LinuxSys
import TLSHandshake

@testable import TLSSocket

/// OpenSSL's X509_V_ERR_ numbers that the keeper answers with.
enum Verdict {
    static let good: Int32 = 0
    static let listMissing: Int32 = 3
    static let wrongSignature: Int32 = 7
    static let notYetValid: Int32 = 9
    static let expired: Int32 = 10
    static let listExpired: Int32 = 12
    static let selfSigned: Int32 = 18
    static let noIssuer: Int32 = 20
    static let tooLong: Int32 = 22
    static let revoked: Int32 = 23
    static let wrongPurpose: Int32 = 26
    static let weakKey: Int32 = 66
    static let weakAuthority: Int32 = 67
    static let weakDigest: Int32 = 68
}

/// A server as it is shipped, frontend and keeper in one process: the connections have no key, and ask this object,
/// which may refuse and remembers what it was asked.
final class TestServer: HandshakeKeeper {
    static let connection: UInt32 = 77

    let key: ServerKey
    let clients: ClientVerifier
    private let context: TLSServerContext
    var hasNonces = true
    var signs = true
    /// Said in place of a judgement.
    var code: Int32?
    /// What was asked since the last connection began.
    private(set) var asked: [String] = []
    /// What was said of the last client's certificates; nil when it showed none.
    private(set) var verdict: Int32?
    /// The last client.
    private(set) var candidate: ClientCandidate?
    private(set) var hash: [UInt8] = []
    private(set) var flight: ClientFlight?
    /// The last client's CertificateVerify.
    private(set) var proof: [UInt8]?

    init(_ own: IssuedCertificate, authority: [UInt8]?, clientCA: [UInt8], crl: [UInt8]? = nil) throws(TLSError) {
        key = try ServerKey(certificate: own.certificate, key: own.key, authority: authority)
        clients = try ClientVerifier(clientCA: clientCA, crl: crl)
        context = try TLSServerContext(certificate: own.certificate)
    }

    /// Begins a connection's TLS; one handshake goes on at a time.
    func accept(_ socket: borrowing Descriptor) throws(TLSError) -> TLSConnection {
        (asked, verdict, candidate, flight, proof) = ([], nil, nil, nil, nil)
        return try context.accept(descriptor: socket.raw, keeper: self, number: Self.connection)
    }

    /// Goes on with the handshake, which is done when the client has proved who it is.
    func handshake(_ connection: TLSConnection) throws(TLSError) -> TLSProgress {
        guard try connection.handshake() == .done else { return .wantRead }
        if proof == nil { proof = connection.takeProof() }
        guard let proof, let message = try? CertificateVerify(proof), candidate?.hasSigned(hash, message) == true else {
            throw TLSError(.noCertificate, "the client has proved nothing")
        }
        return .done
    }

    func nonce(for connection: UInt32) -> [UInt8]? {
        asked.append("nonce \(connection)")
        return hasNonces ? (0..<32).map { UInt8($0) } : nil
    }

    func signature(over content: [UInt8], for connection: UInt32) -> [UInt8]? {
        asked.append("sign \(connection)")
        return signs ? key.sign(content) : nil
    }

    func verdict(on transcript: [UInt8], for connection: UInt32) -> Int32 {
        asked.append("judge \(connection)")
        let code = code ?? judge(transcript)
        verdict = code
        return code
    }

    private func judge(_ transcript: [UInt8]) -> Int32 {
        guard let flight = try? ClientFlight(transcript) else { return 50 }
        self.flight = flight
        switch clients.judge(flight.clientChain) {
        case .refused(let code): return code
        case .good(let candidate):
            self.candidate = candidate
            hash = flight.clientHash { $0.hash($1) }
            return 0
        }
    }
}
