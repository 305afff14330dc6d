internal import GatewayPolicy

/// One role with its grants, without those that it includes.
struct CompiledRole: Sendable {
    let model: RoleModel
    let line: Int
    let operations: [GrantEntry]
    let groups: [GroupEntry]
    let part: RolePart
    /// Indexes of `operations` by family and number, and of `groups` by family and place.
    private let operationPlaces: [UInt32: [Int]]
    private let groupPlaces: [UInt32: [Int]]

    /// The entries that grant an operation.
    func entries(_ family: Int, _ operation: Operation) -> [GrantEntry] {
        (operationPlaces[UInt32(family) << 16 | UInt32(operation.number)] ?? []).map { operations[$0] }
    }

    /// True when it grants an operation in some mode.
    func grants(_ family: Int, _ operation: Operation) -> Bool {
        operationPlaces[UInt32(family) << 16 | UInt32(operation.number)] != nil
    }

    /// The entries that grant a group.
    func entries(_ family: Int, group: Int) -> [GroupEntry] {
        (groupPlaces[UInt32(family) << 16 | UInt32(group)] ?? []).map { groups[$0] }
    }

    /// A role of the file.
    init(_ model: RoleModel, _ collector: DiagnosticCollector) {
        var resolver = GrantResolver(collector)
        resolver.resolve(model)
        self.model = model
        line = collector.map.position(model.name.range.lowerBound).line
        operations = resolver.operations
        groups = resolver.groups
        (operationPlaces, groupPlaces) = CompiledRole.places(operations, groups)
        part = RolePart(
            name: model.name.value, line: UInt32(line), grants: CompiledRole.grants(model, operations, groups),
            conditions: CompiledRole.conditions(model), limits: CompiledRole.limits(model))
    }

    /// A role of a built-in, which no file has.
    init(builtin part: RolePart) {
        model = RoleModel(name: Located(part.name, 0..<0), range: 0..<0)
        line = 0
        self.part = part
        var resolver = GrantResolver(DiagnosticCollector(SourceMap(PolicySource(name: part.name, text: ""))))
        for (index, family) in Catalogue.families.enumerated() {
            guard let granted = part.grants.family(family.label) else { continue }
            resolver.take(granted, of: family, at: index)
        }
        operations = resolver.operations
        groups = resolver.groups
        (operationPlaces, groupPlaces) = CompiledRole.places(operations, groups)
    }

    private static func places(
        _ operations: [GrantEntry], _ groups: [GroupEntry]
    ) -> (operations: [UInt32: [Int]], groups: [UInt32: [Int]]) {
        let byOperation = Dictionary(grouping: operations.indices) { index in
            UInt32(operations[index].familyIndex) << 16 | UInt32(operations[index].operation.number)
        }
        let byGroup = Dictionary(grouping: groups.indices) { index in
            UInt32(groups[index].familyIndex) << 16 | UInt32(groups[index].groupIndex)
        }
        return (byOperation, byGroup)
    }

    private static func grants(_ model: RoleModel, _ operations: [GrantEntry], _ groups: [GroupEntry]) -> Grants {
        var modes: [String: [UInt16: Modes]] = [:]
        for entry in operations {
            modes[entry.family.label, default: [:]][entry.operation.number, default: []].formUnion(entry.modes)
        }
        var joined: [String: Set<String>] = [:]
        for entry in groups { joined[entry.family.label, default: []].insert(entry.group.name) }
        return Grants(
            extras: model.extras.reduce(into: []) { $0.insert($1.value.bits) },
            netnsIDs: model.namespaceIDs.map(\.value),
            operations: { family, operation in modes[family.label]?[operation.number] ?? [] },
            groups: { family, group in joined[family.label]?.contains(group.name) == true })
    }

    private static func conditions(_ model: RoleModel) -> Conditions {
        var conditions = Conditions()
        for (key, condition) in model.conditions {
            switch (key, condition.value) {
            case (.interface, .names(let names)): conditions.interfaces = names
            case (.linkKind, .names(let names)): conditions.linkKinds = names
            case (.table, .ranges(let ranges)): conditions.tables = ranges
            case (.protocol, .numbers(let numbers)): conditions.protocols = numbers
            case (.family, .numbers(let numbers)): conditions.families = numbers
            case (.destinationIn, .prefixes(let prefixes)): conditions.destinations = prefixes
            case (.notDestinationIn, .prefixes(let prefixes)): conditions.excludedDestinations = prefixes
            default: preconditionFailure("a condition of another kind than its key")
            }
        }
        return conditions
    }

    private static func limits(_ model: RoleModel) -> SessionLimits {
        var limits = SessionLimits()
        limits.messagesPerSecond = model.limits[.messagesPerSecond]?.value
        limits.bytesPerSecond = model.limits[.bytesPerSecond]?.value
        limits.dumps = model.limits[.dumps]?.value
        limits.burstBuffer = model.limits[.burstBuffer]?.value
        limits.receiveBuffer = model.limits[.receiveBuffer]?.value
        return limits
    }
}
