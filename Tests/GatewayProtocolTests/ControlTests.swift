import GatewayProtocol
import NetlinkWire
import SeededInput
import Testing

@Suite struct ControlTests {
    private func hello(_ bytes: [UInt8]) throws(ProtocolError) -> Hello { try Hello(0..<bytes.count, in: bytes.span) }

    /// Attributes from their types and payloads.
    private func attributes(_ list: [(type: UInt16, payload: [UInt8])]) throws -> [UInt8] {
        var writer = MessageWriter()
        for item in list { try writer.attribute(item.type, item.payload) }
        return writer.bytes
    }

    private let version: (type: UInt16, payload: [UInt8]) = (1, [0, 0, 0, 0])

    @Test func `HELLO comes back as it was`() throws {
        let plain = Hello(protocolNumber: 31)
        #expect(try hello(plain.encode()) == plain)
        let full = Hello(
            protocolNumber: 16, networkNamespace: "blue", readOnly: true, clientName: String(repeating: "n", count: 64),
            groups: (0..<256).map { UInt32($0) })
        #expect(try hello(full.encode()) == full)
    }

    @Test func `the attribute numbers of HELLO are those of the protocol`() throws {
        let full = Hello(protocolNumber: 2, networkNamespace: "n", readOnly: true, clientName: "c", groups: [3, 4])
        let expected = try attributes([
            (1, [2, 0, 0, 0]), (2, [0x6e, 0]), (3, []), (4, [0x63, 0]), (5, [3, 0, 0, 0]), (5, [4, 0, 0, 0]), (6, [1]),
        ])
        #expect(full.encode() == expected)
    }

    @Test func `unknown attributes of HELLO are ignored`() throws {
        let bytes = try attributes([version, (77, [1, 2, 3]), (3, [])])
        #expect(try hello(bytes) == Hello(protocolNumber: 0, readOnly: true))
    }

    @Test func `what HELLO may not say`() throws {
        let wrong: [[UInt8]] = [
            [],
            [1],
            try attributes([(3, [])]),
            try attributes([(1, [0, 0, 0])]),
            try attributes([(1, [32, 0, 0, 0])]),
            try attributes([version, (2, [0x61])]),
            try attributes([version, (2, [0x61, 0, 0x62, 0])]),
            try attributes([version, (4, [UInt8](repeating: 0x61, count: 65) + [0])]),
            try attributes([version, (2, [UInt8](repeating: 0x61, count: 256) + [0])]),
            try attributes([version] + Array(repeating: (5, [1, 0, 0, 0]), count: 257)),
            try attributes([version]) + [9, 0, 1, 0],
        ]
        for bytes in wrong { #expect(failure { () throws(ProtocolError) in try hello(bytes) } == .badPayload(.hello)) }
        let foreign = try attributes([version, (6, [2])])
        #expect(failure { () throws(ProtocolError) in try hello(foreign) } == .foreignByteOrder)
    }

    @Test func `WELCOME comes back as it was`() throws {
        func decoded(_ welcome: Welcome) throws -> Welcome {
            let bytes = welcome.encode()
            return try Welcome(0..<bytes.count, in: bytes.span)
        }
        #expect(try decoded(Welcome()) == Welcome())
        var full = Welcome()
        full.portID = 0xdead_beef
        full.kernelRelease = "6.18.0"
        full.serverVersion = "0.1.0"
        full.maximumToServer = 4 << 20
        full.maximumToClient = 1 << 20
        full.identity = "CN=noc-7"
        full.roles = ["a", "b"]
        full.groups = [1, 7]
        full.isPrivileged = true
        #expect(try decoded(full) == full)
    }

    @Test func `RESULT, GOODBYE, OPTION and DESCRIBE come back as they were`() throws {
        for outcome in [Outcome(code: 0), Outcome(code: 1, text: "no"), Outcome(code: UInt32.max, text: "ä")] {
            let bytes = outcome.encode()
            #expect(try Outcome(.result, 0..<bytes.count, in: bytes.span) == outcome)
        }
        let option = OptionRequest(name: OptionRequest.receiveBuffer, value: 4096)
        let bytes = option.encode()
        #expect(try OptionRequest(0..<bytes.count, in: bytes.span) == option)
        let lines = ["", "one", String(repeating: "x", count: 5000)]
        let text = Description.encode(lines)
        #expect(try Description.decode(0..<text.count, in: text.span) == lines)
    }

    @Test func `OPTION needs both its parts`() throws {
        for bytes in [
            [], try attributes([(1, [1, 0, 0, 0])]), try attributes([(2, [1, 0, 0, 0])]),
            try attributes([(1, [1]), (2, [1])]),
        ] {
            let error = failure { () throws(ProtocolError) in try OptionRequest(0..<bytes.count, in: bytes.span) }
            #expect(error == .badPayload(.option))
        }
    }

    @Test func `random payloads give a value or an error, never a trap`() {
        var generator = SeededNumbers(seed: 0x4845_4c4c_4f)
        let seeds = [
            Hello(protocolNumber: 16, networkNamespace: "blue", clientName: "c", groups: [1]).encode(),
            Welcome().encode(),
            Outcome(code: 1, text: "x").encode(), OptionRequest(name: 1, value: 1).encode(), Description.encode(["a"]),
        ]
        var refused = 0
        for round in 0..<5000 {
            var bytes = round.isMultiple(of: 3) ? generator.bytes(0...64) : seeds[round % seeds.count]
            for _ in 0..<Int.random(in: 0...3, using: &generator) where !bytes.isEmpty {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            let range = 0..<bytes.count
            let errors = [
                failure { () throws(ProtocolError) in try Hello(range, in: bytes.span) },
                failure { () throws(ProtocolError) in try Welcome(range, in: bytes.span) },
                failure { () throws(ProtocolError) in try Outcome(.goodbye, range, in: bytes.span) },
                failure { () throws(ProtocolError) in try OptionRequest(range, in: bytes.span) },
                failure { () throws(ProtocolError) in try Description.decode(range, in: bytes.span) },
            ]
            refused += errors.count { $0 != nil }
        }
        #expect(refused > 2500)
    }
}
