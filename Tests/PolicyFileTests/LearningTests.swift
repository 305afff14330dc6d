import Foundation
import PolicyFile
import SeededInput
import Testing

@Suite struct LearningTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")

    private func digest(_ lines: [String], client: String? = nil) -> AuditDigest {
        var digest = AuditDigest(client: client)
        for line in lines { digest.take(Array(line.utf8)) }
        return digest
    }

    private func recorded() throws -> [String] {
        try String(contentsOf: Self.folder.appending(path: "bird.jsonl"), encoding: .utf8)
            .components(separatedBy: "\n")
    }

    /// A line of a write by `noc`, with a target.
    private func write(_ operation: String, _ target: String, _ more: String = "") -> String {
        """
        {"event":"would-deny","client":["noc"],"identity":"uid=7 gid=7","family":"route","operation":"\(operation)",\
        "mode":"single","class":"write","target":"\(target)","errno":1\(more)}
        """
    }

    @Test func `a recorded log becomes this policy and no other`() throws {
        let draft = try #require(try digest(recorded()).draft())
        let expected = try String(contentsOf: Self.folder.appending(path: "bird.yaml"), encoding: .utf8)
        #expect(draft.policy.source.text == expected, "\(draft.policy.source.text)")
        #expect(draft.policy.errors == [] && draft.policy.runTests().allSatisfy { $0.passed })
        // The order of the lines says nothing.
        let reversed = try #require(try digest(recorded().reversed()).draft())
        #expect(reversed.policy.source.text == expected)
    }

    @Test func `everything seen passes and its neighbours don't`() throws {
        let policy = try #require(try digest(recorded()).draft()).policy
        func passes(_ request: String, _ client: String = "bird", _ namespace: String? = nil) throws -> Bool {
            let explanation = try policy.explain(client: .named(client), request: request, namespace: namespace)
            return explanation.decision == .allowed
        }
        for request in [
            "listen route LINK", "listen route IPV4_ROUTE", "route GETLINK dump", "route GETROUTE dump",
            "route NEWROUTE dev=eth0 dst=10.77.0.0/16 table=100 protocol=bird",
            "route NEWROUTE dev=eth0 dst=10.78.0.0/16 table=200 protocol=bird",
            "route NEWROUTE dst=10.79.0.0/16 table=101 protocol=bird",
            "route DELROUTE dst=10.79.0.0/16 table=101 protocol=bird",
        ] { #expect(try passes(request), "\(request)") }
        for request in [
            "listen route NEIGH", "route GETLINK single", "route GETADDR dump", "route GETNEIGH dump",
            "route NEWROUTE dev=eth0 dst=10.80.0.0/16 table=100 protocol=bird",
            "route NEWROUTE dev=eth0 dst=10.76.0.0/15 table=100 protocol=bird",
            "route NEWROUTE dev=eth1 dst=10.77.0.0/16 table=100 protocol=bird",
            "route NEWROUTE dev=eth0 dst=10.77.0.0/16 table=102 protocol=bird",
            "route NEWROUTE dev=eth0 dst=10.77.0.0/16 table=100 protocol=static",
            // Seen each by itself, and never together.
            "route NEWROUTE dev=eth0 dst=10.79.0.0/16 table=100 protocol=bird",
            "route NEWROUTE dst=10.77.0.0/16 table=101 protocol=bird",
            "route DELROUTE dev=eth0 dst=10.77.0.0/16 table=100 protocol=bird",
            "route NEWRULE", "route NEWLINK", "generic/wireguard GET_DEVICE dump",
        ] { #expect(try !passes(request), "\(request)") }
        #expect(try passes("generic/wireguard GET_DEVICE dump", "vpn", "blue"))
        #expect(try passes("route GETLINK single", "vpn", "blue"))
        // Another namespace, and what `never` refused.
        #expect(try !passes("generic/wireguard GET_DEVICE dump", "vpn"))
        #expect(try !passes("route NEWLINK kind=nlmon", "vpn", "blue"))
        #expect(try !passes("generic/wireguard SET_DEVICE", "vpn", "blue"))
    }

    @Test func `hundreds of routes are a few roles`() throws {
        let lines = (0..<400).map { number in
            write(
                number.isMultiple(of: 2) ? "NEWROUTE" : "DELROUTE",
                "dev=eth0 dst=10.\(number / 2).0.0/16 table=100 protocol=bgp")
        }
        let policy = try #require(digest(lines).draft()).policy
        #expect(policy.errors == [] && policy.roleNames.count == 1)
        #expect(policy.source.text.components(separatedBy: "\n").allSatisfy { $0.utf8.count <= 120 })
        // What differs makes roles of its own.
        let odd = try #require(
            digest(lines + [write("NEWROUTE", "dev=eth0 dst=192.0.2.0/24 table=100 protocol=bgp")]).draft())
        #expect(odd.policy.errors == [] && odd.policy.roleNames.count == 2)
    }

    @Test func `more prefixes than a list can have are spread over roles`() throws {
        let lines = (0..<2300).map { write("NEWROUTE", "dst=10.\($0 / 250).\($0 % 250).0/24 table=100 protocol=bgp") }
        let policy = try #require(digest(lines).draft()).policy
        #expect(policy.errors == [] && policy.roleNames.count == 3)
    }

    @Test func `what can't be said exactly isn't drafted`() throws {
        let lines = [
            // A pattern, a link without a name, a whole group, and a text from which something was left out.
            write("SETLINK", "dev=veth*"), write("SETLINK", "dev=#12"), write("SETLINK", "dev=group"),
            write("NEWROUTE", "dst=2001:db8:1111:2222:3333:4444::/96 table=100"),
            write("NEWROUTE", "dst=10.0.0.1/8 table=100 protocol=bgp"), write("NEWROUTE", "table=0"),
        ]
        let digest = digest(lines)
        #expect(digest.draft() == nil && digest.learned == 0)
        #expect(digest.notes == ["6 lines: a write whose target doesn't say enough"])
    }

    @Test func `extras come with what asked for them, self never`() throws {
        let lines = [
            write(
                "NEWLINK", "dev=eth0", #","reason":"policy does not grant extra code, which IFLA_XDP needs, to noc""#),
            write(
                "SETLINK", "dev=eth1",
                #","reason":"SETLINK takes the link down that carries this session, which needs extra self""#),
        ]
        let text = try #require(digest(lines).draft()).policy.source.text
        #expect(text.contains("extra: [code]") && !text.contains("self"))
    }

    @Test func `clients of built-ins are told apart by what they are`() throws {
        func line(_ identity: String, _ operation: String) -> String {
            """
            {"event":"denied","client":["certificate"],"identity":"\(identity)","family":"route",\
            "operation":"\(operation)","mode":"dump","errno":1}
            """
        }
        let policy = try #require(
            digest([line("CN=a sha256:0011223344556677", "GETLINK"), line("CN=b", "GETADDR")]).draft()
        ).policy
        #expect(policy.clientNames == ["a", "b"])
        #expect(try policy.explain(client: .named("a"), request: "route GETADDR dump").decision == .denied)
        // A common name may have what would be a pattern, or end a text.
        for name in ["*", "a\\\"", "-", "x: {}\\n"] {
            let odd = try #require(digest([line("CN=\(name) sha256:0011223344556677", "GETLINK")]).draft()).policy
            #expect(odd.errors == [], "\(odd.source.text)")
            #expect(!odd.source.text.contains("common-name: \"*\""))
        }
    }

    @Test func `one client's lines`() throws {
        let digest = digest(try recorded(), client: "vpn")
        #expect(try #require(digest.draft()).policy.clientNames == ["vpn"])
        #expect(self.digest(try recorded(), client: "nobody").draft() == nil)
    }

    @Test func `hostile lines are counted and do nothing`() throws {
        let good = write("NEWROUTE", "dst=10.0.0.0/8 table=100 protocol=bgp")
        let expected = try #require(digest([good]).draft()).policy.source.text
        let hostile = [
            "{", "[]", "null", "\u{0}\u{1}", "{\"event\":\"write\"", "{\"event\":{\"a\":1}}",
            "{\"event\":\"write\",\"event\":\"write\"}",
            "{\"event\":\"write\",\"family\":\"route\",\"operation\":\"NEWROUTE\u{1}\"}",
            String(repeating: "[", count: 10_000),
            "{\"event\":\"write\",\"family\":\"\\ud800\"}", "{\"event\":\"write\"} {}",
            "{\"event\":\"write\",\"errno\":1e999999999}",
            String(repeating: "x", count: 20_000),
            "{\"event\":\"write\",\"family\":\"nope\",\"operation\":\"X\",\"mode\":\"single\"}",
            write("NEWROUTE", #"dst=10.0.0.0/8\u000a  evil: {}"#), write("NEWROUTE", "dst=10.0.0.0/8]}\\\" evil"),
            write("NEWLINK", "dev=a\\\"b:[]{}#"),
        ]
        var digest = AuditDigest()
        for line in hostile + [good] { digest.take(Array(line.utf8)) }
        digest.takeOversizedLine()
        let draft = try #require(digest.draft())
        #expect(draft.policy.errors == [], "\(draft.policy.source.text)")
        #expect(digest.lines == hostile.count + 2 && digest.learned == 2)
        #expect(!draft.policy.source.text.contains("evil"))
        #expect(draft.notes.contains("2 lines: longer than a line of an audit log"))
        // Without the odd interface it is the same as if nothing had been there, but for the head.
        digest = AuditDigest()
        for line in hostile.dropLast() + [good] { digest.take(Array(line.utf8)) }
        let text = try #require(digest.draft()).policy.source.text
        let body = try #require(text.range(of: "policy: 1")), other = try #require(expected.range(of: "policy: 1"))
        #expect(text[body.lowerBound...] == expected[other.lowerBound...])
    }

    @Test func `random bytes are nothing to learn from`() throws {
        var generator = SeededNumbers(seed: 11)
        let line = Array(write("NEWROUTE", "dst=10.0.0.0/8 table=100 protocol=bgp").utf8)
        for _ in 0..<3000 {
            var bytes = line
            for _ in 0..<Int.random(in: 1...8, using: &generator) {
                bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            var digest = AuditDigest()
            digest.take(bytes)
            if let draft = digest.draft() { #expect(draft.policy.errors == [], "\(draft.policy.source.text)") }
        }
    }
}
