import Roles
import SeededInput
import Testing

/// What the keeper gets of a policy, and what it says by that.
@Suite struct ClientTableTests {
    private let table = fullTables.clientTable
    private var bytes: [UInt8] { table.encode() }

    private func decoded(_ bytes: [UInt8]) -> ClientTable? { try? ClientTable(decoding: bytes) }

    @Test func `a table comes back as it was, and holds nothing of what anybody may do`() {
        #expect(decoded(bytes) == table)
        let empty = ClientTable(clients: [], bindings: [])
        #expect(decoded(empty.encode()) == empty)
        var bare = fullTables
        bare.roles = []
        bare.never = []
        #expect(bare.clientTable == table)
    }

    @Test func `parts, more, and other beginnings are refused`() {
        for length in 0..<bytes.count { #expect(decoded(Array(bytes[..<length])) == nil, "\(length)") }
        #expect(decoded(bytes + [0]) == nil)
        #expect(decoded(fullTables.encode()) == nil)
        for (index, value) in [(0, UInt8(0x4e)), (3, 0x50), (4, 0), (4, 2), (5, 1)] {
            var wrong = bytes
            wrong[index] = value
            #expect(decoded(wrong) == nil, "\(index)")
        }
    }

    @Test func `what no policy has is refused`() {
        let one: [PolicyTables.Criterion] = [.anyUser]
        for (wrong, reason) in [
            (ClientTable(clients: [one], bindings: [1]), "binding of nobody"),
            (ClientTable(clients: [], bindings: [0]), "binding of nobody"),
            (ClientTable(clients: [[]], bindings: []), "everybody"),
            (ClientTable(clients: [[.commonName("")]], bindings: []), "unknown criterion"),
            (ClientTable(clients: Array(repeating: one, count: 4097), bindings: []), "too long"),
            (ClientTable(clients: [one], bindings: Array(repeating: 0, count: 4097)), "too long"),
        ] {
            let error = #expect(throws: TablesError.self) { try ClientTable(decoding: wrong.encode()) }
            #expect(error?.text.contains(reason) == true, "\(reason): \(String(describing: error))")
        }
    }

    @Test func `random bytes never trap, and whatever is taken is written the same again`() {
        var generator = SeededNumbers(seed: 11)
        var taken = 0
        for round in 0..<20_000 {
            var changed = bytes
            for _ in 0..<(1 + round % 3) {
                changed[Int.random(in: 0..<changed.count, using: &generator)] = .random(in: 0...255, using: &generator)
            }
            guard let table = decoded(changed) else { continue }
            taken += 1
            if table.encode() != changed { Issue.record("\(changed)") }
        }
        #expect(taken > 100)
    }

    @Test func `a standing is every client that fits, and each of their bindings`() {
        let table = ClientTable(
            clients: [
                [.commonName("noc-*")], [.uid(5)], [.commonName("noc-7"), .issuer("CN=Ops CA")], [.anyCertificate],
            ],
            bindings: [2, 0, 1, 0, 3])
        func standing(_ identity: Identity) -> Standing { table.standing(of: identity, daemonUID: .max) }
        #expect(
            standing(certificate(commonName: "noc-7", issuer: "CN=Ops CA"))
                == Standing(clients: [0, 2, 3], bindings: [0, 1, 3, 4]))
        #expect(
            standing(certificate(commonName: "noc-7", issuer: "CN=Other"))
                == Standing(clients: [0, 3], bindings: [1, 3, 4])
        )
        #expect(standing(.user(uid: 5, gid: 5)) == Standing(clients: [1], bindings: [2]))
        #expect(standing(.anonymous(address: [])) == .nobody)
    }

    @Test func `a client may be known and bound to nothing`() {
        var unbound = tables(.anyUser)
        unbound.bindings = []
        let standing = unbound.clientTable.standing(of: .user(uid: 5, gid: 5), daemonUID: .max)
        #expect(standing == Standing(clients: [0], bindings: []))
        #expect(unbound.clientNames(standing) == ["noc"])
        #expect(unbound.match(standing, networkNamespace: PolicyTables.ownNamespace) == nil)
    }

    @Test func `indexes that the tables don't have are told from those that they have`() {
        let last = (client: UInt16(fullTables.clients.count - 1), binding: UInt16(fullTables.bindings.count - 1))
        #expect(fullTables.contain(.nobody))
        #expect(fullTables.contain(Standing(clients: [0, last.client], bindings: [last.binding])))
        #expect(!fullTables.contain(Standing(clients: [last.client + 1], bindings: [])))
        #expect(!fullTables.contain(Standing(clients: [0], bindings: [0, last.binding + 1])))
    }
}
