import GatewayPolicy
import PolicyFile
import Roles
import Testing

@Suite struct BuiltinTests {
    private func tables(_ name: String) throws -> PolicyTables {
        try #require(PolicyFile.builtin(name)?.tables)
    }

    private func grants(_ tables: PolicyTables, _ identity: Identity, in namespace: String = ".") throws -> [Grants] {
        let match = try #require(tables.match(identity, networkNamespace: namespace, daemonUID: 1000))
        let session = try SessionGrants(decoding: tables.grantSet(match).span)
        #expect(session.ceiling.isEmpty && !session.auditRequired && session.limits == SessionLimits())
        #expect(!session.roles.contains { !$0.conditions.isEmpty })
        return session.roles.map(\.grants)
    }

    private let certificate = Identity.certificate(CertificateIdentity(fingerprint: [UInt8](repeating: 1, count: 32)))

    @Test func `read-only gives everybody the same`() throws {
        let tables = try tables("builtin:read-only")
        for identity in [
            certificate, .user(uid: 0, gid: 0), .user(uid: 5, gid: 0), .anonymous(address: [127, 0, 0, 1]),
        ] {
            for namespace in [".", "blue"] {
                #expect(try grants(tables, identity, in: namespace) == [.readOnly])
            }
        }
        #expect(tables.roles.map(\.privilegedProtocols) == [0])
    }

    @Test func `unrestricted is for certificates, root and the daemon's user, and others read`() throws {
        let tables = try tables("builtin:unrestricted")
        for identity in [certificate, .user(uid: 0, gid: 9), .user(uid: 1000, gid: 9)] {
            let found = try grants(tables, identity, in: "blue")
            #expect(found.contains(.unrestricted))
        }
        for identity in [
            Identity.user(uid: 1001, gid: 0), .user(uid: 5, gid: 1000), .anonymous(address: [1, 2, 3, 4]),
        ] {
            #expect(try grants(tables, identity) == [.readOnly])
        }
        let role = try #require(tables.roles.first { $0.name == "builtin:unrestricted" })
        for number in 0..<32 as Range<Int32> {
            let isPrivileged = role.privilegedProtocols & 1 << UInt32(number) != 0
            #expect(isPrivileged == Grants.unrestricted.needsPrivilege(protocolNumber: number))
        }
    }

    @Test(arguments: PolicyFile.builtinNames)
    func `a built-in has no complaints, survives its encoding and can be asked`(name: String) throws {
        let file = try #require(PolicyFile.builtin(name))
        let tables = try #require(file.tables)
        #expect(file.isValid && file.diagnostics.isEmpty)
        #expect(try PolicyTables(decoding: tables.encode()) == tables)
        let client = ClientQuery.identity(certificate)
        #expect(try file.explain(client: client, request: "route GETLINK dump", namespace: "blue").decision == .allowed)
        let write = try file.explain(client: client, request: "route SETLINK dev=eth0")
        #expect(write.decision == (name == "builtin:unrestricted" ? .allowed : .denied))
        #expect(write.reasons.allSatisfy { $0.position == nil })
        #expect(try file.show(client: .named("certificate")).first?.roles.last?.name == name)
        #expect(PolicyFile.builtin("builtin:other")?.source == nil)
    }

    @Test func `unrestricted can be said in the language`() throws {
        let file = check(
            """
            policy: 1
            clients: { root: { uid: 0 } }
            roles: { all: { read: all, write: all, listen: all, extra: [secrets, traffic, code, group, self] } }
            bindings: [ { client: root, roles: [all] } ]
            """)
        let tables = try #require(file.tables)
        #expect(try grants(tables, .user(uid: 0, gid: 0)) == [.unrestricted])
    }
}
