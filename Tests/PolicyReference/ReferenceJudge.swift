public import GatewayPolicy

/// The policy read straight from roles, catalogue and bytes: slow, without anything prepared.
public struct ReferenceJudge: Sendable {
    /// A role, and its grants by family and number.
    private struct Role {
        let part: RolePart
        let modes: [String: [UInt16: Modes]]

        init(_ part: RolePart) {
            self.part = part
            modes = Dictionary(
                uniqueKeysWithValues: part.grants.families.map { family in
                    (family.label, Dictionary(uniqueKeysWithValues: family.operations.map { ($0.number, $0.modes) }))
                })
        }
    }

    let session: SessionGrants
    private let roles: [Role]
    private let ceiling: [Role]
    let protocolNumber: Int32
    let families: [UInt16: String]
    let portID: UInt32
    let server: ServerTable

    /// Reads one session's policy for one protocol; `families` are the generic families' numbers.
    public init(
        session: SessionGrants, protocolNumber: Int32, families: [UInt16: String], portID: UInt32, server: ServerTable
    ) {
        self.session = session
        roles = session.roles.map { Role($0) }
        ceiling = session.ceiling.map { Role($0) }
        self.protocolNumber = protocolNumber
        self.families = families
        self.portID = portID
        self.server = server
    }

    /// One reason a message; none at all when the datagram is forwarded.
    public func judge(_ bytes: [UInt8]) -> [Reason] {
        var messages: [Range<Int>] = []
        var at = 0
        if bytes.isEmpty { return [.malformed] }
        while at < bytes.count {
            if !messages.isEmpty, bytes[at...].allSatisfy({ $0 == 0 }) { break }
            let left = bytes.count - at
            let length = left >= 16 ? Int(ReferenceParser(bytes, portID: 0).four(at)) : 0
            let end = min(at + (length + 3) / 4 * 4, bytes.count)
            guard length >= 16, length <= left, bytes[(at + length)..<end].allSatisfy({ $0 == 0 }) else {
                return messages.map { _ in .cancelled } + [.malformed]
            }
            messages.append(at..<(at + length))
            at = end
        }
        if messages.count > 1024 { return [.malformed] }
        let isBatch = protocolNumber == 12 && type(bytes, messages[0]) == 16
        let reasons = messages.enumerated().map { index, range -> Reason? in
            do throws(Reason) {
                if isBatch, [16, 17].contains(type(bytes, range)) {
                    try bracket(bytes, range, isFirst: index == 0, isLast: index == messages.count - 1)
                } else {
                    try judge(bytes, range, isBatch)
                }
                return nil
            } catch {
                return error
            }
        }
        return reasons.contains { $0 != nil } ? reasons.map { $0 ?? .cancelled } : []
    }

    private func type(_ bytes: [UInt8], _ range: Range<Int>) -> Int {
        Int(bytes[range.lowerBound + 4]) + 256 * Int(bytes[range.lowerBound + 5])
    }

    private func flags(_ bytes: [UInt8], _ range: Range<Int>) -> Int {
        Int(bytes[range.lowerBound + 6]) + 256 * Int(bytes[range.lowerBound + 7])
    }

    /// The begin and the end of a batch.
    private func bracket(_ bytes: [UInt8], _ range: Range<Int>, isFirst: Bool, isLast: Bool) throws(Reason) {
        let begins = type(bytes, range) == 16
        guard begins ? isFirst : isLast else { throw .malformed }
        let flags = flags(bytes, range)
        guard flags == 1 || flags == 5, range.count >= 20 else { throw .malformed }
        var parser = ReferenceParser(bytes, portID: portID)
        try parser.read((range.lowerBound + 20)..<range.upperBound, "", highest: 1)
        if parser.isForbidden { throw .forbidden }
        guard begins else { return }
        let subsystem = parser.two(range.lowerBound + 18)
        guard subsystem == 10 || subsystem == 10 * 256 else { throw .malformed }
        let granted = (session.roles + session.ceiling).contains { role in
            role.grants.family("netfilter/nftables")?.operations.contains { grant in
                Catalogue.family("netfilter/nftables")?.operation(grant.number)?.tags.contains(.batched) == true
            } == true
        }
        if !granted { throw .notGranted }
    }

    private func judge(_ bytes: [UInt8], _ range: Range<Int>, _ isBatch: Bool) throws(Reason) {
        let flags = flags(bytes, range)
        guard type(bytes, range) >= 16, flags & 1 == 1 else { throw .malformed }
        guard [0, 4, 6, 12, 16].contains(protocolNumber) else { throw .forbidden }
        let (family, operation) = try find(bytes, range)
        let isGeneric = protocolNumber == 16
        let asksDumps = operation.kind == .read || operation.dump != .noHandler || isGeneric
        let isRouteRead = family.label == "route" && operation.kind == .read
        let atomic = isRouteRead && flags & 0x300 != 0 ? 0x400 : 0
        guard flags & ~(asksDumps ? 0x30d | atomic : 0xf0d) == 0 else { throw .malformed }
        let bits = flags & 0x300
        let modes: Modes = !asksDumps || bits == 0 ? .single : bits == 0x300 || isRouteRead ? .dump : .both
        if operation.tags.contains(.never) { throw .forbidden }
        if operation.tags.contains(.batched) != isBatch { throw .malformed }
        let message = try ReferenceReader(bytes, range, portID: portID)
            .read(family, operation, flags: flags, modes: modes)
        let isMany = message.isWrite ? try ReferenceReader.selectsMany(message) : false
        try checkReading(message)
        if message.parser.isForbidden { throw .forbidden }
        if message.isWrite, breaksNever(message) { throw .never }
        do throws(Reason) {
            try grant(message, modes, isMany, roles)
        } catch {
            if session.ceiling.isEmpty { throw error }
            do throws(Reason) { try grant(message, modes, isMany, ceiling) } catch _ { throw error }
        }
    }

    private func find(_ bytes: [UInt8], _ range: Range<Int>) throws(Reason) -> (Family, Operation) {
        var number = UInt16(type(bytes, range))
        var candidates = Catalogue.families.filter { $0.protocolNumber == protocolNumber }
        if protocolNumber == 16 {
            guard let name = families[number] else { throw .notGranted }
            guard range.count >= 20 else { throw .malformed }
            guard bytes[range.lowerBound + 18] == 0, bytes[range.lowerBound + 19] == 0 else { throw .malformed }
            candidates = candidates.filter { $0.label == "generic/\(name)" }
            number = UInt16(bytes[range.lowerBound + 16])
        }
        for family in candidates {
            if let operation = family.operations.first(where: { $0.number == number }) { return (family, operation) }
        }
        throw .notGranted
    }

    private func checkReading(_ message: ReferenceMessage) throws(Reason) {
        switch message.name {
        case "route GETDCB":
            guard [1, 3, 5, 7, 10, 11, 12, 14, 16, 18, 21, 22, 24, 26].contains(message.header(1)) else {
                throw .forbidden
            }
        case "generic/TASKSTATS TASKSTATS_CMD_GET": guard message.pieces.count == 1 else { throw .malformed }
        case "generic/nlctrl GETFAMILY", "generic/nlctrl GETPOLICY":
            guard !(message.has(1) && message.has(2)) else { throw .malformed }
            if let name = message.piece(2) { _ = try message.parser.word(name) }
        default: return
        }
    }
}

extension ReferenceJudge {
    private func link(_ name: Named) -> LinkFacts? {
        switch name {
        case .index(let index): server.links.first { $0.index == index }
        case .existing(let name): server.links.first { $0.name == name || $0.alternativeNames.contains(name) }
        case .fresh, .nobody: nil
        }
    }

    private func breaksNever(_ message: ReferenceMessage) -> Bool {
        func listed(_ name: String, _ patterns: [String]) -> Bool { patterns.contains { globs($0, name) } }
        if message.parser.kinds.contains(where: { listed($0, session.never.linkKinds) }) { return true }
        let protected = session.never.interfaces
        if protected.isEmpty { return false }
        if message.wholeGroup || message.sharedBlock || message.elsewhere { return true }
        return message.interfaces.contains { name in
            if let link = link(name), ([link.name] + link.alternativeNames).contains(where: { listed($0, protected) }) {
                return true
            }
            switch name {
            case .existing(let text), .fresh(let text): return listed(text, protected)
            default: return false
            }
        }
    }

    /// Everything that a set of roles must give.
    private func grant(
        _ message: ReferenceMessage, _ modes: Modes, _ isMany: Bool, _ roles: [Role]
    ) throws(Reason) {
        var granted: Modes = []
        var fitting: Modes = []
        for role in roles {
            let own = role.modes[message.family.label]?[message.operation.number] ?? []
            granted.formUnion(own)
            if !own.isEmpty, !message.isWrite || fits(message, role.part.conditions) { fitting.formUnion(own) }
        }
        guard granted.isSuperset(of: modes) else { throw .notGranted }
        guard fitting.isSuperset(of: modes) else { throw .misfit }
        let extras = roles.reduce(into: Grants.Extras()) { $0.formUnion($1.part.grants.extras) }
        if message.family.label == "generic/nlctrl", let name = message.piece(2) {
            let label = "generic/\((try? message.parser.word(name)) ?? "")"
            guard roles.contains(where: { $0.modes[label] != nil }) else { throw .notGranted }
        }
        try checkExtras(message, isMany, extras, Set(roles.flatMap(\.part.grants.netnsIDs)))
        if message.isWrite, !extras.contains(.itself), let carrier = server.carrying,
            try ReferenceGuard(carrier: carrier, server: server).refuses(message)
        {
            throw .lockOut
        }
    }

    private func checkExtras(
        _ message: ReferenceMessage, _ isMany: Bool, _ extras: Grants.Extras, _ namespaces: Set<Int32>
    ) throws(Reason) {
        let tags = message.operation.tags
        let inside = message.family.label == "route" || message.family.label == "netfilter/nftables"
        if tags.contains(.secret), !extras.contains(.secrets) { throw .notGranted }
        if tags.contains(.traffic), !inside, !extras.contains(.traffic) { throw .notGranted }
        if tags.contains(.code), !inside, message.family.label != "sock_diag", !extras.contains(.code) {
            throw .notGranted
        }
        if message.parser.extras.contains("traffic"), !extras.contains(.traffic) { throw .notGranted }
        if message.parser.extras.contains("code"), !extras.contains(.code) { throw .notGranted }
        if message.parser.namespaces.contains(where: { !namespaces.contains($0) }) { throw .notGranted }
        if isMany, !extras.contains(.group) { throw .notGranted }
    }

    /// True when every key that is there, and whose object the operation has, holds.
    private func fits(_ message: ReferenceMessage, _ conditions: Conditions) -> Bool {
        let name = message.operation.name
        let label = message.family.label
        func among(_ names: String) -> Bool { names.split(separator: " ").contains(Substring(name)) }
        if let tables = conditions.tables, label == "route", among("NEWROUTE DELROUTE NEWRULE DELRULE"),
            message.table == 0 || !tables.contains(where: { $0.contains(message.table) })
        {
            return false
        }
        if let protocols = conditions.protocols, label == "route",
            among("NEWADDR NEWROUTE DELROUTE NEWNEIGH NEWRULE DELRULE NEWNEXTHOP"),
            message.installer == 0 || !protocols.contains(message.installer)
        {
            return false
        }
        if label == "route", among("NEWROUTE DELROUTE NEWRULE DELRULE") {
            if let prefixes = conditions.destinations, !lies(message.destination, prefixes) { return false }
            if let prefixes = conditions.excludedDestinations,
                message.destination == nil || lies(message.destination, prefixes)
            {
                return false
            }
        }
        if let families = conditions.families, hasFamily(message), !families.contains(message.header(0)) {
            return false
        }
        if let names = conditions.interfaces, hasInterface(message), !interfacesFit(message, names) { return false }
        if let kinds = conditions.linkKinds, label == "route",
            among("NEWLINK SETLINK DELLINK NEWLINKPROP DELLINKPROP"), !kindsFit(message, kinds)
        {
            return false
        }
        return true
    }

    private func lies(_ destination: (bytes: [UInt8], length: Int)?, _ prefixes: [AddressPrefix]) -> Bool {
        guard let destination else { return false }
        return prefixes.contains {
            Int($0.length) <= destination.length && shareBits($0.address, destination.bytes, Int($0.length))
        }
    }

    private func hasFamily(_ message: ReferenceMessage) -> Bool {
        let name = message.operation.name
        switch message.family.label {
        case "netfilter/nftables", "netfilter/ctnetlink", "netfilter/ctnetlink_exp", "sock_diag": return true
        case "route":
            let kinds = [
                "LINK", "LINKPROP", "ADDR", "ROUTE", "NEIGH", "RULE", "NEIGHTBL", "ADDRLABEL", "MDB", "VLAN", "TUNNEL",
            ]
            return name == "NEWNEXTHOP" || kinds.contains(String(name.dropFirst(3)))
        default: return false
        }
    }

    private func hasInterface(_ message: ReferenceMessage) -> Bool {
        switch message.family.label {
        case "generic/ethtool", "generic/wireguard", "generic/macsec", "generic/team", "generic/nl80211": return true
        case "route": return !["NEWNSID", "DELNEXTHOP", "DELACTION"].contains(message.operation.name)
        default: return false
        }
    }

    private func interfacesFit(_ message: ReferenceMessage, _ patterns: [String]) -> Bool {
        !message.interfaces.isEmpty
            && message.interfaces.allSatisfy { name in
                let text: String
                switch name {
                case .nobody: return false
                case .index:
                    guard let link = link(name) else { return false }
                    text = link.name
                case .existing(let given): text = link(name)?.name ?? given
                case .fresh(let given): text = given
                }
                return patterns.contains { globs($0, text) }
            }
    }

    private func kindsFit(_ message: ReferenceMessage, _ patterns: [String]) -> Bool {
        var kinds = message.parser.kinds
        let isNew = message.mayCreate && message.flags & 0x200 != 0
        if !isNew {
            if message.elsewhere { return false }
            if let selected = message.selected {
                if let link = link(selected) {
                    kinds.append(link.kind)
                } else if !message.mayCreate {
                    return false
                }
            } else if !message.mayCreate {
                return false
            }
        }
        return !kinds.isEmpty && kinds.allSatisfy { kind in !kind.isEmpty && patterns.contains { globs($0, kind) } }
    }

    /// True when `text` is `pattern` with any characters for each `*`.
    private func globs(_ pattern: String, _ text: String) -> Bool {
        guard let first = pattern.utf8.first else { return text.isEmpty }
        if first == UInt8(ascii: "*") {
            let rest = String(decoding: pattern.utf8.dropFirst(), as: UTF8.self)
            return (0...text.utf8.count).contains {
                globs(rest, String(decoding: text.utf8.dropFirst($0), as: UTF8.self))
            }
        }
        guard text.utf8.first == first else { return false }
        return globs(
            String(decoding: pattern.utf8.dropFirst(), as: UTF8.self),
            String(decoding: text.utf8.dropFirst(), as: UTF8.self))
    }
}
