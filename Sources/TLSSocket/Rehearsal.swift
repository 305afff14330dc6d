internal import COpenSSL
import Glibc
internal import LinuxSys
internal import TLSHandshake

extension TLSLibrary {
    /// Finishes everything that OpenSSL and the C library would otherwise do when first used, for a process whose servers
    /// have their key somewhere else.
    ///
    /// It makes a throw-away CA and lets a server and a client of it talk over a socket pair. After that no file is
    /// opened and no library loaded, so that a filter may forbid both.
    ///
    /// - Throws: `library` when OpenSSL can't be used.
    public static func prepareDelegation() throws(TLSError) {
        try initialise()
        tzset()
        let world = try ThrowAwayWorld()
        let keeper = try RehearsalKeeper(world)
        let context = try SSLContext.delegating(certificate: world.server.certificate)
        try converse(context, world.clientContext(), Delegation(keeper, 1))
    }

    /// Starts OpenSSL in a process that will have a private key, which gets memory of its own, out of core files and
    /// swap space.
    ///
    /// - Throws: `library` when OpenSSL can't be used or the memory can't be locked.
    public static func prepareForKeys() throws(TLSError) {
        // 32 KiB are room for many keys; 2 would say that the memory isn't locked.
        guard CRYPTO_secure_malloc_init(1 << 15, 16) == 1 else {
            throw TLSError(
                .library, "no memory can be locked for the private key: RLIMIT_MEMLOCK must allow 64 KiB at least")
        }
        try initialise()
        tzset()
    }

    /// A handshake, a few bytes each way and the ends, all in this thread.
    private static func converse(
        _ server: SSLContext, _ client: SSLContext, _ delegation: Delegation
    ) throws(TLSError) {
        var ends: [Int32] = [-1, -1]
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        // SAFETY: the array has the two elements that are written.
        guard unsafe socketpair(AF_UNIX, type, 0, &ends) == 0 else {
            let error = Errno.last
            throw TLSError(.system(error), "no socket pair: \(error)")
        }
        let near = Descriptor(owning: ends[0])
        let far = Descriptor(owning: ends[1])
        let one = try TLSConnection(server, descriptor: near.raw, delegation: delegation)
        let other = try TLSConnection(client, descriptor: far.raw)
        try other.expectServer(.dns(ThrowAwayWorld.name))
        try shakeHands(one, other)
        try pass(from: other, to: one)
        try pass(from: one, to: other)
        other.closeNotify()
        guard one.peer != nil, other.peer != nil else { throw TLSError(.library, "a peer's certificate is missing") }
        // Both sockets stay open until here.
        (_, _) = (near.raw, far.raw)
    }

    private static func shakeHands(_ one: TLSConnection, _ other: TLSConnection) throws(TLSError) {
        for _ in 0..<16 {
            let client = try other.handshake()
            let server = try one.handshake()
            if client == .done && server == .done { return }
        }
        throw TLSError(.library, "a handshake within this process does not end")
    }

    private static func pass(from one: TLSConnection, to other: TLSConnection) throws(TLSError) {
        let sent = [UInt8](repeating: 7, count: 1000)
        var received = [UInt8](repeating: 0, count: 2000)
        guard try one.write(sent.span) == .bytes(1000), try other.read(into: &received, count: 2000) == .bytes(1000)
        else { throw TLSError(.library, "data within this process does not arrive") }
    }
}

extension ServerKey {
    /// Signs something, and lets a stranger's certificate be judged, which must be refused.
    ///
    /// It both finishes what OpenSSL does lazily and shows that certificates are checked at all.
    ///
    /// - Throws: `library` when the key can't sign or the stranger is let in.
    public func rehearse(with clients: ClientVerifier) throws(TLSError) {
        let hash = HandshakeDigest.sha256.hash(HandshakeDigest.sha384.hash([]))
        let world = try ThrowAwayWorld()
        let keeper = try RehearsalKeeper(world)
        guard sign(SignedContent.bytes(.server, transcriptHash: hash)) != nil, keeper.knowsItsClient(hash) else {
            throw TLSError(.library, "a signature can't be made or checked: this TLS library can't be used")
        }
        let expected = [
            X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
            X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_CERT_SIGNATURE_FAILURE, X509_V_ERR_UNABLE_TO_GET_CRL,
            X509_V_ERR_CRL_HAS_EXPIRED, X509_V_ERR_CRL_NOT_YET_VALID,
        ]
        guard case .refused(let code) = clients.judge(try world.clientChain()), expected.contains(code) else {
            throw TLSError(.library, "a client of an unknown CA was let in: this TLS library can't be trusted")
        }
    }
}

/// A keeper within the process, for rehearsals.
private final class RehearsalKeeper: HandshakeKeeper {
    private let world: ThrowAwayWorld
    private let key: ServerKey
    private let clients: ClientVerifier

    init(_ world: ThrowAwayWorld) throws(TLSError) {
        self.world = world
        key = try ServerKey(
            certificate: world.server.certificate, key: world.server.key, authority: world.certificate)
        clients = try ClientVerifier(clientCA: world.certificate, crl: world.revocations)
    }

    func nonce(for connection: UInt32) -> [UInt8]? { [UInt8](repeating: 7, count: ClientFlight.nonceLength) }

    func signature(over content: [UInt8], for connection: UInt32) -> [UInt8]? { key.sign(content) }

    func verdict(on transcript: [UInt8], for connection: UInt32) -> Int32 {
        guard let flight = try? ClientFlight(transcript) else { return X509_V_ERR_APPLICATION_VERIFICATION }
        switch clients.judge(flight.clientChain) {
        case .good: return X509_V_OK
        case .refused(let code): return code
        }
    }

    /// Checks a signature by the client's key.
    func knowsItsClient(_ hash: [UInt8]) -> Bool {
        guard case .good(let candidate)? = try? clients.judge(world.clientChain()),
            let key = try? PEM.privateKey(world.client.key, "the rehearsal's key"),
            let signature = SignatureScheme.ecdsaP256.sign(
                SignedContent.bytes(.client, transcriptHash: hash), with: key)
        else { return false }
        let length = UInt8(signature.count)
        let message = [15, 0, 0, length + 4, 4, 3, 0, length] + signature
        guard let proof = try? CertificateVerify(message) else { return false }
        return candidate.hasSigned(hash, proof)
    }
}

/// A CA that lives for one rehearsal, with one server and one client.
private struct ThrowAwayWorld {
    static let name = "rehearsal.invalid"

    let certificate: [UInt8]
    let server: IssuedCertificate
    let client: IssuedCertificate
    let revocations: [UInt8]

    init() throws(TLSError) {
        let validity = Validity(days: 1)
        let own = try CertificateAuthority.create(commonName: "rehearsal", validity: validity)
        let authority = try CertificateAuthority(certificate: own.certificate, key: own.key)
        certificate = own.certificate
        server = try authority.issueServer(names: [Self.name], validity: validity)
        client = try authority.issueClient(commonName: "rehearsal", validity: validity)
        revocations = try authority.revocationList(serials: [], number: 1, validity: validity)
    }

    func clientChain() throws(TLSError) -> [[UInt8]] {
        try PEM.certificates(client.certificate, "the rehearsal's certificate", limit: 8).compactMap(\.encoded)
    }

    func clientContext() throws(TLSError) -> SSLContext {
        try TLSClientContext(certificate: client.certificate, key: client.key, ca: certificate, crl: nil).context
    }
}
