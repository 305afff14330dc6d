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
        let server = try pki.serverContext(crl: list([serial]))
        let outcome = try Conversation(server, pki.clientContext(victim)).handshake()
        #expect(outcome.server?.code == .revoked)
        #expect(outcome.server?.description.contains("CN=victim") == true)
        #expect(outcome.client?.code == .refusedByPeer(alert: 44))
        #expect(try Conversation(server, pki.clientContext()).handshake().server == nil)
        // The same client is let in by an empty list.
        #expect(try Conversation(pki.serverContext(crl: list([])), pki.clientContext(victim)).handshake().server == nil)
    }

    @Test func `a revoked server is refused by a client with the list`() throws {
        let server = try #require(try PEM.certificates(pki.server.certificate, "x", limit: 1).first)
        let client = try pki.clientContext(crl: list([server.serial(limit: 32)]))
        let outcome = try Conversation(pki.serverContext(), client).handshake()
        #expect(outcome.client?.code == .revoked)
        #expect(outcome.server?.code == .refusedByPeer(alert: 44))
    }

    @Test func `an expired list admits nobody, and the text says so`() throws {
        let server = try pki.serverContext(crl: list([]))
        let end = try #require(server.revocationsExpire)
        #expect(abs(end - currentTime() - 86_400) < 3600)
        server.context.pretend(time: currentTime() + 2 * 86_400)
        let outcome = try Conversation(server, pki.clientContext()).handshake()
        #expect(outcome.server?.code == .crlExpired)
        #expect(outcome.server?.description.contains("get a new one from the CA") == true)
        #expect(outcome.client != nil)
    }

    @Test func `without a list nothing is said about its end`() throws {
        #expect(try pki.serverContext().revocationsExpire == nil)
    }

    @Test func `a list of another CA admits nobody`() throws {
        let other = try TestPKI(name: "other CA")
        let foreign = try other.authority.revocationList(serials: [], number: 1, validity: Validity(days: 1))
        let outcome = try Conversation(pki.serverContext(crl: foreign), pki.clientContext()).handshake()
        #expect(outcome.server?.code == .crlMissing)
    }

    @Test func `a list that an impostor signed does not count`() throws {
        let impostor = try TestPKI()
        let forged = try impostor.authority.revocationList(serials: [], number: 9, validity: Validity(days: 1))
        let outcome = try Conversation(pki.serverContext(crl: forged), pki.clientContext()).handshake()
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
        let one = try pki.serverContext(clientCA: chain.rootPEM, crl: low)
        #expect(try Conversation(one, client).handshake().server == nil)
        let high = try middle.revocationList(
            serials: [lowest.certificate.serial(limit: 32)], number: 1, validity: day)
        let both = try pki.serverContext(clientCA: chain.rootPEM, crl: low + high)
        let error = try Conversation(both, client).handshake().server
        #expect(error?.code == .revoked)
        #expect(error?.description.contains("a CA certificate above the client's (CN=level 1)") == true)
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
