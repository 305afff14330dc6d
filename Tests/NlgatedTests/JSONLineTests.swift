import Foundation
import Testing

@testable import nlgated

/// Lines of the audit log, as another parser reads them.
@Suite struct JSONLineTests {
    private func parsed(_ line: JSONLine) throws -> [String: Any] {
        let bytes = line.finished
        #expect(bytes.last == 0x0a)
        #expect(bytes.dropLast().allSatisfy { $0 >= 0x20 && $0 < 0x7f })
        return try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
    }

    @Test func `every character comes back as it was`() throws {
        for start in stride(from: UInt32(0), to: 0x11_0000, by: 0x400) {
            var text = ""
            for number in start..<(start + 0x400) {
                if let scalar = Unicode.Scalar(number) { text.unicodeScalars.append(scalar) }
            }
            guard !text.isEmpty else { continue }
            var line = JSONLine()
            line.add("key", text)
            let value = try #require(try parsed(line)["key"] as? String)
            #expect(Array(value.unicodeScalars) == Array(text.unicodeScalars), "\(start)")
        }
    }

    @Test func `the journal's fields are lines, whatever the values are`() throws {
        var line = JSONLine()
        line.add("event", "denied\nMESSAGE=forged \u{e9}")
        line.add("client", ["noc", "a\nB=c"])
        line.add("session", 7)
        let fields = String(decoding: line.fields, as: UTF8.self)
        let event = #"NLGATE_EVENT=denied\u000aMESSAGE=forged \u00e9"#
        #expect(fields == "\(event)\nNLGATE_CLIENT=noc\nNLGATE_CLIENT=a?B=c\nNLGATE_SESSION=7\n")
    }

    @Test func `keys come in their order, and those without a value are left out`() throws {
        var line = JSONLine()
        line.add("a", "")
        line.add("b", [])
        line.add("c", 0)
        line.add("d", ["x", "", "\""])
        line.add("e", UInt64.max)
        line.add("f", "y")
        #expect(
            String(decoding: line.finished, as: UTF8.self)
                == "{\"c\":0,\"d\":[\"x\",\"\",\"\\\"\"],\"e\":18446744073709551615,\"f\":\"y\"}\n")
        #expect(String(decoding: JSONLine().finished, as: UTF8.self) == "{}\n")
        #expect(try parsed(line).count == 4)
    }

    @Test func `moments are what the calendar says`() {
        var format = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        format.timeZone = TimeZone(identifier: "UTC") ?? .gmt
        let days: [Int64] = [0, 58, 59, 60, 365, 789, 790, 10_956, 11_016, 19_782, 20_000, 47_540, 47_541, 376_200]
        for day in days {
            for rest in [0, 1, 999, 3_599_999, 43_200_500, 86_399_999] as [Int64] {
                let moment = day * 86_400_000 + rest
                // A little later, since the formatter cuts and thousandths are not exact.
                let date = Date(timeIntervalSince1970: Double(moment) / 1000 + 0.0001)
                #expect(timestamp(moment) == date.formatted(format), "\(moment)")
            }
        }
        #expect(timestamp(0) == "1970-01-01T00:00:00.000Z")
        #expect(timestamp(951_782_400_123) == "2000-02-29T00:00:00.123Z")
        #expect(timestamp(-1) == "1969-12-31T23:59:59.999Z")
    }
}
