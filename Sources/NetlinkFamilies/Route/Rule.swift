public import NetlinkWire

/// A rule that chooses a routing table: RTM_NEWRULE, RTM_DELRULE.
public struct Rule: RouteMessage {
    /// AF_INET or AF_INET6 (family of struct fib_rule_hdr).
    public var family: AddressFamily = .inet
    /// Length of the destination's prefix in bits.
    public var destinationLength: UInt8 = 0
    /// Length of the source's prefix in bits.
    public var sourceLength: UInt8 = 0
    /// Type of service that packets carry.
    public var tos: UInt8 = 0
    /// The header's byte for the table.
    var shortTable: UInt8 = 0
    /// What the rule does.
    public var action: RuleAction = .table
    /// How the rule is to be read.
    public var flags: RuleFlags = []

    /// Destination, `destinationLength` bits of it (FRA_DST).
    public var destination: IPAddress?
    /// Source, `sourceLength` bits of it (FRA_SRC).
    public var source: IPAddress?
    /// Name of the link that packets come in on (FRA_IIFNAME).
    public var inputInterface: ByteString?
    /// Priority of the rule to go on with (FRA_GOTO).
    public var target: UInt32?
    /// Place of the rule; lower ones come first (FRA_PRIORITY).
    public var priority: UInt32?
    /// Mark that packets carry (FRA_FWMARK).
    public var mark: UInt32?
    /// Realms to set (FRA_FLOW).
    public var realm: UInt32?
    /// Group of links whose routes are not taken; all bits for none (FRA_SUPPRESS_IFGROUP).
    public var suppressGroup: UInt32?
    /// Routes up to this length are not taken; all bits for none (FRA_SUPPRESS_PREFIXLEN).
    public var suppressPrefixLength: UInt32?
    /// Which bits of the mark count (FRA_FWMASK).
    public var markMask: UInt32?
    /// Name of the link that packets go out on (FRA_OIFNAME).
    public var outputInterface: ByteString?
    /// 1 when the table is that of the link's VRF (FRA_L3MDEV).
    public var l3mdev: UInt8?
    /// Who set the rule (FRA_PROTOCOL).
    public var origin: UInt8?
    /// Number of the transport protocol (FRA_IP_PROTO).
    public var ipProtocol: UInt8?
    /// Table, where the header's byte is too small (FRA_TABLE).
    var longTable: UInt32?
    /// Id of the tunnel that packets came through (FRA_TUN_ID).
    public var tunnelID: UInt64?
    /// Users (FRA_UID_RANGE).
    public var users: ClosedRange<UInt32>?
    /// Source ports (FRA_SPORT_RANGE).
    public var sourcePorts: ClosedRange<UInt16>?
    /// Destination ports (FRA_DPORT_RANGE).
    public var destinationPorts: ClosedRange<UInt16>?
    /// Attributes that have no property here, as they came.
    public var unknownAttributes: [RawAttribute] = []

    /// RTM_NEWRULE.
    public static var newType: MessageType { .newRule }

    /// A rule with its place and table, for requests.
    public init(family: AddressFamily, priority: UInt32? = nil, table: RouteTable = .unspecified) {
        self.family = family
        self.priority = priority
        if table != .unspecified { self.table = table }
    }

    /// The routing table to look in.
    public var table: RouteTable {
        get { RouteTable(rawValue: longTable ?? UInt32(shortTable)) }
        set {
            // As iproute2 does: tables above 255 stand in the attribute alone.
            shortTable = UInt8(exactly: newValue.rawValue) ?? 0
            longTable = newValue.rawValue > 255 ? newValue.rawValue : nil
        }
    }
}
