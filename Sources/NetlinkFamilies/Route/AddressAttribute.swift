/// Attributes of an address.
public enum AddressAttribute {
    /// IFA_ADDRESS: address of the subnet; on a point-to-point link the peer's.
    public static let address: UInt16 = 1
    /// IFA_LOCAL: own address; IPv6 has it only where it differs from `address`.
    public static let local: UInt16 = 2
    /// IFA_LABEL: label of an IPv4 address.
    public static let label: UInt16 = 3
    /// IFA_BROADCAST: broadcast address.
    public static let broadcast: UInt16 = 4
    /// IFA_ANYCAST: anycast address.
    public static let anycast: UInt16 = 5
    /// IFA_CACHEINFO: lifetimes.
    public static let cacheInfo: UInt16 = 6
    /// IFA_MULTICAST: multicast address.
    public static let multicast: UInt16 = 7
    /// IFA_FLAGS: flags of 32 bits.
    public static let flags: UInt16 = 8
    /// IFA_RT_PRIORITY: metric of the subnet's route.
    public static let routePriority: UInt16 = 9
    /// IFA_TARGET_NETNSID: id of the network namespace that the address lies in, when it was asked for by id.
    public static let netnsID: UInt16 = 10
    /// IFA_PROTO: who set the address.
    public static let origin: UInt16 = 11
}

/// Flags of an address.
public struct AddressFlags: OptionSet, Hashable, Sendable {
    /// The number on the wire.
    public let rawValue: UInt32

    /// A value by its number.
    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// IFA_F_SECONDARY: another address of the subnet came first; for IPv6 a temporary address.
    public static let secondary = AddressFlags(rawValue: 1 << 0)
    /// IFA_F_NODAD: not checked for duplicates.
    public static let noDAD = AddressFlags(rawValue: 1 << 1)
    /// IFA_F_OPTIMISTIC: usable while it is checked for duplicates.
    public static let optimistic = AddressFlags(rawValue: 1 << 2)
    /// IFA_F_DADFAILED: a duplicate was found.
    public static let dadFailed = AddressFlags(rawValue: 1 << 3)
    /// IFA_F_HOMEADDRESS: home address of mobile IPv6.
    public static let homeAddress = AddressFlags(rawValue: 1 << 4)
    /// IFA_F_DEPRECATED: no longer preferred.
    public static let deprecated = AddressFlags(rawValue: 1 << 5)
    /// IFA_F_TENTATIVE: being checked for duplicates.
    public static let tentative = AddressFlags(rawValue: 1 << 6)
    /// IFA_F_PERMANENT: has no end of validity.
    public static let permanent = AddressFlags(rawValue: 1 << 7)
    /// IFA_F_MANAGETEMPADDR: temporary addresses are made from it.
    public static let manageTemporary = AddressFlags(rawValue: 1 << 8)
    /// IFA_F_NOPREFIXROUTE: brings no route for its subnet.
    public static let noPrefixRoute = AddressFlags(rawValue: 1 << 9)
    /// IFA_F_MCAUTOJOIN: joins its multicast group.
    public static let multicastAutoJoin = AddressFlags(rawValue: 1 << 10)
    /// IFA_F_STABLE_PRIVACY: made as RFC 7217 says.
    public static let stablePrivacy = AddressFlags(rawValue: 1 << 11)
}
