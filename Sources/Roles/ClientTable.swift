/// The part of a policy that says who somebody is: all of it that a keeper gets.
public struct ClientTable: Equatable, Sendable {
    /// For each client of the policy what an identity must have to be it; at least one criterion.
    public var clients: [[PolicyTables.Criterion]]
    /// For each binding of the policy the index of its client.
    public var bindings: [UInt16]

    /// A table from its parts.
    public init(clients: [[PolicyTables.Criterion]], bindings: [UInt16]) {
        self.clients = clients
        self.bindings = bindings
    }

    /// Which clients an identity is; `daemonUID` is the user that runs the daemon.
    public func standing(of identity: Identity, daemonUID: UInt32) -> Standing {
        let fitting = clients.indices.filter { index in
            clients[index].allSatisfy { $0.fits(identity, daemonUID: daemonUID) }
        }
        let held = Set(fitting)
        return Standing(
            clients: fitting.map { UInt16($0) },
            bindings: bindings.indices.filter { held.contains(Int(bindings[$0])) }.map { UInt16($0) })
    }
}

/// What somebody is to a policy, whatever the network namespace: numbers only.
public struct Standing: Equatable, Sendable {
    /// Indexes of the clients that it is, ascending.
    public var clients: [UInt16]
    /// Indexes of the bindings of these clients, ascending: each is a set of roles and the namespaces where it holds.
    public var bindings: [UInt16]

    /// Of a stranger.
    public static let nobody = Standing(clients: [], bindings: [])

    /// A standing from its parts.
    public init(clients: [UInt16], bindings: [UInt16]) {
        self.clients = clients
        self.bindings = bindings
    }
}

extension PolicyTables {
    /// Who is who, and nothing of what they may do.
    public var clientTable: ClientTable {
        ClientTable(clients: clients.map(\.criteria), bindings: bindings.map(\.client))
    }
}

/// The encoding, little-endian: "nlgC", u16 version, the list of clients, each a list of criteria as in policy tables,
/// and the list of bindings, each u16 client.
extension ClientTable {
    private static let version: UInt16 = 1

    /// The bytes that `init(decoding:)` reads.
    public func encode() -> [UInt8] {
        var writer = TableWriter()
        writer.bytes = Array("nlgC".utf8)
        writer.put(ClientTable.version)
        writer.put(UInt16(clients.count))
        for criteria in clients { writer.put(criteria) }
        writer.put(UInt16(bindings.count))
        for client in bindings { writer.put(client) }
        return writer.bytes
    }

    /// Reads a table, strictly: known criteria, clients that exist, nothing behind the end.
    ///
    /// - Throws: `TablesError` for bytes that `encode()` couldn't have written.
    public init(decoding bytes: [UInt8]) throws(TablesError) {
        var reader = TableReader(bytes)
        guard bytes.count <= PolicyTables.maximumSize else { throw reader.error("table too long") }
        guard try reader.bytes(4) == Array("nlgC".utf8), try reader.u16() == ClientTable.version else {
            throw reader.error("not a table of clients of this version")
        }
        clients = try reader.list(most: PolicyTables.mostEntries) { (reader) throws(TablesError) in
            try reader.criteria()
        }
        let count = clients.count
        bindings = try reader.list(most: PolicyTables.mostEntries) { (reader) throws(TablesError) in
            let client = try reader.u16()
            guard Int(client) < count else { throw reader.error("a binding of nobody") }
            return client
        }
        guard reader.isAtEnd else { throw reader.error("trailing bytes") }
    }
}
