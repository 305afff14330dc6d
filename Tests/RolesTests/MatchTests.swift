import Roles
import SeededInput
import Testing

/// Who gets what, in which namespace.
@Suite struct MatchTests {
    private func match(
        _ tables: PolicyTables, _ identity: Identity, _ namespace: String = PolicyTables.ownNamespace,
        daemon: UInt32 = 1000
    ) -> Match? {
        tables.match(identity, networkNamespace: namespace, daemonUID: daemon)
    }

    /// What each criterion takes, and what looks like it and isn't.
    private static let cases: [(criterion: PolicyTables.Criterion, fitting: [Identity], others: [Identity])] = [
        (
            .fingerprint([UInt8](repeating: 5, count: 32)), [certificate(5), certificate(5, commonName: "x")],
            [certificate(4), .user(uid: 5, gid: 5), .anonymous(address: [UInt8](repeating: 5, count: 32))]
        ),
        (
            .commonName("noc-*"), [certificate(commonName: "noc-7"), certificate(commonName: "noc-")],
            [
                certificate(), certificate(commonName: "NOC-7"), certificate(commonName: "xnoc-7"),
                certificate(issuer: "noc-7"), certificate(dns: ["noc-7"]), .anonymous(address: []),
            ]
        ),
        // Even `*` wants a name.
        (.commonName("*"), [certificate(commonName: "x")], [certificate(), .user(uid: 0, gid: 0)]),
        (
            .issuer("CN=Ops CA"), [certificate(issuer: "CN=Ops CA")],
            [certificate(), certificate(issuer: "CN=Ops CA,O=x"), certificate(issuer: "CN=ops ca")]
        ),
        (.issuer("*"), [certificate(issuer: "*")], [certificate(issuer: "CN=Ops CA")]),
        (.issuer(""), [], [certificate()]),
        (
            .dnsName("*.Example.org"), [certificate(dns: ["a.b", "Host.example.ORG"])],
            [certificate(dns: ["example.org"]), certificate(uris: ["x.example.org"]), certificate()]
        ),
        (
            .uri("spiffe://ops/*"), [certificate(uris: ["spiffe://ops/prometheus"])],
            [certificate(uris: ["spiffe://OPS/x"]), certificate(dns: ["spiffe://ops/x"]), certificate()]
        ),
        (
            .email("alice@example.org"), [certificate(emails: ["bob@x", "alice@example.org"])],
            [certificate(emails: ["Alice@example.org"]), certificate(commonName: "alice@example.org")]
        ),
        (.uid(5), [.user(uid: 5, gid: 9)], [.user(uid: 9, gid: 5), certificate(5), .anonymous(address: [5])]),
        (.gid(5), [.user(uid: 9, gid: 5)], [.user(uid: 5, gid: 9), certificate(5)]),
        (.anonymous, [.anonymous(address: []), .anonymous(address: [1])], [certificate(), .user(uid: 0, gid: 0)]),
        (.anyCertificate, [certificate()], [.user(uid: 0, gid: 0), .anonymous(address: [])]),
        (.anyUser, [.user(uid: .max, gid: .max)], [certificate(), .anonymous(address: [])]),
        (.daemonUser, [.user(uid: 1000, gid: 5)], [.user(uid: 0, gid: 1000), certificate()]),
    ]

    @Test(arguments: cases.indices) func `a criterion takes what it names and nothing else`(index: Int) {
        let (criterion, fitting, others) = Self.cases[index]
        for identity in fitting { #expect(match(tables(criterion), identity) != nil, "\(criterion) \(identity)") }
        for identity in others { #expect(match(tables(criterion), identity) == nil, "\(criterion) \(identity)") }
    }

    @Test func `all criteria of a client must fit`() {
        let both = tables(.commonName("noc-*"), .issuer("CN=Ops CA"))
        #expect(match(both, certificate(commonName: "noc-7", issuer: "CN=Ops CA")) != nil)
        #expect(match(both, certificate(commonName: "noc-7", issuer: "CN=Other")) == nil)
        #expect(match(both, certificate(commonName: "x", issuer: "CN=Ops CA")) == nil)
        #expect(match(tables(.uid(5), .anyCertificate), .user(uid: 5, gid: 5)) == nil)
    }

    @Test func `what is bound in one namespace is bound in no other`() {
        var bound = tables(.anyUser)
        let user = Identity.user(uid: 5, gid: 5)
        for (names, fitting, others) in [
            ([PolicyTables.ownNamespace], ["."], ["blue", "*", ""]),
            (["blue", "green"], ["blue", "green"], [".", "red"]),
            ([PolicyTables.anyNamespace], [".", "blue", ""], []),
        ] {
            bound.bindings[0].networkNamespaces = names
            for name in fitting { #expect(match(bound, user, name) != nil, "\(names) \(name)") }
            for name in others { #expect(match(bound, user, name) == nil, "\(names) \(name)") }
        }
        // It is somebody all the same.
        #expect(bound.clientNames(bound.clientTable.standing(of: user, daemonUID: 0)) == ["noc"])
        #expect(bound.clientNames(bound.clientTable.standing(of: certificate(), daemonUID: 0)) == [])
    }

    @Test func `a session has the union of its bindings, each role once, and the lowest of the limits`() throws {
        let all = PolicyTables(
            roles: [
                role("a", privileged: 1 << 6, served: 1 << 6, sessions: 9, minutes: 30), role("b", sessions: 4),
                role("c", privileged: 1 << 12, served: 1 << 12, sessions: 1, minutes: 15), role("d", served: 1 << 16),
            ],
            clients: [
                PolicyTables.Client(name: "first", line: 1, criteria: [.uid(5)]),
                PolicyTables.Client(name: "stranger", line: 2, criteria: [.uid(6)]),
                PolicyTables.Client(name: "second", line: 3, criteria: [.gid(7)]),
            ],
            bindings: [
                PolicyTables.Binding(client: 2, line: 1, named: [1], roles: [0, 1]),
                PolicyTables.Binding(client: 1, line: 2, named: [3], roles: [3]),
                PolicyTables.Binding(client: 0, line: 3, named: [0], roles: [0], ceiling: [2]),
            ])
        let found = try #require(match(all, .user(uid: 5, gid: 7)))
        #expect(found.clients == ["first", "second"])
        #expect(found.names == ["a", "b"])
        #expect(found.roles == [0, 1])
        #expect(found.ceiling == [2])
        #expect(found.privilegedProtocols == 1 << 6 | 1 << 12)
        #expect(found.servedProtocols == 1 | 1 << 6 | 1 << 12)
        // The ceiling's own limits are not the session's.
        #expect(found.sessions == 4)
        #expect(found.sessionMinutes == 30)
        let unlimited = try #require(match(tables(.anyUser), .user(uid: 5, gid: 7)))
        #expect(unlimited.sessions == nil && unlimited.sessionMinutes == nil && unlimited.ceiling == [])
    }

    @Test func `the order of bindings and clients doesn't matter`() throws {
        var generator = SeededNumbers(seed: 42)
        let names = (0..<6).map { "role \($0)" }
        for _ in 0..<200 {
            let clients = (0..<5).map { PolicyTables.Client(name: "\($0)", line: 0, criteria: [.uid(UInt32($0 % 3))]) }
            let bindings = (0..<8).map { _ in
                let roles = Set((0..<3).map { _ in UInt16.random(in: 0..<6, using: &generator) }).sorted()
                let ceiling = Bool.random(using: &generator) ? [UInt16.random(in: 0..<6, using: &generator)] : []
                return PolicyTables.Binding(
                    client: UInt16.random(in: 0..<5, using: &generator), line: 0, named: roles, roles: roles,
                    ceiling: ceiling)
            }
            let some = PolicyTables(roles: names.map { role($0) }, clients: clients, bindings: bindings)
            let shuffled = PolicyTables(
                roles: some.roles, clients: clients, bindings: bindings.shuffled(using: &generator))
            for uid in 0..<3 as Range<UInt32> {
                #expect(match(some, .user(uid: uid, gid: 0)) == match(shuffled, .user(uid: uid, gid: 0)))
            }
        }
    }

    @Test func `hostile fields are compared and nothing else`() {
        let nasty = [
            "", "*", "**", "noc-*", "\u{0}", "noc-7\u{0}", "noc-7\n", "\u{202e}7-con",
            String(repeating: "*", count: 255),
            String(repeating: "a", count: 255), "noc-7\\0a", "é", "e\u{301}",
        ]
        let only = tables(.commonName("noc-7"))
        for text in nasty {
            let identity = certificate(
                commonName: text, issuer: text, dns: [text, text], uris: [text], emails: [text])
            #expect(match(only, identity) == nil, "\(text)")
        }
        // Canonically equivalent is not equal: bytes count.
        #expect(match(tables(.commonName("é")), certificate(commonName: "e\u{301}")) == nil)
        #expect(match(tables(.dnsName("é")), certificate(dns: ["e\u{301}"])) == nil)
        #expect(match(tables(.issuer("CN=é")), certificate(issuer: "CN=e\u{301}")) == nil)
        // A star in an identity is a star.
        #expect(match(only, certificate(commonName: "noc-*")) == nil)
    }

    @Test func `sessions are counted by fingerprint, user and address`() {
        #expect(certificate(1, commonName: "a").principal == certificate(1, commonName: "b").principal)
        #expect(certificate(1).principal != certificate(2).principal)
        #expect(Identity.user(uid: 1, gid: 2).principal != Identity.user(uid: 1, gid: 3).principal)
        #expect(Identity.anonymous(address: [1]).principal != Identity.anonymous(address: [2]).principal)
    }

    @Test func `numbers that are no protocol need nothing`() throws {
        var all = tables(.anyUser)
        all.roles[0].privilegedProtocols = .max
        let found = try #require(match(all, .user(uid: 1, gid: 1)))
        for number in [32, 33, 64, 1000, UInt32.max] as [UInt32] {
            #expect(!found.needsPrivilege(protocolNumber: number, readOnly: false))
        }
        #expect(found.needsPrivilege(protocolNumber: 31, readOnly: false))
        #expect(!found.needsPrivilege(protocolNumber: 31, readOnly: true))
    }
}

/// `*` stands for any bytes.
@Suite struct PatternTests {
    /// The plainest way to say it.
    private func reference(_ pattern: Substring.UTF8View, _ text: Substring.UTF8View) -> Bool {
        guard let first = pattern.first else { return text.isEmpty }
        if first == UInt8(ascii: "*") {
            return reference(pattern.dropFirst(), text) || (!text.isEmpty && reference(pattern, text.dropFirst()))
        }
        return text.first == first && reference(pattern.dropFirst(), text.dropFirst())
    }

    @Test func `it decides as the plainest way does`() {
        var generator = SeededNumbers(seed: 1)
        func random(_ letters: String, _ most: Int) -> String {
            String(
                (0..<Int.random(in: 0...most, using: &generator)).compactMap { _ in
                    letters.randomElement(using: &generator)
                })
        }
        var fitting = 0
        for _ in 0..<20_000 {
            let (pattern, text) = (random("ab*", 7), random("ab", 9))
            let expected = reference(pattern[...].utf8, text[...].utf8)
            if expected { fitting += 1 }
            #expect(matches(pattern, text) == expected, "\(pattern) \(text)")
        }
        #expect(fitting > 1000)
    }

    @Test func `nothing but the star is special, and letters count as bytes`() {
        #expect(matches("a?[b].\\*", "a?[b].\\x"))
        #expect(!matches("a?", "ab"))
        #expect(!matches("a.", "ab"))
        #expect(!matches("é", "e\u{301}"))
        #expect(!matches("abc", "ABC"))
        #expect(matches("", ""))
        #expect(!matches("", "a"))
        #expect(matches("*", ""))
    }

    @Test func `a pattern made to take long doesn't`() {
        let pattern = String(repeating: "a*", count: 127) + "b"
        let text = String(repeating: "a", count: 4096)
        #expect(!matches(pattern, text))
    }
}
