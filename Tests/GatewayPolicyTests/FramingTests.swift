import GatewayPolicy
import NetlinkWire
import Testing

/// A datagram and the errno of each message; none means that it is forwarded.
struct FramingCase: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let bytes: [UInt8]
    let errors: [Int32]

    init(_ name: String, _ bytes: [UInt8], _ errors: [Int32]) {
        testDescription = name
        self.bytes = bytes
        self.errors = errors
    }

    private static let read = header(length: 20) + [0, 0, 0, 0]
    private static let write = header(length: 32, type: 16, flags: 5) + Request.zeros(16)

    /// A dump of a bridge's table with so many bytes behind the header.
    private static func bridge(_ size: UInt32) -> [UInt8] {
        header(length: 16 + size, type: 30) + [7] + Request.zeros(15)
    }

    static func header(length: UInt32, type: UInt16 = 18, flags: UInt16 = 0x301) -> [UInt8] {
        Request.little(length) + Request.little(type) + Request.little(flags) + Request.little(UInt32(9))
            + Request.zeros(4)
    }

    static let all: [FramingCase] = [
        FramingCase("a dump of 20 bytes, as getifaddrs sends it", read, []),
        FramingCase("a dump of 17 bytes", header(length: 17) + [0], []),
        FramingCase("a dump of 17 bytes, padded", header(length: 17) + [10, 0, 0, 0], []),
        FramingCase("a dump of 17 bytes in a buffer of 160", header(length: 17) + Request.zeros(143), []),
        FramingCase("a bridge's table, asked with struct ifinfomsg", bridge(16), []),
        FramingCase("the same with an attribute", bridge(24) + [8, 0, 9, 0, 1, 0, 0, 0], [22]),
        FramingCase("the same with bytes that aren't zero", Array(bridge(16).dropLast()) + [1], [22]),
        FramingCase("the same for neighbours", Array(bridge(16).prefix(16)) + Request.zeros(16), [22]),
        FramingCase("two dumps", read + read, []),
        FramingCase("a dump behind zeros of a buffer", read + Request.zeros(16) + read, [125, 22]),
        FramingCase("nothing", [], [22]),
        FramingCase("one byte", [1], [22]),
        FramingCase("fifteen bytes", Array(header(length: 15).prefix(15)), [22]),
        FramingCase("nothing but zeros", Request.zeros(64), [22]),
        FramingCase("length below the header", header(length: 15) + Request.zeros(4), [22]),
        FramingCase("length past the end", header(length: 21) + Request.zeros(4), [22]),
        FramingCase("the highest length", header(length: 0xffff_ffff) + Request.zeros(4), [22]),
        FramingCase("padding that isn't zero", header(length: 17) + [0, 0, 1, 0], [22]),
        FramingCase("trailing bytes", read + [0, 0, 0, 1], [125, 22]),
        FramingCase("a cut second header", read + Array(read.prefix(12)), [125, 22]),
        FramingCase("a second message past the end", read + header(length: 24) + Request.zeros(4), [125, 22]),
        FramingCase("an empty rtnetlink body", header(length: 16), [22]),
        FramingCase("a family alone, then bytes", header(length: 20) + [2, 0, 0, 1], [22]),
        FramingCase("five bytes", header(length: 21) + Request.zeros(8), [22]),
        FramingCase("a single read with the family alone", header(length: 20, flags: 1) + Request.zeros(4), [22]),
        FramingCase("no NLM_F_REQUEST", header(length: 20, flags: 0x300) + Request.zeros(4), [22]),
        FramingCase("a control message", header(length: 20, type: 1) + Request.zeros(4), [22]),
        FramingCase("NLMSG_DONE", header(length: 20, type: 3) + Request.zeros(4), [22]),
        FramingCase("NLM_F_MULTI", header(length: 20, flags: 0x303) + Request.zeros(4), [22]),
        FramingCase("a reserved flag", header(length: 20, flags: 0x341) + Request.zeros(4), [22]),
        FramingCase("NLM_F_ATOMIC on a dump", header(length: 20, flags: 0x701) + Request.zeros(4), []),
        FramingCase("NLM_F_CREATE on a read", header(length: 32, flags: 0x401) + Request.zeros(16), [22]),
        FramingCase("NLM_F_APPEND on a read", header(length: 20, flags: 0xb01) + Request.zeros(4), [22]),
        FramingCase("one dump bit", header(length: 32, flags: 0x101) + Request.zeros(16), []),
        FramingCase(
            "one dump bit where only dumps exist", header(length: 28, type: 34, flags: 0x101) + Request.zeros(12), []),
        FramingCase(
            "a single read where only dumps exist", header(length: 28, type: 34, flags: 1) + Request.zeros(12), [1]),
        FramingCase(
            "rules as pyroute2 asks for them", header(length: 28, type: 34, flags: 0x501) + Request.zeros(12), []),
        FramingCase("an unknown type", header(length: 32, type: 127, flags: 1) + Request.zeros(16), [1]),
        FramingCase("a notification's type", header(length: 32, type: 52, flags: 1) + Request.zeros(16), [1]),
        FramingCase("a write", write, [1]),
        FramingCase("a read, then a write", read + write, [125, 1]),
        FramingCase("a write, then a read", write + read, [1, 125]),
        FramingCase("a write between reads", read + write + read, [125, 1, 125]),
        FramingCase("a write, then garbage", write + [9], [125, 22]),
    ]
}

@Suite struct FramingTests {
    @Test(arguments: FramingCase.all)
    func `a datagram is sent whole or not at all`(example: FramingCase) throws {
        #expect(try Court(.readOnly).errors(example.bytes) == example.errors)
    }

    @Test func `the number of messages is limited`() throws {
        let court = try Court(.readOnly)
        let read = FramingCase.header(length: 20) + Request.zeros(4)
        let allowed = (0..<16_384).flatMap { _ in read }
        #expect(court.forwards(allowed))
        #expect(court.errors(allowed + read) == [22])
    }

    @Test func `a short dump passes for every read of rtnetlink and no other size does`() throws {
        let court = try Court(.readOnly)
        let reads = try #require(Catalogue.family("route")).operations.filter {
            $0.kind == .read && $0.dump == .nothing
        }
        #expect(reads.count > 15)
        for read in reads {
            for size in 1...4 {
                #expect(
                    court.forwards(try Request.message(read.number, Request.dump, Request.zeros(size))), "\(read.name)")
            }
            #expect(court.errors(try Request.message(read.number, Request.dump, [])) == [22])
        }
    }
}
