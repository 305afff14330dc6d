import Testing

@testable import TLSSocket

@Suite struct RevocationTests {
    private let pki: TestPKI
    private let victim: IssuedCertificate
    private let serial: String

    init() throws {
        pki = try TestPKI()
        victim = try pki.authority.issueClient(commonName: "victim", validity: Validity(days: 9))
        let parsed = try PEM.certificates(victim.certificate, "x", limit: 1)
        serial = try #require(parsed.first).serial(limit: 32)
    }

    private func list(_ serials: [String], days: Int = 1) throws -> [UInt8] {
        try pki.authority.revocationList(serials: serials, number: 1, validity: Validity(days: days))
    }

    @Test func `a revoked client is refused, others are not`() throws {
        let server = try pki.makeServer(crl: list([serial]))
        let outcome = try Conversation(server, pki.clientContext(victim)).handshake()
        #expect(outcome.verdict == Verdict.revoked)
        #expect(outcome.server != nil)
        #expect(outcome.client?.code == .refusedByPeer(alert: 44))
        #expect(try Conversation(server, pki.clientContext()).handshake().server == nil)
        // The same client is let in by an empty list.
        #expect(try Conversation(pki.makeServer(crl: list([])), pki.clientContext(victim)).handshake().server == nil)
    }

    @Test func `a revoked server is refused by a client with the list`() throws {
        let server = try #require(try PEM.certificates(pki.server.certificate, "x", limit: 1).first)
        let client = try pki.clientContext(crl: list([server.serial(limit: 32)]))
        let outcome = try Conversation(pki.makeServer(), client).handshake()
        #expect(outcome.client?.code == .revoked)
        #expect(outcome.client?.description.contains("CN=gate.example") == true)
        #expect(outcome.server?.code == .refusedByPeer(alert: 44))
    }

    @Test func `an expired list admits nobody, and the text says so`() throws {
        let now = currentTime()
        #expect(
            try pki.makeServer(crl: list([])).clients.revocationsExpire.map { abs($0 - now - 86_400) < 3600 } == true)
        let old = try pki.authority.revocationList(
            serials: [], number: 1, validity: Validity(notBefore: now - 7200, notAfter: now - 3600))
        let server = try pki.makeServer(crl: old)
        #expect(server.clients.revocationsExpire == now - 3600)
        let outcome = try Conversation(server, pki.clientContext()).handshake()
        #expect(outcome.verdict == Verdict.listExpired)
        #expect(outcome.server != nil && outcome.client?.code == .refusedByPeer(alert: 45))
        let reverse = try Conversation(pki.makeServer(), pki.clientContext(crl: old)).handshake()
        #expect(reverse.client?.code == .crlExpired)
        #expect(reverse.client?.description.contains("get a new one from the CA") == true)
        #expect(reverse.server != nil)
    }

    @Test func `without a list nothing is said about its end`() throws {
        #expect(try pki.makeServer().clients.revocationsExpire == nil)
    }

    @Test func `a list of another CA admits nobody`() throws {
        let other = try TestPKI(name: "other CA")
        let foreign = try other.authority.revocationList(serials: [], number: 1, validity: Validity(days: 1))
        let outcome = try Conversation(pki.makeServer(crl: foreign), pki.clientContext()).handshake()
        #expect(outcome.verdict == Verdict.listMissing)
        #expect(outcome.server != nil && outcome.client != nil)
        let reverse = try Conversation(pki.makeServer(), pki.clientContext(crl: foreign)).handshake()
        #expect(reverse.client?.code == .crlMissing)
    }

    @Test func `a list that an impostor signed does not count`() throws {
        let impostor = try TestPKI()
        let forged = try impostor.authority.revocationList(serials: [], number: 9, validity: Validity(days: 1))
        let outcome = try Conversation(pki.makeServer(crl: forged), pki.clientContext()).handshake()
        #expect(outcome.verdict.map { $0 != Verdict.good } == true)
        #expect(outcome.server != nil)
        #expect(outcome.client != nil)
    }

    @Test func `a list of the lowest CA is enough, and one of a higher CA is honoured`() throws {
        let chain = try TestChain(length: 2)
        let lowest = try #require(chain.authorities.last)
        let middle = try #require(chain.authorities.first)
        let day = Validity(days: 1)
        let low = try lowest.revocationList(serials: [], number: 1, validity: day)
        let client = try pki.clientContext(chain.client(), ca: pki.caCertificate)
        let one = try pki.makeServer(clientCA: chain.rootPEM, crl: low)
        #expect(try Conversation(one, client).handshake().server == nil)
        let high = try middle.revocationList(
            serials: [lowest.certificate.serial(limit: 32)], number: 1, validity: day)
        let both = try pki.makeServer(clientCA: chain.rootPEM, crl: low + high)
        let outcome = try Conversation(both, client).handshake()
        #expect(outcome.verdict == Verdict.revoked)
        #expect(outcome.server != nil && outcome.client?.code == .refusedByPeer(alert: 44))
    }

    @Test func `the openssl tool reads our lists`() throws {
        let scratch = try Scratch()
        _ = try scratch.write("crl", list([serial, "00ff"]))
        _ = try scratch.write("ca.crt", pki.caCertificate)
        let text = try scratch.openssl(["crl", "-in", "crl", "-noout", "-text", "-CAfile", "ca.crt"])
        #expect(text.contains("verify OK"))
        #expect(text.lowercased().contains(serial.replacing(/^0+/, with: "")))
        #expect(text.contains("X509v3 CRL Number"))
    }

    @Test(arguments: ["", "xyz", "-1", "0x12", "12 34", String(repeating: "a", count: 65)])
    func `what is no serial number is refused`(serial: String) throws {
        let error = thrown { () throws(TLSError) in
            try pki.authority.revocationList(serials: [serial], number: 1, validity: Validity(days: 1))
        }
        #expect(error?.code == .badName)
    }
}
