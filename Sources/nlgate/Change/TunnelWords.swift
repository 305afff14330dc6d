import NetlinkFamilies

/// What follows `type vxlan`.
struct VXLANWords {
    let lookup: Lookup

    func info(_ words: inout Words, _ isChange: Bool) async throws -> VXLANInfo {
        var info = VXLANInfo()
        try await words.set(&info, "type vxlan", setters)
        guard isChange || info[.id] != nil || info[.collectMetadata] == 1 else {
            throw Failure(2, "type vxlan needs an id, as in 'id 42', or external")
        }
        // iproute2 always says whether addresses are learned.
        if info[.learning] == nil, !isChange { info[.learning] = info[.collectMetadata] == 1 ? 0 : 1 }
        return info
    }

    private var setters: [(String, Setter<VXLANInfo>)] {
        let remote: Setter<VXLANInfo> = { words, name, info in
            let address = try words.address(of: name)
            if address.length == 4 { info[.group] = address } else { info[.group6] = address }
        }
        let plain: [(String, Setter<VXLANInfo>)] = [
            ("id", Setting.number(.id)), ("vni", Setting.number(.id)), ("remote", remote), ("group", remote),
            (
                "local",
                { words, name, info in
                    let address = try words.address(of: name)
                    if address.length == 4 { info[.local] = address } else { info[.local6] = address }
                }
            ),
            ("dev", Setting.link(.link, lookup)), ("ttl", ttl), ("hoplimit", ttl),
            ("tos", Setting.named(.tos, ["inherit": 1])), ("dsfield", Setting.named(.tos, ["inherit": 1])),
            ("df", Setting.listed(.dontFragment, ["unset", "set", "inherit"])),
            ("flowlabel", { words, name, info in info[.label] = NetworkUInt32(try words.number(of: name)) }),
            ("ageing", Setting.named(.ageing, ["none": 0])), ("maxaddress", Setting.named(.limit, ["unlimited": 0])),
            ("dstport", { words, name, info in info[.port] = NetworkUInt16(try words.number(of: name)) }),
            ("srcport", ports), ("port", ports),
            ("external", Setting.constant(.collectMetadata, 1)), ("noexternal", Setting.constant(.collectMetadata, 0)),
            ("gbp", Setting.constant(.groupPolicy, Presence())),
            ("gpe", Setting.constant(.protocolExtension, Presence())),
        ]
        return plain + Setting.pair("learning", .learning) + Setting.pair("proxy", .proxy)
            + Setting.pair("rsc", .routeShortCircuit) + Setting.pair("l2miss", .l2Miss)
            + Setting.pair("l3miss", .l3Miss) + Setting.pair("udpcsum", .udpChecksum)
            + Setting.pair("udp6zerocsumtx", .udpZeroChecksum6Sent)
            + Setting.pair("udp6zerocsumrx", .udpZeroChecksum6Received)
            + Setting.pair("remcsumtx", .remoteChecksumSent) + Setting.pair("remcsumrx", .remoteChecksumReceived)
            + Setting.pair("localbypass", .localBypass) + Setting.pair("vnifilter", .vniFilter)
    }

    private var ttlInherit: UInt16 { AttributeKey<VXLANInfo, UInt8>.ttlInherit.type }

    private var ttl: Setter<VXLANInfo> {
        { words, name, info in
            if words.take("inherit") {
                // The kernel tells a number, and takes an attribute without one (NLA_FLAG).
                info.attributes.append(RawAttribute(rawType: ttlInherit, payload: []))
            } else {
                info[.ttl] = try words.named(of: name, ["auto": 0])
            }
        }
    }

    private var ports: Setter<VXLANInfo> {
        { words, name, info in
            let low: UInt16 = try words.number(of: name)
            let high: UInt16 = try words.number(of: name)
            guard low <= high else { throw Failure(2, "\(name) takes a first and a last port, not \(low) \(high)") }
            info[.portRange] = PortRange(low: low, high: high)
        }
    }
}

/// What follows `type bond`.
struct BondWords {
    let lookup: Lookup

    var setters: [(String, Setter<BondInfo>)] {
        [
            (
                "mode",
                Setting.listed(
                    .mode,
                    [
                        "balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb",
                        "balance-alb",
                    ])
            ),
            ("active_slave", Setting.link(.activePort, lookup)),
            ("clear_active_slave", Setting.constant(.activePort, 0)),
            ("miimon", Setting.number(.miimon)), ("updelay", Setting.number(.upDelay)),
            ("downdelay", Setting.number(.downDelay)), ("peer_notify_delay", Setting.number(.peerNotificationDelay)),
            ("use_carrier", Setting.number(.useCarrier)), ("arp_interval", Setting.number(.arpInterval)),
            (
                "arp_validate",
                Setting.listed(
                    .arpValidate, ["none", "active", "backup", "all", "filter", "filter_active", "filter_backup"])
            ),
            ("arp_all_targets", Setting.listed(.arpAllTargets, ["any", "all"])), ("arp_ip_target", targets),
            ("primary", Setting.link(.primary, lookup)),
            ("primary_reselect", Setting.listed(.primaryReselect, ["always", "better", "failure"])),
            ("fail_over_mac", Setting.listed(.failOverMAC, ["none", "active", "follow"])),
            (
                "xmit_hash_policy",
                Setting.listed(
                    .transmitHashPolicy, ["layer2", "layer3+4", "layer2+3", "encap2+3", "encap3+4", "vlan+srcmac"])
            ),
            ("resend_igmp", Setting.number(.resendIGMP)), ("num_grat_arp", Setting.number(.peerNotifications)),
            ("num_unsol_na", Setting.number(.peerNotifications)),
            ("all_slaves_active", Setting.number(.allPortsActive)), ("min_links", Setting.number(.minimumLinks)),
            ("lp_interval", Setting.number(.lpInterval)), ("packets_per_slave", Setting.number(.packetsPerPort)),
            ("lacp_active", Setting.listed(.lacpActive, ["off", "on"])),
            ("lacp_rate", Setting.listed(.lacpRate, ["slow", "fast"])),
            ("ad_select", Setting.listed(.lacpSelect, ["stable", "bandwidth", "count"])),
            ("ad_user_port_key", Setting.number(.lacpUserPortKey)),
            ("ad_actor_sys_prio", Setting.number(.lacpActorSystemPriority)),
            ("ad_actor_system", Setting.linkAddress(.lacpActorSystem)),
            ("tlb_dynamic_lb", Setting.number(.tlbDynamic)), ("missed_max", Setting.number(.missedMax)),
        ]
    }

    /// Up to 16 addresses with commas between them, each an attribute numbered from 0.
    private var targets: Setter<BondInfo> {
        { words, name, info in
            let text = try words.value(of: name)
            let addresses = text.split(separator: ",").map { IPAddress(String($0)) }
            guard (1...16).contains(addresses.count) else { throw Failure(2, "\(name) takes 1 to 16 addresses") }
            var bytes: [UInt8] = []
            for (number, address) in addresses.enumerated() {
                guard let address, address.length == 4 else {
                    throw Failure(2, "\(name) takes IPv4 addresses with commas between them, not \(text)")
                }
                bytes += UInt16(8).payload + UInt16(number).payload + address.bytes
            }
            info[.arpTargets] = Bytes(payload: bytes)
        }
    }
}
