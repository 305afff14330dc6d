import NetlinkFamilies
import NetlinkWire

/// Which requests undo a change of a link.
struct LinkUndoing: Sendable {
    let ip: IPRoute

    /// Attributes that are set to what they were.
    private static let settable: Set<UInt16> = [
        LinkAttribute.address, LinkAttribute.broadcast, LinkAttribute.name, LinkAttribute.mtu, LinkAttribute.master,
        LinkAttribute.txQueueLength, LinkAttribute.linkMode, LinkAttribute.alias, LinkAttribute.group,
        LinkAttribute.protocolDown,
    ]
    /// Bytes of struct ifinfomsg.
    private static let headerSize = 16

    func requests(for link: Link, _ change: RouteChange) async throws(NetlinkError) -> [Request] {
        guard change != .delete else {
            throw misuse("a deleted interface can't be put back with all that belonged to it: not in a transaction")
        }
        let present = try await present(link)
        if change == .add || (present == nil && change == .replace) {
            guard present == nil else { return [] }
            guard !link.name.bytes.isEmpty, !link.name.bytes.contains(0x25) else {
                throw misuse("an interface that is made in a transaction needs a name of its own")
            }
            let made = Link(name: link.name)
            return [try ip.built { () throws(WireError) in try RouteChange.delete.request(made) }]
        }
        guard let present else { return [] }
        return try await restoring(present, after: link)
    }

    private func misuse(_ text: String) -> NetlinkError { NetlinkError(.misuse(text), host: ip.host) }

    /// The link as the kernel has it; nil when there is none.
    private func present(_ link: Link) async throws(NetlinkError) -> NetlinkMessage? {
        let request = try ip.built { () throws(WireError) in
            try link.index != 0
                ? LinkRequest.get(index: link.index)
                : LinkRequest.get(name: link.name.bytes.isEmpty ? link.alternativeNames.first ?? "" : link.name)
        }
        do throws(NetlinkError) {
            return try await ip.connection.request(request).messages.first { $0.header.type == .newLink }
        } catch {
            guard error.errno == ErrorNumber.noDevice else { throw error }
            return nil
        }
    }

    private func restoring(_ message: NetlinkMessage, after link: Link) async throws(NetlinkError) -> [Request] {
        let wanted = try attributes(of: try ip.built { () throws(WireError) in try RouteChange.change.request(link) })
        let old = try attributes(Array(message.payload))
        let present = try decoded(message)
        var undo = Link(index: present.index)
        undo.changeMask = link.changeMask
        undo.flags = present.flags.intersection(link.changeMask)
        for attribute in wanted {
            if let before = try restored(attribute.type, of: link, old) { undo.unknownAttributes.append(before) }
        }
        let request = try ip.built { () throws(WireError) in try RouteChange.change.request(undo) }
        guard losesMore(link, present) else { return [request] }
        let addresses = try await ip.addresses(index: present.index).filter { !$0.comesByItself }
        var requests = [request]
        for address in addresses {
            requests.append(try ip.built { () throws(WireError) in try RouteChange.replace.request(address.again) })
        }
        let undoing = Undoing(ip: ip)
        return try await requests + undoing.routes(through: present.index) + undoing.neighbours(of: present.index)
    }

    /// True for a change that takes addresses, routes or neighbours along.
    private func losesMore(_ link: Link, _ present: Link) -> Bool {
        let goesDown = link.changeMask.contains(.up) && !link.flags.contains(.up) && present.flags.contains(.up)
        return goesDown || link.master != nil || link.mtu != nil || link.address != nil
    }

    /// What an attribute of the change was before; nil for one that only selects.
    private func restored(
        _ type: UInt16, of link: Link, _ old: [RawAttribute]
    ) throws(NetlinkError) -> RawAttribute? {
        switch type {
        case LinkAttribute.extMask: return nil
        case LinkAttribute.name where link.index == 0: return nil
        case LinkAttribute.alternativeName: return nil
        case let type where LinkUndoing.settable.contains(type):
            if let before = old.first(where: { $0.type == type }) { return before }
            // No master, no alias.
            let nothing: [UInt8] = type == LinkAttribute.master ? [0, 0, 0, 0] : []
            return RawAttribute(rawType: type, payload: nothing)
        default: throw misuse("attribute \(type) of an interface can't be put back: not in a transaction")
        }
    }

    private func attributes(of request: Request) throws(NetlinkError) -> [RawAttribute] {
        try attributes(request.payload)
    }

    private func attributes(_ payload: [UInt8]) throws(NetlinkError) -> [RawAttribute] {
        do throws(WireError) {
            var found: [RawAttribute] = []
            guard payload.count >= LinkUndoing.headerSize else { throw WireError(.truncatedHeader, at: 0) }
            var cursor = AttributeCursor(LinkUndoing.headerSize..<payload.count)
            while let attribute = try cursor.next(in: payload.span) {
                found.append(try RawAttribute(attribute, in: payload.span))
            }
            return found
        } catch {
            throw NetlinkError(.malformed(error), host: ip.host)
        }
    }

    private func decoded(_ message: NetlinkMessage) throws(NetlinkError) -> Link {
        do throws(WireError) {
            return try message.decode { (message, bytes) throws(WireError) in try Link(message, in: bytes) }
        } catch {
            throw NetlinkError(.malformed(error), host: ip.host)
        }
    }
}
