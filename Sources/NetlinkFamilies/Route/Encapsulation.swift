internal import NetlinkWire

/// Kind of a lightweight tunnel.
public struct EncapsulationType: RawRepresentable, Hashable, Sendable {
    /// The number on the wire.
    public let rawValue: UInt16

    /// A value by its number.
    public init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// LWTUNNEL_ENCAP_NONE: none.
    public static let none = EncapsulationType(rawValue: 0)
    /// LWTUNNEL_ENCAP_MPLS: MPLS labels.
    public static let mpls = EncapsulationType(rawValue: 1)
    /// LWTUNNEL_ENCAP_IP: key for an IPv4 tunnel.
    public static let ip = EncapsulationType(rawValue: 2)
    /// LWTUNNEL_ENCAP_ILA: identifier locator addressing.
    public static let ila = EncapsulationType(rawValue: 3)
    /// LWTUNNEL_ENCAP_IP6: key for an IPv6 tunnel.
    public static let ip6 = EncapsulationType(rawValue: 4)
    /// LWTUNNEL_ENCAP_SEG6: IPv6 segment routing.
    public static let seg6 = EncapsulationType(rawValue: 5)
    /// LWTUNNEL_ENCAP_BPF: a BPF program.
    public static let bpf = EncapsulationType(rawValue: 6)
    /// LWTUNNEL_ENCAP_SEG6_LOCAL: an action of IPv6 segment routing.
    public static let seg6Local = EncapsulationType(rawValue: 7)
    /// LWTUNNEL_ENCAP_RPL: routing for low power networks.
    public static let rpl = EncapsulationType(rawValue: 8)
    /// LWTUNNEL_ENCAP_IOAM6: in situ measurement.
    public static let ioam6 = EncapsulationType(rawValue: 9)
    /// LWTUNNEL_ENCAP_XFRM: an IPsec interface.
    public static let xfrm = EncapsulationType(rawValue: 10)
}

/// What a route puts around packets: its kind and what that kind needs.
public enum Encapsulation: Hashable, Sendable {
    /// MPLS labels.
    case mpls(MPLSEncapsulation)
    /// A key for an IPv4 tunnel.
    case ip(IPEncapsulation)
    /// A key for an IPv6 tunnel.
    case ip6(IP6Encapsulation)
    /// IPv6 segment routing.
    case seg6(Seg6Encapsulation)
    /// Another kind, with the bytes as they came.
    case other(EncapsulationType, RawAttribute?)

    /// The kind.
    public var type: EncapsulationType {
        switch self {
        case .mpls: .mpls
        case .ip: .ip
        case .ip6: .ip6
        case .seg6: .seg6
        case .other(let type, _): type
        }
    }

    /// The two attributes that make an encapsulation, in whatever order they come.
    struct Parts {
        var type: UInt16?
        var content: Attribute?

        func joined(in bytes: Span<UInt8>) throws(WireError) -> Encapsulation? {
            guard type != nil || content != nil else { return nil }
            let type = EncapsulationType(rawValue: type ?? 0)
            guard let content else { return .other(type, nil) }
            switch type {
            case .mpls: return .mpls(try MPLSEncapsulation(content.payload, in: bytes))
            case .ip: return .ip(try IPEncapsulation(content.payload, in: bytes))
            case .ip6: return .ip6(try IP6Encapsulation(content.payload, in: bytes))
            case .seg6: return .seg6(try Seg6Encapsulation(content.payload, in: bytes))
            default: return .other(type, try RawAttribute(content, in: bytes))
            }
        }
    }

    func encode(into writer: inout MessageWriter) throws(WireError) {
        switch self {
        case .mpls(let content): try writer.container(RouteAttribute.encap, content)
        case .ip(let content): try writer.container(RouteAttribute.encap, content)
        case .ip6(let content): try writer.container(RouteAttribute.encap, content)
        case .seg6(let content): try writer.container(RouteAttribute.encap, content)
        case .other(_, let content): if let content { try writer.attributes([content]) }
        }
        try writer.attribute(RouteAttribute.encapType, type.rawValue)
    }
}

/// MPLS labels put before packets.
public struct MPLSEncapsulation: AttributeContainer {
    /// In the order of the wire, each type once.
    public var attributes: [RawAttribute] = []

    /// No attributes.
    public init() {}
}

extension AttributeKey where Owner == MPLSEncapsulation, Value == Bytes {
    /// MPLS_IPTUNNEL_DST: stack of labels, four bytes each.
    public static var labels: Self { Self(1) }
}

extension AttributeKey where Owner == MPLSEncapsulation, Value == UInt8 {
    /// MPLS_IPTUNNEL_TTL: time to live of the labels.
    public static var ttl: Self { Self(2) }
}

/// Key for an IPv4 tunnel.
public struct IPEncapsulation: AttributeContainer {
    /// In the order of the wire, each type once.
    public var attributes: [RawAttribute] = []

    /// No attributes.
    public init() {}
}

extension AttributeKey where Owner == IPEncapsulation, Value == NetworkUInt64 {
    /// LWTUNNEL_IP_ID: id of the tunnel.
    public static var id: Self { Self(1) }
}

extension AttributeKey where Owner == IPEncapsulation, Value == IPAddress {
    /// LWTUNNEL_IP_DST: outer destination.
    public static var destination: Self { Self(2) }
    /// LWTUNNEL_IP_SRC: outer source.
    public static var source: Self { Self(3) }
}

extension AttributeKey where Owner == IPEncapsulation, Value == UInt8 {
    /// LWTUNNEL_IP_TTL: outer time to live.
    public static var ttl: Self { Self(4) }
    /// LWTUNNEL_IP_TOS: outer type of service.
    public static var tos: Self { Self(5) }
}

extension AttributeKey where Owner == IPEncapsulation, Value == NetworkUInt16 {
    /// LWTUNNEL_IP_FLAGS: flags of the tunnel.
    public static var flags: Self { Self(6) }
}

extension AttributeKey where Owner == IPEncapsulation, Value == Bytes {
    /// LWTUNNEL_IP_OPTS: nest of options.
    public static var options: Self { Self(8) }
}

/// Key for an IPv6 tunnel.
public struct IP6Encapsulation: AttributeContainer {
    /// In the order of the wire, each type once.
    public var attributes: [RawAttribute] = []

    /// No attributes.
    public init() {}
}

extension AttributeKey where Owner == IP6Encapsulation, Value == NetworkUInt64 {
    /// LWTUNNEL_IP6_ID: id of the tunnel.
    public static var id: Self { Self(1) }
}

extension AttributeKey where Owner == IP6Encapsulation, Value == IPAddress {
    /// LWTUNNEL_IP6_DST: outer destination.
    public static var destination: Self { Self(2) }
    /// LWTUNNEL_IP6_SRC: outer source.
    public static var source: Self { Self(3) }
}

extension AttributeKey where Owner == IP6Encapsulation, Value == UInt8 {
    /// LWTUNNEL_IP6_HOPLIMIT: outer hop limit.
    public static var hopLimit: Self { Self(4) }
    /// LWTUNNEL_IP6_TC: outer traffic class.
    public static var trafficClass: Self { Self(5) }
}

extension AttributeKey where Owner == IP6Encapsulation, Value == NetworkUInt16 {
    /// LWTUNNEL_IP6_FLAGS: flags of the tunnel.
    public static var flags: Self { Self(6) }
}

extension AttributeKey where Owner == IP6Encapsulation, Value == Bytes {
    /// LWTUNNEL_IP6_OPTS: nest of options.
    public static var options: Self { Self(8) }
}

/// IPv6 segment routing.
public struct Seg6Encapsulation: AttributeContainer {
    /// In the order of the wire, each type once.
    public var attributes: [RawAttribute] = []

    /// No attributes.
    public init() {}
}

extension AttributeKey where Owner == Seg6Encapsulation, Value == Bytes {
    /// SEG6_IPTUNNEL_SRH: mode and segment routing header.
    public static var header: Self { Self(1) }
}
