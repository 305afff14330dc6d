internal import GatewayPolicy
internal import Roles

/// The roles that a client has in one namespace.
struct SessionRoles: Hashable, Sendable {
    /// Indexes, ascending, `include` flattened.
    let roles: [Int]
    let ceiling: [Int]

    var isEmpty: Bool { roles.isEmpty && ceiling.isEmpty }
}

extension CompiledPolicy {
    /// What clients with these names have together; the daemon's own namespace is ".".
    func session(_ clients: Set<String>, in namespace: String) -> SessionRoles {
        let bound = clients.flatMap { bindings[$0] ?? [] }.filter { $0.covers(namespace) }
        return SessionRoles(
            roles: closures.closure(bound.flatMap(\.roles)), ceiling: closures.closure(bound.compactMap(\.ceiling)))
    }

    /// The namespaces that the bindings of these clients name, in the order of the file.
    func namespaces(_ clients: Set<String>) -> [String] {
        var seen: Set<String> = []
        return clients.flatMap { bindings[$0] ?? [] }.sorted { $0.range.lowerBound < $1.range.lowerBound }
            .flatMap { $0.namespaces.isEmpty ? [PolicyTables.ownNamespace] : $0.namespaces.map(\.value) }
            .filter { seen.insert($0).inserted }
    }

    /// The clients of the policy that an identity is, bound or not.
    func clients(_ identity: Identity, daemonUID: UInt32) -> [ClientModel] {
        model.clients.filter { client in
            client.criteria.allSatisfy { CompiledPolicy.fits($0.value, identity, daemonUID: daemonUID) }
        }
    }

    /// Asks the function that the supervisor asks, about one criterion.
    static func fits(_ criterion: PolicyTables.Criterion, _ identity: Identity, daemonUID: UInt32) -> Bool {
        let client = PolicyTables.Client(name: "", line: 0, criteria: [criterion])
        let binding = PolicyTables.Binding(client: 0, line: 0, named: [], roles: [])
        return PolicyTables(roles: [], clients: [client], bindings: [binding])
            .match(identity, networkNamespace: PolicyTables.ownNamespace, daemonUID: daemonUID) != nil
    }

    /// Every different set of roles that some client has somewhere, with the binding that it was first seen at.
    func sessions(most: Int) -> [(session: SessionRoles, binding: BindingModel)] {
        var seen: Set<SessionRoles> = []
        var found: [(SessionRoles, BindingModel)] = []
        var visited: Set<String> = []
        var looks = 0
        for binding in model.bindings where visited.insert(binding.client.value).inserted {
            for namespace in namespaces([binding.client.value]) {
                looks += 1
                guard looks <= 4 * most else { return found }
                let session = session([binding.client.value], in: namespace)
                if seen.insert(session).inserted { found.append((session, binding)) }
                if found.count >= most { return found }
            }
        }
        return found
    }
}

extension BindingModel {
    func covers(_ namespace: String) -> Bool {
        guard !namespaces.isEmpty else { return namespace == PolicyTables.ownNamespace }
        return namespaces.contains { $0.value == namespace || $0.value == PolicyTables.anyNamespace }
    }
}

extension Operation {
    /// Extras without which the request is refused, whatever it carries.
    func requiredExtras(_ family: Family) -> Grants.Extras {
        var extras: Grants.Extras = []
        if tags.contains(.secret) { extras.insert(.secrets) }
        // In rtnetlink and nftables these tags are about what may stand inside; sock_diag's filters look at sockets only.
        let isWhole = ![NetlinkProtocol.route, NetlinkProtocol.sockDiag].contains(family.protocolNumber)
        guard isWhole, family.label != "netfilter/nftables" else { return extras }
        if tags.contains(.traffic) { extras.insert(.traffic) }
        if tags.contains(.code) { extras.insert(.code) }
        return extras
    }

    /// Extras that some contents of the request need.
    func possibleExtras(_ family: Family) -> Grants.Extras {
        var extras = requiredExtras(family)
        if tags.contains(.traffic) { extras.insert(.traffic) }
        if tags.contains(.code), family.protocolNumber != NetlinkProtocol.sockDiag { extras.insert(.code) }
        if tags.contains(.namespace) { extras.insert(.netns) }
        guard kind == .write else { return extras }
        // Deletions of many at once, and whole groups of links.
        let deletes = ["DEL", "DESTROY", "FLUSH", "CT_DELETE", "EXP_DELETE"].contains { name.hasPrefix($0) }
        if tags.contains(.group) || deletes { extras.insert(.group) }
        extras.insert(.itself)
        return extras
    }
}

extension Group {
    /// Extras without which it can't be joined.
    var requiredExtras: Grants.Extras {
        var extras: Grants.Extras = []
        if tags.contains(.secret) { extras.insert(.secrets) }
        if tags.contains(.traffic) { extras.insert(.traffic) }
        return extras
    }

    /// Extras that its events may need.
    var possibleExtras: Grants.Extras {
        tags.contains(.namespace) ? requiredExtras.union(.netns) : requiredExtras
    }
}

extension Grants.Extras {
    /// As the policy writes them.
    var names: [String] { Extra.allCases.filter { contains($0.bits) }.map(\.rawValue) }
}
