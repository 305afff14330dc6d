import GatewayPolicy
import PolicyReference
import SeededInput
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
    static let datagrams = 1_000_000
    static let shards = 40

    private static let protocols: [Int32] = [0, 4, 6, 12, 16]

    /// Real requests, the smallest of every operation, and those that the other tests are about.
    private static let corpus: Result<[Int32: [[UInt8]]], any Error> = Result {
        var corpus: [Int32: [[UInt8]]] = [:]
        for request in ToolRequest.all { corpus[request.protocolNumber, default: []].append(request.bytes) }
        for question in Question.all {
            let bytes = try Canonical.request(question.family, question.operation, dump: question.isDump)
            corpus[question.family.protocolNumber, default: []].append(bytes)
        }
        corpus[0, default: []] += InterfaceCase.all.map(\.bytes) + GuardCase.all.map(\.bytes)
        return corpus
    }

    /// One random policy, judged by both.
    private struct Bench {
        let court: [Int32: Court]
        let references: [Int32: ReferenceJudge]

        init(_ numbers: inout SeededNumbers) throws {
            let session = try RandomSessions.make(&numbers)
            let server = RandomSessions.server(&numbers)
            let names = Dictionary(uniqueKeysWithValues: assignedFamilies.map { ($0.value, $0.key) })
            court = try Dictionary(
                uniqueKeysWithValues: DifferentialTests.protocols.map { ($0, try Court(session, $0, server: server)) })
            references = Dictionary(
                uniqueKeysWithValues: DifferentialTests.protocols.map {
                    (
                        $0,
                        ReferenceJudge(
                            session: session, protocolNumber: $0, families: names, portID: Court.portID,
                            server: ServerTable(links: server.links, carrying: server.carrying))
                    )
                })
        }
    }

    @Test(arguments: 0..<DifferentialTests.shards)
    func `a plain reading of the policy comes to the same decision`(shard: Int) throws {
        let seed = UInt64(shard) &* 0x1234_5678_9abc_def1 &+ 1
        var numbers = SeededNumbers(seed: seed)
        let bench = try Bench(&numbers)
        var generator = Generator(seed: ~seed, corpus: try DifferentialTests.corpus.get())
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
        }
    }

    @Test func `the generator reaches every reason often`() throws {
        var counts: [Reason?: Int] = [:]
        for shard in 0..<20 {
            var numbers = SeededNumbers(seed: UInt64(shard + 1000))
            let bench = try Bench(&numbers)
            var generator = Generator(seed: UInt64(shard), corpus: try DifferentialTests.corpus.get())
            for _ in 0..<500 {
                let (number, bytes) = generator.next()
                let reasons = try #require(bench.references[number]).judge(bytes)
                counts[reasons.first { $0 != .cancelled }, default: 0] += 1
            }
        }
        for reason in [nil, .malformed, .forbidden, .never, .notGranted, .misfit, .lockOut] as [Reason?] {
            #expect(counts[reason, default: 0] > 20, "\(counts)")
        }
    }
}
