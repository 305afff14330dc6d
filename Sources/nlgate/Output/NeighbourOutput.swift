import NetlinkFamilies

extension Output {
    /// Rows in the manner of `ip -br neigh`: address, link, link-layer address, flags, state.
    static func neighbourTable(_ neighbours: [Neighbour], names: LinkNames) -> String {
        var columns = Columns()
        for neighbour in neighbours {
            columns.append([
                neighbour.destination?.description ?? "", names.text(neighbour.index),
                neighbour.linkAddress?.description ?? "",
                (flagNames(neighbour) + stateNames(neighbour.state)).joined(separator: " "),
            ])
        }
        return columns.text
    }

    /// The JSON of `ip -j neigh`, with `statistics` of `ip -s -j neigh`.
    static func neighbourJSON(_ neighbours: [Neighbour], names: LinkNames, statistics: Bool = false) -> String {
        document(neighbours.map { neighbourObject($0, names, statistics: statistics) })
    }

    /// What `ip neigh` lists unasked: not those that need no resolution, and not those that nothing is known of.
    static func isListed(_ neighbour: Neighbour) -> Bool {
        neighbour.flags.contains(.proxy) || !neighbour.state.subtracting(.noARP).isEmpty
    }

    static func neighbourObject(
        _ neighbour: Neighbour, _ names: LinkNames, statistics: Bool
    ) -> JSONObject {
        var object = JSONObject()
        object["dst"] = neighbour.destination.map { JSON($0.description) }
        if neighbour.index != 0 { object["dev"] = names.json(neighbour.index) }
        object["lladdr"] = neighbour.linkAddress.map { JSON($0.description) }
        for flag in flagNames(neighbour) { object[flag] = .null }
        if statistics, let info = neighbour.cacheInfo {
            if info.references != 0 { object["refcnt"] = JSON(info.references) }
            object["used"] = JSON(info.used / 100)
            object["confirmed"] = JSON(info.confirmed / 100)
            object["updated"] = JSON(info.updated / 100)
        }
        if statistics { object["probes"] = neighbour.probes.map { JSON($0) } }
        if !neighbour.state.isEmpty { object["state"] = .array(stateNames(neighbour.state).map { JSON($0) }) }
        object["protocol"] = neighbour.origin.map { JSON(Names.origin(RouteOrigin(rawValue: $0))) }
        return object
    }

    private static func flagNames(_ neighbour: Neighbour) -> [String] {
        var names: [String] = []
        if neighbour.flags.contains(.router) { names.append("router") }
        if neighbour.flags.contains(.proxy) { names.append("proxy") }
        if neighbour.flags.contains(.externallyLearned) { names.append("extern_learn") }
        if neighbour.flags.contains(.offloaded) { names.append("offload") }
        if neighbour.extendedFlags?.contains(.managed) == true { names.append("managed") }
        return names
    }

    private static func stateNames(_ state: NeighbourState) -> [String] {
        let order: [(NeighbourState, String)] = [
            (.incomplete, "INCOMPLETE"), (.reachable, "REACHABLE"), (.stale, "STALE"), (.delay, "DELAY"),
            (.probe, "PROBE"), (.failed, "FAILED"), (.noARP, "NOARP"), (.permanent, "PERMANENT"),
        ]
        return order.filter { state.contains($0.0) }.map(\.1)
    }
}
