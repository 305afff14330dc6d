import PolicyFile
import Testing

/// What is right and may not be meant.
@Suite struct LintTests {
    private func warnings(_ text: String) -> [String] {
        let file = check(text)
        #expect(file.errors == [] && file.isValid)
        return file.warnings.map { $0.replacing("p.yaml:", with: "").replacing("warning: ", with: "") }
    }

    /// A policy in which uid 1 has role r, whose body is the fourth line.
    private func role(_ body: String, more: String = "") -> [String] {
        warnings(
            """
            policy: 1
            clients: { me: { uid: 1 } }
            roles:
              r: \(body)\(more.isEmpty ? "" : "\n  " + more)
            bindings: [ { client: me, roles: [r] } ]
            """)
    }

    private let limits = "limits: { sessions: 1 }"

    @Test func `a modest policy has no warnings`() {
        #expect(role("{ read: { route: [GETLINK] }, listen: { route: [LINK] } }") == [])
        #expect(
            role(
                "{ write: { route: [NEWROUTE], xfrm: [NEWSA] }, extra: [secrets, self], where: { table: [1] }, \(limits) }"
            )
                == [])
    }

    @Test func `writes without bounds`() {
        #expect(
            role("{ write: { route: [SETLINK] } }") == [
                "4:8: role r writes without a limit and without a where; add limits, or where",
                "5:23: me may have as many privileged sessions as the gateway allows; add 'limits: { sessions: N }' to a role of it",
            ])
        #expect(role("{ write: { route: [SETLINK] }, \(limits) }") == [])
        #expect(role("{ write: { route: [SETLINK] }, where: { interface: [a] }, \(limits) }") == [])
        // The limit of another role of the same client holds too.
        #expect(
            role("{ include: [s], write: { route: [SETLINK] } }", more: "s: { \(limits), read: { route: [GETLINK] } }")
                == [])
    }

    @Test func `all`() {
        #expect(
            role("{ read: { route: all } }") == [
                "4:23: 'all' covers everything of route that the table lists, and will list; name what is needed"
            ])
        #expect(
            role("{ listen: all, read: all, extra: [secrets, traffic], \(limits) }").map { $0.prefix(8) } == [
                "4:16: 'a", "4:27: 'a",
            ])
    }

    @Test func `identities that are wider than they look`() {
        func client(_ body: String) -> [String] {
            warnings(
                "policy: 1\nclients: { c: { \(body) } }\nroles: { r: { read: { route: [GETLINK] } } }\nbindings: [ { client: c, roles: [r] } ]"
            )
        }
        #expect(
            client("common-name: noc") == [
                "2:30: c is whoever has this common name from any CA that the gateway trusts; add the issuer"
            ])
        #expect(client("issuer: CN=a") == ["2:25: c is everybody with a certificate of this CA; add a name"])
        #expect(client("issuer: CN=a, common-name: \"*\"").map { $0.prefix(9) } == ["2:44: '*'"])
        #expect(client("common-name: noc, issuer: CN=a") == [])
        #expect(client("san-uri: \"spiffe://x\"") == [])
    }

    @Test func `clients and roles without each other`() {
        #expect(
            warnings(
                """
                policy: 1
                clients: { a: { uid: 1 }, b: { uid: 2 } }
                roles: { r: { read: { route: [GETLINK] } }, s: { include: [r] }, t: {} }
                bindings: [ { client: a, roles: [r] } ]
                """) == [
                    "2:27: nothing is bound to client b", "3:45: nobody has role s", "3:66: nobody has role t",
                    "3:66: role t grants nothing",
                ])
    }

    @Test func `events that show what may not be read`() {
        #expect(
            role("{ listen: { route: [LINK, NEIGH] }, read: { route: [GETLINK] } }") == [
                "4:32: listen NEIGH of route shows what nobody with it may read; it shows what GETNEIGH shows"
            ])
        #expect(
            role("{ listen: { route: [LINK] }, include: [s] }", more: "s: { read: { route: [GETLINK dump] } }") == [])
        #expect(
            role("{ listen: { netfilter/nftables: [NFTABLES] }, \(limits) }") == [
                "4:39: listen NFTABLES of netfilter/nftables shows what nobody with it may read; it shows what GETRULE, GETTABLE, GETCHAIN shows"
            ])
        #expect(role("{ listen: { generic/nlctrl: [notify] } }").count == 1)
    }

    @Test func `a where that binds nothing`() {
        #expect(
            role("{ write: { route: [NEWNEXTHOP] }, where: { table: [1], interface: [a] }, \(limits) }") == [
                "4:49: table binds nothing: no write of the role has one; a where binds the writes of its own role"
            ])
        #expect(
            role("{ read: { route: [GETROUTE] }, where: { table: [1] } }") == [
                "4:46: table binds nothing: the role writes nothing; a where binds the writes of its own role"
            ])
    }

    @Test func `extras that nothing needs, and names that need one`() {
        #expect(
            role("{ read: { route: [GETROUTE] }, extra: [secrets] }") == [
                "4:45: nothing that comes with role r needs extra secrets; remove it"
            ])
        #expect(
            role("{ read: { xfrm: [GETSA, GETPOLICY] }, \(limits) }") == [
                "4:23: GETSA will be refused without extra secrets; add 'extra: [secrets]' to role r"
            ])
        #expect(
            role("{ read: { generic/ethtool: [WOL_GET, RSS_GET] }, \(limits) }").count == 2)
        #expect(
            role("{ read: { generic/ethtool: [\"*_GET\"] }, \(limits) }") == [
                "4:34: WOL_GET, RSS_GET will be refused without extra secrets; add 'extra: [secrets]' to role r"
            ])
        #expect(
            role("{ listen: { netfilter/nftables: [NFTRACE] }, \(limits) }") == [
                "4:39: NFTRACE will be refused without extra traffic; add 'extra: [traffic]' to role r"
            ])
        // What a role includes needs its extras too.
        #expect(role("{ include: [s], extra: [secrets], \(limits) }", more: "s: { read: { xfrm: [GETSA] } }") == [])
    }

    @Test func `anybody may write`() {
        let found = warnings(
            """
            policy: 1
            clients: { any: { anonymous: true } }
            roles: { r: { write: { route: [SETLINK] }, limits: { sessions: 1 } } }
            bindings: [ { client: any, roles: [r] } ]
            """)
        #expect(found == ["4:23: whoever reaches the gateway without a certificate may write"])
    }

    @Test func `a kind of link that nobody knows`() {
        #expect(
            role("{ write: { route: [NEWLINK] }, where: { link-kind: [vxlna] }, \(limits) }") == [
                "4:58: no kind of link that this program knows: vxlna; did you mean vxlan?"
            ])
    }
}
