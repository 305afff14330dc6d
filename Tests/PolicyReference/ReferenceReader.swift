internal import GatewayPolicy

/// Where a message's header ends and which line of the grammar its attributes follow.
struct ReferenceReader {
    private let bytes: [UInt8]
    private let start: Int
    private let end: Int
    private let portID: UInt32

    init(_ bytes: [UInt8], _ range: Range<Int>, portID: UInt32) {
        self.bytes = bytes
        start = range.lowerBound + 16
        end = range.upperBound
        self.portID = portID
    }

    func read(
        _ family: Family, _ operation: Operation, flags: Int, modes: Modes
    ) throws(Reason) -> ReferenceMessage {
        // One dump bit alone makes a dump everywhere but in generic netlink.
        let isDump = modes == .dump || modes == .both && family.protocolNumber != 16
        guard var (size, level, highest) = layout(family, operation, isDump) else { throw .forbidden }
        let count = end - start
        if operation.name == "GETNEIGH", isDump, count == 16, bytes[start] == 7, bytes[(end - 4)..<end] == [0, 0, 0, 0]
        {
            // struct ifinfomsg for struct ndmsg.
            (size, level, highest) = (16, "", 0)
        }
        let isShort = family.label == "route" && operation.kind == .read && modes == .dump && (1...4).contains(count)
        var parser = ReferenceParser(bytes, portID: portID)
        if isShort, count < size {
            guard bytes[(start + 1)..<end].allSatisfy({ $0 == 0 }) else { throw .malformed }
            return try ReferenceMessage(family, operation, flags: flags, at: start..<end, parser: parser, pieces: [])
        }
        guard count >= size else { throw .malformed }
        let first = min(start + (size + 3) / 4 * 4, end)
        guard bytes[(start + size)..<first].allSatisfy({ $0 == 0 }) else { throw .malformed }
        try parser.read(first..<end, level, highest: highest)
        return try ReferenceMessage(
            family, operation, flags: flags, at: start..<end, parser: parser, pieces: try parser.pieces(first..<end))
    }

    /// Size of the fixed header, line of the grammar, and for attributes that nobody looks into their highest number.
    private func layout(_ family: Family, _ operation: Operation, _ isDump: Bool) -> (Int, Substring, Int?)? {
        switch family.protocolNumber {
        case 0: return route(operation)
        case 4:
            if operation.number < 20 { return (60, "diag", nil) }
            // Not even a family.
            if start == end { return (1, "", 0) }
            return [
                2: (56, "diag", nil), 10: (56, "diag", nil), 1: (24, "", 0), 16: (20, "", 0), 17: (20, "", 0),
                44: (20, "", 0), 30: (8, "", 0), 40: (24, "", 0), 43: (52, "", 0),
            ][bytes[start]]
        case 6:
            let sizes = [
                224, 24, 24, 168, 64, 64, 232, 280, 232, 168, 224, 176, 1, 0, 48, 48, nil, 64, nil, 4, 4, 4, nil, 3, 3,
            ]
            let index = Int(operation.number) - 16
            guard sizes.indices.contains(index), let size = sizes[index] else { return nil }
            return (isDump ? 0 : size, "", 41)
        case 12:
            guard family.label == "netfilter/nftables" else { return (4, "", 64) }
            if operation.name.contains("RULE") { return (4, "rule", nil) }
            if operation.name.contains("SETELEM") { return (4, "elements", nil) }
            if ["NEWSET", "GETSET", "DELSET", "DESTROYSET"].contains(operation.name) { return (4, "set", nil) }
            return (4, "", 24)
        default:
            let name = Substring(family.name)
            if name == "nlctrl" { return (4, "", 10) }
            if name == "TASKSTATS" { return (4, "", 4) }
            return (4 + family.headerSize, Grammar.genericFamilies.contains(name) ? name : "generic", nil)
        }
    }

    private func route(_ operation: Operation) -> (Int, Substring, Int?)? {
        let name = operation.name.dropFirst(3)
        switch name {
        case "LINK", "LINKPROP": return (16, "link", nil)
        case "ADDR": return (8, "address", nil)
        case "ROUTE": return start < end && bytes[start] == 29 ? nil : (12, "route", nil)
        case "NEIGH": return (12, "neighbour", nil)
        case "RULE": return (12, "", 31)
        case "QDISC", "TCLASS": return (20, "", 16)
        case "TFILTER", "CHAIN": return (20, "traffic", nil)
        case "ACTION": return (4, "actions", nil)
        case "MULTICAST", "ANYCAST": return (8, "", 11)
        case "NEIGHTBL": return (4, "", 9)
        case "ADDRLABEL": return (12, "", 2)
        case "DCB": return (4, "", 16)
        case "NETCONF": return (1, "", 9)
        case "MDB": return (8, "", 2)
        case "NSID": return (1, "nsid", nil)
        case "STATS": return (12, "", 2)
        case "NEXTHOP", "NEXTHOPBUCKET": return (8, "nexthop", nil)
        case "VLAN", "TUNNEL": return (8, "vlans", nil)
        default: return nil
        }
    }

    /// What is about many objects, or about whatever comes first.
    static func selectsMany(_ message: ReferenceMessage) throws(Reason) -> Bool {
        let name = message.operation.name
        switch message.family.label {
        case "route":
            if name == "DELADDR", !message.has(1), !message.has(2) { throw .malformed }
            if name == "DELRULE", message.pieces.isEmpty, (1...4).allSatisfy({ message.header($0) == 0 }) {
                throw .malformed
            }
            if name == "DELACTION" { return message.flags & 0x100 != 0 }
            return message.wholeGroup || message.deletes && message.flags & 0x200 != 0
        case "netfilter/nftables" where message.deletes: return try deletesMany(message)
        case "netfilter/ctnetlink":
            return name == "CT_DELETE" && (message.has(25) || !message.has(1) && !message.has(2))
        case "netfilter/ctnetlink_exp": return name == "EXP_DELETE" && !message.has(2)
        case "netfilter/ipset": return (name == "DESTROY" || name == "FLUSH") && !message.has(2)
        case "netfilter/acct", "netfilter/cttimeout", "netfilter/cthelper": return message.deletes && !message.has(1)
        case "generic/tcp_metrics": return message.deletes && !message.has(1) && !message.has(2)
        case "generic/nl80211": return name == "DEL_STATION" && !message.has(6)
        default: return false
        }
    }

    private static func deletesMany(_ message: ReferenceMessage) throws(Reason) -> Bool {
        let what = message.operation.name.dropFirst(message.operation.name.hasPrefix("DEL") ? 3 : 7)
        let handles: [Substring: (name: Int, handle: Int)] = [
            "TABLE": (1, 4), "CHAIN": (3, 2), "SET": (2, 16), "OBJ": (2, 6), "FLOWTABLE": (2, 5),
        ]
        if let (name, handle) = handles[what] {
            if message.has(name), message.has(handle) { throw .malformed }
            if what == "TABLE" {
                return !message.has(1) && !message.has(4) || message.has(1) && message.header(0) == 0
            }
            guard message.has(1), message.has(name) || message.has(handle) else { throw .malformed }
            return false
        }
        guard message.has(1) else { throw .malformed }
        if what == "SETELEM", !message.has(2) { throw .malformed }
        if what == "RULE", message.has(3) || message.has(9), !message.has(2) { throw .malformed }
        return false
    }
}
