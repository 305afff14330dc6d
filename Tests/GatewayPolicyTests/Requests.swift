import GatewayPolicy
import NetlinkWire

/// Bytes of requests, and verdicts on them, in few words.
enum Request {
    /// Flags of a single read, a dump, a change and a creation.
    static let get: MessageFlags = [.request]
    static let dump: MessageFlags = [.request, .root, .match]
    static let set: MessageFlags = [.request, .ack]
    static let create: MessageFlags = [.request, .ack, .create, .exclusive]

    /// What stands in the padding of attributes.
    @TaskLocal static var padding: UInt8 = 0

    /// One message with this payload.
    static func message(
        _ type: UInt16, _ flags: MessageFlags = get, sequence: UInt32 = 7, _ payload: [UInt8]
    ) throws(WireError) -> [UInt8] {
        var writer = MessageWriter()
        let header = MessageHeader(type: MessageType(rawValue: type), flags: flags, sequence: sequence)
        try writer.message(header) { (writer: inout MessageWriter) throws(WireError) in writer.append(payload) }
        return writer.bytes
    }

    /// One generic message: command, version 1, then attributes.
    static func generic(
        _ family: UInt16, _ command: UInt8, _ flags: MessageFlags = get, header: Int = 0, _ attributes: [UInt8] = []
    ) throws(WireError) -> [UInt8] {
        try message(family, flags, [command, 1, 0, 0] + zeros(header) + attributes)
    }

    /// One attribute: header, payload, padding.
    static func attribute(_ type: UInt16, _ payload: [UInt8]) -> [UInt8] {
        let length = UInt16(payload.count + 4)
        let padding = [UInt8](repeating: padding, count: (4 - payload.count & 3) & 3)
        return little(length) + little(type) + payload + padding
    }

    /// An attribute that holds a text.
    static func text(_ type: UInt16, _ text: String) -> [UInt8] {
        attribute(type, Array(text.utf8) + [0])
    }

    /// Two bytes, little-endian.
    static func little(_ value: UInt16) -> [UInt8] {
        [UInt8(truncatingIfNeeded: value), UInt8(truncatingIfNeeded: value >> 8)]
    }

    /// Four bytes, little-endian.
    static func little(_ value: UInt32) -> [UInt8] {
        little(UInt16(truncatingIfNeeded: value)) + little(UInt16(truncatingIfNeeded: value >> 16))
    }

    /// Bytes of zeros.
    static func zeros(_ count: Int) -> [UInt8] {
        [UInt8](repeating: 0, count: count)
    }

    /// Wraps bytes into attributes of these types, the last of them innermost.
    static func nest(_ types: [UInt16], _ content: [UInt8]) -> [UInt8] {
        types.reversed().reduce(content) { attribute($1, $0) }
    }
}

/// Generic family numbers as the tests assign them.
let assignedFamilies: [String: UInt16] = {
    var map: [String: UInt16] = [
        "nlctrl": 16, "ethtool": 21, "mptcp_pm": 28, "tcp_metrics": 27, "SEG6": 29, "IOAM6": 30,
    ]
    var next: UInt16 = 40
    for family in Catalogue.families where family.protocolNumber == NetlinkProtocol.generic {
        if map[family.name] == nil {
            map[family.name] = next
            next += 1
        }
    }
    return map
}()

/// A map that the controller's announcements of all known families have filled.
func fullFamilyMap() throws -> FamilyMap {
    var map = FamilyMap()
    for (name, id) in assignedFamilies where name != "nlctrl" {
        let bytes = try announcement(1, id, name, groups: [("g\(id)", UInt32(id) + 1000)])
        map.apply(bytes.span)
    }
    return map
}

/// What the controller sends: command, family, groups.
func announcement(
    _ command: UInt8, _ id: UInt16, _ name: String, groups: [(name: String, id: UInt32)] = []
) throws(WireError) -> [UInt8] {
    let entries = groups.enumerated().flatMap { index, group in
        Request.attribute(
            UInt16(index + 1), Request.text(1, group.name) + Request.attribute(2, Request.little(group.id)))
    }
    return try Request.generic(
        16, command, [],
        Request.attribute(1, Request.little(id)) + Request.text(2, name)
            + Request.attribute(7 | Attribute.nestedFlag, entries))
}

/// A judge with all it needs, for one protocol.
struct Court {
    static let portID: UInt32 = 4711
    let judge: DatagramJudge
    let families: FamilyMap
    let server: Server

    init(_ grants: Grants, _ protocolNumber: Int32 = NetlinkProtocol.route) throws {
        try self.init(SessionGrants(roles: [RolePart(name: "builtin", grants: grants)]), protocolNumber)
    }

    init(
        _ session: SessionGrants, _ protocolNumber: Int32 = NetlinkProtocol.route, readOnly: Bool = false,
        server: Server = Server()
    ) throws {
        judge = DatagramJudge(session: session, protocolNumber: protocolNumber, readOnly: readOnly)
        families = try fullFamilyMap()
        self.server = server
    }

    func verdict(_ datagram: [UInt8]) -> Verdict {
        judge.judge(
            datagram.span, families: families, context: SessionContext(portID: Court.portID), lookup: server)
    }

    /// The errno of each message; empty when the datagram is forwarded.
    func errors(_ datagram: [UInt8]) -> [Int32] {
        guard case .refuse(let refusal) = verdict(datagram) else { return [] }
        return refusal.items.map(\.objection.errno)
    }

    func forwards(_ datagram: [UInt8]) -> Bool {
        guard case .forward = verdict(datagram) else { return false }
        return true
    }

    /// The text of the first message that is wrong by itself, or nil when the datagram is forwarded.
    func complaint(_ datagram: [UInt8]) -> String? {
        guard case .refuse(let refusal) = verdict(datagram) else { return nil }
        return refusal.cause?.objection.text(client: "noc-7")
    }

    func summary(_ datagram: [UInt8]) -> DatagramSummary? {
        guard case .forward(let summary) = verdict(datagram) else { return nil }
        return summary
    }
}

/// A server as the tests make it up.
struct Server: ServerFacts {
    var links: [LinkFacts] = []
    var carrying: Carrier?
    /// The kernel can't be asked.
    var isSilent = false

    func link(index: UInt32) throws(LookupFailure) -> LinkFacts? {
        if isSilent { throw LookupFailure() }
        return links.first { $0.index == index }
    }

    func link(named name: String) throws(LookupFailure) -> LinkFacts? {
        if isSilent { throw LookupFailure() }
        return links.first { $0.name == name || $0.alternativeNames.contains(name) }
    }

    func carrier() throws(LookupFailure) -> Carrier? {
        if isSilent { throw LookupFailure() }
        return carrying
    }
}
