import NetlinkFamilies

extension Output {
    static func bondObject(_ info: BondInfo, _ names: LinkNames) -> JSONObject {
        var object = JSONObject()
        object["mode"] = info[.mode].map {
            word(
                $0,
                ["balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb", "balance-alb"])
        }
        if let port = info[.activePort], port != 0 { object["active_slave"] = names.json(port) }
        add(
            [
                (.miimon, "miimon"), (.upDelay, "updelay"), (.downDelay, "downdelay"),
                (.peerNotificationDelay, "peer_notify_delay"),
            ], of: info, to: &object)
        object["use_carrier"] = info[.useCarrier].map { JSON($0) }
        object["arp_interval"] = info[.arpInterval].map { JSON($0) }
        object["arp_missed_max"] = info[.missedMax].map { JSON($0) }
        object["arp_validate"] = info[.arpValidate].map {
            $0 == 0
                ? .null
                : word($0, ["none", "active", "backup", "all", "filter", "filter_active", "filter_backup"])
        }
        object["arp_all_targets"] = info[.arpAllTargets].map { word($0, ["any", "all"]) }
        if let port = info[.primary], port != 0 { object["primary"] = names.json(port) }
        object["primary_reselect"] = info[.primaryReselect].map { word($0, ["always", "better", "failure"]) }
        object["fail_over_mac"] = info[.failOverMAC].map { word($0, ["none", "active", "follow"]) }
        object["xmit_hash_policy"] = info[.transmitHashPolicy].map {
            word($0, ["layer2", "layer3+4", "layer2+3", "encap2+3", "encap3+4", "vlan+srcmac"])
        }
        object["resend_igmp"] = info[.resendIGMP].map { JSON($0) }
        add([(.peerNotifications, "num_peer_notif"), (.allPortsActive, "all_slaves_active")], of: info, to: &object)
        add(
            [(.minimumLinks, "min_links"), (.lpInterval, "lp_interval"), (.packetsPerPort, "packets_per_slave")],
            of: info, to: &object)
        object["ad_lacp_active"] = info[.lacpActive].map { word($0, ["off", "on"]) }
        object["ad_lacp_rate"] = info[.lacpRate].map { word($0, ["slow", "fast"]) }
        object["ad_select"] = info[.lacpSelect].map { word($0, ["stable", "bandwidth", "count"]) }
        object["ad_actor_sys_prio"] = info[.lacpActorSystemPriority].map { JSON($0) }
        object["ad_user_port_key"] = info[.lacpUserPortKey].map { JSON($0) }
        object["ad_actor_system"] = info[.lacpActorSystem].map { JSON($0.description) }
        object["tlb_dynamic_lb"] = info[.tlbDynamic].map { JSON($0) }
        return object
    }

    /// Bits of IEEE 802.1AX in words.
    private static func lacpStates(_ state: UInt16) -> [String] {
        let words = [
            "active", "short_timeout", "aggregating", "in_sync", "collecting", "distributing", "defaulted", "expired",
        ]
        return words.indices.filter { state & (1 << UInt16($0)) != 0 }.map { words[$0] }
    }

    static func portObject(_ info: BondPortInfo) -> JSONObject {
        var object = JSONObject()
        object["state"] = info[.state].map { word($0, ["ACTIVE", "BACKUP"]) }
        object["mii_status"] = info[.miiStatus].map { word($0, ["UP", "GOING_DOWN", "DOWN", "GOING_BACK"]) }
        object["link_failure_count"] = info[.failures].map { JSON($0) }
        object["perm_hwaddr"] = info[.permanentAddress].map { JSON($0.description) }
        object["queue_id"] = info[.queueID].map { JSON($0) }
        object["prio"] = info[.priority].map { JSON($0) }
        object["ad_aggregator_id"] = info[.aggregatorID].map { JSON($0) }
        for (name, state) in [
            ("ad_actor_oper_port_state", info[.actorState].map { UInt16($0) }),
            ("ad_partner_oper_port_state", info[.partnerState]),
        ] {
            guard let state else { continue }
            object[name] = JSON(state)
            object[name + "_str"] = .array(lacpStates(state).map { JSON($0) })
        }
        return object
    }
}
