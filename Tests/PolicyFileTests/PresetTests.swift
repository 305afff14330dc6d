import Foundation
import GatewayPolicy
import PolicyFile
import Roles
import Testing

/// The files in `policy/`.
@Suite struct PresetTests {
    /// What `check` warns of in each, as its head says.
    private static let warnings: [String: [String]] = [
        "firewall.yaml": ["nobody has role tracer"], "link-operator.yaml": [], "monitoring.yaml": [],
        "read-only.yaml": [], "routing-daemon.yaml": ["nobody has role nexthops"],
        "unrestricted.yaml": Array(repeating: "'all' covers every family", count: 3), "wireguard-operator.yaml": [],
    ]
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../policy")

    private func preset(_ name: String) throws -> PolicyFile {
        let text = try String(contentsOf: Self.folder.appending(path: name), encoding: .utf8)
        return PolicyFile(checking: PolicySource(name: name, text: text))
    }

    @Test func `every preset is known here and in the index`() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path())
        #expect(Set(names.filter { $0.hasSuffix(".yaml") }) == Set(Self.warnings.keys))
        let index = try String(contentsOf: Self.folder.appending(path: "README.md"), encoding: .utf8)
        for name in Self.warnings.keys { #expect(index.contains("(\(name))"), "\(name)") }
    }

    @Test(arguments: warnings.keys.sorted())
    func `a preset is valid and passes its own tests`(name: String) throws {
        let file = try preset(name)
        #expect(file.isValid && file.tables != nil, "\(file.errors)")
        let expected = try #require(Self.warnings[name])
        #expect(file.warnings.count == expected.count, "\(file.warnings)")
        for (warning, part) in zip(file.warnings, expected) { #expect(warning.contains(part)) }
        let outcomes = file.runTests()
        #expect(outcomes.allSatisfy { $0.passed })
        #expect(outcomes.contains { $0.expectsAllow } && outcomes.contains { !$0.expectsAllow })
        // Each client that has something is tested.
        #expect(Set(outcomes.map(\.client)) == Set(try file.show().map(\.client)))
    }

    @Test(arguments: warnings.keys.sorted())
    func `a preset says what it is for and names nobody by accident`(name: String) throws {
        let file = try preset(name)
        for word in ["# For:", "# Exposes:", "# Not", "# To adapt:"] { #expect(file.source.text.contains(word), "\(word)") }
        let tables = try #require(file.tables)
        for client in tables.clients {
            #expect(!client.criteria.contains(.anonymous))
            // A common name alone could come from any CA.
            let isNamed = client.criteria.contains { if case .commonName = $0 { true } else { false } }
            let hasIssuer = client.criteria.contains { if case .issuer = $0 { true } else { false } }
            #expect(!isNamed || hasIssuer, "\(client.name)")
        }
        for grants in try file.show() { #expect(grants.limits.contains { $0.name == "sessions" }, "\(grants.client)") }
    }

    @Test func `the read-only preset grants what the built-in grants`() throws {
        let tables = try #require(try preset("read-only.yaml").tables)
        let bytes = try #require(tables.roles.first).grants
        let part = try RolePart(decoding: bytes.span)
        let builtin = try #require(PolicyFile.builtin("builtin:read-only")?.tables?.roles.first)
        let expected = try RolePart(decoding: builtin.grants.span)
        let own = Set(part.grants.families.map(\.label)), theirs = Set(expected.grants.families.map(\.label))
        #expect(own == theirs)
        for (one, other) in zip(part.grants.families, expected.grants.families) {
            let names = other.operations.filter { !one.operations.contains($0) }
                .compactMap { Catalogue.family(other.label)?.operation($0.number)?.name }
            #expect(names == [], "the built-in has more of \(one.label)")
            #expect(one.operations == other.operations && one.label == other.label)
            // Families of sockets that nobody has any more, and events without a name of their own.
            let more = Set(other.groups).subtracting(one.groups)
            let left: Set = [
                "NOTIFY", "DECnet_IFADDR", "NOP2", "DECnet_ROUTE", "DECnet_RULE", "NOP4", "ND_USEROPT",
                "PHONET_IFADDR", "PHONET_ROUTE", "MCTP_IFADDR",
            ]
            #expect(more.isSubset(of: left) && Set(one.groups).isSubset(of: other.groups), "\(more.subtracting(left))")
        }
    }

    @Test func `programs that a preset is for get what they ask for`() throws {
        // What bird 2, ip, ethtool, nft and wg said to a kernel under strace.
        let asked: [(String, String, [String])] = [
            (
                "routing-daemon.yaml", "bird",
                ["route GETLINK dump", "route GETADDR dump", "route GETROUTE dump"]
                    + ["LINK", "IPV4_IFADDR", "IPV4_ROUTE", "IPV6_IFADDR", "IPV6_ROUTE"].map { "listen route \($0)" }
                    + ["NEWROUTE", "DELROUTE"].map { "route \($0) table=100 protocol=bird dst=10.78.0.0/16" }
            ),
            (
                "monitoring.yaml", "watcher",
                ["route GETLINK dump", "route GETLINK single", "route GETADDR dump", "route GETROUTE dump"]
                    + ["route GETNEIGH dump", "generic/nlctrl GETFAMILY single"]
                    + ["LINKMODES", "LINKINFO", "DEBUG", "LINKSTATE", "STRSET", "STATS"].map { "generic/ethtool \($0)_GET single" }
            ),
            (
                "firewall.yaml", "firewall-manager",
                ["GETTABLE", "GETCHAIN", "GETSET", "GETFLOWTABLE"].map { "netfilter/nftables \($0) dump" }
                    + ["netfilter/nftables GETGEN single", "netfilter/nftables GETRULE dump", "listen netfilter/nftables NFTABLES"]
                    + ["NEWTABLE", "NEWSET", "NEWSETELEM", "NEWCHAIN", "NEWRULE"].map { "netfilter/nftables \($0)" }
            ),
            (
                "link-operator.yaml", "netops",
                ["route GETLINK single", "route NEWLINK dev=br-1", "route NEWLINK kind=vlan dev=vlan-5"]
                    + ["route NEWADDR dev=br-1", "route DELADDR dev=br-1", "route DELLINK dev=br-1"]
            ),
            (
                "wireguard-operator.yaml", "vpn-manager",
                ["route GETLINK dump", "generic/nlctrl GETFAMILY single", "generic/wireguard GET_DEVICE dump"]
                    + ["generic/wireguard SET_DEVICE dev=wg0", "route NEWLINK kind=wireguard dev=wg0"]
            ),
        ]
        for (name, client, requests) in asked {
            let file = try preset(name)
            for request in requests {
                let decision = try file.explain(client: .named(client), request: request).decision
                #expect(decision == .allowed || decision == .conditional, "\(name): \(client): \(request)")
            }
        }
    }
}
