import GatewayPolicy
import NetlinkWire
import Testing

extension Grants {
    /// Operations by `LABEL NAME`, in every mode that they have; `LABEL *` for a whole family.
    static func of(_ titles: [String], extras: Extras = [], netnsIDs: [Int32] = []) -> Grants {
        Grants(
            extras: extras, netnsIDs: netnsIDs,
            operations: { family, operation in
                titles.contains("\(family.label) \(operation.name)") || titles.contains("\(family.label) *")
                    ? operation.grantable : []
            })
    }
}

extension RolePart {
    /// A role that grants some operations under conditions.
    static func role(
        named name: String = "router", line: UInt32 = 21, _ titles: [String], extras: Grants.Extras = [],
        netnsIDs: [Int32] = [], _ conditions: (inout Conditions) throws -> Void
    ) rethrows -> RolePart {
        var part = role(named: name, line: line, titles, extras: extras, netnsIDs: netnsIDs)
        try conditions(&part.conditions)
        return part
    }

    /// A role that grants some operations, whatever they are about.
    static func role(
        named name: String = "router", line: UInt32 = 21, _ titles: [String], extras: Grants.Extras = [],
        netnsIDs: [Int32] = []
    ) -> RolePart {
        RolePart(name: name, line: line, grants: .of(titles, extras: extras, netnsIDs: netnsIDs))
    }
}

extension AddressPrefix {
    /// `10.0.0.0/8`, or an IPv6 prefix by its groups in full.
    static func prefix(_ text: String) throws -> AddressPrefix {
        let parts = text.split(separator: "/")
        let length = try #require(UInt8(parts[1]))
        let address: [UInt8] =
            parts[0].contains(":")
            ? parts[0].split(separator: ":").flatMap { group -> [UInt8] in
                let value = UInt16(group, radix: 16) ?? 0
                return [UInt8(value >> 8), UInt8(value & 255)]
            }
            : parts[0].split(separator: ".").compactMap { UInt8($0) }
        return try #require(AddressPrefix(address: address, length: length), "\(text)")
    }
}

/// Requests of rtnetlink, built from what a test cares about.
enum Route {
    static let inet: UInt8 = 2
    static let inet6: UInt8 = 10
    static let add: MessageFlags = [.request, .ack, .create, .exclusive]

    static func index(_ type: UInt16, _ value: UInt32) -> [UInt8] { Request.attribute(type, Request.little(value)) }

    /// NEWROUTE and DELROUTE.
    static func route(
        of type: UInt16 = 24, family: UInt8 = inet, length: UInt8 = 24, table: UInt8 = 0, protocolNumber: UInt8 = 0,
        with flags: MessageFlags = add, _ attributes: [UInt8] = []
    ) throws -> [UInt8] {
        try Request.message(
            type, flags, [family, length, 0, 0, table, protocolNumber, 0, 1] + Request.zeros(4) + attributes)
    }

    static func destination(_ address: UInt8...) -> [UInt8] { Request.attribute(1, address) }

    /// NEWRULE and DELRULE; lengths are those of the destination and of the source.
    static func rule(
        of type: UInt16 = 32, family: UInt8 = inet, lengths: (UInt8, UInt8) = (0, 0), table: UInt8 = 0,
        flags: UInt32 = 0,
        _ attributes: [UInt8] = []
    ) throws -> [UInt8] {
        try Request.message(
            type, add, [family, lengths.0, lengths.1, 0, table, 0, 0, 1] + Request.little(flags) + attributes)
    }

    /// NEWLINK, DELLINK, SETLINK.
    static func link(
        _ type: UInt16, index: UInt32 = 0, family: UInt8 = 0, flags: UInt32 = 0, mask: UInt32 = 0,
        with messageFlags: MessageFlags = Request.set, _ attributes: [UInt8] = []
    ) throws -> [UInt8] {
        try Request.message(
            type, messageFlags,
            [family, 0, 0, 0] + Request.little(index) + Request.little(flags) + Request.little(mask) + attributes)
    }

    static func name(_ name: String) -> [UInt8] { Request.text(3, name) }
    static func kind(_ kind: String) -> [UInt8] { Request.attribute(18, Request.text(1, kind)) }

    /// NEWADDR and DELADDR.
    static func address(
        of type: UInt16 = 20, family: UInt8 = inet, length: UInt8 = 24, index: UInt32 = 3,
        with flags: MessageFlags = add, _ attributes: [UInt8]
    ) throws -> [UInt8] {
        try Request.message(type, flags, [family, length, 0, 0] + Request.little(index) + attributes)
    }

    /// Messages that begin with a family byte and have an index at 4: neighbours, traffic control, VLANs.
    static func indexed(
        _ type: UInt16, index: UInt32, size: Int, family: UInt8 = 0, with flags: MessageFlags = add,
        _ attributes: [UInt8] = []
    ) throws -> [UInt8] {
        try Request.message(
            type, flags, [family, 0, 0, 0] + Request.little(index) + Request.zeros(size - 8) + attributes)
    }
}

extension Server {
    /// lo, eth0 (hardware, with an alternative name), veth0, vlan7 on eth0.
    static let usual = Server(links: [
        LinkFacts(index: 1, name: "lo"),
        LinkFacts(index: 2, name: "eth0", alternativeNames: ["enp1s0", "veth-uplink"]),
        LinkFacts(index: 3, name: "veth0", kind: "veth"),
        LinkFacts(index: 4, name: "vlan7", alternativeNames: ["mgmt-vlan"], kind: "vlan", lowerIndex: 2),
    ])
}
