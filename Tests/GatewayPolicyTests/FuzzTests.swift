import GatewayPolicy
import NetlinkWire
import SeededInput
import Testing

@Suite struct FuzzTests {
    private static let protocols: [Int32] = [0, 4, 6, 12, 16]
    private static let cases = 100_000

    /// Real requests, and one special attribute of each kind, as material to mutate.
    private static func corpus() throws -> [(Int32, [UInt8])] {
        var corpus = ToolRequest.all.map { ($0.protocolNumber, $0.bytes) }
        corpus.append((0, try Special.link(Special.peer("veth", Request.attribute(28, Special.number)))))
        corpus.append((0, try Special.route(Request.attribute(9, Special.nextHop(Special.tunnel(6, []))))))
        corpus.append((0, try Special.filter("flower", Request.attribute(3, Special.action("bpf")))))
        corpus.append((12, try Special.rule("match")))
        return corpus
    }

    static func mutate(_ bytes: inout [UInt8], _ random: inout SeededNumbers) {
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let index = bytes.isEmpty ? 0 : Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0 where !bytes.isEmpty: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 1 where !bytes.isEmpty: bytes[index] = UInt8.random(in: 0...255, using: &random)
            case 2 where !bytes.isEmpty: bytes.removeLast(min(bytes.count, Int.random(in: 1...8, using: &random)))
            case 3: bytes.insert(contentsOf: Request.zeros(Int.random(in: 1...8, using: &random)), at: index)
            case 4: bytes += bytes.prefix(64)
            default:
                guard bytes.count > 4 else { continue }
                let target = Int.random(in: 0...(bytes.count - 2), using: &random)
                bytes[target] = UInt8.random(in: 0...64, using: &random)
                bytes[target + 1] = 0
            }
        }
    }

    @Test func `no bytes trap the judge, and what read-only forwards is reads alone`() throws {
        let seed = UInt64.random(in: 1...UInt64.max)
        print("fuzzing seed: \(seed)")
        var random = SeededNumbers(seed: seed)
        let corpus = try FuzzTests.corpus()
        let all = try Dictionary(uniqueKeysWithValues: FuzzTests.protocols.map { ($0, try Court(.unrestricted, $0)) })
        let reading = try Dictionary(uniqueKeysWithValues: FuzzTests.protocols.map { ($0, try Court(.readOnly, $0)) })
        var (forwarded, refused) = (0, 0)
        for _ in 0..<FuzzTests.cases {
            guard var (number, bytes) = corpus.randomElement(using: &random) else { break }
            FuzzTests.mutate(&bytes, &random)
            if Int.random(in: 0..<8, using: &random) == 0 {
                number = FuzzTests.protocols.randomElement(using: &random) ?? number
            }
            let verdict = try #require(all[number]).verdict(bytes)
            let readVerdict = try #require(reading[number]).verdict(bytes)
            switch verdict {
            case .forward(let summary):
                forwarded += 1
                if case .forward(let readSummary) = readVerdict {
                    #expect(readSummary.writes == 0 && summary.writes == 0)
                }
            case .refuse(let refusal):
                refused += 1
                try #require(!refusal.items.isEmpty, "seed \(seed)")
                if case .forward = readVerdict {
                    Issue.record("read-only forwards more than unrestricted, seed \(seed)")
                }
            }
            if case .forward(let summary) = readVerdict, summary.needsCapability || summary.writes > 0 {
                Issue.record("read-only forwards a privileged datagram, seed \(seed)")
            }
        }
        #expect(forwarded > 1000 && refused > 1000, "seed \(seed): \(forwarded) forwarded, \(refused) refused")
    }

    @Test func `grants and family maps survive random bytes`() throws {
        let seed = UInt64.random(in: 1...UInt64.max)
        print("fuzzing seed: \(seed)")
        var random = SeededNumbers(seed: seed)
        let grants = Grants.readOnly.encode()
        let family = try announcement(1, 30, "demo", groups: [("a", 100), ("b", 101)])
        var map = FamilyMap()
        for _ in 0..<10_000 {
            var bytes = grants
            FuzzTests.mutate(&bytes, &random)
            if let decoded = try? Grants(decoding: bytes.span) { #expect(decoded.encode() == bytes, "seed \(seed)") }
            var announced = family
            FuzzTests.mutate(&announced, &random)
            map.apply(announced.span)
        }
        #expect(map.name(of: 16) == "nlctrl")
    }

    @Test func `a forbidden message behind any allowed one refuses the whole`() throws {
        let forbidden: [Int32: [UInt8]] = [
            0: try Special.link(Request.attribute(28, Special.number)),
            4: try Request.message(20, Request.dump, [99] + Request.zeros(55)),
            6: try Request.message(99, Request.set, Request.zeros(64)),
            12: try Request.message(16, Request.get, Request.zeros(4)),
            16: try Request.generic(assignedFamilies["handshake"] ?? 0, 2),
        ]
        for request in ToolRequest.all {
            let court = try Court(.unrestricted, request.protocolNumber)
            let tail = try #require(forbidden[request.protocolNumber])
            var length = 0
            while length + 16 <= request.bytes.count, request.bytes[length] != 0 || request.bytes[length + 1] != 0 {
                let own = Int(request.bytes[length]) | Int(request.bytes[length + 1]) << 8
                length += (own + 3) & ~3
            }
            let bare = Array(request.bytes.prefix(length)) + Request.zeros(max(0, length - request.bytes.count))
            for datagram in [bare + tail, tail + bare] {
                guard case .refuse(let refusal) = court.verdict(datagram) else {
                    Issue.record("\(request.command) lets a forbidden message through")
                    continue
                }
                #expect(refusal.items.count > 1)
                #expect(refusal.items.contains { $0.objection != .cancelled })
            }
        }
    }
}
