import GatewayProtocol
import NetlinkFamilies
import NetlinkWire
import Synchronization

/// A kernel with bonds, as far as IPDB looks: links with names, masters and whether they are up.
///
/// Its rules are those of the bonding driver: a port has to be down to be taken, comes up by that, and goes down when it
/// is let go; the bond's first port gives it its address.
final class ScriptedKernel: Sendable {
    struct Port: Equatable {
        var name: String
        var master: UInt32 = 0
        var isUp = false
        var mtu: UInt32 = 1500
    }

    fileprivate struct State {
        var links: [UInt32: Port] = [:]
        var changes = 0
        var refused: Int?
    }

    private let state = Mutex(State())

    init(_ links: [UInt32: Port]) {
        state.withLock { $0.links = links }
    }

    /// What it is like.
    var links: [UInt32: Port] { state.withLock { $0.links } }

    /// From here on the change of this number, the first being 1, is refused.
    func refuse(_ number: Int?) {
        state.withLock { state in
            state.changes = 0
            state.refused = number
        }
    }

    /// The gateway to it.
    func gateway() throws -> ScriptedGateway {
        try ScriptedGateway { [self] header, payload, writer in
            guard header.kind == .datagram, let request = firstMessage(payload) else { return }
            for datagram in answers(to: request, payload) { writer.append(.datagram, datagram) }
        }
    }

    private func answers(to request: MessageHeader, _ datagram: [UInt8]) -> [[UInt8]] {
        guard request.type == .getLink || request.type == .newLink else {
            // No addresses, no routes.
            return [answer(request, .done, [0, 0, 0, 0], .multi)]
        }
        guard let asked = try? link(datagram) else { return [acknowledgement(request, code: 22)] }
        if request.type == .newLink { return [state.withLock { $0.change(request, asked) }] }
        let links = links.sorted { $0.key < $1.key }
        if request.flags.isSuperset(of: .dump) {
            let chosen = links.filter { asked.master == nil || asked.master == $0.value.master }
            return chosen.map { answer(request, .newLink, payload($0.key, $0.value), .multi) }
                + [answer(request, .done, [0, 0, 0, 0], .multi)]
        }
        let found = links.first { $0.key == asked.index || asked.index == 0 && ByteString($0.value.name) == asked.name }
        return [
            found.map { answer(request, .newLink, payload($0.key, $0.value)) } ?? acknowledgement(request, code: 19)
        ]
    }

    private func link(_ datagram: [UInt8]) throws -> Link? {
        var cursor = MessageCursor(datagram.span)
        guard let message = try cursor.next(in: datagram.span) else { return nil }
        return try Link(message, in: datagram.span)
    }

    private func payload(_ index: UInt32, _ port: Port) -> [UInt8] {
        var link = Link(index: index, name: ByteString(port.name))
        link.flags = port.isUp ? .up : []
        link.mtu = port.mtu
        link.master = port.master == 0 ? nil : port.master
        link.info = LinkInfo(kind: port.name.hasPrefix("bond") ? "bond" : "veth")
        return linkPayload(link)
    }
}

extension ScriptedKernel.State {
    /// Makes a change, or refuses it.
    fileprivate mutating func change(_ request: MessageHeader, _ asked: Link) -> [UInt8] {
        changes += 1
        guard changes != refused else { return acknowledgement(request, code: 16) }
        guard var port = links[asked.index] else { return acknowledgement(request, code: 19) }
        if let mtu = asked.mtu { port.mtu = mtu }
        if asked.changeMask.contains(.up) { port.isUp = asked.flags.contains(.up) }
        if let master = asked.master, master != port.master {
            if master != 0 {
                guard !port.isUp else {
                    return acknowledgement(request, code: 1, text: "Device can not be enslaved while up")
                }
                guard port.master == 0 else { return acknowledgement(request, code: 16) }
            }
            port.isUp = master != 0
            port.master = master
        }
        links[asked.index] = port
        return acknowledgement(request)
    }
}
