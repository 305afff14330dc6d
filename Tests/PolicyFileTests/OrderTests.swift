import GatewayPolicy
import Roles
import SeededInput
import Testing

@testable import PolicyFile

/// The order of anything in the file does not matter.
@Suite struct OrderTests {
    private let clients = [
        "noc: { common-name: \"noc-*\", issuer: \"CN=Ops CA\" }", "ops: { uid: 7 }", "staff: { gid: 100 }",
        "any: { anonymous: true }",
        "mail: { san-email: \"*@example.org\" }",
    ]
    private let roles = [
        "view: { read: { route: [GETLINK, GETROUTE dump], xfrm: [GETSA] }, limits: { dumps: 4, sessions: 9 } }",
        "router: { include: [view, base], write: { route: [NEWROUTE, SETLINK] }, where: { table: [100-199] }, limits: { dumps: 2 } }",
        "base: { listen: { route: [LINK], xfrm: [SA] }, write: { route: [NEWROUTE] }, where: { table: [main] } }",
        "keys: { extra: [secrets], include: [base] }", "guest: { read: { route: [GETADDR] } }",
    ]
    private let bindings = [
        "{ client: noc, roles: [router, guest] }", "{ client: noc, roles: [keys], netns: [blue, red] }",
        "{ client: ops, roles: [guest], mode: report, ceiling: router }", "{ client: staff, roles: [view] }",
        "{ client: mail, roles: [keys], netns: [\"*\"] }", "{ client: any, roles: [guest] }",
    ]
    private let requests = [
        "route GETLINK", "route GETLINK dump", "route GETROUTE", "route GETADDR single", "route SETLINK dev=eth0",
        "route NEWROUTE",
        "route NEWROUTE table=150", "route NEWROUTE table=main", "route NEWROUTE table=7", "xfrm GETSA dump",
        "listen xfrm SA",
        "listen route LINK", "generic/nlctrl GETFAMILY",
    ]

    private func text(_ generator: inout SeededNumbers) -> String {
        let sections = [
            "clients:\n" + clients.shuffled(using: &generator).map { "  \($0)\n" }.joined(),
            "roles:\n" + roles.shuffled(using: &generator).map { "  \($0)\n" }.joined(),
            "bindings:\n" + bindings.shuffled(using: &generator).map { "  - \($0)\n" }.joined(), "policy: 1\n",
            "never: { interfaces: [mgmt0] }\n",
        ]
        return sections.shuffled(using: &generator).joined()
    }

    private let identities: [Identity] = [
        .certificate(
            CertificateIdentity(fingerprint: [UInt8](repeating: 1, count: 32), commonName: "noc-1", issuer: "CN=Ops CA")
        ),
        .certificate(
            CertificateIdentity(
                fingerprint: [UInt8](repeating: 2, count: 32), commonName: "noc-2", issuer: "CN=Ops CA",
                emails: ["a@example.org"])), .user(uid: 7, gid: 100), .user(uid: 8, gid: 100), .user(uid: 7, gid: 1),
        .anonymous(address: [127, 0, 0, 1]),
    ]

    /// What a broker would be told, without lines and in an order of its own.
    private func outcome(_ file: PolicyFile) throws -> [String] {
        let tables = try #require(file.tables)
        var lines: [String] = []
        for (number, identity) in identities.enumerated() {
            for namespace in [".", "blue", "green"] {
                for request in requests {
                    let found = try file.explain(client: .identity(identity), request: request, namespace: namespace)
                    lines.append("\(number) \(namespace) \(request) \(found.decision) \(found.needsPrivilege)")
                }
                guard let match = tables.match(identity, networkNamespace: namespace, daemonUID: 99) else { continue }
                let session = try SessionGrants(decoding: tables.grantSet(match).span)
                for part in session.roles.sorted(by: { $0.name < $1.name }) {
                    lines.append("\(part.name) \(part.grants) \(part.conditions) \(part.limits)")
                }
                let ceiling = session.ceiling.map(\.name).sorted()
                lines.append(
                    "\(ceiling) \(match.names.sorted()) \(match.clients.sorted()) \(match.privilegedProtocols)")
                lines.append("\(String(describing: match.sessions)) \(session.limits)")
            }
        }
        return lines
    }

    @Test func `a shuffled file decides the same`() throws {
        var generator = SeededNumbers(seed: 7)
        let first = check(text(&generator))
        #expect(first.errors == [])
        let wanted = try outcome(first)
        #expect(Set(wanted.filter { $0.contains("allowed") }).count > 20 && wanted.contains { $0.contains("reported") })
        for _ in 0..<20 {
            let shuffled = check(text(&generator))
            #expect(try outcome(shuffled) == wanted)
            #expect(shuffled.warnings.count == first.warnings.count)
        }
    }
}
