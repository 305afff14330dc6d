import Foundation
import Testing

@testable import TLSSocket

/// A CA that gets a new certificate for the same key: what it has issued goes on being valid.
@Suite struct AuthorityRenewalTests {
    private let scratch: Scratch
    private let folder: PKIDirectory

    init() throws {
        scratch = try Scratch()
        folder = PKIDirectory(path: scratch.path + "/pki")
    }

    private func field(_ option: String, _ file: String) throws -> String {
        try scratch.openssl(["x509", "-in", file, "-noout", option])
    }

    private func extensions(_ file: String) throws -> String {
        try scratch.openssl([
            "x509", "-in", file, "-noout", "-ext", "basicConstraints,keyUsage,subjectKeyIdentifier",
        ])
    }

    /// What the gateway's verifier says about a client's file under these CAs; nil when it is good.
    private func judge(_ file: String, under authorities: String, crl: String? = nil) throws -> Int32? {
        let list = try crl.map { try scratch.read($0) }
        let verifier = try ClientVerifier(clientCA: scratch.read(authorities), crl: list)
        let chain = try PEM.certificates(scratch.read(file), file, limit: 8).compactMap(\.encoded)
        if case .refused(let code) = verifier.judge(chain) { return code }
        return nil
    }

    @Test func `certificates from before and after are good under the old one and the new one`() throws {
        try folder.create(commonName: "Ops CA", validity: Validity(days: 20))
        _ = try folder.issueClient(commonName: "before", names: [], validity: Validity(days: 365))
        _ = try scratch.write("old.crt", scratch.read("pki/ca.crt"))
        try folder.renewAuthority(validity: Validity(days: 900))
        _ = try folder.issueClient(commonName: "after", names: [], validity: Validity(days: 365))
        for option in ["-subject", "-issuer", "-pubkey"] {
            #expect(try field(option, "old.crt") == field(option, "pki/ca.crt"))
        }
        #expect(try extensions("old.crt") == extensions("pki/ca.crt"))
        #expect(try extensions("pki/ca.crt").contains("CA:TRUE, pathlen:0"))
        #expect(try field("-serial", "old.crt") != field("-serial", "pki/ca.crt"))
        #expect(try field("-enddate", "old.crt") != field("-enddate", "pki/ca.crt"))
        for name in ["before", "after"] {
            let file = "pki/client/\(name).crt"
            for authority in ["old.crt", "pki/ca.crt"] {
                let verdict = try scratch.openssl([
                    "verify", "-x509_strict", "-crl_check", "-CRLfile", "pki/ca.crl", "-CAfile", authority, file,
                ])
                #expect(verdict.hasSuffix("OK\n"))
                #expect(try judge(file, under: authority, crl: "pki/ca.crl") == nil, "\(name) under \(authority)")
            }
        }
        // The list goes on too.
        _ = try folder.revoke(.named("before"), reason: .unspecified)
        #expect(try judge("pki/client/before.crt", under: "pki/ca.crt", crl: "pki/ca.crl") == 23)
        #expect(try judge("pki/client/after.crt", under: "pki/ca.crt", crl: "pki/ca.crl") == nil)
        let other = PKIDirectory(path: scratch.path + "/other")
        try other.create(commonName: "Ops CA", validity: Validity(days: 20))
        #expect(try judge("pki/client/after.crt", under: "other/ca.crt") != nil)
    }

    @Test func `one that has come to its end issues again`() throws {
        try folder.create(commonName: "Ops CA", validity: Validity(days: 20))
        _ = try folder.issueClient(commonName: "noc-7", names: [], validity: Validity(days: 20))
        let authority = try folder.authority()
        let ended = try authority.renewed(validity: Validity(notBefore: 1_600_000_000, notAfter: 1_600_000_060))
        try KeyFiles.write(ended, to: folder.certificatePath, mode: 0o644, replacing: true)
        let refused = thrown { () throws(TLSError) in
            try folder.issueClient(commonName: "x", names: [], validity: Validity(days: 1))
        }
        #expect(refused?.code == .certificateExpired)
        let before = try scratch.read("pki/ca.crt")
        let useless = thrown { () throws(TLSError) in try ClientVerifier(clientCA: before, crl: nil) }
        #expect(useless?.code == .certificateExpired)
        try folder.renewAuthority(validity: Validity(days: 30))
        _ = try folder.issueClient(commonName: "x", names: [], validity: Validity(days: 1))
        #expect(try judge("pki/client/noc-7.crt", under: "pki/ca.crt") == nil)
    }

    @Test func `a CA below another is signed by that one, and no longer lived`() throws {
        let edge = PKIDirectory(path: scratch.path + "/edge")
        try folder.create(commonName: "Root CA", validity: Validity(days: 100), pathLength: 1)
        try edge.create(commonName: "Edge CA", validity: Validity(days: 10), parent: .init(folder: folder))
        _ = try edge.issueClient(commonName: "before", names: [], validity: Validity(days: 10))
        let serial = try field("-serial", "edge/ca.crt")
        try edge.renewAuthority(validity: Validity(days: 900))
        _ = try edge.issueClient(commonName: "after", names: [], validity: Validity(days: 10))
        #expect(try field("-serial", "edge/ca.crt") != serial)
        #expect(try field("-enddate", "edge/ca.crt") == field("-enddate", "pki/ca.crt"))
        #expect(try scratch.read("edge/chain.crt") == scratch.read("edge/ca.crt"))
        for name in ["before", "after"] {
            #expect(try judge("edge/client/\(name).crt", under: "pki/ca.crt") == nil, "\(name)")
            // The one from before also behind the new certificate of its CA.
            let verdict = try scratch.openssl([
                "verify", "-x509_strict", "-CAfile", "pki/ca.crt", "-untrusted", "edge/ca.crt",
                "edge/client/\(name).crt",
            ])
            #expect(verdict.hasSuffix("OK\n"))
        }
        try folder.renewAuthority(validity: Validity(days: 900))
        for name in ["before", "after"] {
            #expect(try judge("edge/client/\(name).crt", under: "pki/ca.crt") == nil, "\(name) under the next root")
        }
        // It is in the root's list of what was issued, and can be revoked there, both of them.
        let index = String(decoding: try scratch.read("pki/index.txt"), as: UTF8.self)
        #expect(index.components(separatedBy: "/CN=Edge CA").count == 3)
        _ = try folder.revoke(.named("Edge CA"), reason: .unspecified)
        try edge.renewRevocationList()
        for name in ["before", "after"] {
            #expect(try judge("edge/client/\(name).crt", under: "pki/ca.crt", crl: "edge/ca.crl") == 23, "\(name)")
        }
    }

    @Test func `which certificate is meant`() throws {
        try folder.create(commonName: "Ops CA", validity: Validity(days: 20))
        let files = try folder.issueClient(commonName: "noc", names: [], validity: Validity(days: 20))
        #expect(try folder.meansAuthority(.named("ca")))
        #expect(try folder.meansAuthority(.named(folder.certificatePath)))
        for other in [CertificateSelector.named("noc"), .named(files.certificate), .serial("1")] {
            #expect(try !folder.meansAuthority(other))
        }
        _ = try folder.issueClient(commonName: "ca", names: [], validity: Validity(days: 20))
        let unclear = thrown { () throws(TLSError) in try folder.meansAuthority(.named("ca")) }
        #expect(unclear?.code == .badName && unclear?.description.contains("a holder is called so too") == true)
        #expect(try folder.meansAuthority(.named(folder.certificatePath)))
    }
}
