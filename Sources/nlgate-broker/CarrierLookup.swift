import GatewayIPC
import GatewayPolicy
import Glibc
import NetlinkWire

/// What carries a session, for the guard against locking oneself out.
extension RouteLookup {
    /// Links that a carrier may have: more are no chain but a loop.
    private static let mostLinks = 64

    /// nil for Unix sessions, which have no addresses.
    func carrier(local: Endpoint, peer: Endpoint) throws(LookupFailure) -> Carrier? {
        guard local.address != Endpoint.unknown.address, peer.address != Endpoint.unknown.address else { return nil }
        var carrier = Carrier(
            localAddress: local.address, peerAddress: peer.address, localPort: local.port, links: [])
        let holders = try interfaces(with: carrier.localAddress)
        let route = try self.route(to: carrier.peerAddress, from: carrier.localAddress, by: holders.first)
        carrier.links = try chains(holders + (route?.interfaces ?? []))
        carrier.route = route?.destination
        if let route { carrier.routeTable = route.table }
        carrier.gateway = route?.gateway
        return carrier
    }

    /// The interfaces and every link below them.
    private func chains(_ starts: [UInt32]) throws(LookupFailure) -> [UInt32] {
        var links: [UInt32] = []
        for start in starts {
            var next = start
            while next != 0, !links.contains(next) {
                guard links.count < RouteLookup.mostLinks else { throw LookupFailure() }
                links.append(next)
                next = try link(index: next)?.lowerIndex ?? 0
            }
        }
        return links
    }

    /// Interfaces that have the address; a link-local one may stand on several.
    private func interfaces(with address: [UInt8]) throws(LookupFailure) -> [UInt32] {
        var found: [UInt32] = []
        let family = UInt8(address.count == 4 ? AF_INET : AF_INET6)
        try dump(RouteMessage.getAddress) { (writer: inout MessageWriter) throws(WireError) in
            writer.append([family, 0, 0, 0, 0, 0, 0, 0])
        } each: { (message, bytes) throws(WireError) in
            let start = message.payload.lowerBound
            let index = try bytes.u32(at: start + 4)
            let attributes = try AttributeSet((start + 8)..<message.payload.upperBound, in: bytes)
            // Where both are there, IFA_ADDRESS is the other end of a point-to-point link.
            let own = attributes[AddressAttribute.local] ?? attributes[AddressAttribute.address]
            if let own, try own.copy(of: bytes) == address, !found.contains(index) { found.append(index) }
        }
        return found
    }

    /// The entry that leads to the client, or else whatever leads there.
    private func route(
        to peer: [UInt8], from local: [UInt8], by holder: UInt32?
    ) throws(LookupFailure) -> RouteFacts? {
        // A link-local address means something on its own link alone.
        let scope = peer.starts(with: [0xfe, 0x80]) && peer.count == 16 ? holder : nil
        var route = try route(to: peer, from: local, by: scope, flags: RouteAttribute.entry)
        if route == nil { route = try self.route(to: peer, from: nil, by: scope, flags: RouteAttribute.entry) }
        if let found = route, found.interfaces.isEmpty {
            route?.interfaces = try self.route(to: peer, from: nil, by: scope, flags: 0)?.interfaces ?? []
        }
        return route
    }

    private func route(
        to peer: [UInt8], from local: [UInt8]?, by interface: UInt32?, flags: UInt32
    ) throws(LookupFailure) -> RouteFacts? {
        let (family, bits) = peer.count == 4 ? (UInt8(AF_INET), UInt8(32)) : (UInt8(AF_INET6), UInt8(128))
        // The kernel says EINVAL to a source that it doesn't have.
        let none = [ENETUNREACH, EHOSTUNREACH, EACCES, ESRCH, ENODEV] + (local == nil ? [] : [EINVAL])
        var facts: RouteFacts?
        try ask(RouteMessage.getRoute, none: none) { (writer: inout MessageWriter) throws(WireError) in
            writer.append([family, bits, local == nil ? 0 : bits, 0, 0, 0, 0, 0])
            writer.append(flags)
            try writer.attribute(RouteAttribute.destination, peer)
            if let local { try writer.attribute(RouteAttribute.source, local) }
            if let interface { try writer.attribute(RouteAttribute.interface, interface) }
        } answer: { (message, bytes) throws(WireError) in
            facts = try RouteFacts(message, in: bytes)
        }
        return facts
    }
}

/// One route, as far as the guard needs it.
private struct RouteFacts {
    var destination: AddressPrefix?
    var table: UInt32
    var interfaces: [UInt32] = []
    var gateway: [UInt8]?

    /// RTM_NEWROUTE.
    init(_ message: Message, in bytes: Span<UInt8>) throws(WireError) {
        let start = message.payload.lowerBound
        let isIPv4 = try bytes.u8(at: start) == UInt8(AF_INET)
        var address = [UInt8](repeating: 0, count: isIPv4 ? 4 : 16)
        table = UInt32(try bytes.u8(at: start + 4))
        var cursor = AttributeCursor((start + 12)..<message.payload.upperBound)
        while let attribute = try cursor.next(in: bytes) {
            switch attribute.type {
            case RouteAttribute.destination: address = try attribute.copy(of: bytes)
            case RouteAttribute.table: table = try attribute.u32(in: bytes)
            case RouteAttribute.multipath: try addHops(attribute.payload, in: bytes)
            default: try addHop(attribute, in: bytes)
            }
        }
        destination = AddressPrefix(address: address, length: try bytes.u8(at: start + 1))
    }

    private mutating func addHop(_ attribute: Attribute, in bytes: Span<UInt8>) throws(WireError) {
        switch attribute.type {
        case RouteAttribute.interface: interfaces.append(try attribute.u32(in: bytes))
        case RouteAttribute.gateway: gateway = try attribute.copy(of: bytes)
        // An address of the other family, behind the number of the family.
        case RouteAttribute.via: gateway = Array(try attribute.copy(of: bytes).dropFirst(2))
        default: return
        }
    }

    /// struct rtnexthop, each with its own attributes.
    private mutating func addHops(_ range: Range<Int>, in bytes: Span<UInt8>) throws(WireError) {
        var offset = range.lowerBound
        while offset + 8 <= range.upperBound {
            let length = Int(try bytes.u16(at: offset))
            guard length >= 8, length <= range.upperBound - offset else { throw WireError(.lengthPastEnd, at: offset) }
            interfaces.append(try bytes.u32(at: offset + 4))
            var cursor = AttributeCursor((offset + 8)..<(offset + length))
            while let attribute = try cursor.next(in: bytes) { try addHop(attribute, in: bytes) }
            offset += aligned(length)
        }
    }
}

private enum AddressAttribute {
    static let address: UInt16 = 1
    static let local: UInt16 = 2
}

private enum RouteAttribute {
    static let destination: UInt16 = 1
    static let source: UInt16 = 2
    static let interface: UInt16 = 4
    static let gateway: UInt16 = 5
    static let multipath: UInt16 = 9
    static let table: UInt16 = 15
    static let via: UInt16 = 18
    /// RTM_F_FIB_MATCH: the entry itself, with its prefix and its table.
    static let entry: UInt32 = 0x2000
}
