import Foundation
import NetlinkFamilies
import NetlinkWire
import Testing

/// Classes and filters, against what `tc` made of the same messages.
@Suite struct TrafficTests {
    /// `10Mbit`, `625b`, `15Kb` and the like as bytes or bytes a second.
    private func number(_ text: some StringProtocol) throws -> UInt64 {
        let units: [(String, Double)] = [
            ("Gbit", 125e6), ("Mbit", 125e3), ("Kbit", 125), ("bit", 0.125), ("Mb", 1_048_576), ("Kb", 1024), ("b", 1),
        ]
        let (unit, factor) = try #require(units.first { text.hasSuffix($0.0) })
        return UInt64(try #require(Double(text.dropLast(unit.count))) * factor)
    }

    @Test func `classes are decoded as tc shows them`() throws {
        let vector = try #require(Vector.of("class").first)
        let classes = try vector.decoded(TrafficClass.self)
        let lines = vector.expected.split(separator: "\n").filter { $0.hasPrefix("class ") }
        #expect(classes.count == 3 && lines.count == 3)
        for (own, line) in zip(classes, lines) {
            let words = line.split(separator: " ")
            func value(_ name: String) -> Substring? {
                words.firstIndex(of: Substring(name)).flatMap { words.indices.contains($0 + 1) ? words[$0 + 1] : nil }
            }
            #expect(own.kind?.description == value("class").map(String.init))
            #expect(own.handle.description == words[2])
            #expect(words.contains("root") ? own.parent == .root : own.parent.description == value("parent") ?? "")
            #expect(own.leaf == .unspecified ? value("leaf") == nil : own.leaf.description == value("leaf") ?? "")
            guard case .htb(let options)? = own.options, let parameters = options[.parameters] else {
                Issue.record("\(String(describing: own.options))")
                continue
            }
            #expect(options.bytesPerSecond == (try number(try #require(value("rate")))))
            #expect(options.ceiling == (try number(try #require(value("ceil")))))
            if let priority = value("prio") { #expect(String(parameters.priority) == priority) }
            // tc rounds time to microseconds before it makes bytes of it.
            let rate = try #require(options.bytesPerSecond)
            let burst = Double(rate) * Double(UInt64(parameters.burst) * 64 / 1000) / 1e6
            #expect(try abs(burst - Double(number(try #require(value("burst"))))) < 0.01 * burst + 1)
        }
    }

    @Test func `u32 filters are decoded as tc shows them`() throws {
        let vector = try #require(Vector.of("filter").first { $0.name == "filter/u32" })
        let filters = try vector.decoded(TrafficFilter.self)
        let shown = try JSONSerialization.jsonObject(with: Data(vector.expected.utf8))
        let theirs = try #require(shown as? [[String: Any]])
        #expect(filters.count == theirs.count)
        for (own, other) in zip(filters, theirs) {
            #expect(own.kind?.description == other["kind"] as? String)
            #expect(Int(own.priority) == other["pref"] as? Int)
            #expect(own.protocolNumber == (other["protocol"] as? String == "ip" ? 0x0800 : 0x86dd))
            #expect(own.chain.map(Int.init) == other["chain"] as? Int)
            guard let options = other["options"] as? [String: Any] else {
                #expect(own.options == nil)
                continue
            }
            guard case .u32(let content)? = own.options else {
                Issue.record("\(String(describing: own.options))")
                continue
            }
            #expect(content[.divisor].map(Int.init) == options["ht_divisor"] as? Int)
            guard let match = options["match"] as? [String: Any] else { continue }
            let key = try #require(content[.selector]?.keys.first)
            #expect(content[.selector]?.keys.count == 1)
            #expect(content[.classID].map { TrafficHandle(rawValue: $0).description } == options["flowid"] as? String)
            #expect(String(key.value, radix: 16) == match["value"] as? String)
            #expect(String(key.mask, radix: 16) == match["mask"] as? String)
            #expect(Int(key.offset) == match["off"] as? Int)
        }
    }

    @Test func `actions and kinds without a type here are kept`() throws {
        let mirred = try #require(Vector.of("filter").first { $0.name == "filter/mirred" })
        let last = try #require(try mirred.decoded(TrafficFilter.self).last)
        guard case .u32(let options)? = last.options else {
            Issue.record("\(String(describing: last.options))")
            return
        }
        #expect(options[.actions] != nil)
        #expect(last.protocolNumber == 3)
        #expect(last.parent == TrafficHandle(0xffff, 0))
        let bpf = try #require(Vector.of("filter").first { $0.name == "filter/bpf" })
        guard case .raw? = try bpf.decoded(TrafficFilter.self).last?.options else {
            Issue.record("bpf has a type")
            return
        }
    }

    @Test func `handles are written and read`() {
        for text in ["1:", "1:10", "ffff:fff1", ":10", "root", "none", "ffff:"] {
            #expect(TrafficHandle(text)?.description == text)
        }
        for text in ["", "1", "1:2:3", "g:", "10000:", "+1:", "1:-2"] { #expect(TrafficHandle(text) == nil) }
    }
}
