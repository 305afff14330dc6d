import NetlinkFamilies
import RemoteNetlink

/// `link add` and `link set` in iproute2's words.
struct LinkWords {
    let ip: IPRoute

    /// `[link DEV] [name] NAME [address MAC] [mtu N] … type KIND [OPTIONS]`
    func added(_ words: [String]) async throws -> Link {
        var words = Words(words)
        var link = Link()
        while let word = words.next() {
            if word == "type" {
                link.info = try await info(&words, &link)
                guard !link.name.isEmpty else { throw Failure(2, "link add needs a name") }
                return link
            }
            switch word {
            case "link": link.link = try await ip.index(try words.value(of: word))
            case "name": link.name = ByteString(try words.value(of: word))
            case "up": (link.flags, link.changeMask) = (.up, .up)
            default:
                if try await common(word, &words, &link) { continue }
                guard link.name.isEmpty else { throw Words.unknown(word, "link add") }
                link.name = ByteString(word)
            }
        }
        throw Failure(2, "link add needs a type, as in 'link add br0 type bridge'")
    }

    /// `[dev] DEV [up|down] [mtu N] [address MAC] [name NAME] [master DEV|nomaster] …`
    func changed(_ words: [String]) async throws -> Link {
        var words = Words(words)
        _ = words.take("dev")
        guard let name = words.next() else { throw Failure(2, "link set needs an interface") }
        var link = Link(index: try await ip.index(name))
        guard !words.isEmpty else { throw Failure(2, "link set \(name) needs something to set") }
        while let word = words.next() {
            switch word {
            case "up": set(.up, true, &link)
            case "down": set(.up, false, &link)
            case "name": link.name = ByteString(try words.value(of: word))
            case "master": link.master = try await ip.index(try words.value(of: word))
            case "nomaster": link.master = 0
            case "arp": set(.noARP, try words.choice(of: word, ["on": false, "off": true]), &link)
            case "promisc": set(.promiscuous, try words.choice(of: word, ["on": true, "off": false]), &link)
            case "multicast": set(.multicast, try words.choice(of: word, ["on": true, "off": false]), &link)
            case "allmulticast": set(.allMulticast, try words.choice(of: word, ["on": true, "off": false]), &link)
            default: if try await !common(word, &words, &link) { throw Words.unknown(word, "link set") }
            }
        }
        return link
    }

    /// `[dev] DEV`
    func deleted(_ words: [String]) async throws -> Link {
        var words = Words(words)
        _ = words.take("dev")
        guard let name = words.next(), words.isEmpty else { throw Failure(2, "link del needs one interface") }
        return Link(index: try await ip.index(name))
    }

    private func set(_ flag: LinkFlags, _ on: Bool, _ link: inout Link) {
        link.changeMask.insert(flag)
        if on { link.flags.insert(flag) } else { link.flags.remove(flag) }
    }

    /// Words of both; false for another.
    private func common(_ word: String, _ words: inout Words, _ link: inout Link) async throws -> Bool {
        switch word {
        case "mtu": link.mtu = try words.number(of: word)
        case "address": link.address = try words.linkAddress(of: word)
        case "broadcast", "brd": link.broadcast = try words.linkAddress(of: word)
        case "txqueuelen", "txqlen", "qlen": link.txQueueLength = try words.number(of: word)
        case "alias": link.alias = ByteString(try words.value(of: word))
        case "group": link.group = try words.number(of: word)
        default: return false
        }
        return true
    }

    // MARK: - Kinds

    private func info(_ words: inout Words, _ link: inout Link) async throws -> LinkInfo {
        let kind = try words.value(of: "type")
        switch kind {
        case "bridge": return LinkInfo(kind: "bridge", details: try bridge(&words).map { .bridge($0) })
        case "veth": return LinkInfo(kind: "veth", details: .veth(try veth(&words)))
        case "vlan": return LinkInfo(kind: "vlan", details: .vlan(try vlan(&words)))
        case "macvlan", "macvtap": return LinkInfo(kind: ByteString(kind), details: .macvlan(try macvlan(&words)))
        case "vxlan": return LinkInfo(kind: "vxlan", details: .vxlan(try await vxlan(&words)))
        case "bond": return LinkInfo(kind: "bond", details: .bond(try bond(&words)))
        case "vrf": return LinkInfo(kind: "vrf", details: .vrf(try vrf(&words)))
        default:
            guard words.isEmpty else { throw Failure(2, "link add: no options are known for type \(kind)") }
            return LinkInfo(kind: ByteString(kind))
        }
    }

    private func bridge(_ words: inout Words) throws -> BridgeInfo? {
        guard !words.isEmpty else { return nil }
        var info = BridgeInfo()
        while let word = words.next() {
            switch word {
            case "stp_state": info[.stpState] = try words.number(of: word)
            case "forward_delay": info[.forwardDelay] = try words.number(of: word)
            case "hello_time": info[.helloTime] = try words.number(of: word)
            case "max_age": info[.maxAge] = try words.number(of: word)
            case "ageing_time": info[.ageingTime] = try words.number(of: word)
            case "priority": info[.priority] = try words.number(of: word)
            case "vlan_filtering": info[.vlanFiltering] = try words.number(of: word)
            case "vlan_default_pvid": info[.vlanDefaultPVID] = try words.number(of: word)
            case "mcast_snooping": info[.multicastSnooping] = try words.number(of: word)
            default: throw Words.unknown(word, "type bridge")
            }
        }
        return info
    }

    private func veth(_ words: inout Words) throws -> VethInfo {
        var peer = Link()
        guard words.isEmpty || words.take("peer") else { throw Words.unknown(words.peek ?? "", "type veth") }
        while let word = words.next() {
            switch word {
            case "name": peer.name = ByteString(try words.value(of: word))
            case "address": peer.address = try words.linkAddress(of: word)
            case "mtu": peer.mtu = try words.number(of: word)
            default: throw Words.unknown(word, "type veth peer")
            }
        }
        return VethInfo(peer: peer)
    }

    private func vlan(_ words: inout Words) throws -> VLANInfo {
        var info = VLANInfo()
        while let word = words.next() {
            switch word {
            case "id": info[.id] = try words.number(of: word)
            case "protocol":
                info[.tagProtocol] = NetworkUInt16(
                    try words.choice(of: word, ["802.1q": 0x8100, "802.1Q": 0x8100, "802.1ad": 0x88a8]))
            default: throw Words.unknown(word, "type vlan")
            }
        }
        guard info[.id] != nil else { throw Failure(2, "type vlan needs an id") }
        return info
    }

    private func macvlan(_ words: inout Words) throws -> MACVLANInfo {
        var info = MACVLANInfo()
        while let word = words.next() {
            guard word == "mode" else { throw Words.unknown(word, "type macvlan") }
            info[.mode] = try words.choice(
                of: word, ["private": 1, "vepa": 2, "bridge": 4, "passthru": 8, "source": 16])
        }
        return info
    }

    private func vxlan(_ words: inout Words) async throws -> VXLANInfo {
        var info = VXLANInfo()
        while let word = words.next() {
            switch word {
            case "id", "vni": info[.id] = try words.number(of: word)
            case "remote", "group":
                let address = try words.address(of: word)
                if address.length == 4 { info[.group] = address } else { info[.group6] = address }
            case "local":
                let address = try words.address(of: word)
                if address.length == 4 { info[.local] = address } else { info[.local6] = address }
            case "dev": info[.link] = try await ip.index(try words.value(of: word))
            case "dstport": info[.port] = NetworkUInt16(try words.number(of: word))
            case "ttl", "hoplimit": info[.ttl] = try words.number(of: word)
            case "learning": info[.learning] = 1
            case "nolearning": info[.learning] = 0
            default: throw Words.unknown(word, "type vxlan")
            }
        }
        guard info[.id] != nil else { throw Failure(2, "type vxlan needs an id") }
        return info
    }

    private func bond(_ words: inout Words) throws -> BondInfo {
        var info = BondInfo()
        while let word = words.next() {
            switch word {
            case "mode":
                info[.mode] = try words.choice(
                    of: word,
                    [
                        "balance-rr": 0, "active-backup": 1, "balance-xor": 2, "broadcast": 3, "802.3ad": 4,
                        "balance-tlb": 5, "balance-alb": 6,
                    ])
            case "miimon": info[.miimon] = try words.number(of: word)
            case "updelay": info[.upDelay] = try words.number(of: word)
            case "downdelay": info[.downDelay] = try words.number(of: word)
            case "min_links": info[.minimumLinks] = try words.number(of: word)
            default: throw Words.unknown(word, "type bond")
            }
        }
        return info
    }

    private func vrf(_ words: inout Words) throws -> VRFInfo {
        var info = VRFInfo()
        guard words.take("table") else { throw Failure(2, "type vrf needs a table") }
        info[.table] = try words.number(of: "table")
        return info
    }
}
