internal import NetlinkWire

/// Attributes of a link (IFLA_*).
enum LinkAttributeType {
    static let address: UInt16 = 1
    static let name: UInt16 = 3
    static let mtu: UInt16 = 4
    static let lower: UInt16 = 5
    static let master: UInt16 = 10
    static let group: UInt16 = 27
    static let carrier: UInt16 = 33
    static let lowerNamespace: UInt16 = 37
    static let protocolDown: UInt16 = 39
    static let targetNamespace: UInt16 = 46
    static let properties: UInt16 = 52
    static let alternativeName: UInt16 = 53
}

/// Messages of rtnetlink; the structures are those of linux/rtnetlink.h and the headers that it names.
extension MessageObjects {
    /// struct ifinfomsg.
    ///
    /// The kernel takes the index if there is one, else the name, else the alternative name, else the group; with an
    /// index, the name is a new one.
    mutating func readLink(
        _ message: ParsedMessage, _ operation: Operation, _ bytes: Span<UInt8>
    ) throws(Objection) {
        let flags = message.header.flags
        let creates = operation.number == 16 && flags.contains(.create)
        mayCreate = creates
        changesExisting = !(creates && flags.contains(.exclusive))
        try readSelector(message, bytes)
        if selected == nil {
            isWholeGroup = message.attribute(LinkAttributeType.group) != nil && !creates
            interfaces.append(.unknown)
        }
        // Of these operations only DELLINK looks for the link where IFLA_TARGET_NETNSID says.
        if operation.number == 17, message.attribute(LinkAttributeType.targetNamespace) != nil {
            isElsewhere = true
            interfaces.append(.unknown)
        }
        if let master = message.attribute(LinkAttributeType.master) { add(index: try master.number(in: bytes)) }
        guard let lower = message.attribute(LinkAttributeType.lower) else { return }
        let index = try lower.number(in: bytes)
        if message.attribute(LinkAttributeType.lowerNamespace) != nil {
            interfaces.append(.unknown)
        } else {
            add(index: index)
        }
    }

    /// The link's alternative names are added or taken away.
    mutating func readLinkProperty(_ message: ParsedMessage, _ bytes: Span<UInt8>) throws(Objection) {
        changesExisting = true
        try readSelector(message, bytes)
        guard let list = message.attribute(LinkAttributeType.properties) else { return }
        var cursor = AttributeCursor(list.payload)
        while let entry = try cursor.nextAttribute(in: bytes) {
            guard entry.type == LinkAttributeType.alternativeName else { continue }
            interfaces.append(.newName(try entry.interfaceName(in: bytes)))
        }
    }

    private mutating func readSelector(_ message: ParsedMessage, _ bytes: Span<UInt8>) throws(Objection) {
        let index = message.headerNumber(4, bytes)
        guard index <= UInt32(Int32.max) else { throw .malformed("the index of an interface is negative") }
        if index != 0 { selected = .index(index) }
        for type in [LinkAttributeType.name, LinkAttributeType.alternativeName] {
            guard let name = try message.attribute(type)?.interfaceName(in: bytes) else { continue }
            if selected == nil {
                selected = .name(name)
            } else {
                interfaces.append(.newName(name))
            }
        }
        if let selected { interfaces.append(selected) }
    }

    /// struct ifaddrmsg.
    mutating func readAddress(_ message: ParsedMessage, _ bytes: Span<UInt8>) throws(Objection) {
        addOrUnknown(index: message.headerNumber(4, bytes))
        if let number = message.attribute(11) { set(protocolNumber: try number.byte(in: bytes)) }
    }

    /// struct rtmsg.
    ///
    /// RTA_TABLE beats rtm_table; of multicast routes the kernel reads RTA_TABLE alone.
    mutating func readRoute(_ message: ParsedMessage, _ bytes: Span<UInt8>) throws(Objection) {
        let isMulticast = [128, 129].contains(message.headerByte(0, bytes))
        set(table: isMulticast ? 0 : UInt32(message.headerByte(4, bytes)))
        set(protocolNumber: message.headerByte(5, bytes))
        if let number = message.attribute(15) { set(table: try number.number(in: bytes)) }
        // RTA_IIF alone doesn't say where packets go; nor do the virtual interfaces of multicast routes.
        if isMulticast || message.attribute(4) == nil && message.findings.interfaces.isEmpty {
            interfaces.append(.unknown)
        }
        for type in [3, 4] as [UInt16] {
            guard let index = message.attribute(type) else { continue }
            addOrUnknown(index: try index.number(in: bytes))
        }
        try readDestination(message, bytes)
    }

    /// struct fib_rule_hdr.
    ///
    /// FRA_TABLE beats the header's table.
    mutating func readRule(_ message: ParsedMessage, _ bytes: Span<UInt8>) throws(Objection) {
        set(table: UInt32(message.headerByte(4, bytes)))
        if let number = message.attribute(15) { set(table: try number.number(in: bytes)) }
        if let number = message.attribute(21) { set(protocolNumber: try number.byte(in: bytes)) }
        for type in [3, 17] as [UInt16] {
            guard let name = message.attribute(type) else { continue }
            interfaces.append(.name(try name.interfaceName(in: bytes)))
        }
        try readDestination(message, bytes)
    }

    /// RTA_DST or FRA_DST with the length in the header.
    ///
    /// Without either it is the default route, or every destination: 0.0.0.0/0 or ::/0. A length without an address says
    /// nothing that can be relied on.
    private mutating func readDestination(_ message: ParsedMessage, _ bytes: Span<UInt8>) throws(Objection) {
        let (family, length) = (message.headerByte(0, bytes), Int(message.headerByte(1, bytes)))
        guard let width = Prefix.width(family) else { return }
        guard length <= width * 8 else { throw .malformed("a prefix is longer than an address") }
        guard let address = message.attribute(1) else {
            if length == 0 { destination = Prefix(isIPv6: width == 16, bits: 0, length: 0) }
            return
        }
        destination = Prefix(address: try address.address(of: family, in: bytes), length: length)
    }

    /// struct ndmsg.
    mutating func readNeighbour(_ message: ParsedMessage, _ bytes: Span<UInt8>) throws(Objection) {
        addOrUnknown(index: message.headerNumber(4, bytes))
        if let number = message.attribute(12) { set(protocolNumber: try number.byte(in: bytes)) }
        if let master = message.attribute(9) { add(index: try master.number(in: bytes)) }
        guard let outgoing = message.attribute(8) else { return }
        let index = try outgoing.number(in: bytes)
        if message.attribute(10) != nil {
            interfaces.append(.unknown)
        } else {
            add(index: index)
        }
    }

    /// struct tcmsg, whose index may stand for a block that several links share (TCM_IFINDEX_MAGIC_BLOCK).
    mutating func readTrafficControl(_ message: ParsedMessage, _ bytes: Span<UInt8>) {
        let index = message.headerNumber(4, bytes)
        isSharedBlock = index == UInt32.max
        if isSharedBlock { interfaces.append(.unknown) } else { addOrUnknown(index: index) }
    }

    /// struct ndtmsg; the interface stands in NDTA_PARMS.
    mutating func readNeighbourTable(_ message: ParsedMessage, _ bytes: Span<UInt8>) throws(Objection) {
        guard let parameters = message.attribute(6) else { return }
        var cursor = AttributeCursor(parameters.payload)
        while let entry = try cursor.nextAttribute(in: bytes) {
            if entry.type == 1 { add(index: try entry.number(in: bytes)) }
        }
    }

    /// struct br_port_msg names the bridge, struct br_mdb_entry in MDBA_SET_ENTRY the port.
    mutating func readMulticastDatabase(_ message: ParsedMessage, _ bytes: Span<UInt8>) throws(Objection) {
        addOrUnknown(index: message.headerNumber(4, bytes))
        guard let entry = message.attribute(1), message.header.type.rawValue != 86 else { return }
        guard entry.payload.count >= 4 else { throw .malformed("struct br_mdb_entry is cut short") }
        add(index: bytes.number(at: entry.payload.lowerBound))
    }

    /// struct nhmsg.
    mutating func readNextHop(_ message: ParsedMessage, _ bytes: Span<UInt8>) throws(Objection) {
        set(protocolNumber: message.headerByte(2, bytes))
        if let outgoing = message.attribute(5) { add(index: try outgoing.number(in: bytes)) }
    }
}

extension Prefix {
    /// Bytes of an address of this family; nil for those that aren't compared.
    static func width(_ family: UInt8) -> Int? {
        switch family {
        case 2: 4
        case 10: 16
        default: nil
        }
    }

    init(address: Prefix, length: Int) {
        self.init(isIPv6: address.isIPv6, bits: address.bits, length: length)
    }
}

extension Attribute {
    /// An address of exactly this family's width.
    func address(of family: UInt8, in bytes: Span<UInt8>) throws(Objection) -> Prefix {
        guard let width = Prefix.width(family), payload.count == width else {
            throw .malformed("attribute \(type) is no address of family \(family)")
        }
        var bits: UInt128 = 0
        for index in payload { bits = bits << 8 | UInt128(bytes[index]) }
        return Prefix(isIPv6: width == 16, bits: bits << UInt128(128 - 8 * width), length: 8 * width)
    }
}
