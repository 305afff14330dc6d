import NetlinkFamilies

/// Where a traffic control object hangs, and its number, in tc's words.
struct TrafficPlace {
    var index: UInt32 = 0
    var parent: TrafficHandle = .unspecified
    var handle: TrafficHandle = .unspecified
    /// The kind, where the place says it: ingress and clsact.
    var kind: String?
}

extension Words {
    /// `1:`, `1:10`, `:10`, `root`, `none`.
    mutating func handle(of name: String) throws -> TrafficHandle {
        let text = try value(of: name)
        guard let handle = TrafficHandle(text.contains(":") || ["root", "none"].contains(text) ? text : text + ":")
        else { throw Failure(2, "\(name) takes a handle such as 1: or 1:10, not \(text)") }
        return handle
    }

    /// Bytes a second: `10mbit`, `1gbit`, `125kbps`, bits a second without a unit.
    mutating func rate(of name: String) throws -> UInt64 {
        let bits: [(String, Double)] = [
            ("bit", 1), ("kibit", 1024), ("kbit", 1e3), ("mibit", 1_048_576), ("mbit", 1e6), ("gibit", 1_073_741_824),
            ("gbit", 1e9), ("tibit", 1_099_511_627_776), ("tbit", 1e12), ("bps", 8), ("kibps", 8192), ("kbps", 8e3),
            ("mibps", 8_388_608), ("mbps", 8e6), ("gibps", 8_589_934_592), ("gbps", 8e9), ("tbps", 8e12), ("", 1),
        ]
        return try measured(of: name, bits, divisor: 8, "a rate such as 10mbit")
    }

    /// Bytes: `1500`, `15kb`, `1mbit`.
    mutating func size(of name: String) throws -> UInt32 {
        let bytes: [(String, Double)] = [
            ("", 1), ("b", 1), ("kb", 1024), ("k", 1024), ("mb", 1_048_576), ("m", 1_048_576), ("gb", 1_073_741_824),
            ("g", 1_073_741_824), ("kbit", 128), ("mbit", 131_072), ("gbit", 134_217_728),
        ]
        let size = try measured(of: name, bytes, divisor: 1, "a size such as 1500 or 15kb")
        guard let size = UInt32(exactly: size) else { throw Failure(2, "\(name) takes a size below 4 GiB") }
        return size
    }

    /// Microseconds: `50ms`, `1s`, `100` for microseconds.
    mutating func microseconds(of name: String) throws -> UInt32 {
        let units: [(String, Double)] = [
            ("s", 1e6), ("sec", 1e6), ("secs", 1e6), ("ms", 1e3), ("msec", 1e3), ("msecs", 1e3), ("us", 1),
            ("usec", 1), ("usecs", 1), ("", 1),
        ]
        let time = try measured(of: name, units, divisor: 1, "a time such as 50ms")
        guard let time = UInt32(exactly: time) else { throw Failure(2, "\(name) takes a time below an hour") }
        return time
    }

    private mutating func measured(
        of name: String, _ units: [(String, Double)], divisor: Double, _ expected: String
    ) throws -> UInt64 {
        let text = try value(of: name)
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let unit = text.dropFirst(digits.count).lowercased()
        guard let factor = units.first(where: { $0.0 == unit })?.1, let number = Double(digits),
            let value = UInt64(exactly: (number * factor / divisor).rounded(.down))
        else { throw Failure(2, "\(name) takes \(expected), not \(text)") }
        return value
    }
}

/// Queueing disciplines and classes in tc's words.
struct TrafficWords {
    let lookup: Lookup

    /// Words of `qdisc add`, `change`, `replace` and `del`.
    ///
    /// `dev DEV [root|ingress|clsact|parent H] [handle H] [KIND OPTIONS]`
    func qdisc(_ words: [String], isDeleted: Bool) async throws -> Qdisc {
        var words = Words(words)
        var place = TrafficPlace()
        while let word = words.peek, try await takePlace(word, &words, &place, "qdisc") {}
        let kind = try place.kind ?? words.next().map { $0 } ?? (isDeleted ? nil : missing("qdisc"))
        guard place.index != 0 else { throw Failure(2, "qdisc needs an interface: dev NAME") }
        var qdisc = Qdisc(
            kind.map { ByteString($0) }, index: place.index, parent: place.parent, handle: place.handle)
        if let kind { qdisc.options = try QdiscOptionWords().options(kind, &words) }
        if let word = words.next() { throw Words.unknown(word, "qdisc") }
        return qdisc
    }

    /// Words of `class add`, `change`, `replace` and `del`.
    ///
    /// `dev DEV [root|parent H] classid H [KIND OPTIONS]`
    func trafficClass(_ words: [String], isDeleted: Bool) async throws -> TrafficClass {
        var words = Words(words)
        var place = TrafficPlace()
        while let word = words.peek, try await takePlace(word, &words, &place, "class") {}
        let kind = try words.next() ?? (isDeleted ? nil : missing("class"))
        guard place.index != 0 else { throw Failure(2, "class needs an interface: dev NAME") }
        guard place.handle != .unspecified || !isDeleted else { throw Failure(2, "class needs a classid") }
        var object = TrafficClass(
            kind.map { ByteString($0) }, index: place.index, parent: place.parent, handle: place.handle)
        if let kind { object.options = try HTBWords().classOptions(kind, &words) }
        if let word = words.next() { throw Words.unknown(word, "class") }
        return object
    }

    private func missing(_ what: String) throws -> String {
        throw Failure(2, "\(what) needs a kind, such as htb")
    }

    private func takePlace(
        _ word: String, _ words: inout Words, _ place: inout TrafficPlace, _ what: String
    ) async throws -> Bool {
        guard ["dev", "root", "ingress", "clsact", "parent", "handle", "classid"].contains(word),
            what == "qdisc" || !["ingress", "clsact"].contains(word)
        else { return false }
        _ = words.next()
        switch word {
        case "dev": place.index = try await lookup.index(try words.value(of: word))
        case "root": place.parent = .root
        case "ingress", "clsact":
            (place.parent, place.handle, place.kind) = (.ingress, TrafficHandle(0xffff, 0), word)
            _ = words.take(word)
        case "parent": place.parent = try words.handle(of: word)
        default: place.handle = try words.handle(of: word)
        }
        return true
    }
}

/// What follows the kind of a queueing discipline.
struct QdiscOptionWords {
    func options(_ kind: String, _ words: inout Words) throws -> TrafficOptions? {
        switch kind {
        case "pfifo", "bfifo": return try fifo(kind, &words)
        case "tbf": return .tokenBucket(try tokenBucket(&words))
        case "htb": return .htb(try HTBWords().qdiscOptions(&words))
        case "fq_codel":
            let options = try fqCodel(&words)
            return options.attributes.isEmpty ? nil : .fqCodel(options)
        default:
            guard words.isEmpty else {
                throw Failure(
                    2, "qdisc \(kind): options are known for pfifo, bfifo, tbf, htb and fq_codel; others go without")
            }
            return nil
        }
    }

    private func fifo(_ kind: String, _ words: inout Words) throws -> TrafficOptions? {
        guard words.take("limit") else { return nil }
        return .fifo(limit: try kind == "bfifo" ? words.size(of: "limit") : words.number(of: "limit"))
    }

    private func tokenBucket(_ words: inout Words) throws -> TokenBucketOptions {
        var rate: UInt64?
        var burst: UInt32?
        var limit: UInt32?
        var latency: UInt32?
        while let word = words.next() {
            switch word {
            case "rate": rate = try words.rate(of: word)
            case "burst", "buffer", "maxburst": burst = try words.size(of: word)
            case "limit": limit = try words.size(of: word)
            case "latency": latency = try words.microseconds(of: word)
            default: throw Failure(2, "tbf doesn't know \(word); it knows rate, burst, limit, latency")
            }
        }
        guard let rate, rate > 0, let burst, limit != nil || latency != nil else {
            throw Failure(2, "tbf needs a rate, a burst, and a limit or latency")
        }
        let waiting = latency.map { UInt32(clamping: UInt64(Double(rate) * Double($0) / 1e6) + UInt64(burst)) }
        return TokenBucketOptions(bytesPerSecond: rate, burst: burst, limit: limit ?? waiting ?? 0)
    }

    private func fqCodel(_ words: inout Words) throws -> FQCodelOptions {
        var options = FQCodelOptions()
        while let word = words.next() {
            switch word {
            case "limit": options[.limit] = try words.number(of: word)
            case "flows": options[.flows] = try words.number(of: word)
            case "quantum": options[.quantum] = try words.number(of: word)
            case "target": options[.target] = try words.microseconds(of: word)
            case "interval": options[.interval] = try words.microseconds(of: word)
            case "ce_threshold": options[.markThreshold] = try words.microseconds(of: word)
            case "memory_limit": options[.memoryLimit] = try words.size(of: word)
            case "drop_batch": options[.dropBatch] = try words.number(of: word)
            case "ecn": options[.ecn] = 1
            case "noecn": options[.ecn] = 0
            default:
                throw Failure(
                    2,
                    "fq_codel doesn't know \(word); it knows limit, flows, quantum, target, interval, ce_threshold, "
                        + "memory_limit, drop_batch, ecn, noecn")
            }
        }
        return options
    }
}

/// What follows `htb`.
struct HTBWords {
    func qdiscOptions(_ words: inout Words) throws -> HTBOptions {
        var options = HTBOptions(defaultClass: 0)
        while let word = words.next() {
            switch word {
            case "default":
                let text = try words.value(of: word)
                guard let minor = UInt32(text.hasPrefix("0x") ? text.dropFirst(2) : text[...], radix: 16) else {
                    throw Failure(2, "default takes the minor number of a class in hexadecimal digits, not \(text)")
                }
                options[.global]?.defaultClass = minor
            case "r2q": options[.global]?.rateToQuantum = try words.number(of: word)
            case "direct_qlen": options[.directQueueLength] = try words.number(of: word)
            default: throw Failure(2, "htb doesn't know \(word); it knows default, r2q, direct_qlen")
            }
        }
        return options
    }

    func classOptions(_ kind: String, _ words: inout Words) throws -> TrafficOptions? {
        guard kind == "htb" else {
            guard words.isEmpty else { throw Failure(2, "class \(kind): options are known for htb only") }
            return nil
        }
        var rate: UInt64?
        var ceiling: UInt64?
        var (burst, ceilingBurst): (UInt32?, UInt32?)
        var (priority, quantum): (UInt32, UInt32) = (0, 0)
        while let word = words.next() {
            switch word {
            case "rate": rate = try words.rate(of: word)
            case "ceil": ceiling = try words.rate(of: word)
            case "burst", "buffer", "maxburst": burst = try words.size(of: word)
            case "cburst", "cbuffer", "cmaxburst": ceilingBurst = try words.size(of: word)
            case "prio": priority = try words.number(of: word)
            case "quantum": quantum = try words.size(of: word)
            default: throw Failure(2, "htb doesn't know \(word); it knows rate, ceil, burst, cburst, prio, quantum")
            }
        }
        guard let rate, rate > 0 else { throw Failure(2, "class htb needs a rate") }
        let most = ceiling ?? rate
        var options = HTBOptions(bytesPerSecond: rate, ceiling: most, burst: UInt64(burst ?? defaultBurst(rate)))
        options[.parameters]?.ceilingBurst = SchedulerTicks.time(
            ofBytes: UInt64(ceilingBurst ?? defaultBurst(most)), at: most)
        options[.parameters]?.priority = priority
        options[.parameters]?.quantum = quantum
        return .htb(options)
    }

    /// What one tick of a nanosecond brings, and a packet of 1600 bytes, as tc has it.
    private func defaultBurst(_ rate: UInt64) -> UInt32 { UInt32(clamping: rate / 1_000_000_000 + 1600) }
}
