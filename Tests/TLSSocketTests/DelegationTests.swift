import LinuxSys
import TLSHandshake
import Testing

@testable import TLSSocket

/// Servers whose key is somewhere else.
@Suite struct DelegationTests {
    @Test func `one nonce, one signature, one judgement, and a proof that is the client's`() throws {
        let pki = try TestPKI()
        let keeper = try pki.makeServer()
        let talk = try Conversation(keeper, pki.clientContext())
        let outcome = talk.handshake()
        #expect(outcome.server == nil && outcome.client == nil, "\(outcome)")
        #expect(keeper.asked == ["nonce 77", "sign 77", "judge 77"])
        let candidate = try #require(keeper.candidate)
        #expect(candidate.peer.commonName == "noc-7")
        #expect(candidate.peer == talk.server.peer)
        #expect(keeper.flight?.nonce == (0..<32).map { UInt8($0) })
        #expect(keeper.flight?.serverCertificate == keeper.key.certificate)
        let proof = try #require(keeper.proof)
        #expect(talk.server.takeProof() == nil)
        let message = try CertificateVerify(proof)
        #expect(candidate.hasSigned(keeper.hash, message))
        #expect(!candidate.hasSigned(keeper.hash.reversed(), message))
        // Data flows as ever.
        #expect(try talk.client.write([1, 2, 3].span) == .bytes(3))
    }

    @Test func `who refuses ends the handshake, and nothing falls back`() throws {
        let pki = try TestPKI()
        for change in [{ $0.hasNonces = false }, { $0.signs = false }] as [(TestServer) -> Void] {
            let keeper = try pki.makeServer()
            change(keeper)
            let outcome = try Conversation(keeper, pki.clientContext()).handshake()
            #expect(outcome.server != nil)
            #expect(outcome.client != nil)
            #expect(!keeper.asked.contains("judge 77"))
        }
    }

    @Test(arguments: [(44, 23), (45, 10), (48, 20), (50, 50)].map { Alert(alert: $0.0, code: Int32($0.1)) })
    func `the keeper's reason becomes the client's alert`(expected: Alert) throws {
        let pki = try TestPKI()
        let keeper = try pki.makeServer()
        keeper.code = expected.code
        let outcome = try Conversation(keeper, pki.clientContext()).handshake()
        #expect(outcome.server != nil)
        guard case .refusedByPeer(let alert)? = outcome.client?.code else {
            Issue.record("\(outcome)")
            return
        }
        #expect(alert == expected.alert || expected.code == 50, "\(alert)")
    }

    struct Alert: Sendable, CustomStringConvertible {
        let alert: UInt8
        let code: Int32
        var description: String { "alert \(alert) for error \(code)" }
    }

    @Test func `strangers, the revoked and the expired are refused by the verifier`() throws {
        let pki = try TestPKI()
        let other = try TestPKI(name: "other CA")
        let same = try TestPKI()
        let revoked = try pki.authority.issueClient(commonName: "victim", validity: Validity(days: 9))
        let serial = try #require(try PEM.certificates(revoked.certificate, "x", limit: 1).first).serial(limit: 32)
        let list = try pki.authority.revocationList(serials: [serial], number: 1, validity: Validity(days: 1))
        let keeper = try pki.makeServer(crl: list)
        func code(_ certificate: [UInt8]) throws -> Int32? {
            let chain = try PEM.certificates(certificate, "x", limit: 8).compactMap(\.encoded)
            if case .refused(let code) = keeper.clients.judge(chain) { return code }
            return nil
        }
        #expect(try code(pki.client.certificate) == nil)
        #expect(try code(revoked.certificate) == 23)
        #expect(try code(other.client.certificate) == 20)
        // A CA of the same name with another key: its key's identifier is another one.
        #expect(try code(same.client.certificate) != nil)
        #expect(try code(pki.server.certificate) == 26)
        let now = currentTime()
        let past = Validity(notBefore: now - 864_000, notAfter: now - 10)
        let future = Validity(notBefore: now + 864_000, notAfter: now + 964_000)
        #expect(try code(pki.authority.issueClient(commonName: "old", validity: past).certificate) == 10)
        #expect(try code(pki.authority.issueClient(commonName: "new", validity: future).certificate) == 9)
        let none = keeper.clients.judge([])
        let junk = keeper.clients.judge([[1, 2, 3]])
        for judgement in [none, junk] {
            guard case .refused = judgement else {
                Issue.record("nothing was taken for a certificate")
                return
            }
        }
    }

    @Test func `an expired list is used as long as the grace time says, and no longer`() throws {
        let pki = try TestPKI()
        let now = currentTime()
        let list = try pki.authority.revocationList(
            serials: [], number: 1, validity: Validity(notBefore: now - 7200, notAfter: now - 3600))
        let chain = try PEM.certificates(pki.client.certificate, "x", limit: 8).compactMap(\.encoded)
        for (grace, isGood) in [(0, false), (3000, false), (4000, true)] as [(Int64, Bool)] {
            let clients = try ClientVerifier(clientCA: pki.caCertificate, crl: list, graceSeconds: grace)
            switch clients.judge(chain) {
            case .good: #expect(isGood, "\(grace)")
            case .refused(let code): #expect(!isGood && code == 12, "\(grace): \(code)")
            }
        }
    }

    /// How a client of a chain is judged: nil when it is good.
    private func code(_ clients: ClientVerifier, _ client: IssuedCertificate) throws -> Int32? {
        let chain = try PEM.certificates(client.certificate, "x", limit: 8).compactMap(\.encoded)
        if case .refused(let code) = clients.judge(chain) { return code }
        return nil
    }

    @Test func `lists of the CAs above count, and what they revoke later is known of an old chain`() throws {
        let chain = try TestChain(length: 2)
        let (middle, lowest) = (chain.authorities[0], chain.authorities[1])
        let client = try chain.client()
        let day = Validity(days: 1)
        func list(_ issuer: CertificateAuthority, _ revoked: [Certificate]) throws -> [UInt8] {
            try issuer.revocationList(serials: revoked.map { $0.serial(limit: 32) }, number: 1, validity: day)
        }
        let leaf = try #require(try PEM.certificates(client.certificate, "x", limit: 8).first)
        let plain = try ClientVerifier(clientCA: chain.rootPEM, crl: nil)
        guard
            case .good(let candidate) = plain.judge(
                try PEM.certificates(client.certificate, "x", limit: 8).compactMap(\.encoded))
        else {
            Issue.record("the chain is good")
            return
        }
        let trace = ChainTrace(bytes: candidate.trace.bytes)
        #expect(trace == candidate.trace && plain.stillTrusts(trace))
        let none = try list(lowest, []) + list(middle, []) + list(chain.root, [])
        let cases: [(lists: [UInt8], code: Int32?)] = [
            (none, nil), (try list(lowest, []), nil), (try list(lowest, [leaf]), 23),
            (try list(lowest, []) + list(middle, [lowest.certificate]), 23),
            (try list(lowest, []) + list(chain.root, [middle.certificate]), 23),
            // Without a list of the client's own issuer nobody is let in, but nothing is revoked.
            (try list(chain.root, []), 3),
        ]
        for (lists, expected) in cases {
            let clients = try ClientVerifier(clientCA: chain.rootPEM, crl: lists)
            #expect(try code(clients, client) == expected)
            #expect(clients.stillTrusts(trace) == (expected != 23))
        }
        // Any CA of the chain may be the one that is trusted; another of the same name is not.
        let intermediate = try ClientVerifier(clientCA: lowest.certificate.pem(), crl: nil)
        #expect(intermediate.stillTrusts(trace))
        let other = try ClientVerifier(clientCA: TestChain(length: 0).rootPEM, crl: nil)
        #expect(!other.stillTrusts(trace))
        #expect(!plain.stillTrusts(ChainTrace(bytes: [])))
    }

    private static let kinds: [[String]] = [
        ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], ["ec", "-pkeyopt", "ec_paramgen_curve:P-384"], ["ed25519"],
        ["rsa:2048"], ["rsa-pss", "-pkeyopt", "rsa_keygen_bits:2048"],
    ]

    private func selfSigned(_ kind: [String]) throws -> IssuedCertificate {
        let scratch = try Scratch()
        try scratch.openssl(
            ["req", "-x509", "-nodes", "-newkey"] + kind + [
                "-keyout", "key", "-out", "crt", "-days", "2", "-subj", "/CN=gate", "-addext",
                "subjectAltName=DNS:gate.example", "-addext", "extendedKeyUsage=serverAuth", "-addext",
                "keyUsage=digitalSignature,keyCertSign", "-config", "/dev/null", "-sha256",
            ])
        return IssuedCertificate(certificate: try scratch.read("crt"), key: try scratch.read("key"))
    }

    @Test(arguments: kinds) func `each kind of key that is supported signs`(kind: [String]) throws {
        let own = try selfSigned(kind)
        let pki = try TestPKI()
        let keeper = try pki.makeServer(own)
        let talk = try Conversation(keeper, pki.clientContext(ca: own.certificate))
        let outcome = talk.handshake()
        #expect(outcome.server == nil && outcome.client == nil, "\(outcome)")
        #expect(keeper.asked.contains("sign 77"))
        // The same key signs nothing else.
        let hash = [UInt8](repeating: 9, count: 32)
        #expect(keeper.key.sign(SignedContent.bytes(.server, transcriptHash: hash)) != nil)
        #expect(keeper.key.sign(SignedContent.bytes(.client, transcriptHash: hash)) == nil)
        #expect(keeper.key.sign(hash) == nil)
    }

    @Test(arguments: [["ec", "-pkeyopt", "ec_paramgen_curve:P-521"], ["ed448"]])
    func `other kinds are refused in words`(kind: [String]) throws {
        let own = try selfSigned(kind)
        let error = thrown { () throws(TLSError) in
            try ServerKey(certificate: own.certificate, key: own.key, authority: nil)
        }
        #expect(error?.code == .badCertificate)
        #expect(thrown { () throws(TLSError) in try TLSServerContext(certificate: own.certificate) } != nil)
    }
}
