import Testing

@testable import TLSSocket

/// What a client that is not ours can't get from our server.
@Suite struct ToolTests {
    let pki: TestPKI
    let scratch: Scratch
    let server: TestServer

    init() throws {
        pki = try TestPKI()
        scratch = try Scratch()
        _ = try scratch.write("client.crt", pki.client.certificate)
        _ = try scratch.write("client.key", pki.client.key)
        _ = try scratch.write("ca.crt", pki.caCertificate)
        server = try pki.makeServer()
    }

    private func run(_ arguments: [String], certificate: Bool = true, steps: [String] = ["hello\n"]) throws
        -> ToolClient
    {
        let own = certificate ? ["-cert", "client.crt", "-key", "client.key"] : []
        return try ToolClient(arguments + own + ["-CAfile", "ca.crt"], server, scratch: scratch, steps: steps)
    }

    @Test func `another TLS 1_3 client with a certificate is served, and gets no ticket`() throws {
        let run = try run(["-msg", "-sess_out", "session", "-tls1_3"])
        #expect(run.serverError == nil)
        #expect(String(decoding: run.received, as: UTF8.self) == "hello\n")
        #expect(run.output.contains("Verify return code: 0"))
        #expect(run.output.contains("CertificateVerify"))
        #expect(run.output.contains("welcome"))
        #expect(!run.output.contains("NewSessionTicket"))
        #expect(throws: (any Error).self) { try scratch.read("session") }
    }

    @Test(arguments: ["-tls1_2", "-tls1_1"])
    func `older versions are refused`(version: String) throws {
        let run = try run([version, "-cipher", "ALL:@SECLEVEL=0"])
        #expect(run.serverError?.code == .protocolVersion)
        #expect(run.output.contains("alert protocol version"))
        #expect(run.received.isEmpty)
    }

    @Test func `a client without a certificate is refused and told so`() throws {
        let run = try run([], certificate: false)
        #expect(run.serverError?.code == .noCertificate)
        #expect(run.output.contains("certificate required"))
        #expect(run.received.isEmpty)
    }

    @Test func `our application protocol is accepted among others`() throws {
        let run = try run(["-alpn", "h2,nlgate/1"])
        #expect(run.serverError == nil)
        #expect(run.output.contains("ALPN protocol: nlgate/1"))
    }

    @Test(arguments: ["h2", "nlgate/2", "nlgate", "h2,nlgate/11"])
    func `other application protocols are refused by an alert`(protocols: String) throws {
        let run = try run(["-alpn", protocols])
        #expect(run.serverError?.code == .applicationProtocol)
        #expect(run.output.contains("no application protocol"))
    }

    @Test func `new keys do not disturb, and renegotiation does not exist`() throws {
        let keys = try run(["-msg"], steps: ["K\n", "after\n"])
        #expect(keys.serverError == nil)
        #expect(String(decoding: keys.received, as: UTF8.self) == "after\n")
        #expect(keys.output.contains("KeyUpdate"))
        let again = try run(["-msg"], steps: ["R\n", "after\n"])
        #expect(again.output.contains("RENEGOTIATING"))
        #expect(again.output.components(of: "ClientHello") == 1)
    }

    @Test func `a pre-shared key does not stand in for a certificate`() throws {
        let run = try run(["-msg", "-psk", "00112233", "-psk_identity", "x", "-ciphersuites", "TLS_AES_128_GCM_SHA256"])
        #expect(run.serverError == nil)
        #expect(run.output.contains("CertificateVerify"))
        #expect(run.output.contains("New, TLSv1.3"))
    }

    @Test(arguments: ["P-521", "X448"])
    func `key exchanges outside the list are refused`(group: String) throws {
        let run = try run(["-groups", group])
        #expect(run.serverError != nil)
        #expect(run.output.contains("handshake failure"))
    }
}

extension String {
    /// How often a text occurs.
    fileprivate func components(of text: String) -> Int {
        split(separator: text, omittingEmptySubsequences: false).count - 1
    }
}
