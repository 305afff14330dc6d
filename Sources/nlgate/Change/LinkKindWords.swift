import NetlinkFamilies

/// What follows `type` in `link add` and `link set`.
struct LinkKindWords {
    let lookup: Lookup

    func info(_ words: inout Words, isChange: Bool = false) async throws -> LinkInfo {
        let kind = try words.value(of: "type")
        switch kind {
        case "bridge":
            var info = BridgeInfo()
            try await words.set(&info, "type bridge", bridge)
            return LinkInfo(kind: "bridge", details: info.attributes.isEmpty ? nil : .bridge(info))
        case "veth": return LinkInfo(kind: "veth", details: .veth(try veth(&words)))
        case "vlan":
            var info = VLANInfo()
            try await words.set(&info, "type vlan", vlan)
            guard isChange || info[.id] != nil else { throw Failure(2, "type vlan needs an id, as in 'id 5'") }
            return LinkInfo(kind: "vlan", details: .vlan(info))
        case "macvlan", "macvtap":
            var info = MACVLANInfo()
            try await words.set(&info, "type \(kind)", macvlan)
            return LinkInfo(kind: ByteString(kind), details: info.attributes.isEmpty ? nil : .macvlan(info))
        case "vxlan":
            return LinkInfo(kind: "vxlan", details: .vxlan(try await VXLANWords(lookup: lookup).info(&words, isChange)))
        case "bond":
            var info = BondInfo()
            try await words.set(&info, "type bond", BondWords(lookup: lookup).setters)
            return LinkInfo(kind: "bond", details: info.attributes.isEmpty ? nil : .bond(info))
        case "vrf": return LinkInfo(kind: "vrf", details: .vrf(try vrf(&words)))
        case "bridge_slave":
            var port = BridgePortInfo()
            try await words.set(&port, "type bridge_slave", bridgePort)
            var info = LinkInfo(kind: "bridge_slave")
            info.portDetails = .bridge(port)
            return info
        case "tun", "tap":
            throw Failure(2, "links of type \(kind) are made by a program that opens /dev/net/tun on that host")
        default:
            guard words.isEmpty else { throw Failure(2, "type \(kind): options of this kind aren't known here") }
            return LinkInfo(kind: ByteString(kind))
        }
    }

    private var bridge: [(String, Setter<BridgeInfo>)] {
        [
            ("forward_delay", Setting.number(.forwardDelay)), ("hello_time", Setting.number(.helloTime)),
            ("max_age", Setting.number(.maxAge)), ("ageing_time", Setting.number(.ageingTime)),
            ("stp_state", Setting.number(.stpState)), ("priority", Setting.number(.priority)),
            ("vlan_filtering", Setting.number(.vlanFiltering)), ("group_fwd_mask", Setting.number(.groupForwardMask)),
            ("group_address", Setting.linkAddress(.groupAddress)),
            ("vlan_protocol", { words, name, info in info[.vlanProtocol] = try words.tagProtocol(of: name) }),
            ("vlan_default_pvid", Setting.number(.vlanDefaultPVID)),
            ("vlan_stats_enabled", Setting.number(.vlanStatistics)),
            ("vlan_stats_per_port", Setting.number(.vlanStatisticsPerPort)),
            ("mcast_router", Setting.number(.multicastRouter)), ("mcast_snooping", Setting.number(.multicastSnooping)),
            ("mcast_query_use_ifaddr", Setting.number(.multicastQueryUseAddress)),
            ("mcast_querier", Setting.number(.multicastQuerier)), ("mcast_hash_max", Setting.number(.multicastHashMax)),
            ("mcast_stats_enabled", Setting.number(.multicastStatistics)),
            ("mcast_igmp_version", Setting.number(.multicastIGMPVersion)),
            ("mcast_mld_version", Setting.number(.multicastMLDVersion)),
            ("nf_call_iptables", Setting.number(.callIPTables)), ("nf_call_ip6tables", Setting.number(.callIP6Tables)),
            ("nf_call_arptables", Setting.number(.callARPTables)),
        ]
    }

    private var bridgePort: [(String, Setter<BridgePortInfo>)] {
        [
            ("state", Setting.number(.state)), ("priority", Setting.number(.priority)), ("cost", Setting.number(.cost)),
            ("guard", Setting.onOff(.bpduGuard)), ("hairpin", Setting.onOff(.hairpin)),
            ("fastleave", Setting.onOff(.fastLeave)), ("root_block", Setting.onOff(.rootBlock)),
            ("learning", Setting.onOff(.learning)), ("flood", Setting.onOff(.unicastFlood)),
            ("mcast_flood", Setting.onOff(.multicastFlood)), ("bcast_flood", Setting.onOff(.broadcastFlood)),
            ("mcast_to_unicast", Setting.onOff(.multicastToUnicast)), ("proxy_arp", Setting.onOff(.proxyARP)),
            ("proxy_arp_wifi", Setting.onOff(.proxyARPWiFi)), ("mcast_router", Setting.number(.multicastRouter)),
            ("mcast_fast_leave", Setting.onOff(.fastLeave)), ("neigh_suppress", Setting.onOff(.neighbourSuppress)),
            ("vlan_tunnel", Setting.onOff(.vlanTunnel)), ("isolated", Setting.onOff(.isolated)),
            ("locked", Setting.onOff(.locked)), ("group_fwd_mask", Setting.number(.groupForwardMask)),
            ("backup_port", Setting.link(.backupPort, lookup)), ("nobackup_port", Setting.constant(.backupPort, 0)),
        ]
    }

    private func veth(_ words: inout Words) throws -> VethInfo {
        var peer = Link()
        guard words.isEmpty || words.take("peer") else { throw Words.unknown(words.peek ?? "", "type veth") }
        while let word = words.next() {
            switch word {
            case "name": peer.name = ByteString(try words.value(of: word))
            case "address": peer.address = try words.linkAddress(of: word)
            case "mtu": peer.mtu = try words.number(of: word)
            case "numtxqueues": peer.txQueues = try words.number(of: word)
            case "numrxqueues": peer.rxQueues = try words.number(of: word)
            default:
                guard peer.name.isEmpty else { throw Words.unknown(word, "type veth peer") }
                peer.name = ByteString(word)
            }
        }
        return VethInfo(peer: peer)
    }

    private var vlan: [(String, Setter<VLANInfo>)] {
        [
            ("id", Setting.number(.id)),
            ("protocol", { words, name, info in info[.tagProtocol] = try words.tagProtocol(of: name) }),
            flag("reorder_hdr", 1), flag("gvrp", 2), flag("loose_binding", 4), flag("mvrp", 8),
            flag("bridge_binding", 16),
        ]
    }

    private func flag(_ word: String, _ bit: UInt32) -> (String, Setter<VLANInfo>) {
        (
            word,
            { words, name, info in
                var flags = info[.flags] ?? VLANFlags(flags: 0, mask: 0)
                flags.mask |= bit
                if try words.isOn(name) { flags.flags |= bit }
                info[.flags] = flags
            }
        )
    }

    private var macvlan: [(String, Setter<MACVLANInfo>)] {
        [
            ("mode", Setting.named(.mode, ["private": 1, "vepa": 2, "bridge": 4, "passthru": 8, "source": 16])),
            ("nopromisc", Setting.constant(.flags, 1)), ("bcqueuelen", Setting.number(.broadcastQueueLength)),
        ]
    }

    private func vrf(_ words: inout Words) throws -> VRFInfo {
        var info = VRFInfo()
        guard words.take("table") else { throw Failure(2, "type vrf needs a table, as in 'table 100'") }
        info[.table] = try words.table(of: "table").rawValue
        if let word = words.next() { throw Words.unknown(word, "type vrf") }
        return info
    }
}

extension Words {
    /// EtherType of a VLAN tag.
    mutating func tagProtocol(of name: String) throws -> NetworkUInt16 {
        NetworkUInt16(try choice(of: name, ["802.1q": 0x8100, "802.1Q": 0x8100, "802.1ad": 0x88a8, "802.1AD": 0x88a8]))
    }
}
