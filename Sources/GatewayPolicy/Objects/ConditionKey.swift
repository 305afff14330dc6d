/// A key of a role's `where`.
public enum ConditionKey: UInt8, CaseIterable, Sendable {
    case interface, table, protocolNumber, destination, excludedDestination, linkKind, family

    /// As the policy spells it.
    public var name: String {
        switch self {
        case .interface: "interface"
        case .table: "table"
        case .protocolNumber: "protocol"
        case .destination: "destination-in"
        case .excludedDestination: "not-destination-in"
        case .linkKind: "link-kind"
        case .family: "family"
        }
    }
}

/// Some keys of `where`.
public struct ConditionKeys: OptionSet, Hashable, Sendable {
    /// The bits.
    public let rawValue: UInt8

    /// Keys from their bits.
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// One key.
    public init(_ key: ConditionKey) {
        self.init(rawValue: 1 << key.rawValue)
    }

    /// `interface`.
    public static let interface = ConditionKeys(.interface)
    /// `table`.
    public static let table = ConditionKeys(.table)
    /// `protocol`.
    public static let protocolNumber = ConditionKeys(.protocolNumber)
    /// `destination-in` and `not-destination-in`, which are about the same object.
    public static let destinations: ConditionKeys = [
        ConditionKeys(.destination), ConditionKeys(.excludedDestination),
    ]
    /// `link-kind`.
    public static let linkKind = ConditionKeys(.linkKind)
    /// `family`.
    public static let family = ConditionKeys(.family)

    /// True when the key is among them.
    public func contains(_ key: ConditionKey) -> Bool {
        contains(ConditionKeys(key))
    }
}

extension ConditionKeys {
    /// The keys that bind this operation: it is a write, and its messages can say which such object they mean.
    ///
    /// A role's other keys say nothing about it. DELADDR has no protocol, for one: the kernel doesn't compare it.
    public init(binding operation: Operation, of family: Family) {
        self = operation.kind == .write ? Subject(operation, of: family).keys(operation) : []
    }
}

extension Conditions {
    /// The keys that are there.
    public var keys: ConditionKeys {
        var keys: ConditionKeys = []
        if interfaces != nil { keys.insert(.interface) }
        if tables != nil { keys.insert(.table) }
        if protocols != nil { keys.insert(.protocolNumber) }
        if destinations != nil { keys.insert(ConditionKeys(.destination)) }
        if excludedDestinations != nil { keys.insert(ConditionKeys(.excludedDestination)) }
        if linkKinds != nil { keys.insert(.linkKind) }
        if families != nil { keys.insert(.family) }
        return keys
    }

    /// These keys alone.
    func limited(to keys: ConditionKeys) -> Conditions {
        var limited = Conditions()
        if keys.contains(.interface) { limited.interfaces = interfaces }
        if keys.contains(.table) { limited.tables = tables }
        if keys.contains(.protocolNumber) { limited.protocols = protocols }
        if keys.contains(ConditionKey.destination) { limited.destinations = destinations }
        if keys.contains(ConditionKey.excludedDestination) { limited.excludedDestinations = excludedDestinations }
        if keys.contains(.linkKind) { limited.linkKinds = linkKinds }
        if keys.contains(.family) { limited.families = families }
        return limited
    }

    /// What must hold for a key: `table is 100-199, 250`; nil when the key isn't there.
    func sentence(_ key: ConditionKey) -> String? {
        let values: [String]?
        switch key {
        case .interface: values = interfaces
        case .table:
            values = tables?.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
        case .protocolNumber: values = protocols?.map { RouteProtocol.text($0) }
        case .destination: values = destinations?.map { Prefix($0).description }
        case .excludedDestination: values = excludedDestinations?.map { Prefix($0).description }
        case .linkKind: values = linkKinds
        case .family: values = families?.map { "\($0)" }
        }
        guard let values else { return nil }
        let shown = values.prefix(6).joined(separator: ", ")
        return "\(key.name) is \(values.isEmpty ? "nothing" : shown)\(values.count > 6 ? " …" : "")"
    }
}
