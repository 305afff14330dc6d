import NetlinkFamilies
import RemoteNetlink

/// Routes and rules in iproute2's words.
struct RouteWords {
    let ip: IPRoute
    /// What `default` and rules without an address mean.
    let family: AddressFamily

    /// `[TYPE] PREFIX|default [via ADDR] [dev DEV] [src ADDR] [metric N] [table T] [proto P] [scope S] [onlink] [mtu N]`
    func route(_ words: [String], isDeleted: Bool) async throws -> Route {
        var words = Words(words)
        let type = type(&words)
        _ = words.take("to")
        var route = Route(to: try destination(&words, "route"))
        if isDeleted {
            // Whoever set it, wherever it leads: what isn't said doesn't count.
            route.origin = .unspecified
            route.scope = .nowhere
            route.type = .unspecified
        }
        if let type { route.type = type }
        var hasScope = false
        while let word = words.next() {
            switch word {
            case "via":
                _ = words.take("inet") || words.take("inet6")
                try setGateway(try words.address(of: word), &route)
            case "dev", "oif": route.outputIndex = try await ip.index(try words.value(of: word))
            case "src": route.preferredSource = try words.address(of: word)
            case "from":
                let source = try words.prefix(of: word)
                (route.source, route.sourceLength) = (source.address, source.length)
            case "metric", "priority", "preference": route.priority = try words.number(of: word)
            case "table": route.table = try table(&words, word)
            case "proto", "protocol": route.origin = try origin(&words, word)
            case "scope":
                route.scope = try words.choice(of: word, Words.scopes)
                hasScope = true
            case "onlink": route.flags.insert(.onLink)
            case "mtu": route.metrics = metrics(.mtu, try words.number(of: word), route.metrics)
            case "advmss": route.metrics = metrics(.advertisedMSS, try words.number(of: word), route.metrics)
            default: throw Words.unknown(word, "route")
            }
        }
        if !hasScope, !isDeleted { route.scope = scope(of: route) }
        return route
    }

    private func destination(_ words: inout Words, _ name: String) throws -> IPPrefix {
        if words.take("default") { return IPPrefix(.unspecified(family == .inet6 ? .inet6 : .inet), length: 0) }
        return try words.prefix(of: name)
    }

    private func type(_ words: inout Words) -> RouteType? {
        let types: KeyValuePairs<String, RouteType> = [
            "unicast": .unicast, "local": .local, "broadcast": .broadcast, "multicast": .multicast,
            "blackhole": .blackhole, "unreachable": .unreachable, "prohibit": .prohibit, "throw": .throwing,
        ]
        return types.first { words.take($0.key) }?.value
    }

    private func setGateway(_ gateway: IPAddress, _ route: inout Route) throws {
        if gateway.length == (route.family == .inet ? 4 : 16) {
            route.gateway = gateway
        } else {
            route.via = Via(family: gateway.length == 4 ? .inet : .inet6, address: gateway)
        }
    }

    private func metrics(
        _ key: AttributeKey<RouteMetrics, UInt32>, _ value: UInt32, _ metrics: RouteMetrics?
    ) -> RouteMetrics {
        var metrics = metrics ?? RouteMetrics()
        metrics[key] = value
        return metrics
    }

    /// As iproute2 has it: what needs no router is on the link, what is ours is on this host.
    private func scope(of route: Route) -> RouteScope {
        guard route.family == .inet else { return .universe }
        switch route.type {
        case .local: return .host
        case .broadcast, .multicast, .anycast: return .link
        case .unicast where route.gateway == nil && route.via == nil: return .link
        default: return .universe
        }
    }

    private func table(_ words: inout Words, _ name: String) throws -> RouteTable {
        let named: KeyValuePairs<String, RouteTable> = ["main": .main, "local": .local, "default": .standard]
        if let found = named.first(where: { words.take($0.key) }) { return found.value }
        return RouteTable(rawValue: try words.number(of: name))
    }

    private func origin(_ words: inout Words, _ name: String) throws -> RouteOrigin {
        let named: KeyValuePairs<String, RouteOrigin> = [
            "kernel": .kernel, "boot": .boot, "static": .administrator, "ra": .routerAdvertisement, "dhcp": .dhcp,
            "bgp": .bgp, "ospf": .ospf, "isis": .isis, "rip": .rip, "zebra": .zebra, "bird": .bird,
        ]
        if let found = named.first(where: { words.take($0.key) }) { return found.value }
        return RouteOrigin(rawValue: try words.number(of: name))
    }

    // MARK: - Rules

    /// `[not] [from PREFIX] [to PREFIX] [iif DEV] [oif DEV] [fwmark N[/MASK]] [priority N] [table T|goto N|TYPE]`
    func rule(_ words: [String], isDeleted: Bool) throws -> Rule {
        var words = Words(words)
        var rule = Rule(family: family == .inet6 ? .inet6 : .inet)
        if isDeleted { rule.action = .unspecified }
        guard !words.isEmpty else { throw Failure(2, "rule needs something that packets are known by, or a priority") }
        var hasAction = isDeleted
        while let word = words.next() {
            switch word {
            case "not": rule.flags.insert(.invert)
            case "from": if let prefix = try prefix(&words, word, &rule) { (rule.source, rule.sourceLength) = prefix }
            case "to":
                if let prefix = try prefix(&words, word, &rule) { (rule.destination, rule.destinationLength) = prefix }
            case "iif", "dev": rule.inputInterface = ByteString(try words.value(of: word))
            case "oif": rule.outputInterface = ByteString(try words.value(of: word))
            case "fwmark": try setMark(&rule, try words.value(of: word))
            case "priority", "pref", "preference", "order": rule.priority = try words.number(of: word)
            case "tos", "dsfield": rule.tos = try words.number(of: word)
            case "ipproto":
                rule.ipProtocol = try words.choice(of: word, ["icmp": 1, "tcp": 6, "udp": 17, "ipv6-icmp": 58])
            default:
                guard try action(word, &words, &rule) else { throw Words.unknown(word, "rule") }
                hasAction = true
            }
        }
        if !hasAction { rule.table = .main }
        return rule
    }

    private func prefix(_ words: inout Words, _ name: String, _ rule: inout Rule) throws -> (IPAddress, UInt8)? {
        if words.take("all") || words.take("default") { return nil }
        let prefix = try words.prefix(of: name)
        rule.family = prefix.family
        return (prefix.address, prefix.length)
    }

    private func setMark(_ rule: inout Rule, _ text: String) throws {
        let parts = text.split(separator: "/", maxSplits: 1).map { part in
            part.hasPrefix("0x") ? UInt32(part.dropFirst(2), radix: 16) : UInt32(part)
        }
        guard let mark = parts.first ?? nil, parts.count == 1 || parts[1] != nil else {
            throw Failure(2, "fwmark takes a number, or a number and a mask with / between them, not \(text)")
        }
        rule.mark = mark
        if parts.count == 2 { rule.markMask = parts[1] }
    }

    private func action(_ word: String, _ words: inout Words, _ rule: inout Rule) throws -> Bool {
        switch word {
        case "table", "lookup":
            rule.action = .table
            rule.table = try table(&words, word)
        case "goto":
            rule.action = .goTo
            rule.target = try words.number(of: word)
        case "blackhole": rule.action = .blackhole
        case "unreachable": rule.action = .unreachable
        case "prohibit": rule.action = .prohibit
        case "nop": rule.action = .none
        default: return false
        }
        return true
    }
}
