internal import NetlinkWire

/// Walks the attributes of one message, strictly, and refuses what no grant can allow.
///
/// The kernel takes the last duplicate, ignores what it doesn't know and stops at a malformed attribute without saying
/// so. What passes here has one reading only: nothing malformed, nothing unknown, nothing twice.
struct AttributeChecker: Sendable {
    /// The deepest known request nests 9 levels: a peer of a peer, or a set's expression in a rule's.
    static let maximumDepth = 12

    let portID: UInt32
    let extras: Grants.Extras

    /// Checks the attributes in `range` and all that stands in them; returns the outermost ones.
    @discardableResult
    func check(
        _ range: Range<Int>, as level: Level, in bytes: Span<UInt8>, depth: Int = 0
    ) throws(Objection) -> [Attribute] {
        guard depth <= AttributeChecker.maximumDepth else { throw .malformed("attributes are nested too deep") }
        let attributes = try gather(range, level, bytes)
        for attribute in attributes {
            try check(attribute, level.rule(attribute.type), of: level, among: attributes, bytes, depth)
        }
        return attributes
    }

    /// The attributes of one level, well-formed, known, and each but the declared ones once.
    private func gather(_ range: Range<Int>, _ level: Level, _ bytes: Span<UInt8>) throws(Objection) -> [Attribute] {
        var attributes: [Attribute] = []
        var seen = [Bool](repeating: false, count: Int(level.highest) + 1)
        var cursor = AttributeCursor(range)
        while let attribute = try next(&cursor, bytes) {
            guard attribute.type <= level.highest else {
                throw .forbidden("attribute \(attribute.type) is not known here")
            }
            guard !seen[Int(attribute.type)] || level.mayRepeat(attribute.type) else {
                throw .malformed("attribute \(attribute.type) stands twice")
            }
            seen[Int(attribute.type)] = true
            attributes.append(attribute)
        }
        return attributes
    }

    private func check(
        _ attribute: Attribute, _ rule: AttributeRule, of level: Level, among siblings: [Attribute],
        _ bytes: Span<UInt8>, _ depth: Int
    ) throws(Objection) {
        switch rule {
        case .plain: return
        case .refused(let what, let name): throw .forbidden(what.sentence(name))
        case .ownPort(let name): try checkPorts(attribute, name, bytes)
        case .nested(let inner): try check(attribute.payload, as: inner, in: bytes, depth: depth + 1)
        case .list(let inner):
            for entry in try list(attribute.payload, bytes) {
                try check(entry.payload, as: inner, in: bytes, depth: depth + 2)
            }
        case .headed(let size, let inner):
            let start = attribute.payload.lowerBound + size
            guard start <= attribute.payload.upperBound else {
                throw .malformed("attribute \(attribute.type) is short")
            }
            try check(start..<attribute.payload.upperBound, as: inner, in: bytes, depth: depth + 1)
        case .nextHops: try checkNextHops(attribute, bytes, depth)
        case .extendedMatches: try checkMatches(attribute, bytes)
        case .tunnel(let typeAttribute):
            guard let type = siblings.first(where: { $0.type == typeAttribute }) else {
                throw .malformed("a lightweight tunnel without its type")
            }
            let number = try number(type, bytes)
            try check(attribute, RouteRules.tunnel(number), of: level, among: siblings, bytes, depth)
        case .byKind:
            let rule = try ruleByKind(level, siblings, bytes)
            try check(attribute, rule, of: level, among: siblings, bytes, depth)
        }
    }

    private func ruleByKind(
        _ level: Level, _ siblings: [Attribute], _ bytes: Span<UInt8>
    ) throws(Objection) -> AttributeRule {
        guard let kindAttribute = level.kindAttribute, let stated = siblings.first(where: { $0.type == kindAttribute })
        else { throw .malformed("options without the kind that they are for") }
        let kind = try name(stated, bytes)
        let rule: AttributeRule?
        switch level {
        case .linkInfo: rule = RouteRules.linkData(kind)
        case .traffic: rule = RouteRules.filterOptions(kind)
        case .action: rule = RouteRules.actionOptions(kind)
        case .expression:
            guard extras.contains(.traffic) || !NetfilterRules.diverting.contains(kind) else {
                throw .notGranted("extra traffic, which nftables \(kind) needs,")
            }
            rule = NetfilterRules.expressionData(kind)
        default: rule = nil
        }
        guard let rule else {
            throw .forbidden(
                "the kind \"\(kind.prefix(16))\" takes descriptors, files or programs, or is not known here")
        }
        return rule
    }

    private func checkPorts(_ attribute: Attribute, _ name: String, _ bytes: Span<UInt8>) throws(Objection) {
        guard !attribute.payload.isEmpty, attribute.payload.count % 4 == 0 else {
            throw .malformed("\(name) has the wrong width")
        }
        for offset in stride(from: attribute.payload.lowerBound, to: attribute.payload.upperBound, by: 4) {
            let port = try u32(offset, bytes)
            guard port == 0 || port == portID else {
                throw .forbidden("\(name) must name this session's own socket (\(portID))")
            }
        }
    }

    /// struct rtnexthop: u16 length, u8 flags, u8 weight, i32 interface; then attributes of a route.
    private func checkNextHops(_ attribute: Attribute, _ bytes: Span<UInt8>, _ depth: Int) throws(Objection) {
        var offset = attribute.payload.lowerBound
        while offset < attribute.payload.upperBound {
            let left = attribute.payload.upperBound - offset
            let length = left >= 8 ? Int(try u16(offset, bytes)) : 0
            guard length >= 8, length <= left else { throw .malformed("a next hop's length is wrong") }
            try check((offset + 8)..<(offset + length), as: .route, in: bytes, depth: depth + 1)
            offset += aligned(length)
        }
    }

    /// Extended matches: each attribute is struct tcf_ematch_hdr (u16 id, kind, flags, padding) and opaque data.
    private func checkMatches(_ attribute: Attribute, _ bytes: Span<UInt8>) throws(Objection) {
        for match in try list(attribute.payload, bytes) {
            guard match.payload.count >= 8 else { throw .malformed("an extended match is short") }
            let kind = try u16(match.payload.lowerBound + 2, bytes)
            guard kind <= RouteRules.highestMatch, kind != RouteRules.xtablesMatch else {
                throw .forbidden("extended match \(kind) takes descriptors or files, or is not known here")
            }
        }
    }
}

extension AttributeChecker {
    /// The entries of a list, whose types count or all say the same.
    private func list(_ range: Range<Int>, _ bytes: Span<UInt8>) throws(Objection) -> [Attribute] {
        var entries: [Attribute] = []
        var cursor = AttributeCursor(range)
        while let entry = try next(&cursor, bytes) { entries.append(entry) }
        return entries
    }

    private func next(_ cursor: inout AttributeCursor, _ bytes: Span<UInt8>) throws(Objection) -> Attribute? {
        do throws(WireError) { return try cursor.next(in: bytes) } catch { throw .malformed(error.description) }
    }

    /// A name as the kernel reads it: with or without NULs at its end, none inside.
    func name(_ attribute: Attribute, _ bytes: Span<UInt8>) throws(Objection) -> String {
        var end = attribute.payload.upperBound
        while end > attribute.payload.lowerBound, bytes[end - 1] == 0 { end -= 1 }
        let content = (attribute.payload.lowerBound..<end).map { bytes[$0] }
        guard !content.isEmpty, content.allSatisfy({ (0x20...0x7e).contains($0) }) else {
            throw .malformed("a name that is empty or isn't printable")
        }
        return String(decoding: content, as: UTF8.self)
    }

    private func number(_ attribute: Attribute, _ bytes: Span<UInt8>) throws(Objection) -> UInt16 {
        do throws(WireError) { return try attribute.u16(in: bytes) } catch { throw .malformed(error.description) }
    }

    private func u16(_ offset: Int, _ bytes: Span<UInt8>) throws(Objection) -> UInt16 {
        do throws(WireError) { return try bytes.u16(at: offset) } catch { throw .malformed(error.description) }
    }

    private func u32(_ offset: Int, _ bytes: Span<UInt8>) throws(Objection) -> UInt32 {
        do throws(WireError) { return try bytes.u32(at: offset) } catch { throw .malformed(error.description) }
    }
}
