internal import GatewayPolicy
internal import Roles

/// What a test or a question asks for: `route GETLINK dump`, `route NEWROUTE table=100 dst=10.1.0.0/16`, `listen xfrm SA`.
struct Request: Sendable {
    enum Action: Sendable {
        /// An operation, and the modes that are asked; all that there are when none is named.
        case ask(family: Int, Operation, Modes)
        case join(family: Int, group: Int)
    }

    let action: Action
    let objects: RequestObjects

    /// The family's label and the name behind it.
    var title: String {
        switch action {
        case .ask(let family, let operation, _): "\(Catalogue.families[family].label) \(operation.name)"
        case .join(let family, let group):
            "listen \(Catalogue.families[family].label) \(Catalogue.families[family].groups[group].name)"
        }
    }

    var family: Family {
        switch action {
        case .ask(let family, _, _), .join(let family, _): Catalogue.families[family]
        }
    }

    init(_ text: String) throws(NameError) {
        var words = text.split(separator: " ").map(String.init)[...]
        let isJoin = words.first?.lowercased() == "listen"
        if isJoin { words = words.dropFirst() }
        guard words.count >= 2, let label = words.popFirst(), let name = words.popFirst() else {
            throw NameError(
                "'\(text.shortened)' is no request", hint: "as in 'route GETLINK dump' or 'listen route LINK'")
        }
        let family = try NameTable.family(label)
        guard let index = Catalogue.families.firstIndex(where: { $0.label == family.label }) else {
            throw NameError("unknown family \(label.shortened)")
        }
        if isJoin {
            guard let group = NameTable.group(name, in: family), let place = family.groups.firstIndex(of: group) else {
                throw NameTable.unknown(name, in: family, section: .listen)
            }
            if let word = words.first { throw NameError("unknown word \(word.shortened) behind a group") }
            action = .join(family: index, group: place)
            objects = RequestObjects()
            return
        }
        guard let operation = NameTable.operation(name, in: family) else {
            throw NameTable.unknown(name, in: family, section: nil)
        }
        var modes = operation.whyNever == nil ? operation.grantable : .single
        if let word = words.first, !word.contains("=") {
            let asked = try GrantResolver.split("\(name) \(word)").modes
            guard operation.whyNever != nil || operation.grantable.contains(asked) else {
                throw NameError("\(operation.name) has no \(asked.words) request")
            }
            modes = asked
            words = words.dropFirst()
        }
        action = .ask(family: index, operation, modes)
        objects = try RequestObjects(Array(words), family, operation)
    }
}

/// The things that a request names.
struct RequestObjects: Sendable {
    var interface: String?
    var kind: String?
    var table: UInt32?
    var routeProtocol: UInt8?
    var destination: AddressPrefix?
    var family: UInt8?

    init() {}

    init(_ words: [String], _ family: Family, _ operation: Operation) throws(NameError) {
        let keys: KeyValuePairs<String, WhereKey> = [
            "dev": .interface, "kind": .linkKind, "table": .table, "protocol": .protocol, "dst": .destinationIn,
            "family": .family,
        ]
        let objects = ConditionObjects.keys(family, operation)
        for word in words {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard let key = keys.first(where: { $0.key == parts[0] })?.value else {
                let hint = Suggestion.hint(for: parts[0], in: keys.map(\.key))
                throw NameError(
                    "unknown word \(word.shortened) in a request", hint: hint ?? "as in dev=eth0 or table=100")
            }
            guard objects.contains(key) else {
                throw NameError("\(family.label) \(operation.name) has no \(key.rawValue) that a policy could ask for")
            }
            guard parts.count == 2, !parts[1].isEmpty else { throw NameError("nothing stands behind \(parts[0])=") }
            try set(key, parts[1])
        }
    }

    private mutating func set(_ key: WhereKey, _ text: String) throws(NameError) {
        switch key {
        case .interface: interface = text
        case .linkKind: kind = text
        case .table:
            table = NumberNames.value(text, in: NumberNames.tables) ?? UInt32(text)
            if table == nil { throw NameError("'\(text.shortened)' is no routing table") }
        case .protocol:
            routeProtocol = NumberNames.value(text, in: NumberNames.protocols) ?? UInt8(text)
            if routeProtocol == nil { throw NameError("'\(text.shortened)' is no routing protocol") }
        case .family:
            family = NumberNames.value(text, in: NumberNames.families)
            if family == nil { throw NameError("'\(text.shortened)' is no address family") }
        case .destinationIn, .notDestinationIn:
            destination = try AddressText.destination(text)
        }
    }
}

extension RequestObjects {
    /// True or false when the request says, nil when it leaves the object open.
    func fits(_ key: WhereKey, _ conditions: Conditions) -> Bool? {
        switch key {
        case .interface: interface.map { name in conditions.interfaces?.contains { matches($0, name) } ?? true }
        case .linkKind: kind.map { conditions.linkKinds?.contains($0) ?? true }
        case .table: table.map { table in conditions.tables?.contains { $0.contains(table) } ?? true }
        case .protocol: routeProtocol.map { conditions.protocols?.contains($0) ?? true }
        case .family: (family ?? impliedFamily).map { conditions.families?.contains($0) ?? true }
        case .destinationIn:
            destination.map { prefix in conditions.destinations?.contains { $0.contains(prefix) } ?? true }
        case .notDestinationIn:
            destination.map { prefix in conditions.excludedDestinations?.contains { $0.contains(prefix) } != true }
        }
    }

    /// A prefix has its family with it.
    private var impliedFamily: UInt8? {
        destination.map { $0.address.count == 4 ? 2 : 10 }
    }
}
