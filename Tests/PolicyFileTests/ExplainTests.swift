import GatewayPolicy
import Roles
import Testing

@testable import PolicyFile

/// What is decided, by which line, and which lines fell short.
@Suite struct ExplainTests {
    static let text = """
        policy: 1
        clients:
          noc: { common-name: "noc-*", issuer: "CN=Ops CA" }
          ops: { uid: 7 }
          rep: { uid: 8 }
          idle: { uid: 9 }
        roles:
          view:
            read:
              route: [GETLINK, GETROUTE dump]
              xfrm: [GETSA, GETPOLICY]
              sock_diag: [SOCK_DIAG_BY_FAMILY]
            listen: { route: [LINK], xfrm: [SA, POLICY] }
          router:
            include: [view]
            write:
              route: [NEWROUTE, DELROUTE, NEWNEXTHOP]
            where: { table: [100-199], destination-in: [10.0.0.0/8], not-destination-in: [10.255.0.0/16] }
          links:
            write: { route: [NEWLINK, SETLINK, DELLINK] }
            where: { interface: ["swp*"] }
          kinds:
            write: { route: [NEWLINK] }
            where: { link-kind: [vlan, nlmon] }
          keys: { extra: [secrets], listen: { netfilter/nftables: [NFTRACE] } }
        bindings:
          - { client: noc, roles: [router, links] }
          - { client: noc, roles: [keys], netns: [blue, green] }
          - { client: noc, roles: [view], netns: [blue] }
          - { client: ops, roles: [links, kinds, keys] }
          - { client: rep, roles: [view], mode: report, ceiling: router }
        never: { link-kinds: [nlmon], interfaces: [swp0] }
        """
    private let file = check(text)

    struct Question: Sendable, CustomTestStringConvertible {
        let client: String
        let request: String
        let answer: String
        let namespace: String?

        init(_ client: String, _ request: String, _ answer: String, in namespace: String? = nil) {
            self.client = client
            self.request = request
            self.answer = answer
            self.namespace = namespace
        }

        var testDescription: String { "\(client) \(request)" }
    }

    private static let reads = [
        Question("noc", "route GETLINK", "allowed 10:15 view: grants GETLINK single"),
        Question("noc", "RTM_GETLINK", "error"),
        Question("noc", "route rtm_getlink dump", "allowed 10:15 view: grants GETLINK dump"),
        Question("noc", "route GETROUTE dump", "allowed 10:24 view: grants GETROUTE dump"),
        Question("noc", "route GETROUTE single", "denied -: no role of the client grants GETROUTE single"),
        Question("noc", "route GETROUTE", "partial 10:24 view: grants GETROUTE dump"),
        Question("noc", "route GETADDR", "denied -: no role of the client grants GETADDR single"),
        Question(
            "noc", "xfrm GETSA dump",
            "denied 11:14 view: grants GETSA dump, which needs extra secrets, and no role of the client has that"),
        Question("noc", "xfrm GETSA dump", "allowed 11:14 view: grants GETSA dump", in: "blue"),
        Question("noc", "xfrm GETPOLICY", "allowed 11:21 view: grants GETPOLICY single"),
        Question("noc", "listen route LINK", "allowed 13:23 view: lets join LINK"),
        Question("noc", "listen route NEIGH", "denied -: no role of the client lists NEIGH under listen"),
        Question(
            "noc", "listen xfrm SA",
            "denied 13:37 view: lists SA, which needs extra secrets, and no role of the client has that"),
        Question("noc", "listen xfrm SA", "allowed 13:37 view: lets join SA", in: "blue"),
        Question("idle", "route GETLINK", "denied -: no role of the client grants GETLINK single"),
        Question(
            "ops", "listen netfilter/nftables NFTRACE",
            "denied 25:60 keys: lists NFTRACE, which needs extra traffic, and no role of the client has that"),
        Question(
            "noc", "generic/handshake ACCEPT",
            "denied -: ACCEPT is never granted: it takes or gives file descriptors, which can't cross hosts"),
        Question("rep", "route GETLINK", "allowed 10:15 view: grants GETLINK single"),
    ]

    private static let writes = [
        Question(
            "noc", "route NEWROUTE",
            "conditional 17:15 router: grants NEWROUTE where table is 100-199 and destination-in is 10.0.0.0/8 and not-destination-in is 10.255.0.0/16"
        ),
        Question("noc", "route NEWROUTE table=150 dst=10.1.0.0/16", "allowed 17:15 router: grants NEWROUTE"),
        Question(
            "noc", "route NEWROUTE table=main dst=10.1.0.0/16",
            "denied 18:14 router: grants NEWROUTE only where table is 100-199"),
        Question(
            "noc", "route NEWROUTE table=150 dst=192.0.2.0/24",
            "denied 18:32 router: grants NEWROUTE only where destination-in is 10.0.0.0/8"),
        Question(
            "noc", "route NEWROUTE table=150 dst=10.255.3.0/24",
            "denied 18:62 router: grants NEWROUTE only where not-destination-in is 10.255.0.0/16"),
        Question("noc", "route NEWNEXTHOP", "allowed 17:35 router: grants NEWNEXTHOP"),
        Question("noc", "route SETLINK dev=swp3", "allowed 20:31 links: grants SETLINK"),
        Question("noc", "route SETLINK dev=eth0", "denied 21:14 links: grants SETLINK only where interface is swp*"),
        Question("noc", "route SETLINK dev=swp0", "denied 32:44: never lets any write select swp0"),
        Question("ops", "route NEWLINK kind=vlan dev=eth0", "allowed 23:22 kinds: grants NEWLINK"),
        Question("ops", "route NEWLINK kind=vlan", "allowed 23:22 kinds: grants NEWLINK"),
        Question(
            "ops", "route NEWLINK kind=bridge dev=eth0",
            "denied 21:14 links: grants NEWLINK only where interface is swp*"),
        Question("ops", "route NEWLINK kind=nlmon", "denied 32:23: never lets anybody make links of kind nlmon"),
        Question("ops", "route NEWROUTE", "denied -: no role of the client grants NEWROUTE"),
        Question("ops", "route NEWROUTE", "denied -: no role of the client grants NEWROUTE", in: "blue"),
        Question(
            "rep", "route NEWROUTE table=100 dst=10.0.0.0/24",
            "reported 17:15 router: grants NEWROUTE, as a ceiling: it passes and is logged"),
        Question("rep", "route NEWROUTE table=1", "denied -: no role of the client grants NEWROUTE"),
        Question("rep", "route DELLINK", "denied -: no role of the client grants DELLINK"),
    ]

    @Test(arguments: reads + writes)
    func `the line that decides`(question: Question) throws {
        #expect(file.errors == [])
        do throws(QueryError) {
            let answer = try file.explain(
                client: .named(question.client), request: question.request, namespace: question.namespace)
            let first = answer.reasons.first { $0.decides }
            let place = first?.position.map { "\($0.line):\($0.column)" } ?? "-"
            let role = first?.role.map { " \($0)" } ?? ""
            #expect("\(answer.decision.rawValue) \(place)\(role): \(first?.text ?? "")" == question.answer)
        } catch {
            #expect(question.answer == "error")
        }
    }

    @Test func `what falls short is told, nearest first`() throws {
        let elsewhere = try file.explain(client: .named("noc"), request: "listen netfilter/nftables NFTRACE")
        #expect(elsewhere.decision == .denied)
        let addresses = try file.explain(client: .named("ops"), request: "route GETLINK single")
        #expect(
            addresses.lines(file: "p.yaml") == [
                "no role of the client grants GETLINK single",
                "p.yaml:10:15: role view: grants GETLINK single, and the client doesn't have it",
            ])
        let single = try file.explain(client: .named("noc"), request: "route GETROUTE single")
        #expect(single.lines(file: "p").contains("p:10:24: role view: grants GETROUTE dump only"))
        let change = try file.explain(client: .named("noc"), request: "route SETLINK dev=swp1")
        #expect(
            change.lines(file: "p").last == "refused all the same where a message needs extra code, netns, group, self")
        let blue = try file.explain(client: .named("noc"), request: "route SETLINK dev=swp1", namespace: "blue")
        #expect(blue.decision == .denied)
        #expect(blue.lines(file: "p").contains("p:27:5: the client has it in another namespace: the daemon's own"))
        let nowhere = try file.explain(client: .named("ops"), request: "route SETLINK dev=swp1", namespace: "red")
        #expect(nowhere.lines(file: "p").contains("nothing is bound to the client in this namespace"))
    }

    @Test func `an identity is every client that it fits, and one that fits none is told what is missing`() throws {
        func explain(_ words: [String], _ request: String) throws -> Explanation {
            try file.explain(client: ClientQuery(words: words), request: request)
        }
        #expect(try explain(["common-name=noc-7", "issuer=CN=Ops CA"], "route GETLINK").decision == .allowed)
        #expect(try explain(["uid=7"], "route SETLINK dev=swp1").decision == .allowed)
        #expect(try explain(["noc"], "route GETLINK").decision == .allowed)
        let other = try explain(["common-name=noc-7", "issuer=CN=Other"], "route GETLINK")
        #expect(other.decision == .denied)
        #expect(other.lines(file: "p").contains("no client of the policy is this identity"))
        #expect(other.lines(file: "p").contains("p:3:40: client noc fits but for this"))
        #expect(try explain(["anonymous=true"], "route GETLINK").decision == .denied)
        for words in [
            [], ["nok"], ["uid=x"], ["name=x"], ["uid=1", "common-name=x"], ["anonymous=no"], ["fingerprint=1"],
        ] {
            #expect(throws: QueryError.self) { try explain(words, "route GETLINK") }
        }
    }

    @Test func `privilege follows from the grants of the protocol`() throws {
        #expect(try file.explain(client: .named("noc"), request: "route GETLINK").needsPrivilege)
        #expect(try !file.explain(client: .named("noc"), request: "sock_diag SOCK_DIAG_BY_FAMILY").needsPrivilege)
        #expect(try file.explain(client: .named("noc"), request: "xfrm GETPOLICY").needsPrivilege)
        let shown = try file.show(client: .named("noc"))
        #expect(shown.map(\.namespace) == [nil, "blue", "green"])
        #expect(shown[0].privilegedProtocols == ["route", "xfrm"])
        #expect(shown[2].privilegedProtocols == ["netfilter"])
    }

    @Test func `show resolves names, limits and what a where binds`() throws {
        let shown = try #require(check(example).show(client: .named("alice")).first)
        #expect(shown.roles.map(\.name) == ["monitor", "router"] && shown.ceiling.map(\.name) == ["firewall"])
        #expect(shown.limits.map(\.name) == ["sessions", "messages-per-second", "dumps"])
        #expect(shown.limits.map(\.value) == [8, 200, 2] && shown.limits.map(\.perClient) == [nil, 1600, 16])
        let router = try #require(shown.roles.last)
        #expect(
            router.line == 18
                && router.operations.map(\.operation) == ["NEWROUTE", "DELROUTE", "NEWNEXTHOP", "DELNEXTHOP"])
        #expect(router.operations.map(\.line) == [21, 21, 21, 21])
        let table = try #require(router.conditions.first { $0.key == "table" })
        #expect(table.value == "100-199" && table.binds == ["route NEWROUTE", "route DELROUTE"])
        #expect(try check(example).show().map(\.client) == ["prometheus", "oncall", "oncall", "alice"])
        #expect(throws: QueryError.self) { try check(example).show(client: .named("bob")) }
        #expect(try check("policy: 2").show().isEmpty)
    }

    @Test func `tests of the file are run, and one that fails stops the policy`() {
        let tests = """

            tests:
              - { client: noc, allow: "route GETLINK" }
              - { client: noc, allow: "route NEWROUTE table=1" }
              - { client: noc, deny: "route GETLINK dump" }
              - { client: noc, deny: "route GETROUTE" }
              - { client: noc, allow: "route GETROUTE" }
              - { client: rep, deny: "route NEWROUTE" }
              - { client: noc, deny: "route NEWROUTE" }
              - { client: noc, allow: "listen xfrm SA", netns: blue }
              - { client: noc, allow: "listen xfrm SA", netns: green }
            """
        let file = check(ExplainTests.text + tests)
        #expect(file.runTests().map(\.passed) == [true, false, false, false, false, false, false, true, false])
        #expect(
            file.errors == [
                "p.yaml:35:27: error: test failed: route NEWROUTE table=1 is denied to noc; line 18, role router: grants NEWROUTE only where table is 100-199",
                "p.yaml:36:26: error: test failed: route GETLINK dump is granted to noc; line 10, role view: grants GETLINK dump",
                "p.yaml:37:26: error: test failed: route GETROUTE is granted in part to noc; single and dump differ; name one",
                "p.yaml:38:27: error: test failed: route GETROUTE is denied to noc; single and dump differ; name one",
                "p.yaml:39:26: error: test failed: route NEWROUTE is let through by the ceiling to rep; line 17, role router: grants NEWROUTE where table is 100-199 and destination-in is 10.0.0.0/8 and not-destination-in is 10.255.0.0/16, as a ceiling: it passes and is logged",
                "p.yaml:40:26: error: test failed: route NEWROUTE is granted under a condition to noc; line 17, role router: grants NEWROUTE where table is 100-199 and destination-in is 10.0.0.0/8 and not-destination-in is 10.255.0.0/16",
                "p.yaml:42:27: error: test failed: listen xfrm SA is denied to noc; no role of the client lists SA under listen",
            ])
        #expect(!file.isValid && file.tables == nil)
    }
}
