internal import NetlinkWire

/// One message, taken apart: its header, its outermost attributes, and what the walk through them found.
struct ParsedMessage {
    let header: MessageHeader
    let payload: Range<Int>
    /// Each type at most once, but where the level says otherwise.
    let attributes: [Attribute]
    let findings: Findings

    func attribute(_ type: UInt16) -> Attribute? {
        attributes.first { $0.type == type }
    }

    /// Four bytes of the fixed header; 0 when the header came short, as that of a dump may.
    func headerNumber(_ offset: Int, _ bytes: Span<UInt8>) -> UInt32 {
        payload.count >= offset + 4 ? bytes.number(at: payload.lowerBound + offset) : 0
    }

    /// One byte of the fixed header; 0 when the header came short.
    func headerByte(_ offset: Int, _ bytes: Span<UInt8>) -> UInt8 {
        payload.count > offset ? bytes[payload.lowerBound + offset] : 0
    }
}

/// What a message is about, as far as a policy, the log or the guard may ask.
///
/// What the message leaves out, or gives as 0, is nil or empty.
struct MessageObjects: Equatable, Sendable {
    /// Every interface that it names.
    var interfaces: [InterfaceReference] = []
    /// The link that an operation on links changes.
    var selected: InterfaceReference?
    /// It is about every link of a group.
    var isWholeGroup = false
    /// It is about a shared block of traffic control, whose links can't be told.
    var isSharedBlock = false
    /// The link that it is about is in another namespace.
    var isElsewhere = false
    /// The routing table.
    var table: UInt32?
    /// Who installs it.
    var protocolNumber: UInt8?
    /// Where a route leads, or what a rule's packets are for.
    var destination: Prefix?
    /// The kinds that it gives to links.
    var linkKinds: [String] = []
    /// The kind of the selected link counts as well: the message may change a link that exists.
    var changesExisting = false
    /// A link that doesn't exist is made.
    var mayCreate = false
    /// The address family of the fixed header; 0 fits only a policy that says so.
    var family: UInt8?
    /// The table of nftables.
    var tableName: String?

    mutating func add(index: UInt32) {
        if index != 0 { interfaces.append(.index(index)) }
    }

    mutating func addOrUnknown(index: UInt32) {
        interfaces.append(index == 0 ? .unknown : .index(index))
    }

    mutating func set(table: UInt32) { self.table = table == 0 ? nil : table }
    mutating func set(protocolNumber: UInt8) { self.protocolNumber = protocolNumber == 0 ? nil : protocolNumber }
}

extension MessageObjects {
    /// Reads the objects of a message.
    ///
    /// An attribute that the kernel would read otherwise than here is malformed: it has another width than the tools send.
    init(_ message: ParsedMessage, _ subject: Subject, _ operation: Operation, _ bytes: Span<UInt8>) throws(Objection) {
        interfaces = message.findings.interfaces
        linkKinds = message.findings.linkKinds
        if subject.keys(operation).contains(.family) { family = message.headerByte(0, bytes) }
        switch subject {
        case .link: try readLink(message, operation, bytes)
        case .linkProperty: try readLinkProperty(message, bytes)
        case .address: try readAddress(message, bytes)
        case .route: try readRoute(message, bytes)
        case .neighbour: try readNeighbour(message, bytes)
        case .rule: try readRule(message, bytes)
        case .trafficControl: readTrafficControl(message, bytes)
        case .neighbourTable: try readNeighbourTable(message, bytes)
        case .addressLabel, .statistics, .bridgeVLAN, .tunnel:
            addOrUnknown(index: message.headerNumber(4, bytes))
        case .multicastDatabase: try readMulticastDatabase(message, bytes)
        case .nextHop: try readNextHop(message, bytes)
        case .priority, .priorityRead:
            if let name = message.attribute(1) { interfaces.append(.name(try name.interfaceName(in: bytes))) }
        case .table, .chain, .tableContent, .setObject, .otherRules:
            if let name = message.attribute(1) { tableName = try name.name(in: bytes) }
        case .securityState: try readSecurityState(message, bytes)
        case .ethtool:
            guard let header = message.attribute(1) else { return }
            try readDevice(header.payload, 1, 2, bytes)
        case .device(let index, let name): try readDevice(message, index, name, bytes)
        case .station: try readDevice(message, 3, nil, bytes)
        case .none, .action, .connection, .expectation, .sets, .accounting, .timeout, .helper, .socket, .controller,
            .taskstats, .metrics:
            return
        }
    }

    private mutating func readDevice(
        _ message: ParsedMessage, _ index: UInt16, _ name: UInt16?, _ bytes: Span<UInt8>
    ) throws(Objection) {
        if let index = message.attribute(index) { add(index: try index.number(in: bytes)) }
        if let name, let text = message.attribute(name) { interfaces.append(.name(try text.interfaceName(in: bytes))) }
    }

    private mutating func readDevice(
        _ range: Range<Int>, _ index: UInt16, _ name: UInt16, _ bytes: Span<UInt8>
    ) throws(Objection) {
        var seen: Set<UInt16> = []
        var cursor = AttributeCursor(range)
        while let attribute = try cursor.nextAttribute(in: bytes) {
            guard seen.insert(attribute.type).inserted else { throw .malformed("two interfaces in one header") }
            if attribute.type == index { add(index: try attribute.number(in: bytes)) }
            if attribute.type == name { interfaces.append(.name(try attribute.interfaceName(in: bytes))) }
        }
    }

    /// XFRMA_OFFLOAD_DEV: struct xfrm_user_offload, which begins with the interface.
    private mutating func readSecurityState(_ message: ParsedMessage, _ bytes: Span<UInt8>) throws(Objection) {
        guard let offload = message.attribute(28) else { return }
        guard offload.payload.count >= 4 else { throw .malformed("struct xfrm_user_offload is cut short") }
        add(index: bytes.number(at: offload.payload.lowerBound))
    }
}
