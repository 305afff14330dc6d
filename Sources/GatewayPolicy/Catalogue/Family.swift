/// The operations and groups that share a name space: a protocol, a subsystem of netfilter, a generic family.
public struct Family: Equatable, Sendable {
    /// As the policy language spells it: `route`, `netfilter/nftables`, `generic/ethtool`.
    public let label: String
    /// The netlink protocol.
    public let protocolNumber: Int32
    /// What the kernel's constants begin with, such as `RTM_`.
    public let prefix: String
    /// Bytes between the generic header and the attributes (`genl_family.hdrsize`); 0 for other protocols.
    public let headerSize: Int
    /// In ascending order of their numbers.
    public let operations: [Operation]
    /// In ascending order of their numbers, or of their names in generic netlink.
    public let groups: [Group]

    /// The name without the protocol: `nftables`, `ethtool`.
    public var name: String {
        guard let slash = label.firstIndex(of: "/") else { return label }
        return String(label[label.index(after: slash)...])
    }

    /// The operation with this number.
    public func operation(_ number: UInt16) -> Operation? {
        operations.first { $0.number == number }
    }
}

/// The protocols that the gateway speaks.
public enum NetlinkProtocol {
    /// NETLINK_ROUTE.
    public static let route: Int32 = 0
    /// NETLINK_SOCK_DIAG.
    public static let sockDiag: Int32 = 4
    /// NETLINK_XFRM.
    public static let xfrm: Int32 = 6
    /// NETLINK_NETFILTER.
    public static let netfilter: Int32 = 12
    /// NETLINK_GENERIC.
    public static let generic: Int32 = 16

    /// The kernel's name of a protocol, for texts.
    public static func name(_ number: Int32) -> String {
        let names: [Int32: String] = [
            0: "route", 2: "usersock", 4: "sock_diag", 6: "xfrm", 7: "selinux", 8: "iscsi", 9: "audit",
            10: "fib_lookup", 11: "connector", 12: "netfilter", 15: "kobject_uevent", 16: "generic",
            18: "scsitransport", 20: "rdma", 21: "crypto", 22: "smc",
        ]
        return names[number] ?? "protocol \(number)"
    }
}

/// The table of everything that could be granted.
///
/// What isn't here is refused whatever the policy says: notifications, families that nobody has looked into, and whole
/// protocols that hand out descriptors, forge events or belong to other privileges.
public enum Catalogue {
    /// In ascending order of their labels.
    public static let families = TableParser.families(of: PackageResources.operations_table)
        .sorted { $0.label < $1.label }

    /// The family with this label.
    public static func family(_ label: String) -> Family? {
        families.first { $0.label == label }
    }
}

extension NetlinkProtocol {
    /// Why a protocol is never carried, or nil when it may be granted.
    public static func whyRefused(_ number: Int32) -> String? {
        let reason: String
        switch number {
        case route, sockDiag, xfrm, netfilter, generic: return nil
        case 2: reason = "it reaches other programs of the server, not its kernel"
        case 7, 9: reason = "its events belong to the server's own security, and its writes would be the broker's"
        case 8, 18, 20: reason = "it hands out descriptors or needs capabilities that no broker has"
        case 10: reason = "the kernel checks nothing in it"
        case 11: reason = "it shows every process of the server"
        case 15: reason = "writing it forges events, and its events are not netlink messages"
        case 21: reason = "it changes the algorithms of the whole server"
        case 22: reason = "the kernel has no such socket any more"
        default: reason = "it is not known"
        }
        return "netlink \(name(number)) is never carried: \(reason)"
    }
}
