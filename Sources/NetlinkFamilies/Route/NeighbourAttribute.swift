/// Attributes of a neighbour or forwarding entry.
public enum NeighbourAttribute {
    /// NDA_DST: network address.
    public static let destination: UInt16 = 1
    /// NDA_LLADDR: link-layer address.
    public static let linkAddress: UInt16 = 2
    /// NDA_CACHEINFO: times.
    public static let cacheInfo: UInt16 = 3
    /// NDA_PROBES: unanswered probes.
    public static let probes: UInt16 = 4
    /// NDA_VLAN: VLAN of a forwarding entry.
    public static let vlan: UInt16 = 5
    /// NDA_PORT: destination port of a VXLAN forwarding entry, network order.
    public static let port: UInt16 = 6
    /// NDA_VNI: VXLAN network identifier of a forwarding entry.
    public static let vni: UInt16 = 7
    /// NDA_IFINDEX: index of the link that a VXLAN forwarding entry sends through.
    public static let interfaceIndex: UInt16 = 8
    /// NDA_MASTER: index of the bridge of a forwarding entry.
    public static let master: UInt16 = 9
    /// NDA_LINK_NETNSID: id of the network namespace that the link lies in.
    public static let linkNetnsID: UInt16 = 10
    /// NDA_SRC_VNI: VXLAN network identifier that a forwarding entry belongs to.
    public static let sourceVNI: UInt16 = 11
    /// NDA_PROTOCOL: who set the entry.
    public static let origin: UInt16 = 12
    /// NDA_NH_ID: id of a nexthop group.
    public static let nextHopID: UInt16 = 13
    /// NDA_FDB_EXT_ATTRS: nest about activity.
    public static let fdbExtended: UInt16 = 14
    /// NDA_FLAGS_EXT: further flags.
    public static let extendedFlags: UInt16 = 15
    /// NDA_NDM_STATE_MASK: states that a bulk deletion means.
    public static let stateMask: UInt16 = 16
    /// NDA_NDM_FLAGS_MASK: flags that a bulk deletion means.
    public static let flagsMask: UInt16 = 17
}

/// State of a neighbour.
public struct NeighbourState: OptionSet, Hashable, Sendable {
    /// The number on the wire.
    public let rawValue: UInt16

    /// A value by its number.
    public init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// NUD_INCOMPLETE: asked, not answered yet.
    public static let incomplete = NeighbourState(rawValue: 0x01)
    /// NUD_REACHABLE: confirmed lately.
    public static let reachable = NeighbourState(rawValue: 0x02)
    /// NUD_STALE: not confirmed lately.
    public static let stale = NeighbourState(rawValue: 0x04)
    /// NUD_DELAY: waiting before it is probed.
    public static let delay = NeighbourState(rawValue: 0x08)
    /// NUD_PROBE: being probed.
    public static let probe = NeighbourState(rawValue: 0x10)
    /// NUD_FAILED: didn't answer.
    public static let failed = NeighbourState(rawValue: 0x20)
    /// NUD_NOARP: needs no resolution.
    public static let noARP = NeighbourState(rawValue: 0x40)
    /// NUD_PERMANENT: set for good.
    public static let permanent = NeighbourState(rawValue: 0x80)
}

/// Flags of a neighbour or forwarding entry.
public struct NeighbourFlags: OptionSet, Hashable, Sendable {
    /// The number on the wire.
    public let rawValue: UInt8

    /// A value by its number.
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// NTF_USE: start resolving.
    public static let use = NeighbourFlags(rawValue: 1 << 0)
    /// NTF_SELF: in the link's own table.
    public static let own = NeighbourFlags(rawValue: 1 << 1)
    /// NTF_MASTER: in the table of the link's bridge.
    public static let master = NeighbourFlags(rawValue: 1 << 2)
    /// NTF_PROXY: answered on behalf of another.
    public static let proxy = NeighbourFlags(rawValue: 1 << 3)
    /// NTF_EXT_LEARNED: learned by a program.
    public static let externallyLearned = NeighbourFlags(rawValue: 1 << 4)
    /// NTF_OFFLOADED: in the hardware.
    public static let offloaded = NeighbourFlags(rawValue: 1 << 5)
    /// NTF_STICKY: doesn't move to another port.
    public static let sticky = NeighbourFlags(rawValue: 1 << 6)
    /// NTF_ROUTER: the neighbour is a router.
    public static let router = NeighbourFlags(rawValue: 1 << 7)
}

/// Further flags of a neighbour (NDA_FLAGS_EXT).
public struct NeighbourExtendedFlags: OptionSet, Hashable, Sendable {
    /// The number on the wire.
    public let rawValue: UInt32

    /// A value by its number.
    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// NTF_EXT_MANAGED: kept resolved by the kernel.
    public static let managed = NeighbourExtendedFlags(rawValue: 1 << 0)
    /// NTF_EXT_LOCKED: not authorised on a locked port.
    public static let locked = NeighbourExtendedFlags(rawValue: 1 << 1)
    /// NTF_EXT_EXT_VALIDATED: confirmed by a program.
    public static let extendedValidated = NeighbourExtendedFlags(rawValue: 1 << 2)
}
