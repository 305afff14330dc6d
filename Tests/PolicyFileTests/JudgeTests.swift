import GatewayPolicy
import Roles
import SeededInput
import Testing

@testable import PolicyFile

/// What is explained here is what a broker does: the answers of both, for every operation and group, under policies of
/// all shapes.
@Suite struct JudgeTests {
    /// A message that the judge lets through when everything is granted.
    private struct Sample {
        let family: Int
        let operation: Operation
        let mode: Modes
        let bytes: [UInt8]
    }

    private static let everything = Grants(
        extras: .all, operations: { _, operation in operation.grantable }, groups: { _, _ in true })

    /// Every generic family has a number here, as after its module was loaded.
    private static let numbers: [String: UInt16] = Dictionary(
        uniqueKeysWithValues: Catalogue.families.filter { $0.protocolNumber == NetlinkProtocol.generic }.enumerated()
            .map { ($1.label, $1.name == "nlctrl" ? 16 : UInt16(100 + $0)) })

    private static let families: FamilyMap = {
        var map = FamilyMap()
        for (label, number) in numbers where number != 16 {
            let name = Array(label.split(separator: "/")[1].utf8) + [0]
            let padding = [UInt8](repeating: 0, count: (4 - name.count % 4) % 4)
            let attributes: [UInt8] =
                [6, 0, 1, 0] + little(number) + [0, 0] + little(UInt16(4 + name.count)) + [2, 0] + name + padding
            map.apply(message(16, 0, [1, 2, 0, 0] + attributes).span)
        }
        return map
    }()

    private static func little(_ number: UInt16) -> [UInt8] { [UInt8(number & 0xff), UInt8(number >> 8)] }

    private static func message(_ type: UInt16, _ flags: UInt16, _ payload: [UInt8]) -> [UInt8] {
        let length = UInt32(16 + payload.count)
        let head = (0..<4).map { UInt8(length >> UInt32(8 * $0) & 0xff) }
        let padding = [UInt8](repeating: 0, count: (4 - payload.count % 4) % 4)
        return head + little(type) + little(flags) + [1, 0, 0, 0, 0, 0, 0, 0] + payload + padding
    }

    private static func errors(_ judge: DatagramJudge, _ bytes: [UInt8]) -> Set<Int32> {
        let context = SessionContext(portID: 1)
        switch judge.judge(bytes.span, families: families, context: context, lookup: NoServerFacts()) {
        case .forward: return []
        case .refuse(let refusal): return Set(refusal.items.map(\.objection.errno)).subtracting([125])
        }
    }

    /// Messages of nothing but a header, of the first length that is well-formed.
    private static let samples: [Sample] = Catalogue.families.enumerated().flatMap { index, family -> [Sample] in
        let judge = DatagramJudge(grants: everything, protocolNumber: family.protocolNumber)
        return family.operations.flatMap { operation in
            [Modes.single, .dump].filter { operation.grantable.contains($0) }.compactMap { mode in
                let flags: UInt16 = mode == .dump ? 0x301 : 1
                for bytes in candidates(family, operation, flags) where errors(judge, bytes).isEmpty {
                    return Sample(family: index, operation: operation, mode: mode, bytes: bytes)
                }
                return nil
            }
        }
    }

    private static func candidates(_ family: Family, _ operation: Operation, _ flags: UInt16) -> [[UInt8]] {
        let isGeneric = family.protocolNumber == NetlinkProtocol.generic
        let type = isGeneric ? numbers[family.label] ?? 0 : operation.number
        let start: [UInt8] = isGeneric ? [UInt8(operation.number & 0xff), 1, 0, 0] : []
        return (0...72).flatMap { words -> [[UInt8]] in
            let size = words < 4 ? words : (words - 3) * 4
            return ([0, 2] as [UInt8]).map { first in
                var payload = start + [UInt8](repeating: 0, count: size)
                if !isGeneric, size > 0 { payload[0] = first }
                return message(type, flags, payload)
            }
        }
    }

    /// A policy of roles without conditions, made of numbers.
    private func policy(_ generator: inout SeededNumbers) -> String {
        let extras = ["secrets", "traffic", "code"].filter { _ in Bool.random(using: &generator) } + ["group", "self"]
        let names = (0..<3).map { role -> String in
            let sections = [("read", OperationClass.read), ("write", .write)].compactMap { section, kind -> String? in
                let families = Catalogue.families.shuffled(using: &generator).prefix(12).compactMap {
                    family -> String? in
                    let names = family.operations.filter { $0.kind == kind && !$0.grantable.isEmpty }
                        .shuffled(using: &generator).prefix(8).map { name($0, &generator) }
                    return names.isEmpty ? nil : "\(family.label): [\(names.joined(separator: ", "))]"
                }
                return families.isEmpty ? nil : "\(section): { \(families.joined(separator: ", ")) }"
            }
            let groups = Catalogue.families.shuffled(using: &generator).prefix(12).compactMap { family -> String? in
                let names = family.groups.filter(\.join.isServed).map(\.name).shuffled(using: &generator).prefix(5)
                return names.isEmpty ? nil : "\(family.label): [\(names.joined(separator: ", "))]"
            }
            let listen = groups.isEmpty ? [] : ["listen: { \(groups.joined(separator: ", ")) }"]
            // What is smallest of a message is often about many; the ceiling has to know that too.
            let extra = ["extra: [\((role == 0 ? extras : ["group", "self"]).joined(separator: ", "))]"]
            return "  r\(role): { \((sections + listen + extra).joined(separator: ", ")) }"
        }
        return """
            policy: 1
            clients: { me: { uid: 1 } }
            roles:
            \(names.joined(separator: "\n"))
            bindings:
              - { client: me, roles: [r0, r1], mode: report, ceiling: r2 }
              - { client: me, roles: [r0], netns: [blue] }
            """
    }

    private func name(_ operation: Operation, _ generator: inout SeededNumbers) -> String {
        guard operation.grantable == .both else { return operation.name }
        return operation.name + ["", " single", " dump"][Int.random(in: 0..<3, using: &generator)]
    }

    @Test func `most operations have a sample`() {
        #expect(JudgeTests.samples.count > 600)
        #expect(Set(JudgeTests.samples.map(\.family)).count > Catalogue.families.count * 3 / 4)
    }

    @Test(arguments: 0..<6)
    func `the explanation and the judge say the same`(seed: Int) throws {
        var generator = SeededNumbers(seed: UInt64(seed))
        let file = check(policy(&generator))
        #expect(file.errors == [])
        let (tables, policy) = (try #require(file.tables), try #require(file.policy))
        var (passed, refused, reported) = (0, 0, 0)
        for namespace in [".", "blue"] {
            let match = try #require(
                tables.match(.user(uid: 1, gid: 1), networkNamespace: namespace, daemonUID: 9))
            let session = try SessionGrants(decoding: tables.grantSet(match).span)
            let evaluator = Evaluator(policy: policy, session: policy.session(["me"], in: namespace))
            let judges = Dictionary(
                uniqueKeysWithValues: [0, 4, 6, 12, 16].map {
                    ($0, DatagramJudge(session: session, protocolNumber: $0))
                })
            for sample in JudgeTests.samples {
                let family = Catalogue.families[sample.family]
                let judge = try #require(judges[family.protocolNumber])
                let text = "\(family.label) \(sample.operation.name) \(sample.mode.words)"
                let asked = try Request(
                    sample.operation.grantable == .both ? text : "\(family.label) \(sample.operation.name)")
                let found = evaluator.rule(asked).decision
                let errors = JudgeTests.errors(judge, sample.bytes)
                #expect(
                    errors.isEmpty == (found != .denied) && errors.isSubset(of: [1]), "\(text): \(found), \(errors)")
                #expect(found == .allowed || found == .denied || found == .reported)
                passed += found == .allowed ? 1 : 0
                refused += found == .denied ? 1 : 0
                reported += found == .reported ? 1 : 0
            }
        }
        #expect(passed > 20 && refused > 100 && reported > 5)
    }

    @Test(arguments: 0..<6)
    func `groups are joined as it is explained`(seed: Int) throws {
        var generator = SeededNumbers(seed: UInt64(seed))
        let file = check(policy(&generator))
        let (tables, policy) = (try #require(file.tables), try #require(file.policy))
        let match = try #require(tables.match(.user(uid: 1, gid: 1), networkNamespace: ".", daemonUID: 9))
        let session = try SessionGrants(decoding: tables.grantSet(match).span)
        let evaluator = Evaluator(policy: policy, session: policy.session(["me"], in: "."))
        var joined = 0
        for family in Catalogue.families where family.protocolNumber != NetlinkProtocol.generic {
            let judge = DatagramJudge(session: session, protocolNumber: family.protocolNumber)
            for group in family.groups {
                let found = evaluator.rule(try Request("listen \(family.label) \(group.name)")).decision
                switch judge.judgeJoin(group: try #require(group.number), families: JudgeTests.families) {
                case .granted(let grant):
                    #expect(found == (grant.ceilingOnly == nil ? .allowed : .reported), "\(family.label) \(group.name)")
                    joined += 1
                case .refused: #expect(found == .denied, "\(family.label) \(group.name)")
                }
            }
        }
        #expect(joined > 3)
    }
}
