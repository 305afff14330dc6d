import Testing

@testable import TLSSocket

/// Contexts made from wrong files: each error says which file it is and what is wrong with it.
@Suite struct FileTests {
    private let pki: TestPKI

    init() throws { pki = try TestPKI() }

    private func server(
        certificate: [UInt8]? = nil, key: [UInt8]? = nil, ca: [UInt8]? = nil, crl: [UInt8]? = nil
    ) -> TLSError? {
        thrown { () throws(TLSError) in
            _ = try ServerKey(
                certificate: certificate ?? pki.server.certificate, key: key ?? pki.server.key, authority: nil)
            return try ClientVerifier(clientCA: ca ?? pki.caCertificate, crl: crl)
        }
    }

    @Test func `the right files are accepted`() throws {
        #expect(server() == nil)
        let lifetime = try PEMLifetime(pki.server.certificate, .chain)
        #expect(lifetime.ends == (try PEM.certificates(pki.server.certificate, "x", limit: 1).first?.notAfter))
        // Text around the blocks, as other tools write it, does no harm.
        #expect(server(certificate: Array("Certificate:\n  Data\n".utf8) + pki.server.certificate + [10, 10]) == nil)
    }

    @Test(arguments: ["", "garbage", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "\0\u{1}\u{2}"])
    func `garbage is no PEM, whichever file it is`(text: String) {
        let bytes = Array(text.utf8)
        let errors = [server(certificate: bytes), server(key: bytes), server(ca: bytes), server(crl: bytes)]
        #expect(errors.map { $0?.code } == [.badPEM, .badPEM, .badPEM, .badPEM])
        let files = [
            "the server's certificate file", "the server's key file", "the CA file for clients", "the CRL file",
        ]
        for (error, file) in zip(errors, files) { #expect(error?.description.hasPrefix(file) == true) }
    }

    @Test func `a block that is cut off or damaged is refused, also as the second`() {
        let cut = Array(pki.caCertificate.dropLast(60))
        #expect(server(ca: cut)?.code == .badPEM)
        #expect(server(ca: pki.caCertificate + cut)?.code == .badPEM)
        var damaged = pki.caCertificate
        damaged[100] = 0x2a
        #expect(server(ca: pki.caCertificate + damaged)?.code == .badPEM)
        #expect(server(ca: pki.caCertificate + pki.caCertificate) == nil)
    }

    @Test func `too many and too large are refused`() {
        let many = Array(repeatElement(pki.caCertificate, count: 65).joined())
        #expect(server(ca: many)?.code == .badPEM)
        #expect(server(ca: [UInt8](repeating: 65, count: PEM.sizeLimit + 1))?.description.contains("larger") == true)
    }

    @Test func `a key of another certificate is refused`() {
        let error = server(key: pki.client.key)
        #expect(error?.code == .keyMismatch)
        #expect(error?.description.contains("CN=gate.example") == true)
    }

    @Test func `swapped files are refused`() {
        #expect(server(certificate: pki.server.key)?.code == .badPEM)
        #expect(server(key: pki.server.certificate)?.code == .badPEM)
    }

    @Test func `an encrypted key is refused without asking anybody`() throws {
        let scratch = try Scratch()
        _ = try scratch.write("k", pki.server.key)
        try scratch.openssl(["pkcs8", "-topk8", "-in", "k", "-out", "e", "-passout", "pass:secret"])
        let error = server(key: try scratch.read("e"))
        #expect(error?.code == .passphrase)
        #expect(error?.description.contains("encrypted") == true)
    }

    @Test func `keys in the older forms work`() throws {
        let scratch = try Scratch()
        _ = try scratch.write("k", pki.server.key)
        try scratch.openssl(["ec", "-in", "k", "-out", "old"])
        let old = try scratch.read("old")
        #expect(String(decoding: old, as: UTF8.self).contains("BEGIN EC PRIVATE KEY"))
        #expect(server(key: old) == nil)
        let parameters = Array(try scratch.openssl(["ecparam", "-name", "prime256v1"]).utf8)
        #expect(server(key: parameters + old) == nil)
    }

    @Test func `one's own certificate must be valid now, and be one's own`() throws {
        let now = currentTime()
        let past = try pki.authority.issueServer(
            names: ["gate.example"], validity: Validity(notBefore: now - 5000, notAfter: now - 60))
        let expired = server(certificate: past.certificate, key: past.key)
        #expect(expired?.code == .certificateExpired)
        #expect(expired?.description.contains(dateText(now - 60)) == true)
        let future = try pki.authority.issueServer(
            names: ["gate.example"], validity: Validity(notBefore: now + 5000, notAfter: now + 9000))
        #expect(server(certificate: future.certificate, key: future.key)?.code == .certificateNotYetValid)
        #expect(server(certificate: pki.client.certificate, key: pki.client.key)?.code == .wrongPurpose)
    }

    @Test func `a CA file of expired certificates alone is refused`() throws {
        let now = currentTime()
        let old = try CertificateAuthority.create(
            commonName: "old CA", validity: Validity(notBefore: now - 9000, notAfter: now - 60))
        #expect(server(ca: old.certificate)?.code == .certificateExpired)
        #expect(server(ca: old.certificate + pki.caCertificate) == nil)
    }

    @Test(
        arguments: [
            (0, "1970-01-01 00:00:00 UTC"), (951_782_400, "2000-02-29 00:00:00 UTC"),
            (4_107_542_399, "2100-02-28 23:59:59 UTC"), (-1, "1969-12-31 23:59:59 UTC"),
            (253_402_300_799, "9999-12-31 23:59:59 UTC"), (Int64.max, "an unreadable time"),
        ] as [(Int64, String)])
    func `times are written as dates`(seconds: Int64, text: String) {
        #expect(dateText(seconds) == text)
    }
}
