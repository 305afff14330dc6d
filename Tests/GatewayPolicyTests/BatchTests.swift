import GatewayPolicy
import NetlinkWire
import Testing

@Suite struct BatchTests {
    private static let begin: [UInt8] = [0, 0, 0, 10]

    private func message(_ type: UInt16, _ flags: MessageFlags = Request.get) throws -> [UInt8] {
        try Request.message(type, flags, BatchTests.begin)
    }

    @Test func `a batch is judged as a whole`() throws {
        let court = try Court(.unrestricted, NetlinkProtocol.netfilter)
        let (begin, end) = (try message(16), try message(17))
        let table = try Request.message(2560, Request.create, Request.zeros(4) + Request.text(1, "t"))
        let cases: [(String, [UInt8], [Int32])] = [
            ("begin, change, end", begin + table + end, []),
            ("without an end, as a check asks", begin + table, []),
            ("begin and end alone", begin + end, []),
            ("a change without a batch", table, [22]),
            ("a read inside", begin + (try message(2561)) + end, [125, 22, 125]),
            ("another subsystem inside", begin + (try message(256, Request.set)) + end, [125, 22, 125]),
            ("bytes after the end", begin + table + end + table, [125, 125, 22, 125]),
            ("two batches", begin + end + begin + end, [125, 22, 22, 125]),
            ("an end alone", end, [1]),
            ("a begin behind something", (try message(2561)) + begin, [125, 1]),
            ("an end without NLM_F_REQUEST", begin + table + (try message(17, [])), [125, 125, 22]),
            ("the subsystem in host order", try Request.message(16, Request.get, [0, 0, 10, 0]) + table + end, []),
            ("another subsystem", try Request.message(16, Request.get, [0, 0, 0, 1]) + table + end, [22, 125, 125]),
            ("a short begin", try Request.message(16, Request.get, [0, 0]) + table + end, [22, 125, 125]),
        ]
        for (name, bytes, expected) in cases { #expect(court.errors(bytes) == expected, "\(name)") }
    }

    @Test func `reads alone grant no batch`() throws {
        let reads = Grants(operations: { _, operation in operation.kind == .read ? operation.grantable : [] })
        let court = try Court(reads, NetlinkProtocol.netfilter)
        #expect(court.errors(try message(16) + message(17)) == [1, 125])
        #expect(court.forwards(try message(2561, Request.dump)))
        #expect(court.summary(try message(2561, Request.dump))?.dumpNeedsCapability == true)
    }

    @Test func `a batch asks for the capability once, and counts its writes`() throws {
        let court = try Court(.unrestricted, NetlinkProtocol.netfilter)
        let table = try Request.message(2560, Request.create, Request.zeros(4) + Request.text(1, "t"))
        let summary = try #require(court.summary(try Canonical.batch(table + table)))
        #expect(summary.messages == 4 && summary.writes == 2 && summary.needsCapability)
        #expect(summary.acknowledgements == 2 && summary.entries.map(\.index) == [1, 2])
        #expect(summary.entries.allSatisfy { $0.operation == "netfilter/nftables NEWTABLE" && $0.asksAck })
    }

    @Test func `reads that reset counters are writes`() throws {
        let operations = Catalogue.families.flatMap(\.operations)
        let resets = operations.filter { $0.name.hasSuffix("_RESET") || $0.name.hasSuffix("CTRZERO") }
        #expect(resets.map(\.number) == [1794, 259, 2581, 2585, 2593])
        #expect(resets.allSatisfy { $0.kind == .write && $0.harmless.isEmpty })
    }
}
