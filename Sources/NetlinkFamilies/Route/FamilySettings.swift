/// Settings of a link by address family: each attribute's type is the family (IFLA_AF_SPEC).
public struct FamilySettings: AttributeContainer {
    /// In the order of the wire, each type once.
    public var attributes: [RawAttribute] = []

    /// No attributes.
    public init() {}
}

extension AttributeKey where Owner == FamilySettings, Value == Bytes {
    /// AF_INET: nest of IPv4 settings.
    public static var inet: Self { Self(2) }
}

extension AttributeKey where Owner == FamilySettings, Value == INET6Settings {
    /// AF_INET6: nest of IPv6 settings.
    public static var inet6: Self { Self(10) }
}

/// IPv6 settings of a link (IFLA_AF_SPEC, AF_INET6).
public struct INET6Settings: AttributeContainer {
    /// In the order of the wire, each type once.
    public var attributes: [RawAttribute] = []

    /// No attributes.
    public init() {}
}

extension AttributeKey where Owner == INET6Settings, Value == UInt32 {
    /// IFLA_INET6_FLAGS: state of IPv6 on the link.
    public static var flags: Self { Self(1) }
    /// IFLA_INET6_RA_MTU: MTU that a router announced.
    public static var raMTU: Self { Self(9) }
}

extension AttributeKey where Owner == INET6Settings, Value == Bytes {
    /// IFLA_INET6_CONF: array of the link's sysctls.
    public static var configuration: Self { Self(2) }
    /// IFLA_INET6_CACHEINFO: times and the largest reassembled packet.
    public static var cacheInfo: Self { Self(5) }
}

extension AttributeKey where Owner == INET6Settings, Value == IPAddress {
    /// IFLA_INET6_TOKEN: interface part of generated addresses.
    public static var token: Self { Self(7) }
}

extension AttributeKey where Owner == INET6Settings, Value == UInt8 {
    /// IFLA_INET6_ADDR_GEN_MODE: how the interface part is made.
    public static var addressGenerationMode: Self { Self(8) }
}

/// About the attached XDP program (IFLA_XDP).
public struct XDPInfo: AttributeContainer {
    /// In the order of the wire, each type once.
    public var attributes: [RawAttribute] = []

    /// No attributes.
    public init() {}
}

extension AttributeKey where Owner == XDPInfo, Value == UInt8 {
    /// IFLA_XDP_ATTACHED: where a program is attached.
    public static var attached: Self { Self(2) }
}

extension AttributeKey where Owner == XDPInfo, Value == UInt32 {
    /// IFLA_XDP_PROG_ID: id of the program.
    public static var programID: Self { Self(4) }
}
