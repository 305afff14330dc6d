/// Why the reference refuses a message, in the order in which reasons count.
public enum Reason: String, Error, Equatable, Sendable {
    /// As `docs/` and the policy's order of refusals call them.
    case malformed, forbidden, never, notGranted, misfit, lockOut, cancelled
}

/// One attribute: its number without flags, and where its content lies.
struct Piece {
    let type: Int
    let content: Range<Int>
}

/// How something names an interface, for the reference.
enum Named: Equatable {
    case index(UInt32)
    case existing(String)
    case fresh(String)
    case nobody
}

/// Attributes by a plain reading of the grammar.
struct ReferenceParser {
    let bytes: [UInt8]
    let portID: UInt32
    var isForbidden = false
    var extras: Set<String> = []
    var namespaces: [Int32] = []
    var kinds: [String] = []
    var interfaces: [Named] = []

    init(_ bytes: [UInt8], portID: UInt32) {
        self.bytes = bytes
        self.portID = portID
    }

    func two(_ at: Int) -> Int { Int(bytes[at]) + 256 * Int(bytes[at + 1]) }
    func four(_ at: Int) -> UInt32 { UInt32(two(at)) + 65536 * UInt32(two(at + 2)) }

    /// Splits a range into attributes.
    func pieces(_ range: Range<Int>) throws(Reason) -> [Piece] {
        var pieces: [Piece] = []
        var at = range.lowerBound
        while at < range.upperBound {
            guard range.upperBound - at >= 4 else { throw .malformed }
            let length = two(at)
            guard length >= 4, at + length <= range.upperBound else { throw .malformed }
            let next = min(at + (length + 3) / 4 * 4, range.upperBound)
            pieces.append(Piece(type: two(at + 2) % 16384, content: (at + 4)..<(at + length)))
            at = next
        }
        return pieces
    }

    func number(_ piece: Piece) throws(Reason) -> UInt32 {
        guard piece.content.count == 4 else { throw .malformed }
        return four(piece.content.lowerBound)
    }

    func byte(_ piece: Piece) throws(Reason) -> UInt8 {
        guard piece.content.count == 1 else { throw .malformed }
        return bytes[piece.content.lowerBound]
    }

    private func text(_ piece: Piece) -> [UInt8] {
        var text = Array(bytes[piece.content])
        if text.last == 0 { text.removeLast() }
        return text
    }

    func word(_ piece: Piece) throws(Reason) -> String {
        let text = text(piece)
        guard !text.isEmpty, !text.contains(where: { $0 < 32 || $0 > 126 }) else { throw .malformed }
        return String(decoding: text, as: UTF8.self)
    }

    func interface(_ piece: Piece) throws(Reason) -> String {
        let text = text(piece)
        let wrong: (UInt8) -> Bool = { $0 <= 32 || $0 == 127 || $0 == 47 }
        guard !text.isEmpty, !text.contains(where: wrong), let name = String(validating: text, as: UTF8.self) else {
            throw .malformed
        }
        return name
    }

    /// Holds a range against a line of the grammar.
    mutating func read(_ range: Range<Int>, _ level: Substring, highest: Int? = nil, depth: Int = 0) throws(Reason) {
        guard depth <= 12 else { throw .malformed }
        let known = Grammar.levels[level]
        let all = try pieces(range)
        var seen: Set<Int> = []
        for piece in all {
            guard piece.type <= highest ?? known?.highest ?? -1 else {
                isForbidden = true
                continue
            }
            let mayRepeat = known?.repeatsAll == true || known?.repeats.contains(piece.type) == true
            guard seen.insert(piece.type).inserted || mayRepeat else { throw .malformed }
            if let rule = known?.rules[piece.type] { try apply(rule, piece, all, depth) }
        }
    }

    private mutating func apply(_ rule: Substring, _ piece: Piece, _ all: [Piece], _ depth: Int) throws(Reason) {
        switch rule.first {
        case "!": isForbidden = true
        case ">": try read(piece.content, rule.dropFirst(), depth: depth + 1)
        case "*":
            for entry in try pieces(piece.content) { try read(entry.content, rule.dropFirst(), depth: depth + 2) }
        case "?":
            let table = rule.dropFirst()
            guard let kind = all.first(where: { $0.type == 1 }) else { throw .malformed }
            let name = try word(kind)
            if Grammar.diverting[table]?.contains(name) == true { extras.insert("traffic") }
            guard let inner = Grammar.kinds[table]?[Substring(name)] else { return isForbidden = true }
            try apply(inner, piece, all, depth)
        case "~":
            guard let type = all.first(where: { $0.type == Int(rule.dropFirst()) }), type.content.count == 2 else {
                throw .malformed
            }
            switch two(type.content.lowerBound) {
            case 6: isForbidden = true
            case 7: try read(piece.content, "segment", depth: depth + 1)
            case 1...10: return
            default: isForbidden = true
            }
        default: try applyWord(rule, piece, depth)
        }
    }

    private mutating func applyWord(_ rule: Substring, _ piece: Piece, _ depth: Int) throws(Reason) {
        let start = piece.content.lowerBound
        switch rule {
        case "nsid": namespaces.append(Int32(bitPattern: try number(piece)))
        case "code": extras.insert("code")
        case "linkkind": kinds.append(try word(piece))
        case "index":
            let index = try number(piece)
            if index > 0 { interfaces.append(.index(index)) }
        case "ports":
            guard piece.content.count > 0, piece.content.count % 4 == 0 else { throw .malformed }
            for at in stride(from: start, to: piece.content.upperBound, by: 4) where four(at) != 0 && four(at) != portID
            {
                isForbidden = true
            }
        case "mirror":
            guard piece.content.count >= 28 else { throw .malformed }
            let index = four(start + 24)
            interfaces.append(index == 0 ? .nobody : .index(index))
        case "ematch":
            for match in try pieces(piece.content) {
                guard match.content.count >= 8 else { throw .malformed }
                if two(match.content.lowerBound + 2) > 8 { isForbidden = true }
            }
        case "hops":
            var at = start
            while at < piece.content.upperBound {
                guard piece.content.upperBound - at >= 8, two(at) >= 8, at + two(at) <= piece.content.upperBound else {
                    throw .malformed
                }
                interfaces.append(four(at + 4) == 0 ? .nobody : .index(four(at + 4)))
                try read((at + 8)..<(at + two(at)), "route", depth: depth + 1)
                at += (two(at) + 3) / 4 * 4
            }
        case "peer":
            guard piece.content.count >= 16 else { throw .malformed }
            try readPeer((start + 16)..<piece.content.upperBound, depth)
        default: return
        }
    }

    private mutating func readPeer(_ range: Range<Int>, _ depth: Int) throws(Reason) {
        try read(range, "link", depth: depth + 1)
        let inside = try pieces(range)
        for piece in inside {
            if piece.type == 3 || piece.type == 53 { interfaces.append(.fresh(try interface(piece))) }
            if piece.type == 5 || piece.type == 10 {
                let index = try number(piece)
                if index != 0 { interfaces.append(.index(index)) }
            }
        }
        if !inside.contains(where: { $0.type == 3 }) { interfaces.append(.nobody) }
    }
}
