public import NetlinkWire

/// Options of tbf.
public struct TokenBucketOptions: AttributeContainer {
    /// In the order of the wire, each type once.
    public var attributes: [RawAttribute] = []

    /// No attributes.
    public init() {}

    /// A rate, a burst and a limit, in bytes.
    public init(bytesPerSecond: UInt64, burst: UInt32, limit: UInt32) {
        var parameters = TokenBucketParameters(rate: TrafficRate(bytesPerSecond: bytesPerSecond), limit: limit)
        parameters.burst = SchedulerTicks.time(ofBytes: UInt64(burst), at: bytesPerSecond)
        self[.parameters] = parameters
        self[.burst] = burst
        if bytesPerSecond > UInt64(UInt32.max) { self[.rate64] = bytesPerSecond }
    }
}

extension AttributeKey where Owner == TokenBucketOptions, Value == TokenBucketParameters {
    /// TCA_TBF_PARMS: rates and sizes.
    public static var parameters: Self { Self(1) }
}

extension AttributeKey where Owner == TokenBucketOptions, Value == UInt64 {
    /// TCA_TBF_RATE64: bytes a second, where 32 bits are too few.
    public static var rate64: Self { Self(4) }
    /// TCA_TBF_PRATE64: bytes a second at the peak, where 32 bits are too few.
    public static var peakRate64: Self { Self(5) }
}

extension AttributeKey where Owner == TokenBucketOptions, Value == UInt32 {
    /// TCA_TBF_BURST: bytes that may pass at once; in requests.
    public static var burst: Self { Self(6) }
    /// TCA_TBF_PBURST: bytes that may pass at once at the peak; in requests.
    public static var peakBurst: Self { Self(7) }
}

/// Rates and sizes of tbf (struct tc_tbf_qopt).
public struct TokenBucketParameters: AttributeValue, Hashable {
    /// The rate.
    public var rate: TrafficRate
    /// The peak rate; 0 for none.
    public var peakRate: TrafficRate
    /// Bytes that may wait.
    public var limit: UInt32
    /// What may pass at once, in scheduler ticks at the rate.
    public var burst: UInt32 = 0
    /// What may pass at once at the peak, in scheduler ticks at the peak rate.
    public var peakBurst: UInt32 = 0

    /// A rate and a limit in bytes.
    public init(rate: TrafficRate, limit: UInt32) {
        self.rate = rate
        self.limit = limit
        peakRate = TrafficRate(bytesPerSecond: 0)
        peakRate.linkLayer = 0
        peakRate.cellAlign = 0
    }

    /// Two rates and three numbers.
    public init?(payload: [UInt8]) {
        guard payload.count == 36, let rate = TrafficRate(payload[..<12]), let peak = TrafficRate(payload[12..<24]),
            let words = Words(Array(payload[24...]), count: 3)
        else { return nil }
        self.rate = rate
        peakRate = peak
        (limit, burst, peakBurst) = (words[0], words[1], words[2])
    }

    /// Two rates and three numbers.
    public var payload: [UInt8] { rate.bytes + peakRate.bytes + [limit, burst, peakBurst].flatMap(\.payload) }
}

/// Options of htb and of its classes.
public struct HTBOptions: AttributeContainer {
    /// In the order of the wire, each type once.
    public var attributes: [RawAttribute] = []

    /// No attributes.
    public init() {}

    /// Of the queueing discipline: the minor number of the class for packets that no filter names.
    public init(defaultClass: UInt32) {
        self[.global] = HTBGlobal(defaultClass: defaultClass)
    }

    /// Of a class: its rate, and the rate up to which it may borrow, in bytes a second; bursts in bytes.
    public init(bytesPerSecond: UInt64, ceiling: UInt64? = nil, burst: UInt64 = 1600, priority: UInt32 = 0) {
        let ceiling = ceiling ?? bytesPerSecond
        var parameters = HTBParameters(
            rate: TrafficRate(bytesPerSecond: bytesPerSecond), ceiling: TrafficRate(bytesPerSecond: ceiling))
        parameters.burst = SchedulerTicks.time(ofBytes: burst, at: bytesPerSecond)
        parameters.ceilingBurst = SchedulerTicks.time(ofBytes: burst, at: ceiling)
        parameters.priority = priority
        self[.parameters] = parameters
        if bytesPerSecond > UInt64(UInt32.max) { self[.rate64] = bytesPerSecond }
        if ceiling > UInt64(UInt32.max) { self[.ceiling64] = ceiling }
    }

    /// Bytes a second of a class.
    public var bytesPerSecond: UInt64? { self[.rate64] ?? self[.parameters].map { UInt64($0.rate.bytesPerSecond) } }
    /// Bytes a second up to which a class may borrow.
    public var ceiling: UInt64? { self[.ceiling64] ?? self[.parameters].map { UInt64($0.ceiling.bytesPerSecond) } }
}

extension AttributeKey where Owner == HTBOptions, Value == HTBParameters {
    /// TCA_HTB_PARMS: of a class.
    public static var parameters: Self { Self(1) }
}

extension AttributeKey where Owner == HTBOptions, Value == HTBGlobal {
    /// TCA_HTB_INIT: of the queueing discipline.
    public static var global: Self { Self(2) }
}

extension AttributeKey where Owner == HTBOptions, Value == UInt32 {
    /// TCA_HTB_DIRECT_QLEN: packets without a class that may wait.
    public static var directQueueLength: Self { Self(5) }
}

extension AttributeKey where Owner == HTBOptions, Value == UInt64 {
    /// TCA_HTB_RATE64: bytes a second, where 32 bits are too few.
    public static var rate64: Self { Self(6) }
    /// TCA_HTB_CEIL64: bytes a second up to which to borrow, where 32 bits are too few.
    public static var ceiling64: Self { Self(7) }
}

/// Rates of a class of htb (struct tc_htb_opt).
public struct HTBParameters: AttributeValue, Hashable {
    /// The rate.
    public var rate: TrafficRate
    /// The rate up to which the class may borrow.
    public var ceiling: TrafficRate
    /// What may pass at once, in scheduler ticks at the rate.
    public var burst: UInt32 = 0
    /// What may pass at once, in scheduler ticks at the ceiling.
    public var ceilingBurst: UInt32 = 0
    /// Bytes in turn when several classes borrow; 0 lets the kernel choose.
    public var quantum: UInt32 = 0
    /// Height above the leaves; in answers.
    public var level: UInt32 = 0
    /// Lower ones borrow first.
    public var priority: UInt32 = 0

    /// Two rates.
    public init(rate: TrafficRate, ceiling: TrafficRate) {
        self.rate = rate
        self.ceiling = ceiling
    }

    /// Two rates and five numbers.
    public init?(payload: [UInt8]) {
        guard payload.count == 44, let rate = TrafficRate(payload[..<12]), let ceiling = TrafficRate(payload[12..<24]),
            let words = Words(Array(payload[24...]), count: 5)
        else { return nil }
        self.rate = rate
        self.ceiling = ceiling
        (burst, ceilingBurst, quantum, level, priority) = (words[0], words[1], words[2], words[3], words[4])
    }

    /// Two rates and five numbers.
    public var payload: [UInt8] {
        rate.bytes + ceiling.bytes + [burst, ceilingBurst, quantum, level, priority].flatMap(\.payload)
    }
}

/// Of htb as a whole (struct tc_htb_glob).
public struct HTBGlobal: AttributeValue, Hashable {
    /// Version; 3 in requests, with the minor one in the upper half in answers.
    public var version: UInt32 = 3
    /// A class's rate is divided by this to have its quantum.
    public var rateToQuantum: UInt32 = 10
    /// Minor number of the class for packets that no filter names.
    public var defaultClass: UInt32
    /// Not used.
    public var debug: UInt32 = 0
    /// Packets that had no class; in answers.
    public var directPackets: UInt32 = 0

    /// The class for packets that no filter names.
    public init(defaultClass: UInt32) {
        self.defaultClass = defaultClass
    }

    /// Five numbers.
    public init?(payload: [UInt8]) {
        guard let words = Words(payload, count: 5) else { return nil }
        (version, rateToQuantum, defaultClass) = (words[0], words[1], words[2])
        (debug, directPackets) = (words[3], words[4])
    }

    /// Five numbers.
    public var payload: [UInt8] {
        [version, rateToQuantum, defaultClass, debug, directPackets].flatMap(\.payload)
    }
}

/// Options of fq_codel.
public struct FQCodelOptions: AttributeContainer {
    /// In the order of the wire, each type once.
    public var attributes: [RawAttribute] = []

    /// No attributes.
    public init() {}
}

extension AttributeKey where Owner == FQCodelOptions, Value == UInt32 {
    /// TCA_FQ_CODEL_TARGET: acceptable delay in microseconds.
    public static var target: Self { Self(1) }
    /// TCA_FQ_CODEL_LIMIT: packets that may wait.
    public static var limit: Self { Self(2) }
    /// TCA_FQ_CODEL_INTERVAL: time to react in microseconds.
    public static var interval: Self { Self(3) }
    /// TCA_FQ_CODEL_ECN: 1 when packets are marked instead of dropped.
    public static var ecn: Self { Self(4) }
    /// TCA_FQ_CODEL_FLOWS: number of flows.
    public static var flows: Self { Self(5) }
    /// TCA_FQ_CODEL_QUANTUM: bytes in turn.
    public static var quantum: Self { Self(6) }
    /// TCA_FQ_CODEL_CE_THRESHOLD: delay above which packets are marked, in microseconds.
    public static var markThreshold: Self { Self(7) }
    /// TCA_FQ_CODEL_DROP_BATCH_SIZE: packets dropped at once.
    public static var dropBatch: Self { Self(8) }
    /// TCA_FQ_CODEL_MEMORY_LIMIT: bytes of memory.
    public static var memoryLimit: Self { Self(9) }
}

/// Options of the filter u32.
public struct U32Options: AttributeContainer {
    /// In the order of the wire, each type once.
    public var attributes: [RawAttribute] = []

    /// No attributes.
    public init() {}

    /// Packets that match every key go into a class.
    public init(_ keys: [U32Key], to target: TrafficHandle) {
        self[.classID] = target.rawValue
        self[.selector] = U32Selector(keys: keys)
    }
}

extension AttributeKey where Owner == U32Options, Value == UInt32 {
    /// TCA_U32_CLASSID: class for packets that match.
    public static var classID: Self { Self(1) }
    /// TCA_U32_HASH: the hash table that the filter lies in.
    public static var hash: Self { Self(2) }
    /// TCA_U32_LINK: the hash table to go on with.
    public static var link: Self { Self(3) }
    /// TCA_U32_DIVISOR: buckets of a hash table.
    public static var divisor: Self { Self(4) }
    /// TCA_U32_FLAGS: in hardware or not.
    public static var flags: Self { Self(11) }
}

extension AttributeKey where Owner == U32Options, Value == U32Selector {
    /// TCA_U32_SEL: which packets.
    public static var selector: Self { Self(5) }
}

extension AttributeKey where Owner == U32Options, Value == Bytes {
    /// TCA_U32_ACT: nest of actions.
    public static var actions: Self { Self(7) }
    /// TCA_U32_PCNT: how often each key matched.
    public static var counters: Self { Self(9) }
}

/// Four bytes of a packet and what they must be (struct tc_u32_key).
public struct U32Key: Hashable, Sendable {
    /// Which bits count, in host order.
    public var mask: UInt32
    /// What they must be, in host order.
    public var value: UInt32
    /// Where in the packet, in bytes from the network header.
    public var offset: Int32
    /// Mask of the offset that is read from the packet.
    public var offsetMask: Int32

    /// Bits at an offset.
    public init(value: UInt32, mask: UInt32, offset: Int32, offsetMask: Int32 = 0) {
        self.mask = mask
        self.value = value & mask
        self.offset = offset
        self.offsetMask = offsetMask
    }
}

/// Which packets u32 means (struct tc_u32_sel).
public struct U32Selector: AttributeValue, Hashable {
    /// TC_U32_TERMINAL and the like.
    public var flags: UInt8 = 1
    /// The rest of the header, as it came: offsets and hashing.
    private var rest = [UInt8](repeating: 0, count: 13)
    private var shift: UInt8 = 0
    /// What packets must match.
    public var keys: [U32Key]

    /// Packets that match every key.
    public init(keys: [U32Key]) {
        self.keys = keys
    }

    /// A header of 16 bytes, then 16 bytes a key.
    public init?(payload: [UInt8]) {
        guard payload.count >= 16, payload.count == 16 + 16 * Int(payload[2]) else { return nil }
        flags = payload[0]
        shift = payload[1]
        rest = Array(payload[3..<16])
        keys = stride(from: 16, to: payload.count, by: 16).compactMap { start in
            Words(Array(payload[start..<start + 16]), count: 4).map { words in
                U32Key(
                    value: words[1].byteSwapped, mask: words[0].byteSwapped, offset: Int32(bitPattern: words[2]),
                    offsetMask: Int32(bitPattern: words[3]))
            }
        }
    }

    /// A header of 16 bytes, then 16 bytes a key.
    public var payload: [UInt8] {
        [flags, shift, UInt8(clamping: keys.count)] + rest
            + keys.flatMap { key in
                key.mask.byteSwapped.payload + key.value.byteSwapped.payload + key.offset.payload
                    + key.offsetMask.payload
            }
    }
}

/// Requests for traffic control objects.
public enum TrafficRequest {
    /// Asks for every queueing discipline, or those of a link.
    ///
    /// - Throws: nothing; the writer's closures are declared to.
    public static func qdiscs(index: UInt32 = 0) throws(WireError) -> Request {
        try Qdisc(index: index, parent: .unspecified).request(.getQdisc, flags: .dump)
    }

    /// Asks for the classes of a link.
    ///
    /// - Throws: nothing; the writer's closures are declared to.
    public static func classes(index: UInt32, parent: TrafficHandle = .unspecified) throws(WireError) -> Request {
        try TrafficClass(index: index, parent: parent).request(.getTrafficClass, flags: .dump)
    }

    /// Asks for the filters at one place of a link.
    ///
    /// - Throws: nothing; the writer's closures are declared to.
    public static func filters(index: UInt32, parent: TrafficHandle) throws(WireError) -> Request {
        try TrafficFilter(index: index, parent: parent).request(.getFilter, flags: .dump)
    }
}
