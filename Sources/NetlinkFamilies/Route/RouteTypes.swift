public import NetlinkWire

/// Message types of rtnetlink that this module decodes.
extension MessageType {
    /// RTM_NEWLINK.
    public static let newLink = MessageType(rawValue: 16)
    /// RTM_DELLINK.
    public static let deleteLink = MessageType(rawValue: 17)
    /// RTM_GETLINK.
    public static let getLink = MessageType(rawValue: 18)
    /// RTM_SETLINK.
    public static let setLink = MessageType(rawValue: 19)
    /// RTM_NEWADDR.
    public static let newAddress = MessageType(rawValue: 20)
    /// RTM_DELADDR.
    public static let deleteAddress = MessageType(rawValue: 21)
    /// RTM_GETADDR.
    public static let getAddress = MessageType(rawValue: 22)
    /// RTM_NEWROUTE.
    public static let newRoute = MessageType(rawValue: 24)
    /// RTM_DELROUTE.
    public static let deleteRoute = MessageType(rawValue: 25)
    /// RTM_GETROUTE.
    public static let getRoute = MessageType(rawValue: 26)
    /// RTM_NEWNEIGH.
    public static let newNeighbour = MessageType(rawValue: 28)
    /// RTM_DELNEIGH.
    public static let deleteNeighbour = MessageType(rawValue: 29)
    /// RTM_GETNEIGH.
    public static let getNeighbour = MessageType(rawValue: 30)
    /// RTM_NEWRULE.
    public static let newRule = MessageType(rawValue: 32)
    /// RTM_DELRULE.
    public static let deleteRule = MessageType(rawValue: 33)
    /// RTM_GETRULE.
    public static let getRule = MessageType(rawValue: 34)
}

/// An address family, one byte in the fixed headers of rtnetlink.
public struct AddressFamily: RawRepresentable, Hashable, Sendable {
    /// The number on the wire.
    public let rawValue: UInt8

    /// A family by its number.
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// AF_UNSPEC: every family, or none.
    public static let unspecified = AddressFamily(rawValue: 0)
    /// AF_INET: IPv4.
    public static let inet = AddressFamily(rawValue: 2)
    /// AF_BRIDGE: ports and forwarding entries of bridges.
    public static let bridge = AddressFamily(rawValue: 7)
    /// AF_INET6: IPv6.
    public static let inet6 = AddressFamily(rawValue: 10)
    /// AF_PACKET: what `ip link` asks with.
    public static let packet = AddressFamily(rawValue: 17)
    /// AF_MPLS: label routes.
    public static let mpls = AddressFamily(rawValue: 28)
}
