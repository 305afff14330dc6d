internal import GatewayPolicy
internal import Roles

/// The policies that come with the program.
enum Builtin: String, CaseIterable {
    case readOnly = "builtin:read-only"
    case unrestricted = "builtin:unrestricted"

    /// Verified certificates, uid 0 and the daemon's own user have what the policy is named after; other users and
    /// anonymous clients read, in every namespace that is served.
    var tables: PolicyTables {
        let readOnly = PolicyCompiler.table(RolePart(name: Builtin.readOnly.rawValue, grants: .readOnly))
        let trusted: [PolicyTables.Client] = [
            PolicyTables.Client(name: "certificate", line: 0, criteria: [.anyCertificate]),
            PolicyTables.Client(name: "root", line: 0, criteria: [.uid(0)]),
            PolicyTables.Client(name: "daemon", line: 0, criteria: [.daemonUser]),
        ]
        let others: [PolicyTables.Client] = [
            PolicyTables.Client(name: "user", line: 0, criteria: [.anyUser]),
            PolicyTables.Client(name: "anonymous", line: 0, criteria: [.anonymous]),
        ]
        let roles: [PolicyTables.Role] =
            self == .readOnly
            ? [readOnly]
            : [readOnly, PolicyCompiler.table(RolePart(name: rawValue, grants: .unrestricted))]
        let clients = trusted + others
        return PolicyTables(
            roles: roles, clients: clients,
            bindings: clients.indices.map { index in
                let role = index < trusted.count ? UInt16(roles.count - 1) : 0
                return PolicyTables.Binding(
                    client: UInt16(index), line: 0, networkNamespaces: [PolicyTables.anyNamespace], named: [role],
                    roles: [role])
            })
    }
}
