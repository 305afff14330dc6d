import NetlinkWire
import Testing

@testable import ExecMonitor

@Suite struct StructureTests {
    @Test func `a dump is cut between messages`() throws {
        let message: [UInt8] = [24, 0, 0, 0, 16, 0, 2, 0] + [UInt8](repeating: 0, count: 16)
        let dump = message + message + message
        #expect(DumpParts.split(dump, 0..<72, limit: 100) == [0..<72])
        #expect(DumpParts.split(dump, 0..<72, limit: 50) == [0..<48, 48..<72])
        #expect(DumpParts.split(dump, 0..<72, limit: 10) == [0..<24, 24..<48, 48..<72])
        // What isn't part of a dump stays whole.
        var single = dump
        single[6] = 0
        #expect(DumpParts.split(single, 0..<72, limit: 10) == [0..<72])
        #expect(DumpParts.split(Array(dump.dropLast(4)), 0..<68, limit: 30) == [0..<68])
    }

    @Test func `the port id of answers is replaced`() throws {
        let message: [UInt8] = [16, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0]
        #expect(renamed(message + message, from: 7, to: 0x0102_0304)[12..<16] == [4, 3, 2, 1])
        #expect(renamed(message, from: 8, to: 9) == message)
    }

    @Test func `lengths of vectors never overflow`() throws {
        let huge = UserStructure.bytes(UInt64(8)) + UserStructure.bytes(UInt64(1) << 62)
        let ranges = try #require(UserRange.list(huge + huge + huge))
        #expect(UserRange.total(ranges) == 0x7fff_f000)
        #expect(UserRange.list(UserStructure.bytes(UInt64(8)) + UserStructure.bytes(UInt64.max)) == nil)
    }

    @Test func `control messages that don't fit are cut whole`() {
        var messages = ControlMessages(room: 24)
        messages.append(level: 270, type: 3, [1, 0, 0, 0])
        #expect(messages.bytes.count == 24)
        #expect(!messages.isCut)
        messages.append(level: 1, type: 2, [UInt8](repeating: 0, count: 12))
        #expect(messages.bytes.count == 24)
        #expect(messages.isCut)
    }

    @Test func `the sender's address names the group`() {
        #expect(NetlinkAddress(fromKernelTo: 1).bytes == [16, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0])
        #expect(NetlinkAddress(fromKernelTo: 33).groups == 0)
        #expect(NetlinkAddress([2, 0] + [UInt8](repeating: 0, count: 10)) == nil)
    }

    @Test func `a refusal gets the request back that it is about`() throws {
        let request: [UInt8] = [20, 0, 0, 0, 16, 0, 5, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0xaa, 0xbb, 0xcc, 0xdd]
        let other: [UInt8] = [17, 0, 0, 0, 16, 0, 5, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0xee]
        // NLMSG_ERROR, NLM_F_CAPPED and NLM_F_ACK_TLVS; EPERM, the request's header, one attribute.
        let text: [UInt8] = [8, 0, 1, 0, 0x6e, 0x6f, 0x21, 0]
        func refusal(_ request: [UInt8], flags: UInt8 = 3, code: UInt8 = 0xff) -> [UInt8] {
            [44, 0, 0, 0, 2, 0, 0, flags] + request[8..<12] + [1, 0, 0, 0, code, code, code, code] + request[..<16]
                + text
        }
        var memory = RequestMemory()
        #expect(memory.completed(refusal(request), 0..<44) == nil)
        memory.remember(request)
        memory.remember(other)
        let whole: [UInt8] = [48, 0, 0, 0, 2, 0, 0, 2, 7, 0, 0, 0, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff] + request + text
        #expect(memory.completed(refusal(request), 0..<44) == whole)
        // Its last bytes are padded in front of the attributes.
        let padded = try #require(memory.completed(refusal(other), 0..<44))
        #expect(padded[20...] == (other + [0, 0, 0] + text)[...])
        // An acknowledgement, and what the kernel gave whole, stay as they are.
        #expect(memory.completed(refusal(request, code: 0), 0..<44) == nil)
        #expect(memory.completed(refusal(request, flags: 2), 0..<44) == nil)
        #expect(memory.completed(request, 0..<20) == nil)
        // What is long past, and what is large, is forgotten.
        for _ in 0..<2000 { memory.remember(other) }
        #expect(memory.completed(refusal(request), 0..<44) == nil)
        let large: [UInt8] = [0, 0x40, 0, 0] + request[4..<16] + [UInt8](repeating: 0, count: 16_368)
        memory.remember(large)
        #expect(memory.completed(refusal(large), 0..<44) == nil)
    }
}
