/// Policies that several tests look at.
enum Samples {
    /// Every feature of the language, in files that have no errors.
    static let accepted = [
        "policy: 1",
        """
        policy: 1
        audit: required
        clients:
          a: { fingerprint: "SHA256:00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff00112233445566778899AABBCCDDEEFF" }
          b: { san-dns: "*.example.org", issuer: "CN=Ops CA,O=Example\\\\, Inc.,C=DE" }
          c: { uid: 1000, gid: 100 }
        roles:
          tuner:
            read: { route: [GET*, "GETROUTE single"], generic/nlctrl: [GETFAMILY dump] }
            listen: { route: ["IPV4_*"], xfrm: all }
            write: { route: [SETLINK, NEWADDR, NEWRULE, NEWLINK] }
            where:
              interface: [eth0, "swp*"]
              table: [main, 1, 100-199, 4294967295]
              protocol: [static, 7]
              destination-in: ["10.0.0.0/8", "2001:db8::/32"]
              not-destination-in: ["10.255.0.0/16", 0.0.0.0/0]
              link-kind: [vlan, bridge]
              family: [inet, inet6, bridge, mpls, unspec]
            extra: [netns, code, group, self]
            netns-ids: [0, 5]
            limits:
              sessions: 2
              session-minutes: 60
              messages-per-second: 20K
              bytes-per-second: 16MiB
              dumps: 1
              burst-buffer: 1MiB
              receive-buffer: 512KiB
        bindings:
          - client: a
            roles: [tuner]
            netns: [blue, ".", "*"]
            mode: enforce
          - { client: b, roles: [tuner] }
          - { client: c, roles: [tuner] }
        tests:
          - { client: a, allow: "route SETLINK dev=swp1", netns: blue }
        """,
        """
        ---
        # A comment.
        policy: 1
        clients: {"x": {anonymous: true}}
        roles: { empty: {} }
        bindings: [{client: x, roles: [empty]}]
        """,
    ]

    /// Files that are wrong in a way that a schema can say.
    static let misshapen = [
        "clients: {}",
        "policy: 2",
        "policy: 1\nrule: {}",
        "policy: 1\nclients: { a: { uid: 0, common-name: x } }",
        "policy: 1\nclients: { a: {} }",
        "policy: 1\nclients: { a: { anonymous: false } }",
        "policy: 1\nclients: { a: { fingerprint: \"sha256:12\" } }",
        "policy: 1\nclients: { a: { uid: -1 } }",
        "policy: 1\nclients: { \"a b\": { uid: 1 } }",
        "policy: 1\nroles: { a: { read: { route: [GETLINC] } } }",
        "policy: 1\nroles: { a: { read: { route: [SETLINK] } } }",
        "policy: 1\nroles: { a: { read: { route: GETLINK } } }",
        "policy: 1\nroles: { a: { read: { route: [] } } }",
        "policy: 1\nroles: { a: { read: { rout: [GETLINK] } } }",
        "policy: 1\nroles: { a: { write: { generic/psp: all } } }",
        "policy: 1\nroles: { a: { listen: { route: [LINKS] } } }",
        "policy: 1\nroles: { a: { extra: [secret] } }",
        "policy: 1\nroles: { a: { limits: { dumps: 0 } } }",
        "policy: 1\nroles: { a: { limits: { dumps: 1KiB } } }",
        "policy: 1\nroles: { a: { limits: { speed: 1 } } }",
        "policy: 1\nroles: { a: { where: { table: [0] } } }",
        "policy: 1\nroles: { a: { where: { family: [ipv4] } } }",
        "policy: 1\nroles: { a: { where: { protocol: [300] } } }",
        "policy: 1\nroles: { a: { where: { destination-in: [10.0.0.0] } } }",
        "policy: 1\nroles: { a: {} }\nbindings: [ { roles: [a] } ]",
        "policy: 1\nclients: { c: { uid: 1 } }\nroles: { a: {} }\nbindings: [ { client: c, roles: [a], ceiling: a } ]",
        "policy: 1\nclients: { c: { uid: 1 } }\ntests: [ { client: c } ]",
        "policy: 1\nclients: { c: { uid: 1 } }\ntests: [ { client: c, allow: \"route GETLINK\", deny: \"route GETLINK\" } ]",
        "policy: 1\nnever: { links: [nlmon] }",
        "policy: 1\naudit: maybe",
    ]
}
