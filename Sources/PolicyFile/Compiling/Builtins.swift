internal import GatewayPolicy
internal import Roles

/// The policies that come with the program.
enum Builtin: String, CaseIterable {
    case readOnly = "builtin:read-only"
    case unrestricted = "builtin:unrestricted"

    /// Verified certificates, uid 0 and the daemon's own user have what the policy is named after; other users and
    /// anonymous clients read, in every namespace that is served.
    private static let clients: [(name: String, kind: ClientModel.Kind, criterion: PolicyTables.Criterion)] = [
        ("certificate", .certificate, .anyCertificate), ("root", .user, .uid(0)), ("daemon", .user, .daemonUser),
        ("user", .user, .anyUser), ("anonymous", .anonymous, .anonymous),
    ]
    private static let trusted = 3

    private var parts: [RolePart] {
        let readOnly = RolePart(name: Builtin.readOnly.rawValue, grants: .readOnly)
        return self == .readOnly ? [readOnly] : [readOnly, RolePart(name: rawValue, grants: .unrestricted)]
    }

    /// The policy as if a file had said it.
    var policy: CompiledPolicy {
        let parts = parts
        func role(_ client: Int) -> Int { client < Builtin.trusted ? parts.count - 1 : 0 }
        var model = PolicyModel()
        model.clients = Builtin.clients.map { name, kind, criterion in
            ClientModel(name: Located(name, 0..<0), range: 0..<0, kind: kind, criteria: [Located(criterion, 0..<0)])
        }
        model.bindings = Builtin.clients.indices.map { index in
            BindingModel(
                range: 0..<0, client: Located(Builtin.clients[index].name, 0..<0),
                roles: [Located(parts[role(index)].name, 0..<0)],
                namespaces: [Located(PolicyTables.anyNamespace, 0..<0)], ceiling: nil)
        }
        let tables = PolicyTables(
            roles: parts.map { PolicyCompiler.table($0) },
            clients: Builtin.clients.map { PolicyTables.Client(name: $0.name, line: 0, criteria: [$0.criterion]) },
            bindings: Builtin.clients.indices.map { index in
                let role = UInt16(role(index))
                return PolicyTables.Binding(
                    client: UInt16(index), line: 0, networkNamespaces: [PolicyTables.anyNamespace], named: [role],
                    roles: [role])
            })
        let closures = RoleClosures(
            indexes: Dictionary(uniqueKeysWithValues: parts.enumerated().map { ($1.name, $0) }),
            words: parts.indices.map { [1 << UInt64($0)] })
        return CompiledPolicy(
            model: model, roles: parts.map { CompiledRole(builtin: $0) }, closures: closures, tables: tables)
    }
}
