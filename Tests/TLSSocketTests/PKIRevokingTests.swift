import Foundation
import Testing

@testable import TLSSocket

/// A CA's folder over its life: what is issued, renewed and revoked, and what OpenSSL's own tools read of it.
@Suite struct PKIRevokingTests {
    private let scratch: Scratch
    private let folder: PKIDirectory
    private let days = Validity(days: 60)

    init() throws {
        scratch = try Scratch()
        folder = PKIDirectory(path: scratch.path + "/pki")
        try folder.create(commonName: "my CA", validity: Validity(days: 900))
    }

    private func client(_ name: String, names: [ClientName] = []) throws -> IssuedFiles {
        try folder.issueClient(commonName: name, names: names, validity: days)
    }

    private func only(_ name: String) throws -> IndexedCertificate {
        try #require(try folder.issued().last { $0.description?.peer.commonName == name })
    }

    /// OpenSSL's verdict over a file, with the folder's list.
    private func verify(_ file: String) throws -> String {
        try scratch.openssl(
            [
                "verify", "-x509_strict", "-crl_check", "-purpose", "sslclient", "-CAfile", folder.certificatePath,
                "-CRLfile", folder.revocationListPath, file,
            ], mayFail: true)
    }

    @Test func `what is issued stands in the index, and a revoked client is on the next list`() throws {
        let first = try folder.revocationLists()
        #expect(first.map(\.number) == [1])
        #expect(first.map(\.count) == [0])
        let good = try client("good")
        let bad = try client("bad", names: [.uri("spiffe://x/bad")])
        let server = try folder.issueServer(names: ["gate.example", "192.0.2.1"], validity: days)
        let issued = try folder.issued()
        #expect(issued.map { $0.description?.role } == [.client, .client, .server])
        #expect(issued.map(\.file) == [good.certificate, bad.certificate, server.certificate])
        #expect(issued[1].description?.names == ["bad", "URI:spiffe://x/bad"])
        #expect(issued[2].description?.names == ["gate.example", "DNS:gate.example", "IP:192.0.2.1"])
        #expect(issued.allSatisfy { $0.isValid })
        for file in [good, bad] { #expect(try verify(file.certificate).hasSuffix("OK\n")) }

        let revoked = try folder.revoke(.named("bad"), reason: .keyCompromise)
        #expect(revoked.map(\.isNew) == [true])
        #expect(try verify(good.certificate).hasSuffix("OK\n"))
        #expect(try verify(bad.certificate).contains("certificate revoked"))
        let text = try scratch.openssl(["crl", "-in", folder.revocationListPath, "-noout", "-text"])
        #expect(text.contains("Key Compromise"))
        #expect(try text.lowercased().contains(only("bad").serial))
        let list = try #require(try folder.revocationLists().first)
        #expect(list.count == 1)
        // Each issue and the revocation made one.
        #expect(list.number == 5)
        let end = try #require(list.nextUpdate)
        #expect(abs(end - currentTime() - 90 * 86_400) < 3600)

        let again = try folder.revoke(.named(bad.certificate), reason: .superseded)
        #expect(again.map(\.isNew) == [false])
        #expect(again.first?.certificate.revocation?.reason == .keyCompromise)
        #expect(try folder.revocationLists().first?.count == 1)
    }

    @Test func `a name means all its valid certificates, a file and a serial number one`() throws {
        let old = try client("noc-7")
        let oldText = try scratch.read("pki/client/noc-7.crt")
        _ = try folder.renew(.named("noc-7"), validity: days)
        let kept = try scratch.write("kept.crt", oldText)
        #expect(try folder.issued().count == 2)
        #expect(try folder.revoke(.named(kept), reason: .superseded).map(\.isNew) == [true])
        #expect(try verify(kept).contains("certificate revoked"))
        #expect(try verify(old.certificate).hasSuffix("OK\n"))
        _ = try folder.renew(.named("noc-7"), validity: days)
        #expect(try folder.revoke(.named("noc-7"), reason: .unspecified).map(\.isNew) == [true, true])
        #expect(try folder.issued().filter(\.isValid).isEmpty)
        // Of a serial number that nobody knows.
        let unknown = try folder.revoke(.serial("00:0b:ad"), reason: .unspecified)
        #expect(unknown.map(\.wasIndexed) == [false])
        #expect(try folder.revocationLists().first?.count == 4)
        for selector in [CertificateSelector.named("nobody"), .serial("xyz"), .serial("")] {
            let error = thrown { () throws(TLSError) in try folder.revoke(selector, reason: .unspecified) }
            #expect(error?.code == .badName)
        }
        let stranger = try scratch.write("stranger.crt", TestPKI(name: "my CA").client.certificate)
        let foreign = thrown { () throws(TLSError) in try folder.revoke(.named(stranger), reason: .unspecified) }
        #expect(foreign?.code == .notSignedByCA)
        _ = try folder.issueServer(names: ["both"], validity: days)
        _ = try client("both")
        let both = thrown { () throws(TLSError) in try folder.revoke(.named("both"), reason: .unspecified) }
        #expect(both?.code == .badName)
        #expect(both?.description.contains("--serial") == true)
    }

    @Test func `renewing keeps subject, names and use, and the key if so wished`() throws {
        let files = try client("noc-7", names: [.uri("spiffe://x/noc"), .email("a@b.example"), .dns("c.example")])
        let before = try only("noc-7")
        let key = try scratch.read("pki/client/noc-7.key")
        var how = Renewal()
        how.keepsKey = true
        // The key may be with its holder alone.
        try FileManager.default.moveItem(atPath: files.key, toPath: scratch.path + "/away.key")
        #expect(try folder.renew(.named("noc-7"), validity: Validity(days: 100), how) == files)
        let second = try only("noc-7")
        #expect(second.description?.names == before.description?.names)
        #expect(second.description?.subject == "CN=noc-7")
        #expect(second.description?.role == .client)
        #expect(second.description?.keyFingerprint == before.description?.keyFingerprint)
        #expect(second.serial != before.serial)
        #expect(second.notAfter > before.notAfter)
        #expect(!FileManager.default.fileExists(atPath: files.key))
        try FileManager.default.moveItem(atPath: scratch.path + "/away.key", toPath: files.key)
        how.keepsKey = false
        how.revokesOld = true
        _ = try folder.renew(.named(files.certificate), validity: days, how)
        #expect(try scratch.read("pki/client/noc-7.key") != key)
        #expect(try folder.issued().map(\.isValid) == [true, false, true])
        #expect(try verify(files.certificate).hasSuffix("OK\n"))
        let third = try only("noc-7")
        #expect(third.description?.keyFingerprint != before.description?.keyFingerprint)
        _ = try folder.revoke(.named("noc-7"), reason: .unspecified)
        let refused = thrown { () throws(TLSError) in try folder.renew(.named("noc-7"), validity: days) }
        #expect(refused?.code == .revoked)
        let out = try folder.renew(.named(client("x").certificate), validity: days, folder: scratch.path + "/out")
        #expect(out.certificate == scratch.path + "/out/x.crt")
    }

    @Test func `what was issued before there was an index is found`() throws {
        let files = try client("old")
        _ = try folder.issueServer(names: ["gate.example"], validity: days)
        for name in ["index.txt", "index.txt.attr", "certs_by_serial", "ca.crl", "crlnumber"] {
            try FileManager.default.removeItem(atPath: folder.path + "/" + name)
        }
        // Somebody else's certificate in the folder is none of this CA's.
        _ = try scratch.write("pki/client/stranger.crt", TestPKI().client.certificate)
        #expect(try folder.issued().map { $0.description?.peer.commonName } == ["gate.example", "old"])
        #expect(try folder.revocationLists().isEmpty)
        _ = try client("new")
        #expect(try folder.revocationLists().isEmpty, "a list that nobody asked for")
        #expect(try folder.revoke(.named("old"), reason: .unspecified).map(\.wasIndexed) == [true])
        #expect(try folder.issued().map(\.isValid) == [true, false, true])
        #expect(try verify(files.certificate).contains("certificate revoked"))
    }

    @Test func `OpenSSL's ca works with the folder, and we with what it does`() throws {
        let files = try client("noc-7")
        _ = try scratch.write("ca.cnf", Array(Self.configuration.utf8))
        let serial = try only("noc-7").serial
        let ca = ["ca", "-config", "ca.cnf"]
        #expect(try scratch.openssl(ca + ["-status", serial], mayFail: true).contains("=Valid (V)"))
        try scratch.openssl(ca + ["-updatedb"])
        // Revoked by OpenSSL: our next list has it.
        try scratch.openssl(ca + ["-revoke", files.certificate, "-crl_reason", "superseded"])
        #expect(try only("noc-7").revocation?.reason == .superseded)
        try folder.renewRevocationList(days: 7)
        #expect(try verify(files.certificate).contains("certificate revoked"))
        let list = try #require(try folder.revocationLists().first)
        // Revoked by us: OpenSSL's next list has it, and ours goes on behind its number.
        let second = try client("noc-8")
        _ = try folder.revoke(.named("noc-8"), reason: .cessationOfOperation)
        #expect(
            try scratch.openssl(ca + ["-status", only("noc-8").serial], mayFail: true).contains("=Revoked (R)"))
        try scratch.openssl(ca + ["-gencrl", "-out", folder.revocationListPath])
        #expect(try verify(second.certificate).contains("certificate revoked"))
        let theirs = try #require(try folder.revocationLists().first)
        #expect(theirs.count == 2)
        #expect(try #require(theirs.number) > #require(list.number))
        try folder.renewRevocationList(days: 7)
        let ours = try #require(try folder.revocationLists().first)
        #expect(try #require(ours.number) > #require(theirs.number))
        // As many days as the one before.
        try folder.renewRevocationList()
        let end = try #require(try folder.revocationLists().first?.nextUpdate)
        #expect(abs(end - currentTime() - 7 * 86_400) < 3600)
        // Issued by OpenSSL: ours to list and revoke.
        try scratch.openssl([
            "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "k", "-out", "r", "-subj", "/CN=theirs",
        ])
        try scratch.openssl(ca + ["-batch", "-notext", "-in", "r", "-out", "theirs.crt"])
        #expect(try folder.issued().last?.subject == "/CN=theirs")
        #expect(try folder.revoke(.named(scratch.path + "/theirs.crt"), reason: .unspecified).map(\.isNew) == [true])
        #expect(try verify("theirs.crt").contains("certificate revoked"))
    }

    private static let configuration = """
        [ca]
        default_ca = nlgate
        [nlgate]
        dir = pki
        database = $dir/index.txt
        new_certs_dir = $dir/certs_by_serial
        certificate = $dir/ca.crt
        private_key = $dir/ca-private/ca.key
        crlnumber = $dir/crlnumber
        rand_serial = yes
        default_md = sha256
        default_days = 30
        default_crl_days = 30
        policy = names
        crl_extensions = list
        [names]
        commonName = supplied
        [list]
        authorityKeyIdentifier = keyid:always

        """

    @Test func `two at once do not lose each other's work, and a broken index is not guessed at`() throws {
        let path = folder.path
        let days = days
        let group = DispatchGroup()
        for number in 0..<8 {
            DispatchQueue.global().async(group: group) {
                _ = try? PKIDirectory(path: path).issueClient(commonName: "c\(number)", names: [], validity: days)
            }
        }
        #expect(group.wait(timeout: .now() + 60) == .success)
        #expect(
            try Set(folder.issued().compactMap { $0.description?.peer.commonName }) == Set((0..<8).map { "c\($0)" }))
        #expect(try folder.revocationLists().first?.number == 9)
        _ = try scratch.write("pki/index.txt", scratch.read("pki/index.txt") + Array("R\tgarbage\n".utf8))
        let error = thrown { () throws(TLSError) in try folder.revoke(.named("c0"), reason: .unspecified) }
        #expect(error?.description.contains("index.txt: line 9 ") == true)
        #expect(throws: (any Error).self) { _ = try client("c9") }
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/client/c9.crt"))
    }
}
