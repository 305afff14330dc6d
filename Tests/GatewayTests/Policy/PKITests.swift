import Foundation
import Glibc
import LinuxSys
import RemoteNetlink
import TLSSocket
import Testing

extension GatewayTests {
    /// Folders of `nlgate pki` and a real gateway: intermediate CAs, revocation, passphrases, warnings.
    @Suite struct PKITests {
        private func pki(_ words: String, status: Int32 = 0) throws -> String {
            let result = try result(of: program("nlgate"), ["pki"] + words.split(separator: " ").map(String.init))
            #expect(result.status == .exited(status), "pki \(words): \(result.output)")
            return result.output
        }

        @Test func `a client of an intermediate CA is served by who knows the root alone, until one is revoked`() throws
        {
            let scratch = try Scratch()
            let (root, edge) = (scratch.path + "/root", scratch.path + "/edge")
            _ = try pki("init \(root) --name Root --path-length 1")
            _ = try pki("init \(edge) --name Edge --parent \(root)")
            _ = try pki("server \(edge) localhost 127.0.0.1 --days 20")
            _ = try pki("client \(edge) noc-7")
            _ = try pki("client \(edge) noc-8")
            let secret = try scratch.write("sesame, open\n", to: "secret")
            _ = try pki("client \(edge) noc-9 --passphrase-file \(secret)")
            let options = [
                "--listen", Gateway.tls, "--cert", "\(edge)/server/localhost.crt", "--key",
                "\(edge)/server/localhost.key", "--ca", "\(root)/ca.crt", "--crl", "\(edge)/ca.crl",
            ]
            func asked(_ name: String, _ words: [String] = [], status: Int32) throws -> String {
                let files = ["--cert", "\(edge)/client/\(name).crt", "--key", "\(edge)/client/\(name).key"]
                let result = try result(
                    of: program("nlgate"),
                    ["whoami", "-H", "tls://localhost:7000", "--ca", "\(root)/ca.crt", "--crl", "\(edge)/ca.crl"]
                        + files + words)
                #expect(result.status == .exited(status), "\(name): \(result.output)")
                return result.output
            }
            try Gateway.run(options, listen: ["unix://DIR/s.sock"]) { gateway in
                #expect(try asked("noc-7", status: 0).contains("CN=noc-7"))
                #expect(try asked("noc-9", status: 3).contains("--key-passphrase-file"))
                #expect(try asked("noc-9", ["--key-passphrase-file", secret], status: 0).contains("CN=noc-9"))
                let wrong = try scratch.write("sesame, close\n", to: "wrong")
                #expect(try asked("noc-9", ["--key-passphrase-file", wrong], status: 3).contains("another one"))
                // The server's certificate has less than thirty days, but most of its time.
                #expect(!gateway.log.contains("warning: "), "\(gateway.log)")
                let doctor = try result(
                    of: program("nlgate"), ["doctor", "--admin", gateway.scratch.path + "/admin.sock"]
                ).output
                for words in [
                    "  the server's certificate ends at ", "  the CA of clients ends at ",
                    "  the revocation list ends at ",
                ] {
                    #expect(doctor.contains("\n" + words), "\(doctor)")
                }
            }
            _ = try pki("revoke \(edge) noc-7 --reason keyCompromise")
            try Gateway.run(options, listen: ["unix://DIR/s.sock"]) { _ in
                #expect(try asked("noc-7", status: 3).contains("is revoked"))
                _ = try asked("noc-8", status: 0)
            }
            _ = try pki("revoke \(root) Edge")
            _ = try pki("crl \(edge)")
            try Gateway.run(options, listen: ["unix://DIR/s.sock"]) { gateway in
                // The client refuses the server for the same reason: it has the list too.
                let without = try result(
                    of: program("nlgate"),
                    [
                        "whoami", "-H", "tls://localhost:7000", "--ca", "\(root)/ca.crt", "--cert",
                        "\(edge)/client/noc-8.crt", "--key", "\(edge)/client/noc-8.key",
                    ])
                #expect(without.status == .exited(3), "\(without.output)")
                #expect(without.output.contains("revoked"), "\(without.output)")
                #expect(try asked("noc-8", status: 3).contains("revoked"))
                withExtendedLifetime(gateway) {}
            }
        }

        @Test func `a server's key with a passphrase is refused at the start, in words`() throws {
            let scratch = try Scratch()
            let secret = try scratch.write("sesame, open\n", to: "secret")
            let folder = scratch.path + "/pki"
            _ = try pki("init \(folder) --passphrase-file \(secret)")
            let said = try pki(
                "server \(folder) localhost --ca-passphrase-file \(secret) --passphrase-file \(secret)")
            #expect(said.contains("nlgated takes no key with a passphrase"))
            let failure = try Gateway.failure([
                "--listen", Gateway.tls, "--cert", "\(folder)/server/localhost.crt", "--key",
                "\(folder)/server/localhost.key", "--ca", "\(folder)/ca.crt",
            ])
            #expect(failure.contains("encrypted"), "\(failure)")
        }
    }
}
