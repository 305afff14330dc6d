import Testing

@testable import TLSSocket

/// What a hostile but validly signed certificate can make us believe or print.
@Suite struct PeerCertificateTests {
    private let pki: TestPKI

    init() throws { pki = try TestPKI() }

    /// The keeper's view of a client after a real handshake.
    private func seen(_ client: IssuedCertificate) throws -> PeerCertificate {
        let talk = try Conversation(pki.makeServer(), pki.clientContext(client))
        let outcome = talk.handshake()
        #expect(outcome.server == nil)
        return try #require(talk.keeper.candidate?.peer)
    }

    private func named(_ commonName: String) throws -> IssuedCertificate {
        let key = try CertificateBuilder.newKey()
        let builder = try CertificateBuilder(commonName: commonName, validity: Validity(days: 1), key: key)
        try builder.setIssuer(pki.authority.certificate)
        return try builder.finish(signedBy: pki.authority.key, ownKey: key)
    }

    @Test(
        arguments: [
            ("noc-7\0.evil", #"noc-7\00.evil"#), ("a\u{1b}[31mb", #"a\1b[31mb"#), ("a\nb", #"a\0ab"#),
            (#"a\00"#, #"a\5c00"#), ("Jürgen", "Jürgen"), ("a\u{202e}b", #"a\e2\80\aeb"#), ("a\u{7f}", #"a\7f"#),
        ] as [(String, String)])
    func `a common name is shown escaped`(name: String, text: String) throws {
        let peer = try seen(named(name))
        #expect(peer.commonName == text)
    }

    @Test func `alternative names are told apart, escaped and counted`() throws {
        let names: [(type: Int32, bytes: [UInt8])] =
            [(6, Array("spiffe://example.org/noc".utf8)), (1, Array("noc@example.org".utf8)), (2, [0x61, 0, 0x62])]
            + (0..<20).map { (2, Array("h\($0).example".utf8)) } + [(6, [UInt8](repeating: 0x61, count: 256))]
        let peer = try seen(pki.authority.issue("x", names, usage: "clientAuth", validity: Validity(days: 1)))
        #expect(peer.uris == ["spiffe://example.org/noc"])
        #expect(peer.emails == ["noc@example.org"])
        #expect(peer.dnsNames.count == PeerCertificate.countLimit)
        #expect(peer.dnsNames.first == #"a\00b"#)
        #expect(peer.omittedNames == 21 - PeerCertificate.countLimit + 1)
    }

    @Test func `two common names are none`() throws {
        let scratch = try Scratch()
        _ = try scratch.write("ca.crt", pki.caCertificate)
        _ = try scratch.write("ca.key", pki.authority.key.pem())
        try scratch.openssl([
            "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "k",
            "-out", "r", "-subj", "/CN=noc-7/CN=noc-8",
        ])
        try scratch.openssl(["x509", "-req", "-in", "r", "-CA", "ca.crt", "-CAkey", "ca.key", "-out", "c"])
        let peer = try seen(IssuedCertificate(certificate: scratch.read("c"), key: scratch.read("k")))
        #expect(peer.commonName == nil)
    }

    @Test func `fingerprint and serial number are those that the openssl tool shows`() throws {
        let scratch = try Scratch()
        _ = try scratch.write("c", pki.client.certificate)
        let text = try scratch.openssl(["x509", "-in", "c", "-noout", "-fingerprint", "-sha256", "-serial", "-issuer"])
        let peer = try seen(pki.client)
        let fingerprint = peer.fingerprint.map { hexadecimal([$0]).uppercased() }.joined(separator: ":")
        #expect(text.contains(fingerprint))
        #expect(text.contains("serial=" + peer.serial.uppercased()))
        #expect(text.contains("CN = test CA"))
        #expect(peer.issuer == "CN=test CA")
    }

    @Test func `broken UTF-8 is escaped byte by byte`() {
        #expect(escaped([0x61, 0xff, 0x5c, 0x0a]) == #"a\ff\5c\0a"#)
        #expect(escaped(Array("a b".utf8)) == "a b")
        #expect(escaped(Array("a\u{a0}b".utf8)) == #"a\c2\a0b"#)
    }
}
