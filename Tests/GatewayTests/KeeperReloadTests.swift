import Foundation
import GatewayProtocol
import Glibc
import LinuxSys
import RemoteNetlink
import TLSSocket
import Testing

extension GatewayTests {
    /// Keys, certificates and revocation lists that change under live sessions.
    @Suite struct KeeperReloadTests {
        private func ask(_ session: GatewaySession) throws {
            #expect(try session.answer(to: RouteRequest.link(index: 1, sequence: 1), sequence: 1).messages == 1)
        }

        /// SIGHUP, and what is said about the key and the certificates.
        @discardableResult
        private func reload(_ gateway: Gateway) throws -> String {
            func verdicts() -> [Substring] {
                gateway.log.split(separator: "\n").filter {
                    $0.contains("key and certificates") && $0.contains("loaded")
                }
            }
            let before = verdicts().count
            try gateway.supervisor.child.signal(SIGHUP)
            try eventually("the files are loaded, or aren't") { verdicts().count > before }
            return verdicts().last.map(String.init) ?? ""
        }

        /// The serial number of the certificate that the gateway presents.
        private func serverSerial(_ gateway: Gateway) throws -> String? {
            let handshake = try OpenHandshake(gateway.identities)
            try handshake.finish()
            return handshake.tls.peer?.serial
        }

        private func goodbye(of session: GatewaySession) throws -> GatewayProtocol.Outcome? {
            let error = #expect(throws: ConnectError.self) { try session.receive(seconds: 60) }
            guard case .goodbye(let outcome) = error else { return nil }
            return outcome
        }

        @Test func `new handshakes see the new certificate, sessions live on, and the old keeper goes`() throws {
            let identities = try Identities()
            try Gateway.run(identities: identities) { gateway in
                let before = try gateway.session(Gateway.tls)
                let keeper = try gateway.only(.keeper).pid
                let first = try serverSerial(gateway)
                let begun = try OpenHandshake(identities)
                try begun.waitForServer(gateway)
                let renewed = try identities.authority.issueServer(
                    names: ["127.0.0.1"], validity: Validity(days: 30))
                try identities.scratch.write(renewed.certificate, to: "server.crt")
                try identities.scratch.write(renewed.key, to: "server.key")
                #expect(try reload(gateway) == "nlgated: key and certificates loaded: new connections get them")
                try eventually("the new certificate") { try serverSerial(gateway) != first }
                // What began before ends as it began, and then nobody needs the old key any more.
                #expect(gateway.helpers(.keeper).contains { $0.pid == keeper })
                try begun.finish()
                #expect(begun.tls.peer?.serial == first)
                try begun.sayHello()
                try eventually("one keeper") { gateway.helpers(.keeper).count == 1 && !isRunning(keeper) }
                try ask(before)
                try ask(gateway.session(Gateway.tls))
                #expect(gateway.helpers(.frontend).count == 1)
            }
        }

        @Test func `a session whose certificate the new list revokes ends with GOODBYE, others live on`() throws {
            let identities = try Identities()
            let victim = try identities.authority.issueClient(commonName: "victim", validity: Validity(days: 9))
            let path = try identities.revoke([], number: 1)
            try Gateway.run(["--crl", path], identities: identities) { gateway in
                let other = try gateway.session(Gateway.tls)
                let revoked = try gateway.session(Gateway.tls, credentials: identities.credentials(victim))
                let idle = try RawClient(RawClient.loopback)
                try idle.startTLS(identities, as: victim)
                try ask(revoked)
                try identities.revoke([serial(victim)], number: 2)
                try reload(gateway)
                let outcome = try goodbye(of: revoked)
                #expect(outcome?.code == GoodbyeReason.revoked)
                #expect(
                    outcome?.text == "the client's certificate is no longer accepted: it was revoked, or its CA is gone"
                )
                // Who had a connection and no session yet gets none.
                try idle.write(preface + RawClient.frame(.hello, Hello(protocolNumber: 0).encode()))
                #expect(try idle.goodbye()?.code == GoodbyeReason.revoked)
                #expect(throws: (any Error).self) {
                    try gateway.session(Gateway.tls, credentials: identities.credentials(victim))
                }
                try ask(other)
                #expect(!gateway.log.contains("broke the protocol"))
                try ask(gateway.session(Gateway.tls))
            }
        }

        @Test func `a CA that is gone takes its clients' sessions with it, and one more adds clients`() throws {
            let identities = try Identities()
            let other = try Identities()
            let path = try identities.scratch.write(identities.authorityCertificate, to: "clients.crt")
            try Gateway.run(["--client-ca", path], identities: identities) { gateway in
                let session = try gateway.session(Gateway.tls)
                let stranger = Credentials(
                    certificate: other.client.certificate, key: other.client.key,
                    authority: identities.authorityCertificate)
                #expect(throws: (any Error).self) { try gateway.session(Gateway.tls, credentials: stranger) }
                try identities.scratch.write(
                    identities.authorityCertificate + other.authorityCertificate, to: "clients.crt")
                try reload(gateway)
                try eventually("the other CA's client") {
                    (try? gateway.session(Gateway.tls, credentials: stranger)) != nil
                }
                try ask(session)
                try identities.scratch.write(other.authorityCertificate, to: "clients.crt")
                try reload(gateway)
                #expect(try goodbye(of: session)?.code == GoodbyeReason.revoked)
                try ask(gateway.session(Gateway.tls, credentials: stranger))
            }
        }

        @Test func `a broken file leaves the one before in force, and the log says what is wrong`() throws {
            let identities = try Identities()
            try Gateway.run(identities: identities) { gateway in
                let session = try gateway.session(Gateway.tls)
                let keeper = try gateway.only(.keeper).pid
                let first = try serverSerial(gateway)
                let key = try String(contentsOfFile: identities.keyPath, encoding: .utf8)
                let foreign = try identities.authority.issueServer(names: ["x"], validity: Validity(days: 2)).key
                let cases: [(text: String, mode: Int, complaint: String)] = [
                    ("nonsense", 0o600, "can't be read"),
                    (String(decoding: foreign, as: UTF8.self), 0o600, "does not belong"),
                    ("", 0o600, "is empty"), (key, 0o644, "others can read the private key"),
                ]
                for (text, mode, complaint) in cases {
                    try identities.scratch.write(text, to: "server.key", mode: mode)
                    let verdict = try reload(gateway)
                    #expect(
                        verdict.contains(complaint) && verdict.hasSuffix("those before stay in force"), "\(verdict)")
                }
                try FileManager.default.removeItem(atPath: identities.keyPath)
                #expect(try reload(gateway).contains("server.key: No such file or directory; those before"))
                #expect(try serverSerial(gateway) == first)
                try eventually("one keeper") { gateway.helpers(.keeper).count == 1 }
                #expect(try gateway.only(.keeper).pid == keeper)
                try ask(session)
                // All is well again with good files.
                try identities.scratch.write(key, to: "server.key")
                #expect(try reload(gateway).contains("certificates loaded"))
                try ask(gateway.session(Gateway.tls))
            }
        }

        @Test func `a storm of reloads leaves one keeper, and no descriptors`() throws {
            try Gateway.run { gateway in
                let session = try gateway.session(Gateway.tls)
                let frontend = try gateway.only(.frontend).pid
                /// Of the supervisor and the frontend.
                func descriptors() throws -> [Int] {
                    try [gateway.pid, frontend].map {
                        try FileManager.default.contentsOfDirectory(atPath: "/proc/\($0)/fd").count
                    }
                }
                try reload(gateway)
                try eventually("one keeper, and no compiler") {
                    gateway.helpers(.keeper).count == 1 && gateway.helpers(.compiler).isEmpty
                }
                let before = try settled(descriptors)
                for _ in 0..<100 {
                    try gateway.supervisor.child.signal(SIGHUP)
                    usleep(5000)
                }
                try eventually("handshakes") { (try? gateway.session(Gateway.tls)) != nil }
                try eventually("one keeper, and no compiler") {
                    gateway.helpers(.keeper).count == 1 && gateway.helpers(.compiler).isEmpty
                }
                try eventually("as before") { try descriptors() == before }
                try ask(session)
                #expect(!gateway.log.contains("not loaded"))
            }
        }
    }
}

/// The serial number of an issued certificate.
func serial(_ issued: IssuedCertificate) throws -> String {
    let scratch = try Scratch()
    let path = try scratch.write(issued.certificate, to: "crt")
    let text = try tool("openssl", ["x509", "-in", path, "-noout", "-serial"])
    return try String(#require(text.split(separator: "=").last).trimmingCharacters(in: .whitespacesAndNewlines))
}
