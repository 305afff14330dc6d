import Foundation
import Glibc
import LinuxSys
import TLSSocket
import Testing

extension GatewayTests {
    /// Files and command lines that can't work: the daemon says which and what, before anybody can connect.
    @Suite struct FileTests {
        private let identities: Identities
        private let scratch: Scratch

        init() throws {
            identities = try Identities.shared.get()
            scratch = try Scratch()
        }

        /// Runs the daemon, which must end by itself.
        private func daemon(_ arguments: [String], status: Int32 = 1) throws -> String {
            try Namespace().enter {
                let tool = try RunningTool(
                    program("nlgated"), ["--admin", scratch.path + "/admin.sock"] + arguments,
                    log: scratch.path + "/log-\(UInt64.random(in: 0...UInt64.max))")
                #expect(try tool.wait(seconds: 30) == .exited(status), "\(tool.log)")
                #expect(!tool.log.contains("listening on"), "\(tool.log)")
                return tool.log
            }
        }

        private func daemon(
            key: String? = nil, certificate: String? = nil, ca: String? = nil, more: [String] = []
        ) throws -> String {
            try daemon(
                [
                    "--listen", "tls://127.0.0.1:7000", "--key", key ?? identities.keyPath, "--cert",
                    certificate ?? identities.certificatePath, "--ca", ca ?? identities.authorityPath,
                    "--frontends", "1", "--readers", "1",
                ] + more)
        }

        @Test(arguments: ["key", "cert", "ca", "crl"])
        func `a file that isn't there, or isn't one`(option: String) throws {
            try tool("mkfifo", [scratch.path + "/fifo"])
            let wrong = [
                (scratch.path + "/nothing", "No such file or directory"), (scratch.path, "is a directory"),
                (scratch.path + "/fifo", "not a regular file"), ("/dev/null", "not a regular file"),
                (try scratch.write("", to: "empty"), "is empty"),
            ]
            for (path, reason) in wrong {
                let said =
                    switch option {
                    case "key": try daemon(key: path)
                    case "cert": try daemon(certificate: path)
                    case "ca": try daemon(ca: path)
                    default: try daemon(more: ["--crl", path])
                    }
                #expect(said.contains("--\(option) \(path): "), "\(said)")
                #expect(said.contains(reason), "\(said)")
            }
        }

        @Test(arguments: ["key", "cert", "ca", "crl"])
        func `a file that isn't PEM`(option: String) throws {
            let cut = Array(identities.authorityCertificate.prefix(200))
            for content in [Array("not a certificate\n".utf8), cut] {
                let path = try scratch.write(content, to: "garbage")
                let said =
                    switch option {
                    case "key": try daemon(key: path)
                    case "cert": try daemon(certificate: path)
                    case "ca": try daemon(ca: path)
                    default: try daemon(more: ["--crl", path])
                    }
                let names = ["key": "key", "cert": "certificate", "ca": "CA", "crl": "CRL"]
                #expect(said.lowercased().contains(names[option]?.lowercased() ?? "?"), "\(said)")
                #expect(said.contains("nlgated: "))
            }
        }

        @Test func `a key that others can read`() throws {
            for mode in [0o604, 0o640, 0o666] {
                let path = try scratch.write(text(ofFile: identities.keyPath), to: "open.key", mode: mode)
                let said = try daemon(key: path)
                #expect(said.contains("others can read the private key"), "\(said)")
                #expect(said.contains("chmod 600 \(path)"))
            }
        }

        @Test func `a key and a certificate that don't belong together`() throws {
            let other = try identities.authority.issueServer(names: ["localhost"], validity: Validity(days: 1))
            let said = try daemon(key: try scratch.write(other.key, to: "other.key"))
            #expect(said.contains("key"), "\(said)")
            #expect(said.contains("match") || said.contains("belong"), "\(said)")
        }

        @Test func `a certificate that has expired`() throws {
            let now = Clock.unixSeconds()
            let expired = try identities.authority.issueServer(
                names: ["localhost"], validity: Validity(notBefore: now - 7200, notAfter: now - 3600))
            let key = try scratch.write(expired.key, to: "expired.key")
            let said = try daemon(key: key, certificate: try scratch.write(expired.certificate, to: "expired.crt"))
            #expect(said.contains("expired"), "\(said)")
        }

        @Test func `a certificate of another CA, even of one with the same name`() throws {
            let made = try CertificateAuthority.create(commonName: "test CA", validity: Validity(days: 1))
            let stranger = try CertificateAuthority(certificate: made.certificate, key: made.key)
            let foreign = try stranger.issueServer(names: ["localhost"], validity: Validity(days: 1))
            let key = try scratch.write(foreign.key, to: "foreign.key")
            let certificate = try scratch.write(foreign.certificate, to: "foreign.crt")
            let said = try daemon(key: key, certificate: certificate)
            #expect(said.contains("not signed by a CA of --ca"), "\(said)")
            // The clients' CA may be another one: then --ca is the server's.
            let own = try scratch.write(made.certificate, to: "own-ca.crt")
            let apart = [
                "--listen", "tls://127.0.0.1:7000", "--check", "--key", key, "--cert", certificate, "--ca", own,
                "--client-ca", identities.authorityPath,
            ]
            #expect(try daemon(apart, status: 0).contains("usable"))
        }

        @Test func `check alone says whether the files can be used`() throws {
            let good = ["--listen", "tls://127.0.0.1:7000", "--check"] + identities.daemonOptions
            #expect(try daemon(good, status: 0).contains("usable"))
            let other = try identities.authority.issueServer(names: ["localhost"], validity: Validity(days: 1))
            let path = try scratch.write(other.key, to: "other.key")
            _ = try daemon(key: path, more: ["--check"])
        }

        @Test(arguments: [
            Usage([], "--listen"),
            Usage(["--listen", "tcp://127.0.0.1:7000"], "--insecure-tcp"),
            Usage(["--listen", "tls://127.0.0.1:7000"], "--key"),
            Usage(["--listen", "nonsense"], "tls://host"),
            Usage(["--listen", "ftp://127.0.0.1:7000"], "unknown scheme"),
            Usage(["--listen", "tls://127.0.0.1"], "port"),
            Usage(["--listen", "unix:///tmp/x", "--policy", "builtin:everything"], "builtin:read-only"),
            Usage(["--listen", "unix:///tmp/x", "--limit", "sessions=0"], "sessions"),
            Usage(["--listen", "unix:///tmp/x", "--limit", "sesions=5"], "sesions"),
            Usage(["--listen", "unix:///tmp/x", "--limit", "sessions"], "sessions"),
            Usage(["--listen", "unix:///tmp/x", "--frontends", "many"], "--frontends"),
            Usage(["--listen", "unix:///tmp/x", "--frontends"], "--frontends"),
            Usage(["--listen", "unix:///tmp/x", "--check=yes"], "--check"),
            Usage(["--listen", "unix:///tmp/x", "--netns", "../etc"], "--netns"),
            Usage(["--listen", "unix:///tmp/x", "--netns", "a", "--netns", "a"], "twice"),
            Usage(["--listen", "unix:///tmp/x?netns=a"], "--netns a"),
            Usage(["--verbose"], "--verbose"),
        ])
        func `wrong usage is exit status 2`(usage: Usage) throws {
            #expect(try daemon(usage.arguments, status: 2).contains(usage.mention))
        }

        @Test func `what can't be listened on is named`() throws {
            let cases = [
                Usage(["--listen", "unix:///nonexistent/s.sock"], "unix:///nonexistent/s.sock"),
                Usage(["--listen", "tcp://192.0.2.1:7000", "--insecure-tcp"], "192.0.2.1"),
                Usage(["--listen", "tcp://[fe80::1%nlgX]:7000", "--insecure-tcp"], "fe80::1%nlgX"),
                Usage(["--listen", "unix://DIR/s.sock", "--netns", "nowhere-at-all"], "/run/netns/nowhere-at-all"),
            ]
            for usage in cases {
                let said = try daemon(usage.arguments.map { $0.replacing("DIR", with: scratch.path) })
                #expect(said.contains(usage.mention), "\(said)")
            }
        }

        @Test func `help and version are not failures`() throws {
            #expect(try daemon(["--help"], status: 0).contains("--insecure-tcp"))
            #expect(try daemon(["--version"], status: 0).contains("nlgated 0.1.0"))
            #expect(try daemon(["--limit", "help"], status: 0).contains("sessions-per-client"))
        }
    }
}

/// A command line, and what the complaint about it must mention.
struct Usage: Sendable, CustomStringConvertible {
    var arguments: [String]
    var mention: String

    init(_ arguments: [String], _ mention: String) {
        self.arguments = arguments
        self.mention = mention
    }

    var description: String { arguments.joined(separator: " ") }
}
