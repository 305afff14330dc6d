import Programs
import Testing

@testable import TLSSocket

/// Certificates of clients that a CA has issued and that are no good all the same.
@Suite struct VerifierTests {
    /// A certificate to be made by the `openssl` tool.
    struct Made: Sendable, CustomStringConvertible {
        let description: String
        /// OpenSSL's X509_V_ERR_ number; nil for a good one.
        let code: Int32?
        var extensions = "extendedKeyUsage=clientAuth\nkeyUsage=digitalSignature\nbasicConstraints=CA:FALSE"
        /// For `openssl req -newkey`.
        var key = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        var digest = "-sha256"
        /// Of the CA between the root and the client; without it there is none.
        var above: String?
    }

    private static let authority = "basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign,cRLSign"

    static let certificates = [
        Made(description: "a good one", code: nil),
        Made(description: "a server's", code: 26, extensions: "extendedKeyUsage=serverAuth"),
        Made(
            description: "one for encryption", code: 26,
            extensions: "extendedKeyUsage=clientAuth\nkeyUsage=keyEncipherment"),
        Made(description: "a short RSA key", code: 66, key: ["rsa:1024"]),
        Made(description: "an unknown critical extension", code: 34, extensions: "1.2.3.4=critical,ASN1:NULL"),
        Made(description: "signed over SHA-1", code: 68, digest: "-sha1"),
        Made(description: "a good chain", code: nil, above: authority),
        Made(
            description: "a name that its CA may not give", code: 47,
            extensions: "extendedKeyUsage=clientAuth\nsubjectAltName=DNS:evil.example",
            above: authority + "\nnameConstraints=critical,permitted;DNS:good.example"),
        Made(
            description: "issued by who is no CA", code: 79,
            above: "basicConstraints=CA:FALSE\nkeyUsage=digitalSignature"),
        Made(
            description: "issued by a CA that may not issue", code: 79,
            above: "basicConstraints=critical,CA:TRUE\nkeyUsage=cRLSign"),
    ]

    /// Makes a key and a certificate with these extensions, issued by the files of that name.
    private func issue(
        _ name: String, _ made: Made, _ extensions: String, by issuer: String?, _ scratch: Scratch
    ) throws {
        _ = try scratch.write("\(name).ext", Array(extensions.utf8))
        try scratch.openssl(
            ["req", "-new", "-nodes", "-newkey"] + made.key + [
                "-keyout", "\(name).key", "-out", "\(name).csr", "-subj", "/CN=\(name)", "-config", "/dev/null",
            ])
        let signer = issuer.map { ["-CA", "\($0).crt", "-CAkey", "\($0).key", "-CAcreateserial"] }
        try scratch.openssl(
            [
                "x509", "-req", "-in", "\(name).csr", "-out", "\(name).crt", "-days", "2", "-extfile", "\(name).ext",
                made.digest,
            ]
                + (signer ?? ["-key", "\(name).key"]))
    }

    private func judge(_ verifier: ClientVerifier, _ text: [UInt8]) throws -> Int32? {
        let chain = try PEM.certificates(text, "x", limit: 8).compactMap(\.encoded)
        if case .refused(let code) = verifier.judge(chain) { return code }
        return nil
    }

    @Test(arguments: certificates) func `a certificate is worth what it says, to the letter`(made: Made) throws {
        let scratch = try Scratch()
        let plain = Made(description: "", code: nil)
        try issue("root", plain, Self.authority, by: nil, scratch)
        if let above = made.above { try issue("middle", plain, above, by: "root", scratch) }
        try issue("client", made, made.extensions, by: made.above == nil ? "root" : "middle", scratch)
        let verifier = try ClientVerifier(clientCA: scratch.read("root.crt"), crl: nil)
        let chain = try scratch.read("client.crt") + (made.above == nil ? [] : scratch.read("middle.crt"))
        #expect(try judge(verifier, chain) == made.code, "\(made)")
    }

    @Test func `a key of which checking a signature takes long is refused unchecked`() throws {
        let scratch = try Scratch()
        let plain = Made(description: "", code: nil)
        try issue("root", plain, Self.authority, by: nil, scratch)
        let verifier = try ClientVerifier(clientCA: scratch.read("root.crt"), crl: nil)
        for (bits, code) in [(8192, nil), (16_384, 28)] as [(Int, Int32?)] {
            // Nobody has the private half of this; it takes too long to make.
            _ = try scratch.write("n.cnf", Array(publicKeyForm(bits: bits).utf8))
            try scratch.openssl(["asn1parse", "-genconf", "n.cnf", "-noout", "-out", "n.der"])
            try scratch.openssl(["pkey", "-pubin", "-inform", "DER", "-in", "n.der", "-out", "n.pem", "-pubout"])
            try issue("client", plain, plain.extensions, by: "root", scratch)
            try scratch.openssl([
                "x509", "-req", "-in", "client.csr", "-out", "client.crt", "-days", "2", "-extfile", "client.ext",
                "-force_pubkey", "n.pem", "-CA", "root.crt", "-CAkey", "root.key", "-CAcreateserial",
            ])
            #expect(try judge(verifier, scratch.read("client.crt")) == code, "\(bits)")
        }
    }

    @Test func `a chain without end, and certificates that are none, are refused`() throws {
        let pki = try TestPKI()
        let verifier = try ClientVerifier(clientCA: pki.caCertificate, crl: nil)
        let deep = try TestChain(length: 6)
        let far = try ClientVerifier(clientCA: deep.rootPEM, crl: nil)
        #expect(try judge(far, deep.client().certificate) == 22)
        let own = try PEM.certificates(pki.client.certificate, "x", limit: 8).compactMap(\.encoded)
        let leaf = try #require(own.first)
        for chain in [[leaf + [0]], [Array(leaf.dropLast())], [leaf, [0x30]], [[]]] as [[[UInt8]]] {
            guard case .refused = verifier.judge(chain) else {
                Issue.record("\(chain.map(\.count))")
                continue
            }
        }
    }
}
