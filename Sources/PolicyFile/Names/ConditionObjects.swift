internal import GatewayPolicy

/// Which operations have what a `where` can name.
enum ConditionObjects {
    /// The keys that bind a write; none for reads.
    static func keys(_ family: Family, _ operation: Operation) -> [WhereKey] {
        guard operation.kind == .write else { return [] }
        return WhereKey.allCases.filter { has($0, family, operation) }
    }

    private static func has(_ key: WhereKey, _ family: Family, _ operation: Operation) -> Bool {
        switch (key, family.label) {
        case (.interface, "route"): !withoutInterface.contains(operation.name)
        case (.interface, "generic/ethtool"), (.interface, "generic/wireguard"): true
        case (.table, "route"): ["NEWROUTE", "DELROUTE", "NEWRULE", "DELRULE"].contains(operation.name)
        case (.protocol, "route"):
            ["NEWROUTE", "DELROUTE", "NEWRULE", "DELRULE", "NEWNEXTHOP"].contains(operation.name)
        case (.destinationIn, "route"), (.notDestinationIn, "route"):
            ["NEWROUTE", "DELROUTE", "NEWADDR", "DELADDR", "NEWNEIGH", "DELNEIGH"].contains(operation.name)
        case (.linkKind, "route"): operation.name == "NEWLINK"
        case (.family, "route"): true
        default: false
        }
    }

    private static let withoutInterface: Set<String> = ["DELNEXTHOP", "NEWNSID", "NEWACTION", "DELACTION"]
}
