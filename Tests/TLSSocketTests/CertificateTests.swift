import Testing

@testable import TLSSocket

/// Which certificates are let in, in a whole handshake with both sides' errors.
@Suite struct CertificateTests {
    private static let day: Int64 = 86_400

    /// A client whose certificate is of such a time; our own refuses to start with it, so another one must try.
    private func run(_ pki: TestPKI, _ validity: Validity) throws -> ToolClient {
        let scratch = try Scratch()
        let own = try pki.authority.issueClient(commonName: "noc-7", validity: validity)
        _ = try scratch.write("x.crt", own.certificate)
        _ = try scratch.write("x.key", own.key)
        return try ToolClient(["-cert", "x.crt", "-key", "x.key"], pki.makeServer(), scratch: scratch)
    }

    @Test func `an expired client is refused and told so`() throws {
        let pki = try TestPKI()
        let now = currentTime()
        let run = try self.run(pki, Validity(notBefore: now - 2 * Self.day, notAfter: now - Self.day))
        #expect(run.verdict == Verdict.expired)
        #expect(run.serverError != nil && run.received.isEmpty)
        #expect(run.output.contains("alert certificate expired"))
    }

    @Test func `an expired server is refused by the client`() throws {
        let pki = try TestPKI()
        let client = try pki.clientContext()
        client.context.pretend(time: currentTime() + 31 * Self.day)
        let outcome = try Conversation(pki.makeServer(), client).handshake()
        #expect(outcome.client?.code == .certificateExpired)
        #expect(outcome.client?.description.contains("(CN=gate.example) expired on 20") == true)
        #expect(outcome.server?.code == .refusedByPeer(alert: 45))
    }

    @Test func `certificates that are not valid yet are refused`() throws {
        let pki = try TestPKI()
        let now = currentTime()
        let run = try self.run(pki, Validity(notBefore: now + Self.day, notAfter: now + 2 * Self.day))
        #expect(run.verdict == Verdict.notYetValid)
        #expect(run.serverError != nil && run.received.isEmpty)
        #expect(run.output.contains("alert bad certificate"))
        let client = try pki.clientContext()
        client.context.pretend(time: currentTime() - Self.day)
        #expect(try Conversation(pki.makeServer(), client).handshake().client?.code == .certificateNotYetValid)
    }

    @Test func `another CA of the same name is not this CA`() throws {
        let pki = try TestPKI()
        let impostor = try TestPKI()
        let outcome = try Conversation(pki.makeServer(), impostor.clientContext(ca: pki.caCertificate)).handshake()
        #expect(outcome.verdict == Verdict.noIssuer)
        #expect(outcome.server != nil)
        #expect(outcome.client?.code == .refusedByPeer(alert: 48))
        let reverse = try Conversation(
            impostor.makeServer(clientCA: pki.caCertificate), pki.clientContext()
        ).handshake()
        #expect(reverse.client?.code == .notSignedByCA)
        #expect(reverse.client?.description.contains("issued by CN=test CA") == true)
        #expect(reverse.server?.code == .refusedByPeer(alert: 48))
    }

    @Test func `an impostor without key identifiers fails at the signature`() throws {
        let scratch = try Scratch()
        for folder in ["a", "b"] {
            try scratch.openssl([
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "9",
                "-keyout", folder + ".key", "-out", folder + ".crt", "-subj", "/CN=twin", "-config", "/dev/null",
                "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "subjectKeyIdentifier=none", "-addext",
                "authorityKeyIdentifier=none",
            ])
        }
        let pki = try TestPKI()
        try scratch.openssl([
            "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "x.key", "-out",
            "x.csr", "-subj", "/CN=x", "-config", "/dev/null",
        ])
        try scratch.openssl([
            "x509", "-req", "-in", "x.csr", "-CA", "b.crt", "-CAkey", "b.key", "-out", "x.crt",
        ])
        let client = IssuedCertificate(certificate: try scratch.read("x.crt"), key: try scratch.read("x.key"))
        let server = try pki.makeServer(clientCA: scratch.read("a.crt"))
        let outcome = try Conversation(server, pki.clientContext(client)).handshake()
        #expect(outcome.verdict == Verdict.wrongSignature)
        #expect(outcome.server != nil && outcome.client?.code == .refusedByPeer(alert: 51))
        let right = try pki.makeServer(clientCA: scratch.read("b.crt"))
        #expect(try Conversation(right, pki.clientContext(client)).handshake().server == nil)
    }

    @Test func `a server's certificate does not make a client`() throws {
        let pki = try TestPKI()
        let scratch = try Scratch()
        _ = try scratch.write("x.crt", pki.server.certificate)
        _ = try scratch.write("x.key", pki.server.key)
        // Our own client refuses to start with it, so another one must try.
        let refused = thrown { () throws(TLSError) in
            try TLSClientContext(
                certificate: pki.server.certificate, key: pki.server.key, ca: pki.caCertificate, crl: nil)
        }
        #expect(refused?.code == .wrongPurpose)
        let run = try ToolClient(["-cert", "x.crt", "-key", "x.key"], pki.makeServer(), scratch: scratch)
        #expect(run.verdict == Verdict.wrongPurpose)
        #expect(run.serverError != nil)
        #expect(run.output.contains("unsupported certificate"))
        #expect(run.received.isEmpty)
    }

    @Test func `a self-signed client is refused`() throws {
        let pki = try TestPKI()
        let scratch = try Scratch()
        try scratch.openssl([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "x.key", "-out", "x.crt", "-subj", "/CN=noc-7",
        ])
        let run = try ToolClient(["-cert", "x.crt", "-key", "x.key"], pki.makeServer(), scratch: scratch)
        #expect(run.verdict == Verdict.selfSigned)
        #expect(run.serverError != nil)
    }

    @Test func `a weak key is refused, in a client and in one's own file`() throws {
        let pki = try TestPKI()
        let scratch = try Scratch()
        try scratch.openssl([
            "req", "-x509", "-newkey", "rsa:1024", "-nodes", "-keyout", "x.key", "-out", "x.crt", "-subj", "/CN=weak",
        ])
        let weak = try scratch.read("x.crt")
        let server = try pki.makeServer(clientCA: pki.caCertificate + weak)
        let run = try ToolClient(
            ["-cert", "x.crt", "-key", "x.key", "-cipher", "ALL:@SECLEVEL=0"], server, scratch: scratch)
        #expect(run.verdict == Verdict.weakKey)
        #expect(run.serverError != nil)
        #expect(run.received.isEmpty)
        let own = thrown { () throws(TLSError) in
            try ServerKey(certificate: weak, key: (try? scratch.read("x.key")) ?? [], authority: nil)
        }
        #expect(own?.code == .badCertificate)
        #expect(own?.description.contains("RSA of 2048 to 8192 bits") == true)
        let client = thrown { () throws(TLSError) in
            try TLSClientContext(
                certificate: weak, key: (try? scratch.read("x.key")) ?? [], ca: pki.caCertificate, crl: nil)
        }
        #expect(client?.code == .badCertificate)
        #expect(client?.description.contains("too small") == true)
    }

    @Test(arguments: ["sha1", "sha256"])
    func `a client whose certificate is signed over SHA-1 is refused`(digest: String) throws {
        let pki = try TestPKI()
        let scratch = try Scratch()
        _ = try scratch.write("ca.crt", pki.caCertificate)
        _ = try scratch.write("ca.key", pki.authority.key.pem())
        try scratch.openssl([
            "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "k", "-out", "r", "-subj", "/CN=x",
        ])
        try scratch.openssl([
            "x509", "-req", "-in", "r", "-CA", "ca.crt", "-CAkey", "ca.key", "-out", "c", "-" + digest,
        ])
        let run = try ToolClient(
            ["-cert", "c", "-key", "k", "-cipher", "ALL:@SECLEVEL=0"], pki.makeServer(), scratch: scratch)
        #expect(run.verdict == (digest == "sha1" ? Verdict.weakDigest : Verdict.good))
        #expect((run.serverError == nil) == (digest == "sha256"))
    }

    @Test(arguments: [0, 1, 4])
    func `chains up to the limit are followed`(length: Int) throws {
        let pki = try TestPKI()
        let chain = try TestChain(length: length)
        let talk = try Conversation(
            pki.makeServer(clientCA: chain.rootPEM), pki.clientContext(chain.client(), ca: pki.caCertificate))
        let outcome = talk.handshake()
        #expect(outcome.server == nil)
        #expect(outcome.client == nil)
    }

    @Test func `a longer chain is refused`() throws {
        let pki = try TestPKI()
        let chain = try TestChain(length: 6)
        let talk = try Conversation(
            pki.makeServer(clientCA: chain.rootPEM), pki.clientContext(chain.client(), ca: pki.caCertificate))
        let outcome = talk.handshake()
        #expect(outcome.verdict == Verdict.tooLong)
        #expect(outcome.server != nil && outcome.client != nil)
    }

    @Test func `a CA file that holds an intermediate alone trusts only that`() throws {
        let pki = try TestPKI()
        let chain = try TestChain(length: 2)
        let lowest = try #require(chain.authorities.last)
        let server = try pki.makeServer(clientCA: lowest.certificate.pem())
        #expect(
            try Conversation(server, pki.clientContext(chain.client(), ca: pki.caCertificate)).handshake().server == nil
        )
        let other = try chain.root.issueClient(commonName: "other", validity: Validity(days: 1))
        let outcome = try Conversation(server, pki.clientContext(other, ca: pki.caCertificate)).handshake()
        #expect(outcome.verdict == Verdict.noIssuer)
        #expect(outcome.server != nil)
    }

    @Test func `a huge certificate is refused before it is read`() throws {
        let pki = try TestPKI()
        let names = (0..<2000).map { (type: Int32(2), bytes: Array("host-\($0).example.org".utf8)) }
        let huge = try pki.authority.issue("huge", names, usage: "clientAuth", validity: Validity(days: 1))
        #expect(huge.certificate.count > SSLContext.certificateMessageLimit)
        let outcome = try Conversation(pki.makeServer(), pki.clientContext(huge)).handshake()
        #expect(outcome.server?.code == .badCertificate)
        #expect(outcome.server?.description.contains("excessive size") == true)
    }

    @Test(arguments: [["rsa:2048"], ["ec", "-pkeyopt", "ec_paramgen_curve:P-384"], ["ed25519"]])
    func `RSA, P-384 and Ed25519 keys work on both sides`(algorithm: [String]) throws {
        let scratch = try Scratch()
        try scratch.openssl(
            ["req", "-x509", "-nodes", "-keyout", "x.key", "-out", "x.crt", "-subj", "/CN=x", "-newkey"] + algorithm
                + ["-addext", "subjectAltName=DNS:gate.example"])
        let own = IssuedCertificate(certificate: try scratch.read("x.crt"), key: try scratch.read("x.key"))
        let pki = try TestPKI()
        let talk = try Conversation(
            pki.makeServer(own, clientCA: own.certificate), pki.clientContext(own, ca: own.certificate))
        let outcome = talk.handshake()
        #expect(outcome.server == nil)
        #expect(outcome.client == nil)
        #expect(talk.keeper.candidate?.peer.fingerprint == talk.client.peer?.fingerprint)
    }
}
