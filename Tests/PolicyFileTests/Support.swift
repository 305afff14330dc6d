import PolicyFile
import Testing

/// A policy of text, checked under the name `p.yaml`.
func check(_ text: String) -> PolicyFile {
    PolicyFile(checking: PolicySource(name: "p.yaml", text: text))
}

extension PolicyFile {
    /// Errors and warnings as lines.
    var lines: [String] { diagnostics.map(\.description) }
    /// Errors as lines.
    var errors: [String] { diagnostics.filter { $0.severity == .error }.map(\.description) }
    /// Warnings as lines.
    var warnings: [String] { diagnostics.filter { $0.severity == .warning }.map(\.description) }
}

/// The example of the language's description.
let example = """
    policy: 1
    clients:
      prometheus: { san-uri: "spiffe://ops/prometheus" }
      noc:        { common-name: "noc-*", issuer: "CN=Ops CA" }
      oncall:     { fingerprint: "sha256:77aa77aa77aa77aa77aa77aa77aa77aa77aa77aa77aa77aa77aa77aa77aa77aa" }
      alice:      { san-email: "alice@example.org" }
      local-root: { uid: 0 }
      anyone:     { anonymous: true }
    roles:
      monitor:
        read:
          route: [GETLINK, GETADDR, GETROUTE, GETNEIGH, GETRULE, GETQDISC, GETSTATS]
          generic/nlctrl: [GETFAMILY]
          generic/ethtool: [LINKINFO_GET, LINKMODES_GET, STATS_GET]
        listen:
          route: [LINK, IPV4_IFADDR, IPV6_IFADDR, IPV4_ROUTE, IPV6_ROUTE]
        limits: { sessions: 8, messages-per-second: 200, dumps: 2 }
      router:
        include: [monitor]
        write:
          route: [NEWROUTE, DELROUTE, NEWNEXTHOP, DELNEXTHOP]
        where: { table: [100-199], protocol: [bgp, ospf], not-destination-in: ["10.255.0.0/16"] }
      firewall:
        read:  { netfilter/nftables: all }
        write: { netfilter/nftables: all }
      breakglass:
        read: all
        write: { route: all, netfilter/nftables: all, xfrm: all }
        extra: [secrets]
        limits: { session-minutes: 15 }
    bindings:
      - { client: prometheus, roles: [monitor] }
      - { client: oncall, roles: [breakglass], netns: [blue, green] }
      - { client: alice, roles: [router], mode: report, ceiling: firewall }
    never:
      link-kinds: [nlmon, macvtap, ipvtap]
      interfaces: [mgmt0]
    tests:
      - { client: prometheus, allow: "route GETLINK dump" }
      - { client: prometheus, deny: "route SETLINK" }
      - { client: prometheus, deny: "listen xfrm SA" }
    """
