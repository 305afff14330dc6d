import NetlinkFamilies

extension Output {
    static func encapName(_ type: EncapsulationType) -> String {
        let names = ["none", "mpls", "ip", "ila", "ip6", "seg6", "bpf", "seg6local", "rpl", "ioam6", "xfrm"]
        return Int(type.rawValue) < names.count ? names[Int(type.rawValue)] : "unknown"
    }

    /// Adds what a route puts around packets.
    ///
    /// `ip -j` writes an outer destination as a second "dst", behind which most readers lose the route's own; it is
    /// "encap_dst" here.
    static func add(_ encap: Encapsulation, to object: inout JSONObject) {
        object["encap"] = JSON(encapName(encap.type))
        switch encap {
        case .mpls(let content):
            object["encap_dst"] = content[.labels].map { JSON(labelText($0.payload)) }
            object["ttl"] = content[.ttl].map { JSON($0) }
        case .ip(let content):
            object["id"] = content[.id].map { JSON($0.value) }
            object["src"] = content[.source].map { JSON($0.description) }
            object["encap_dst"] = content[.destination].map { JSON($0.description) }
            object["ttl"] = content[.ttl].map { JSON($0) }
            object["tos"] = content[.tos].map { JSON($0) }
        case .ip6(let content):
            object["id"] = content[.id].map { JSON($0.value) }
            object["src"] = content[.source].map { JSON($0.description) }
            object["encap_dst"] = content[.destination].map { JSON($0.description) }
            object["hoplimit"] = content[.hopLimit].map { JSON($0) }
            object["tc"] = content[.trafficClass].map { JSON($0) }
        case .seg6(let content): addSegments(content[.header]?.payload ?? [], to: &object)
        case .other: break
        }
    }

    /// Labels as `100/200`; the bottom of the stack is marked in the label itself.
    private static func labelText(_ bytes: [UInt8]) -> String {
        stride(from: 0, to: bytes.count - bytes.count % 4, by: 4).map { start in
            String(UInt32(bytes[start]) << 12 | UInt32(bytes[start + 1]) << 4 | UInt32(bytes[start + 2]) >> 4)
        }.joined(separator: "/")
    }

    /// Four bytes of mode, then the routing header with its segments, the last hop first.
    private static func addSegments(_ bytes: [UInt8], to object: inout JSONObject) {
        guard bytes.count >= 12 else { return }
        let modes = ["inline", "encap", "l2encap", "encap.red", "l2encap.red"]
        object["mode"] = JSON(bytes[0] < 5 ? modes[Int(bytes[0])] : "<unknown>")
        let count = min(Int(bytes[8]) + 1, (bytes.count - 12) / 16)
        let segments = (0..<count).reversed().compactMap { index in
            IPAddress(bytes: Array(bytes[(12 + 16 * index)..<(28 + 16 * index)]))
        }
        // In inline mode the first segment is the destination itself.
        let shown = bytes[0] == 0 ? segments.dropLast() : segments[...]
        object["segs"] = .array(shown.map { JSON($0.description) })
    }

    private static let metricNames: [(AttributeKey<RouteMetrics, UInt32>, String)] = [
        (.mtu, "mtu"), (.window, "window"), (.roundTrip, "rtt"), (.roundTripVariance, "rttvar"),
        (.slowStartThreshold, "ssthresh"), (.congestionWindow, "cwnd"), (.advertisedMSS, "advmss"),
        (.reordering, "reordering"), (.hopLimit, "hoplimit"), (.initialCongestionWindow, "initcwnd"),
        (.features, "features"), (.minimumRTO, "rto_min"), (.initialReceiveWindow, "initrwnd"),
        (.quickAck, "quickack"), (.fastOpenNoCookie, "fastopen_no_cookie"),
    ]

    static func metricsObject(_ metrics: RouteMetrics?) -> JSONObject? {
        guard let metrics else { return nil }
        var object = JSONObject()
        for (key, name) in metricNames {
            guard let value = metrics[key] else { continue }
            switch name {
            case "rtt": object[name] = JSON(value / 8)
            case "rttvar": object[name] = JSON(value / 4)
            case "hoplimit" where value == .max: continue
            case "features":
                if value & 1 != 0 { object["ecn"] = .null }
                if value & ~1 != 0 { object[name] = JSON(Names.hex(value)) }
            default: object[name] = JSON(value)
            }
        }
        object["congestion"] = metrics[.congestionControl].map { JSON($0.jsonText) }
        return object
    }

    static func metricWords(_ metrics: RouteMetrics) -> [String] {
        let locked = metrics[.lock] ?? 0
        var words = metricNames.compactMap { key, name in
            metrics[key].map { "\(name) \(locked & (1 << UInt32(key.type)) != 0 ? "lock " : "")\($0)" }
        }
        if let algorithm = metrics[.congestionControl] { words.append("congctl \(algorithm)") }
        return words
    }
}
