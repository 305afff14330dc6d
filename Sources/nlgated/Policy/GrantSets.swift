import Roles

/// The grant sets that sessions have, each by a number: brokers get the bytes once, then only hear the number.
///
/// One that no session has is kept for a while, because the client may come back at once.
struct GrantSets {
    /// Sets, and bytes of all together: a broker that has them all stays within its own limits, which are above.
    private static let most = 1000
    private static let mostBytes = 24 << 20
    private static let mostIdle = 16

    private struct Entry {
        let bytes: [UInt8]
        var users = 0
    }

    private struct Choice: Hashable {
        let roles: [UInt16]
        let ceiling: [UInt16]
    }

    private var entries: [UInt32: Entry] = [:]
    private var numbers: [[UInt8]: UInt32] = [:]
    /// The same by the roles of the present tables, so that not every session puts a whole set together.
    private var choices: [Choice: UInt32] = [:]
    /// Sets without a session, the one that was left first in front.
    private var idle: [UInt32] = []
    private var last: UInt32 = 0
    private var byteCount = 0
    /// Forgotten here, and to be forgotten by the brokers.
    private var forgotten: [UInt32] = []

    /// Other tables are in force: the same roles may mean something else.
    mutating func tablesChanged() {
        choices = [:]
    }

    /// The number of what was matched, with one session more; nil when there is no room.
    mutating func acquire(_ match: Match, _ tables: PolicyTables) -> UInt32? {
        let choice = Choice(roles: match.roles, ceiling: match.ceiling)
        guard let number = choices[choice] ?? number(of: tables.grantSet(match)) else { return nil }
        choices[choice] = number
        if entries[number]?.users == 0 { idle.removeAll { $0 == number } }
        entries[number]?.users += 1
        return number
    }

    /// One session less.
    mutating func release(_ number: UInt32) {
        guard let users = entries[number]?.users, users > 0 else { return }
        entries[number]?.users = users - 1
        if users == 1 { idle.append(number) }
    }

    /// The content of a set.
    func bytes(of number: UInt32) -> [UInt8] { entries[number]?.bytes ?? [] }

    /// Numbers that mean nothing any more from now on; brokers must be told before they get new ones.
    mutating func takeForgotten() -> [UInt32] {
        while idle.count > GrantSets.mostIdle { forgetOldest() }
        defer { forgotten = [] }
        return forgotten
    }

    private mutating func number(of bytes: [UInt8]) -> UInt32? {
        if let known = numbers[bytes] { return known }
        func fits() -> Bool { entries.count < GrantSets.most && byteCount + bytes.count <= GrantSets.mostBytes }
        while !fits(), !idle.isEmpty { forgetOldest() }
        guard fits(), bytes.count <= PolicyTables.maximumGrantSetSize else { return nil }
        repeat { last = last &+ 1 } while last == 0 || entries[last] != nil
        entries[last] = Entry(bytes: bytes)
        numbers[bytes] = last
        byteCount += bytes.count
        idle.append(last)
        return last
    }

    private mutating func forgetOldest() {
        let number = idle.removeFirst()
        forgotten.append(number)
        guard let entry = entries.removeValue(forKey: number) else { return }
        numbers[entry.bytes] = nil
        byteCount -= entry.bytes.count
        choices = choices.filter { $0.value != number }
    }
}
