import NetlinkWire

/// What pyroute2 0.1.4 and 0.1.5 write wider than it is meant, made as wide as it is meant.
///
/// These releases write every name and every network address with 12 bytes, zeros at the end, and count the padding of
/// an attribute into its length. The kernel reads as much as it needs; the policy wants addresses of their family's
/// width and names with one NUL, and it shall not have to guess.
enum WideRequest {
    /// Bytes that these clients give every name and address.
    private static let width = 12

    /// One kind of object of rtnetlink: the header before its attributes, and which of them are what.
    private struct Object {
        let header: Int
        var addresses: Set<UInt16> = []
        var names: Set<UInt16> = []
        var hardware: Set<UInt16> = []
    }

    /// By the first of the four message types of an object; the attributes that these clients know.
    private static let objects: [UInt16: Object] = [
        16: Object(header: 16, names: [3, 6], hardware: [1, 2]),  // ifinfomsg; IFNAME, QDISC; ADDRESS, BROADCAST
        20: Object(header: 8, addresses: [1, 2, 4, 5, 7], names: [3]),  // ifaddrmsg; all but FLAGS; LABEL
        24: Object(header: 12, addresses: [1, 2, 5, 7]),  // rtmsg; DST, SRC, GATEWAY, PREFSRC
        28: Object(header: 12, addresses: [1], hardware: [2]),  // ndmsg; DST; LLADDR
    ]

    /// Of generic netlink only its own controller: genlmsghdr; CTRL_ATTR_FAMILY_NAME.
    private static let controller: UInt16 = 16
    private static let family = Object(header: 4, names: [2])

    /// The message as it is meant; nil when there is nothing to change, or when it can't be read.
    ///
    /// What can't be read stays as it is: the broker judges it.
    static func trimmed(_ message: Range<Int>, of bytes: Span<UInt8>, protocolNumber: UInt32) -> [UInt8]? {
        let bytes = bytes.extracting(message)
        guard let header = try? MessageHeader(from: bytes), Int(header.length) == bytes.count,
            let object = object(of: header.type.rawValue, protocolNumber),
            let family = try? bytes.u8(at: MessageHeader.size)
        else { return nil }
        let start = MessageHeader.size + object.header
        guard start <= bytes.count else { return nil }
        return try? rewritten(bytes, header, object, isIPv4: family == 2, attributesFrom: start)
    }

    private static func object(of type: UInt16, _ protocolNumber: UInt32) -> Object? {
        switch protocolNumber {
        case 0: objects[type & ~3]
        case 16: type == controller ? family : nil
        default: nil
        }
    }

    private static func rewritten(
        _ bytes: Span<UInt8>, _ header: MessageHeader, _ object: Object, isIPv4: Bool, attributesFrom start: Int
    ) throws(WireError) -> [UInt8]? {
        var writer = MessageWriter()
        var isChanged = false
        let fixed = try bytes.bytes(MessageHeader.size..<start)
        var attributes: [(type: UInt16, payload: [UInt8])] = []
        var cursor = AttributeCursor(start..<bytes.count)
        while let attribute = try cursor.next(in: bytes) {
            var payload = try attribute.copy(of: bytes)
            let meant = meant(attribute.type, payload, object, isIPv4: isIPv4)
            if meant < payload.count, payload[meant...].allSatisfy({ $0 == 0 }) {
                payload.removeSubrange(meant...)
                isChanged = true
            }
            attributes.append((try bytes.u16(at: attribute.offset + 2), payload))
        }
        guard isChanged else { return nil }
        try writer.message(header) { (writer: inout MessageWriter) throws(WireError) in
            writer.append(fixed)
            for attribute in attributes { try writer.attribute(attribute.type, attribute.payload) }
        }
        return writer.bytes
    }

    /// How many bytes of the payload are meant.
    private static func meant(_ type: UInt16, _ payload: [UInt8], _ object: Object, isIPv4: Bool) -> Int {
        if object.hardware.contains(type), payload.count == 8 { return 6 }
        guard payload.count == width else { return payload.count }
        if object.names.contains(type) { return (payload.firstIndex(of: 0) ?? width) + 1 }
        return isIPv4 && object.addresses.contains(type) ? 4 : width
    }
}
