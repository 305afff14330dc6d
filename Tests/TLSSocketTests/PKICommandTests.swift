import Foundation
import Programs
import Testing

@testable import TLSSocket

/// `nlgate pki` as users have it: words, exit codes, files and their modes, prompts.
@Suite struct PKICommandTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    /// Runs a program in the test's folder, without a terminal.
    private func run(_ command: [String], input: String = "") throws -> FinishedProgram {
        try FinishedProgram(
            "/usr/bin/setsid", ["--wait", "timeout", "60"] + command, in: scratch.path, input: input)
    }

    private func nlgate() throws -> String { try builtProgram("nlgate") }

    private func pki(_ words: String, status: Int32 = 0) throws -> FinishedProgram {
        let outcome = try run([nlgate(), "pki"] + words.split(separator: " ").map(String.init))
        #expect(outcome.status == status, "pki \(words): \(outcome.status) \(outcome.output)\(outcome.errors)")
        return outcome
    }

    private func mode(_ name: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: scratch.path + "/" + name)
        return try #require(attributes[.posixPermissions] as? Int)
    }

    @Test func `a certificate's life from the command line`() throws {
        #expect(try pki("init ca --name My-CA --days 700").output.contains("made ca/ca.crl   number 1, 0 revoked"))
        #expect(try pki("server ca gate.example 192.0.2.1").output.contains("nlgated --key gate.example.key"))
        _ = try pki("client ca noc-7 --san-uri spiffe://x/noc --days 20")
        let listed = try pki("list ca").output.split(separator: "\n").map(String.init)
        #expect(listed.count == 3)
        #expect(listed[1].hasPrefix("valid ") && listed[1].contains("gate.example DNS:gate.example IP:192.0.2.1"))
        #expect(listed[2].hasPrefix("valid:") && listed[2].contains("-days-left client"))
        let shown = try pki("show ca/client/noc-7.crt").output
        for line in [
            "subject     CN=noc-7", "issuer      CN=My-CA", "use         client", "key         EC P-256",
            "in a policy common-name: \"noc-7\"", "in a policy san-uri: \"spiffe://x/noc\"",
            "in a policy fingerprint: \"sha256:",
        ] {
            #expect(shown.contains(line), "\(line) in \(shown)")
        }
        let print = try scratch.openssl(["x509", "-in", "ca/client/noc-7.crt", "-noout", "-fingerprint", "-sha256"])
        let digits = print.split(separator: "=").last.map { $0.replacing(":", with: "").lowercased() } ?? ""
        #expect(shown.contains("sha256:" + digits.trimmingCharacters(in: .whitespacesAndNewlines)))
        let key = try pki("show ca/client/noc-7.key").output
        let line = try #require(key.split(separator: "\n").first { $0.contains("public key") })
        #expect(shown.contains(line), "the key belongs to the certificate")

        #expect(try pki("renew ca noc-7 --keep-key").output.contains("for the key that its holder has"))
        _ = try pki("revoke ca noc-7 --reason keyCompromise")
        #expect(try pki("revoke ca noc-7").output.contains("was revoked at 20"))
        let refused = try pki("renew ca noc-7", status: 1)
        #expect(refused.errors.contains("revoked"))
        let json = try JSONSerialization.jsonObject(with: Data(pki("list ca --json").output.utf8))
        let document = try #require(json as? [String: Any])
        let certificates = try #require(document["certificates"] as? [[String: Any]])
        #expect(certificates.map { $0["state"] as? String } == ["valid", "revoked", "revoked"])
        #expect(certificates.last?["reason"] as? String == "keyCompromise")
        #expect((document["crls"] as? [[String: Any]])?.first?["revoked"] as? Int == 2)
        #expect(try pki("show ca/ca.crl").output.contains("revoked     2"))
        #expect(try pki("show ca/ca.crt").output.contains("use         CA, 0 CAs in a row below it"))
        let soon = try pki("crl ca --days 5")
        #expect(soon.output.contains("2 revoked, until"))
        #expect(soon.errors.isEmpty)
        // Nine of ten days of this one are over.
        let authority = try CertificateAuthority(
            certificate: scratch.read("ca/ca.crt"), key: scratch.read("ca/ca-private/ca.key"))
        let span = Validity(notBefore: currentTime() - 9 * 86_400, notAfter: currentTime() + 86_400)
        _ = try scratch.write("ca/ca.crl", authority.revocationList(serials: [], number: 9, validity: span))
        let warned = try pki("list ca").errors
        #expect(warned.contains("warning: the list of CN=My-CA in ca/ca.crl ends at"))
        #expect(warned.contains("'nlgate pki crl'"))
    }

    @Test func `exit codes and what is said`() throws {
        _ = try pki("init ca")
        #expect(try pki("init ca", status: 1).errors.contains("exists"))
        #expect(try pki("client ca a/b", status: 2).errors.contains("can't name a file"))
        #expect(try pki("client nowhere x", status: 1).errors.contains("nowhere/ca.crt"))
        #expect(try pki("revoke ca nobody", status: 2).errors.contains("nlgate pki list ca"))
        #expect(try pki("revoke ca", status: 2).errors.contains("--serial"))
        #expect(try pki("revoke ca x --serial 12", status: 2).errors.contains("--serial"))
        #expect(try pki("revoke ca --serial xyz", status: 2).errors.contains("no serial number"))
        #expect(try pki("revoke ca x --reason because", status: 2).errors.contains("keyCompromise"))
        #expect(try pki("crl ca --days 0", status: 2).errors.contains("--days"))
        #expect(try pki("init sub --parent ca", status: 1).errors.contains("--path-length"))
        #expect(try pki("init sub --path-length 9", status: 2).errors.contains("--path-length"))
        #expect(try pki("init sub --passphrase", status: 1).errors.contains("no terminal"))
        #expect(!FileManager.default.fileExists(atPath: scratch.path + "/sub"))
        #expect(try pki("show ca/index.txt", status: 1).errors.contains("no certificate, private key"))
        #expect(try pki("renew ca x --keep-key --passphrase", status: 2).errors.contains("--keep-key"))
        for command in ["init", "server", "client", "renew", "revoke", "crl", "list", "show"] {
            #expect(try pki("\(command) --help").output.contains("USAGE: nlgate pki \(command)"))
            #expect(try pki("").output.contains("  \(command) "))
        }
    }

    @Test func `the CA's own certificate is renewed by its name or its file`() throws {
        // A hundred of its hundred and ten days are over.
        let span = Validity(notBefore: currentTime() - 100 * 86_400, notAfter: currentTime() + 10 * 86_400)
        try PKIDirectory(path: scratch.path + "/ca").create(commonName: "My-CA", validity: span)
        _ = try pki("client ca noc-7")
        #expect(try pki("list ca").errors.contains("'nlgate pki renew ca ca' gives it a new one"))
        let old = try scratch.read("ca/ca.crt")
        #expect(try pki("renew ca ca").output.contains("made ca/ca.crt   for the same key and name"))
        let new = try scratch.read("ca/ca.crt")
        #expect(new != old)
        #expect(try !pki("list ca").errors.contains("the CA of ca ends"))
        #expect(try scratch.openssl(["verify", "-CAfile", "ca/ca.crt", "ca/client/noc-7.crt"]).hasSuffix("OK\n"))
        _ = try pki("renew ca ca/ca.crt --days 700")
        #expect(try scratch.read("ca/ca.crt") != new)
        #expect(try mode("ca/ca.crt") == 0o644)
        for words in ["--revoke-old", "--out x", "--no-passphrase", "--passphrase"] {
            #expect(try pki("renew ca ca \(words)", status: 2).errors.contains("--days is all there is"))
        }
        #expect(try pki("renew ca ca --days 0", status: 2).errors.contains("--days"))
    }

    @Test(arguments: ["000", "077", "022"])
    func `modes do not depend on the umask`(mask: String) throws {
        let tool = try nlgate()
        let script = """
            umask \(mask)
            \(tool) pki init ca >/dev/null && \(tool) pki server ca gate.example >/dev/null && \
            \(tool) pki renew ca gate.example >/dev/null && \(tool) pki revoke ca gate.example >/dev/null
            """
        #expect(try run(["sh", "-ec", script]).status == 0)
        for name in ["ca", "ca/certs_by_serial"] { #expect(try mode(name) == 0o755) }
        for name in ["ca/ca-private", "ca/server"] { #expect(try mode(name) == 0o700) }
        for name in ["ca/ca-private/ca.key", "ca/server/gate.example.key"] { #expect(try mode(name) == 0o600) }
        for name in ["ca/ca.crt", "ca/ca.crl", "ca/index.txt", "ca/crlnumber", "ca/server/gate.example.crt"] {
            #expect(try mode(name) == 0o644)
        }
    }

    @Test func `a passphrase is asked for twice without echo, and for each signature`() throws {
        let script = scratch.path + "/ask.py"
        _ = try scratch.write("ask.py", Array(Self.asking.utf8))
        func ask(_ words: String, _ answers: [String]) throws -> (status: Int32, screen: String) {
            let outcome = try run(
                ["python3", script, answers.joined(separator: ","), nlgate(), "pki"]
                    + words.split(separator: " ").map(String.init))
            return (outcome.status, outcome.output + outcome.errors)
        }
        let made = try ask("init ca --passphrase", ["correct horse", "correct horse"])
        #expect(made.status == 0, "\(made.screen)")
        #expect(made.screen.contains("New passphrase for the CA's key: "))
        #expect(!made.screen.contains("horse"))
        #expect(made.screen.contains("echo is on again"))
        #expect(try ask("init other --passphrase", ["correct horse", "battery staple"]).screen.contains("differ"))
        #expect(try ask("init other --passphrase", ["short", "short"]).screen.contains("at least 8"))
        #expect(try ask("init other --passphrase", ["stop\u{3}"]).screen.contains("nothing was done"))
        #expect(!FileManager.default.fileExists(atPath: scratch.path + "/other"))
        let client = try ask("client ca x", ["corr\u{7f}rect horse"])
        #expect(client.status == 0, "\(client.screen)")
        #expect(client.screen.contains("Passphrase of ca/ca-private/ca.key: "))
        #expect(try ask("client ca y", ["wrong horse"]).status == 1)
        #expect(try pki("client ca y", status: 1).errors.contains("no terminal"))
        _ = try scratch.secret("pass", "correct horse\n")
        _ = try pki("client ca y --ca-passphrase-file pass --passphrase-file pass")
        #expect(try pki("show ca/client/y.key").output.contains("encrypted"))
        #expect(try pki("show ca/client/y.key --passphrase-file pass").output.contains("EC P-256"))
        // A pipe will do.
        let piped = try run(["bash", "-c", "\(nlgate()) pki revoke ca y --ca-passphrase-file <(cat pass)"])
        #expect(piped.status == 0, "\(piped.errors)")
    }

    /// Runs a program on a terminal of its own, answers each prompt, and tells whether echo is on in the end.
    private static let asking = """
        import os, pty, select, sys, termios, time
        answers = sys.argv[1].split(",")
        pid, terminal = pty.fork()
        if pid == 0:
            os.execv(sys.argv[2], sys.argv[2:])
        screen, end, status = b"", time.monotonic() + 30, None
        while time.monotonic() < end:
            if not select.select([terminal], [], [], 1)[0]:
                continue
            try:
                part = os.read(terminal, 4096)
            except OSError:
                break
            if not part:
                break
            screen += part
            if answers and screen.endswith(b": "):
                screen += b"\\n"
                os.write(terminal, answers.pop(0).encode() + b"\\r")
        else:
            os.kill(pid, 9)
        if termios.tcgetattr(terminal)[3] & termios.ECHO:
            screen += b"echo is on again\\n"
        sys.stdout.buffer.write(screen)
        sys.stdout.flush()
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        """
}
