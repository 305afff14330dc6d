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

    /// Sets that a macro can ask: it takes a copy of a structure.
    private final class Sets {
        private var sets = GrantSets()

        func acquire(_ uid: UInt32, _ tables: PolicyTables) throws -> UInt32? {
            sets.acquire(try GrantSetTests.match(tables, uid), tables)
        }

        func release(_ number: UInt32) { sets.release(number) }
        func takeForgotten() -> [UInt32] { sets.takeForgotten() }
        func tablesChanged() { sets.tablesChanged() }
        func bytes(of number: UInt32) -> [UInt8] { sets.bytes(of: number) }
    }

    private static func match(_ tables: PolicyTables, _ uid: UInt32) throws -> Match {
        try #require(tables.match(.user(uid: uid, gid: 0), networkNamespace: ".", daemonUID: 0))
    }

    private func content(_ tables: PolicyTables, _ uid: UInt32) throws -> [UInt8] {
        tables.grantSet(try GrantSetTests.match(tables, uid))
    }

    @Test func `the same content has the same number, also in other tables`() throws {
        let sets = Sets()
        let first = tables(2)
        let number = try #require(try sets.acquire(0, first))
        #expect(try sets.acquire(0, first) == number)
        let other = try #require(try sets.acquire(1, first))
        #expect(other != number)
        #expect(try sets.bytes(of: number) == content(first, 0))
        sets.tablesChanged()
        let second = tables(3)
        #expect(try sets.acquire(0, second) == number)
        sets.tablesChanged()
        let changed = tables(2, mark: 1)
        #expect(try sets.acquire(0, changed) != number)
        #expect(try sets.bytes(of: number) == content(first, 0))
    }

    @Test func `what nobody has is kept for a while, and then its number means nothing`() throws {
        let sets = Sets()
        let all = tables(40)
        var numbers: [UInt32] = []
        for uid in 0..<40 as Range<UInt32> { numbers.append(try #require(try sets.acquire(uid, all))) }
        #expect(sets.takeForgotten() == [])
        for number in numbers { sets.release(number) }
        #expect(sets.takeForgotten() == Array(numbers.prefix(24)))
        #expect(sets.takeForgotten() == [])
        #expect(sets.bytes(of: numbers[0]) == [])
        // One that is still known, and one that has to be made again.
        #expect(try sets.acquire(39, all) == numbers[39])
        let again = try #require(try sets.acquire(0, all))
        #expect(!numbers.contains(again))
        #expect(try sets.bytes(of: again) == content(all, 0))
        // Released more often than it was had.
        for _ in 0..<3 { sets.release(again) }
        #expect(try sets.acquire(0, all) == again)
    }

    @Test func `there are never more than a broker takes`() throws {
        let sets = Sets()
        let many = tables(1100)
        let had = try (0..<1100 as Range<UInt32>).compactMap { try sets.acquire($0, many) }
        #expect(had.count == 1000)
        sets.release(had[5])
        let next = try #require(try sets.acquire(1050, many))
        #expect(sets.takeForgotten() == [had[5]])
        #expect(!had.contains(next))

        let large = Sets()
        let big = tables(60, bytes: 1_000_000)
        let taken = try (0..<60 as Range<UInt32>).compactMap { try large.acquire($0, big) }
        #expect(taken.reduce(0) { $0 + large.bytes(of: $1).count } <= 24 << 20)
        #expect(taken.count == 25)
        let huge = tables(1, bytes: PolicyTables.maximumGrantSetSize)
        let empty = Sets()
        #expect(try empty.acquire(0, huge) == nil)
    }
}
