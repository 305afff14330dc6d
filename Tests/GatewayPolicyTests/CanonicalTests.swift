import GatewayPolicy
import NetlinkWire
import Testing

/// The smallest well-formed request of an operation, by structures counted here from the kernel's headers.
enum Canonical {
    static let routeSizes: [UInt16: Int] = [
        4: 16, 5: 8, 6: 12, 7: 12, 8: 12, 9: 20, 10: 20, 11: 20, 12: 4, 14: 8, 15: 8, 16: 4, 18: 12, 19: 4, 20: 4,
        21: 8,
        22: 4, 23: 12, 25: 20, 26: 8, 27: 16, 28: 8, 29: 8, 30: 8,
    ]
    static let xfrmSizes: [String: Int] = [
        "NEWSA": 224, "UPDSA": 224, "DELSA": 24, "GETSA": 24, "NEWPOLICY": 168, "UPDPOLICY": 168, "DELPOLICY": 64,
        "GETPOLICY": 64, "ALLOCSPI": 232, "ACQUIRE": 280, "EXPIRE": 232, "POLEXPIRE": 176, "FLUSHSA": 4,
        "FLUSHPOLICY": 0, "NEWAE": 48, "GETAE": 48, "MIGRATE": 64, "GETSADINFO": 4, "NEWSPDINFO": 4, "GETSPDINFO": 4,
        "SETDEFAULT": 4, "GETDEFAULT": 4,
    ]

    static func request(
        _ family: Family, _ operation: Operation, dump: Bool, attributes: [UInt8] = [], selecting: Bool = true
    ) throws -> [UInt8] {
        let more = (selecting ? selectors(family, operation, besides: attributes) : []) + attributes
        let flags = dump ? Request.dump : operation.kind == .read ? Request.get : Request.set
        switch family.protocolNumber {
        case NetlinkProtocol.route:
            // The first sub-command of dcbmsg is a read.
            let start: [UInt8] = operation.name == "GETDCB" ? [0, 1] : [0, 0]
            let size = routeSizes[operation.number / 4] ?? 2
            return try Request.message(operation.number, flags, start + Request.zeros(size - 2) + more)
        case NetlinkProtocol.xfrm:
            let size = dump ? 0 : xfrmSizes[operation.name] ?? -1
            return try Request.message(operation.number, flags, Request.zeros(size) + more)
        case NetlinkProtocol.sockDiag:
            let size = operation.number < 20 ? 60 : 56
            return try Request.message(operation.number, flags, [2, 6] + Request.zeros(size - 2) + more)
        case NetlinkProtocol.netfilter:
            // A name in no family means every family.
            let message = try Request.message(operation.number, flags, [2, 0, 0, 0] + more)
            return operation.tags.contains(.batched) ? try batch(message) : message
        default:
            let id = assignedFamilies[family.name] ?? 0
            return try Request.generic(
                id, UInt8(operation.number), flags, header: family.headerSize, more)
        }
    }

    /// What a deletion must name, lest it means everything; nothing that stands in `attributes` already.
    private static func selectors(_ family: Family, _ operation: Operation, besides attributes: [UInt8]) -> [UInt8] {
        // An address goes with any other attribute.
        guard attributes.isEmpty || operation.name == "DELADDR" else { return [] }
        let tuple = Request.attribute(1, Request.attribute(1, []))
        let name = Request.text(1, "t")
        switch (family.label, operation.name) {
        case ("route", "DELADDR"): return Request.attribute(2, [192, 0, 2, 1])
        case ("route", "DELRULE"): return Request.attribute(6, [1, 0, 0, 0])
        case ("netfilter/nftables", "DELRULE"), ("netfilter/nftables", "DESTROYRULE"): return name
        case ("netfilter/nftables", "DELTABLE"), ("netfilter/nftables", "DESTROYTABLE"): return name
        case ("netfilter/nftables", "DELCHAIN"), ("netfilter/nftables", "DESTROYCHAIN"):
            return name + Request.text(3, "c")
        case ("netfilter/nftables", let verb) where verb.hasPrefix("DEL") || verb.hasPrefix("DESTROY"):
            return name + Request.text(2, "s")
        case ("netfilter/ctnetlink", "CT_DELETE"): return tuple
        case ("netfilter/ctnetlink_exp", "EXP_DELETE"): return Request.attribute(2, Request.attribute(1, []))
        case ("netfilter/ipset", "DESTROY"), ("netfilter/ipset", "FLUSH"): return Request.text(2, "s")
        case ("netfilter/acct", "DEL"), ("netfilter/cttimeout", "DELETE"), ("netfilter/cthelper", "DEL"): return name
        case ("generic/TASKSTATS", "TASKSTATS_CMD_GET"): return Request.attribute(1, [1, 0, 0, 0])
        case ("generic/tcp_metrics", "DEL"): return Request.attribute(1, [192, 0, 2, 1])
        case ("generic/nl80211", "DEL_STATION"): return Request.attribute(6, [2, 0, 0, 0, 0, 1])
        default: return []
        }
    }

    static func batch(_ content: [UInt8]) throws -> [UInt8] {
        try Request.message(16, Request.get, [0, 0, 0, 10]) + content
            + Request.message(17, Request.get, [0, 0, 0, 10])
    }
}

/// One operation, asked one way.
struct Question: CustomTestStringConvertible, Sendable {
    let family: Family
    let operation: Operation
    let isDump: Bool

    var testDescription: String { "\(family.label) \(operation.name)\(isDump ? " dump" : "")" }
    var need: Need { isDump ? operation.dump : operation.single }

    static let all: [Question] = Catalogue.families.flatMap { family in
        family.operations.flatMap { operation in
            [false, true].map { Question(family: family, operation: operation, isDump: $0) }
        }
    }.filter { $0.need != .noHandler }
}

@Suite struct CanonicalTests {
    private static func courts(_ grants: Grants) throws -> [Int32: Court] {
        let protocols = [0, 4, 6, 12, 16] as [Int32]
        return Dictionary(uniqueKeysWithValues: try protocols.map { ($0, try Court(grants, $0)) })
    }

    @Test func `read-only lets exactly its reads through`() throws {
        let courts = try CanonicalTests.courts(.readOnly)
        let ethtoolLeftOut: Set<String> = ["WOL_GET", "RSS_GET", "MODULE_EEPROM_GET", "MSE_GET"]
        var passed = 0
        for question in Question.all {
            let label = question.family.label
            let expected =
                question.operation.kind == .read
                && (label == "route" || label == "generic/nlctrl"
                    || label == "generic/ethtool" && !ethtoolLeftOut.contains(question.operation.name))
            let request = try Canonical.request(question.family, question.operation, dump: question.isDump)
            let court = try #require(courts[question.family.protocolNumber])
            #expect(court.forwards(request) == expected, "\(question.testDescription)")
            passed += expected ? 1 : 0
        }
        #expect(passed > 70)
    }

    @Test func `unrestricted lets everything through but what is never carried`() throws {
        let courts = try CanonicalTests.courts(.unrestricted)
        var (passed, refused) = (0, 0)
        for question in Question.all {
            let expected = !question.operation.tags.contains(.never)
            let request = try Canonical.request(question.family, question.operation, dump: question.isDump)
            let court = try #require(courts[question.family.protocolNumber])
            let complaint = court.complaint(request)
            #expect((complaint == nil) == expected, "\(question.testDescription): \(complaint ?? "forwarded")")
            (passed, refused) = (passed + (expected ? 1 : 0), refused + (expected ? 0 : 1))
        }
        #expect(passed > 700 && refused > 20)
    }

    @Test func `a request shorter than its structure is malformed`() throws {
        let courts = try CanonicalTests.courts(.unrestricted)
        for question in Question.all where !question.operation.tags.contains(.never) && !question.isDump {
            guard question.family.protocolNumber != NetlinkProtocol.netfilter else { continue }
            var request = try Canonical.request(question.family, question.operation, dump: false)
            guard request.count >= 20, question.family.name != "TASKSTATS" else { continue }
            let cut = question.family.protocolNumber == NetlinkProtocol.route && request.count == 20 ? 4 : 2
            request.removeLast(cut)
            request.replaceSubrange(0..<2, with: Request.little(UInt16(request.count)))
            let small: Set<String> = [
                "FLUSHSA", "SETDEFAULT", "GETDEFAULT", "GETNSID", "NEWNSID", "GETNETCONF", "DEL_STATION",
            ]
            guard !small.contains(question.operation.name) else { continue }
            let court = try #require(courts[question.family.protocolNumber])
            #expect(court.errors(request) == [22], "\(question.testDescription)")
        }
    }

    @Test func `the summary says what a datagram asks for`() throws {
        let court = try Court(.unrestricted)
        let link = try Request.message(19, Request.set, Request.zeros(16))
        let dump = try Request.message(18, Request.dump, Request.zeros(4))
        let summary = try #require(court.summary(link + dump + link))
        #expect(summary.messages == 3)
        #expect(summary.acknowledgements == 2)
        #expect(summary.writes == 2)
        #expect(summary.dumps == 1)
        #expect(summary.needsCapability && !summary.dumpNeedsCapability)
        #expect(summary.entries.map(\.operation) == ["route SETLINK", "route SETLINK"])
        let states = try #require(
            try Court(.unrestricted, NetlinkProtocol.xfrm).summary(Request.message(18, Request.dump, [])))
        #expect(states.dumpNeedsCapability && states.writes == 0)
    }
}
