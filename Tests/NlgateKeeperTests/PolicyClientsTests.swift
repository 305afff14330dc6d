import GatewayIPC
import Roles
import TLSSocket
import Testing

@testable import nlgate_keeper

/// What the keeper says a client is to the policy.
@Suite struct PolicyClientsTests {
    private let memo = ClientMemo(
        fingerprint: [UInt8](repeating: 0xa5, count: 32), commonName: "noc-7", issuer: "CN=Ops CA",
        alternativeNames: [
            AlternativeName(.dns, "noc.example.org"), AlternativeName(.uri, "spiffe://ops/noc"),
            AlternativeName(.email, "noc@example.org"),
        ], trace: [])

    private func take(_ table: ClientTable, of policy: UInt32, _ clients: inout PolicyClients) -> Bool {
        TablePart.parts(of: table.encode()).allSatisfy { clients.take($0, of: policy) }
    }

    @Test func `before there is a policy everybody is a stranger`() {
        let mapping = PolicyClients().mapping(of: memo, 4, 5)
        #expect((mapping.frontend, mapping.connection, mapping.policy) == (4, 5, 0))
        #expect(mapping.clients == [] && mapping.bindings == [])
        #expect(
            mapping.words == "common-name noc-7, fingerprint sha256:" + String(repeating: "a5", count: 32)
                + ", issuer CN=Ops CA")
    }

    @Test func `every field of a certificate is one that a policy can ask about`() {
        let criteria: [PolicyTables.Criterion] = [
            .fingerprint(memo.fingerprint), .commonName("noc-*"), .issuer("CN=Ops CA"), .dnsName("*.example.org"),
            .uri("spiffe://ops/*"), .email("noc@example.org"), .anyCertificate,
        ]
        // None of these is a certificate, and nobody with one is the daemon's user.
        let others: [PolicyTables.Criterion] = [.uid(0), .gid(0), .anonymous, .anyUser, .daemonUser]
        let table = ClientTable(
            clients: (criteria + others).map { [$0] }, bindings: (0..<UInt16(criteria.count + others.count)).reversed())
        var clients = PolicyClients()
        #expect(take(table, of: 7, &clients))
        let mapping = clients.mapping(of: memo, 1, 2)
        #expect(mapping.policy == 7)
        #expect(mapping.clients == Array(0..<UInt16(criteria.count)))
        #expect(mapping.bindings == Array(UInt16(others.count)..<UInt16(others.count + criteria.count)))
        let stranger = clients.mapping(of: ClientMemo(fingerprint: [UInt8](repeating: 1, count: 32), trace: []), 1, 2)
        #expect(stranger.clients == [UInt16(criteria.count - 1)])
    }

    @Test func `there is a bit for everything that a policy may have`() {
        #expect(ClientMapping.mostIndexes == PolicyTables.mostEntries)
    }

    @Test func `a policy is in force with its last piece, and a broken one is none`() throws {
        let everybody = ClientTable(clients: [[.anyCertificate]], bindings: [0])
        let large = ClientTable(
            clients: [[.anyCertificate]]
                + Array(repeating: [.commonName(String(repeating: "x", count: 200))], count: 60),
            bindings: [])
        var clients = PolicyClients()
        #expect(take(everybody, of: 1, &clients))
        let parts = TablePart.parts(of: large.encode())
        #expect(parts.count > 2)
        for part in parts.dropLast() where !clients.take(part, of: 2) { Issue.record("\(part.offset)") }
        #expect(clients.mapping(of: memo, 1, 2).policy == 1 && clients.mapping(of: memo, 1, 2).bindings == [0])
        let isTaken = clients.take(try #require(parts.last), of: 2)
        #expect(isTaken)
        #expect(clients.mapping(of: memo, 1, 2).policy == 2 && clients.mapping(of: memo, 1, 2).bindings == [])
        for bad in [
            TablePart(offset: 4, total: 9, bytes: [1, 2, 3, 4, 5]), TablePart(offset: 0, total: 3, bytes: [1, 2, 3]),
        ] {
            let isTaken = clients.take(bad, of: 3)
            #expect(!isTaken)
        }
        #expect(clients.mapping(of: memo, 1, 2).policy == 2)
    }
}
