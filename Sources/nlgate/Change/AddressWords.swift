import NetlinkFamilies

/// Addresses in iproute2's words.
struct AddressWords {
    let lookup: Lookup

    /// Words of `addr add`, `change`, `replace` and `del`.
    ///
    /// `PREFIX [peer PREFIX] [broadcast ADDR|+|-] [label L] [scope S] [metric N] [nodad] … dev DEV`
    func address(_ words: [String], isDeleted: Bool = false) async throws -> Address {
        var words = Words(words)
        _ = words.take("local")
        var address = Address(try words.prefix(of: "addr"), index: 0)
        var hasScope = false
        while let word = words.next() {
            switch word {
            case "dev": address.index = try await lookup.index(try words.value(of: word))
            case "peer", "remote":
                let peer = try words.prefix(of: word)
                guard peer.family == address.family else {
                    throw Failure(2, "\(word) takes an address of the same family, not \(peer)")
                }
                address.address = peer.address
                address.prefixLength = peer.length
            case "broadcast", "brd": address.broadcast = try broadcast(&words, address)
            case "anycast": address.anycast = try words.address(of: word)
            case "label": address.label = ByteString(try words.value(of: word))
            case "scope":
                address.scope = try words.scope(of: word)
                hasScope = true
            case "metric", "priority", "preference": address.routePriority = try words.number(of: word)
            case "valid_lft", "preferred_lft": try setLifetime(&words, word, &address)
            case "proto": address.origin = try words.origin(of: word)
            default: try setFlag(word, &address)
            }
        }
        guard address.index != 0 else { throw Failure(2, "addr needs an interface: dev NAME") }
        // As iproute2 has it: what loops back is valid on this host only.
        if !hasScope, !isDeleted, address.family == .inet, address.local.map({ $0.bytes.first == 127 }) == true {
            address.scope = .host
        }
        return address
    }

    private func setFlag(_ word: String, _ address: inout Address) throws {
        let flags: KeyValuePairs<String, AddressFlags> = [
            "nodad": .noDAD, "home": .homeAddress, "noprefixroute": .noPrefixRoute, "mngtmpaddr": .manageTemporary,
            "optimistic": .optimistic, "autojoin": .multicastAutoJoin,
        ]
        guard let flag = flags.first(where: { $0.key == word })?.value else { throw Words.unknown(word, "addr") }
        address.flags.insert(flag)
    }

    private func setLifetime(_ words: inout Words, _ word: String, _ address: inout Address) throws {
        let seconds: UInt32 = words.take("forever") ? .max : try words.number(of: word)
        let before = address.cacheInfo
        if word == "valid_lft" {
            address.cacheInfo = Address.CacheInfo(preferred: before?.preferred ?? .max, valid: seconds)
        } else {
            address.cacheInfo = Address.CacheInfo(preferred: seconds, valid: before?.valid ?? .max)
        }
        if let both = address.cacheInfo, before != nil, both.preferred > both.valid {
            throw Failure(2, "preferred_lft is at most valid_lft")
        }
    }

    /// `+` sets the bits behind the prefix, `-` clears them.
    private func broadcast(_ words: inout Words, _ address: Address) throws -> IPAddress {
        let sets = words.take("+")
        guard sets || words.take("-") else { return try words.address(of: "broadcast") }
        guard let own = address.local, own.length == 4, address.prefixLength < 31 else {
            throw Failure(2, "broadcast \(sets ? "+" : "-") needs an IPv4 address whose prefix is shorter than 31")
        }
        let host = UInt32.max >> UInt32(address.prefixLength)
        let bits = UInt32(truncatingIfNeeded: own.high >> 32) & ~host | (sets ? host : 0)
        return IPAddress(UInt8(bits >> 24), UInt8(bits >> 16 & 255), UInt8(bits >> 8 & 255), UInt8(bits & 255))
    }
}

/// Neighbours in iproute2's words.
struct NeighbourWords {
    let lookup: Lookup

    /// Words of `neigh add`, `change`, `replace`, `get` and `del`.
    ///
    /// `[proxy] ADDR [lladdr MAC] [nud STATE] [router] [proto P] dev DEV`
    func neighbour(_ words: [String]) async throws -> Neighbour {
        var words = Words(words)
        var isProxy = words.take("proxy")
        _ = words.take("to")
        let destination = try words.address(of: "neigh")
        var neighbour = Neighbour(
            family: destination.length == 4 ? .inet : .inet6, index: 0, destination: destination)
        while let word = words.next() {
            switch word {
            case "dev": neighbour.index = try await lookup.index(try words.value(of: word))
            case "lladdr": neighbour.linkAddress = try words.linkAddress(of: word)
            case "proxy": isProxy = true
            case "router": neighbour.flags.insert(.router)
            case "use": neighbour.flags.insert(.use)
            case "extern_learn": neighbour.flags.insert(.externallyLearned)
            case "nud": neighbour.state = try words.choice(of: word, NeighbourWords.states)
            case "proto": neighbour.origin = try words.origin(of: word)
            default: throw Words.unknown(word, "neigh")
            }
        }
        if isProxy { neighbour.flags.insert(.proxy) }
        guard neighbour.index != 0 else { throw Failure(2, "neigh needs an interface: dev NAME") }
        return neighbour
    }

    static let states: KeyValuePairs<String, NeighbourState> = [
        "permanent": .permanent, "reachable": .reachable, "noarp": .noARP, "none": [], "stale": .stale,
        "incomplete": .incomplete, "delay": .delay, "probe": .probe, "failed": .failed,
    ]
}
