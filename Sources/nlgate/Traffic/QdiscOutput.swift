import NetlinkFamilies

/// Queueing disciplines with the keys and numbers of `tc -j`.
extension Output {
    static func qdiscJSON(_ qdiscs: [Qdisc], names: LinkNames?, statistics: Bool = false) -> String {
        document(
            qdiscs.map { qdisc in
                var object = JSONObject()
                object["kind"] = JSON(qdisc.kind?.jsonText ?? "")
                object["handle"] = JSON(handle(qdisc.handle))
                object["dev"] = names?.json(qdisc.index)
                if qdisc.parent == .root {
                    object["root"] = JSON(true)
                } else if qdisc.parent != .unspecified {
                    object["parent"] = JSON(handle(qdisc.parent))
                }
                if qdisc.references != 1 { object["refcnt"] = JSON(qdisc.references) }
                if qdisc.hardwareOffload == 1 { object["offloaded"] = JSON(true) }
                object["options"] = .object(options(qdisc.options))
                if statistics { add(qdisc.statistics, to: &object) }
                return object
            })
    }

    /// One line each: what, where, its numbers.
    static func qdiscTable(_ qdiscs: [Qdisc], names: LinkNames) -> String {
        var columns = Columns()
        for qdisc in qdiscs {
            let place = qdisc.parent == .root ? "root" : qdisc.parent == .unspecified ? "" : handle(qdisc.parent)
            let counters = qdisc.statistics?[.basic]
            columns.append([
                qdisc.kind?.description ?? "?", handle(qdisc.handle), names.text(qdisc.index), place,
                counters.map { "\($0.bytes) bytes \($0.packets) packets" } ?? "",
                (qdisc.statistics?[.queue]).map { "\($0.dropped) dropped" } ?? "",
            ])
        }
        return columns.text
    }

    static func handle(_ handle: TrafficHandle) -> String {
        handle == .unspecified ? "0:" : handle.description
    }

    private static func options(_ options: TrafficOptions?) -> JSONObject {
        var object = JSONObject()
        switch options {
        case .fifo(let limit)?: object["limit"] = JSON(limit)
        case .bands(let bands)?:
            object["bands"] = JSON(bands.bands)
            object["priomap"] = .array(bands.map.map { JSON($0) })
            object["multiqueue"] = JSON(false)
        case .tokenBucket(let options)?: add(options, to: &object)
        case .htb(let options)?: add(options, to: &object)
        case .fqCodel(let options)?: add(options, to: &object)
        case .u32?, .raw?, nil: break
        }
        return object
    }

    private static func add(_ options: HTBOptions, to object: inout JSONObject) {
        if let global = options[.global] {
            object["r2q"] = JSON(global.rateToQuantum)
            object["default"] = JSON(Names.hex(global.defaultClass))
            object["direct_packets_stat"] = JSON(global.directPackets)
        }
        object["direct_qlen"] = options[.directQueueLength].map { JSON($0) }
    }

    private static func add(_ options: FQCodelOptions, to object: inout JSONObject) {
        let numbers: [(String, AttributeKey<FQCodelOptions, UInt32>)] = [
            ("limit", .limit), ("flows", .flows), ("quantum", .quantum), ("target", .target),
            ("ce_threshold", .markThreshold), ("interval", .interval), ("memory_limit", .memoryLimit),
        ]
        for (name, key) in numbers { object[name] = options[key].map { JSON($0) } }
        if options[.ecn] == 1 { object["ecn"] = JSON(true) }
        object["drop_batch"] = options[.dropBatch].map { JSON($0) }
    }

    private static func add(_ options: TokenBucketOptions, to object: inout JSONObject) {
        guard let parameters = options[.parameters] else { return }
        let rate = options[.rate64] ?? UInt64(parameters.rate.bytesPerSecond)
        let peak = options[.peakRate64] ?? UInt64(parameters.peakRate.bytesPerSecond)
        object["rate"] = JSON(rate)
        object["burst"] = JSON(size(parameters.burst, rate))
        if peak > 0 { object["minburst"] = JSON(size(parameters.peakBurst, peak)) }
        func latency(_ rate: UInt64, _ ticks: UInt32) -> Int64 {
            rate == 0 ? -1 : Int64(1e6 * Double(parameters.limit) / Double(rate)) - Int64(microseconds(ticks))
        }
        let delay = max(latency(rate, parameters.burst), latency(peak, parameters.peakBurst))
        if delay >= 0 { object["lat"] = JSON(UInt64(delay)) } else { object["limit"] = JSON(parameters.limit) }
    }

    /// tc counts in whole microseconds; a tick is 64 ns.
    private static func microseconds(_ ticks: UInt32) -> UInt64 { UInt64(ticks) * 64 / 1000 }

    /// Bytes that pass in so many ticks, as tc rounds them.
    static func size(_ ticks: UInt32, _ rate: UInt64) -> UInt64 {
        UInt64(Double(rate) * Double(microseconds(ticks)) / 1e6)
    }

    static func add(_ statistics: TrafficStatistics?, to object: inout JSONObject) {
        if let counters = statistics?[.basic] {
            object["bytes"] = JSON(counters.bytes)
            object["packets"] = JSON(statistics?[.packets64] ?? UInt64(counters.packets))
        }
        if let queue = statistics?[.queue] {
            object["drops"] = JSON(queue.dropped)
            object["overlimits"] = JSON(queue.overlimits)
            object["requeues"] = JSON(queue.requeued)
            object["backlog"] = JSON(queue.bytes)
            object["qlen"] = JSON(queue.packets)
        }
    }
}
