internal import NetlinkWire

/// Identity of a bridge in the spanning tree (struct ifla_bridge_id).
public struct BridgeID: AttributeValue, Hashable {
    /// Priority, the two bytes as one number.
    public var priority: UInt16
    /// Address, 6 bytes.
    public var address: LinkAddress

    /// Two bytes of priority in network order, six of address.
    public init?(payload: [UInt8]) {
        guard payload.count == 8, let address = LinkAddress(bytes: Array(payload[2...])) else { return nil }
        priority = UInt16(payload[0]) << 8 | UInt16(payload[1])
        self.address = address
    }

    /// Two bytes of priority in network order, six of address.
    public var payload: [UInt8] { [UInt8(priority >> 8), UInt8(priority & 0xff)] + address.bytes }
}

/// Switches and which of them count (struct br_boolopt_multi).
public struct BooleanOptions: AttributeValue, Hashable {
    /// One bit a switch.
    public var values: UInt32
    /// Which bits count.
    public var mask: UInt32

    /// Switches, and which of them count.
    public init(values: UInt32, mask: UInt32) {
        self.values = values
        self.mask = mask
    }

    /// Two numbers of four bytes.
    public init?(payload: [UInt8]) {
        guard payload.count == 8, let values = UInt32(payload: Array(payload[..<4])),
            let mask = UInt32(payload: Array(payload[4...]))
        else { return nil }
        self.values = values
        self.mask = mask
    }

    /// Two numbers of four bytes.
    public var payload: [UInt8] { values.payload + mask.payload }
}

/// Switches of a VLAN link and which of them count (struct ifla_vlan_flags).
public struct VLANFlags: AttributeValue, Hashable {
    /// One bit a switch.
    public var flags: UInt32
    /// Which bits count.
    public var mask: UInt32

    /// Switches, and which of them count.
    public init(flags: UInt32, mask: UInt32) {
        self.flags = flags
        self.mask = mask
    }

    /// Two numbers of four bytes.
    public init?(payload: [UInt8]) {
        guard let both = BooleanOptions(payload: payload) else { return nil }
        flags = both.values
        mask = both.mask
    }

    /// Two numbers of four bytes.
    public var payload: [UInt8] { flags.payload + mask.payload }
}

/// First and last port, network order (struct ifla_vxlan_port_range).
public struct PortRange: AttributeValue, Hashable {
    /// First port.
    public var low: UInt16
    /// Last port.
    public var high: UInt16

    /// Ports from the first to the last.
    public init(low: UInt16, high: UInt16) {
        self.low = low
        self.high = high
    }

    /// Two numbers of two bytes.
    public init?(payload: [UInt8]) {
        guard payload.count == 4 else { return nil }
        low = UInt16(payload[0]) << 8 | UInt16(payload[1])
        high = UInt16(payload[2]) << 8 | UInt16(payload[3])
    }

    /// Two numbers of two bytes.
    public var payload: [UInt8] { low.byteSwapped.payload + high.byteSwapped.payload }
}

/// Four bytes in network order.
public struct NetworkUInt32: AttributeValue, Hashable {
    /// The number in host order.
    public var value: UInt32

    /// A number in host order.
    public init(_ value: UInt32) {
        self.value = value
    }

    /// Four bytes in network order.
    public init?(payload: [UInt8]) {
        guard let number = UInt32(payload: payload) else { return nil }
        value = number.byteSwapped
    }

    /// Four bytes in network order.
    public var payload: [UInt8] { value.byteSwapped.payload }
}

extension INET6Settings: AttributeValue {
    /// A nest of attributes.
    public init?(payload: [UInt8]) {
        try? self.init(0..<payload.count, in: payload.span)
    }

    /// A nest of attributes.
    public var payload: [UInt8] { encoded }
}

/// Eight bytes in network order.
public struct NetworkUInt64: AttributeValue, Hashable {
    /// The number in host order.
    public var value: UInt64

    /// A number in host order.
    public init(_ value: UInt64) {
        self.value = value
    }

    /// Eight bytes in network order.
    public init?(payload: [UInt8]) {
        guard let number = UInt64(payload: payload) else { return nil }
        value = number.byteSwapped
    }

    /// Eight bytes in network order.
    public var payload: [UInt8] { value.byteSwapped.payload }
}
