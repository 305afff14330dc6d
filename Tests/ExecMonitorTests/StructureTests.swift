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
}
