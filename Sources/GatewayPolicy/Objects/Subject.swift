/// What the messages of an operation are about: where its objects stand, and what it must single out.
///
/// Operations that are not listed have no object that a policy can name.
enum Subject: Sendable, Equatable {
    case none
    // rtnetlink
    case link, linkProperty, address, route, neighbour, rule, trafficControl, action, neighbourTable, addressLabel
    case priorityRead, priority, multicastDatabase, statistics, nextHop, bridgeVLAN, tunnel
    // netfilter
    case table, chain, tableContent, setObject, otherRules, connection, expectation, sets, accounting, timeout, helper
    // sock_diag
    case socket
    // xfrm
    case securityState
    // generic
    case controller, taskstats, ethtool, device(index: UInt16, name: UInt16?), metrics, station

    init(_ operation: Operation, of family: Family) {
        switch family.label {
        case "route": self = Subject.route(operation.number)
        case "netfilter/nftables": self = Subject.rules(operation.number & 0xff)
        case "netfilter/ctnetlink": self = .connection
        case "netfilter/ctnetlink_exp": self = .expectation
        case "netfilter/ipset": self = .sets
        case "netfilter/acct": self = .accounting
        case "netfilter/cttimeout": self = .timeout
        case "netfilter/cthelper": self = .helper
        case "sock_diag": self = .socket
        case "xfrm": self = operation.tags.contains(.secret) ? .securityState : .none
        case "generic/nlctrl": self = .controller
        case "generic/TASKSTATS": self = .taskstats
        case "generic/ethtool": self = .ethtool
        case "generic/tcp_metrics": self = .metrics
        case "generic/wireguard": self = .device(index: 1, name: 2)
        case "generic/macsec", "generic/team": self = .device(index: 1, name: nil)
        case "generic/nl80211": self = operation.name == "DEL_STATION" ? .station : .device(index: 3, name: nil)
        default: self = .none
        }
    }

    /// By nlmsg_type.
    private static func route(_ number: UInt16) -> Subject {
        switch number {
        case 16...19: .link
        case 20...22: .address
        case 24...26: .route
        case 28...30: .neighbour
        case 32...34: .rule
        case 36...46, 100...102: .trafficControl
        case 48...50: .action
        case 66...67: .neighbourTable
        case 72...74: .addressLabel
        case 78: .priorityRead
        case 79: .priority
        case 84...86: .multicastDatabase
        case 95: .statistics
        case 104...106: .nextHop
        case 108...109: .linkProperty
        case 112...114: .bridgeVLAN
        case 120...122: .tunnel
        default: .none
        }
    }

    /// By NFT_MSG_*.
    private static func rules(_ number: UInt16) -> Subject {
        switch number {
        case 2, 26: .table
        case 5, 27: .chain
        case 8, 14, 28, 30: .tableContent
        case 11, 20, 24, 29, 31, 32: .setObject
        default: .otherRules
        }
    }

    func keys(_ operation: Operation) -> ConditionKeys {
        let creates = operation.name.hasPrefix("NEW")
        switch self {
        case .link, .linkProperty: return [.interface, .linkKind, .family]
        case .address, .neighbour:
            return creates ? [.interface, .protocolNumber, .family] : [.interface, .family]
        case .route, .rule: return [.interface, .table, .protocolNumber, .destinations, .family]
        case .trafficControl, .priority, .statistics, .ethtool, .device, .station: return .interface
        case .action: return creates ? .interface : []
        case .neighbourTable, .addressLabel, .multicastDatabase, .bridgeVLAN, .tunnel: return [.interface, .family]
        case .nextHop: return creates ? [.interface, .protocolNumber, .family] : []
        case .table, .chain, .tableContent, .setObject, .otherRules, .connection, .expectation, .socket: return .family
        case .none, .securityState, .priorityRead, .sets, .accounting, .timeout, .helper, .controller, .taskstats,
            .metrics:
            return []
        }
    }
}
