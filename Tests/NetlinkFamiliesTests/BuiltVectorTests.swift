import Foundation
import NetlinkFamilies
import NetlinkWire
import Testing

@testable import nlgate

/// Links that the test kernel can't make: vectors put together from the kernel's headers, and what iproute2 reads in
/// them.
@Suite struct BuiltVectorTests {
    @Test func `every kind that the test kernel may lack has a vector`() {
        let built = Set(Vector.of("built").map { $0.name.split(separator: "/").last.map(String.init) ?? "" })
        #expect(
            built == ["vlan", "bond", "bond-port", "dummy", "vrf", "vrf-port", "wireguard", "virtual-functions"])
    }

    /// Each value of our JSON stands in iproute2's text, under the name that the text has for it.
    @Test(arguments: Vector.of("built").filter { !$0.name.hasSuffix("functions") })
    func `what is decoded is what iproute2 reads`(_ vector: Vector) throws {
        let link = try #require(try vector.decoded(Link.self).first)
        let json = try JSONSerialization.jsonObject(
            with: Data(Output.linkJSON([link], names: LinkNames([link]), details: true).utf8))
        let object = try #require((json as? [[String: Any]])?.first)
        let shown = vector.expected
        for word in try #require(object["flags"] as? [String]) { #expect(shown.contains(word)) }
        for key in ["ifname", "address", "mtu"] { #expect(shown.contains("\(try #require(object[key]))")) }
        let info = try #require(object["linkinfo"] as? [String: Any])
        if let kind = info["info_kind"] as? String { #expect(shown.contains("\n    \(kind)")) }
        if let kind = info["info_slave_kind"] as? String { #expect(shown.contains("\n    \(kind)_slave ")) }
        let data = (info["info_data"] ?? info["info_slave_data"]) as? [String: Any] ?? [:]
        for (key, value) in data { #expect(words(key, value).allSatisfy(shown.contains), "\(key) \(value): \(shown)") }
        // Nothing that iproute2 reads is missing: it writes a name and a value each.
        let read = shown.split(separator: "\n").dropFirst(2).first?.split(separator: " ") ?? []
        let names = Set(data.keys.map(text(of:)))
        for name in read.dropFirst() where name.contains("_") && !name.hasPrefix("<") && !name.contains(",") {
            #expect(names.contains(String(name)) || data.values.contains { "\($0)" == name }, "\(name) is missing")
        }
    }

    private func text(of key: String) -> String {
        let names = [
            "num_peer_notif": "num_grat_arp", "ad_lacp_rate": "lacp_rate", "ad_lacp_active": "lacp_active",
        ]
        return names[key] ?? key
    }

    private func words(_ key: String, _ value: Any) -> [String] {
        if let list = value as? [[String: Any]] {
            return list.compactMap { pair in
                guard let from = pair["from"], let to = pair["to"] else { return "a pair" }
                return "\(from):\(to)"
            }
        }
        if let list = value as? [String] { return ["<\(list.joined(separator: ","))>"] }
        return ["\(text(of: key)) \(value is NSNull ? "none" : "\(value)")"]
    }

    @Test func `virtual functions are decoded`() throws {
        let vector = try #require(Vector.all.first { $0.name == "built/virtual-functions" })
        let link = try #require(try vector.decoded(Link.self).first)
        #expect(link.virtualFunctionCount == 3)
        #expect(link.virtualFunctions.count == 3)
        for (number, function) in link.virtualFunctions.enumerated() {
            let own = UInt32(number)
            #expect(function.number == own)
            #expect(function.address?.description == "02:00:00:00:01:0\(number)")
            #expect(function.broadcast == "ff:ff:ff:ff:ff:ff")
            #expect(function[.vlan]?.vlan == 100 + own && function[.vlan]?.priority == 3)
            #expect(function[.rate]?.minimum == 10 && function[.rate]?.maximum == 1000)
            #expect(function[.sendRate]?.value == 1000 && function[.spoofCheck]?.value == 1)
            #expect(function[.linkState]?.value == own && function[.trust]?.value == own % 2)
            #expect(function[.hashQuery]?.value == 0)
            let base = UInt64(1000 * number)
            #expect(
                function[.statistics]?[.packetsReceived] == base && function[.statistics]?[.droppedSent] == base + 8)
            let line = try #require(vector.expected.split(separator: "\n").first { $0.contains("vf \(number) ") })
            #expect(
                line.contains("link/ether 02:00:00:00:01:0\(number)") && line.contains("vlan \(100 + number), qos 3"))
            #expect(line.contains("link-state \(["auto", "enable", "disable"][number])"))
        }
        let json = Output.linkJSON([link])
        #expect(json.contains(#""vf":2,"address":"02:00:00:00:01:02""#) && json.contains(#""link_state":"disable""#))
    }

    /// What one attribute can hold.
    @Test(arguments: [1, 64, 200]) func `many virtual functions`(_ count: Int) throws {
        let link = try Link(functions: count)
        #expect(link.virtualFunctions.map(\.number) == (0..<count).map { UInt32($0) })
        #expect(link.name == "many" && link.mtu == 9000)
        let again = try link.request(.newLink).encode(sequence: 0)
        #expect(try decoded(again) == link)
    }

    @Test func `a length that went round is an error, and no crash`() throws {
        // Some kernels write a length of 16 bits for what is longer: the rest is read as what it isn't.
        var bytes = try Link.bytes(functions: 400)
        #expect(throws: WireError.self) { try decoded(bytes) }
        // Cut anywhere it is an error too, or has no functions.
        for length in stride(from: 16, to: bytes.count, by: 997) {
            bytes.replaceSubrange(0..<4, with: UInt32(length).payload)
            let link = try? decoded(Array(bytes[..<length]))
            #expect((link?.virtualFunctions.count ?? 0) < 400)
        }
    }
}

private func decoded(_ bytes: [UInt8]) throws -> Link {
    var cursor = MessageCursor(bytes.span)
    let message = try #require(try cursor.next(in: bytes.span))
    return try Link(message, in: bytes.span)
}

extension Link {
    /// A link as the kernel tells it, with so many virtual functions of 272 bytes each.
    fileprivate init(functions: Int) throws {
        self = try decoded(Link.bytes(functions: functions))
    }

    fileprivate static func bytes(functions: Int) throws -> [UInt8] {
        func attribute(_ type: UInt16, _ payload: [UInt8]) -> [UInt8] {
            // The kernel's arithmetic: 16 bits, whatever is in them.
            UInt16(truncatingIfNeeded: payload.count + 4).payload + type.payload + payload
        }
        var list: [UInt8] = []
        for number in 0..<UInt32(functions) {
            var one = attribute(
                1, number.payload + [2, 0, 0, 0] + UInt16(number).payload + [UInt8](repeating: 0, count: 26))
            one += attribute(13, [UInt8](repeating: 0xff, count: 32))
            one += attribute(2, number.payload + UInt32(0).payload + UInt32(0).payload)
            for type in [3, 4, 5, 7, 9] as [UInt16] { one += attribute(type, number.payload + UInt32(1).payload) }
            one += attribute(6, number.payload + UInt32(0).payload + UInt32(0).payload)
            one += attribute(8, ([0, 1, 2, 3, 4, 5, 7, 8] as [UInt16]).flatMap { attribute($0, UInt64($0).payload) })
            list += attribute(1, one)
        }
        var body = [UInt8](repeating: 0, count: 16)
        body[4] = 7
        body += attribute(3, Array("many".utf8) + [0]) + [0, 0, 0]
        body += attribute(4, UInt32(9000).payload) + attribute(21, UInt32(functions).payload) + attribute(22, list)
        return UInt32(body.count + 16).payload + UInt16(16).payload + UInt16(0).payload + UInt64(0).payload + body
    }
}
