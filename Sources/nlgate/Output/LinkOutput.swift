import NetlinkFamilies

extension Output {
    /// Rows like `ip -br link`: name, state, address, flags.
    static func linkTable(_ links: [Link]) -> String {
        let names = LinkNames(links)
        var columns = Columns(minimum: [16, 14])
        for link in links {
            columns.append([
                shownName(link, names), operState(link),
                link.address.map { Names.linkAddress($0, of: link.type) } ?? "",
                "<" + flagNames(link, names).joined(separator: ",") + ">",
            ])
        }
        return columns.text
    }

    /// The JSON of `ip -j link`, with `details` of `ip -d -j link`, with `statistics` of `ip -s -j link`.
    static func linkJSON(
        _ links: [Link], names: LinkNames? = nil, details: Bool = false, statistics: Bool = false
    ) -> String {
        let names = names ?? LinkNames(links)
        return document(links.map { linkObject($0, names, details: details, statistics: statistics) })
    }

    static func operState(_ link: Link) -> String {
        guard let state = link.operState else { return "" }
        return Names.operState(state) ?? Names.hex(state.rawValue)
    }

    /// `v0@v1` with the link below, as far as that lies in the same network namespace.
    static func shownName(_ link: Link, _ names: LinkNames) -> String {
        switch link.link {
        case nil: "\(link.name)"
        case 0: "\(link.name)@NONE"
        case let lower? where link.linkNetnsID != nil: "\(link.name)@if\(lower)"
        case let lower?: "\(link.name)@\(names.text(lower))"
        }
    }

    static func linkObject(
        _ link: Link, _ names: LinkNames, details: Bool, statistics: Bool = false, isAddressList: Bool = false
    ) -> JSONObject {
        var object = head(of: link, names, isAddressList: isAddressList)
        object["link_type"] = JSON(Names.linkType(link.type))
        object["address"] = link.address.map { JSON(Names.linkAddress($0, of: link.type)) }
        if link.flags.contains(.pointToPoint), link.broadcast != nil { object["link_pointtopoint"] = .bool(true) }
        object["broadcast"] = link.broadcast.map { JSON(Names.linkAddress($0, of: link.type)) }
        if let permanent = link.permanentAddress, permanent != link.address {
            object["permaddr"] = JSON(permanent.description)
        }
        object["link_netnsid"] = link.linkNetnsID.map { JSON($0) }
        object["new_netnsid"] = link.newNetnsID.map { JSON($0) }
        object["new_ifindex"] = link.newIndex.map { JSON($0) }
        if let down = link.protocolDown, down != 0 { object["proto_down"] = .bool(true) }
        if details { addDetails(of: link, names, isAddressList: isAddressList, to: &object) }
        if !isAddressList || details { object["ifalias"] = link.alias.map { JSON($0.jsonText) } }
        if statistics, let counters = link.statistics { object["stats64"] = .object(counted(counters, link)) }
        if !isAddressList { object["vfinfo_list"] = virtualFunctions(link, statistics: statistics) }
        if !link.alternativeNames.isEmpty {
            object["altnames"] = .array(link.alternativeNames.map { JSON($0.jsonText) })
        }
        return object
    }

    private static func head(of link: Link, _ names: LinkNames, isAddressList: Bool) -> JSONObject {
        var object = JSONObject()
        object["ifindex"] = JSON(link.index)
        if let lower = link.link {
            if lower == 0 {
                object["link"] = .null
            } else if link.linkNetnsID != nil {
                object["link_index"] = JSON(lower)
            } else {
                object["link"] = names.json(lower)
            }
        }
        object["ifname"] = link.name.isEmpty ? .null : JSON(link.name.jsonText)
        object["flags"] = .array(flagNames(link, names).map { JSON($0) })
        object["mtu"] = link.mtu.map { JSON($0) }
        object["qdisc"] = link.qdisc.map { JSON($0.jsonText) }
        object["master"] = link.master.map { names.json($0) }
        if let state = link.operState {
            if let name = Names.operState(state) {
                object["operstate"] = JSON(name)
            } else {
                object["operstate_index"] = JSON(state.rawValue)
            }
        }
        if !isAddressList, let mode = link.linkMode {
            if mode < 2 {
                object["linkmode"] = JSON(mode == 0 ? "DEFAULT" : "DORMANT")
            } else {
                object["linkmode_index"] = JSON(mode)
            }
        }
        object["group"] = link.group.map { JSON(Names.group($0)) }
        if let length = link.txQueueLength, length != 0 { object["txqlen"] = JSON(length) }
        return object
    }

    private static func addDetails(
        of link: Link, _ names: LinkNames, isAddressList: Bool, to object: inout JSONObject
    ) {
        object["promiscuity"] = link.promiscuity.map { JSON($0) }
        object["allmulti"] = link.allMulticast.map { JSON($0) }
        object["min_mtu"] = link.minimumMTU.map { JSON($0) }
        object["max_mtu"] = link.maximumMTU.map { JSON($0) }
        object["linkinfo"] = link.info.map { .object(infoObject($0, names)) }
        if !isAddressList, let mode = link.familySettings?[.inet6]?[.addressGenerationMode] {
            let modes = ["eui64", "none", "stable_secret", "random"]
            object["inet6_addr_gen_mode"] = JSON(mode < 4 ? modes[Int(mode)] : Names.hex(mode))
        }
        object["num_tx_queues"] = link.txQueues.map { JSON($0) }
        object["num_rx_queues"] = link.rxQueues.map { JSON($0) }
        object["gso_max_size"] = link.gsoMaxSize.map { JSON($0) }
        object["gso_max_segs"] = link.gsoMaxSegments.map { JSON($0) }
        object["tso_max_size"] = link.tsoMaxSize.map { JSON($0) }
        object["tso_max_segs"] = link.tsoMaxSegments.map { JSON($0) }
        object["gro_max_size"] = link.groMaxSize.map { JSON($0) }
        object["phys_port_name"] = link.physicalPortName.map { JSON($0.jsonText) }
        object["phys_port_id"] = link.physicalPortID.map { JSON(hexText($0)) }
        object["phys_switch_id"] = link.physicalSwitchID.map { JSON(hexText($0)) }
        object["parentbus"] = link.parentBus.map { JSON($0.jsonText) }
        object["parentdev"] = link.parentDevice.map { JSON($0.jsonText) }
    }

    private static func hexText(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private static func counted(_ counters: LinkStatistics, _ link: Link) -> JSONObject {
        var received = JSONObject()
        received["bytes"] = JSON(counters.rxBytes)
        received["packets"] = JSON(counters.rxPackets)
        received["errors"] = JSON(counters.rxErrors)
        received["dropped"] = JSON(counters.rxDropped)
        received["over_errors"] = JSON(counters.rxOverErrors)
        received["multicast"] = JSON(counters.multicast)
        if counters.rxCompressed != 0 { received["compressed"] = JSON(counters.rxCompressed) }
        received["length_errors"] = JSON(counters.rxLengthErrors)
        received["crc_errors"] = JSON(counters.rxCRCErrors)
        received["frame_errors"] = JSON(counters.rxFrameErrors)
        received["fifo_errors"] = JSON(counters.rxFIFOErrors)
        received["missed_errors"] = JSON(counters.rxMissedErrors)
        if counters.rxNohandler != 0 { received["nohandler"] = JSON(counters.rxNohandler) }
        var sent = JSONObject()
        sent["bytes"] = JSON(counters.txBytes)
        sent["packets"] = JSON(counters.txPackets)
        sent["errors"] = JSON(counters.txErrors)
        sent["dropped"] = JSON(counters.txDropped)
        sent["carrier_errors"] = JSON(counters.txCarrierErrors)
        sent["collisions"] = JSON(counters.collisions)
        if counters.txCompressed != 0 { sent["compressed"] = JSON(counters.txCompressed) }
        sent["aborted_errors"] = JSON(counters.txAbortedErrors)
        sent["fifo_errors"] = JSON(counters.txFIFOErrors)
        sent["window_errors"] = JSON(counters.txWindowErrors)
        sent["heartbeat_errors"] = JSON(counters.txHeartbeatErrors)
        sent["carrier_changes"] = link.carrierChanges.map { JSON($0) }
        var both = JSONObject()
        both["rx"] = .object(received)
        both["tx"] = .object(sent)
        return both
    }
}
