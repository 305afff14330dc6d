import NetlinkFamilies

/// Virtual functions with the keys of `ip -j link` ("vfinfo_list").
extension Output {
    static func virtualFunctions(_ link: Link, statistics: Bool) -> JSON? {
        let functions = link.virtualFunctions
        return functions.isEmpty ? nil : .array(functions.map { .object(functionObject($0, statistics: statistics)) })
    }

    private static func functionObject(_ function: VirtualFunction, statistics: Bool) -> JSONObject {
        var object = JSONObject()
        object["vf"] = function.number.map { JSON($0) }
        object["address"] = function.address.map { JSON($0.description) }
        object["broadcast"] = function.broadcast.map { JSON($0.description) }
        if let vlan = function[.vlan], vlan.vlan != 0 || vlan.priority != 0 {
            var tag = JSONObject()
            tag["vlan"] = JSON(vlan.vlan)
            if vlan.priority != 0 { tag["qos"] = JSON(vlan.priority) }
            object["vlan_list"] = .array([.object(tag)])
        }
        if let rate = function[.sendRate]?.value, rate != 0 { object["tx_rate"] = JSON(rate) }
        if let rate = function[.rate] {
            var both = JSONObject()
            both["max_tx"] = JSON(rate.maximum)
            both["min_tx"] = JSON(rate.minimum)
            object["rate"] = .object(both)
        }
        object["spoofchk"] = function[.spoofCheck].map { JSON($0.value != 0) }
        object["link_state"] = function[.linkState].map { word($0.value, ["auto", "enable", "disable"]) }
        object["trust"] = function[.trust].map { JSON($0.value != 0) }
        object["query_rss_en"] = function[.hashQuery].map { JSON($0.value != 0) }
        if statistics, let counters = function[.statistics] { object["stats"] = .object(countersObject(counters)) }
        return object
    }

    private static func countersObject(_ counters: VirtualFunctionStatistics) -> JSONObject {
        var (received, sent) = (JSONObject(), JSONObject())
        add(
            [
                (.bytesReceived, "bytes"), (.packetsReceived, "packets"), (.multicast, "multicast"),
                (.broadcast, "broadcast"), (.droppedReceived, "dropped"),
            ], of: counters, to: &received)
        add(
            [(.bytesSent, "tx_bytes"), (.packetsSent, "tx_packets"), (.droppedSent, "dropped")], of: counters, to: &sent
        )
        var both = JSONObject()
        both["rx"] = .object(received)
        both["tx"] = .object(sent)
        return both
    }
}
