import NetlinkFamilies

/// Tables for a terminal, in which no name can write control characters, and JSON with the keys of `ip -j`.
enum Output {}

extension Output {
    /// Objects as one JSON document in one line.
    static func document(_ objects: [JSONObject]) -> String {
        JSON.array(objects.map { .object($0) }).text + "\n"
    }

    /// Flags as `ip` shows them: RUNNING hidden, its absence on a link that is up shown as NO-CARRIER.
    static func flagNames(_ link: Link, _ links: LinkNames) -> [String] {
        let order: [(LinkFlags, String)] = [
            (.loopback, "LOOPBACK"), (.broadcast, "BROADCAST"), (.pointToPoint, "POINTOPOINT"),
            (.multicast, "MULTICAST"), (.noARP, "NOARP"), (.allMulticast, "ALLMULTI"), (.promiscuous, "PROMISC"),
            (.master, "MASTER"), (.slave, "SLAVE"), (.debug, "DEBUG"), (.dynamic, "DYNAMIC"),
            (.autoMedia, "AUTOMEDIA"), (.portSelect, "PORTSEL"), (.noTrailers, "NOTRAILERS"), (.up, "UP"),
            (.lowerUp, "LOWER_UP"), (.dormant, "DORMANT"), (.echo, "ECHO"),
        ]
        var names: [String] = []
        if link.flags.contains(.up), !link.flags.contains(.running) { names.append("NO-CARRIER") }
        var rest = link.flags.subtracting(.running)
        for (flag, name) in order where rest.contains(flag) {
            names.append(name)
            rest.remove(flag)
        }
        if !rest.isEmpty { names.append(String(rest.rawValue, radix: 16)) }
        if let lower = link.link, lower != 0, link.linkNetnsID == nil, links.isDown(lower) { names.append("M-DOWN") }
        return names
    }
}
