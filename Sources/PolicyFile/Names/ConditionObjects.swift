internal import GatewayPolicy

/// Which operations have what a `where` can name: what the judge says of them, so that nothing is promised here that
/// isn't held there.
enum ConditionObjects {
    /// The keys that bind a write; none for reads.
    static func keys(_ family: Family, _ operation: Operation) -> [WhereKey] {
        let binding = ConditionKeys(binding: operation, of: family)
        return WhereKey.allCases.filter { binding.contains($0.bit) }
    }
}

extension WhereKey {
    /// The judge's name for it.
    fileprivate var bit: ConditionKeys {
        switch self {
        case .interface: .interface
        case .table: .table
        case .protocol: .protocolNumber
        case .destinationIn: ConditionKeys(GatewayPolicy.ConditionKey.destination)
        case .notDestinationIn: ConditionKeys(GatewayPolicy.ConditionKey.excludedDestination)
        case .linkKind: .linkKind
        case .family: .family
        }
    }
}
