import NetlinkFamilies

extension Output {
    /// Rows in the manner of `ip route`: destination, and how it is reached; next hops in rows of their own.
    static func routeTable(_ routes: [Route], names: LinkNames, tableIsGiven: Bool = false) -> String {
        var columns = Columns()
        for route in routes {
            let kind = route.type == .unicast ? "" : Names.type(route.type) + " "
            columns.append([
                kind + destination(of: route), reach(of: route, names, tableIsGiven).joined(separator: " "),
            ])
            for hop in route.nextHops {
                columns.append(["", "nexthop " + words(of: hop, names).joined(separator: " ")])
            }
        }
        return columns.text
    }

    /// The JSON of `ip -j route`, with `details` of `ip -d -j route`.
    ///
    /// As there, a route's table is left out when one was asked for (`tableIsGiven`; `ip route` asks for main).
    static func routeJSON(
        _ routes: [Route], names: LinkNames, details: Bool = false, tableIsGiven: Bool = false
    ) -> String {
        document(routes.map { routeObject($0, names, details: details, tableIsGiven: tableIsGiven) })
    }

    private static func destination(of route: Route) -> String {
        if let address = route.destination { return Names.prefix(address, route.destinationLength) }
        return route.destinationLength == 0 ? "default" : "0/\(route.destinationLength)"
    }

    private static func reach(of route: Route, _ names: LinkNames, _ tableIsGiven: Bool) -> [String] {
        var words: [String] = []
        if let source = route.source { words.append("from " + Names.prefix(source, route.sourceLength)) }
        if let encap = route.encapsulation { words.append("encap \(encapName(encap.type))") }
        if route.tos != 0 { words.append("tos \(Names.hex(route.tos))") }
        if let id = route.nextHopID { words.append("nhid \(id)") }
        if let gateway = route.gateway { words.append("via \(gateway)") }
        if let via = route.via { words.append("via \(Names.family(via.family)) \(via.address)") }
        if let index = route.outputIndex { words.append("dev \(names.text(index))") }
        if !tableIsGiven, route.table != .main { words.append("table \(Names.table(route.table))") }
        if route.origin != .boot { words.append("proto \(Names.origin(route.origin))") }
        if route.scope != .universe { words.append("scope \(Names.scope(route.scope))") }
        if let source = route.preferredSource { words.append("src \(source)") }
        if let metric = route.priority { words.append("metric \(metric)") }
        words += flagNames(route.flags)
        if let expires = route.cacheInfo?.expires, expires != 0 { words.append("expires \(expires / 100)sec") }
        if let metrics = route.metrics { words += metricWords(metrics) }
        if let preference = route.preference { words.append("pref \(preferenceName(preference))") }
        return words
    }

    private static func words(of hop: NextHop, _ names: LinkNames) -> [String] {
        var words: [String] = []
        if let encap = hop.encapsulation { words.append("encap \(encapName(encap.type))") }
        if let gateway = hop.gateway { words.append("via \(gateway)") }
        if let via = hop.via { words.append("via \(Names.family(via.family)) \(via.address)") }
        return words + ["dev \(names.text(hop.outputIndex))", "weight \(hop.weight)"] + flagNames(hop.flags)
    }

    private static func flagNames(_ flags: RouteFlags) -> [String] {
        let order: [(RouteFlags, String)] = [
            (.dead, "dead"), (.onLink, "onlink"), (.pervasive, "pervasive"), (.offload, "offload"),
            (.trapped, "trap"), (.notify, "notify"), (.linkDown, "linkdown"), (.unresolved, "unresolved"),
            (.routeOffload, "rt_offload"), (.routeTrap, "rt_trap"), (.offloadFailed, "rt_offload_failed"),
        ]
        return order.filter { flags.contains($0.0) }.map(\.1)
    }

    private static func preferenceName(_ preference: UInt8) -> String {
        switch preference {
        case 0: "medium"
        case 1: "high"
        case 3: "low"
        default: String(preference)
        }
    }

    static func routeObject(
        _ route: Route, _ names: LinkNames, details: Bool, tableIsGiven: Bool
    ) -> JSONObject {
        var object = JSONObject()
        if route.type != .unicast || details { object["type"] = JSON(Names.type(route.type)) }
        object["dst"] = JSON(destination(of: route))
        if let source = route.source {
            object["from"] = JSON(Names.prefix(source, route.sourceLength))
        } else if route.sourceLength != 0 {
            object["from"] = JSON("0/\(route.sourceLength)")
        }
        if let encap = route.encapsulation { add(encap, to: &object) }
        if route.tos != 0 { object["tos"] = JSON(Names.hex(route.tos)) }
        object["nhid"] = route.nextHopID.map { JSON($0) }
        object["gateway"] = route.gateway.map { JSON($0.description) }
        object["via"] = route.via.map { .object(viaObject($0)) }
        object["dev"] = route.outputIndex.map { names.json($0) }
        if route.table != .unspecified, !tableIsGiven, route.table != .main || details {
            object["table"] = JSON(Names.table(route.table))
        }
        if !route.flags.contains(.cloned) {
            if route.origin != .boot || details { object["protocol"] = JSON(Names.origin(route.origin)) }
            if route.scope != .universe || details { object["scope"] = JSON(Names.scope(route.scope)) }
        }
        object["prefsrc"] = route.preferredSource.map { JSON($0.description) }
        object["metric"] = route.priority.map { JSON($0) }
        object["flags"] = .array(flagNames(route.flags).map { JSON($0) })
        if let mark = route.mark, mark != 0 { object["mark"] = JSON(mark) }
        addRealms(route.realms, to: &object)
        object["uid"] = route.user.map { JSON($0) }
        addAge(of: route, to: &object)
        if let metrics = metricsObject(route.metrics) { object["metrics"] = .array([.object(metrics)]) }
        object["iif"] = route.inputIndex.map { names.json($0) }
        object["pref"] = route.preference.map { JSON(preferenceName($0)) }
        if let propagate = route.ttlPropagate { object["ttl-propagate"] = JSON(propagate != 0) }
        if !route.nextHops.isEmpty {
            object["nexthops"] = .array(route.nextHops.map { .object(hopObject($0, names)) })
        }
        return object
    }

    private static func addAge(of route: Route, to object: inout JSONObject) {
        let isCloned = route.flags.contains(.cloned)
        if isCloned { object["cache"] = .array([]) }
        guard let info = route.cacheInfo, isCloned || info.expires != 0 else { return }
        if info.expires != 0 { object["expires"] = JSON(info.expires / 100) }
        if info.error != 0 { object["error"] = JSON(info.error) }
    }

    private static func addRealms(_ realms: UInt32?, to object: inout JSONObject) {
        guard let realms else { return }
        if realms >> 16 != 0 { object["flow_from"] = JSON(String(realms >> 16)) }
        object["flow_to"] = JSON(String(realms & 0xffff))
    }

    private static func hopObject(_ hop: NextHop, _ names: LinkNames) -> JSONObject {
        var object = JSONObject()
        if let encap = hop.encapsulation { add(encap, to: &object) }
        object["gateway"] = hop.gateway.map { JSON($0.description) }
        object["via"] = hop.via.map { .object(viaObject($0)) }
        addRealms(hop.realms, to: &object)
        object["dev"] = names.json(hop.outputIndex)
        object["weight"] = JSON(UInt64(hop.weight))
        object["flags"] = .array(flagNames(hop.flags).map { JSON($0) })
        return object
    }

    private static func viaObject(_ via: Via) -> JSONObject {
        var object = JSONObject()
        object["family"] = JSON(Names.family(via.family))
        object["host"] = JSON(via.address.description)
        return object
    }
}
