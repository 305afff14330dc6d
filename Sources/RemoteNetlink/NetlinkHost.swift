public import GatewayURL

/// Whose kernel a connection speaks with; what comes from several hosts is tagged with it.
public enum NetlinkHost: Hashable, Sendable {
    /// The kernel that runs this program.
    case local
    /// The kernel behind this gateway.
    case gateway(GatewayURL)
}

extension NetlinkHost: CustomStringConvertible {
    /// `local`, or the gateway's URL.
    public var description: String {
        switch self {
        case .local: "local"
        case .gateway(let url): "\(url)"
        }
    }
}

/// What came from one of several hosts.
public struct Tagged<Value: Sendable>: Sendable {
    /// Whose kernel it came from.
    public let host: NetlinkHost
    /// What came.
    public let value: Value

    /// Tags a value.
    public init(_ host: NetlinkHost, _ value: Value) {
        self.host = host
        self.value = value
    }
}

extension Tagged: Equatable where Value: Equatable {}
extension Tagged: Hashable where Value: Hashable {}

/// A netlink protocol (the third argument of `socket(AF_NETLINK, …)`, linux/netlink.h).
public struct NetlinkProtocol: RawRepresentable, Hashable, Sendable {
    /// The kernel's number, 0 to 31.
    public let rawValue: UInt32

    /// A protocol by its number.
    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// NETLINK_ROUTE: links, addresses, routes, neighbours, rules, traffic control.
    public static let route = NetlinkProtocol(rawValue: 0)
    /// NETLINK_SOCK_DIAG: sockets.
    public static let socketDiagnostics = NetlinkProtocol(rawValue: 4)
    /// NETLINK_XFRM: IPsec.
    public static let xfrm = NetlinkProtocol(rawValue: 6)
    /// NETLINK_NETFILTER: packet filter, connection tracking, logging.
    public static let netfilter = NetlinkProtocol(rawValue: 12)
    /// NETLINK_KOBJECT_UEVENT: devices that come and go.
    public static let kobjectEvents = NetlinkProtocol(rawValue: 15)
    /// NETLINK_GENERIC: families by name.
    public static let generic = NetlinkProtocol(rawValue: 16)
}
