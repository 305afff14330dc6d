internal import NetlinkWire

/// What a message must or must not single out.
///
/// Where the kernel takes an absent selector for "all", or for the first that comes, a message is one of these:
///
/// | message | is |
/// |---|---|
/// | SETLINK, DELLINK, NEWLINK without NLM_F_CREATE: IFLA_GROUP, neither index nor name | needs extra group |
/// | any DEL of rtnetlink with NLM_F_BULK, DELACTION with NLM_F_ROOT | needs extra group |
/// | DELADDR without an address: the first of the interface | malformed |
/// | DELRULE that says nothing: the first rule | malformed |
/// | nftables DELTABLE and DESTROYTABLE without name and handle, or a name in every family (`nft flush ruleset`) | needs extra group |
/// | nftables deletions by name and handle at once: the handle wins | malformed |
/// | nftables deletions without their table, set, chain's or object's name: errors today | malformed |
/// | nftables DELRULE with a handle and no chain: every rule of the table | malformed |
/// | nftables DELRULE of a table or chain, DELSETELEM of a set (`nft flush table`, `chain`, `set`) | the named thing's content |
/// | conntrack CT_DELETE without a tuple or with CTA_FILTER, EXP_DELETE without a tuple (`conntrack -F`) | needs extra group |
/// | ipset DESTROY and FLUSH, nfacct, timeout and helper deletions without a name | needs extra group |
/// | tcp_metrics DEL without an address, nl80211 DEL_STATION without a MAC address | needs extra group |
/// | xfrm FLUSHSA, FLUSHPOLICY, MPTCP and IPVS FLUSH and their like | operations of their own: granting them means all |
///
/// DELROUTE deletes one route of exactly its prefix and table, DELNEXTHOP and DELMDB want what they delete named.
enum Selectors {
    /// True when the message is about many objects at once.
    static func selectsMany(
        _ message: ParsedMessage, _ subject: Subject, _ operation: Operation, _ objects: MessageObjects,
        _ bytes: Span<UInt8>
    ) throws(Objection) -> Bool {
        func has(_ type: UInt16) -> Bool { message.attribute(type) != nil }
        let deletes = operation.name.hasPrefix("DEL") || operation.name.hasPrefix("DESTROY")
        switch subject {
        case .link: return objects.isWholeGroup || isBulk(message, deletes)
        case .address where deletes && !has(1) && !has(2):
            throw .malformed("an address to delete, without the address")
        case .rule
        where deletes && message.attributes.isEmpty && (1...4).allSatisfy({ message.headerByte($0, bytes) == 0 }):
            throw .malformed("a rule to delete, without anything that tells which")
        case .action: return deletes && message.header.flags.contains(.nonRecursive)
        case .linkProperty, .address, .route, .neighbour, .rule, .trafficControl, .neighbourTable, .addressLabel,
            .multicastDatabase, .nextHop, .bridgeVLAN, .tunnel:
            return isBulk(message, deletes)
        case .table, .chain, .tableContent, .setObject: return try selectsManyRules(message, subject, operation, bytes)
        case .connection: return operation.name == "CT_DELETE" && (!(has(1) || has(2)) || has(25))
        case .expectation: return operation.name == "EXP_DELETE" && !has(2)
        case .sets: return ["DESTROY", "FLUSH"].contains(operation.name) && !has(2)
        case .accounting, .timeout, .helper: return deletes && !has(1)
        case .metrics: return deletes && !has(1) && !has(2)
        case .station: return !has(6)
        case .none, .priorityRead, .priority, .statistics, .otherRules, .securityState, .socket, .controller,
            .taskstats, .ethtool, .device:
            return false
        }
    }

    private static func isBulk(_ message: ParsedMessage, _ deletes: Bool) -> Bool {
        deletes && message.header.flags.contains(.bulk)
    }

    /// Deletions of nftables; the table's name is attribute 1 of all of them.
    private static func selectsManyRules(
        _ message: ParsedMessage, _ subject: Subject, _ operation: Operation, _ bytes: Span<UInt8>
    ) throws(Objection) -> Bool {
        func has(_ type: UInt16) -> Bool { message.attribute(type) != nil }
        switch subject {
        case .table:
            guard !(has(1) && has(4)) else { throw .malformed("a table by name and by handle at once") }
            return !has(1) && !has(4) || has(1) && message.headerByte(0, bytes) == 0
        case .chain: try requireOne(3, 2, "chain", has)
        case .setObject:
            let handle: UInt16 =
                operation.name.hasSuffix("SET") ? 16 : operation.name.hasSuffix("OBJ") ? 6 : 5
            try requireOne(2, handle, "set, object or flow table", has)
        case .tableContent:
            guard has(1) else { throw .malformed("\(operation.name) without its table") }
            if operation.name.hasSuffix("SETELEM") {
                guard has(2) else { throw .malformed("\(operation.name) without its set") }
            } else if has(3) || has(9) {
                guard has(2) else { throw .malformed("a rule's handle without its chain means every rule") }
            }
        default: break
        }
        return false
    }

    private static func requireOne(
        _ name: UInt16, _ handle: UInt16, _ what: String, _ has: (UInt16) -> Bool
    ) throws(Objection) {
        guard has(1) else { throw .malformed("a \(what) to delete, without its table") }
        guard has(name) != has(handle) else {
            throw .malformed("a \(what) to delete must be named, or told by its handle")
        }
    }

    /// Sub-commands of struct dcbmsg that only read (DCB_CMD_*).
    static let readingDCB: Set<UInt8> = [1, 3, 5, 7, 10, 11, 12, 14, 16, 18, 21, 22, 24, 26]
}
