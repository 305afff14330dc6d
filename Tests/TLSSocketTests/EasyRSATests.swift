import Foundation
import Programs
import Testing

@testable import TLSSocket

/// A folder that easy-rsa has made is listed, added to and revoked from, and easy-rsa goes on with it.
@Suite(
    .enabled(
        if: FileManager.default.isExecutableFile(atPath: "/usr/share/easy-rsa/easyrsa"), "easy-rsa is not installed"))
struct EasyRSATests {
    @Test func `a folder of easy-rsa is one of ours`() throws {
        let scratch = try Scratch()
        func easyRSA(_ words: String) throws {
            var environment = [
                "PATH": "/usr/bin:/bin", "EASYRSA": "/usr/share/easy-rsa", "EASYRSA_PKI": scratch.path + "/pki",
                "EASYRSA_ALGO": "ec",
            ]
            // It refuses the variable where the command has a name.
            if words.hasPrefix("build-ca") { environment["EASYRSA_REQ_CN"] = "Easy CA" }
            let program = try FinishedProgram(
                "/usr/share/easy-rsa/easyrsa", ["--batch"] + words.split(separator: " ").map(String.init),
                in: scratch.path, environment: environment)
            try #require(program.status == 0, "\(words): \(program.everything)")
        }
        try easyRSA("init-pki")
        try easyRSA("build-ca nopass")
        try easyRSA("build-client-full noc-7 nopass")
        try easyRSA("build-client-full noc-8 nopass")
        try easyRSA("build-server-full gate.example nopass")
        let folder = PKIDirectory(path: scratch.path + "/pki")
        #expect(folder.keyPath.hasSuffix("/pki/private/ca.key"))
        let issued = try folder.issued()
        #expect(issued.map { $0.description?.peer.commonName } == ["noc-7", "noc-8", "gate.example"])
        #expect(issued.map { $0.description?.role } == [.client, .client, .server])
        #expect(try folder.revoke(.named("noc-7"), reason: .keyCompromise).map(\.isNew) == [true])
        try easyRSA("gen-crl")
        #expect(try folder.revocationLists().first?.count == 1)
        try easyRSA("revoke noc-8")
        #expect(try folder.issued().map(\.isValid) == [false, false, true])
        let renewed = thrown { () throws(TLSError) in try folder.renewAuthority(validity: Validity(days: 9)) }
        #expect(renewed?.code == .wrongPurpose)
        _ = try folder.issueClient(commonName: "ours", names: [], validity: Validity(days: 9))
        #expect(try folder.revocationLists().first?.count == 2)
        let authority = try scratch.read("pki/ca.crt")
        let own = IssuedCertificate(
            certificate: try scratch.read("pki/issued/gate.example.crt"),
            key: try scratch.read("pki/private/gate.example.key"))
        let server = try TestServer(
            own, authority: authority, clientCA: authority, crl: scratch.read("pki/crl.pem"))
        /// What the keeper says; nothing else may be wrong.
        func handshake(_ certificate: String, _ key: String) throws -> Int32? {
            let client = try TLSClientContext(
                certificate: scratch.read(certificate), key: scratch.read(key), ca: scratch.read("pki/ca.crt"),
                crl: nil)
            let outcome = try Conversation(server, client).handshake()
            #expect((outcome.server == nil) == (outcome.verdict == Verdict.good))
            return outcome.verdict
        }
        #expect(try handshake("pki/client/ours.crt", "pki/client/ours.key") == Verdict.good)
        // easy-rsa 3.1 has moved what it revoked; ours moved nothing.
        #expect(try handshake("pki/issued/noc-7.crt", "pki/private/noc-7.key") == Verdict.revoked)
    }
}
