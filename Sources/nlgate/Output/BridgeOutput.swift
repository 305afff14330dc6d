import NetlinkFamilies

extension Output {
    static func bridgeObject(_ info: BridgeInfo) -> JSONObject {
        var object = JSONObject()
        add(
            [
                (.forwardDelay, "forward_delay"), (.helloTime, "hello_time"), (.maxAge, "max_age"),
                (.ageingTime, "ageing_time"), (.stpState, "stp_state"),
            ], of: info, to: &object)
        object["priority"] = info[.priority].map { JSON($0) }
        object["vlan_filtering"] = info[.vlanFiltering].map { JSON($0) }
        object["vlan_protocol"] = info[.vlanProtocol].map { JSON(tagProtocol($0.value)) }
        object["bridge_id"] = info[.bridgeID].map { JSON(text($0)) }
        object["root_id"] = info[.rootID].map { JSON(text($0)) }
        object["root_port"] = info[.rootPort].map { JSON($0) }
        object["root_path_cost"] = info[.rootPathCost].map { JSON($0) }
        add(
            [(.topologyChange, "topology_change"), (.topologyChangeDetected, "topology_change_detected")], of: info,
            to: &object)
        addTimers(
            [
                (.helloTimer, "hello_timer"), (.tcnTimer, "tcn_timer"),
                (.topologyChangeTimer, "topology_change_timer"), (.gcTimer, "gc_timer"),
            ], of: info, to: &object)
        object["vlan_default_pvid"] = info[.vlanDefaultPVID].map { JSON($0) }
        add(
            [(.vlanStatistics, "vlan_stats_enabled"), (.vlanStatisticsPerPort, "vlan_stats_per_port")], of: info,
            to: &object)
        object["group_fwd_mask"] = info[.groupForwardMask].map { JSON(String($0, radix: 16)) }
        object["group_addr"] = info[.groupAddress].map { JSON($0.description) }
        addMulticast(of: info, to: &object)
        add(
            [
                (.callIPTables, "nf_call_iptables"), (.callIP6Tables, "nf_call_ip6tables"),
                (.callARPTables, "nf_call_arptables"),
            ], of: info, to: &object)
        return object
    }

    private static func addMulticast(of info: BridgeInfo, to object: inout JSONObject) {
        object["mcast_snooping"] = info[.multicastSnooping].map { JSON($0) }
        if let options = info[.booleanOptions] {
            object["no_linklocal_learn"] = JSON(options.values & 1)
            object["mcast_vlan_snooping"] = JSON(options.values >> 1 & 1)
        }
        add(
            [
                (.multicastRouter, "mcast_router"), (.multicastQueryUseAddress, "mcast_query_use_ifaddr"),
                (.multicastQuerier, "mcast_querier"),
            ], of: info, to: &object)
        add(
            [
                (.multicastHashElasticity, "mcast_hash_elasticity"), (.multicastHashMax, "mcast_hash_max"),
                (.multicastLastMemberCount, "mcast_last_member_cnt"),
                (.multicastStartupQueryCount, "mcast_startup_query_cnt"),
            ], of: info, to: &object)
        add(
            [
                (.multicastLastMemberInterval, "mcast_last_member_intvl"),
                (.multicastMembershipInterval, "mcast_membership_intvl"),
                (.multicastQuerierInterval, "mcast_querier_intvl"), (.multicastQueryInterval, "mcast_query_intvl"),
                (.multicastQueryResponseInterval, "mcast_query_response_intvl"),
                (.multicastStartupQueryInterval, "mcast_startup_query_intvl"),
            ], of: info, to: &object)
        add(
            [
                (.multicastStatistics, "mcast_stats_enabled"), (.multicastIGMPVersion, "mcast_igmp_version"),
                (.multicastMLDVersion, "mcast_mld_version"),
            ], of: info, to: &object)
    }

    static func portObject(_ info: BridgePortInfo, _ names: LinkNames) -> JSONObject {
        var object = JSONObject()
        object["state"] = info[.state].map {
            word($0, ["disabled", "listening", "learning", "forwarding", "blocking"])
        }
        object["priority"] = info[.priority].map { JSON($0) }
        object["cost"] = info[.cost].map { JSON($0) }
        addSwitches(
            [
                (.hairpin, "hairpin"), (.bpduGuard, "guard"), (.rootBlock, "root_block"), (.fastLeave, "fastleave"),
                (.learning, "learning"), (.unicastFlood, "flood"),
            ], of: info, to: &object)
        object["id"] = info[.id].map { JSON(Names.hex($0)) }
        object["no"] = info[.number].map { JSON(Names.hex($0)) }
        object["designated_port"] = info[.designatedPort].map { JSON($0) }
        object["designated_cost"] = info[.designatedCost].map { JSON($0) }
        object["bridge_id"] = info[.bridgeID].map { JSON(text($0)) }
        object["root_id"] = info[.rootID].map { JSON(text($0)) }
        addTimers(
            [
                (.holdTimer, "hold_timer"), (.messageAgeTimer, "message_age_timer"),
                (.forwardDelayTimer, "forward_delay_timer"),
            ], of: info, to: &object)
        add([(.topologyChangeAck, "topology_change_ack"), (.configPending, "config_pending")], of: info, to: &object)
        addSwitches([(.proxyARP, "proxy_arp"), (.proxyARPWiFi, "proxy_arp_wifi")], of: info, to: &object)
        add([(.multicastRouter, "multicast_router")], of: info, to: &object)
        addSwitches(
            [
                (.multicastFlood, "mcast_flood"), (.broadcastFlood, "bcast_flood"),
                (.multicastToUnicast, "mcast_to_unicast"), (.neighbourSuppress, "neigh_suppress"),
            ], of: info, to: &object)
        if let mask = info[.groupForwardMask] {
            object["group_fwd_mask"] = JSON(String(mask, radix: 16))
            object["group_fwd_mask_str"] = JSON(Names.hex(mask))
        }
        addSwitches(
            [(.vlanTunnel, "vlan_tunnel"), (.isolated, "isolated"), (.locked, "locked")], of: info, to: &object)
        object["backup_port"] = info[.backupPort].map { names.json($0) }
        return object
    }

    private static func addTimers<Owner>(
        _ list: [(AttributeKey<Owner, UInt64>, String)], of info: Owner, to object: inout JSONObject
    ) where Owner: AttributeContainer {
        for (key, name) in list { object[name] = info[key].map { .hundredths($0) } }
    }

    /// Four digits of priority, a point, and the bytes of the address without leading zeros.
    private static func text(_ id: BridgeID) -> String {
        let priority = String(id.priority, radix: 16)
        return String(repeating: "0", count: 4 - priority.count) + priority + "."
            + id.address.bytes.map { String($0, radix: 16) }.joined(separator: ":")
    }
}
