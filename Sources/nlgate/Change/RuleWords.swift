import NetlinkFamilies

/// Rules in iproute2's words.
struct RuleWords {
    /// What rules without an address mean; unspecified is IPv4.
    let family: AddressFamily

    /// Words of `rule add` and `rule del`.
    ///
    /// `[not] [from PREFIX] [to PREFIX] [iif DEV] [oif DEV] [fwmark N[/MASK]] [priority N] [table T|goto N|TYPE]`
    func rule(_ words: [String], isDeleted: Bool) throws -> Rule {
        var words = Words(words)
        var rule = Rule(family: family == .inet6 ? .inet6 : .inet)
        if isDeleted { rule.action = .unspecified }
        guard !words.isEmpty else {
            throw Failure(2, "rule needs what packets are known by (from, to, fwmark …) or a priority")
        }
        var hasFamily = family != .unspecified
        var hasAction = isDeleted
        while let word = words.next() {
            switch word {
            case "not": rule.flags.insert(.invert)
            case "from":
                guard let prefix = try prefix(&words, word, &rule, &hasFamily) else { continue }
                (rule.source, rule.sourceLength) = (prefix.address, prefix.length)
            case "to":
                guard let prefix = try prefix(&words, word, &rule, &hasFamily) else { continue }
                (rule.destination, rule.destinationLength) = (prefix.address, prefix.length)
            default:
                if try selector(word, &words, &rule) { continue }
                guard try action(word, &words, &rule, isDeleted) else { throw Words.unknown(word, "rule") }
                hasAction = true
            }
        }
        if !hasAction { rule.table = .main }
        return rule
    }

    private func prefix(
        _ words: inout Words, _ name: String, _ rule: inout Rule, _ hasFamily: inout Bool
    ) throws -> IPPrefix? {
        for word in ["all", "any", "default"] where words.take(word) { return nil }
        let prefix = try words.prefix(of: name)
        guard !hasFamily || rule.family == prefix.family else {
            throw Failure(2, "\(name) takes an address of the same family, not \(prefix)")
        }
        (rule.family, hasFamily) = (prefix.family, true)
        return prefix
    }

    /// What packets are known by, and the rule's place; false for another word.
    private func selector(_ word: String, _ words: inout Words, _ rule: inout Rule) throws -> Bool {
        switch word {
        case "iif", "dev": rule.inputInterface = ByteString(try words.value(of: word))
        case "oif": rule.outputInterface = ByteString(try words.value(of: word))
        case "fwmark": try setMark(&rule, try words.value(of: word))
        case "priority", "pref", "preference", "order": rule.priority = try words.number(of: word)
        case "tos", "dsfield": rule.tos = try words.number(of: word)
        case "ipproto":
            rule.ipProtocol = try words.named(
                of: word,
                ["icmp": 1, "tcp": 6, "udp": 17, "gre": 47, "esp": 50, "ah": 51, "ipv6-icmp": 58, "sctp": 132])
        case "sport": rule.sourcePorts = try words.range(of: word, "-")
        case "dport": rule.destinationPorts = try words.range(of: word, "-")
        case "uidrange": rule.users = try words.range(of: word, "-")
        case "protocol", "proto": rule.origin = try words.origin(of: word)
        case "suppress_prefixlength", "sup_pl": rule.suppressPrefixLength = try words.number(of: word)
        case "suppress_ifgroup", "sup_group": rule.suppressGroup = try words.group(of: word)
        default: return false
        }
        return true
    }

    private func setMark(_ rule: inout Rule, _ text: String) throws {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            .map { Words.number(String($0), UInt32.self) }
        guard let mark = parts.first ?? nil, let mask = parts.last ?? nil else {
            throw Failure(2, "fwmark takes a number, or a number and a mask with / between them, not \(text)")
        }
        rule.mark = mark
        if parts.count == 2 { rule.markMask = mask }
    }

    /// What the rule does; of one that is to be deleted a table says nothing about that.
    private func action(
        _ word: String, _ words: inout Words, _ rule: inout Rule, _ isDeleted: Bool
    ) throws -> Bool {
        switch word {
        case "table", "lookup":
            if !isDeleted { rule.action = .table }
            rule.table = try words.table(of: word)
        case "goto":
            rule.action = .goTo
            rule.target = try words.number(of: word)
        case "l3mdev": rule.l3mdev = 1
        case "blackhole": rule.action = .blackhole
        case "unreachable": rule.action = .unreachable
        case "prohibit": rule.action = .prohibit
        case "nop": rule.action = .none
        case "type": return try action(try words.value(of: word), &words, &rule, isDeleted)
        default: return false
        }
        return true
    }
}
