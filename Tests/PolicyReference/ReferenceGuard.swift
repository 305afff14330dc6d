internal import GatewayPolicy

/// True when both begin with the same `length` bits.
func shareBits(_ one: [UInt8], _ other: [UInt8], _ length: Int) -> Bool {
    guard one.count == other.count else { return false }
    for bit in 0..<length where (one[bit / 8] ^ other[bit / 8]) & (128 >> UInt8(bit % 8)) != 0 { return false }
    return true
}

/// Whether a write would cut off the session, by a plain reading of what the guard is for.
struct ReferenceGuard {
    let carrier: Carrier
    let server: ServerTable

    func refuses(_ message: ReferenceMessage) throws(Reason) -> Bool {
        switch message.name {
        case "route NEWLINK", "route SETLINK", "route DELLINK": try changesLink(message)
        case "route NEWADDR", "route DELADDR": try changesAddress(message)
        case "route NEWROUTE", "route DELROUTE": changesRoute(message)
        case "route NEWRULE": try addsRule(message)
        case "route DELRULE": deletesRule(message)
        case "route NEWNEIGH", "route DELNEIGH": try changesNeighbour(message)
        case "sock_diag SOCK_DESTROY": destroysSocket(message)
        default: false
        }
    }

    private func changesLink(_ message: ReferenceMessage) throws(Reason) -> Bool {
        if message.wholeGroup { return true }
        var link: LinkFacts?
        var index: UInt32 = 0
        switch message.selected {
        case .index(let number):
            index = number
            link = server.links.first { $0.index == number }
        case .existing(let name):
            link = server.links.first { $0.name == name || $0.alternativeNames.contains(name) }
            index = link?.index ?? 0
        default: return false
        }
        guard carrier.links.contains(index) else { return false }
        if message.operation.name == "DELLINK" { return true }
        let (flags, mask) = (message.header4(8), message.header4(12))
        if flags % 2 == 0, mask == 0 ? flags != 0 : mask % 2 == 1 { return true }
        for piece in message.pieces {
            switch piece.type {
            case 1, 10, 46: return true
            case 3:
                guard message.selected == .index(index) else { continue }
                if try message.parser.interface(piece) != link?.name { return true }
            case 4: if try message.parser.number(piece) < 1280 { return true }
            case 33: if try message.parser.byte(piece) == 0 { return true }
            case 39: if try message.parser.byte(piece) != 0 { return true }
            default: continue
            }
        }
        return false
    }

    private func width(_ family: UInt8) -> Int { family == 2 ? 4 : family == 10 ? 16 : 0 }

    private func address(_ message: ReferenceMessage, _ type: Int) throws(Reason) -> [UInt8]? {
        guard let piece = message.piece(type) else { return nil }
        guard width(message.header(0)) > 0, piece.content.count == width(message.header(0)) else { throw .malformed }
        return Array(message.parser.bytes[piece.content])
    }

    private func changesAddress(_ message: ReferenceMessage) throws(Reason) -> Bool {
        guard width(message.header(0)) == carrier.localAddress.count else { return false }
        let replaces = message.flags & 0x100 != 0 && message.flags & 0x200 == 0
        guard message.deletes || replaces else { return false }
        for type in [1, 2] {
            guard let address = try address(message, type) else { continue }
            if address == carrier.localAddress { return true }
            let length = min(Int(message.header(1)), address.count * 8)
            if message.deletes, address.count == 4, carrier.links.contains(message.header4(4)),
                shareBits(address, carrier.localAddress, length)
            {
                return true
            }
        }
        return false
    }

    private func changesRoute(_ message: ReferenceMessage) -> Bool {
        guard let (address, length) = message.destination else { return false }
        let local = carrier.localAddress
        if message.table == 255, address.count == local.count, length == local.count * 8, address == local {
            return true
        }
        guard [carrier.routeTable, 0, 254, 255].contains(message.table) else { return false }
        return shareBits(address, carrier.peerAddress, length) && length >= Int(carrier.route?.length ?? 0)
    }

    private func addsRule(_ message: ReferenceMessage) throws(Reason) -> Bool {
        guard width(message.header(0)) == carrier.peerAddress.count else { return false }
        if message.header4(8) & 2 == 2 { return true }
        if let (address, length) = message.destination, !shareBits(address, carrier.peerAddress, length) {
            return false
        }
        if let source = try address(message, 2) {
            let length = min(Int(message.header(2)), source.count * 8)
            if !shareBits(source, carrier.localAddress, length) { return false }
        }
        if let incoming = message.piece(3), try message.parser.interface(incoming) != "lo" { return false }
        if message.has(17) { return false }
        if let mark = message.piece(10) {
            var mask = UInt32.max
            let number = try message.parser.number(mark)
            if let piece = message.piece(16) { mask = try message.parser.number(piece) }
            if number & mask != 0 { return false }
        }
        if let transport = message.piece(22), try message.parser.byte(transport) != 6 { return false }
        return true
    }

    private func deletesRule(_ message: ReferenceMessage) -> Bool {
        guard width(message.header(0)) == carrier.peerAddress.count else { return false }
        return [0, carrier.routeTable, 254, 255].contains(message.table)
    }

    private func changesNeighbour(_ message: ReferenceMessage) throws(Reason) -> Bool {
        guard width(message.header(0)) > 0, let address = try address(message, 1) else { return false }
        return address == carrier.peerAddress || address == carrier.gateway
    }

    private func destroysSocket(_ message: ReferenceMessage) -> Bool {
        // The structure of some families has no ports.
        guard message.payload.count >= 10 else { return false }
        let port = UInt16(message.header(8)) * 256 + UInt16(message.header(9))
        return port == 0 || port == carrier.localPort
    }
}
