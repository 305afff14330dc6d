import Foundation
import LinuxSys
import Testing

@testable import TLSSocket

@Suite struct PKIDirectoryTests {
    private let scratch: Scratch
    private let folder: PKIDirectory
    private let days = Validity(days: 30)

    init() throws {
        scratch = try Scratch()
        folder = PKIDirectory(path: scratch.path + "/pki")
    }

    private func mode(_ path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return try #require(attributes[.posixPermissions] as? Int)
    }

    @Test func `files are where they belong, and secrets are for their owner alone`() throws {
        try folder.create(commonName: "my CA", validity: days)
        let server = try folder.issueServer(names: ["gate.example", "192.0.2.1", "2001:db8::1"], validity: days)
        let client = try folder.issueClient(
            commonName: "noc-7", names: [.uri("spiffe://x/noc"), .email("a@b.example"), .dns("c.example")],
            validity: days)
        #expect(server.key == scratch.path + "/pki/server/gate.example.key")
        #expect(client.certificate == scratch.path + "/pki/client/noc-7.crt")
        for secret in [folder.keyPath, server.key, client.key] { #expect(try mode(secret) == 0o600) }
        #expect(try mode(scratch.path + "/pki/ca-private") == 0o700)
        let warning = try scratch.read("pki/ca-private/README")
        #expect(String(decoding: warning, as: UTF8.self).contains("off the servers"))
        for (file, purpose) in [(server, "sslserver"), (client, "sslclient")] {
            let text = try scratch.openssl([
                "verify", "-x509_strict", "-purpose", purpose, "-CAfile", folder.certificatePath, file.certificate,
            ])
            #expect(text.hasSuffix("OK\n"))
        }
        let other = try scratch.openssl(
            ["verify", "-purpose", "sslclient", "-CAfile", folder.certificatePath, server.certificate], mayFail: true)
        #expect(other.contains("unsuitable certificate purpose") || other.contains("unsupported certificate purpose"))
        let text = try scratch.openssl(["x509", "-in", server.certificate, "-noout", "-text"])
        #expect(text.contains("DNS:gate.example, IP Address:192.0.2.1, IP Address:2001:DB8:0:0:0:0:0:1"))
        #expect(text.contains("prime256v1"))
        #expect(
            String(decoding: try scratch.read("pki/server/gate.example.key"), as: UTF8.self)
                .hasPrefix("-----BEGIN PRIVATE KEY-----"))
    }

    @Test func `an existing CA is never replaced, other files only when asked`() throws {
        try folder.create(commonName: "my CA", validity: days)
        let key = try scratch.read("pki/ca-private/ca.key")
        let again = thrown { () throws(TLSError) in try folder.create(commonName: "my CA", validity: days) }
        #expect(again?.code == .system(Errno(rawValue: 17)))
        #expect(try scratch.read("pki/ca-private/ca.key") == key)
        _ = try folder.issueServer(names: ["a.example"], validity: days)
        let first = try scratch.read("pki/server/a.example.key")
        let refused = thrown { () throws(TLSError) in try folder.issueServer(names: ["a.example"], validity: days) }
        #expect(refused?.description.contains("--force") == true)
        #expect(try scratch.read("pki/server/a.example.key") == first)
        let replaced = try folder.issueServer(names: ["a.example"], validity: days, replacing: true)
        #expect(try scratch.read("pki/server/a.example.key") != first)
        #expect(try mode(replaced.key) == 0o600)
        let files = try FileManager.default.contentsOfDirectory(atPath: scratch.path + "/pki/server").sorted()
        #expect(files == ["a.example.crt", "a.example.key"])
    }

    @Test func `a symbolic link in a key's place is not followed`() throws {
        try folder.create(commonName: "my CA", validity: days)
        try FileManager.default.createDirectory(atPath: scratch.path + "/pki/client", withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: scratch.path + "/pki/client/x.key", withDestinationPath: scratch.path + "/elsewhere")
        let error = thrown { () throws(TLSError) in
            try folder.issueClient(commonName: "x", names: [], validity: days)
        }
        #expect(error?.code == .system(Errno(rawValue: 17)))
        _ = try folder.issueClient(commonName: "x", names: [], validity: days, replacing: true)
        #expect(throws: (any Error).self) { try scratch.read("elsewhere") }
    }

    @Test func `a missing, foreign or swapped CA is named`() throws {
        let missing = thrown { () throws(TLSError) in try folder.authority() }
        #expect(missing?.code == .system(Errno(rawValue: 2)))
        #expect(missing?.description.contains("/pki/ca.crt") == true)
        try folder.create(commonName: "my CA", validity: days)
        let other = try CertificateAuthority.create(commonName: "other", validity: days)
        _ = try scratch.write("pki/ca.crt", other.certificate)
        #expect(thrown { () throws(TLSError) in try folder.authority() }?.code == .keyMismatch)
        let leaf = try TestPKI().client
        _ = try scratch.write("pki/ca.crt", leaf.certificate)
        _ = try scratch.write("pki/ca-private/ca.key", leaf.key)
        #expect(thrown { () throws(TLSError) in try folder.authority() }?.code == .wrongPurpose)
        try FileManager.default.removeItem(atPath: scratch.path + "/pki/ca.crt")
        try FileManager.default.createDirectory(atPath: scratch.path + "/pki/ca.crt", withIntermediateDirectories: true)
        #expect(thrown { () throws(TLSError) in try folder.authority() }?.code == .system(Errno(rawValue: 21)))
    }

    @Test(arguments: ["", "a b", "*.example", "a/b", "../x", "fe80::1%eth0", "gate,IP:1.2.3.4", "a\nb"])
    func `unfit server names are refused`(name: String) throws {
        try folder.create(commonName: "my CA", validity: days)
        let error = thrown { () throws(TLSError) in try folder.issueServer(names: ["ok", name], validity: days) }
        #expect(error?.code == .badName)
        let first = thrown { () throws(TLSError) in try folder.issueServer(names: [name], validity: days) }
        #expect(first?.code == .badName)
        #expect(!FileManager.default.fileExists(atPath: scratch.path + "/pki/server"))
    }

    @Test(arguments: ["", ".", "../x", "a/b", "-x", "a\nb", "a\\b", String(repeating: "x", count: 65)])
    func `unfit client names are refused`(name: String) throws {
        try folder.create(commonName: "my CA", validity: days)
        let error = thrown { () throws(TLSError) in
            try folder.issueClient(commonName: name, names: [], validity: days)
        }
        #expect(error?.code == .badName)
    }

    @Test(arguments: [
        ClientName.uri("no-scheme"), .uri("x:"), .uri(":x"), .uri("x:a b"), .uri("x:ü"), .email("a"), .email("@b"),
        .email("a@"), .email("a@b@c"), .dns("a b"), .dns(""), .uri("x:" + String(repeating: "a", count: 254)),
    ])
    func `unfit alternative names are refused`(name: ClientName) throws {
        let pki = try TestPKI()
        let error = thrown { () throws(TLSError) in
            try pki.authority.issueClient(commonName: "x", names: [name], validity: days)
        }
        #expect(error?.code == .badName)
    }

    @Test func `no certificate outlives its CA`() throws {
        try folder.create(commonName: "my CA", validity: days)
        let made = try folder.authority().issueClient(commonName: "x", validity: Validity(days: 4000))
        let leaf = try #require(try PEM.certificates(made.certificate, "x", limit: 1).first)
        let ca = try #require(try PEM.certificates(scratch.read("pki/ca.crt"), "x", limit: 1).first)
        #expect(leaf.notAfter == ca.notAfter)
        #expect(leaf.notBefore <= currentTime() - 300)
    }
}
