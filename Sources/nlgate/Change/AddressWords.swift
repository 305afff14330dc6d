import NetlinkFamilies
import RemoteNetlink

/// Addresses and neighbours in iproute2's words.
struct AddressWords {
    let ip: IPRoute

    /// `PREFIX [peer PREFIX] [broadcast ADDR|+] [label L] [scope S] [metric N] [nodad] … dev DEV`
    func address(_ words: [String]) async throws -> Address {
        var words = Words(words)
        _ = words.take("local")
        var address = Address(try words.prefix(of: "addr"), index: 0)
        while let word = words.next() {
            switch word {
            case "dev": address.index = try await ip.index(try words.value(of: word))
            case "peer", "remote":
                let peer = try words.prefix(of: word)
                address.address = peer.address
                address.prefixLength = peer.length
            case "broadcast", "brd": address.broadcast = try broadcast(&words, address)
            case "label": address.label = ByteString(try words.value(of: word))
            case "scope": address.scope = try words.choice(of: word, Words.scopes)
            case "metric", "priority", "preference": address.routePriority = try words.number(of: word)
            case "valid_lft":
                let seconds = try seconds(&words, word)
                address.cacheInfo = Address.CacheInfo(
                    preferred: min(address.cacheInfo?.preferred ?? .max, seconds), valid: seconds)
            case "preferred_lft":
                let seconds = try seconds(&words, word)
                address.cacheInfo = Address.CacheInfo(preferred: seconds, valid: address.cacheInfo?.valid ?? .max)
            case "nodad": address.flags.insert(.noDAD)
            case "home": address.flags.insert(.homeAddress)
            case "noprefixroute": address.flags.insert(.noPrefixRoute)
            case "mngtmpaddr": address.flags.insert(.manageTemporary)
            default: throw Words.unknown(word, "addr")
            }
        }
        guard address.index != 0 else { throw Failure(2, "addr needs an interface: dev NAME") }
        return address
    }

    private func seconds(_ words: inout Words, _ name: String) throws -> UInt32 {
        words.take("forever") ? .max : try words.number(of: name)
    }

    /// `+` sets the bits behind the prefix.
    private func broadcast(_ words: inout Words, _ address: Address) throws -> IPAddress {
        guard words.take("+") else { return try words.address(of: "broadcast") }
        guard let own = address.local, own.length == 4, address.prefixLength < 31 else {
            throw Failure(2, "broadcast + needs an IPv4 address with room for one")
        }
        let bits = UInt32(truncatingIfNeeded: own.high >> 32) | UInt32.max >> UInt32(address.prefixLength)
        return IPAddress(UInt8(bits >> 24), UInt8(bits >> 16 & 255), UInt8(bits >> 8 & 255), UInt8(bits & 255))
    }

    /// `ADDR [lladdr MAC] [nud STATE] [router] [proxy] dev DEV`
    func neighbour(_ words: [String]) async throws -> Neighbour {
        var words = Words(words)
        var isProxy = words.take("proxy")
        _ = words.take("to")
        let destination = try words.address(of: "neigh")
        var neighbour = Neighbour(
            family: destination.length == 4 ? .inet : .inet6, index: 0, destination: destination)
        while let word = words.next() {
            switch word {
            case "dev": neighbour.index = try await ip.index(try words.value(of: word))
            case "lladdr": neighbour.linkAddress = try words.linkAddress(of: word)
            case "proxy": isProxy = true
            case "router": neighbour.flags.insert(.router)
            case "nud":
                neighbour.state = try words.choice(
                    of: word,
                    [
                        "permanent": .permanent, "reachable": .reachable, "stale": .stale, "noarp": .noARP,
                        "failed": .failed, "delay": .delay, "probe": .probe, "incomplete": .incomplete,
                    ])
            default: throw Words.unknown(word, "neigh")
            }
        }
        if isProxy { neighbour.flags.insert(.proxy) }
        guard neighbour.index != 0 else { throw Failure(2, "neigh needs an interface: dev NAME") }
        return neighbour
    }
}

extension Words {
    static let scopes: KeyValuePairs<String, RouteScope> = [
        "global": .universe, "site": .site, "link": .link, "host": .host, "nowhere": .nowhere,
    ]
}
