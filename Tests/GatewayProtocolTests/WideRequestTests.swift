import GatewayProtocol
import NetlinkWire
import Testing

/// What pyroute2 0.1.4 and 0.1.5 write wider than it is meant.
@Suite struct WideRequestTests {
    private let header = MessageHeader(type: MessageType(rawValue: 0), flags: .request, sequence: 5, portID: 4711)

    private func message(_ type: UInt16, _ fixed: [UInt8], _ attributes: [Part]) throws -> [UInt8] {
        var header = header
        header.type = MessageType(rawValue: type)
        var writer = MessageWriter()
        try writer.message(header) { (writer: inout MessageWriter) throws(WireError) in
            writer.append(fixed)
            for part in attributes { try writer.attribute(part.type, part.payload) }
        }
        return writer.bytes
    }

    private struct Part {
        let type: UInt16
        let payload: [UInt8]
    }

    /// The datagram that a client's message becomes.
    private func forwarded(_ bytes: [UInt8], wide: Bool = true) throws -> [UInt8] {
        var client = try MessageClient(.control, session: true, wide: wide)
        let list = try datagrams(in: client.say(bytes).frames)
        return try #require(list.first).bytes
    }

    private func wide(_ payload: [UInt8]) -> [UInt8] { payload + [UInt8](repeating: 0, count: 12 - payload.count) }

    private let name = Array("nlgA\0".utf8)
    private let address: [UInt8] = [192, 0, 2, 1]

    @Test func `addresses get their family's width, names one NUL, MAC addresses six bytes`() throws {
        let inet: [UInt8] = [2, 24, 0, 254, 7, 0, 0, 0]
        let route: [UInt8] = [2] + [UInt8](repeating: 0, count: 11)
        let mac: [UInt8] = [0, 17, 34, 51, 68, 85]
        let cases: [(UInt16, [UInt8], UInt16, [UInt8], [UInt8])] = [
            (20, inet, 2, wide(address), address), (21, inet, 1, wide(address), address),
            (20, inet, 3, wide(name), name), (24, route, 1, wide(address), address),
            (25, route, 5, wide(address), address),
            (28, route, 1, wide(address), address), (19, [UInt8](repeating: 0, count: 16), 3, wide(name), name),
            (19, [UInt8](repeating: 0, count: 16), 1, mac + [0, 0], mac),
        ]
        for (type, fixed, attribute, said, meant) in cases {
            let other = Part(type: 40, payload: [1, 2, 3, 4])
            let old = try message(type, fixed, [Part(type: attribute, payload: said), other])
            let new = try message(type, fixed, [Part(type: attribute, payload: meant), other])
            #expect(try forwarded(old) == new)
            #expect(try forwarded(old, wide: false) == old)
            #expect(try forwarded(new) == new)
        }
    }

    @Test func `of generic netlink only a family's name for the controller`() throws {
        var client = MessageClient(.control)
        _ = try client.say(control(protocolNumber: 16, wide: true))
        client.connection.sessionOpened()
        try client.hear(frame(.welcome, Welcome().encode()), now: 0)
        let asked = Array("TASKSTATS\0".utf8)
        let old = try message(16, [3, 1, 0, 0], [Part(type: 2, payload: wide(asked))])
        let other = try message(17, [3, 1, 0, 0], [Part(type: 2, payload: wide(asked))])
        let list = try datagrams(in: client.say(old + other).frames)
        let name = try message(16, [3, 1, 0, 0], [Part(type: 2, payload: asked)])
        #expect(list.map(\.bytes) == [name, other])
    }

    @Test func `what means something stays, and so does what can't be read`() throws {
        let inet: [UInt8] = [2, 24, 0, 254, 7, 0, 0, 0]
        let inet6: [UInt8] = [10] + inet.dropFirst()
        let kept: [[UInt8]] = [
            // Not zero behind the address, another family, eleven bytes, another attribute, no NUL in a name.
            try message(20, inet, [Part(type: 2, payload: address + [0, 0, 0, 0, 0, 0, 0, 1])]),
            try message(20, inet6, [Part(type: 1, payload: wide(address))]),
            try message(20, inet, [Part(type: 2, payload: wide(address).dropLast())]),
            try message(20, inet, [Part(type: 6, payload: wide(address))]),
            try message(20, inet, [Part(type: 3, payload: Array("twelve bytes".utf8))]),
            try message(20, inet, [Part(type: 3, payload: wide(name + [1]))]),
            try message(36, inet, [Part(type: 2, payload: wide(address))]),
            // Attributes that end in the middle, or have no end, and no attributes at all.
            try message(20, inet + [9, 0, 2, 0, 1], []), try message(20, inet + [0, 0, 2, 0], []),
            try message(20, [2, 24], []), try message(20, [], []), try message(20, inet, []),
        ]
        for bytes in kept {
            let length = Int(try MessageHeader(from: bytes.span).length)
            #expect(try forwarded(bytes) == Array(bytes[..<length]))
        }
    }

    @Test func `a message behind it is found, and one in two frames is left alone`() throws {
        var client = try MessageClient(.control, session: true, wide: true)
        let inet: [UInt8] = [2, 24, 0, 254, 7, 0, 0, 0]
        let one = try message(20, inet, [Part(type: 2, payload: wide(address))])
        let long = try message(
            20, inet,
            [Part(type: 2, payload: wide(address)), Part(type: 99, payload: [UInt8](repeating: 1, count: 65_500))])
        let list = try datagrams(in: client.say(one + long + one).frames)
        #expect(list.map(\.bytes.count) == [one.count - 8, long.count, one.count - 8])
        #expect(list[1].bytes == long)
    }
}
