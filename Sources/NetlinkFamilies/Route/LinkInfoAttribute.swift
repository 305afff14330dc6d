/// Attributes of what depends on the kind of link.
public enum LinkInfoAttribute {
    /// IFLA_INFO_KIND: name of the kind.
    public static let kind: UInt16 = 1
    /// IFLA_INFO_DATA: nest of the kind.
    public static let data: UInt16 = 2
    /// IFLA_INFO_XSTATS: counters of the kind.
    public static let extendedStatistics: UInt16 = 3
    /// IFLA_INFO_SLAVE_KIND: name of the master's kind.
    public static let slaveKind: UInt16 = 4
    /// IFLA_INFO_SLAVE_DATA: nest of the master's kind.
    public static let slaveData: UInt16 = 5
}

/// Attributes of a pair.
public enum VethAttribute {
    /// VETH_INFO_PEER: struct ifinfomsg and the attributes of the other end.
    public static let peer: UInt16 = 1
}
