import GatewayProtocol
import LinuxSys
import RemoteNetlink
import TLSSocket
import Testing

extension GatewayTests {
    /// Certificates that other authorities issue: the gateway accepts them, and policies know them.
    ///
    /// docs/pki.md says of each what is made here.
    @Suite struct ForeignCertificateTests {
        private static let policy = """
            clients:
              cert-manager: { san-dns: "exporter.monitoring.svc", issuer: "CN=cluster-ca" }
              vault: { common-name: "noc-7.example.com" }
              step: { san-dns: "laptop.internal", issuer: "CN=Smallstep Intermediate CA,O=Smallstep" }
              spire: { san-uri: "spiffe://example.org/ns/*/sa/router" }
              p384: { common-name: "p384" }
              ed25519: { common-name: "ed25519" }
            roles: { ROLES }
            bindings: [BINDINGS]
            """
        private static let names = ["cert-manager", "vault", "step", "spire", "p384", "ed25519"]

        @Test func `clients of cert-manager, Vault, step-ca and SPIRE are known by what their certificates say`() throws
        {
            let pki = try ForeignPKI()
            // cert-manager: no subject, names alone; an RSA key in PKCS #1.
            let cluster = try pki.authority("cluster", key: .rsa, subject: "/CN=cluster-ca")
            let manager = try pki.leaf(
                "tls", key: .rsa, subject: "/",
                extensions: [
                    "keyUsage=critical,digitalSignature,keyEncipherment", "extendedKeyUsage=clientAuth",
                    "basicConstraints=critical,CA:FALSE", "subjectAltName=critical,DNS:exporter.monitoring.svc",
                ], days: 90, by: cluster, traditional: true)
            #expect(text(ofFile: manager.key).hasPrefix("-----BEGIN RSA PRIVATE KEY-----"))
            // Vault: a chain with the intermediate, both uses, the common name again as DNS name.
            let vaultRoot = try pki.authority("vault-root", key: .rsa, subject: "/CN=example.com")
            let vaultCA = try pki.authority(
                "vault-intermediate", key: .rsa, subject: "/CN=example.com Intermediate Authority", by: vaultRoot)
            let vault = try pki.leaf(
                "vault", key: .rsa, subject: "/CN=noc-7.example.com",
                extensions: [
                    "keyUsage=critical,digitalSignature,keyEncipherment,keyAgreement",
                    "extendedKeyUsage=serverAuth,clientAuth", "subjectAltName=DNS:noc-7.example.com",
                ], days: 3, by: vaultCA, traditional: true)
            // step-ca: a day, P-256 in SEC 1, its provisioner in an extension of its own.
            let stepRoot = try pki.authority("step-root", subject: "/O=Smallstep/CN=Smallstep Root CA")
            let stepCA = try pki.authority(
                "step-intermediate", subject: "/O=Smallstep/CN=Smallstep Intermediate CA", by: stepRoot)
            let step = try pki.leaf(
                "step", key: .curve("P-256"), subject: "/CN=laptop.internal",
                extensions: [
                    "keyUsage=critical,digitalSignature", "extendedKeyUsage=serverAuth,clientAuth",
                    "subjectAltName=DNS:laptop.internal", "1.3.6.1.4.1.37476.9000.64.1=ASN1:UTF8String:admin",
                ], days: 1, by: stepCA, traditional: true)
            #expect(text(ofFile: step.key).hasPrefix("-----BEGIN EC PRIVATE KEY-----"))
            // SPIRE: a URI and no common name; the CA has the trust domain's.
            let trust = try pki.authority(
                "spire", subject: "/C=US/O=SPIFFE", extensions: ["subjectAltName=URI:spiffe://example.org"])
            let spire = try pki.leaf(
                "svid", key: .curve("P-256"), subject: "/C=US/O=SPIRE",
                extensions: [
                    "keyUsage=critical,digitalSignature,keyEncipherment,keyAgreement",
                    "extendedKeyUsage=serverAuth,clientAuth", "basicConstraints=critical,CA:FALSE",
                    "subjectAltName=URI:spiffe://example.org/ns/core/sa/router",
                ], days: 1, by: trust)
            let usual = ["keyUsage=critical,digitalSignature", "extendedKeyUsage=clientAuth"]
            let p384 = try pki.leaf(
                "p384", key: .curve("P-384"), subject: "/CN=p384", extensions: usual, days: 1, by: trust,
                traditional: true)
            let ed25519 = try pki.leaf(
                "ed25519", key: .ed25519, subject: "/CN=ed25519", extensions: usual, days: 1, by: trust)

            let anchors = [cluster, vaultRoot, stepRoot, trust].map { text(ofFile: $0.certificate) }.joined()
            let bundle = try pki.scratch.write(anchors, to: "clients.crt", mode: 0o644)
            let roles = Self.names.map { "\($0): { read: { route: [GETLINK] } }" }.joined(separator: ", ")
            let bindings = Self.names.map { "{ client: \($0), roles: [\($0)] }" }.joined(separator: ", ")
            let policy = try PolicyText(
                Self.policy.replacing("BINDINGS", with: bindings).replacing("ROLES", with: roles))
            let authority = try Identities.shared.get().authorityCertificate
            try Gateway.run(policy: policy, ["--client-ca", bundle]) { gateway in
                let holders = [manager, vault, step, spire, p384, ed25519]
                for (name, holder) in zip(Self.names, holders) {
                    let own = try pki.credentials(holder, authority: authority)
                    #expect(try gateway.session(Gateway.tls, credentials: own).welcome.roles == [name])
                }
                // Without what stands between it and the root it is nobody's.
                let alone = try pki.credentials(step, authority: authority, chain: false)
                #expect(throws: (any Error).self) { _ = try gateway.session(Gateway.tls, credentials: alone) }
            }
        }

        @Test func `a secret of cert-manager and a chain of Vault make a server`() throws {
            let pki = try ForeignPKI()
            let identities = try Identities.shared.get()
            let clients = identities.authorityPath
            let root = try pki.authority("root", key: .rsa, subject: "/CN=root")
            let middle = try pki.authority("server-intermediate", subject: "/CN=middle", by: root)
            let secret = try pki.leaf(
                "tls", key: .rsa, subject: "/",
                extensions: [
                    "keyUsage=critical,digitalSignature,keyEncipherment", "extendedKeyUsage=serverAuth",
                    "subjectAltName=critical,DNS:gate.example,IP:127.0.0.1",
                ], days: 90, by: middle, traditional: true)
            let certificate = try secret.bundle(pki.scratch, "tls-chain.crt")
            try Gateway.run(
                [
                    "--listen", Gateway.tls, "--cert", certificate, "--key", secret.key, "--ca", root.certificate,
                    "--client-ca", clients,
                ], listen: ["unix://DIR/s.sock"]
            ) { gateway in
                var own = identities.credentials()
                own.authority = Array(text(ofFile: root.certificate).utf8)
                let roles = try gateway.session(Gateway.tls, credentials: own).welcome.roles
                #expect(!roles.isEmpty)
                own.authority = identities.authorityCertificate
                var isRefused = false
                do { _ = try gateway.session(Gateway.tls, credentials: own) } catch { isRefused = true }
                #expect(isRefused)
            }
        }
    }
}
