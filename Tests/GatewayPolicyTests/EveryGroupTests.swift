import GatewayPolicy
import NetlinkWire
import Testing

/// Every group of the table, joined by who may and who may not.
@Suite struct EveryGroupTests {
    private struct Subject: CustomStringConvertible {
        let family: Family
        let group: Group
        let number: UInt32

        var description: String { "\(family.label) \(group.name)" }
        var extras: Grants.Extras {
            (group.tags.contains(.secret) ? Grants.Extras.secrets : [])
                .union(group.tags.contains(.traffic) ? .traffic : [])
        }

        func verdict(_ grants: Grants, _ families: FamilyMap) -> JoinVerdict {
            DatagramJudge(grants: grants, protocolNumber: family.protocolNumber)
                .judgeJoin(group: number, families: families)
        }
    }

    private let families: FamilyMap
    private let subjects: [Subject]

    /// Generic groups get numbers of their own, as the kernel would hand them out.
    init() throws {
        var map = FamilyMap()
        var subjects: [Subject] = []
        var next: UInt32 = 2000
        for family in Catalogue.families {
            let numbered = family.groups.map { group -> Subject in
                if family.name == "nlctrl" { return Subject(family: family, group: group, number: 16) }
                next += 1
                return Subject(family: family, group: group, number: group.number ?? next)
            }
            subjects += numbered
            if family.protocolNumber == NetlinkProtocol.generic, family.name != "nlctrl" {
                let bytes = try announcement(
                    1, try #require(assignedFamilies[family.name]), family.name,
                    groups: numbered.map { ($0.group.name, $0.number) })
                map.apply(bytes.span)
            }
        }
        families = map
        self.subjects = subjects
    }

    private func grants(_ extras: Grants.Extras, _ chosen: @escaping (Family, Group) -> Bool) -> Grants {
        Grants(extras: extras, operations: { _, operation in operation.grantable }, groups: chosen)
    }

    private func isRefused(_ verdict: JoinVerdict) -> Bool {
        guard case .refused = verdict else { return false }
        return true
    }

    @Test func `granted it is joined, and alone`() {
        var joined = 0
        for subject in subjects where subject.group.join.isServed {
            let only = grants(subject.extras) { $0.label == subject.family.label && $1 == subject.group }
            guard case .granted(let join) = subject.verdict(only, families) else {
                Issue.record("\(subject) is refused")
                continue
            }
            #expect(join.name == "\(subject)" && join.isPrivileged == subject.group.join.isPrivileged)
            joined += 1
        }
        #expect(joined > 100)
    }

    @Test func `not granted it is refused, whatever else is granted`() {
        for subject in subjects {
            let allBut = grants(.all) { $0.label != subject.family.label || $1 != subject.group }
            #expect(isRefused(subject.verdict(allBut, families)), "\(subject)")
            #expect(isRefused(subject.verdict(grants(.all) { _, _ in false }, families)), "\(subject)")
        }
    }

    @Test func `key material and packets need their extras`() {
        var needing = 0
        for subject in subjects where subject.group.join.isServed {
            for extra in [Grants.Extras.secrets, .traffic] where subject.extras.contains(extra) {
                let without = grants(Grants.Extras.all.subtracting(extra)) { _, _ in true }
                #expect(isRefused(subject.verdict(without, families)), "\(subject)")
                needing += 1
            }
        }
        #expect(needing > 6)
    }

    @Test func `a group that needs another capability is refused with everything granted`() {
        let unserved = subjects.filter { !$0.group.join.isServed }
        #expect(unserved.map(\.description) == ["generic/NET_DM events"])
        for subject in unserved { #expect(isRefused(subject.verdict(.unrestricted, families)), "\(subject)") }
    }

    @Test func `a number without a group is refused`() {
        for number: Int32 in [0, 4, 6, 12, 16] {
            let taken = Set(subjects.filter { $0.family.protocolNumber == number }.map(\.number))
            let judge = DatagramJudge(grants: .unrestricted, protocolNumber: number)
            for group in Array(0...128) + [1999, 5000, UInt32.max] where !taken.contains(group) {
                #expect(isRefused(judge.judgeJoin(group: group, families: families)), "\(number) \(group)")
            }
        }
        // The kernel lets anybody join a number that no family has yet.
        let judge = DatagramJudge(grants: .unrestricted, protocolNumber: NetlinkProtocol.generic)
        for subject in subjects where subject.family.protocolNumber == NetlinkProtocol.generic && subject.number != 16 {
            #expect(isRefused(judge.judgeJoin(group: subject.number, families: FamilyMap())), "\(subject)")
        }
    }
}
