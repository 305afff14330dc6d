import Foundation
import GatewayIPC
import Glibc
import LinuxSys
import TLSHandshake
import Testing

@testable import TLSSocket

extension GatewayTests {
    /// Certificates and handshakes that are no good, or too large, before the keeper as it runs.
    @Suite struct KeeperChainTests {
        private static let usual = [
            "keyUsage=critical,digitalSignature", "extendedKeyUsage=clientAuth", "basicConstraints=critical,CA:FALSE",
        ]

        private let pki: ForeignPKI
        private let root: ForeignPKI.Issued

        init() throws {
            pki = try ForeignPKI()
            root = try pki.authority("root", subject: "/CN=root", depth: 9)
        }

        private func leaf(
            _ name: String, _ key: ForeignPKI.Key = .curve("P-256"), extensions: [String] = usual, days: Int = 2,
            by issuer: ForeignPKI.Issued? = nil, publicKey: String? = nil
        ) throws -> [[UInt8]] {
            let made = try pki.leaf(
                name, key: key, subject: "/CN=\(name)", extensions: extensions, days: days, by: issuer ?? root,
                publicKey: publicKey)
            return try chain([made.certificate] + made.chain)
        }

        private func chain(_ files: [String]) throws -> [[UInt8]] {
            try derChain(Array(files.map { text(ofFile: $0) }.joined().utf8))
        }

        private var authority: CertificateAuthority {
            get throws {
                try CertificateAuthority(
                    certificate: Array(text(ofFile: root.certificate).utf8), key: Array(text(ofFile: root.key).utf8))
            }
        }

        /// The keeper's word on these certificates, which must come; it then goes on.
        private func judge(_ frontend: LyingFrontend, _ chain: [[UInt8]], padding: Int = 0) throws -> KeeperReply? {
            let (connection, handshake) = try frontend.signed(chain, padding: padding)
            let reply = try frontend.ask(.judge(connection: connection, transcript: handshake.transcript))
            try frontend.link.send(KeeperRequest.forget(connection: connection).encode())
            // Connections have numbers of their own; what was said is what matters.
            switch reply {
            case .judged(connection, let code): return .judged(connection: 0, code: code)
            case .refused(connection, let reason): return .refused(connection: 0, reason: reason)
            default: return reply
            }
        }

        @Test func `each certificate that is no good is refused for what is wrong with it`() throws {
            let now = Clock.unixSeconds()
            let future = Validity(notBefore: now + 86_400, notAfter: now + 2 * 86_400)
            let past = Validity(notBefore: now - 86_400, notAfter: now - 60)
            let impostor = try pki.authority("impostor", subject: "/CN=root")
            let constrained = try pki.authority(
                "constrained-intermediate", subject: "/CN=middle",
                extensions: ["nameConstraints=critical,permitted;DNS:good.example"], by: root)
            let server = ["keyUsage=critical,digitalSignature", "extendedKeyUsage=serverAuth"]
            func named(_ name: String) -> [String] { Self.usual + ["subjectAltName=DNS:\(name)"] }
            let old = try authority.issueClient(commonName: "old", validity: past)
            let new = try authority.issueClient(commonName: "new", validity: future)
            let cases: [(what: String, chain: [[UInt8]], code: UInt32)] = try [
                ("good", leaf("good"), 0), ("expired", derChain(old.certificate), 10),
                ("not yet valid", derChain(new.certificate), 9),
                ("a server's", leaf("server", extensions: server), 26),
                ("a CA of the same name", leaf("false", by: impostor), 20),
                ("permitted name", leaf("inside", extensions: named("a.good.example"), by: constrained), 0),
                ("another name", leaf("outside", extensions: named("evil.example"), by: constrained), 47),
                ("RSA of 512 bits", leaf("weak", .bits(512)), 66),
                ("RSA of 16384 bits", leaf("slow", publicKey: pki.publicKey(bits: 16_384)), 28),
                ("no certificate", [[0x30, 0]], 28), ("more behind a good one", leaf("tail") + [[0x30]], 28),
                ("nobody", [], 28),
            ]
            let keeper = try LoneHelper.keeper(clientCA: root.certificate)
            let frontend = try LyingFrontend(keeper, 1)
            for (what, chain, code) in cases {
                #expect(try judge(frontend, chain) == .judged(connection: 0, code: code), "\(what)")
            }
            #expect(try keeper.child.reap() == nil)
        }

        @Test func `the revoked are refused, and so is everybody without a list`() throws {
            let victim = try leaf("victim")
            let certificate = try #require(victim.first.flatMap { Certificate(encoded: $0) })
            let serial = certificate.serial(limit: 32)
            let list = try authority.revocationList(serials: [serial], number: 1, validity: Validity(days: 1))
            let path = try pki.scratch.write(list, to: "crl")
            let keeper = try LoneHelper.keeper(clientCA: root.certificate, revocationList: path)
            let frontend = try LyingFrontend(keeper, 1)
            #expect(try judge(frontend, victim) == .judged(connection: 0, code: 23))
            #expect(try judge(frontend, leaf("other")) == .judged(connection: 0, code: 0))
            let middle = try pki.authority("silent-intermediate", subject: "/CN=silent", by: root)
            #expect(try judge(frontend, leaf("unlisted", by: middle)) == .judged(connection: 0, code: 3))
        }

        @Test func `a zero in a name hides nothing of what follows it`() throws {
            let names: [(type: Int32, bytes: [UInt8])] = [
                (2, Array("noc.example\0.evil".utf8)), (6, Array("spiffe://a\0/b".utf8)), (1, Array("a@b\0c".utf8)),
            ]
            let keeper = try LoneHelper.keeper(clientCA: root.certificate)
            let frontend = try LyingFrontend(keeper, 1)
            let (authority, key) = (try authority, try CertificateBuilder.newKey())
            let builder = try CertificateBuilder(commonName: "noc-7\0.evil", validity: Validity(days: 1), key: key)
            try builder.setIssuer(authority.certificate)
            try builder.addNames(names)
            let own = try builder.finish(signedBy: authority.key, ownKey: key)
            let (connection, handshake) = try frontend.signed(derChain(own.certificate))
            #expect(
                try frontend.ask(.judge(connection: connection, transcript: handshake.transcript))
                    == .judged(connection: connection, code: 0))
            #expect(
                try frontend.ask(.prove(connection: connection, message: handshake.proof(own.key)))
                    == .proved(connection: connection))
            guard case .verified(let client)? = try keeper.message() else {
                Issue.record("the supervisor must know")
                return
            }
            let memo = try #require(ClientMemo(client.memo))
            #expect(memo.commonName == #"noc-7\00.evil"#)
            #expect(
                memo.alternativeNames == [
                    AlternativeName(.dns, #"noc.example\00.evil"#), AlternativeName(.uri, #"spiffe://a\00/b"#),
                    AlternativeName(.email, #"a@b\00c"#),
                ])
            #expect(client.identity.display.utf8.allSatisfy { (0x20..<0x7f).contains($0) })
        }

        @Test func `chains without end and handshakes as large as they may be, or larger, keep nobody busy`() throws {
            let keeper = try LoneHelper.keeper(clientCA: root.certificate)
            let (frontend, steady) = (try LyingFrontend(keeper, 1), try LyingFrontend(keeper, 2))
            var (issuer, above) = (root, [String]())
            for level in 0..<6 {
                issuer = try pki.authority("level-\(level)", subject: "/CN=level \(level)", depth: 8, by: issuer)
                above.insert(issuer.certificate, at: 0)
            }
            let deep = try leaf("deep", by: issuer) + chain(above)
            let notAHandshake = KeeperReply.refused(connection: 0, reason: KeeperRefusal.notAHandshake)
            let good = try leaf("good")
            // Each issued by the next; more than may stand between a client and its CA.
            #expect(try judge(frontend, deep) == .judged(connection: 0, code: 22))
            // The same one over and over; one more than a chain may have.
            let filler = try chain([root.certificate])
            #expect(
                try judge(frontend, good + repeatElement(filler, count: 7).joined()) == .judged(connection: 0, code: 0))
            #expect(try judge(frontend, good + repeatElement(filler, count: 8).joined()) == notAHandshake)
            // 64 KiB to the byte: one certificate with names without end, and eight that are none.
            let names = (0..<2500).map { (type: Int32(2), bytes: Array("host-\($0).example.org".utf8)) }
            let huge = try authority.issue("huge", names, usage: "clientAuth", validity: Validity(days: 1))
            let junk = repeatElement([UInt8](repeating: 0x30, count: 8000), count: 8)
            for (chain, code) in [(try derChain(huge.certificate), 0), (Array(junk), 28)] as [([[UInt8]], UInt32)] {
                let plain = ForgedHandshake(
                    nonce: [UInt8](repeating: 0, count: 32), server: frontend.server, client: chain)
                let padding = ClientFlight.limit - plain.transcript.count
                try #require(padding >= 0)
                #expect(try judge(frontend, chain, padding: padding) == .judged(connection: 0, code: code))
                // One more: no packet of a frontend is that long.
                let liar = try LyingFrontend(keeper, 3)
                let (connection, longer) = try liar.signed(chain, padding: padding + 1)
                try liar.link.send(KeeperRequest.judge(connection: connection, transcript: longer.transcript).encode())
                #expect(try liar.answer() == nil)
                #expect(try keeper.message() == .misbehaved(frontend: 3))
                _ = try steady.begin()
            }
            #expect(try keeper.child.reap() == nil)
        }
    }
}
