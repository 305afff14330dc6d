import GatewayPolicy

/// A message as the reference reads it: everything that a policy may ask about.
struct ReferenceMessage {
    let family: Family
    let operation: Operation
    let flags: Int
    /// Fixed header and attributes.
    let payload: Range<Int>
    let parser: ReferenceParser
    let pieces: [Piece]

    var interfaces: [Named]
    var selected: Named?
    var wholeGroup = false
    var sharedBlock = false
    var elsewhere = false
    var table: UInt32 = 0
    var installer: UInt8 = 0
    /// Family, bits as bytes, length.
    var destination: (bytes: [UInt8], length: Int)?

    var isWrite: Bool { operation.kind == .write }
    var deletes: Bool { operation.name.hasPrefix("DEL") || operation.name.hasPrefix("DESTROY") }
    var name: String { "\(family.label) \(operation.name)" }

    func piece(_ type: Int) -> Piece? { pieces.first { $0.type == type } }
    func has(_ type: Int) -> Bool { piece(type) != nil }
    func header(_ offset: Int) -> UInt8 { offset < payload.count ? parser.bytes[payload.lowerBound + offset] : 0 }
    func header4(_ offset: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 + UInt32(header(offset + $1)) << UInt32(8 * $1) }
    }

    /// Reads what a write is about.
    init(
        _ family: Family, _ operation: Operation, flags: Int, at payload: Range<Int>, parser: ReferenceParser,
        pieces: [Piece]
    ) throws(Reason) {
        self.family = family
        self.operation = operation
        self.flags = flags
        self.payload = payload
        self.parser = parser
        self.pieces = pieces
        interfaces = parser.interfaces
        guard operation.kind == .write else { return }
        switch family.label {
        case "route": try readRoute()
        case "generic/ethtool":
            guard let header = piece(1) else { return }
            let inside = try parser.pieces(header.content)
            guard Set(inside.map(\.type)).count == inside.count else { throw .malformed }
            for piece in inside where piece.type == 1 || piece.type == 2 {
                try name(piece.type == 1 ? piece : nil, piece.type == 2 ? piece : nil)
            }
        case "generic/wireguard": try name(piece(1), piece(2))
        case "generic/macsec", "generic/team": try name(piece(1), nil)
        case "generic/nl80211": try name(piece(3), nil)
        case "netfilter/nftables": if let table = piece(1) { _ = try parser.word(table) }
        case "xfrm" where operation.tags.contains(.secret):
            guard let offload = piece(28) else { return }
            guard offload.content.count >= 4 else { throw .malformed }
            if parser.four(offload.content.lowerBound) != 0 {
                interfaces.append(.index(parser.four(offload.content.lowerBound)))
            }
        default: return
        }
    }

    private mutating func name(_ index: Piece?, _ name: Piece?) throws(Reason) {
        if let index {
            let number = try parser.number(index)
            if number != 0 { interfaces.append(.index(number)) }
        }
        if let name { interfaces.append(.existing(try parser.interface(name))) }
    }

    private mutating func must(_ index: UInt32) {
        interfaces.append(index == 0 ? .nobody : .index(index))
    }

    private mutating func readRoute() throws(Reason) {
        switch operation.name {
        case "NEWLINK", "SETLINK", "DELLINK", "NEWLINKPROP", "DELLINKPROP": try readLink()
        case "NEWADDR", "DELADDR":
            must(header4(4))
            if let number = piece(11) { installer = try parser.byte(number) }
        case "NEWROUTE", "DELROUTE": try readRouteEntry()
        case "NEWRULE", "DELRULE":
            table = UInt32(header(4))
            if let number = piece(15) { table = try parser.number(number) }
            if let number = piece(21) { installer = try parser.byte(number) }
            for type in [3, 17] where has(type) { try name(nil, piece(type)) }
            try readDestination()
        case "NEWNEIGH", "DELNEIGH":
            must(header4(4))
            if let number = piece(12) { installer = try parser.byte(number) }
            try name(piece(9), nil)
            if has(10), let other = piece(8) {
                _ = try parser.number(other)
                interfaces.append(.nobody)
            } else {
                try name(piece(8), nil)
            }
        case "NEWQDISC", "DELQDISC", "NEWTCLASS", "DELTCLASS", "NEWTFILTER", "DELTFILTER", "NEWCHAIN", "DELCHAIN":
            sharedBlock = header4(4) == UInt32.max
            must(sharedBlock ? 0 : header4(4))
        case "SETNEIGHTBL":
            guard let parameters = piece(6) else { return }
            for inside in try parser.pieces(parameters.content) where inside.type == 1 { try name(inside, nil) }
        case "NEWADDRLABEL", "DELADDRLABEL", "SETSTATS", "NEWVLAN", "DELVLAN", "NEWTUNNEL", "DELTUNNEL":
            must(header4(4))
        case "NEWMDB", "DELMDB":
            must(header4(4))
            guard let entry = piece(1) else { return }
            guard entry.content.count >= 4 else { throw .malformed }
            let port = parser.four(entry.content.lowerBound)
            if port != 0 { interfaces.append(.index(port)) }
        case "NEWNEXTHOP", "DELNEXTHOP":
            installer = header(2)
            try name(piece(5), nil)
        case "SETDCB": try name(nil, piece(1))
        default: return
        }
    }

    private mutating func readLink() throws(Reason) {
        let index = header4(4)
        guard index < 0x8000_0000 else { throw .malformed }
        if index > 0 { selected = .index(index) }
        for type in [3, 53] {
            guard let found = piece(type) else { continue }
            let text = try parser.interface(found)
            if selected == nil { selected = .existing(text) } else { interfaces.append(.fresh(text)) }
        }
        if let selected { interfaces.append(selected) }
        if operation.name.hasSuffix("PROP") {
            guard let list = piece(52) else { return }
            for inside in try parser.pieces(list.content) where inside.type == 53 {
                interfaces.append(.fresh(try parser.interface(inside)))
            }
            return
        }
        if selected == nil {
            interfaces.append(.nobody)
            wholeGroup = has(27) && !mayCreate
        }
        if operation.name == "DELLINK", has(46) {
            elsewhere = true
            interfaces.append(.nobody)
        }
        try name(piece(10), nil)
        if has(37), let lower = piece(5) {
            _ = try parser.number(lower)
            interfaces.append(.nobody)
        } else {
            try name(piece(5), nil)
        }
    }

    var mayCreate: Bool { operation.name == "NEWLINK" && flags & 0x400 != 0 }

    private mutating func readRouteEntry() throws(Reason) {
        let isMulticast = header(0) == 128 || header(0) == 129
        table = isMulticast ? 0 : UInt32(header(4))
        installer = header(5)
        if let number = piece(15) { table = try parser.number(number) }
        if isMulticast || (!has(4) && parser.interfaces.isEmpty) { interfaces.append(.nobody) }
        for type in [3, 4] {
            guard let piece = piece(type) else { continue }
            must(try parser.number(piece))
        }
        try readDestination()
    }

    private mutating func readDestination() throws(Reason) {
        let width = header(0) == 2 ? 4 : header(0) == 10 ? 16 : 0
        guard width > 0 else { return }
        guard Int(header(1)) <= width * 8 else { throw .malformed }
        if let address = piece(1) {
            guard address.content.count == width else { throw .malformed }
            destination = (Array(parser.bytes[address.content]), Int(header(1)))
        } else if header(1) == 0 {
            destination = ([UInt8](repeating: 0, count: width), 0)
        }
    }
}
