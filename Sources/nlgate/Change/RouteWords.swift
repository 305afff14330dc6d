import NetlinkFamilies

/// Routes in iproute2's words.
struct RouteWords {
    let lookup: Lookup
    /// The family that was asked for; unspecified lets the words decide.
    let family: AddressFamily

    /// Words of `route add`, `change`, `replace`, `append`, `prepend` and `del`.
    ///
    /// `[TYPE] PREFIX|default [via ADDR] [dev DEV] [src ADDR] [metric N] [table T] [proto P] [scope S] [onlink]
    /// [nexthop via ADDR dev DEV weight N]… [mtu N] …`
    func route(_ words: [String], isDeleted: Bool) async throws -> Route {
        var words = Words(words)
        let type = type(&words)
        _ = words.take("to")
        var route = try destination(&words)
        if isDeleted {
            // Whoever set it, wherever it leads: what isn't said doesn't count.
            route.origin = .unspecified
            route.type = .unspecified
        }
        if let type { route.type = type }
        var said = Said()
        while let word = words.next() { try await set(word, &words, &route, &said) }
        if route.family == .unspecified { route.family = .inet }
        if !said.scope { route.scope = scope(of: route, isDeleted) }
        if !said.table, [.local, .broadcast, .anycast, .nat].contains(route.type) { route.table = .local }
        guard said.target || isDeleted || type.map({ $0 != .unicast }) == true else {
            throw Failure(2, "route needs a way: via ADDR, dev NAME or nexthop …")
        }
        return route
    }

    /// What was said, and so isn't chosen.
    private struct Said {
        var scope = false
        var table = false
        /// A gateway, a device, next hops.
        var target = false
    }

    private func set(_ word: String, _ words: inout Words, _ route: inout Route, _ said: inout Said) async throws {
        switch word {
        case "via":
            try setGateway(try gateway(&words), &route)
            said.target = true
        case "dev", "oif":
            route.outputIndex = try await lookup.index(try words.value(of: word))
            said.target = true
        case "nexthop":
            route.nextHops.append(try await nextHop(&words, &route))
            said.target = true
        case "nhid":
            route.nextHopID = try words.number(of: word)
            said.target = true
        case "src": route.preferredSource = try address(&words, word, &route)
        case "from":
            let source = try words.prefix(of: word)
            (route.source, route.sourceLength) = (source.length == 0 ? nil : source.address, source.length)
        case "metric", "priority": route.priority = try words.number(of: word)
        case "tos", "dsfield": route.tos = try words.number(of: word)
        case "table":
            route.table = try words.table(of: word)
            said.table = true
        case "proto", "protocol": route.origin = RouteOrigin(rawValue: try words.origin(of: word))
        case "scope":
            route.scope = try words.scope(of: word)
            said.scope = true
        case "onlink": route.flags.insert(.onLink)
        case "pref": route.preference = try words.named(of: word, ["medium": 0, "high": 1, "low": 3])
        case "expires": route.expires = try words.number(of: word)
        default: route.metrics = try RouteMetricWords.set(word, &words, route.metrics)
        }
    }

    private func destination(_ words: inout Words) throws -> Route {
        for word in ["default", "any", "all"] where words.take(word) { return Route(family: family) }
        let text = words.peek ?? ""
        let prefix = try words.prefix(of: "route")
        guard family == .unspecified || family == prefix.family else {
            throw Failure(2, "\(text) isn't of the family that was asked for")
        }
        var route = Route(to: prefix)
        // iproute2 writes 0.0.0.0/0 as a destination, and leaves one out for "default" only.
        if prefix.length == 0 { route.destination = prefix.address }
        return route
    }

    private func type(_ words: inout Words) -> RouteType? {
        let types: KeyValuePairs<String, RouteType> = [
            "unicast": .unicast, "local": .local, "broadcast": .broadcast, "anycast": .anycast,
            "multicast": .multicast, "blackhole": .blackhole, "unreachable": .unreachable, "prohibit": .prohibit,
            "throw": .throwing,
        ]
        return types.first { words.take($0.key) }?.value
    }

    /// An address, which decides the family where nothing else does.
    private func address(_ words: inout Words, _ name: String, _ route: inout Route) throws -> IPAddress {
        let address = try words.address(of: name)
        let family: AddressFamily = address.length == 4 ? .inet : .inet6
        if route.family == .unspecified { route.family = family }
        guard route.family == family else {
            throw Failure(2, "\(name) takes an address of the same family, not \(address)")
        }
        return address
    }

    private func gateway(_ words: inout Words) throws -> IPAddress {
        let length: UInt8? = words.take("inet") ? 4 : words.take("inet6") ? 16 : nil
        let address = try words.address(of: "via")
        guard length == nil || length == address.length else {
            throw Failure(2, "via \(length == 4 ? "inet" : "inet6") takes an address of that family, not \(address)")
        }
        return address
    }

    private func setGateway(_ gateway: IPAddress, _ route: inout Route) throws {
        let family: AddressFamily = gateway.length == 4 ? .inet : .inet6
        if route.family == .unspecified { route.family = family }
        if family == route.family {
            route.gateway = gateway
        } else {
            route.via = Via(family: family, address: gateway)
        }
    }

    /// Words behind `nexthop`.
    ///
    /// `[via ADDR] [dev DEV] [weight N] [onlink]`
    private func nextHop(_ words: inout Words, _ route: inout Route) async throws -> NextHop {
        var hop = NextHop()
        var isEmpty = true
        while let word = words.peek, ["via", "dev", "weight", "onlink"].contains(word) {
            _ = words.next()
            isEmpty = false
            switch word {
            case "via":
                let address = try gateway(&words)
                let family: AddressFamily = address.length == 4 ? .inet : .inet6
                if route.family == .unspecified { route.family = family }
                if family == route.family {
                    hop.gateway = address
                } else {
                    hop.via = Via(family: family, address: address)
                }
            case "dev": hop.outputIndex = try await lookup.index(try words.value(of: word))
            case "weight":
                let weight: Int = try words.number(of: word)
                guard (1...256).contains(weight) else {
                    throw Failure(2, "weight takes a number from 1 to 256, not \(weight)")
                }
                hop.hops = UInt8(weight - 1)
            default: hop.flags.insert(.onLink)
            }
        }
        guard !isEmpty else { throw Failure(2, "nexthop needs via ADDR or dev NAME") }
        return hop
    }

    /// As iproute2 has it: what needs no router is on the link, what is ours is on this host.
    private func scope(of route: Route, _ isDeleted: Bool) -> RouteScope {
        guard route.family == .inet else { return .universe }
        switch route.type {
        case .local, .nat: return .host
        case .broadcast, .multicast, .anycast: return .link
        case .unicast, .unspecified:
            if isDeleted { return .nowhere }
            let hasRouter =
                route.gateway != nil || route.via != nil || !route.nextHops.isEmpty || route.nextHopID != nil
            return hasRouter ? .universe : .link
        default: return isDeleted ? .nowhere : .universe
        }
    }
}

/// Metrics of routes: `mtu lock 1400`, `advmss 1360`, `congctl reno`.
enum RouteMetricWords {
    private static let numbers: [(String, AttributeKey<RouteMetrics, UInt32>)] = [
        ("mtu", .mtu), ("advmss", .advertisedMSS), ("window", .window), ("hoplimit", .hopLimit),
        ("initcwnd", .initialCongestionWindow), ("initrwnd", .initialReceiveWindow), ("cwnd", .congestionWindow),
        ("ssthresh", .slowStartThreshold), ("reordering", .reordering), ("quickack", .quickAck),
        ("fastopen_no_cookie", .fastOpenNoCookie),
    ]

    static func set(_ word: String, _ words: inout Words, _ metrics: RouteMetrics?) throws -> RouteMetrics {
        var metrics = metrics ?? RouteMetrics()
        if let key = numbers.first(where: { $0.0 == word })?.1 {
            if words.take("lock") { metrics[.lock] = (metrics[.lock] ?? 0) | 1 << UInt32(key.type) }
            metrics[key] = try words.number(of: word)
        } else if word == "congctl" {
            if words.take("lock") { metrics[.lock] = (metrics[.lock] ?? 0) | 1 << 16 }
            // As iproute2 does, without a NUL.
            let key = AttributeKey<RouteMetrics, ByteString>.congestionControl
            let name = Array(try words.value(of: word).utf8)
            metrics.attributes.removeAll { $0.type == key.type }
            metrics.attributes.append(RawAttribute(rawType: key.type, payload: name))
        } else if word == "features" {
            metrics[.features] = try words.choice(of: word, ["ecn": 1])
        } else {
            throw Words.unknown(word, "route")
        }
        return metrics
    }
}
