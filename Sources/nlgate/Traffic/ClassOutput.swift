import NetlinkFamilies

/// Classes and filters with tc's keys and numbers.
extension Output {
    static func classJSON(_ classes: [TrafficClass], names: LinkNames, statistics: Bool = false) -> String {
        document(
            classes.map { own in
                var object = JSONObject()
                object["class"] = JSON(own.kind?.jsonText ?? "")
                object["handle"] = JSON(handle(own.handle))
                object["dev"] = names.json(own.index)
                if own.parent == .root {
                    object["root"] = JSON(true)
                } else {
                    object["parent"] = JSON(handle(own.parent))
                }
                if own.leaf != .unspecified { object["leaf"] = JSON(handle(own.leaf)) }
                if case .htb(let options)? = own.options { object["options"] = .object(classOptions(options)) }
                if statistics { add(own.statistics, to: &object) }
                return object
            })
    }

    private static func classOptions(_ options: HTBOptions) -> JSONObject {
        var object = JSONObject()
        guard let parameters = options[.parameters], let rate = options.bytesPerSecond, let ceiling = options.ceiling
        else { return object }
        object["prio"] = JSON(parameters.priority)
        object["quantum"] = JSON(parameters.quantum)
        object["rate"] = JSON(rate)
        object["ceil"] = JSON(ceiling)
        object["burst"] = JSON(size(parameters.burst, rate))
        object["cburst"] = JSON(size(parameters.ceilingBurst, ceiling))
        return object
    }

    /// One line each: what, where, its rates in bytes a second, its counters.
    static func classTable(_ classes: [TrafficClass], names: LinkNames) -> String {
        var columns = Columns()
        for own in classes {
            var rates = ""
            if case .htb(let options)? = own.options, let rate = options.bytesPerSecond, let most = options.ceiling {
                rates = "rate \(rate)bps ceil \(most)bps"
            }
            let counters = own.statistics?[.basic]
            columns.append([
                own.kind?.description ?? "?", handle(own.handle), names.text(own.index),
                own.parent == .root ? "root" : "parent \(handle(own.parent))",
                own.leaf == .unspecified ? "" : "leaf \(handle(own.leaf))", rates,
                counters.map { "\($0.bytes) bytes \($0.packets) packets" } ?? "",
            ])
        }
        return columns.text
    }

    static func filterJSON(_ filters: [TrafficFilter], names: LinkNames) -> String {
        document(
            filters.map { filter in
                var object = JSONObject()
                object["protocol"] = JSON(protocolName(filter.protocolNumber))
                object["pref"] = JSON(UInt32(filter.priority))
                object["kind"] = JSON(filter.kind?.jsonText ?? "")
                object["dev"] = names.json(filter.index)
                object["parent"] = JSON(filter.parent == .root ? "root" : handle(filter.parent))
                object["chain"] = filter.chain.map { JSON($0) }
                if filter.handle != .unspecified { object["handle"] = JSON(Names.hex(filter.handle.rawValue)) }
                if case .u32(let options)? = filter.options { object["options"] = .object(filterOptions(options)) }
                return object
            })
    }

    private static func filterOptions(_ options: U32Options) -> JSONObject {
        var object = JSONObject()
        object["flowid"] = options[.classID].map { JSON(TrafficHandle(rawValue: $0).description) }
        object["ht_divisor"] = options[.divisor].map { JSON($0) }
        object["matches"] = options[.selector].map { selector in
            .array(
                selector.keys.map { key in
                    var match = JSONObject()
                    match["value"] = JSON(Names.hex(key.value))
                    match["mask"] = JSON(Names.hex(key.mask))
                    match["off"] = JSON(key.offset)
                    match["offmask"] = JSON(Names.hex(UInt32(bitPattern: key.offsetMask)))
                    return .object(match)
                })
        }
        return object
    }

    /// One line each: which packets, where, what becomes of them.
    static func filterTable(_ filters: [TrafficFilter], names: LinkNames) -> String {
        var columns = Columns()
        for filter in filters {
            var matches = ""
            var target = ""
            if case .u32(let options)? = filter.options {
                target = options[.classID].map { "flowid \(TrafficHandle(rawValue: $0))" } ?? ""
                matches = (options[.selector]?.keys ?? []).map { key in
                    "match \(padded(key.value))/\(padded(key.mask)) at \(key.offset)"
                }.joined(separator: " ")
            }
            columns.append([
                filter.kind?.description ?? "?", names.text(filter.index),
                filter.parent == .root ? "root" : handle(filter.parent), protocolName(filter.protocolNumber),
                "pref \(filter.priority)", filter.handle == .unspecified ? "" : Names.hex(filter.handle.rawValue),
                target, matches,
            ])
        }
        return columns.text
    }

    private static func padded(_ number: UInt32) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }

    private static func protocolName(_ number: UInt16) -> String {
        switch number {
        case 3: "all"
        case 0x0800: "ip"
        case 0x0806: "arp"
        case 0x8100: "802.1Q"
        case 0x86dd: "ipv6"
        default: "[\(number)]"
        }
    }
}
