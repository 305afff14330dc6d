import Roles
import Testing

@testable import nlgated

/// Numbers of grant sets: one for each content, none for ever, and never more than a broker takes.
@Suite struct GrantSetTests {
    /// So many roles, of so many bytes each.
    private func tables(_ count: Int, bytes: Int = 10, mark: UInt8 = 0) -> PolicyTables {
        PolicyTables(
            roles: (0..<count).map { index in
                PolicyTables.Role(
                    name: "r\(index)", line: 0, privilegedProtocols: 0, servedProtocols: 1,
                    grants: [UInt8(truncatingIfNeeded: index), UInt8(index >> 8), mark]
                        + [UInt8](repeating: 0, count: bytes))
            },
            clients: (0..<count).map { PolicyTables.Client(name: "c\($0)", line: 0, criteria: [.uid(UInt32($0))]) },
            bindings: (0..<count).map {
                PolicyTables.Binding(client: UInt16($0), line: 0, named: [UInt16($0)], roles: [UInt16($0)])
            })
    }

    private func match(_ tables: PolicyTables, _ uid: UInt32) throws -> Match {
        try #require(tables.match(.user(uid: uid, gid: 0), networkNamespace: ".", daemonUID: 0))
    }

    @Test func `the same content has the same number, also in other tables`() throws {
        var sets = GrantSets()
        let first = tables(2)
        let number = try #require(sets.acquire(match(first, 0), first))
        #expect(try sets.acquire(match(first, 0), first) == number)
        let other = try #require(sets.acquire(match(first, 1), first))
        #expect(other != number)
        #expect(try sets.bytes(of: number) == first.grantSet(match(first, 0)))
        sets.tablesChanged()
        let second = tables(3)
        #expect(try sets.acquire(match(second, 0), second) == number)
        sets.tablesChanged()
        let changed = tables(2, mark: 1)
        #expect(try sets.acquire(match(changed, 0), changed) != number)
        #expect(try sets.bytes(of: number) == first.grantSet(match(first, 0)))
    }

    @Test func `what nobody has is kept for a while, and then its number means nothing`() throws {
        var sets = GrantSets()
        let all = tables(40)
        var numbers: [UInt32] = []
        for uid in 0..<40 as Range<UInt32> { numbers.append(try #require(sets.acquire(match(all, uid), all))) }
        #expect(sets.takeForgotten() == [])
        for number in numbers { sets.release(number) }
        #expect(sets.takeForgotten() == Array(numbers.prefix(24)))
        #expect(sets.takeForgotten() == [])
        #expect(sets.bytes(of: numbers[0]) == [])
        // One that is still known, and one that has to be made again.
        #expect(try sets.acquire(match(all, 39), all) == numbers[39])
        let again = try #require(sets.acquire(match(all, 0), all))
        #expect(!numbers.contains(again))
        #expect(try sets.bytes(of: again) == all.grantSet(match(all, 0)))
        // Released more often than it was had.
        for _ in 0..<3 { sets.release(again) }
        #expect(try sets.acquire(match(all, 0), all) == again)
    }

    @Test func `there are never more than a broker takes`() throws {
        var sets = GrantSets()
        let many = tables(1100)
        let had = try (0..<1100 as Range<UInt32>).compactMap { try sets.acquire(match(many, $0), many) }
        #expect(had.count == 1000)
        sets.release(had[5])
        let next = try #require(sets.acquire(match(many, 1050), many))
        #expect(sets.takeForgotten() == [had[5]])
        #expect(!had.contains(next))

        var large = GrantSets()
        let big = tables(60, bytes: 1_000_000)
        let taken = try (0..<60 as Range<UInt32>).compactMap { try large.acquire(match(big, $0), big) }
        #expect(taken.reduce(0) { $0 + large.bytes(of: $1).count } <= 24 << 20)
        #expect(taken.count == 25)
        let huge = tables(1, bytes: PolicyTables.maximumGrantSetSize)
        var empty = GrantSets()
        #expect(try empty.acquire(match(huge, 0), huge) == nil)
    }
}
