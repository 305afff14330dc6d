internal import NetlinkWire

/// The guard against locking oneself out: refuses, without extra self, what would cut the session's own connection.
///
/// It looks at links, addresses, routes, rules and neighbours of rtnetlink, and at sockets. Out of its reach, because no
/// message alone tells what becomes of the session's packets: rules of nftables and xfrm, traffic control, options of a
/// link's kind (VLAN filtering, spanning tree, bonding), VLANs of bridge ports, settings by ethtool, devlink and nl80211,
/// the tunnel that carries the session (WireGuard), and next-hop objects that its route uses.
struct LockOutGuard {
    let carrier: Carrier
    private let local: Prefix?
    private let peer: Prefix?
    private let gateway: Prefix?

    private static let interfaceUp: UInt32 = 1
    private static let leastMTU: UInt32 = 1280
    private static let localTable: UInt32 = 255
    private static let mainTable: UInt32 = 254
    private static let loopback = "lo"
    private static let tcp: UInt8 = 6

    init(_ carrier: Carrier) {
        self.carrier = carrier
        local = Prefix(address: carrier.localAddress)
        peer = Prefix(address: carrier.peerAddress)
        gateway = carrier.gateway.flatMap { Prefix(address: $0) }
    }

    /// Refuses a write that would, or could, cut the session off.
    func check(
        _ message: ParsedMessage, _ subject: Subject, _ operation: Operation, _ objects: MessageObjects,
        _ links: inout LinkResolver, _ bytes: Span<UInt8>
    ) throws(Objection) {
        let deletes = operation.name.hasPrefix("DEL")
        let reason: String?
        switch subject {
        case .link where objects.isWholeGroup: reason = "could change the link that carries this session"
        case .link: reason = try checkLink(message, deletes, objects, &links, bytes)
        case .address: reason = try checkAddress(message, deletes, bytes)
        case .route: reason = checkRoute(objects)
        case .rule:
            reason = try deletes ? checkRuleDeletion(message, objects, bytes) : checkRule(message, objects, bytes)
        case .neighbour: reason = try checkNeighbour(message, bytes)
        case .socket: reason = checkSocket(message, operation, bytes)
        default: reason = nil
        }
        if let reason {
            throw .lockOut("\(operation.name) \(reason), which needs extra self")
        }
    }

    private func checkLink(
        _ message: ParsedMessage, _ deletes: Bool, _ objects: MessageObjects, _ links: inout LinkResolver,
        _ bytes: Span<UInt8>
    ) throws(Objection) -> String? {
        guard let selected = objects.selected else { return nil }
        let link = try links.link(selected)
        // A number counts even where the link has gone meanwhile.
        let index = if case .index(let index) = selected { index } else { link?.index ?? 0 }
        guard carrier.links.contains(index) else { return nil }
        if deletes { return "would delete the link that carries this session" }
        if takesDown(message, bytes) { return "would take down the link that carries this session" }
        for attribute in message.attributes {
            switch attribute.type {
            case LinkAttributeType.address: return "would readdress the link that carries this session"
            case LinkAttributeType.name where selected == .index(index):
                guard try attribute.interfaceName(in: bytes) != link?.name else { continue }
                return "would rename the link that carries this session"
            case LinkAttributeType.master, LinkAttributeType.targetNamespace:
                return "would move the link that carries this session"
            case LinkAttributeType.mtu where try attribute.number(in: bytes) < LockOutGuard.leastMTU:
                return "would make the link that carries this session too narrow"
            case LinkAttributeType.carrier where try attribute.byte(in: bytes) == 0,
                LinkAttributeType.protocolDown where try attribute.byte(in: bytes) != 0:
                return "would take down the link that carries this session"
            default: continue
            }
        }
        return nil
    }

    /// Without a mask the flags replace the link's.
    private func takesDown(_ message: ParsedMessage, _ bytes: Span<UInt8>) -> Bool {
        let (flags, mask) = (message.headerNumber(8, bytes), message.headerNumber(12, bytes))
        guard flags != 0 || mask != 0, flags & LockOutGuard.interfaceUp == 0 else { return false }
        return mask == 0 || mask & LockOutGuard.interfaceUp != 0
    }

    /// IFA_LOCAL and IFA_ADDRESS.
    ///
    /// Deleting an IPv4 address takes the others of its prefix along when it was the first of them.
    private func checkAddress(
        _ message: ParsedMessage, _ deletes: Bool, _ bytes: Span<UInt8>
    ) throws(Objection) -> String? {
        let family = message.headerByte(0, bytes)
        guard let local, Prefix.width(family) == (local.isIPv6 ? 16 : 4) else { return nil }
        let flags = message.header.flags
        guard deletes || flags.contains(.replace) && !flags.contains(.exclusive) else { return nil }
        for type in [1, 2] as [UInt16] {
            guard let address = try message.attribute(type)?.address(of: family, in: bytes) else { continue }
            if address == local { return "would take or change the address of this session" }
            let prefix = Prefix(address: address, length: min(Int(message.headerByte(1, bytes)), address.length))
            if deletes, !local.isIPv6, carrier.links.contains(message.headerNumber(4, bytes)), prefix.contains(local) {
                return "could take the address of this session along"
            }
        }
        return nil
    }

    /// The route in use, one that is more specific, or the local one.
    private func checkRoute(_ objects: MessageObjects) -> String? {
        guard let destination = objects.destination, let local, let peer else { return nil }
        let table = objects.table ?? 0
        if table == LockOutGuard.localTable, destination == local {
            return "would change how this session is received"
        }
        let tables = [carrier.routeTable, 0, LockOutGuard.mainTable, LockOutGuard.localTable]
        let inUse = carrier.route.map { Int($0.length) } ?? 0
        guard tables.contains(table), destination.contains(peer), destination.length >= inUse else { return nil }
        return "would change the route that this session takes"
    }

    /// A rule that the session's outgoing packets could match: they come from the local address, go to the peer's, have
    /// no mark, and belong to no interface.
    private func checkRule(
        _ message: ParsedMessage, _ objects: MessageObjects, _ bytes: Span<UInt8>
    ) throws(Objection) -> String? {
        guard let local, let peer, let family = Prefix.width(message.headerByte(0, bytes)),
            family == (peer.isIPv6 ? 16 : 4)
        else { return nil }
        let could = "could catch this session's packets"
        // FIB_RULE_INVERT turns what follows around.
        guard message.headerNumber(8, bytes) & 2 == 0 else { return could }
        if let destination = objects.destination, !destination.contains(peer) { return nil }
        if let source = try message.attribute(2)?.address(of: message.headerByte(0, bytes), in: bytes) {
            let length = min(Int(message.headerByte(2, bytes)), source.length)
            if !Prefix(address: source, length: length).contains(local) { return nil }
        }
        if let name = try message.attribute(3)?.interfaceName(in: bytes), name != LockOutGuard.loopback { return nil }
        if message.attribute(17) != nil { return nil }
        if let mark = try message.attribute(10)?.number(in: bytes) {
            let mask = try message.attribute(16)?.number(in: bytes) ?? UInt32.max
            if mark & mask != 0 { return nil }
        }
        if let transport = try message.attribute(22)?.byte(in: bytes), transport != LockOutGuard.tcp { return nil }
        return could
    }

    private func checkRuleDeletion(
        _ message: ParsedMessage, _ objects: MessageObjects, _ bytes: Span<UInt8>
    ) -> String? {
        guard let peer, Prefix.width(message.headerByte(0, bytes)) == (peer.isIPv6 ? 16 : 4) else { return nil }
        let inUse = [carrier.routeTable, LockOutGuard.mainTable, LockOutGuard.localTable]
        guard objects.table.map({ inUse.contains($0) }) ?? true else { return nil }
        return "could delete the rule that this session's packets match"
    }

    private func checkNeighbour(_ message: ParsedMessage, _ bytes: Span<UInt8>) throws(Objection) -> String? {
        let family = message.headerByte(0, bytes)
        guard Prefix.width(family) != nil, let address = try message.attribute(1)?.address(of: family, in: bytes),
            address == peer || address == gateway
        else { return nil }
        return "would change the neighbour that this session's packets go to"
    }

    /// struct inet_diag_req_v2: the source port stands at 8, in network order; 0 is any.
    private func checkSocket(_ message: ParsedMessage, _ operation: Operation, _ bytes: Span<UInt8>) -> String? {
        guard operation.name == "SOCK_DESTROY", message.payload.count >= 10 else { return nil }
        let port = UInt16(message.headerByte(8, bytes)) << 8 | UInt16(message.headerByte(9, bytes))
        guard port == 0 || port == carrier.localPort else { return nil }
        return "could close this session's connection"
    }
}
