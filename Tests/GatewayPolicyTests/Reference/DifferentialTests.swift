import GatewayPolicy
import NetlinkWire
import Testing

extension Reason {
    fileprivate init(_ objection: Objection) {
        switch objection {
        case .notGranted, .undecided: self = .notGranted
        case .misfit: self = .misfit
        case .forbidden: self = .forbidden
        case .never: self = .never
        case .lockOut: self = .lockOut
        case .malformed: self = .malformed
        case .cancelled: self = .cancelled
        }
    }
}

@Suite struct DifferentialTests {
    static let datagrams = 20_000
    static let shards = 40

    /// One random policy, judged by both.
    private struct Bench {
        let court: [Int32: Court]
        let references: [Int32: ReferenceJudge]

        init(_ numbers: inout SeededNumbers) throws {
            let session = try RandomSessions.make(&numbers)
            let server = RandomSessions.server(&numbers)
            let names = Dictionary(uniqueKeysWithValues: assignedFamilies.map { ($0.value, $0.key) })
            court = try Dictionary(
                uniqueKeysWithValues: Generator.protocols.map { ($0, try Court(session, $0, server: server)) })
            references = Dictionary(
                uniqueKeysWithValues: Generator.protocols.map {
                    (
                        $0,
                        ReferenceJudge(
                            session: session, protocolNumber: $0, families: names, portID: Court.portID, server: server)
                    )
                })
        }
    }

    @Test(arguments: 0..<DifferentialTests.shards)
    func `a plain reading of the policy comes to the same decision`(shard: Int) throws {
        var generator = try Generator(seed: UInt64(shard) &* 0x1234_5678_9abc_def1 &+ 1)
        let bench = try Bench(&generator.numbers)
        var counts: [Reason?: Int] = [:]
        for _ in 0..<(DifferentialTests.datagrams / DifferentialTests.shards) {
            let (number, bytes) = generator.next()
            let court = try #require(bench.court[number])
            let expected = try #require(bench.references[number]).judge(bytes)
            let decided: [Reason] =
                switch court.verdict(bytes) {
                case .forward: []
                case .refuse(let refusal): refusal.items.map { Reason($0.objection) }
                }
            if decided != expected {
                Issue.record(
                    "protocol \(number): \(decided) instead of \(expected): \(court.complaint(bytes) ?? "")\n\(bytes)")
                return
            }
            counts[expected.first { $0 != .cancelled }, default: 0] += 1
        }
        // A generator that reaches nothing proves nothing.
        for reason in [nil, .malformed, .forbidden, .notGranted] as [Reason?] {
            #expect(counts[reason, default: 0] > 0, "\(String(describing: reason)): \(counts)")
        }
    }
}
