import GatewayPolicy
import NetlinkWire
import Testing

/// Every operation of the table, asked every way that the kernel answers, and every group.
@Suite struct EveryOperationTests {
    private let families: FamilyMap

    init() throws {
        families = try fullFamilyMap()
    }

    /// The errors that the messages are refused with; empty when the datagram is forwarded.
    private func errors(_ question: Question, _ grants: Grants, _ families: FamilyMap? = nil) throws -> Set<Int32> {
        let judge = DatagramJudge(grants: grants, protocolNumber: question.family.protocolNumber)
        let request = try Canonical.request(question.family, question.operation, dump: question.isDump)
        let context = SessionContext(portID: Court.portID)
        switch judge.judge(request.span, families: families ?? self.families, context: context, lookup: Server()) {
        case .forward: return []
        case .refuse(let refusal): return Set(refusal.items.map(\.objection.errno)).subtracting([125])
        }
    }

    /// Grants of these modes of one operation, and of nothing else.
    private func only(_ question: Question, _ modes: Modes, _ extras: Grants.Extras) -> Grants {
        Grants(extras: extras) { family, operation in
            family.label == question.family.label && operation == question.operation ? modes : []
        }
    }

    /// All but this operation, asked this way.
    private func allBut(_ question: Question) -> Grants {
        Grants(extras: .all) { family, operation in
            family.label == question.family.label && operation == question.operation
                ? operation.grantable.subtracting(question.mode) : operation.grantable
        }
    }

    @Test func `granted it passes, and alone`() throws {
        var passed = 0
        for question in Question.all where !question.isNever {
            let grants = only(question, question.mode, question.extras)
            #expect(try errors(question, grants) == [], "\(question)")
            passed += 1
        }
        #expect(passed > 750)
    }

    @Test func `not granted it is refused, whatever else is granted`() throws {
        let nothing = Grants(extras: .all) { _, _ in [] }
        for question in Question.all {
            #expect(try errors(question, nothing) == [1], "\(question) with nothing granted")
            #expect(try errors(question, allBut(question)) == [1], "\(question) with all else granted")
        }
    }

    @Test func `a single request and a dump are granted apart`() throws {
        var apart = 0
        for question in Question.all where question.operation.grantable == .both {
            let other = Modes.both.subtracting(question.mode)
            #expect(try errors(question, only(question, other, .all)) == [1], "\(question)")
            #expect(try errors(question, only(question, .both, .all)) == [], "\(question)")
            apart += 1
        }
        #expect(apart > 200)
    }

    @Test func `what is never carried is refused with everything granted`() throws {
        var refused = 0
        for question in Question.all where question.isNever {
            #expect(try errors(question, .unrestricted) == [1], "\(question)")
            refused += 1
        }
        #expect(refused > 30)
    }

    @Test func `key material and packets need their extras`() throws {
        var (secrets, traffic) = (0, 0)
        for question in Question.all where !question.extras.isEmpty && !question.isNever {
            for extra in [Grants.Extras.secrets, .traffic] where question.extras.contains(extra) {
                let grants = only(question, question.mode, Grants.Extras.all.subtracting(extra))
                #expect(try errors(question, grants) == [1], "\(question)")
            }
            secrets += question.extras.contains(.secrets) ? 1 : 0
            traffic += question.extras.contains(.traffic) ? 1 : 0
        }
        #expect(secrets > 30 && traffic > 10)
    }

    @Test func `a dump where the kernel has none, and a single request where it has none, are refused`() throws {
        for question in Question.without {
            let errors = try errors(question, .unrestricted)
            // NLM_F_ROOT and NLM_F_MATCH mean other things in a write without a dump.
            let isOtherFlag =
                question.isDump && question.operation.kind == .write
                && question.family.protocolNumber != NetlinkProtocol.generic
            #expect(errors == [1] || isOtherFlag, "\(question): \(errors)")
        }
    }

    @Test func `a generic family is its name, and a number only while it has the name`() throws {
        for question in Question.all
        where question.family.protocolNumber == NetlinkProtocol.generic && question.family.name != "nlctrl" {
            guard !question.isNever else { continue }
            #expect(try errors(question, .unrestricted, FamilyMap()) == [1], "\(question) without a map")
            var renamed = families
            let stranger = try announcement(1, try #require(assignedFamilies[question.family.name]), "stranger")
            renamed.apply(stranger.span)
            #expect(try errors(question, .unrestricted, renamed) == [1], "\(question) under another name")
        }
    }
}

extension Question {
    fileprivate var mode: Modes { isDump ? .dump : .single }
    fileprivate var isNever: Bool { operation.tags.contains(.never) || need == .other }

    /// What the smallest request needs besides the grant.
    fileprivate var extras: Grants.Extras {
        var extras: Grants.Extras = []
        if operation.tags.contains(.secret) { extras.insert(.secrets) }
        // In rtnetlink and nftables it depends on what stands inside.
        let looksInside = family.label == "route" || family.label == "netfilter/nftables"
        if operation.tags.contains(.traffic), !looksInside { extras.insert(.traffic) }
        return extras
    }

    /// Operations asked in a way for which the kernel has no handler.
    fileprivate static let without: [Question] = Catalogue.families.flatMap { family in
        family.operations.flatMap { operation in
            [false, true].map { Question(family: family, operation: operation, isDump: $0) }
        }
    }.filter { $0.need == .noHandler }
}
