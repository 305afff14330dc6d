import GatewayProtocol
import LinuxSys
import NetlinkWire
import RemoteNetlink
import TLSSocket
import Testing

extension GatewayTests {
    /// Who a client is by the policy, and what follows for its sessions.
    @Suite struct ClientTests {
        private let link = RouteRequest.link(index: 1, sequence: 5)

        @Test func `a client is found by each of its marks, and a stranger is told his own`() throws {
            let identities = try Identities.shared.get()
            let known = try identities.authority.issueClient(commonName: "printed", validity: Validity(days: 1))
            let policy = try PolicyText(
                """
                clients:
                  by-name: { common-name: "ops-*", issuer: "CN=test CA" }
                  by-print: { fingerprint: "\(fingerprint(known))" }
                  by-uri: { san-uri: "spiffe://ops/*" }
                  by-dns: { san-dns: "Host.Example.org" }
                  by-mail: { san-email: "alice@example.org" }
                  other-ca: { common-name: "stranger", issuer: "CN=another CA" }
                  root: { uid: 0, gid: 0 }
                roles:
                  name: { read: { route: [GETLINK] } }
                  print: { read: { route: [GETLINK] } }
                  uri: { read: { route: [GETLINK] } }
                  dns: { read: { route: [GETLINK] } }
                  mail: { read: { route: [GETLINK] } }
                  user: { read: { route: [GETLINK] } }
                bindings:
                  - { client: by-name, roles: [name] }
                  - { client: by-print, roles: [print] }
                  - { client: by-uri, roles: [uri] }
                  - { client: by-dns, roles: [dns] }
                  - { client: by-mail, roles: [mail] }
                  - { client: other-ca, roles: [user] }
                  - { client: root, roles: [user] }
                """)
            try Gateway.run(policy: policy) { gateway in
                func roles(_ session: GatewaySession) throws -> [String] {
                    #expect(try session.answer(to: link, sequence: 5).messages == 1)
                    return session.welcome.roles
                }
                #expect(try roles(gateway.session(commonName: "ops-7")) == ["name"])
                let printed = try gateway.session(Gateway.tls, credentials: identities.credentials(known))
                #expect(try roles(printed) == ["print"])
                let uri = ClientName.uri("spiffe://ops/prometheus")
                #expect(try roles(gateway.session(commonName: "x", names: [uri])) == ["uri"])
                #expect(try roles(gateway.session(commonName: "x", names: [.dns("host.example.org")])) == ["dns"])
                #expect(try roles(gateway.session(commonName: "x", names: [.email("alice@example.org")])) == ["mail"])
                #expect(try roles(gateway.session()) == ["user"])
                // Several at once: the union.
                #expect(try roles(gateway.session(commonName: "ops-8", names: [uri])) == ["name,uri"])

                let unknown = try identities.authority.issueClient(
                    commonName: "stranger", validity: Validity(days: 1))
                let outcome = try gateway.refusal {
                    try gateway.session(Gateway.tls, credentials: identities.credentials(unknown))
                }
                #expect(outcome.code == GoodbyeReason.policy)
                #expect(outcome.text.contains("no client for common-name stranger"), "\(outcome.text)")
                #expect(try outcome.text.contains("fingerprint \(fingerprint(unknown))"), "\(outcome.text)")
                #expect(outcome.text.contains("issuer CN=test CA"), "\(outcome.text)")
            }
        }

        @Test func `users that the policy doesn't name, and anonymous clients, have nothing`() throws {
            let policy = try PolicyText(
                """
                clients: { someone: { uid: 12345 } }
                roles: { reading: { read: { route: [GETLINK] } } }
                bindings: [{ client: someone, roles: [reading] }]
                """)
            let listen = ["unix://DIR/s.sock", "tcp://127.0.0.1:7001"]
            try Gateway.run(policy: policy, ["--insecure-tcp"], listen: listen) { gateway in
                let local = try gateway.refusal { try gateway.session() }
                #expect(local.code == GoodbyeReason.policy)
                #expect(local.text == "the policy has no client for uid 0, gid 0")
                let anonymous = try gateway.refusal { try gateway.session("tcp://127.0.0.1:7001") }
                #expect(anonymous.code == GoodbyeReason.policy)
                #expect(anonymous.text.contains("anonymous"))
            }
        }

        @Test func `which broker serves a session follows from its grants for that protocol`() throws {
            let policy = try PolicyText(
                """
                clients: { root: { uid: 0 } }
                roles:
                  reading: { read: { route: [GETLINK], generic/nlctrl: [GETFAMILY] } }
                  writing: { write: { route: [SETLINK, NEWLINK] } }
                bindings:
                  - { client: root, roles: [reading, writing] }
                """)
            try Gateway.run(policy: policy) { gateway in
                let writer = try gateway.session()
                #expect(writer.welcome.isPrivileged)
                let down = RouteRequest.setLink(index: 1, up: false, sequence: 4)
                #expect(try writer.answer(to: down, sequence: 4).code == 0)
                let reader = try gateway.session(readOnly: true)
                #expect(!reader.welcome.isPrivileged)
                #expect(try reader.answer(to: link, sequence: 5).messages == 1)
                #expect(try reader.answer(to: down, sequence: 4).code == 1)
                #expect(try !gateway.session(nil, 16).welcome.isPrivileged)
                // What no role mentions is said at once.
                let outcome = try gateway.refusal { try gateway.session(nil, 12) }
                #expect(outcome.code == GoodbyeReason.policy)
                #expect(outcome.text.contains("client root") && outcome.text.contains("protocol 12"))
            }
        }

        @Test func `a binding holds in its namespaces alone`() throws {
            let name = "nlgt\(Clock.monotonicMilliseconds())p"
            try ip("netns add \(name)")
            defer { _ = try? ip("netns del \(name)") }
            let policy = try PolicyText(
                """
                clients: { root: { uid: 0 }, noc: { common-name: "noc-7" } }
                roles: { here: { read: { route: [GETLINK] } }, there: { read: { route: [GETADDR] } } }
                bindings:
                  - { client: root, roles: [here] }
                  - { client: root, roles: [there], netns: [\(name), elsewhere] }
                  - { client: noc, roles: [there], netns: [\(name)] }
                """)
            try Gateway.run(policy: policy, ["--netns", name]) { gateway in
                #expect(try gateway.session().welcome.roles == ["here"])
                #expect(try gateway.session(netns: name).welcome.roles == ["there"])
                #expect(try gateway.session(Gateway.tls, netns: name).welcome.roles == ["there"])
                let outcome = try gateway.refusal { try gateway.session(Gateway.tls) }
                #expect(outcome.code == GoodbyeReason.policy)
                #expect(outcome.text == "the policy binds client noc to no role in the daemon's own namespace")
                // Nobody serves it, and somebody may have mistyped it.
                #expect(gateway.log.contains("warning: a binding names the namespace elsewhere"), "\(gateway.log)")
            }
        }

        @Test func `the lowest limit of sessions holds, of the policy and of the command line`() throws {
            let policy = try PolicyText(
                """
                clients: { root: { uid: 0 }, noc: { common-name: "noc-*" } }
                roles:
                  two: { read: { route: [GETLINK] }, limits: { sessions: 2 } }
                  many: { read: { route: [GETLINK] }, limits: { sessions: 100 } }
                bindings:
                  - { client: root, roles: [two, many] }
                  - { client: noc, roles: [many] }
                """)
            try Gateway.run(policy: policy, ["--limit", "sessions-per-client=3"]) { gateway in
                let held = try (0..<2).map { _ in try gateway.session() }
                let outcome = try gateway.refusal { try gateway.session() }
                #expect(outcome.code == GoodbyeReason.limits)
                #expect(outcome.text.contains("limit of 2 sessions"))
                let others = try (0..<3).map { _ in try gateway.session(Gateway.tls) }
                #expect(try gateway.refusal { try gateway.session(Gateway.tls) }.text.contains("limit of 3 sessions"))
                // Another certificate is another client.
                _ = try gateway.session(commonName: "noc-8")
                for session in held + others { try session.ping() }
            }
        }

        @Test func `a session ends after the minutes that the policy gives it`() throws {
            let policy = try PolicyText(
                """
                clients: { root: { uid: 0 }, noc: { common-name: "noc-7" } }
                roles:
                  short: { read: { route: [GETLINK] }, limits: { session-minutes: 1 } }
                  long: { read: { route: [GETLINK] } }
                bindings: [{ client: root, roles: [short] }, { client: noc, roles: [long] }]
                """)
            try Gateway.run(policy: policy) { gateway in
                let short = try gateway.session()
                let long = try gateway.session(Gateway.tls)
                let error = #expect(throws: ConnectError.self) { try short.receive(seconds: 120) }
                guard case .goodbye(let outcome) = error else {
                    Issue.record("\(String(describing: error))")
                    return
                }
                #expect(outcome.code == GoodbyeReason.limits)
                #expect(outcome.text == "the policy ends this client's sessions after 1 minute")
                try long.ping()
                try gateway.session().ping()
            }
        }
    }
}
