import GatewayProtocol
import LinuxSys
import NetlinkWire
import RemoteNetlink
import TLSSocket
import Testing

extension GatewayTests {
    /// Every limit gives a clear answer, and ends with what caused it.
    @Suite struct LimitTests {
        @Test func `sessions of one client`() throws {
            try Gateway.run(["--limit", "sessions-per-client=3"]) { gateway in
                var sessions = try (0..<3).map { _ in try gateway.session(Gateway.tls) }
                let outcome = try gateway.refusal { try gateway.session(Gateway.tls) }
                #expect(outcome.code == GoodbyeReason.limits)
                #expect(outcome.text.contains("limit of 3 sessions"))
                // Others are not concerned.
                let other = try gateway.identities.authority.issueClient(
                    commonName: "other", validity: Validity(days: 1))
                _ = try gateway.session(Gateway.tls, credentials: gateway.identities.credentials(other))
                _ = try gateway.session()
                sessions.removeLast()
                try eventually("there is room again") { (try? gateway.session(Gateway.tls)) != nil }
            }
        }

        @Test func `sessions in all`() throws {
            try Gateway.run(["--limit", "sessions=2"]) { gateway in
                let first = try gateway.session(Gateway.tls)
                let second = try gateway.session()
                // The frontend itself may be full by then: it closes, or the supervisor says why.
                #expect(throws: ConnectError.self) { try gateway.session() }
                try first.ping()
                try second.ping()
            }
        }

        @Test func `privileged brokers`() throws {
            try Gateway.run(["--policy", "builtin:unrestricted", "--limit", "privileged-brokers=2"]) { gateway in
                let held = try (0..<2).map { _ in try gateway.session() }
                let outcome = try gateway.refusal { try gateway.session() }
                #expect(outcome.code == GoodbyeReason.limits)
                #expect(outcome.text.contains("limit of 2 privileged sessions"))
                #expect(try !gateway.session(readOnly: true).welcome.isPrivileged)
                for session in held { try session.ping() }
            }
        }

        @Test func `unauthenticated connections of one address`() throws {
            try Gateway.run(["--limit", "unauthenticated-per-address=4"]) { gateway in
                let held = try (0..<4).map { _ in try RawClient(RawClient.loopback) }
                // Each of them is accepted before the next is.
                try eventually("the fifth is turned away") {
                    let fifth = try RawClient(RawClient.loopback)
                    return (try? fifth.waitForEnd(seconds: 1)) != nil && fifth.isClosed
                }
                #expect(throws: ConnectError.self) { try gateway.session(Gateway.tls) }
                // Another way in is not concerned.
                try gateway.session().ping()
                for client in held { client.socket.shutdown(write: false) }
                try eventually("there is room again") { (try? gateway.session(Gateway.tls)) != nil }
            }
        }

        @Test func `a handshake that isn't finished in time ends`() throws {
            try Gateway.run(["--limit", "handshake-seconds=1"]) { gateway in
                let silent = try RawClient(RawClient.loopback)
                try silent.waitForEnd()
                let secure = try RawClient(RawClient.loopback)
                try secure.startTLS(gateway.identities)
                let late = try #require(try secure.goodbye())
                #expect(late.code == GoodbyeReason.timeout)
                #expect(late.text.contains("HELLO"))
                let local = try RawClient(gateway)
                try local.write(preface)
                #expect(try local.goodbye()?.code == GoodbyeReason.timeout)
                // One that is finished stays.
                let session = try gateway.session(Gateway.tls)
                try RawClient(RawClient.loopback).waitForEnd()
                try session.ping()
            }
        }

        @Test func `a client that doesn't answer PING is let go`() throws {
            try Gateway.run(["--limit", "ping-seconds=1"]) { gateway in
                let silent = try RawClient(gateway, greeting: Hello(protocolNumber: 0))
                let session = try gateway.session()
                #expect(try silent.nextFrame()?.header.kind == .ping)
                // It answers PING while it waits for something that never comes.
                #expect(throws: ConnectError.timedOut(seconds: 6)) { try session.receive(seconds: 6) }
                #expect(try silent.goodbye()?.code == GoodbyeReason.timeout)
                try session.ping()
            }
        }
    }

    /// Certificates that end while, or before, they are used.
    @Suite struct CertificateTests {
        private func client(from: Int64, until: Int64) throws -> IssuedCertificate {
            let now = Clock.unixSeconds()
            return try Identities.shared.get().authority.issueClient(
                commonName: "short", validity: Validity(notBefore: now + from, notAfter: now + until))
        }

        @Test func `a session ends when its certificate does`() throws {
            try Gateway.run { gateway in
                let short = try client(from: -60, until: 5)
                let session = try gateway.session(Gateway.tls, credentials: gateway.identities.credentials(short))
                let other = try gateway.session(Gateway.tls)
                let error = #expect(throws: ConnectError.self) { try session.receive(seconds: 60) }
                guard case .goodbye(let outcome) = error else {
                    Issue.record("\(String(describing: error))")
                    return
                }
                #expect(outcome.code == GoodbyeReason.expired)
                #expect(outcome.text.contains("expired"))
                try other.ping()
            }
        }

        @Test func `an expired, a future and a foreign certificate are refused, with words on the client's side`()
            throws
        {
            try Gateway.run { gateway in
                let foreign = try CertificateAuthority.create(commonName: "other", validity: Validity(days: 1))
                let impostor = try CertificateAuthority(certificate: foreign.certificate, key: foreign.key)
                for wrong in [
                    try client(from: -7200, until: -3600), try client(from: 7200, until: 9000),
                    try impostor.issueClient(commonName: "noc-7", validity: Validity(days: 1)),
                ] {
                    let error = #expect(throws: ConnectError.self) {
                        try gateway.session(Gateway.tls, credentials: gateway.identities.credentials(wrong))
                    }
                    guard case .tls = error else {
                        Issue.record("\(String(describing: error))")
                        continue
                    }
                }
                try gateway.session(Gateway.tls).ping()
            }
        }

        @Test func `a client on the revocation list is refused, others are not`() throws {
            let identities = try Identities.shared.get()
            let revoked = try client(from: -60, until: 86_400)
            let list = try identities.authority.revocationList(
                serials: [serial(revoked)], number: 1, validity: Validity(days: 1))
            let scratch = try Scratch()
            let path = try scratch.write(list, to: "crl.pem", mode: 0o644)
            try Gateway.run(["--crl", path]) { gateway in
                let error = #expect(throws: ConnectError.self) {
                    try gateway.session(Gateway.tls, credentials: identities.credentials(revoked))
                }
                guard case .tls(_, let reason) = error else {
                    Issue.record("\(String(describing: error))")
                    return
                }
                #expect("\(reason)".contains("revoked"))
                try gateway.session(Gateway.tls).ping()
            }
        }

        /// The serial number, as `openssl x509` tells it.
        private func serial(_ certificate: IssuedCertificate) throws -> String {
            let scratch = try Scratch()
            let path = try scratch.write(certificate.certificate, to: "client.crt")
            let output = try tool("openssl", ["x509", "-noout", "-serial", "-in", path])
            return String(try #require(output.split(separator: "=").last).filter { !$0.isWhitespace })
        }
    }
}
