public import NetlinkWire

/// Which of the three kinds of traffic control objects a message is about.
public protocol TrafficRole: Sendable {
    /// RTM_NEW of this kind.
    static var newType: MessageType { get }
}

/// Marks queueing disciplines.
public enum QdiscRole: TrafficRole {
    /// RTM_NEWQDISC.
    public static let newType = MessageType.newQdisc
}

/// Marks classes.
public enum TrafficClassRole: TrafficRole {
    /// RTM_NEWTCLASS.
    public static let newType = MessageType.newTrafficClass
}

/// Marks filters.
public enum TrafficFilterRole: TrafficRole {
    /// RTM_NEWTFILTER.
    public static let newType = MessageType.newFilter
}

/// A queueing discipline: RTM_NEWQDISC, RTM_DELQDISC.
public typealias Qdisc = TrafficControl<QdiscRole>
/// A class of a queueing discipline: RTM_NEWTCLASS, RTM_DELTCLASS.
public typealias TrafficClass = TrafficControl<TrafficClassRole>
/// A filter: RTM_NEWTFILTER, RTM_DELTFILTER.
public typealias TrafficFilter = TrafficControl<TrafficFilterRole>

/// Message types of traffic control.
extension MessageType {
    /// RTM_NEWQDISC.
    public static let newQdisc = MessageType(rawValue: 36)
    /// RTM_DELQDISC.
    public static let deleteQdisc = MessageType(rawValue: 37)
    /// RTM_GETQDISC.
    public static let getQdisc = MessageType(rawValue: 38)
    /// RTM_NEWTCLASS.
    public static let newTrafficClass = MessageType(rawValue: 40)
    /// RTM_DELTCLASS.
    public static let deleteTrafficClass = MessageType(rawValue: 41)
    /// RTM_GETTCLASS.
    public static let getTrafficClass = MessageType(rawValue: 42)
    /// RTM_NEWTFILTER.
    public static let newFilter = MessageType(rawValue: 44)
    /// RTM_DELTFILTER.
    public static let deleteFilter = MessageType(rawValue: 45)
    /// RTM_GETTFILTER.
    public static let getFilter = MessageType(rawValue: 46)
}

/// Attributes of traffic control objects.
public enum TrafficAttribute {
    /// TCA_KIND: name of the kind.
    public static let kind: UInt16 = 1
    /// TCA_OPTIONS: what depends on the kind.
    public static let options: UInt16 = 2
    /// TCA_STATS: counters as old kernels have them, kept as they came.
    public static let oldStatistics: UInt16 = 3
    /// TCA_XSTATS: counters of the kind, kept as they came.
    public static let kindStatistics: UInt16 = 4
    /// TCA_STATS2: nest of counters.
    public static let statistics: UInt16 = 7
    /// TCA_CHAIN: chain of a filter.
    public static let chain: UInt16 = 11
    /// TCA_HW_OFFLOAD: 1 when the hardware does it.
    public static let hardwareOffload: UInt16 = 12
    /// TCA_INGRESS_BLOCK: shared filters of packets that come in.
    public static let ingressBlock: UInt16 = 13
    /// TCA_EGRESS_BLOCK: shared filters of packets that go out.
    public static let egressBlock: UInt16 = 14
}

/// A queueing discipline, a class or a filter of a link (struct tcmsg and its attributes).
public struct TrafficControl<Role: TrafficRole>: RouteMessage {
    /// Family, not used by the kernel (tcm_family).
    public var family: AddressFamily = .unspecified
    /// Index of the link (tcm_ifindex).
    public var index: UInt32 = 0
    /// Number of the object on its link (tcm_handle).
    public var handle: TrafficHandle = .unspecified
    /// What it hangs on: a class, or one of the fixed places (tcm_parent).
    public var parent: TrafficHandle = .unspecified
    /// How often a queueing discipline is used, a class's leaf, or a filter's priority and protocol (tcm_info).
    public var info: UInt32 = 0

    /// Name of the kind: "htb", "u32" (TCA_KIND).
    public var kind: ByteString?
    /// What depends on the kind (TCA_OPTIONS).
    public var options: TrafficOptions?
    /// Counters (TCA_STATS2).
    public var statistics: TrafficStatistics?
    /// Chain of a filter (TCA_CHAIN).
    public var chain: UInt32?
    /// 1 when the hardware does it (TCA_HW_OFFLOAD).
    public var hardwareOffload: UInt8?
    /// Shared filters of packets that come in (TCA_INGRESS_BLOCK).
    public var ingressBlock: UInt32?
    /// Shared filters of packets that go out (TCA_EGRESS_BLOCK).
    public var egressBlock: UInt32?
    /// Attributes that have no property here, as they came.
    public var unknownAttributes: [RawAttribute] = []

    /// RTM_NEWQDISC, RTM_NEWTCLASS or RTM_NEWTFILTER.
    public static var newType: MessageType { Role.newType }

    /// An object of a link, for requests.
    public init(
        _ kind: ByteString? = nil, index: UInt32, parent: TrafficHandle = .root, handle: TrafficHandle = .unspecified,
        options: TrafficOptions? = nil
    ) {
        self.kind = kind
        self.index = index
        self.parent = parent
        self.handle = handle
        self.options = options
    }

    /// Decodes an object.
    ///
    /// - Throws: what is wrong with the bytes, and where.
    public init(_ message: Message, in bytes: Span<UInt8>) throws(WireError) {
        let start = message.payload.lowerBound
        guard message.payload.count >= 20 else { throw WireError(.truncatedHeader, at: start) }
        family = AddressFamily(rawValue: try bytes.u8(at: start))
        index = try bytes.u32(at: start + 4)
        handle = TrafficHandle(rawValue: try bytes.u32(at: start + 8))
        parent = TrafficHandle(rawValue: try bytes.u32(at: start + 12))
        info = try bytes.u32(at: start + 16)
        var seen = SeenTypes()
        var options: Attribute?
        var cursor = AttributeCursor((start + 20)..<message.payload.upperBound)
        while let attribute = try cursor.next(in: bytes) {
            try seen.insert(attribute)
            if attribute.type == TrafficAttribute.options {
                options = attribute
            } else {
                try decode(attribute, in: bytes)
            }
        }
        if let options { self.options = TrafficOptions(kind, try RawAttribute(options, in: bytes)) }
    }

    private mutating func decode(_ attribute: Attribute, in bytes: Span<UInt8>) throws(WireError) {
        switch attribute.type {
        case TrafficAttribute.kind: kind = try attribute.text(in: bytes)
        case TrafficAttribute.statistics: statistics = try TrafficStatistics(attribute.payload, in: bytes)
        case TrafficAttribute.chain: chain = try attribute.u32(in: bytes)
        case TrafficAttribute.hardwareOffload: hardwareOffload = try attribute.u8(in: bytes)
        case TrafficAttribute.ingressBlock: ingressBlock = try attribute.u32(in: bytes)
        case TrafficAttribute.egressBlock: egressBlock = try attribute.u32(in: bytes)
        default: unknownAttributes.append(try RawAttribute(attribute, in: bytes))
        }
    }

    /// Writes struct tcmsg and the attributes.
    ///
    /// - Throws: `tooLong` when an attribute doesn't fit its length field.
    public func encode(into writer: inout MessageWriter) throws(WireError) {
        writer.append(UInt32(family.rawValue))
        writer.append(index)
        writer.append(handle.rawValue)
        writer.append(parent.rawValue)
        writer.append(info)
        try writer.attribute(TrafficAttribute.kind, kind)
        try writer.attribute(TrafficAttribute.chain, chain)
        if let options { try writer.attributes([options.raw]) }
        try writer.container(TrafficAttribute.statistics, statistics)
        try writer.attribute(TrafficAttribute.hardwareOffload, hardwareOffload)
        try writer.attribute(TrafficAttribute.ingressBlock, ingressBlock)
        try writer.attribute(TrafficAttribute.egressBlock, egressBlock)
        try writer.attributes(unknownAttributes)
    }
}

extension TrafficControl where Role == TrafficFilterRole {
    /// Place of the filter among others; lower ones come first, 0 lets the kernel choose (upper half of tcm_info).
    public var priority: UInt16 {
        get { UInt16(truncatingIfNeeded: info >> 16) }
        set { info = UInt32(newValue) << 16 | info & 0xffff }
    }

    /// EtherType of the packets that the filter sees: 0x0800 for IPv4, 3 for all (lower half of tcm_info).
    public var protocolNumber: UInt16 {
        get { UInt16(truncatingIfNeeded: info).byteSwapped }
        set { info = info & 0xffff_0000 | UInt32(newValue.byteSwapped) }
    }
}

extension TrafficControl where Role == QdiscRole {
    /// How many parts of the kernel hold it.
    public var references: UInt32 { info }
}

extension TrafficControl where Role == TrafficClassRole {
    /// The queueing discipline of the class; unspecified for none of its own.
    public var leaf: TrafficHandle { TrafficHandle(rawValue: info) }
}

/// Number of a queueing discipline or class: two halves, written as hexadecimal digits, `1:10`.
public struct TrafficHandle: RawRepresentable, Hashable, Sendable {
    /// Both halves, the major one in the upper 16 bits.
    public let rawValue: UInt32

    /// A handle by its number.
    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// A handle from its halves.
    public init(_ major: UInt16, _ minor: UInt16) {
        rawValue = UInt32(major) << 16 | UInt32(minor)
    }

    /// The upper half: the queueing discipline.
    public var major: UInt16 { UInt16(truncatingIfNeeded: rawValue >> 16) }
    /// The lower half: the class.
    public var minor: UInt16 { UInt16(truncatingIfNeeded: rawValue) }

    /// TC_H_UNSPEC: none, or the kernel's choice.
    public static let unspecified = TrafficHandle(rawValue: 0)
    /// TC_H_ROOT: the link itself.
    public static let root = TrafficHandle(rawValue: 0xffff_ffff)
    /// TC_H_INGRESS, TC_H_CLSACT: where ingress and clsact hang.
    public static let ingress = TrafficHandle(rawValue: 0xffff_fff1)
    /// TC_H_MIN_INGRESS: filters of clsact for packets that come in.
    public static let clsactIngress = TrafficHandle(rawValue: 0xffff_fff2)
    /// TC_H_MIN_EGRESS: filters of clsact for packets that go out.
    public static let clsactEgress = TrafficHandle(rawValue: 0xffff_fff3)
}

extension TrafficHandle: LosslessStringConvertible {
    /// `1:10`, `1:` or `:10`; `root` and `none` for the fixed ones.
    public var description: String {
        switch self {
        case .root: return "root"
        case .unspecified: return "none"
        default:
            let upper = major == 0 ? "" : String(major, radix: 16)
            let lower = minor == 0 ? "" : String(minor, radix: 16)
            return "\(upper):\(lower)"
        }
    }

    /// Reads what `description` writes, nil for anything else.
    public init?(_ description: String) {
        switch description {
        case "root": self = .root
        case "none": self = .unspecified
        default:
            let parts = description.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 2, parts.allSatisfy({ $0.utf8.allSatisfy { $0 != 0x2b && $0 != 0x2d } }),
                let major = parts[0].isEmpty ? 0 : UInt16(parts[0], radix: 16),
                let minor = parts[1].isEmpty ? 0 : UInt16(parts[1], radix: 16)
            else { return nil }
            self.init(major, minor)
        }
    }
}
