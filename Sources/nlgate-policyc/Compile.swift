import GatewayIPC
import GatewayPolicy
import Glibc
import LinuxSys
import Roles

/// What became of a policy.
struct Outcome {
    /// Warnings and errors, one a line.
    var diagnostics = ""
    /// The encoded tables; nil when there is an error.
    var tables: [UInt8]?
}

/// Compiles a built-in policy, or the file behind descriptor 4.
func compile(_ source: CompilerOptions.Source) -> Outcome {
    switch source {
    case .builtin(let name):
        guard let tables = builtin(name) else {
            return Outcome(diagnostics: "builtin:\(name): error: there is no such policy\n")
        }
        return Outcome(tables: tables.encode())
    case .file(let name): return Outcome(diagnostics: "\(name): error: policy files are not there yet\n")
    }
}

private func builtin(_ name: String) -> PolicyTables? {
    guard name == "read-only" || name == "unrestricted" else { return nil }
    var roles = [role("builtin:read-only", .readOnly)]
    if name == "unrestricted" { roles.append(role("builtin:unrestricted", .unrestricted)) }
    let clients = [
        ("certificate", PolicyTables.Criterion.anyCertificate), ("root", .uid(0)), ("daemon", .daemonUser),
        ("user", .anyUser), ("anonymous", .anonymous),
    ]
    return PolicyTables(
        roles: roles,
        clients: clients.map { PolicyTables.Client(name: $0.0, line: 0, criteria: [$0.1]) },
        bindings: clients.indices.map { index in
            let role = index < 3 ? UInt16(roles.count - 1) : 0
            return PolicyTables.Binding(
                client: UInt16(index), line: 0, networkNamespaces: [PolicyTables.anyNamespace], named: [role],
                roles: [role])
        })
}

private func role(_ name: String, _ grants: Grants) -> PolicyTables.Role {
    func mask(_ isIn: (Int32) -> Bool) -> UInt32 {
        (0..<32 as Range<Int32>).reduce(0) { isIn($1) ? $0 | 1 << UInt32($1) : $0 }
    }
    let numbers = Set(grants.families.compactMap { Catalogue.family($0.label)?.protocolNumber })
    return PolicyTables.Role(
        name: name, line: 0, privilegedProtocols: mask { grants.needsPrivilege(protocolNumber: $0) },
        servedProtocols: mask { numbers.contains($0) }, grants: RolePart(name: name, grants: grants).encode())
}
