import GatewayProtocol
import NetlinkWire
import Testing

@Suite struct DialectTests {
    private func dialect(_ bytes: [UInt8]) throws(ProtocolError) -> Dialect? {
        try Dialect(firstBytes: 0..<bytes.count, of: bytes.span)
    }

    @Test func `the preface, a netlink message, a control message`() throws {
        #expect(try dialect(preface) == .native)
        #expect(try dialect(preface + frame(.hello)) == .native)
        #expect(try dialect(request(18, sequence: 1)) == .raw)
        #expect(try dialect(control(protocolNumber: 0, wide: false)) == .control)
        #expect(try dialect(control(protocolNumber: 16, wide: true)) == .control)
    }

    @Test(arguments: [preface, request(18, sequence: 1), control(protocolNumber: 0, wide: true)])
    func `no dialect is guessed from too few bytes, and none changes with more`(whole: [UInt8]) throws {
        let decided = try #require(try dialect(whole))
        let enough = (0...whole.count).first { count in (try? dialect(Array(whole[..<count]))) != .some(nil) }
        let first = try #require(enough)
        for count in first...whole.count { #expect(try dialect(Array(whole[..<count])) == decided) }
    }

    @Test(arguments: [
        Array("GET / HTTP/1.1".utf8), Array("nlgate/2".utf8), [0, 0, 0, 0], [15, 0, 0, 0], [1, 0, 64, 0],
        [255, 255, 255, 255], Array("nlga".utf8) + [18, 0],
    ])
    func `what is none of the three is refused`(bytes: [UInt8]) throws {
        #expect(failure { () throws(ProtocolError) in try dialect(bytes) } == .badPreface)
    }

    @Test func `a first message may be as long as any session allows`() throws {
        #expect(try dialect([0, 0, 64, 0, 16, 0]) == .raw)
        #expect(try dialect([16, 0, 0, 0, 2, 0]) == .raw)
    }
}

/// A netlink message with NLM_F_REQUEST and a port id of the client's.
func request(
    _ type: UInt16, sequence: UInt32, portID: UInt32 = 4711, flags: MessageFlags = [], payload: Int = 16
) -> [UInt8] {
    message(
        MessageHeader(
            type: MessageType(rawValue: type), flags: flags.union(.request), sequence: sequence, portID: portID),
        [UInt8](repeating: 7, count: payload))
}

/// One netlink message, padded.
func message(_ header: MessageHeader, _ payload: [UInt8] = []) -> [UInt8] {
    var writer = MessageWriter()
    try? writer.message(header) { (writer: inout MessageWriter) throws(WireError) in writer.append(payload) }
    return writer.bytes
}

/// The first message of pyroute2 0.1.6 and later, or with four bytes for the protocol of 0.1.4 and 0.1.5.
func control(protocolNumber: UInt8, wide: Bool, command: UInt8 = 6) -> [UInt8] {
    [28, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0x67, 0x12, 0, 0, command, 0, 0, 0, wide ? 8 : 6, 0, 1, 0]
        + [protocolNumber, 0, 0, 0]
}
