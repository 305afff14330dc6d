internal import GatewayPolicy
internal import Roles

/// A policy whose names mean something: roles, who has them, and the tables that follow.
struct CompiledPolicy: Sendable {
    let model: PolicyModel
    /// In the order of the file.
    let roles: [CompiledRole]
    /// By a role's index, that of itself and of everything that it includes, ascending.
    let closures: RoleClosures
    let tables: PolicyTables
    /// Bindings by the client's name, in the order of the file.
    let bindings: [String: [BindingModel]]

    init(model: PolicyModel, roles: [CompiledRole], closures: RoleClosures, tables: PolicyTables) {
        self.model = model
        self.roles = roles
        self.closures = closures
        self.tables = tables
        bindings = Dictionary(grouping: model.bindings, by: \.client.value)
    }
}

/// Which roles a role stands for: itself and everything that it includes.
struct RoleClosures: Sendable {
    /// By name.
    let indexes: [String: Int]
    private let words: [[UInt64]]

    init(indexes: [String: Int], words: [[UInt64]]) {
        self.indexes = indexes
        self.words = words
    }

    /// Indexes of these roles and of all that they include, ascending.
    func closure(_ names: [Located<String>]) -> [Int] {
        var union = Array(repeating: UInt64(0), count: words.first?.count ?? 0)
        for name in names {
            guard let index = indexes[name.value] else { continue }
            for word in union.indices { union[word] |= words[index][word] }
        }
        return union.indices.flatMap { word in
            (0..<64).filter { union[word] & (1 << UInt64($0)) != 0 }.map { word * 64 + $0 }
        }
    }
}

/// Makes a compiled policy of a model.
struct PolicyCompiler {
    let collector: DiagnosticCollector
    private let model: PolicyModel
    private let roles: [CompiledRole]
    private let indexes: [String: Int]
    private let clients: [String: ClientModel]

    init(_ model: PolicyModel, _ collector: DiagnosticCollector) {
        self.model = model
        self.collector = collector
        roles = model.roles.map { CompiledRole($0, collector) }
        indexes = Dictionary(model.roles.enumerated().map { ($1.name.value, $0) }) { first, _ in first }
        clients = Dictionary(model.clients.map { ($0.name.value, $0) }) { first, _ in first }
    }

    /// The policy; what is wrong with it is in the collector, and then the tables are not to be used.
    func compile() -> CompiledPolicy {
        let closures = closures()
        checkBindings()
        let tables = collector.hasErrors ? PolicyTables(roles: [], clients: [], bindings: []) : tables(closures)
        checkSizes(tables)
        return CompiledPolicy(model: model, roles: roles, closures: closures, tables: tables)
    }

    /// The role that a name means, said at the place of the name when there is none.
    private func role(_ name: Located<String>) -> Int? {
        if let index = indexes[name.value] { return index }
        guard !collector.isFull else { return nil }
        let hint = Suggestion.hint(for: name.value, in: model.roles.map(\.name.value))
        collector.error(name.range, "unknown role \(name.value.shortened)", hint: hint)
        return nil
    }

    private func closures() -> RoleClosures {
        let included = model.roles.map { role in role.includes.map { (name: $0, index: self.role($0)) } }
        let empty = [UInt64](repeating: 0, count: (roles.count + 63) / 64)
        var closures = Array(repeating: empty, count: roles.count)
        /// 0 before, 1 while the role is open, 2 after.
        var states = Array(repeating: 0, count: roles.count)
        for start in roles.indices where states[start] == 0 {
            var path: [(role: Int, next: Int)] = [(start, 0)]
            states[start] = 1
            while let (role, next) = path.last {
                guard next < included[role].count else {
                    for index in included[role].compactMap(\.index) {
                        for word in empty.indices { closures[role][word] |= closures[index][word] }
                    }
                    closures[role][role / 64] |= 1 << UInt64(role % 64)
                    states[role] = 2
                    path.removeLast()
                    continue
                }
                path[path.count - 1].next += 1
                guard let index = included[role][next].index else { continue }
                if states[index] == 1 {
                    let circle = path.drop { $0.role != index }.map { model.roles[$0.role].name.value }
                    let text = (circle + [model.roles[index].name.value]).joined(separator: " > ")
                    collector.error(
                        included[role][next].name.range, "include goes round in a circle: \(text.shortened)")
                } else if states[index] == 0 {
                    states[index] = 1
                    path.append((index, 0))
                }
            }
        }
        return RoleClosures(indexes: indexes, words: closures)
    }

    private func checkBindings() {
        for binding in model.bindings {
            if let client = checkClient(binding.client), client.kind == .anonymous, let ceiling = binding.ceiling {
                collector.error(
                    ceiling.range, "mode report for an anonymous client",
                    hint: "anybody could use what the ceiling grants")
            }
            for name in binding.roles { _ = role(name) }
            if let ceiling = binding.ceiling { _ = role(ceiling) }
        }
        for test in model.tests { _ = checkClient(test.client) }
    }

    private func checkClient(_ name: Located<String>) -> ClientModel? {
        if let client = clients[name.value] { return client }
        guard !collector.isFull else { return nil }
        let hint = Suggestion.hint(for: name.value, in: model.clients.map(\.name.value))
        collector.error(name.range, "unknown client \(name.value.shortened)", hint: hint)
        return nil
    }

    private func tables(_ closures: RoleClosures) -> PolicyTables {
        func ceiling(_ binding: BindingModel) -> [Int] { closures.closure(binding.ceiling.map { [$0] } ?? []) }
        // What nobody can have is left out.
        let used = Set(model.bindings.flatMap { closures.closure($0.roles) + ceiling($0) }).sorted()
        let places = Dictionary(uniqueKeysWithValues: used.enumerated().map { ($1, UInt16($0)) })
        let bound = Set(model.bindings.map(\.client.value))
        let clients = model.clients.filter { bound.contains($0.name.value) }
        let clientPlaces = Dictionary(
            clients.enumerated().map { ($1.name.value, UInt16($0)) }
        ) { first, _ in first }
        return PolicyTables(
            roles: used.map { PolicyCompiler.role(roles[$0]) },
            clients: clients.map { client in
                PolicyTables.Client(
                    name: client.name.value, line: line(client.name.range), criteria: client.criteria.map(\.value))
            },
            bindings: model.bindings.compactMap { binding in
                guard let client = clientPlaces[binding.client.value] else { return nil }
                let namespaces = binding.namespaces.map(\.value)
                return PolicyTables.Binding(
                    client: client, line: line(binding.range),
                    networkNamespaces: namespaces.isEmpty ? [PolicyTables.ownNamespace] : namespaces,
                    named: binding.roles.compactMap { indexes[$0.value].flatMap { places[$0] } }.sorted(),
                    roles: closures.closure(binding.roles).compactMap { places[$0] },
                    ceiling: ceiling(binding).compactMap { places[$0] })
            },
            never: Never(
                linkKinds: model.neverLinkKinds.map(\.value), interfaces: model.neverInterfaces.map(\.value)
            ).encode(), auditRequired: model.auditRequired)
    }

    private func line(_ range: Range<Int>) -> UInt32 {
        UInt32(collector.map.position(range.lowerBound).line)
    }

    static func role(_ role: CompiledRole) -> PolicyTables.Role {
        table(
            role.part, sessions: role.model.limits[.sessions]?.value,
            sessionMinutes: role.model.limits[.sessionMinutes]?.value)
    }

    /// A part with what the supervisor has to know of it.
    static func table(_ part: RolePart, sessions: UInt32? = nil, sessionMinutes: UInt32? = nil) -> PolicyTables.Role {
        func protocols(_ isIn: (Int32) -> Bool) -> UInt32 {
            NetlinkProtocol.all.reduce(0) { isIn($1) ? $0 | 1 << UInt32($1) : $0 }
        }
        return PolicyTables.Role(
            name: part.name, line: part.line,
            privilegedProtocols: protocols { part.grants.needsPrivilege(protocolNumber: $0) },
            servedProtocols: protocols { part.grants.serves(protocolNumber: $0) }, sessions: sessions ?? 0,
            sessionMinutes: sessionMinutes ?? 0, grants: part.encode())
    }

    /// The supervisor and the broker take only so much.
    private func checkSizes(_ tables: PolicyTables) {
        if tables.encode().count > PolicyTables.maximumSize {
            collector.error(0..<0, "the compiled policy is larger than \(PolicyTables.maximumSize) bytes")
        }
        let bound = Dictionary(grouping: tables.bindings, by: \.client)
        for (index, client) in tables.clients.enumerated() {
            let bindings = bound[UInt16(index)] ?? []
            let roles = Set(bindings.flatMap(\.roles))
            let ceiling = Set(bindings.flatMap(\.ceiling))
            let size = (Array(roles) + Array(ceiling)).reduce(tables.never.count + 64) {
                $0 + 4 + tables.roles[Int($1)].grants.count
            }
            guard size > PolicyTables.maximumGrantSetSize, let model = clients[client.name] else { continue }
            collector.error(
                model.name.range, "the roles of \(client.name) together are larger than what a broker takes",
                hint: "join roles that grant the same")
        }
    }
}
