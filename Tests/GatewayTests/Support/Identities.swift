import Foundation
import LinuxSys
import RemoteNetlink
import TLSSocket

/// Kinds of keys that a server may have.
enum ServerKeyKind: String, CaseIterable {
    case p256 = "P-256"
    case p384 = "P-384"
    case ed25519 = "Ed25519"
    case rsa = "RSA"

    /// For `openssl req -newkey`.
    fileprivate var words: [String] {
        switch self {
        case .p256, .p384: ["ec", "-pkeyopt", "ec_paramgen_curve:\(rawValue)"]
        case .ed25519: ["ed25519"]
        case .rsa: ["rsa:3072"]
        }
    }
}

/// One CA for the whole run, with a server and a client, as files and as bytes.
struct Identities: Sendable {
    /// Made once; the files stay until the tests end.
    static let shared = Result { try Identities() }

    let scratch: Scratch
    let authority: CertificateAuthority
    let authorityCertificate: [UInt8]
    let client: IssuedCertificate
    let certificatePath: String
    let keyPath: String
    let authorityPath: String
    /// The clients' CA, when the server's certificate is of another one.
    let clientAuthorityPath: String?

    /// With a kind of key the server's certificate is its own CA.
    init(serverKey kind: ServerKeyKind? = nil) throws {
        scratch = try Scratch()
        let now = Clock.unixSeconds()
        let span = Validity(notBefore: now - 864_000, notAfter: now + 315_360_000)
        let made = try CertificateAuthority.create(commonName: "test CA", validity: span)
        authority = try CertificateAuthority(certificate: made.certificate, key: made.key)
        let names = ["localhost", "127.0.0.1", "::1", "10.9.0.1"]
        client = try authority.issueClient(commonName: "noc-7", validity: Validity(days: 30))
        authorityPath = try scratch.write(made.certificate, to: "ca.crt", mode: 0o644)
        guard let kind else {
            let server = try authority.issueServer(names: names, validity: Validity(days: 30))
            certificatePath = try scratch.write(server.certificate, to: "server.crt", mode: 0o644)
            keyPath = try scratch.write(server.key, to: "server.key")
            authorityCertificate = made.certificate
            clientAuthorityPath = nil
            return
        }
        clientAuthorityPath = try scratch.write(made.certificate, to: "clients.crt", mode: 0o644)
        (certificatePath, keyPath) = (scratch.path + "/server.crt", scratch.path + "/server.key")
        try tool(
            "openssl",
            ["req", "-x509", "-nodes", "-newkey"] + kind.words + [
                "-keyout", keyPath, "-out", certificatePath, "-days", "30", "-subj", "/CN=gate", "-addext",
                "subjectAltName=DNS:localhost,IP:127.0.0.1", "-addext", "extendedKeyUsage=serverAuth", "-addext",
                "keyUsage=digitalSignature,keyCertSign", "-config", "/dev/null", "-sha256",
            ])
        authorityCertificate = Array(try Data(contentsOf: URL(filePath: certificatePath)))
        try scratch.write(authorityCertificate, to: "ca.crt", mode: 0o644)
    }

    /// Writes the CA's revocation list, with certificates of these serial numbers.
    ///
    /// - Returns: its path, always the same.
    @discardableResult
    func revoke(_ serials: [String], number: Int) throws -> String {
        let list = try authority.revocationList(serials: serials, number: number, validity: Validity(days: 9))
        return try scratch.write(list, to: "ca.crl")
    }

    /// The options of a daemon that speaks TLS.
    var daemonOptions: [String] {
        ["--key", keyPath, "--cert", certificatePath, "--ca", authorityPath]
            + (clientAuthorityPath.map { ["--client-ca", $0] } ?? [])
    }

    /// A client's credentials: the usual client's, or those of a certificate made for the occasion.
    func credentials(_ own: IssuedCertificate? = nil) -> Credentials {
        let own = own ?? client
        return Credentials(certificate: own.certificate, key: own.key, authority: authorityCertificate)
    }
}
