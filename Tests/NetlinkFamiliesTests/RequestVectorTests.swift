import NetlinkFamilies
import NetlinkWire
import Testing

@testable import nlgate

/// Requests that equal those of iproute2 byte for byte, also for kinds of links that the test kernel lacks.
@Suite struct RequestVectorTests {
    struct Asked: CustomTestStringConvertible {
        let name: String
        let request: @Sendable () throws -> Request
        var testDescription: String { name }

        init(_ name: String, _ object: @escaping @Sendable () -> some RouteMessage) {
            self.name = name
            request = {
                let object = object()
                return try object.request(type(of: object).newType, flags: [.ack, .create, .exclusive])
            }
        }
    }

    static let asked: [Asked] = [
        Asked("bridge") {
            var info = BridgeInfo()
            info[.stpState] = 1
            info[.forwardDelay] = 400
            info[.vlanFiltering] = 1
            return Link.bridge("br0", info)
        },
        Asked("veth") { Link.veth("v0", peer: "v1") },
        Asked("dummy") { Link.dummy("d0") },
        Asked("vlan") { Link.vlan("v0.5", id: 5, on: 3) },
        Asked("vlan-qinq") {
            var info = VLANInfo()
            info[.tagProtocol] = NetworkUInt16(0x88a8)
            info[.id] = 6
            info[.flags] = VLANFlags(payload: [0, 0, 0, 0, 1, 0, 0, 0])
            var link = Link.made("v0.6", kind: "vlan", details: .vlan(info))
            link.mtu = 1400
            link.link = 3
            return link
        },
        Asked("macvlan") { Link.macvlan("mv0", on: 3) },
        Asked("vxlan") { Link.vxlan("vx0", id: 42, remote: "192.0.2.1", local: "192.0.2.2", on: 3) },
        Asked("bond") { Link.bond("bond0", mode: 4, miimon: 100) },
        Asked("bond-more") {
            var info = BondInfo()
            info[.mode] = 1
            info[.primaryReselect] = 1
            info[.failOverMAC] = 2
            info[.upDelay] = 200
            var link = Link.made("bond0", kind: "bond", details: .bond(info))
            link.address = "02:00:00:00:00:70"
            return link
        },
        Asked("vrf") { Link.vrf("vrf0", table: RouteTable(rawValue: 1000)) },
        Asked("wireguard") { Link.wireguard("wg0") },
        Asked("qdisc-pfifo") { Qdisc("pfifo", index: 3, handle: TrafficHandle(0x20, 0), options: .fifo(limit: 50)) },
        Asked("qdisc-htb") {
            var options = HTBOptions(defaultClass: 0x10)
            options[.global]?.rateToQuantum = 10
            return Qdisc("htb", index: 3, handle: TrafficHandle(1, 0), options: .htb(options))
        },
        Asked("address") { Address("10.0.0.1/24", index: 3) },
        Asked("neighbour") {
            Neighbour(family: .inet, index: 3, destination: "10.0.0.2", linkAddress: "02:00:00:00:00:aa")
        },
    ]

    @Test(arguments: asked) func `requests equal those of iproute2`(_ asked: Asked) throws {
        let vector = try #require(Vector.all.first { $0.name == "request/\(asked.name)" })
        let theirs = try #require(vector.requests.first)
        let ours = try asked.request().encode(sequence: 0)
        #expect(ours.hex == theirs.hex)
    }

    /// Of the same words the command line makes the same request; only the order of attributes is its own.
    @Test(arguments: Vector.of("request")) func `the same words ask for the same`(_ vector: Vector) async throws {
        let words = vector.command.split(separator: " ").dropFirst().map(String.init)
        let command = try NLGate.command(words)
        let change = try #require(command as? any ChangingCommand)
        let links = vector.links
        let lookup = Lookup { name in try #require(links.first { $0.value == name }?.key, "no \(name)") }
        let ours = try await change.request(lookup).encode(sequence: 0)
        let theirs = try #require(vector.requests.first)
        #expect(try text(ours) == text(theirs))
    }

    /// Header and attributes, these in an order of their own.
    private func text(_ bytes: [UInt8]) throws -> String {
        var cursor = MessageCursor(bytes.span)
        let message = try #require(try cursor.next(in: bytes.span))
        let payload = Array(bytes[message.payload])
        let sizes: [UInt16: Int] = [16: 16, 20: 8, 24: 12, 28: 12, 32: 12, 36: 20, 40: 20, 44: 20]
        let size = try #require(sizes[message.header.type.rawValue & ~3])
        let attributes = Array(payload[size...])
        return "\(message.header.type.rawValue) \(message.header.flags.rawValue) \(Array(payload[..<size]).hex) "
            + canonical(attributes)
    }
}

extension [UInt8] {
    /// Two digits a byte.
    fileprivate var hex: String { map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ") }
}
