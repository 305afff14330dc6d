import NetlinkWire

/// Writes of rtnetlink, as ip sends them.
enum RouteWrite {
    static let delLink: UInt16 = 17
    static let delAddress: UInt16 = 21
    static let delRoute: UInt16 = 25

    /// RTM_NEWLINK that makes a link.
    static func make(
        _ name: String, kind: String = "ifb", sequence: UInt32, ack: Bool = true
    ) throws -> [UInt8] {
        var writer = MessageWriter()
        writer.append(RouteRequest.interface(0))
        try writer.attribute(3, name)
        try writer.nest(18) { (writer: inout MessageWriter) throws(WireError) in try writer.attribute(1, kind) }
        let flags: MessageFlags = [.create, .exclusive]
        return message(RouteRequest.newLink, ack ? flags.union(.ack) : flags, sequence: sequence, writer.bytes)
    }

    /// RTM_NEWLINK that sets a link up or down, by one of its names.
    static func set(named name: String, up: Bool, sequence: UInt32) throws -> [UInt8] {
        var writer = MessageWriter()
        writer.append(RouteRequest.interface(0, flags: up ? 1 : 0, mask: 1))
        // IFLA_IFNAME has no room for more than 15 characters.
        try writer.attribute(name.utf8.count > 15 ? 53 : 3, name)
        return message(RouteRequest.newLink, .ack, sequence: sequence, writer.bytes)
    }

    /// RTM_DELLINK by number.
    static func delete(index: UInt32, sequence: UInt32, ack: Bool = true) -> [UInt8] {
        message(delLink, ack ? .ack : [], sequence: sequence, RouteRequest.interface(index))
    }

    /// RTM_NEWADDR or RTM_DELADDR of an IPv4 address.
    static func address(
        _ type: UInt16, _ address: [UInt8], length: UInt8, index: UInt32, sequence: UInt32
    ) throws -> [UInt8] {
        var writer = MessageWriter()
        writer.append([2, length, 0, 0])
        writer.append(index)
        try writer.attribute(2, address)
        try writer.attribute(1, address)
        let flags: MessageFlags = type == delAddress ? .ack : [.ack, .create, .exclusive]
        return message(type, flags, sequence: sequence, writer.bytes)
    }

    /// RTM_DELROUTE of an IPv4 route of this type (RTN_UNICAST 1, RTN_LOCAL 2).
    static func deleteRoute(
        _ destination: [UInt8], length: UInt8, table: UInt8, type: UInt8 = 1, index: UInt32, sequence: UInt32
    ) throws -> [UInt8] {
        var writer = MessageWriter()
        writer.append([2, length, 0, 0, table, 0, type == 2 ? 254 : 255, type])
        writer.append(UInt32(0))
        try writer.attribute(1, destination)
        try writer.attribute(4, index)
        return message(delRoute, .ack, sequence: sequence, writer.bytes)
    }
}

/// A batch of nf_tables, as nft sends it.
enum TableBatch {
    /// Tables to be made, between the begin and, if it is there, the end.
    static func make(_ names: [String], sequence: UInt32, hasEnd: Bool = true, exclusive: Bool = true) throws -> [UInt8] {
        // struct nfgenmsg: family, version, resource id in network order.
        var batch = message(16, [], sequence: sequence, [0, 0, 0, 10])
        for (index, name) in names.enumerated() {
            var writer = MessageWriter()
            writer.append([2, 0, 0, 0])
            try writer.attribute(1, name)
            let flags: MessageFlags = exclusive ? [.ack, .create, .exclusive] : [.ack, .create]
            batch += message(0xa00, flags, sequence: sequence + 1 + UInt32(index), writer.bytes)
        }
        guard hasEnd else { return batch }
        return batch + message(17, [], sequence: sequence + 1 + UInt32(names.count), [0, 0, 0, 10])
    }
}
