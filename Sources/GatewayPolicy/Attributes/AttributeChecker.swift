internal import NetlinkWire

/// Walks the attributes of one message, strictly.
///
/// The kernel takes the last duplicate, ignores what it doesn't know and stops at a malformed attribute without saying
/// so. What passes here has one reading only: nothing malformed, nothing unknown, nothing twice.
struct AttributeChecker: Sendable {
    /// The deepest known request nests 9 levels: a peer of a peer, or a set's expression in a rule's.
    static let maximumDepth = 12

    let portID: UInt32

    /// Checks the attributes in `range` and all that stands in them.
    func check(
        _ range: Range<Int>, as level: Level, in bytes: Span<UInt8>, into findings: inout Findings, depth: Int = 0
    ) throws(Objection) {
        guard depth <= AttributeChecker.maximumDepth else { throw .malformed("attributes are nested too deep") }
        var seen = AttributeTypes()
        var cursor = AttributeCursor(range)
        while let attribute = try cursor.nextAttribute(in: bytes) {
            guard attribute.type <= level.highest else {
                findings.forbid("attribute \(attribute.type) is not known here")
                continue
            }
            guard seen.insert(attribute.type) || level.mayRepeat(attribute.type) else {
                throw .malformed("attribute \(attribute.type) stands twice")
            }
            let place = Place(level: level, siblings: range, depth: depth)
            try check(attribute, level.rule(attribute.type), at: place, bytes, &findings)
        }
    }

    /// Where an attribute stands.
    private struct Place {
        let level: Level
        let siblings: Range<Int>
        let depth: Int
    }

    private func check(
        _ attribute: Attribute, _ rule: AttributeRule, at place: Place, _ bytes: Span<UInt8>,
        _ findings: inout Findings
    ) throws(Objection) {
        switch rule {
        case .plain: return
        case .refused(let what, let name): findings.forbid(what.sentence(name))
        case .ownPort(let name): try checkPorts(attribute, name, bytes, &findings)
        case .namespaceNumber(let name):
            findings.need(namespace: Int32(bitPattern: try attribute.number(in: bytes)), name)
        case .program(let name): findings.need(.code, name)
        case .linkKind: findings.linkKinds.append(try attribute.name(in: bytes))
        case .linkIndex:
            let index = try attribute.number(in: bytes)
            if index != 0 { findings.interfaces.append(.index(index)) }
        case .peerLink: try checkPeer(attribute, place, bytes, &findings)
        case .mirror: try checkMirror(attribute, bytes, &findings)
        case .nested(let inner):
            try check(attribute.payload, as: inner, in: bytes, into: &findings, depth: place.depth + 1)
        case .list(let inner):
            var entries = AttributeCursor(attribute.payload)
            while let entry = try entries.nextAttribute(in: bytes) {
                try check(entry.payload, as: inner, in: bytes, into: &findings, depth: place.depth + 2)
            }
        case .nextHops: try checkNextHops(attribute, place, bytes, &findings)
        case .extendedMatches: try checkMatches(attribute, bytes, &findings)
        case .tunnel(let typeAttribute):
            guard let type = try find(typeAttribute, place, bytes) else {
                throw .malformed("a lightweight tunnel without its type")
            }
            try check(attribute, RouteRules.tunnel(try type.shortNumber(in: bytes)), at: place, bytes, &findings)
        case .byKind:
            guard let rule = try ruleByKind(place, bytes, &findings) else { return }
            try check(attribute, rule, at: place, bytes, &findings)
        }
    }

    /// The sibling with this type; siblings behind it may not have been looked at yet.
    private func find(_ type: UInt16, _ place: Place, _ bytes: Span<UInt8>) throws(Objection) -> Attribute? {
        var cursor = AttributeCursor(place.siblings)
        while let attribute = try cursor.nextAttribute(in: bytes) {
            if attribute.type == type { return attribute }
        }
        return nil
    }

    private func ruleByKind(
        _ place: Place, _ bytes: Span<UInt8>, _ findings: inout Findings
    ) throws(Objection) -> AttributeRule? {
        guard let kindAttribute = place.level.kindAttribute, let stated = try find(kindAttribute, place, bytes) else {
            throw .malformed("options without the kind that they are for")
        }
        let kind = try stated.name(in: bytes)
        let rule: AttributeRule?
        switch place.level {
        case .linkInfo: rule = RouteRules.linkData(kind)
        case .traffic: rule = RouteRules.filterOptions(kind)
        case .action:
            if RouteRules.divertingActions.contains(kind) { findings.need(.traffic, "the action \(kind)") }
            rule = RouteRules.actionOptions(kind)
        case .expression:
            if NetfilterRules.diverting.contains(kind) { findings.need(.traffic, "nftables \(kind)") }
            rule = NetfilterRules.expressionData(kind)
        default: rule = nil
        }
        if rule == nil {
            findings.forbid(
                "the kind \"\(kind.prefix(16))\" takes descriptors, files or programs, or is not known here")
        }
        return rule
    }

    private func checkPorts(
        _ attribute: Attribute, _ name: String, _ bytes: Span<UInt8>, _ findings: inout Findings
    ) throws(Objection) {
        guard !attribute.payload.isEmpty, attribute.payload.count % 4 == 0 else {
            throw .malformed("\(name) has the wrong width")
        }
        for offset in stride(from: attribute.payload.lowerBound, to: attribute.payload.upperBound, by: 4) {
            let port = bytes.number(at: offset)
            if port != 0, port != portID { findings.forbid("\(name) must name this session's own socket (\(portID))") }
        }
    }
}

extension AttributeChecker {
    /// The other end of a pair, which is a link of its own: its name is new, and the kernel picks one where none stands.
    private func checkPeer(
        _ attribute: Attribute, _ place: Place, _ bytes: Span<UInt8>, _ findings: inout Findings
    ) throws(Objection) {
        let start = attribute.payload.lowerBound + 16
        guard start <= attribute.payload.upperBound else { throw .malformed("the other end of a pair is cut short") }
        let range = start..<attribute.payload.upperBound
        try check(range, as: .link, in: bytes, into: &findings, depth: place.depth + 1)
        var hasName = false
        var cursor = AttributeCursor(range)
        while let inner = try cursor.nextAttribute(in: bytes) {
            switch inner.type {
            case LinkAttributeType.name:
                hasName = true
                findings.interfaces.append(.newName(try inner.interfaceName(in: bytes)))
            case LinkAttributeType.alternativeName:
                findings.interfaces.append(.newName(try inner.interfaceName(in: bytes)))
            case LinkAttributeType.lower, LinkAttributeType.master:
                let index = try inner.number(in: bytes)
                if index != 0 { findings.interfaces.append(.index(index)) }
            default: continue
            }
        }
        if !hasName { findings.interfaces.append(.unknown) }
    }

    /// struct tc_mirred: struct tc_gen of 20 bytes, what to do, and the link to do it with.
    private func checkMirror(
        _ attribute: Attribute, _ bytes: Span<UInt8>, _ findings: inout Findings
    ) throws(Objection) {
        guard attribute.payload.count >= 28 else { throw .malformed("struct tc_mirred is cut short") }
        let index = bytes.number(at: attribute.payload.lowerBound + 24)
        findings.interfaces.append(index == 0 ? .unknown : .index(index))
    }

    /// struct rtnexthop: u16 length, u8 flags, u8 weight, i32 interface; then attributes of a route.
    private func checkNextHops(
        _ attribute: Attribute, _ place: Place, _ bytes: Span<UInt8>, _ findings: inout Findings
    ) throws(Objection) {
        var offset = attribute.payload.lowerBound
        while offset < attribute.payload.upperBound {
            let left = attribute.payload.upperBound - offset
            let length = left >= 8 ? Int(bytes.shortNumber(at: offset)) : 0
            guard length >= 8, length <= left else { throw .malformed("a next hop's length is wrong") }
            let index = bytes.number(at: offset + 4)
            findings.interfaces.append(index == 0 ? .unknown : .index(index))
            try check(
                (offset + 8)..<(offset + length), as: .route, in: bytes, into: &findings, depth: place.depth + 1)
            offset += aligned(length)
        }
    }

    /// Extended matches: each attribute is struct tcf_ematch_hdr (u16 id, kind, flags, padding) and opaque data.
    private func checkMatches(
        _ attribute: Attribute, _ bytes: Span<UInt8>, _ findings: inout Findings
    ) throws(Objection) {
        var cursor = AttributeCursor(attribute.payload)
        while let match = try cursor.nextAttribute(in: bytes) {
            guard match.payload.count >= 8 else { throw .malformed("an extended match is short") }
            let kind = bytes.shortNumber(at: match.payload.lowerBound + 2)
            if kind > RouteRules.highestMatch || kind == RouteRules.xtablesMatch {
                findings.forbid("extended match \(kind) takes descriptors or files, or is not known here")
            }
        }
    }
}

/// Which attribute types stood in a level already.
private struct AttributeTypes {
    private var bits = InlineArray<16, UInt64>(repeating: 0)

    /// False when the type was there before.
    mutating func insert(_ type: UInt16) -> Bool {
        let (word, bit) = (Int(type >> 6), UInt64(1) << UInt64(type & 63))
        guard bits[word] & bit == 0 else { return false }
        bits[word] |= bit
        return true
    }
}
