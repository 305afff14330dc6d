import Foundation
import LinuxSys
import RemoteNetlink
import TLSSocket

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

    init() throws {
        scratch = try Scratch()
        let now = Clock.unixSeconds()
        let span = Validity(notBefore: now - 864_000, notAfter: now + 315_360_000)
        let made = try CertificateAuthority.create(commonName: "test CA", validity: span)
        authorityCertificate = made.certificate
        authority = try CertificateAuthority(certificate: made.certificate, key: made.key)
        let names = ["localhost", "127.0.0.1", "::1", "10.9.0.1"]
        let server = try authority.issueServer(names: names, validity: Validity(days: 30))
        client = try authority.issueClient(commonName: "noc-7", validity: Validity(days: 30))
        certificatePath = try scratch.write(server.certificate, to: "server.crt", mode: 0o644)
        keyPath = try scratch.write(server.key, to: "server.key")
        authorityPath = try scratch.write(made.certificate, to: "ca.crt", mode: 0o644)
    }

    /// The options of a daemon that speaks TLS.
    var daemonOptions: [String] { ["--key", keyPath, "--cert", certificatePath, "--ca", authorityPath] }

    /// A client's credentials: the usual client's, or those of a certificate made for the occasion.
    func credentials(_ own: IssuedCertificate? = nil) -> Credentials {
        let own = own ?? client
        return Credentials(certificate: own.certificate, key: own.key, authority: authorityCertificate)
    }
}
