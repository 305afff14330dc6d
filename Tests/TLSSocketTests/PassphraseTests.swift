import Foundation
import Testing

@testable import TLSSocket

@Suite struct PassphraseTests {
    private let scratch: Scratch
    private let folder: PKIDirectory
    private let days = Validity(days: 30)
    private let right: PassphraseSource

    init() throws {
        scratch = try Scratch()
        folder = PKIDirectory(path: scratch.path + "/pki")
        right = .file(try scratch.secret("right", "correct horse battery"))
    }

    private func passphrase(_ text: String) -> Passphrase {
        var bytes = Array(text.utf8)
        return Passphrase(taking: &bytes)
    }

    @Test func `the CA's key is encrypted, and everything that signs needs its passphrase`() throws {
        let chosen = try right.chosen(for: "the key")
        try folder.create(commonName: "my CA", validity: days, passphrase: chosen)
        let text = String(decoding: try scratch.read("pki/ca-private/ca.key"), as: UTF8.self)
        #expect(text.hasPrefix("-----BEGIN ENCRYPTED PRIVATE KEY-----"))
        let scheme = try scratch.openssl(["asn1parse", "-in", folder.keyPath])
        for word in ["PBES2", "PBKDF2", "hmacWithSHA256", "aes-256-cbc", "0927C0"] { #expect(scheme.contains(word)) }
        try scratch.openssl(["pkey", "-in", folder.keyPath, "-passin", "file:right", "-noout"])

        let missing = thrown { () throws(TLSError) in
            try folder.issueClient(commonName: "x", names: [], validity: days)
        }
        #expect(missing?.code == .passphrase)
        #expect(missing?.description.contains("--ca-passphrase-file") == true)
        let wrong = PassphraseSource.file(try scratch.secret("wrong", "correct horse"))
        let other = thrown { () throws(TLSError) in
            try folder.issueClient(commonName: "x", names: [], validity: days, passphrases: .init(authority: wrong))
        }
        #expect(other?.code == .passphrase)
        let files = try folder.issueClient(
            commonName: "x", names: [], validity: days, passphrases: .init(authority: right))
        #expect(
            thrown { () throws(TLSError) in try folder.revoke(.named("x"), reason: .unspecified) }?.code == .passphrase)
        #expect(try folder.revocationLists().first?.count == 0)
        #expect(try folder.revoke(.named(files.certificate), reason: .unspecified, passphrase: right).count == 1)
        #expect(thrown { () throws(TLSError) in try folder.renewRevocationList() }?.code == .passphrase)
        try folder.renewRevocationList(passphrase: right)
        // What needs no signature needs no passphrase.
        #expect(try folder.issued().count == 1)
    }

    @Test func `a holder's key under a passphrase is refused as it is, and works once it is decrypted`() throws {
        try folder.create(commonName: "my CA", validity: days)
        let files = try folder.issueClient(
            commonName: "x", names: [], validity: days, passphrases: .init(key: passphrase("eight byte")))
        let (certificate, key) = (try scratch.read("pki/client/x.crt"), try scratch.read("pki/client/x.key"))
        let refused = thrown { () throws(TLSError) in
            try TLSClientContext(certificate: certificate, key: key, ca: certificate, crl: nil)
        }
        #expect(refused?.code == .passphrase)
        let plain = try TLSLibrary.decrypted(key, files.key, passphrase("eight byte"))
        _ = try TLSClientContext(certificate: certificate, key: plain, ca: certificate, crl: nil)
        #expect(try TLSLibrary.decrypted(plain, files.key, passphrase("anything")) == plain)
        #expect(
            thrown { () throws(TLSError) in try TLSLibrary.decrypted(key, files.key, passphrase("nine bytes")) }?.code
                == .passphrase)
        // A passphrase does not get lost on the way.
        let renewed = thrown { () throws(TLSError) in try folder.renew(.named("x"), validity: days) }
        #expect(renewed?.code == .passphrase)
        var how = Renewal()
        how.dropsPassphrase = true
        _ = try folder.renew(.named("x"), validity: days, how)
        #expect(!TLSLibrary.isEncrypted(try scratch.read("pki/client/x.key")))
    }

    @Test(arguments: [
        ["-topk8", "-scrypt"], ["-topk8", "-v2", "aes-128-cbc"], ["-topk8", "-v2", "aes256", "-iter", "5000"],
    ])
    func `keys that openssl has encrypted are read`(options: [String]) throws {
        let pki = try TestPKI()
        _ = try scratch.write("k", pki.client.key)
        _ = try scratch.secret("p", "swordfish!")
        try scratch.openssl(["pkcs8", "-in", "k", "-out", "e", "-passout", "file:p"] + options)
        let encrypted = try scratch.read("e")
        #expect(TLSLibrary.isEncrypted(encrypted))
        #expect(try TLSLibrary.decrypted(encrypted, "e", passphrase("swordfish!")) == pki.client.key)
    }

    @Test func `the older way to encrypt a key is read too`() throws {
        _ = try scratch.write("k", TestPKI().client.key)
        _ = try scratch.secret("p", "swordfish!")
        try scratch.openssl(["ec", "-in", "k", "-out", "e", "-aes256", "-passout", "file:p"])
        let encrypted = try scratch.read("e")
        #expect(String(decoding: encrypted, as: UTF8.self).contains("Proc-Type: 4,ENCRYPTED"))
        #expect(TLSLibrary.isEncrypted(encrypted))
        #expect(try PEM.privateKey(encrypted, "e", passphrase("swordfish!")).pem() == scratch.read("k"))
    }

    @Test func `a passphrase is the first line of a file that nobody else can read`() throws {
        func read(_ text: String, mode: Int = 0o600) throws -> (Int?, TLSError?) {
            let path = try scratch.secret("file", text, mode: mode)
            var count: Int?
            let error = thrown { () throws(TLSError) in count = try Passphrase.read(file: path).count }
            return (count, error)
        }
        #expect(try read("secret\n").0 == 6)
        #expect(try read("secret\r\nsecond line\n").0 == 6)
        #expect(try read("secret").0 == 6)
        #expect(try read(String(repeating: "x", count: 1000) + "\n").0 == 1000)
        for text in ["", "\n", "\nsecret\n", "a\0b\n", String(repeating: "x", count: 1001)] {
            #expect(try read(text).1?.code == .passphrase)
        }
        let open = try read("secret\n", mode: 0o640)
        #expect(open.1?.description.contains("chmod 600") == true)
        let missing = thrown { () throws(TLSError) in try Passphrase.read(file: scratch.path + "/none") }
        #expect(missing?.description.contains("/none") == true)
        let short = PassphraseSource.file(try scratch.secret("file", "1234567\n"))
        #expect(thrown { () throws(TLSError) in try short.chosen(for: "the key") }?.code == .passphrase)
    }
}

extension Scratch {
    /// A file for its owner alone.
    func secret(_ name: String, _ text: String, mode: Int = 0o600) throws -> String {
        let file = try write(name, Array(text.utf8))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
        return file
    }
}
