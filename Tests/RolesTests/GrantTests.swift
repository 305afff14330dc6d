import GatewayPolicy
import PolicyFile
import Roles
import Testing

/// What the supervisor knows of roles is what their grants say, and brokers can read what it puts together.
@Suite struct GrantTests {
    private static let names = ["builtin:read-only", "builtin:unrestricted"]

    private func builtin(_ name: String) throws -> PolicyTables {
        try #require(PolicyFile.builtin(name)?.tables)
    }

    @Test(arguments: names) func `which protocols need a privileged broker is what the grants say`(name: String) throws
    {
        for role in try builtin(name).roles {
            let grants = try RolePart(decoding: role.grants.span).grants
            var alone = tables(.anyUser)
            alone.roles = [role]
            let user = Identity.user(uid: 1, gid: 1)
            let match = try #require(alone.match(user, networkNamespace: ".", daemonUID: 0))
            for number in 0..<32 as Range<UInt32> {
                #expect(
                    match.needsPrivilege(protocolNumber: number, readOnly: false)
                        == grants.needsPrivilege(protocolNumber: Int32(number)), "protocol \(number)")
                // A client that only reads never does, and the grants agree.
                #expect(!match.needsPrivilege(protocolNumber: number, readOnly: true))
                #expect(!grants.restrictedToReading().needsPrivilege(protocolNumber: Int32(number)))
                let isServed = grants.families.contains {
                    Catalogue.family($0.label)?.protocolNumber == Int32(number)
                }
                #expect((role.servedProtocols & 1 << number != 0) == isServed, "protocol \(number)")
            }
        }
    }

    private func roles(_ tables: PolicyTables, _ identity: Identity, _ namespace: String = ".") -> [String]? {
        tables.match(identity, networkNamespace: namespace, daemonUID: 1000)?.names
    }

    @Test(arguments: names) func `verified certificates, uid 0 and the daemon's uid get what is configured`(
        name: String
    ) throws {
        let tables = try builtin(name)
        for identity in [certificate(), .user(uid: 0, gid: 5), .user(uid: 1000, gid: 5)] {
            #expect(roles(tables, identity)?.contains(name) == true)
            #expect(roles(tables, identity, "blue")?.contains(name) == true)
        }
    }

    @Test func `anonymous clients and other uids read and no more`() throws {
        for identity in [
            Identity.anonymous(address: [127, 0, 0, 1]), .user(uid: 1001, gid: 0), .user(uid: .max, gid: 0),
            // A group makes nobody trusted.
            .user(uid: 5, gid: 1000),
        ] {
            #expect(roles(try builtin("builtin:unrestricted"), identity) == ["builtin:read-only"])
        }
    }

    @Test func `a broker reads the grant set that the supervisor puts together`() throws {
        let part = RolePart(name: "router", line: 21, grants: .readOnly)
        let ceiling = RolePart(name: "firewall", line: 30, grants: .unrestricted)
        let never = Never(linkKinds: ["nlmon"], interfaces: ["mgmt0"])
        func role(_ part: RolePart) -> PolicyTables.Role {
            PolicyTables.Role(
                name: part.name, line: part.line, privilegedProtocols: 0, servedProtocols: 1, grants: part.encode())
        }
        let tables = PolicyTables(
            roles: [role(ceiling), role(part)],
            clients: [PolicyTables.Client(name: "noc", line: 3, criteria: [.anonymous])],
            bindings: [PolicyTables.Binding(client: 0, line: 9, named: [1], roles: [1], ceiling: [0])],
            never: never.encode(), auditRequired: true)
        let decoded = try PolicyTables(decoding: tables.encode())
        let match = try #require(decoded.match(.anonymous(address: []), networkNamespace: ".", daemonUID: 0))
        let grants = try SessionGrants(decoding: decoded.grantSet(match).span)
        #expect(grants == SessionGrants(roles: [part], ceiling: [ceiling], never: never, auditRequired: true))
    }
}
