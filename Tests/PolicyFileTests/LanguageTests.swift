import GatewayPolicy
import Roles
import Testing

@testable import PolicyFile

/// What a file means once it is compiled.
@Suite struct LanguageTests {
    /// A policy whose one client, uid 1, has the last of these roles.
    private func policy(_ roles: String, bind: String) throws -> PolicyTables {
        let text = """
            policy: 1
            clients: { me: { uid: 1 } }
            roles:
            \(roles.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n"))
            bindings: [ { client: me, roles: [\(bind)] } ]
            """
        let file = check(text)
        #expect(file.errors == [])
        return try #require(file.tables)
    }

    private func part(_ tables: PolicyTables, _ name: String) throws -> RolePart {
        let role = try #require(tables.roles.first { $0.name == name })
        return try RolePart(decoding: role.grants.span)
    }

    private func grants(_ body: String) throws -> Grants {
        try part(try policy("r: \(body)", bind: "r"), "r").grants
    }

    private func names(_ grants: Grants, _ label: String) throws -> [String] {
        let family = try #require(Catalogue.family(label))
        return (grants.family(label)?.operations ?? []).compactMap { family.operation($0.number)?.name }
    }

    @Test func `names are the kernel's own, with and without prefix, in any case`() throws {
        for name in ["GETLINK", "getlink", "RTM_GETLINK", "rtm_getLink"] {
            #expect(try names(grants("{ read: { route: [\(name)] } }"), "route") == ["GETLINK"])
        }
        #expect(try grants("{ listen: { route: [RTNLGRP_LINK], XFRM: [sa] } }").family("xfrm")?.groups == ["SA"])
        #expect(try names(grants("{ read: { Route: [GETLINK] } }"), "route") == ["GETLINK"])
        let wireguard = try grants("{ write: { generic/wireguard: [WG_CMD_SET_DEVICE] } }")
        #expect(try names(wireguard, "generic/wireguard") == ["SET_DEVICE"])
    }

    @Test func `a name grants every mode that there is, a word behind it one`() throws {
        let route = try grants("{ read: { route: [GETLINK, GETRULE, GETROUTE single, GETADDR dump] } }")
        #expect(route.modes("route", 18) == .both)
        #expect(route.modes("route", 34) == .dump)
        #expect(route.modes("route", 26) == .single)
        #expect(route.modes("route", 22) == .dump)
        let both = try grants("{ read: { route: [GETLINK single, GETLINK dump] } }")
        #expect(both.modes("route", 18) == .both)
    }

    @Test func `globs stand for what the section can grant`() throws {
        let family = try #require(Catalogue.family("netfilter/nftables"))
        let read = try names(grants("{ read: { netfilter/nftables: [get*] } }"), family.label)
        #expect(read == family.operations.filter { $0.name.hasPrefix("GET") && $0.kind == .read }.map(\.name))
        #expect(!read.contains("GETRULE_RESET") && read.contains("GETRULE"))
        let write = try names(grants("{ write: { netfilter/nftables: [\"*_reset\"] } }"), family.label)
        #expect(write == ["GETOBJ_RESET", "GETRULE_RESET", "GETSETELEM_RESET"])
        let groups = try grants("{ listen: { route: [\"IPV*_RULE\"] } }")
        #expect(groups.family("route")?.groups == ["IPV4_RULE", "IPV6_RULE"])
        let dumps = try grants("{ read: { route: [\"RTM_GET* dump\"] } }")
        #expect(dumps.modes("route", 18) == .dump && dumps.modes("route", 78) == [])
        #expect(
            check("policy: 1\nroles: { r: { read: { route: [GETR*] } } }").expansions.map(\.names) == [
                ["route GETROUTE", "route GETRULE"]
            ])
    }

    @Test func `all is what the table lists of the class and can be granted`() throws {
        for (section, kind) in [("read", OperationClass.read), ("write", .write)] {
            let everything = try grants("{ \(section): all }")
            for family in Catalogue.families {
                let wanted = family.operations.filter { $0.kind == kind && !$0.grantable.isEmpty }.map(\.name)
                #expect(try names(everything, family.label) == wanted)
                #expect(
                    wanted.allSatisfy { name in
                        family.operations.contains { $0.name == name && !$0.tags.contains(.never) }
                    })
            }
        }
        let joined = try grants("{ listen: all }")
        for family in Catalogue.families {
            #expect(joined.family(family.label)?.groups ?? [] == family.groups.filter(\.join.isServed).map(\.name))
        }
    }

    @Test func `limits, where and extras arrive in the part`() throws {
        let tables = try policy(
            """
            r:
              write: { route: [NEWROUTE, NEWLINK] }
              extra: [secrets, self, netns]
              netns-ids: [7, 5]
              limits: { sessions: 3, session-minutes: 90, messages-per-second: 2K, bytes-per-second: 1MiB, dumps: 4,
                        burst-buffer: 128KiB, receive-buffer: 1M }
              where: { interface: ["swp*"], table: [main, 100-199], protocol: [bgp, 7], destination-in: [10.0.0.0/8],
                       not-destination-in: ["2001:db8::/32"], link-kind: [vlan], family: [inet, inet6] }
            """, bind: "r")
        let part = try part(tables, "r")
        #expect(part.line == 4)
        #expect(part.grants.extras == [.secrets, .itself, .netns] && part.grants.netnsIDs == [5, 7])
        #expect(tables.roles[0].sessions == 3 && tables.roles[0].sessionMinutes == 90)
        #expect(part.limits.messagesPerSecond == 2000 && part.limits.bytesPerSecond == 1 << 20)
        #expect(part.limits.dumps == 4 && part.limits.burstBuffer == 131_072 && part.limits.receiveBuffer == 1_000_000)
        #expect(part.conditions.interfaces == ["swp*"] && part.conditions.tables == [254...254, 100...199])
        #expect(part.conditions.protocols == [186, 7] && part.conditions.linkKinds == ["vlan"])
        #expect(part.conditions.destinations == [AddressPrefix(address: [10, 0, 0, 0], length: 8)].compactMap(\.self))
        let excluded: [UInt8] = [0x20, 1, 0x0d, 0xb8] + [UInt8](repeating: 0, count: 12)
        #expect(
            part.conditions.excludedDestinations == [AddressPrefix(address: excluded, length: 32)].compactMap(\.self))
        #expect(part.conditions.families == [2, 10])
    }

    @Test func `include means the role itself and all below it, and each keeps its own where`() throws {
        let tables = try policy(
            """
            a: { read: { route: [GETLINK] } }
            b: { include: [a], write: { route: [NEWROUTE] }, where: { table: [100] } }
            unused: { read: { route: [GETADDR] } }
            c: { include: [b, a], read: { xfrm: [GETPOLICY] } }
            """, bind: "c")
        #expect(tables.roles.map(\.name) == ["a", "b", "c"])
        #expect(tables.bindings[0].roles == [0, 1, 2] && tables.bindings[0].named == [2])
        #expect(try part(tables, "a").conditions.isEmpty && part(tables, "c").conditions.isEmpty)
        #expect(try part(tables, "b").conditions.tables == [100...100])
        #expect(tables.roles.map(\.servedProtocols) == [1, 1, 1 << 6])
        #expect(tables.roles.map(\.privilegedProtocols) == [0, 1, 1 << 6])
    }

    @Test func `clients become criteria, and whoever isn't bound is left out`() throws {
        let file = check(
            """
            policy: 1
            clients:
              nobody: { uid: 5 }
              all: { fingerprint: "sha256:\(String(repeating: "0a:", count: 31))0A", common-name: "noc-*", issuer: "CN=Ops CA",
                     san-dns: "*.example", san-uri: "spiffe://x/*", san-email: "*@example.org" }
              user: { uid: 0, gid: 7 }
              tcp: { anonymous: true }
            roles: { r: { read: { route: [GETLINK] } } }
            bindings:
              - { client: tcp, roles: [r] }
              - { client: all, roles: [r], netns: [blue, "*"] }
              - { client: user, roles: [r], netns: ["."] }
            """)
        #expect(file.errors == [])
        let tables = try #require(file.tables)
        #expect(tables.clients.map(\.name) == ["all", "user", "tcp"] && tables.clients.map(\.line) == [4, 6, 7])
        #expect(
            tables.clients.map(\.criteria) == [
                [
                    .fingerprint([UInt8](repeating: 10, count: 32)), .commonName("noc-*"), .issuer("CN=Ops CA"),
                    .dnsName("*.example"), .uri("spiffe://x/*"), .email("*@example.org"),
                ], [.uid(0), .gid(7)], [.anonymous],
            ])
        #expect(tables.bindings.map(\.networkNamespaces) == [["."], ["blue", "*"], ["."]])
        #expect(tables.bindings.map(\.client) == [2, 0, 1])
    }

    @Test func `never, audit, report mode and its ceiling are in the tables`() throws {
        let file = check(example)
        let tables = try #require(file.tables)
        let never = try GatewayPolicy.Never(decoding: tables.never.span)
        #expect(never == GatewayPolicy.Never(linkKinds: ["nlmon", "macvtap", "ipvtap"], interfaces: ["mgmt0"]))
        #expect(!tables.auditRequired)
        #expect(check(example + "\naudit: required").tables?.auditRequired == true)
        let alice = try #require(tables.bindings.first { !$0.ceiling.isEmpty })
        #expect(alice.ceiling.map { tables.roles[Int($0)].name } == ["firewall"])
        #expect(alice.roles.map { tables.roles[Int($0)].name } == ["monitor", "router"])
        let mail = CertificateIdentity(fingerprint: [UInt8](repeating: 1, count: 32), emails: ["alice@example.org"])
        let match = try #require(
            tables.match(.certificate(mail), networkNamespace: PolicyTables.ownNamespace, daemonUID: 9))
        let session = try SessionGrants(decoding: tables.grantSet(match).span)
        #expect(session.roles.map(\.name) == ["monitor", "router"] && session.ceiling.map(\.name) == ["firewall"])
        #expect(session.limits.messagesPerSecond == 200 && session.never == never)
    }

    @Test func `the encoded tables are what the supervisor decodes`() throws {
        for text in Samples.accepted + [example] {
            let tables = try #require(check(text).tables)
            #expect(try PolicyTables(decoding: tables.encode()) == tables)
        }
    }
}
