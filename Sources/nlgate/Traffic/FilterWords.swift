import NetlinkFamilies

/// Filters in tc's words.
struct FilterWords {
    let lookup: Lookup

    /// Words of `filter add`, `change`, `replace` and `del`.
    ///
    /// `dev DEV [root|ingress|egress|parent H] [protocol P] [prio N] [handle H] [KIND OPTIONS]`
    func filter(_ words: [String], _ verb: Verb) async throws -> TrafficFilter {
        var words = Words(words)
        var filter = TrafficFilter(index: 0, parent: .unspecified)
        // What is made sees every packet, unless said otherwise.
        if verb == .add || verb == .replace { filter.protocolNumber = 3 }
        while let word = words.peek, try await takePlace(word, &words, &filter) {}
        guard filter.index != 0 else { throw Failure(2, "filter needs an interface: dev NAME") }
        if let kind = words.next() {
            filter.kind = ByteString(kind)
            filter.options = try options(kind, &words)
        } else if verb != .delete {
            throw Failure(2, "filter needs a kind, such as u32")
        }
        if let word = words.next() { throw Words.unknown(word, "filter") }
        return filter
    }

    private func takePlace(_ word: String, _ words: inout Words, _ filter: inout TrafficFilter) async throws -> Bool {
        let known = ["dev", "root", "ingress", "egress", "parent", "protocol", "prio", "pref", "preference", "handle"]
        guard known.contains(word) else { return false }
        _ = words.next()
        switch word {
        case "dev": filter.index = try await lookup.index(try words.value(of: word))
        case "root": filter.parent = .root
        case "ingress": filter.parent = .clsactIngress
        case "egress": filter.parent = .clsactEgress
        case "parent": filter.parent = try words.handle(of: word)
        case "protocol":
            filter.protocolNumber = try words.named(
                of: word,
                ["all": 3, "ip": 0x0800, "arp": 0x0806, "802.1q": 0x8100, "802.1Q": 0x8100, "ipv6": 0x86dd])
        case "handle": filter.handle = try handle(&words)
        default: filter.priority = try words.number(of: word)
        }
        return true
    }

    /// A number, or the three of u32: `800::800` is table 800, bucket 0, node 800.
    private func handle(_ words: inout Words) throws -> TrafficHandle {
        let text = try words.value(of: "handle")
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let digits = parts.map { $0.isEmpty ? 0 : UInt32($0, radix: 16) }
        if parts.count == 1, let number = Words.number(text, UInt32.self) { return TrafficHandle(rawValue: number) }
        guard parts.count == 2 || parts.count == 3, let table = digits[0], table <= 0xfff, let bucket = digits[1],
            bucket <= 0xff, let node = parts.count == 3 ? digits[2] : 0, node <= 0xfff
        else { throw Failure(2, "handle takes a number, or numbers as in 800::800, not \(text)") }
        return TrafficHandle(rawValue: table << 20 | bucket << 12 | node)
    }

    private func options(_ kind: String, _ words: inout Words) throws -> TrafficOptions? {
        guard kind == "u32" else {
            guard words.isEmpty else { throw Failure(2, "filter \(kind): options are known for u32 only") }
            return nil
        }
        guard !words.isEmpty else { return nil }
        var keys: [U32Key] = []
        var target: TrafficHandle?
        while let word = words.next() {
            switch word {
            case "match": keys += try U32Words.match(&words)
            case "flowid", "classid": target = try words.handle(of: word)
            default: throw Failure(2, "u32 doesn't know \(word); it knows match and flowid")
            }
        }
        guard let target, !keys.isEmpty else { throw Failure(2, "u32 needs a match and a flowid") }
        guard keys.count <= 128 else { throw Failure(2, "u32 takes at most 128 keys") }
        return .u32(U32Options(keys, to: target))
    }
}

/// What follows `match`: `ip dst 192.0.2.0/24`, `ip dport 80 0xffff`, `u32 VALUE MASK at OFFSET`.
enum U32Words {
    static func match(_ words: inout Words) throws -> [U32Key] {
        switch try words.choice(of: "match", ["ip": 4, "ip6": 6, "u32": 0]) {
        case 4: return try ip(&words)
        case 6: return try ip6(&words)
        default:
            let (value, mask) = (try hex(&words, "u32"), try hex(&words, "u32"))
            guard words.take("at") else { throw Failure(2, "match u32 needs 'at OFFSET' behind its value and mask") }
            return [U32Key(value: value, mask: mask, offset: try words.number(of: "at"))]
        }
    }

    private static func ip(_ words: inout Words) throws -> [U32Key] {
        let field = try words.value(of: "ip")
        switch field {
        case "src", "dst":
            let prefix = try words.prefix(of: field)
            guard prefix.family == .inet else { throw Failure(2, "match ip \(field) takes an IPv4 address") }
            return keys(prefix, at: field == "src" ? 12 : 16)
        case "tos", "dsfield": return [try part(&words, field, bits: 8, shift: 16, offset: 0)]
        case "protocol": return [try part(&words, field, bits: 8, shift: 16, offset: 8)]
        case "sport": return [try part(&words, field, bits: 16, shift: 16, offset: 20)]
        case "dport": return [try part(&words, field, bits: 16, shift: 0, offset: 20)]
        default: throw Failure(2, "match ip doesn't know \(field); it knows src, dst, tos, protocol, sport, dport")
        }
    }

    private static func ip6(_ words: inout Words) throws -> [U32Key] {
        let field = try words.value(of: "ip6")
        switch field {
        case "src", "dst":
            let prefix = try words.prefix(of: field)
            guard prefix.family == .inet6 else { throw Failure(2, "match ip6 \(field) takes an IPv6 address") }
            return keys(prefix, at: field == "src" ? 8 : 24)
        case "protocol": return [try part(&words, field, bits: 8, shift: 8, offset: 4)]
        case "sport": return [try part(&words, field, bits: 16, shift: 16, offset: 40)]
        case "dport": return [try part(&words, field, bits: 16, shift: 0, offset: 40)]
        default: throw Failure(2, "match ip6 doesn't know \(field); it knows src, dst, protocol, sport, dport")
        }
    }

    /// One key for each four bytes of which some bits count.
    private static func keys(_ prefix: IPPrefix, at offset: Int32) -> [U32Key] {
        let bytes = prefix.network.address.bytes
        return stride(from: 0, to: bytes.count, by: 4).compactMap { place in
            let bits = Int(prefix.length) - place * 8
            guard bits > 0 || (place == 0 && bytes.count == 4) else { return nil }
            let mask: UInt32 = bits >= 32 ? .max : bits <= 0 ? 0 : ~(UInt32.max >> UInt32(bits))
            let value = bytes[place..<place + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            return U32Key(value: value, mask: mask, offset: offset + Int32(place))
        }
    }

    private static func part(
        _ words: inout Words, _ name: String, bits: UInt32, shift: UInt32, offset: Int32
    ) throws -> U32Key {
        let all = UInt32.max >> (32 - bits)
        let value: UInt32 = try words.number(of: name)
        let mask = try hex(&words, name)
        guard value <= all, mask <= all else {
            throw Failure(2, "match … \(name) takes a value and a mask of \(bits) bits")
        }
        return U32Key(value: value << shift, mask: mask << shift, offset: offset)
    }

    private static func hex(_ words: inout Words, _ name: String) throws -> UInt32 {
        let text = try words.value(of: name)
        guard let number = UInt32(text.hasPrefix("0x") ? text.dropFirst(2) : text[...], radix: 16) else {
            throw Failure(2, "match … \(name) takes a value and a mask in hexadecimal digits, not \(text)")
        }
        return number
    }
}
