import NetlinkFamilies

extension Output {
    /// What depends on the kind of a link ("linkinfo" of `ip -d -j link`).
    static func infoObject(_ info: LinkInfo, _ names: LinkNames) -> JSONObject {
        var object = JSONObject()
        object["info_kind"] = info.kind.map { JSON($0.jsonText) }
        if let details = info.details, let data = dataObject(details, names) { object["info_data"] = .object(data) }
        object["info_slave_kind"] = info.portKind.map { JSON($0.jsonText) }
        switch info.portDetails {
        case .bridge(let port): object["info_slave_data"] = .object(portObject(port, names))
        case .bond(let port): object["info_slave_data"] = .object(portObject(port))
        case .vrf(let port): object["info_slave_data"] = .object(vrfObject(port))
        case .raw, nil: break
        }
        return object
    }

    private static func dataObject(_ details: LinkInfo.Details, _ names: LinkNames) -> JSONObject? {
        switch details {
        case .bridge(let info): bridgeObject(info)
        case .bond(let info): bondObject(info, names)
        case .vlan(let info): vlanObject(info)
        case .macvlan(let info): macvlanObject(info)
        case .vxlan(let info): vxlanObject(info, names)
        case .vrf(let info): vrfObject(info)
        case .tun(let info): tunObject(info)
        case .veth, .raw: nil
        }
    }

    static func add<Owner: AttributeContainer, Value: AttributeValue & UnsignedInteger>(
        _ list: [(AttributeKey<Owner, Value>, String)], of info: Owner, to object: inout JSONObject
    ) {
        for (key, name) in list { object[name] = info[key].map { JSON($0) } }
    }

    static func addSwitches<Owner: AttributeContainer>(
        _ list: [(AttributeKey<Owner, UInt8>, String)], of info: Owner, onlyIfSet: Bool = false,
        to object: inout JSONObject
    ) {
        for (key, name) in list {
            guard let value = info[key], value != 0 || !onlyIfSet else { continue }
            object[name] = JSON(value != 0)
        }
    }

    /// The entry of a list, or the number where it has none.
    static func word(_ index: some UnsignedInteger, _ words: [String]) -> JSON {
        Int(index) < words.count ? JSON(words[Int(index)]) : JSON(index)
    }

    static func tagProtocol(_ number: UInt16) -> String {
        switch number {
        case 0x8100: "802.1Q"
        case 0x88a8: "802.1ad"
        default: "[\(number)]"
        }
    }

    private static func vlanObject(_ info: VLANInfo) -> JSONObject {
        var object = JSONObject()
        object["protocol"] = info[.tagProtocol].map { JSON(tagProtocol($0.value)) }
        object["id"] = info[.id].map { JSON($0) }
        if let flags = info[.flags]?.flags {
            let order = ["REORDER_HDR", "GVRP", "LOOSE_BINDING", "MVRP", "BRIDGE_BINDING"]
            object["flags"] = .array(
                order.indices.filter { flags & (1 << UInt32($0)) != 0 }.map { JSON(order[$0]) })
        }
        object["ingress_qos"] = priorityMap(info.ingressPriorities)
        object["egress_qos"] = priorityMap(info.egressPriorities)
        return object
    }

    /// Pairs of priorities (struct ifla_vlan_qos_mapping).
    private static func priorityMap(_ pairs: [VLANPriority]) -> JSON? {
        guard !pairs.isEmpty else { return nil }
        return .array(
            pairs.map { pair in
                var object = JSONObject()
                object["from"] = JSON(pair.from)
                object["to"] = JSON(pair.to)
                return .object(object)
            })
    }

    private static func macvlanObject(_ info: MACVLANInfo) -> JSONObject {
        var object = JSONObject()
        let modes: [UInt32: String] = [1: "private", 2: "vepa", 4: "bridge", 8: "passthru", 16: "source"]
        object["mode"] = info[.mode].map { JSON(modes[$0] ?? "unknown") }
        if let flags = info[.flags], flags & 1 != 0 { object["nopromisc"] = JSON(true) }
        add(
            [(.broadcastQueueLength, "bcqueuelen"), (.broadcastQueueLengthUsed, "usedbcqueuelen")], of: info,
            to: &object)
        guard info[.mode] == 16 else { return object }
        object["macaddr_count"] = info[.macCount].map { JSON($0) }
        object["macaddr_data"] = .array(info.sources.map { JSON($0.description) })
        return object
    }

    private static func vrfObject(_ info: VRFInfo) -> JSONObject {
        var object = JSONObject()
        object["table"] = info[.table].map { JSON($0) }
        return object
    }

    private static func tunObject(_ info: TunInfo) -> JSONObject {
        var object = JSONObject()
        object["type"] = info[.type].map { JSON($0 == 1 ? "tun" : $0 == 2 ? "tap" : "UNKNOWN:\($0)") }
        addSwitches(
            [(.packetInfo, "pi"), (.vnetHeader, "vnet_hdr"), (.multiQueue, "multi_queue")], of: info, to: &object)
        if info[.multiQueue] == 1 {
            add([(.queues, "numqueues"), (.disabledQueues, "numdisabled")], of: info, to: &object)
        }
        addSwitches([(.persist, "persist")], of: info, to: &object)
        add([(.owner, "user"), (.group, "group")], of: info, to: &object)
        return object
    }

    private static func vxlanObject(_ info: VXLANInfo, _ names: LinkNames) -> JSONObject {
        var object = JSONObject()
        addSwitches(
            [(.collectMetadata, "external"), (.vniFilter, "vnifilter")], of: info, onlyIfSet: true, to: &object)
        object["id"] = info[.id].map { JSON($0) }
        if let group = info[.group] { object[group[0] & 0xf0 == 0xe0 ? "group" : "remote"] = JSON(group.description) }
        if let group = info[.group6] { object[group[0] == 0xff ? "group6" : "remote6"] = JSON(group.description) }
        object["local"] = info[.local].map { JSON($0.description) }
        object["local6"] = info[.local6].map { JSON($0.description) }
        if let link = info[.link], link != 0 { object["link"] = names.json(link) }
        if let range = info[.portRange] {
            var both = JSONObject()
            both["low"] = JSON(range.low)
            both["high"] = JSON(range.high)
            object["port_range"] = .object(both)
        }
        object["port"] = info[.port].map { JSON($0.value) }
        addSwitches([(.learning, "learning")], of: info, to: &object)
        addSwitches(
            [(.proxy, "proxy"), (.routeShortCircuit, "rsc"), (.l2Miss, "l2miss"), (.l3Miss, "l3miss")], of: info,
            onlyIfSet: true, to: &object)
        if let tos = info[.tos], tos != 0 { object["tos"] = JSON(Names.hex(tos)) }
        object["ttl"] = info[.ttlInherit] == 1 ? JSON("inherit") : info[.ttl].map { JSON($0) }
        object["df"] = info[.dontFragment].map { word($0, ["unset", "set", "inherit"]) }
        if let label = info[.label]?.value, label != 0 { object["label"] = JSON(Names.hex(label)) }
        object["ageing"] = info[.ageing].map { JSON($0) }
        if let limit = info[.limit], limit != 0 { object["limit"] = JSON(limit) }
        addSwitches(
            [
                (.udpChecksum, "udp_csum"), (.udpZeroChecksum6Sent, "udp_zero_csum6_tx"),
                (.udpZeroChecksum6Received, "udp_zero_csum6_rx"),
            ], of: info, to: &object)
        addSwitches(
            [(.remoteChecksumSent, "remcsum_tx"), (.remoteChecksumReceived, "remcsum_rx")], of: info,
            onlyIfSet: true, to: &object)
        if info[.groupPolicy] != nil { object["gbp"] = .bool(true) }
        if info[.protocolExtension] != nil { object["gpe"] = .bool(true) }
        return object
    }
}
