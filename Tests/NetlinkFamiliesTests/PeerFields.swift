import NetlinkFamilies

/// What our values hold, under the names that the kernel's headers and pyroute2 have for it.
enum PeerFields {
    typealias Fields = [String: String]

    static func fields(_ info: BridgeInfo) -> Fields {
        var fields: Fields = [:]
        fields["IFLA_BR_FORWARD_DELAY"] = text(info[.forwardDelay])
        fields["IFLA_BR_HELLO_TIME"] = text(info[.helloTime])
        fields["IFLA_BR_MAX_AGE"] = text(info[.maxAge])
        fields["IFLA_BR_AGEING_TIME"] = text(info[.ageingTime])
        fields["IFLA_BR_STP_STATE"] = text(info[.stpState])
        fields["IFLA_BR_ROOT_PATH_COST"] = text(info[.rootPathCost])
        fields["IFLA_BR_MCAST_HASH_ELASTICITY"] = text(info[.multicastHashElasticity])
        fields["IFLA_BR_MCAST_HASH_MAX"] = text(info[.multicastHashMax])
        fields["IFLA_BR_MCAST_LAST_MEMBER_CNT"] = text(info[.multicastLastMemberCount])
        fields["IFLA_BR_MCAST_STARTUP_QUERY_CNT"] = text(info[.multicastStartupQueryCount])
        fields["IFLA_BR_FDB_N_LEARNED"] = text(info[.fdbLearnedCount])
        fields["IFLA_BR_FDB_MAX_LEARNED"] = text(info[.fdbMaxLearned])
        fields["IFLA_BR_PRIORITY"] = text(info[.priority])
        fields["IFLA_BR_GROUP_FWD_MASK"] = text(info[.groupForwardMask])
        fields["IFLA_BR_ROOT_PORT"] = text(info[.rootPort])
        fields["IFLA_BR_VLAN_DEFAULT_PVID"] = text(info[.vlanDefaultPVID])
        fields["IFLA_BR_VLAN_FILTERING"] = text(info[.vlanFiltering])
        fields["IFLA_BR_TOPOLOGY_CHANGE"] = text(info[.topologyChange])
        fields["IFLA_BR_TOPOLOGY_CHANGE_DETECTED"] = text(info[.topologyChangeDetected])
        fields["IFLA_BR_MCAST_ROUTER"] = text(info[.multicastRouter])
        fields["IFLA_BR_MCAST_SNOOPING"] = text(info[.multicastSnooping])
        fields["IFLA_BR_MCAST_QUERY_USE_IFADDR"] = text(info[.multicastQueryUseAddress])
        fields["IFLA_BR_MCAST_QUERIER"] = text(info[.multicastQuerier])
        fields["IFLA_BR_NF_CALL_IPTABLES"] = text(info[.callIPTables])
        fields["IFLA_BR_NF_CALL_IP6TABLES"] = text(info[.callIP6Tables])
        fields["IFLA_BR_NF_CALL_ARPTABLES"] = text(info[.callARPTables])
        fields["IFLA_BR_VLAN_STATS_ENABLED"] = text(info[.vlanStatistics])
        fields["IFLA_BR_MCAST_STATS_ENABLED"] = text(info[.multicastStatistics])
        fields["IFLA_BR_MCAST_IGMP_VERSION"] = text(info[.multicastIGMPVersion])
        fields["IFLA_BR_MCAST_MLD_VERSION"] = text(info[.multicastMLDVersion])
        fields["IFLA_BR_VLAN_STATS_PER_PORT"] = text(info[.vlanStatisticsPerPort])
        fields["IFLA_BR_VLAN_PROTOCOL"] = text(info[.vlanProtocol])
        fields["IFLA_BR_HELLO_TIMER"] = text(info[.helloTimer])
        fields["IFLA_BR_TCN_TIMER"] = text(info[.tcnTimer])
        fields["IFLA_BR_TOPOLOGY_CHANGE_TIMER"] = text(info[.topologyChangeTimer])
        fields["IFLA_BR_GC_TIMER"] = text(info[.gcTimer])
        fields["IFLA_BR_MCAST_LAST_MEMBER_INTVL"] = text(info[.multicastLastMemberInterval])
        fields["IFLA_BR_MCAST_MEMBERSHIP_INTVL"] = text(info[.multicastMembershipInterval])
        fields["IFLA_BR_MCAST_QUERIER_INTVL"] = text(info[.multicastQuerierInterval])
        fields["IFLA_BR_MCAST_QUERY_INTVL"] = text(info[.multicastQueryInterval])
        fields["IFLA_BR_MCAST_QUERY_RESPONSE_INTVL"] = text(info[.multicastQueryResponseInterval])
        fields["IFLA_BR_MCAST_STARTUP_QUERY_INTVL"] = text(info[.multicastStartupQueryInterval])
        fields["IFLA_BR_GROUP_ADDR"] = text(info[.groupAddress])
        return fields
    }

    static func fields(_ info: BridgePortInfo) -> Fields {
        var fields: Fields = [:]
        fields["IFLA_BRPORT_STATE"] = text(info[.state])
        fields["IFLA_BRPORT_MODE"] = text(info[.hairpin])
        fields["IFLA_BRPORT_GUARD"] = text(info[.bpduGuard])
        fields["IFLA_BRPORT_PROTECT"] = text(info[.rootBlock])
        fields["IFLA_BRPORT_FAST_LEAVE"] = text(info[.fastLeave])
        fields["IFLA_BRPORT_LEARNING"] = text(info[.learning])
        fields["IFLA_BRPORT_UNICAST_FLOOD"] = text(info[.unicastFlood])
        fields["IFLA_BRPORT_PROXYARP"] = text(info[.proxyARP])
        fields["IFLA_BRPORT_PROXYARP_WIFI"] = text(info[.proxyARPWiFi])
        fields["IFLA_BRPORT_TOPOLOGY_CHANGE_ACK"] = text(info[.topologyChangeAck])
        fields["IFLA_BRPORT_CONFIG_PENDING"] = text(info[.configPending])
        fields["IFLA_BRPORT_MULTICAST_ROUTER"] = text(info[.multicastRouter])
        fields["IFLA_BRPORT_MCAST_FLOOD"] = text(info[.multicastFlood])
        fields["IFLA_BRPORT_MCAST_TO_UCAST"] = text(info[.multicastToUnicast])
        fields["IFLA_BRPORT_VLAN_TUNNEL"] = text(info[.vlanTunnel])
        fields["IFLA_BRPORT_BCAST_FLOOD"] = text(info[.broadcastFlood])
        fields["IFLA_BRPORT_NEIGH_SUPPRESS"] = text(info[.neighbourSuppress])
        fields["IFLA_BRPORT_ISOLATED"] = text(info[.isolated])
        fields["IFLA_BRPORT_MRP_RING_OPEN"] = text(info[.mrpRingOpen])
        fields["IFLA_BRPORT_MRP_IN_OPEN"] = text(info[.mrpInterconnectOpen])
        fields["IFLA_BRPORT_LOCKED"] = text(info[.locked])
        fields["IFLA_BRPORT_PRIORITY"] = text(info[.priority])
        fields["IFLA_BRPORT_DESIGNATED_PORT"] = text(info[.designatedPort])
        fields["IFLA_BRPORT_DESIGNATED_COST"] = text(info[.designatedCost])
        fields["IFLA_BRPORT_ID"] = text(info[.id])
        fields["IFLA_BRPORT_NO"] = text(info[.number])
        fields["IFLA_BRPORT_GROUP_FWD_MASK"] = text(info[.groupForwardMask])
        fields["IFLA_BRPORT_COST"] = text(info[.cost])
        fields["IFLA_BRPORT_BACKUP_PORT"] = text(info[.backupPort])
        fields["IFLA_BRPORT_MCAST_EHT_HOSTS_LIMIT"] = text(info[.hostsLimit])
        fields["IFLA_BRPORT_MCAST_EHT_HOSTS_CNT"] = text(info[.hostsCount])
        fields["IFLA_BRPORT_MESSAGE_AGE_TIMER"] = text(info[.messageAgeTimer])
        fields["IFLA_BRPORT_FORWARD_DELAY_TIMER"] = text(info[.forwardDelayTimer])
        fields["IFLA_BRPORT_HOLD_TIMER"] = text(info[.holdTimer])
        return fields
    }

    static func fields(_ info: BondInfo) -> Fields {
        var fields: Fields = [:]
        fields["IFLA_BOND_MODE"] = text(info[.mode])
        fields["IFLA_BOND_USE_CARRIER"] = text(info[.useCarrier])
        fields["IFLA_BOND_PRIMARY_RESELECT"] = text(info[.primaryReselect])
        fields["IFLA_BOND_FAIL_OVER_MAC"] = text(info[.failOverMAC])
        fields["IFLA_BOND_XMIT_HASH_POLICY"] = text(info[.transmitHashPolicy])
        fields["IFLA_BOND_NUM_PEER_NOTIF"] = text(info[.peerNotifications])
        fields["IFLA_BOND_ALL_SLAVES_ACTIVE"] = text(info[.allPortsActive])
        fields["IFLA_BOND_AD_LACP_RATE"] = text(info[.lacpRate])
        fields["IFLA_BOND_AD_SELECT"] = text(info[.lacpSelect])
        fields["IFLA_BOND_TLB_DYNAMIC_LB"] = text(info[.tlbDynamic])
        fields["IFLA_BOND_AD_LACP_ACTIVE"] = text(info[.lacpActive])
        fields["IFLA_BOND_MISSED_MAX"] = text(info[.missedMax])
        fields["IFLA_BOND_ACTIVE_SLAVE"] = text(info[.activePort])
        fields["IFLA_BOND_MIIMON"] = text(info[.miimon])
        fields["IFLA_BOND_UPDELAY"] = text(info[.upDelay])
        fields["IFLA_BOND_DOWNDELAY"] = text(info[.downDelay])
        fields["IFLA_BOND_ARP_INTERVAL"] = text(info[.arpInterval])
        fields["IFLA_BOND_ARP_VALIDATE"] = text(info[.arpValidate])
        fields["IFLA_BOND_ARP_ALL_TARGETS"] = text(info[.arpAllTargets])
        fields["IFLA_BOND_PRIMARY"] = text(info[.primary])
        fields["IFLA_BOND_RESEND_IGMP"] = text(info[.resendIGMP])
        fields["IFLA_BOND_MIN_LINKS"] = text(info[.minimumLinks])
        fields["IFLA_BOND_LP_INTERVAL"] = text(info[.lpInterval])
        fields["IFLA_BOND_PACKETS_PER_SLAVE"] = text(info[.packetsPerPort])
        fields["IFLA_BOND_PEER_NOTIF_DELAY"] = text(info[.peerNotificationDelay])
        fields["IFLA_BOND_AD_ACTOR_SYS_PRIO"] = text(info[.lacpActorSystemPriority])
        fields["IFLA_BOND_AD_USER_PORT_KEY"] = text(info[.lacpUserPortKey])
        fields["IFLA_BOND_AD_ACTOR_SYSTEM"] = text(info[.lacpActorSystem])
        return fields
    }

    static func fields(_ info: BondPortInfo) -> Fields {
        var fields: Fields = [:]
        fields["IFLA_BOND_SLAVE_STATE"] = text(info[.state])
        fields["IFLA_BOND_SLAVE_MII_STATUS"] = text(info[.miiStatus])
        fields["IFLA_BOND_SLAVE_AD_ACTOR_OPER_PORT_STATE"] = text(info[.actorState])
        fields["IFLA_BOND_SLAVE_LINK_FAILURE_COUNT"] = text(info[.failures])
        fields["IFLA_BOND_SLAVE_PERM_HWADDR"] = text(info[.permanentAddress])
        fields["IFLA_BOND_SLAVE_QUEUE_ID"] = text(info[.queueID])
        fields["IFLA_BOND_SLAVE_AD_AGGREGATOR_ID"] = text(info[.aggregatorID])
        fields["IFLA_BOND_SLAVE_AD_PARTNER_OPER_PORT_STATE"] = text(info[.partnerState])
        fields["IFLA_BOND_SLAVE_PRIO"] = text(info[.priority])
        return fields
    }

    static func fields(_ info: VLANInfo) -> Fields {
        var fields: Fields = [:]
        fields["IFLA_VLAN_ID"] = text(info[.id])
        fields["IFLA_VLAN_PROTOCOL"] = text(info[.tagProtocol])
        return fields
    }

    static func fields(_ info: MACVLANInfo) -> Fields {
        var fields: Fields = [:]
        fields["IFLA_MACVLAN_MODE"] = text(info[.mode])
        fields["IFLA_MACVLAN_MACADDR_MODE"] = text(info[.macMode])
        fields["IFLA_MACVLAN_MACADDR_COUNT"] = text(info[.macCount])
        fields["IFLA_MACVLAN_BC_QUEUE_LEN"] = text(info[.broadcastQueueLength])
        fields["IFLA_MACVLAN_BC_QUEUE_LEN_USED"] = text(info[.broadcastQueueLengthUsed])
        fields["IFLA_MACVLAN_FLAGS"] = text(info[.flags])
        fields["IFLA_MACVLAN_BC_CUTOFF"] = text(info[.broadcastCutoff])
        return fields
    }

    static func fields(_ info: VXLANInfo) -> Fields {
        var fields: Fields = [:]
        fields["IFLA_VXLAN_ID"] = text(info[.id])
        fields["IFLA_VXLAN_LINK"] = text(info[.link])
        fields["IFLA_VXLAN_AGEING"] = text(info[.ageing])
        fields["IFLA_VXLAN_LIMIT"] = text(info[.limit])
        fields["IFLA_VXLAN_GROUP"] = text(info[.group])
        fields["IFLA_VXLAN_LOCAL"] = text(info[.local])
        fields["IFLA_VXLAN_GROUP6"] = text(info[.group6])
        fields["IFLA_VXLAN_LOCAL6"] = text(info[.local6])
        fields["IFLA_VXLAN_TTL"] = text(info[.ttl])
        fields["IFLA_VXLAN_TOS"] = text(info[.tos])
        fields["IFLA_VXLAN_LEARNING"] = text(info[.learning])
        fields["IFLA_VXLAN_PROXY"] = text(info[.proxy])
        fields["IFLA_VXLAN_RSC"] = text(info[.routeShortCircuit])
        fields["IFLA_VXLAN_L2MISS"] = text(info[.l2Miss])
        fields["IFLA_VXLAN_L3MISS"] = text(info[.l3Miss])
        fields["IFLA_VXLAN_UDP_CSUM"] = text(info[.udpChecksum])
        fields["IFLA_VXLAN_UDP_ZERO_CSUM6_TX"] = text(info[.udpZeroChecksum6Sent])
        fields["IFLA_VXLAN_UDP_ZERO_CSUM6_RX"] = text(info[.udpZeroChecksum6Received])
        fields["IFLA_VXLAN_REMCSUM_TX"] = text(info[.remoteChecksumSent])
        fields["IFLA_VXLAN_REMCSUM_RX"] = text(info[.remoteChecksumReceived])
        fields["IFLA_VXLAN_COLLECT_METADATA"] = text(info[.collectMetadata])
        fields["IFLA_VXLAN_TTL_INHERIT"] = text(info[.ttlInherit])
        fields["IFLA_VXLAN_DF"] = text(info[.dontFragment])
        fields["IFLA_VXLAN_VNIFILTER"] = text(info[.vniFilter])
        fields["IFLA_VXLAN_LOCALBYPASS"] = text(info[.localBypass])
        fields["IFLA_VXLAN_PORT"] = text(info[.port])
        fields["IFLA_VXLAN_LABEL"] = text(info[.label])
        return fields
    }

    static func fields(_ info: VRFInfo) -> Fields {
        var fields: Fields = [:]
        fields["IFLA_VRF_TABLE"] = text(info[.table])
        return fields
    }

    static func fields(_ info: TunInfo) -> Fields {
        var fields: Fields = [:]
        fields["IFLA_TUN_OWNER"] = text(info[.owner])
        fields["IFLA_TUN_GROUP"] = text(info[.group])
        fields["IFLA_TUN_NUM_QUEUES"] = text(info[.queues])
        fields["IFLA_TUN_NUM_DISABLED_QUEUES"] = text(info[.disabledQueues])
        fields["IFLA_TUN_TYPE"] = text(info[.type])
        fields["IFLA_TUN_PI"] = text(info[.packetInfo])
        fields["IFLA_TUN_VNET_HDR"] = text(info[.vnetHeader])
        fields["IFLA_TUN_PERSIST"] = text(info[.persist])
        fields["IFLA_TUN_MULTI_QUEUE"] = text(info[.multiQueue])
        return fields
    }

    static func fields(_ info: RouteMetrics) -> Fields {
        var fields: Fields = [:]
        fields["RTAX_LOCK"] = text(info[.lock])
        fields["RTAX_MTU"] = text(info[.mtu])
        fields["RTAX_WINDOW"] = text(info[.window])
        fields["RTAX_RTT"] = text(info[.roundTrip])
        fields["RTAX_RTTVAR"] = text(info[.roundTripVariance])
        fields["RTAX_SSTHRESH"] = text(info[.slowStartThreshold])
        fields["RTAX_CWND"] = text(info[.congestionWindow])
        fields["RTAX_ADVMSS"] = text(info[.advertisedMSS])
        fields["RTAX_REORDERING"] = text(info[.reordering])
        fields["RTAX_HOPLIMIT"] = text(info[.hopLimit])
        fields["RTAX_INITCWND"] = text(info[.initialCongestionWindow])
        fields["RTAX_FEATURES"] = text(info[.features])
        fields["RTAX_RTO_MIN"] = text(info[.minimumRTO])
        fields["RTAX_INITRWND"] = text(info[.initialReceiveWindow])
        fields["RTAX_QUICKACK"] = text(info[.quickAck])
        fields["RTAX_FASTOPEN_NO_COOKIE"] = text(info[.fastOpenNoCookie])
        fields["RTAX_CC_ALGO"] = text(info[.congestionControl])
        return fields
    }

    static func fields(_ info: INET6Settings) -> Fields {
        var fields: Fields = [:]
        fields["IFLA_INET6_FLAGS"] = text(info[.flags])
        fields["IFLA_INET6_RA_MTU"] = text(info[.raMTU])
        fields["IFLA_INET6_TOKEN"] = text(info[.token])
        fields["IFLA_INET6_ADDR_GEN_MODE"] = text(info[.addressGenerationMode])
        return fields
    }
}
