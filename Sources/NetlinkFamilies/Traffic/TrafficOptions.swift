internal import NetlinkWire

/// What depends on the kind of a traffic control object (TCA_OPTIONS).
public enum TrafficOptions: Hashable, Sendable {
    /// pfifo: packets that may wait; bfifo: bytes (struct tc_fifo_qopt).
    case fifo(limit: UInt32)
    /// prio and pfifo_fast.
    case bands(TrafficBands)
    /// tbf.
    case tokenBucket(TokenBucketOptions)
    /// htb, both the queueing discipline and its classes.
    case htb(HTBOptions)
    /// The filter u32.
    case u32(U32Options)
    /// fq_codel.
    case fqCodel(FQCodelOptions)
    /// Another kind's bytes, as they came; the type carries the nest flag if it had it.
    case raw(RawAttribute)

    init(_ kind: ByteString?, _ attribute: RawAttribute) {
        self = TrafficOptions.known(kind, attribute.payload) ?? .raw(attribute)
        // What would be written back otherwise than it came stays as it came.
        if raw != attribute { self = .raw(attribute) }
    }

    private static func known(_ kind: ByteString?, _ payload: [UInt8]) -> TrafficOptions? {
        switch kind {
        case "pfifo", "bfifo": UInt32(payload: payload).map { .fifo(limit: $0) }
        case "prio", "pfifo_fast": TrafficBands(payload: payload).map { .bands($0) }
        case "tbf": container(payload).map { .tokenBucket($0) }
        case "htb": container(payload).map { .htb($0) }
        case "u32": container(payload).map { .u32($0) }
        case "fq_codel": container(payload).map { .fqCodel($0) }
        default: nil
        }
    }

    private static func container<Content: AttributeContainer>(_ payload: [UInt8]) -> Content? {
        try? Content(0..<payload.count, in: payload.span)
    }

    /// The attribute for the wire.
    var raw: RawAttribute {
        let payload =
            switch self {
            case .fifo(let limit): limit.payload
            case .bands(let bands): bands.payload
            case .tokenBucket(let options): options.encoded
            case .htb(let options): options.encoded
            case .u32(let options): options.encoded
            case .fqCodel(let options): options.encoded
            case .raw(let attribute): attribute.payload
            }
        if case .raw(let attribute) = self { return attribute }
        return RawAttribute(rawType: TrafficAttribute.options, payload: payload)
    }
}

/// Bands and which packets go into which (struct tc_prio_qopt).
public struct TrafficBands: AttributeValue, Hashable {
    /// How many bands there are.
    public var bands: UInt32
    /// The band of each of the 16 priorities.
    public var map: [UInt8]

    /// Four bytes and sixteen.
    public init?(payload: [UInt8]) {
        guard payload.count == 20, let bands = UInt32(payload: Array(payload[..<4])) else { return nil }
        self.bands = bands
        map = Array(payload[4...])
    }

    /// Four bytes and sixteen.
    public var payload: [UInt8] { bands.payload + map }
}

/// A rate and how the size of packets is counted (struct tc_ratespec).
public struct TrafficRate: Hashable, Sendable {
    /// Base-2 logarithm of the cells of old rate tables.
    public var cellLog: UInt8 = 0
    /// 1 for Ethernet: packets count as they are.
    public var linkLayer: UInt8 = 1
    /// Bytes that each packet counts in addition.
    public var overhead: UInt16 = 0
    /// Of old rate tables.
    public var cellAlign: Int16 = -1
    /// Least bytes that a packet counts.
    public var minimumPacket: UInt16 = 0
    /// Bytes a second; all bits where a wider attribute has the number.
    public var bytesPerSecond: UInt32

    /// So many bytes a second, without overhead.
    public init(bytesPerSecond: UInt64) {
        self.bytesPerSecond = UInt32(clamping: bytesPerSecond)
    }

    init?(_ bytes: ArraySlice<UInt8>) {
        guard bytes.count == 12 else { return nil }
        let bytes = Array(bytes)
        guard let overhead = UInt16(payload: Array(bytes[2..<4])), let align = UInt16(payload: Array(bytes[4..<6])),
            let minimum = UInt16(payload: Array(bytes[6..<8])), let rate = UInt32(payload: Array(bytes[8...]))
        else { return nil }
        cellLog = bytes[0]
        linkLayer = bytes[1]
        self.overhead = overhead
        cellAlign = Int16(bitPattern: align)
        minimumPacket = minimum
        bytesPerSecond = rate
    }

    var bytes: [UInt8] {
        [cellLog, linkLayer] + overhead.payload + UInt16(bitPattern: cellAlign).payload + minimumPacket.payload
            + bytesPerSecond.payload
    }
}

/// Time as the packet scheduler counts it: ticks of 64 ns.
public enum SchedulerTicks {
    /// The time that so many bytes take at a rate.
    public static func time(ofBytes bytes: UInt64, at bytesPerSecond: UInt64) -> UInt32 {
        guard bytesPerSecond > 0 else { return 0 }
        return UInt32(clamping: UInt64(Double(bytes) * 1e9 / 64 / Double(bytesPerSecond) + 0.5))
    }

    /// The bytes that pass in so many ticks at a rate.
    public static func bytes(in ticks: UInt32, at bytesPerSecond: UInt64) -> UInt64 {
        UInt64(Double(bytesPerSecond) * Double(ticks) * 64 / 1e9)
    }
}

/// Counters of a traffic control object (TCA_STATS2).
public struct TrafficStatistics: AttributeContainer {
    /// In the order of the wire, each type once.
    public var attributes: [RawAttribute] = []

    /// No attributes.
    public init() {}
}

extension AttributeKey where Owner == TrafficStatistics, Value == TrafficCounters {
    /// TCA_STATS_BASIC: bytes and packets.
    public static var basic: Self { Self(1) }
    /// TCA_STATS_BASIC_HW: those that the hardware counted.
    public static var hardware: Self { Self(7) }
}

extension AttributeKey where Owner == TrafficStatistics, Value == TrafficQueue {
    /// TCA_STATS_QUEUE: what waits and what was dropped.
    public static var queue: Self { Self(3) }
}

extension AttributeKey where Owner == TrafficStatistics, Value == Bytes {
    /// TCA_STATS_APP: counters of the kind.
    public static var kind: Self { Self(4) }
}

extension AttributeKey where Owner == TrafficStatistics, Value == UInt64 {
    /// TCA_STATS_PKT64: packets, where 32 bits are too few.
    public static var packets64: Self { Self(8) }
}

/// Bytes and packets (struct gnet_stats_basic).
public struct TrafficCounters: AttributeValue, Hashable {
    /// Bytes that passed.
    public var bytes: UInt64
    /// Packets that passed, modulo 2^32.
    public var packets: UInt32
    private var padding: [UInt8]

    /// 12 bytes, or 16 with padding.
    public init?(payload: [UInt8]) {
        guard payload.count == 12 || payload.count == 16, let bytes = UInt64(payload: Array(payload[..<8])),
            let packets = UInt32(payload: Array(payload[8..<12]))
        else { return nil }
        self.bytes = bytes
        self.packets = packets
        padding = Array(payload[12...])
    }

    /// 12 bytes, or 16 with padding.
    public var payload: [UInt8] { bytes.payload + packets.payload + padding }
}

/// What waits and what was dropped (struct gnet_stats_queue).
public struct TrafficQueue: AttributeValue, Hashable {
    /// Packets that wait.
    public var packets: UInt32
    /// Bytes that wait.
    public var bytes: UInt32
    /// Packets that were dropped.
    public var dropped: UInt32
    /// Packets that were put back.
    public var requeued: UInt32
    /// Packets that came while the rate was used up.
    public var overlimits: UInt32

    /// Five numbers of four bytes.
    public init?(payload: [UInt8]) {
        guard let words = Words(payload, count: 5) else { return nil }
        (packets, bytes, dropped, requeued, overlimits) = (words[0], words[1], words[2], words[3], words[4])
    }

    /// Five numbers of four bytes.
    public var payload: [UInt8] { [packets, bytes, dropped, requeued, overlimits].flatMap(\.payload) }
}

/// Numbers of four bytes in host order, one after the other.
struct Words {
    private let words: [UInt32]

    init?(_ payload: [UInt8], count: Int) {
        guard payload.count == 4 * count else { return nil }
        words = (0..<count).compactMap { UInt32(payload: Array(payload[4 * $0..<4 * $0 + 4])) }
    }

    subscript(index: Int) -> UInt32 { words[index] }
}
