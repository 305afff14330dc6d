internal import NetlinkWire

/// A virtual function of a network card, as its physical function tells (IFLA_VF_INFO).
///
/// Cards with many of them fill a message: see ``Link/virtualFunctions``.
public struct VirtualFunction: AttributeContainer {
    /// In the order of the wire, each type once.
    public var attributes: [RawAttribute] = []

    /// No attributes.
    public init() {}

    /// Its number, which each of its attributes repeats.
    public var number: UInt32? {
        attributes.first { $0.type == 1 && $0.payload.count >= 4 }.flatMap { UInt32(payload: Array($0.payload[..<4])) }
    }

    /// Link-layer address; an Ethernet address has the first 6 bytes of the field (IFLA_VF_MAC).
    public var address: LinkAddress? {
        guard let field = attributes.first(where: { $0.type == 1 })?.payload, field.count == 36 else { return nil }
        return LinkAddress(bytes: Array(field[4..<10]))
    }

    /// Link-layer broadcast address, as `address` (IFLA_VF_BROADCAST).
    public var broadcast: LinkAddress? {
        guard let field = attributes.first(where: { $0.type == 13 })?.payload, field.count == 32 else { return nil }
        return LinkAddress(bytes: Array(field[..<6]))
    }
}

/// A number of a virtual function and one value: struct ifla_vf_trust and those like it.
public struct VirtualFunctionValue: AttributeValue, Hashable {
    /// Number of the virtual function.
    public var function: UInt32
    /// The value.
    public var value: UInt32

    /// Two numbers of four bytes.
    public init?(payload: [UInt8]) {
        guard let words = Words(payload, count: 2) else { return nil }
        (function, value) = (words[0], words[1])
    }

    /// Two numbers of four bytes.
    public var payload: [UInt8] { function.payload + value.payload }
}

/// VLAN of a virtual function's packets (struct ifla_vf_vlan).
public struct VirtualFunctionVLAN: AttributeValue, Hashable {
    /// Number of the virtual function.
    public var function: UInt32
    /// VLAN; 0 for none.
    public var vlan: UInt32
    /// Priority in the tag.
    public var priority: UInt32

    /// Three numbers of four bytes.
    public init?(payload: [UInt8]) {
        guard let words = Words(payload, count: 3) else { return nil }
        (function, vlan, priority) = (words[0], words[1], words[2])
    }

    /// Three numbers of four bytes.
    public var payload: [UInt8] { [function, vlan, priority].flatMap(\.payload) }
}

/// Rates of a virtual function in Mbit/s (struct ifla_vf_rate).
public struct VirtualFunctionRate: AttributeValue, Hashable {
    /// Number of the virtual function.
    public var function: UInt32
    /// Guaranteed; 0 for nothing.
    public var minimum: UInt32
    /// Limit; 0 for none.
    public var maximum: UInt32

    /// Three numbers of four bytes.
    public init?(payload: [UInt8]) {
        guard let words = Words(payload, count: 3) else { return nil }
        (function, minimum, maximum) = (words[0], words[1], words[2])
    }

    /// Three numbers of four bytes.
    public var payload: [UInt8] { [function, minimum, maximum].flatMap(\.payload) }
}

extension AttributeKey where Owner == VirtualFunction, Value == VirtualFunctionVLAN {
    /// IFLA_VF_VLAN: VLAN of its packets.
    public static var vlan: Self { Self(2) }
}

extension AttributeKey where Owner == VirtualFunction, Value == VirtualFunctionValue {
    /// IFLA_VF_TX_RATE: limit in Mbit/s, 0 for none.
    public static var sendRate: Self { Self(3) }
    /// IFLA_VF_SPOOFCHK: 1 when other source addresses are dropped.
    public static var spoofCheck: Self { Self(4) }
    /// IFLA_VF_LINK_STATE: 0 as the physical function, 1 up, 2 down.
    public static var linkState: Self { Self(5) }
    /// IFLA_VF_RSS_QUERY_EN: 1 when it may ask for the hash key.
    public static var hashQuery: Self { Self(7) }
    /// IFLA_VF_TRUST: 1 when it may do more, such as being promiscuous.
    public static var trust: Self { Self(9) }
}

extension AttributeKey where Owner == VirtualFunction, Value == VirtualFunctionRate {
    /// IFLA_VF_RATE: guaranteed rate and limit.
    public static var rate: Self { Self(6) }
}

extension AttributeKey where Owner == VirtualFunction, Value == VirtualFunctionStatistics {
    /// IFLA_VF_STATS: counters.
    public static var statistics: Self { Self(8) }
}

/// Counters of a virtual function (IFLA_VF_STATS).
public struct VirtualFunctionStatistics: AttributeContainer, AttributeValue {
    /// In the order of the wire, each type once.
    public var attributes: [RawAttribute] = []

    /// No attributes.
    public init() {}

    /// A nest of attributes.
    public init?(payload: [UInt8]) {
        try? self.init(0..<payload.count, in: payload.span)
    }

    /// A nest of attributes.
    public var payload: [UInt8] { encoded }
}

extension AttributeKey where Owner == VirtualFunctionStatistics, Value == UInt64 {
    /// IFLA_VF_STATS_RX_PACKETS: packets received.
    public static var packetsReceived: Self { Self(0) }
    /// IFLA_VF_STATS_TX_PACKETS: packets sent.
    public static var packetsSent: Self { Self(1) }
    /// IFLA_VF_STATS_RX_BYTES: bytes received.
    public static var bytesReceived: Self { Self(2) }
    /// IFLA_VF_STATS_TX_BYTES: bytes sent.
    public static var bytesSent: Self { Self(3) }
    /// IFLA_VF_STATS_BROADCAST: broadcast packets received.
    public static var broadcast: Self { Self(4) }
    /// IFLA_VF_STATS_MULTICAST: multicast packets received.
    public static var multicast: Self { Self(5) }
    /// IFLA_VF_STATS_RX_DROPPED: packets dropped on the way in.
    public static var droppedReceived: Self { Self(7) }
    /// IFLA_VF_STATS_TX_DROPPED: packets dropped on the way out.
    public static var droppedSent: Self { Self(8) }
}

extension Link {
    /// How many virtual functions the card has in use (IFLA_NUM_VF).
    public var virtualFunctionCount: UInt32? {
        unknownAttributes.first { $0.type == LinkAttribute.virtualFunctionCount }.flatMap {
            UInt32(payload: $0.payload)
        }
    }

    /// The card's virtual functions, where they were asked for and can be read (IFLA_VFINFO_LIST).
    ///
    /// All of them share one attribute of at most 65,535 bytes, which is about 200 functions with counters; some kernels
    /// write a wrong length beyond that, and the whole message is refused then. Ask with
    /// ``LinkExtras/skipStatistics`` for more of them, and without ``LinkExtras/virtualFunctions`` for none.
    public var virtualFunctions: [VirtualFunction] {
        guard let list = unknownAttributes.first(where: { $0.type == LinkAttribute.virtualFunctionList })?.payload
        else { return [] }
        var found: [VirtualFunction] = []
        var cursor = AttributeCursor(0..<list.count)
        do throws(WireError) {
            while let attribute = try cursor.next(in: list.span) {
                guard attribute.type == 1 else { continue }
                found.append(try VirtualFunction(attribute.payload, in: list.span))
            }
        } catch {
            return []
        }
        return found
    }
}
