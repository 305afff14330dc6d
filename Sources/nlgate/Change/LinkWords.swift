import NetlinkFamilies

/// `link add`, `link set` and `link del` in iproute2's words.
struct LinkWords {
    let lookup: Lookup

    /// Words of `link add`.
    ///
    /// `[link DEV] [name] NAME [address MAC] [mtu N] … type KIND [OPTIONS]`
    func added(_ words: [String]) async throws -> Link {
        var words = Words(words)
        var link = Link()
        while let word = words.next() {
            if word == "type" {
                link.info = try await LinkKindWords(lookup: lookup).info(&words)
                guard !link.name.isEmpty else { throw Failure(2, "link add needs a name") }
                return link
            }
            switch word {
            case "link": link.link = try await lookup.index(try words.value(of: word))
            case "name", "dev": link.name = try name(try words.value(of: word))
            case "index": link.index = try words.number(of: word)
            case "numtxqueues": link.txQueues = try words.number(of: word)
            case "numrxqueues": link.rxQueues = try words.number(of: word)
            default:
                if try await common(word, &words, &link) { continue }
                guard link.name.isEmpty else { throw Words.unknown(word, "link add") }
                link.name = try name(word)
            }
        }
        throw Failure(2, "link add needs a type, as in 'link add br0 type bridge'")
    }

    /// Words of `link set`.
    ///
    /// `[dev] DEV [up|down] [mtu N] [address MAC] [name NAME] [master DEV|nomaster] … [type KIND OPTIONS]`
    func changed(_ words: [String]) async throws -> Link {
        var words = Words(words)
        _ = words.take("dev")
        guard let device = words.next() else { throw Failure(2, "link set needs an interface") }
        var link = Link(index: try await lookup.index(device))
        guard !words.isEmpty else { throw Failure(2, "link set \(device) needs something to set") }
        while let word = words.next() {
            switch word {
            case "name": link.name = try name(try words.value(of: word))
            case "nomaster": link.master = 0
            case "carrier": link.carrier = try words.isOn(word) ? 1 : 0
            case "protodown": link.protocolDown = try words.isOn(word) ? 1 : 0
            case "type":
                link.info = try await LinkKindWords(lookup: lookup).info(&words, isChange: true)
            default: if try await !common(word, &words, &link) { throw Words.unknown(word, "link set") }
            }
        }
        return link
    }

    /// Words of `link del`.
    ///
    /// `[dev] DEV [type KIND]`
    func deleted(_ words: [String]) async throws -> Link {
        var words = Words(words)
        _ = words.take("dev")
        guard let device = words.next() else { throw Failure(2, "link del needs an interface") }
        var link = Link(index: try await lookup.index(device))
        if words.take("type") { link.info = LinkInfo(kind: ByteString(try words.value(of: "type"))) }
        if let word = words.next() { throw Words.unknown(word, "link del") }
        return link
    }

    private func name(_ text: String) throws -> ByteString {
        guard (1...15).contains(text.utf8.count) else {
            throw Failure(2, "an interface's name has 1 to 15 bytes, unlike \(text)")
        }
        return ByteString(text)
    }

    private func set(_ flag: LinkFlags, _ on: Bool, _ link: inout Link) {
        link.changeMask.insert(flag)
        if on { link.flags.insert(flag) } else { link.flags.remove(flag) }
    }

    /// Words of both; false for another.
    private func common(_ word: String, _ words: inout Words, _ link: inout Link) async throws -> Bool {
        switch word {
        case "up": set(.up, true, &link)
        case "down": set(.up, false, &link)
        case "arp": set(.noARP, try !words.isOn(word), &link)
        case "promisc": set(.promiscuous, try words.isOn(word), &link)
        case "multicast": set(.multicast, try words.isOn(word), &link)
        case "allmulticast": set(.allMulticast, try words.isOn(word), &link)
        case "mtu": link.mtu = try words.number(of: word)
        case "address": link.address = try words.linkAddress(of: word)
        case "broadcast", "brd": link.broadcast = try words.linkAddress(of: word)
        case "txqueuelen", "txqlen", "qlen": link.txQueueLength = try words.number(of: word)
        case "alias": link.alias = ByteString(try words.value(of: word))
        case "group": link.group = try words.group(of: word)
        case "master": link.master = try await lookup.index(try words.value(of: word))
        case "gso_max_size": link.gsoMaxSize = try words.number(of: word)
        case "gso_max_segs": link.gsoMaxSegments = try words.number(of: word)
        case "gro_max_size": link.groMaxSize = try words.number(of: word)
        case "netns":
            throw Failure(
                2, "netns means a descriptor or a process of this host, which another kernel can't know; use exec there"
            )
        default: return false
        }
        return true
    }
}
