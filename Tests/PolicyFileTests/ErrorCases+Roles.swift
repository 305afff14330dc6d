/// Roles, bindings, tests and the rest.
extension ErrorTests {
    /// The body of a role in a file whose fourth line it is.
    static func role(_ body: String) -> String { "policy: 1\nroles:\n  r:\n    \(body)\n" }

    static let roles = [
        Case(
            role("reads: {}"),
            "4:5 unknown key reads in a role; did you mean read?"),
        Case(
            role("read: { route: [GETLNK] }"),
            "4:21 unknown operation GETLNK in route; did you mean GETLINK?"),
        Case(
            role("read: { route: [GETLINK, SETLINK] }"),
            "4:30 SETLINK is a write; put it under write"),
        Case(
            role("write: { route: [GETLINK] }"),
            "4:22 GETLINK is a read; put it under read"),
        Case(
            role("read: { netfilter/nftables: [GETRULE_RESET] }"),
            "4:34 GETRULE_RESET is a write, because it resets counters; put it under write"),
        Case(
            role("read: { netfilter/ctnetlink: [CT_GET_CTRZERO] }"),
            "4:35 CT_GET_CTRZERO is a write, because it resets counters; put it under write"),
        Case(
            role("read: { rout: all }"),
            "4:13 unknown family rout; did you mean route?"),
        Case(
            role("read: { nlctrl: all }"),
            "4:13 unknown family nlctrl; did you mean generic/nlctrl?"),
        Case(
            role("read: { route: [LINK] }"),
            "4:21 unknown operation LINK in route; did you mean GETLINK?"),
        Case(
            role("read: { route: [IPV4_RULE] }"),
            "4:21 unknown operation IPV4_RULE in route; IPV4_RULE is a group and belongs under listen"),
        Case(
            role("listen: { route: [GETLINK] }"),
            "4:23 unknown group GETLINK in route; GETLINK is an operation and belongs under read"),
        Case(
            role("listen: { route: [LINKS] }"),
            "4:23 unknown group LINKS in route; did you mean LINK?"),
        Case(
            role("listen: { generic/wireguard: all }"),
            "4:34 generic/wireguard has nothing to listen to"),
        Case(
            role("read: { generic/handshake: [ACCEPT] }"),
            "4:33 ACCEPT of generic/handshake can't be granted: it takes or gives file descriptors, which can't cross hosts"
        ),
        Case(
            role("write: { generic/handshake: [ACCEPT] }"),
            "4:34 ACCEPT of generic/handshake can't be granted: it takes or gives file descriptors, which can't cross hosts"
        ),
        Case(
            role("write: { generic/nbd: all }"),
            "4:27 generic/nbd has nothing to write"),
        Case(
            role("write: { generic/ethtool: [MODULE_FW_FLASH_ACT] }"),
            "4:32 MODULE_FW_FLASH_ACT of generic/ethtool can't be granted: it names a file of the server"),
        Case(
            role("write: { generic/TIPC: [CMD] }"),
            "4:29 CMD of generic/TIPC can't be granted: the real command stands inside, where the gateway can't read it"
        ),
        Case(
            role("read: { route: [GETLINKPROP] }"),
            "4:21 GETLINKPROP of route can't be granted: the kernel has no handler for it"),
        Case(
            role("read: { route: [GETRULE single] }"),
            "4:21 GETRULE of route has no single request; did you mean GETRULE dump?"),
        Case(
            role("read: { route: [GETLINK dmup] }"),
            "4:21 unknown word dmup behind GETLINK; dump and single are known"),
        Case(
            role("read: { route: [GETLINK dump now] }"),
            "4:21 'GETLINK dump now' is not a name; as in GETROUTE or GETROUTE dump"),
        Case(
            role("read: { route: [FOO*] }"),
            "4:21 FOO* fits no operation of route that read can grant"),
        Case(
            role("read: { route: [SET*] }"),
            "4:21 SET* fits no operation of route that read can grant; what it fits belongs under write"),
        Case(
            role("read: { route: [NEWPREFIX] }"),
            "4:21 unknown operation NEWPREFIX in route; the kernel says it and nobody can ask it; events are a matter of listen"
        ),
        Case(
            role("read: { route: [NEWTABLE] }"),
            "4:21 unknown operation NEWTABLE in route; netfilter/nftables has one"),
        Case(
            role("read: { route: all, ROUTE: all }"),
            "4:25 route stands twice under read"),
        Case(
            role("read: { route: [GETLINK, GETLINK] }"),
            "4:30 GETLINK stands twice in route; remove one"),
        Case(
            role("read: { route: GETLINK }"),
            "4:20 'GETLINK' where route is a list; write [GETLINK]"),
        Case(
            role("read: { route: }"),
            "4:13 nothing stands behind route; write 'all' or a list"),
        Case(
            role("read: everything"),
            "4:11 'everything' where families belong; write 'all' or 'route: [...]'"),
        Case(
            role("read: [route]"),
            "4:11 a list where families belong; write 'all' or 'route: [...]'"),
        Case(
            role("include: [q]"),
            "4:15 unknown role q; did you mean r?"),
        Case(
            role("include: [r]"),
            "4:15 include goes round in a circle: r > r"),
        Case(
            "policy: 1\nroles:\n  a: { include: [b] }\n  b: { include: [c] }\n  c: { include: [b] }\n",
            "5:18 include goes round in a circle: b > c > b"),
        Case(
            role("extra: [secret]"),
            "4:13 unknown extra secret; did you mean secrets?"),
        Case(
            role("netns-ids: [1]"),
            "4:5 netns-ids without extra netns; add 'extra: [netns]', or remove the ids"),
        Case(
            role("{ extra: [netns], netns-ids: [-1] }"),
            "4:35 '-1' is no id of a network namespace; a number from 0 to 2147483647"),
        Case(
            role("limits: { session: 1 }"),
            "4:15 unknown key session in limits; did you mean sessions?"),
        Case(
            role("limits: { sessions: many }"),
            "4:25 'many' is no value of sessions; a number, with K or M behind it if need be"),
        Case(
            role("limits: { dumps: 0 }"),
            "4:22 '0' is no value of dumps; a number from 1 to 1024"),
        Case(
            role("limits: { messages-per-second: 1KiB }"),
            "4:36 '1KiB' is no value of messages-per-second; a number, with K or M behind it if need be"),
        Case(
            role("limits: { burst-buffer: 1GiB }"),
            "4:29 '1GiB' is no value of burst-buffer; a number, with K, M, KiB or MiB behind it if need be"),
        Case(
            role("limits: { burst-buffer: 5MiB }"),
            "4:29 '5MiB' is no value of burst-buffer; a number from 65536 to 4194304"),
        Case(
            role("limits: { bytes-per-second: 9999999999M }"),
            "4:33 '9999999999M' is no value of bytes-per-second; a number from 1024 to 4000000000"),
        Case(
            role("read: { generic/nl80211: [GET_WIFI] }"),
            "4:31 unknown operation GET_WIFI in generic/nl80211"),
        Case(
            role("extra: []"),
            "4:12 an empty list of extra; name something or remove the key"),
        Case(
            role("read: {}"),
            "4:11 nothing stands in read; name something or remove the key"),
        Case(
            role("where: {}"),
            "4:12 nothing stands in where; name something or remove the key"),
        Case(
            role("{ write: { route: [GETLINK, FOO] }, extra: [x], limits: { y: 1 }, where: { z: 1 } }"),
            "4:24 GETLINK is a read; put it under read",
            "4:33 unknown operation FOO in route",
            "4:49 unknown extra x; extra is one of secrets, traffic, code, netns, group, self",
            "4:63 unknown key y in limits; limits can have sessions, session-minutes, messages-per-second, "
                + "bytes-per-second, dumps, burst-buffer, receive-buffer",
            "4:80 unknown key z in where; where can have interface, table, protocol, destination-in, "
                + "not-destination-in, link-kind, family"),
    ]

    static let conditions = [
        Case(
            role("where: { tables: [1] }"),
            "4:14 unknown key tables in where; did you mean table?"),
        Case(
            role("where: { table: [0] }"),
            "4:22 '0' is no routing table; a number from 1, a range such as 100-199, or main, local, default"),
        Case(
            role("where: { table: [200-100] }"),
            "4:22 '200-100' is no routing table; a number from 1, a range such as 100-199, or main, local, default"),
        Case(
            role("where: { table: [mian] }"),
            "4:22 'mian' is no routing table; did you mean main?"),
        Case(
            role("where: { protocol: [bgpd] }"),
            "4:25 unknown routing protocol bgpd; did you mean bgp?"),
        Case(
            role("where: { protocol: [256] }"),
            "4:25 '256' is no number of a routing protocol; a number from 1 to 255"),
        Case(
            role("where: { family: [ipv4] }"),
            "4:23 unknown address family ipv4; did you mean inet?"),
        Case(
            role("where: { destination-in: [10.0.0.1/8] }"),
            "4:31 '10.0.0.1/8' has bits behind its length; did you mean 10.0.0.0/8?"),
        Case(
            role("where: { destination-in: [10.0.0.0] }"),
            "4:31 '10.0.0.0' has no length; did you mean 10.0.0.0/32?"),
        Case(
            role("where: { destination-in: [10.0.0.0/33] }"),
            "4:31 '10.0.0.0/33' has no length between 0 and 32"),
        Case(
            role("where: { destination-in: [10.0.0/8] }"),
            "4:31 '10.0.0/8' is not a prefix; write it as 10.0.0.0/8 or 2001:db8::/32"),
        Case(
            role("where: { not-destination-in: [\"2001:db8::1/32\"] }"),
            "4:35 '2001:db8::1/32' has bits behind its length; did you mean 2001:db8::/32?"),
        Case(
            role("where: { interface: [a/b] }"),
            "4:26 'a/b' can't be an interface; a name such as eth0, or a glob such as swp*"),
        Case(
            role("where: { link-kind: [\"vl*\"] }"),
            "4:26 'vl*' can't be a kind of link; a name such as vlan"),
        Case(
            role("where: { table: 100 }"),
            "4:21 '100' where table is a list; write [100]"),
    ]

    static let head = "policy: 1\nclients: { noc: { uid: 1 }, any: { anonymous: true } }\nroles: { view: {} }\n"
    static let rest = [
        Case(
            head + "bindings: [ { client: nok, roles: [view] } ]",
            "4:23 unknown client nok; did you mean noc?"),
        Case(
            head + "bindings: [ { client: noc, roles: [vew] } ]",
            "4:36 unknown role vew; did you mean view?"),
        Case(
            head + "bindings: [ { client: noc } ]",
            "4:13 a binding without roles"),
        Case(
            head + "bindings: [ { roles: [view] } ]",
            "4:13 a binding without client"),
        Case(
            head + "bindings: [ { client: noc, roles: [view], mode: report } ]",
            "4:43 mode report without a ceiling; name a role that grants what may pass"),
        Case(
            head + "bindings: [ { client: noc, roles: [view], ceiling: view } ]",
            "4:43 a ceiling without mode report; add 'mode: report', or remove the ceiling"),
        Case(
            head + "bindings: [ { client: noc, roles: [view], mode: reprot, ceiling: view } ]",
            "4:49 unknown mode reprot; did you mean report?"),
        Case(
            head + "bindings: [ { client: any, roles: [view], mode: report, ceiling: view } ]",
            "4:66 mode report for an anonymous client; anybody could use what the ceiling grants"),
        Case(
            head + "bindings: [ { client: noc, roles: [view], netns: [a/b] } ]",
            "4:51 'a/b' can't be a network namespace; a name as ip netns has it, '.' for the daemon's own, or \"*\" for all"
        ),
        Case(
            head + "bindings: { noc: view }",
            "4:11 a mapping where bindings is a list; write [a, b]"),
        Case(
            head + "tests: [ { client: nok, deny: \"route GETLINK\" } ]",
            "4:20 unknown client nok; did you mean noc?"),
        Case(
            head + "tests: [ { client: noc } ]",
            "4:10 a test without allow or deny; as in allow: \"route GETLINK dump\""),
        Case(
            head + "tests: [ { client: noc, allow: \"route GETLINK\", deny: \"route GETLINK\" } ]",
            "4:49 a test with both allow and deny; make two tests of it"),
        Case(
            head + "tests: [ { client: noc, deny: \"GETLINK\" } ]",
            "4:31 'GETLINK' is no request; as in 'route GETLINK dump' or 'listen route LINK'"),
        Case(
            head + "tests: [ { client: noc, deny: \"route GETLNK\" } ]",
            "4:31 unknown operation GETLNK in route; did you mean GETLINK?"),
        Case(
            head + "tests: [ { client: noc, deny: \"route GETLINK dmp\" } ]",
            "4:31 unknown word dmp behind GETLINK; dump and single are known"),
        Case(
            head + "tests: [ { client: noc, deny: \"listen route LNK\" } ]",
            "4:31 unknown group LNK in route; did you mean LINK?"),
        Case(
            head + "tests: [ { client: noc, deny: \"route SETLINK table=1\" } ]",
            "4:31 route SETLINK has no table that a policy could ask for"),
        Case(
            head + "tests: [ { client: noc, deny: \"route SETLINK iface=eth0\" } ]",
            "4:31 unknown word iface=eth0 in a request; as in dev=eth0 or table=100"),
        Case(
            head + "tests: [ { client: noc, deny: \"route NEWROUTE dst=x\" } ]",
            "4:31 'x' is not a prefix; write it as 10.0.0.0/8 or 2001:db8::/32"),
        Case(
            head + "tests: [ { client: noc, allow: \"route GETLINK dump\" } ]",
            "4:32 test failed: route GETLINK dump is denied to noc; no role of the client grants GETLINK dump"),
        Case(
            head + "never: { kinds: [x] }",
            "4:10 unknown key kinds in never; did you mean link-kinds?"),
        Case(
            head + "never: { interfaces: [\"\"] }",
            "4:23 a value of interfaces is empty"),
        Case(
            head + "audit: yes",
            "4:8 unknown audit yes; audit is one of normal, required"),
        Case(
            head + "test: []",
            "4:1 unknown key test in a policy; did you mean tests?"),
    ]
}
