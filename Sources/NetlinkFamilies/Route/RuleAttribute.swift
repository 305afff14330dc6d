/// Attributes of a rule.
public enum RuleAttribute {
    /// FRA_DST: destination, `destinationLength` bits of it.
    public static let destination: UInt16 = 1
    /// FRA_SRC: source, `sourceLength` bits of it.
    public static let source: UInt16 = 2
    /// FRA_IIFNAME: name of the link that packets come in on.
    public static let inputInterface: UInt16 = 3
    /// FRA_GOTO: priority of the rule to go on with.
    public static let target: UInt16 = 4
    /// FRA_PRIORITY: place of the rule; lower ones come first.
    public static let priority: UInt16 = 6
    /// FRA_FWMARK: mark that packets carry.
    public static let mark: UInt16 = 10
    /// FRA_FLOW: realms to set.
    public static let realm: UInt16 = 11
    /// FRA_TUN_ID: id of the tunnel, network order.
    public static let tunnelID: UInt16 = 12
    /// FRA_SUPPRESS_IFGROUP: group of links whose routes are not taken; all bits for none.
    public static let suppressGroup: UInt16 = 13
    /// FRA_SUPPRESS_PREFIXLEN: routes up to this length are not taken; all bits for none.
    public static let suppressPrefixLength: UInt16 = 14
    /// FRA_TABLE: table, where the header's byte is too small.
    public static let longTable: UInt16 = 15
    /// FRA_FWMASK: which bits of the mark count.
    public static let markMask: UInt16 = 16
    /// FRA_OIFNAME: name of the link that packets go out on.
    public static let outputInterface: UInt16 = 17
    /// FRA_L3MDEV: 1 when the table is that of the link's VRF.
    public static let l3mdev: UInt16 = 19
    /// FRA_UID_RANGE: users.
    public static let uidRange: UInt16 = 20
    /// FRA_PROTOCOL: who set the rule.
    public static let origin: UInt16 = 21
    /// FRA_IP_PROTO: number of the transport protocol.
    public static let ipProtocol: UInt16 = 22
    /// FRA_SPORT_RANGE: source ports.
    public static let sourcePorts: UInt16 = 23
    /// FRA_DPORT_RANGE: destination ports.
    public static let destinationPorts: UInt16 = 24
    /// FRA_DSCP: differentiated services code point.
    public static let dscp: UInt16 = 25
    /// FRA_FLOWLABEL: flow label, network order.
    public static let flowLabel: UInt16 = 26
    /// FRA_FLOWLABEL_MASK: which bits of the flow label count, network order.
    public static let flowLabelMask: UInt16 = 27
    /// FRA_SPORT_MASK: which bits of the source port count.
    public static let sourcePortMask: UInt16 = 28
    /// FRA_DPORT_MASK: which bits of the destination port count.
    public static let destinationPortMask: UInt16 = 29
    /// FRA_DSCP_MASK: which bits of the code point count.
    public static let dscpMask: UInt16 = 30
}

/// What a rule does.
public struct RuleAction: RawRepresentable, Hashable, Sendable {
    /// The number on the wire.
    public let rawValue: UInt8

    /// A value by its number.
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// FR_ACT_UNSPEC: nothing said.
    public static let unspecified = RuleAction(rawValue: 0)
    /// FR_ACT_TO_TBL: look in the table.
    public static let table = RuleAction(rawValue: 1)
    /// FR_ACT_GOTO: go on with another rule.
    public static let goTo = RuleAction(rawValue: 2)
    /// FR_ACT_NOP: go on.
    public static let none = RuleAction(rawValue: 3)
    /// FR_ACT_BLACKHOLE: drop silently.
    public static let blackhole = RuleAction(rawValue: 6)
    /// FR_ACT_UNREACHABLE: drop: network unreachable.
    public static let unreachable = RuleAction(rawValue: 7)
    /// FR_ACT_PROHIBIT: drop: prohibited.
    public static let prohibit = RuleAction(rawValue: 8)
}

/// Flags of a rule.
public struct RuleFlags: OptionSet, Hashable, Sendable {
    /// The number on the wire.
    public let rawValue: UInt32

    /// A value by its number.
    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// FIB_RULE_PERMANENT: can't be deleted.
    public static let permanent = RuleFlags(rawValue: 0x1)
    /// FIB_RULE_INVERT: matches what doesn't match.
    public static let invert = RuleFlags(rawValue: 0x2)
    /// FIB_RULE_UNRESOLVED: the rule to go on with is missing.
    public static let unresolved = RuleFlags(rawValue: 0x4)
    /// FIB_RULE_IIF_DETACHED: the link that packets come in on is missing.
    public static let inputDetached = RuleFlags(rawValue: 0x8)
    /// FIB_RULE_OIF_DETACHED: the link that packets go out on is missing.
    public static let outputDetached = RuleFlags(rawValue: 0x10)
    /// FIB_RULE_FIND_SADDR: the source address is looked up too.
    public static let findSource = RuleFlags(rawValue: 0x10000)
}
