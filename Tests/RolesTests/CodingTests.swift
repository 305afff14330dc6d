import Roles
import SeededInput
import Testing

/// The bytes of compiled tables, which come from a process that may be hostile.
@Suite struct CodingTests {
    private let bytes = fullTables.encode()

    private func decoded(_ bytes: [UInt8]) -> PolicyTables? { try? PolicyTables(decoding: bytes) }

    @Test func `tables come back as they were`() throws {
        #expect(try PolicyTables(decoding: bytes) == fullTables)
        let empty = PolicyTables(roles: [], clients: [], bindings: [])
        #expect(try PolicyTables(decoding: empty.encode()) == empty)
    }

    @Test func `every part of the whole is refused, and so is what follows it`() {
        for length in 0..<bytes.count { #expect(decoded(Array(bytes[..<length])) == nil, "\(length)") }
        #expect(decoded(bytes + [0]) == nil)
        #expect(decoded(bytes + bytes) == nil)
    }

    @Test func `whatever is taken is written the same again: one value, one form`() {
        var taken = 0
        for index in bytes.indices {
            for change in [1, 2, 4, 8, 16, 32, 64, 128, 255] as [UInt8] {
                var changed = bytes
                changed[index] ^= change
                guard let tables = decoded(changed) else { continue }
                taken += 1
                if tables.encode() != changed { Issue.record("byte \(index) ^ \(change)") }
            }
        }
        #expect(taken > 100)
    }

    @Test func `random bytes never trap`() {
        var generator = SeededNumbers(seed: 7)
        for round in 0..<20_000 {
            let count = Int.random(in: 0...400, using: &generator)
            var random = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
            // A good beginning gets further.
            let head = bytes.prefix(round % 60)
            random.replaceSubrange(0..<min(random.count, head.count), with: head.prefix(random.count))
            if let tables = decoded(random), tables.encode() != random { Issue.record("\(random)") }
        }
    }

    private func expectRefused(_ change: (inout PolicyTables) -> Void, _ reason: String) {
        var wrong = fullTables
        change(&wrong)
        let error = #expect(throws: TablesError.self) { try PolicyTables(decoding: wrong.encode()) }
        #expect(error?.text.contains(reason) == true, "\(reason): \(String(describing: error))")
    }

    @Test func `what the compiler never makes is refused`() {
        expectRefused({ $0.bindings[0].client = 3 }, "binding of nothing")
        expectRefused({ $0.bindings[0].roles = [] }, "binding of nothing")
        expectRefused({ $0.bindings[0].networkNamespaces = [] }, "binding of nothing")
        expectRefused({ $0.bindings[0].roles = [2] }, "out of range")
        expectRefused({ $0.bindings[0].ceiling = [65_535] }, "out of range")
        expectRefused({ $0.bindings[0].roles = [1, 0] }, "out of order")
        expectRefused({ $0.bindings[0].named = [0, 0] }, "out of order")
        expectRefused({ $0.bindings[0].named = [0, 1, 1] }, "too long")
        expectRefused({ $0.clients[0].criteria = [] }, "client that everybody is")
        expectRefused({ $0.clients[0].criteria[0] = .fingerprint([1]) }, "unknown criterion")
        expectRefused({ $0.clients[0].criteria[1] = .commonName("") }, "unknown criterion")
        expectRefused({ $0.clients[1].criteria = Array(repeating: .anyUser, count: 65) }, "too long")
        expectRefused({ $0.roles = Array(repeating: role("x"), count: 4097) }, "too long")
        expectRefused({ $0.never = [UInt8](repeating: 0, count: PolicyTables.maximumSize) }, "too long")
    }

    @Test func `other versions and flags are refused`() {
        for (index, value) in [(0, UInt8(0x4e)), (4, 0), (4, 2), (5, 1), (6, 2), (6, 3), (7, 1)] {
            var wrong = bytes
            wrong[index] = value
            #expect(decoded(wrong) == nil, "\(index)")
        }
    }

    @Test func `text that isn't UTF-8 is refused`() throws {
        let name = Array("röuter".utf8)
        let start = try #require(bytes.indices.first { bytes[$0...].starts(with: name) })
        var wrong = bytes
        wrong[start + 1] = 0xff
        #expect(decoded(wrong) == nil)
    }

    @Test func `lengths that lie cost nothing`() {
        var wrong = bytes
        // The length of `never`: as long as can be said.
        for index in 8..<12 { wrong[index] = 0xff }
        #expect(decoded(wrong) == nil)
    }
}
