import Foundation
import Testing

@testable import TLSSocket

/// CAs below a CA, in whole handshakes where the other side trusts the root alone.
@Suite struct IntermediateTests {
    private let scratch: Scratch
    private let root: PKIDirectory
    private let edge: PKIDirectory
    private let days = Validity(days: 60)

    init() throws {
        scratch = try Scratch()
        root = PKIDirectory(path: scratch.path + "/root")
        edge = PKIDirectory(path: scratch.path + "/edge")
        try root.create(commonName: "Root CA", validity: Validity(days: 900), pathLength: 1)
        try edge.create(commonName: "Edge CA", validity: Validity(days: 400), parent: .init(folder: root))
    }

    private func credential(_ files: IssuedFiles) throws -> IssuedCertificate {
        IssuedCertificate(
            certificate: Array(try Data(contentsOf: URL(filePath: files.certificate))),
            key: Array(try Data(contentsOf: URL(filePath: files.key))))
    }

    /// The keeper's verdict on the client, and why the client gave up; nothing else may be wrong.
    private func handshake(_ server: IssuedFiles, _ client: IssuedFiles, crl: String?) throws -> (Int32?, TLSError?) {
        let anchor = try scratch.read("root/ca.crt")
        let list = try crl.map { try scratch.read($0) }
        let (own, other) = (try credential(server), try credential(client))
        let keeper = try TestServer(own, authority: anchor, clientCA: anchor, crl: list)
        let peer = try TLSClientContext(certificate: other.certificate, key: other.key, ca: anchor, crl: list)
        let outcome = try Conversation(keeper, peer).handshake()
        #expect((outcome.server == nil) == (outcome.client == nil))
        return (outcome.verdict, outcome.client)
    }

    @Test func `both sides trust the root alone, until the holder or the CA between is revoked`() throws {
        #expect(edge.anchorPath == edge.path + "/root.crt")
        #expect(try scratch.read("edge/root.crt") == scratch.read("root/ca.crt"))
        let server = try edge.issueServer(names: ["gate.example"], validity: days)
        let client = try edge.issueClient(commonName: "noc-7", names: [], validity: days)
        let direct = try root.issueClient(commonName: "direct", names: [], validity: days)
        let none = try handshake(server, client, crl: nil)
        #expect(none.0 == Verdict.good && none.1 == nil)
        // Both lists in one file: that of the intermediate, then the root's.
        #expect(try edge.revocationLists().map(\.issuer) == ["CN=Edge CA", "CN=Root CA"])
        let listed = try handshake(server, client, crl: "edge/ca.crl")
        #expect(listed.0 == Verdict.good && listed.1 == nil)
        #expect(try handshake(server, direct, crl: "edge/ca.crl").0 == Verdict.good)
        let verdict = try scratch.openssl([
            "verify", "-x509_strict", "-crl_check_all", "-CAfile", "root/ca.crt", "-untrusted", client.certificate,
            "-CRLfile", "edge/ca.crl", client.certificate,
        ])
        #expect(verdict.hasSuffix("OK\n"))

        _ = try edge.revoke(.named("noc-7"), reason: .unspecified)
        #expect(try handshake(server, client, crl: "edge/ca.crl").0 == Verdict.revoked)
        let second = try edge.issueClient(commonName: "noc-8", names: [], validity: days)
        #expect(try handshake(server, second, crl: "edge/ca.crl").0 == Verdict.good)

        let revoked = try root.revoke(.named("Edge CA"), reason: .authorityCompromise)
        #expect(revoked.map { $0.certificate.description?.role } == [.authority])
        #expect(try handshake(server, second, crl: "edge/ca.crl").0 == Verdict.good, "the list before is still in use")
        try edge.renewRevocationList()
        // The client has the list too, and the server is of the same CA.
        let told = try handshake(server, direct, crl: "edge/ca.crl").1
        #expect(told?.code == .revoked)
        #expect(told?.description.contains("a CA certificate above the server's (CN=Edge CA)") == true)
        let other = try root.issueServer(names: ["gate.example"], validity: days)
        let refused = try handshake(other, second, crl: "edge/ca.crl")
        #expect(refused.0 == Verdict.revoked)
        #expect(refused.1?.code == .refusedByPeer(alert: 44))
        #expect(try handshake(other, direct, crl: "edge/ca.crl").0 == Verdict.good)
    }

    @Test func `the lists above stay when the root's folder is away, and forged ones are left out`() throws {
        try root.renewRevocationList()
        let other = try TestPKI(name: "Root CA")
        let forged = try other.authority.revocationList(serials: [], number: 99, validity: Validity(days: 900))
        try FileManager.default.moveItem(atPath: root.path, toPath: root.path + "-away")
        try edge.renewRevocationList()
        #expect(try edge.revocationLists().map(\.number) == [2, 2])
        try FileManager.default.moveItem(atPath: root.path + "-away", toPath: root.path)
        _ = try scratch.write("root/ca.crl", forged)
        try edge.renewRevocationList()
        #expect(try edge.revocationLists().map(\.number) == [3, 2])
    }

    @Test func `path lengths are kept`() throws {
        let low = PKIDirectory(path: scratch.path + "/low")
        let error = thrown { () throws(TLSError) in
            try low.create(commonName: "Low CA", validity: days, parent: .init(folder: edge))
        }
        #expect(error?.code == .wrongPurpose)
        #expect(error?.description.contains("--path-length") == true)
        #expect(!FileManager.default.fileExists(atPath: low.path))
        let deep = PKIDirectory(path: scratch.path + "/deep")
        try deep.create(commonName: "Deep", validity: days, pathLength: 2)
        let middle = PKIDirectory(path: scratch.path + "/middle")
        try middle.create(commonName: "Middle", validity: days, pathLength: 1, parent: .init(folder: deep))
        try low.create(commonName: "Low CA", validity: days, parent: .init(folder: middle))
        let client = try low.issueClient(commonName: "x", names: [], validity: days)
        let chain = try PEM.certificates(credential(client).certificate, "x", limit: 8)
        #expect(chain.map { $0.commonName(limit: 64) } == ["x", "Low CA", "Middle"])
        #expect(try low.revocationLists().map(\.issuer) == ["CN=Low CA", "CN=Deep", "CN=Middle"])
        let verdict = try scratch.openssl([
            "verify", "-x509_strict", "-crl_check_all", "-CAfile", low.anchorPath, "-untrusted", client.certificate,
            "-CRLfile", low.revocationListPath, client.certificate,
        ])
        #expect(verdict.hasSuffix("OK\n"))
        let renewed = thrown { () throws(TLSError) in try root.renew(.named("Edge CA"), validity: days) }
        #expect(renewed?.code == .wrongPurpose)
    }
}
