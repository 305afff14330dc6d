import NetlinkFamilies

extension PeerFields {
    static func attributes(_ link: Link) -> Fields {
        var fields: Fields = [:]
        fields["IFLA_IFNAME"] = text(link.name)
        fields["IFLA_ADDRESS"] = text(link.address)
        fields["IFLA_BROADCAST"] = text(link.broadcast)
        fields["IFLA_MTU"] = text(link.mtu)
        fields["IFLA_LINK"] = text(link.link)
        fields["IFLA_QDISC"] = text(link.qdisc)
        fields["IFLA_MASTER"] = text(link.master)
        fields["IFLA_TXQLEN"] = text(link.txQueueLength)
        fields["IFLA_LINKMODE"] = text(link.linkMode)
        fields["IFLA_IFALIAS"] = text(link.alias)
        fields["IFLA_GROUP"] = text(link.group)
        fields["IFLA_PROMISCUITY"] = text(link.promiscuity)
        fields["IFLA_NUM_TX_QUEUES"] = text(link.txQueues)
        fields["IFLA_NUM_RX_QUEUES"] = text(link.rxQueues)
        fields["IFLA_CARRIER"] = text(link.carrier)
        fields["IFLA_CARRIER_CHANGES"] = text(link.carrierChanges)
        fields["IFLA_LINK_NETNSID"] = text(link.linkNetnsID)
        fields["IFLA_PHYS_PORT_NAME"] = text(link.physicalPortName)
        fields["IFLA_PROTO_DOWN"] = text(link.protocolDown)
        fields["IFLA_GSO_MAX_SEGS"] = text(link.gsoMaxSegments)
        fields["IFLA_GSO_MAX_SIZE"] = text(link.gsoMaxSize)
        fields["IFLA_EVENT"] = text(link.event)
        fields["IFLA_NEW_NETNSID"] = text(link.newNetnsID)
        fields["IFLA_TARGET_NETNSID"] = text(link.netnsID)
        fields["IFLA_CARRIER_UP_COUNT"] = text(link.carrierUpCount)
        fields["IFLA_CARRIER_DOWN_COUNT"] = text(link.carrierDownCount)
        fields["IFLA_NEW_IFINDEX"] = text(link.newIndex)
        fields["IFLA_MIN_MTU"] = text(link.minimumMTU)
        fields["IFLA_MAX_MTU"] = text(link.maximumMTU)
        fields["IFLA_PERM_ADDRESS"] = text(link.permanentAddress)
        fields["IFLA_PARENT_DEV_NAME"] = text(link.parentDevice)
        fields["IFLA_PARENT_DEV_BUS_NAME"] = text(link.parentBus)
        fields["IFLA_GRO_MAX_SIZE"] = text(link.groMaxSize)
        fields["IFLA_TSO_MAX_SIZE"] = text(link.tsoMaxSize)
        fields["IFLA_TSO_MAX_SEGS"] = text(link.tsoMaxSegments)
        fields["IFLA_ALLMULTI"] = text(link.allMulticast)
        fields["IFLA_GSO_IPV4_MAX_SIZE"] = text(link.gsoIPv4MaxSize)
        fields["IFLA_GRO_IPV4_MAX_SIZE"] = text(link.groIPv4MaxSize)
        return fields
    }

    static func attributes(_ address: Address) -> Fields {
        var fields: Fields = [:]
        fields["IFA_ADDRESS"] = text(address.address)
        fields["IFA_LOCAL"] = text(address.local)
        fields["IFA_LABEL"] = text(address.label)
        fields["IFA_BROADCAST"] = text(address.broadcast)
        fields["IFA_ANYCAST"] = text(address.anycast)
        fields["IFA_MULTICAST"] = text(address.multicast)
        fields["IFA_RT_PRIORITY"] = text(address.routePriority)
        fields["IFA_TARGET_NETNSID"] = text(address.netnsID)
        fields["IFA_PROTO"] = text(address.origin)
        return fields
    }

    static func attributes(_ route: Route) -> Fields {
        var fields: Fields = [:]
        fields["RTA_DST"] = text(route.destination)
        fields["RTA_OIF"] = text(route.outputIndex)
        fields["RTA_GATEWAY"] = text(route.gateway)
        fields["RTA_PRIORITY"] = text(route.priority)
        fields["RTA_PREFSRC"] = text(route.preferredSource)
        fields["RTA_PREF"] = text(route.preference)
        fields["RTA_NH_ID"] = text(route.nextHopID)
        return fields
    }

    static func attributes(_ neighbour: Neighbour) -> Fields {
        var fields: Fields = [:]
        fields["NDA_DST"] = text(neighbour.destination)
        fields["NDA_LLADDR"] = text(neighbour.linkAddress)
        fields["NDA_PORT"] = text(neighbour.port)
        fields["NDA_PROBES"] = text(neighbour.probes)
        fields["NDA_VLAN"] = text(neighbour.vlan)
        fields["NDA_VNI"] = text(neighbour.vni)
        fields["NDA_IFINDEX"] = text(neighbour.interfaceIndex)
        fields["NDA_MASTER"] = text(neighbour.master)
        fields["NDA_LINK_NETNSID"] = text(neighbour.linkNetnsID)
        fields["NDA_SRC_VNI"] = text(neighbour.sourceVNI)
        fields["NDA_PROTOCOL"] = text(neighbour.origin)
        fields["NDA_NH_ID"] = text(neighbour.nextHopID)
        return fields
    }

    static func attributes(_ rule: Rule) -> Fields {
        var fields: Fields = [:]
        fields["FRA_DST"] = text(rule.destination)
        fields["FRA_SRC"] = text(rule.source)
        fields["FRA_IIFNAME"] = text(rule.inputInterface)
        fields["FRA_GOTO"] = text(rule.target)
        fields["FRA_PRIORITY"] = text(rule.priority)
        fields["FRA_FWMARK"] = text(rule.mark)
        fields["FRA_FLOW"] = text(rule.realm)
        fields["FRA_SUPPRESS_IFGROUP"] = text(rule.suppressGroup)
        fields["FRA_SUPPRESS_PREFIXLEN"] = text(rule.suppressPrefixLength)
        fields["FRA_FWMASK"] = text(rule.markMask)
        fields["FRA_OIFNAME"] = text(rule.outputInterface)
        fields["FRA_L3MDEV"] = text(rule.l3mdev)
        fields["FRA_PROTOCOL"] = text(rule.origin)
        fields["FRA_IP_PROTO"] = text(rule.ipProtocol)
        fields["FRA_TUN_ID"] = text(rule.tunnelID)
        return fields
    }

    static func fields(_ counters: LinkStatistics) -> Fields {
        var fields: Fields = [:]
        fields["IFLA_STATS64.rx_packets"] = text(counters.rxPackets)
        fields["IFLA_STATS64.tx_packets"] = text(counters.txPackets)
        fields["IFLA_STATS64.rx_bytes"] = text(counters.rxBytes)
        fields["IFLA_STATS64.tx_bytes"] = text(counters.txBytes)
        fields["IFLA_STATS64.rx_errors"] = text(counters.rxErrors)
        fields["IFLA_STATS64.tx_errors"] = text(counters.txErrors)
        fields["IFLA_STATS64.rx_dropped"] = text(counters.rxDropped)
        fields["IFLA_STATS64.tx_dropped"] = text(counters.txDropped)
        fields["IFLA_STATS64.multicast"] = text(counters.multicast)
        fields["IFLA_STATS64.collisions"] = text(counters.collisions)
        fields["IFLA_STATS64.rx_length_errors"] = text(counters.rxLengthErrors)
        fields["IFLA_STATS64.rx_over_errors"] = text(counters.rxOverErrors)
        fields["IFLA_STATS64.rx_crc_errors"] = text(counters.rxCRCErrors)
        fields["IFLA_STATS64.rx_frame_errors"] = text(counters.rxFrameErrors)
        fields["IFLA_STATS64.rx_fifo_errors"] = text(counters.rxFIFOErrors)
        fields["IFLA_STATS64.rx_missed_errors"] = text(counters.rxMissedErrors)
        fields["IFLA_STATS64.tx_aborted_errors"] = text(counters.txAbortedErrors)
        fields["IFLA_STATS64.tx_carrier_errors"] = text(counters.txCarrierErrors)
        fields["IFLA_STATS64.tx_fifo_errors"] = text(counters.txFIFOErrors)
        fields["IFLA_STATS64.tx_heartbeat_errors"] = text(counters.txHeartbeatErrors)
        fields["IFLA_STATS64.tx_window_errors"] = text(counters.txWindowErrors)
        fields["IFLA_STATS64.rx_compressed"] = text(counters.rxCompressed)
        fields["IFLA_STATS64.tx_compressed"] = text(counters.txCompressed)
        fields["IFLA_STATS64.rx_nohandler"] = text(counters.rxNohandler)
        fields["IFLA_STATS64.rx_otherhost_dropped"] = text(counters.rxOtherhostDropped)
        return fields
    }

    // MARK: - Values as text

    static func text(_ value: (some BinaryInteger)?) -> String? { value.map { String($0) } }
    static func text(_ value: NetworkUInt16?) -> String? { value.map { String($0.value) } }
    static func text(_ value: NetworkUInt32?) -> String? { value.map { String($0.value) } }
    static func text(_ value: NetworkUInt64?) -> String? { value.map { String($0.value) } }
    static func text(_ value: IPAddress?) -> String? { value?.description }
    static func text(_ value: LinkAddress?) -> String? { value?.description }
    static func text(_ value: ByteString?) -> String? { value.map { String(decoding: $0.bytes, as: UTF8.self) } }
}
