import LinuxSys
import Roles

/// The policy in force.
struct LoadedPolicy {
    /// Counted from 1 since the daemon's start.
    let number: UInt32
    let tables: PolicyTables
    /// Who is who in it.
    let clientTable: ClientTable
    /// The file's path, or the name of a built-in.
    let name: String
    /// Milliseconds since 1970.
    let loadedAt: Int64
    /// What the compiler and the supervisor warned of.
    let warnings: [String]

    /// What there is, in words.
    var summary: String {
        func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
        return [
            count(tables.clients.count, "client"), count(tables.roles.count, "role"),
            count(tables.bindings.count, "binding"),
        ].joined(separator: ", ")
    }
}

/// What is to be said of a policy, and to whom.
struct PolicyNews {
    let text: String
    /// Of the daemon's first the start itself tells.
    let isFirst: Bool
    let warnings: [String]
    /// Admin clients.
    let waiting: [UInt64]
}

extension PolicyTables {
    /// Bindings name these namespaces, and nobody serves them.
    func unservedNamespaces(_ served: [String]) -> [String] {
        let known = Set(served + [PolicyTables.ownNamespace, PolicyTables.anyNamespace])
        return Set(bindings.flatMap(\.networkNamespaces)).subtracting(known).sorted()
    }
}
