/// Links for requests that make them (RTM_NEWLINK with NLM_F_CREATE), in the shape that iproute2 gives them.
///
/// tun and tap links can't be made this way: the kernel makes them for a program that opens `/dev/net/tun`.
extension Link {
    /// A link of any kind, without options: `ip link add NAME type KIND`.
    public static func made(_ name: ByteString, kind: ByteString, details: LinkInfo.Details? = nil) -> Link {
        var link = Link(name: name)
        link.info = LinkInfo(kind: kind, details: details)
        return link
    }

    /// A bridge.
    public static func bridge(_ name: ByteString, _ info: BridgeInfo? = nil) -> Link {
        made(name, kind: "bridge", details: info.map { .bridge($0) })
    }

    /// A pair: what goes in at one end comes out at the other.
    public static func veth(_ name: ByteString, peer: ByteString) -> Link {
        made(name, kind: "veth", details: .veth(VethInfo(peer: Link(name: peer))))
    }

    /// A link without hardware that swallows what it is given.
    public static func dummy(_ name: ByteString) -> Link {
        made(name, kind: "dummy")
    }

    /// VLAN `id` of the link with index `lower`.
    public static func vlan(_ name: ByteString, id: UInt16, on lower: UInt32) -> Link {
        var info = VLANInfo()
        info[.id] = id
        var link = made(name, kind: "vlan", details: .vlan(info))
        link.link = lower
        return link
    }

    /// A further link-layer address on the link with index `lower`; of the modes 1 is private, 2 vepa, 4 bridge,
    /// 8 passthru, 16 source.
    public static func macvlan(_ name: ByteString, mode: UInt32 = 4, on lower: UInt32) -> Link {
        var info = MACVLANInfo()
        info[.mode] = mode
        var link = made(name, kind: "macvlan", details: .macvlan(info))
        link.link = lower
        return link
    }

    /// A tunnel for Ethernet frames over UDP.
    public static func vxlan(
        _ name: ByteString, id: UInt32, remote: IPAddress? = nil, local: IPAddress? = nil, on lower: UInt32? = nil,
        port: UInt16 = 4789
    ) -> Link {
        var info = VXLANInfo()
        info[.link] = lower
        info[.id] = id
        if let local { if local.length == 4 { info[.local] = local } else { info[.local6] = local } }
        if let remote { if remote.length == 4 { info[.group] = remote } else { info[.group6] = remote } }
        info[.learning] = 1
        info[.port] = NetworkUInt16(port)
        return made(name, kind: "vxlan", details: .vxlan(info))
    }

    /// Several links as one; of the modes 0 is balance-rr, 1 active-backup, 2 balance-xor, 3 broadcast, 4 802.3ad,
    /// 5 balance-tlb, 6 balance-alb.
    public static func bond(_ name: ByteString, mode: UInt8, miimon: UInt32? = nil) -> Link {
        var info = BondInfo()
        info[.mode] = mode
        info[.miimon] = miimon
        return made(name, kind: "bond", details: .bond(info))
    }

    /// A routing domain with its table.
    public static func vrf(_ name: ByteString, table: RouteTable) -> Link {
        var info = VRFInfo()
        info[.table] = table.rawValue
        return made(name, kind: "vrf", details: .vrf(info))
    }

    /// A WireGuard tunnel; keys and peers are the business of the generic netlink family `wireguard`.
    public static func wireguard(_ name: ByteString) -> Link {
        made(name, kind: "wireguard")
    }
}
