import Foundation
import Glibc
import LinuxSys
import TLSSocket
import Testing

extension GatewayTests {
    /// pyroute2 0.1 itself with rights: by a policy file over tcp://, and by a tunnel's certificate.
    @Suite(.enabled(if: OldClient.isAvailable(OldClient.kinds), OldClient.reason))
    struct OldRightsTests {
        private static let tcp = "tcp://127.0.0.1:7001"

        private func makeLinks() throws {
            try ip("link add nlgA type veth peer name nlgB")
            try ip("link set nlgA up")
            try ip("link set nlgB up")
            try ip("link add nlgBridge type bridge")
        }

        /// Every class once, against whatever is at this URL.
        private func everyClass(_ gateway: Gateway, _ version: String, _ url: String) throws {
            let read = try OldClient.one(version, "read", url, in: gateway.scratch)
            #expect((read["links"] as? [Any])?.count == 4)
            let write = try OldClient.one(version, "write", url, "nlgA", in: gateway.scratch)
            #expect(write["add"] as? [Int] == [0, 0, 0, 0, 0] && write["gone"] as? Int == 99)
            let stats = try OldClient.run(version, ["taskstats", url, "\(gateway.pid)"], in: gateway.scratch)
            #expect(stats.last?["pid"] as? Int == Int(gateway.pid))
            try ip("addr flush dev nlgA")
            let ipdb = try OldClient.run(version, ["ipdb", url, "nlgA"], in: gateway.scratch)
            #expect(ipdb.first?["renamed"] as? Bool == true && ipdb.last?["clash"] as? Bool == true)
            let list = try ip("-o addr show dev vpn")
            #expect(list.contains("10.0.0.2/24") && !list.contains("10.0.0.3/24"))
        }

        @Test(arguments: OldClient.kinds)
        func `a policy file may give tcp:// rights`(version: String) throws {
            let policy = try PolicyText(
                """
                clients:
                  old: { anonymous: true }
                roles:
                  old:
                    read:
                      route: [GETLINK, GETADDR, GETROUTE, GETNEIGH]
                      generic/nlctrl: [GETFAMILY]
                      generic/taskstats: [TASKSTATS_CMD_GET]
                    write: { route: [NEWADDR, DELADDR, SETLINK, NEWLINK] }
                    listen: { route: [LINK, IPV4_IFADDR, IPV6_IFADDR] }
                bindings:
                  - { client: old, roles: [old] }
                """)
            let options = policy.options + ["--insecure-tcp"]
            try Gateway.run(options, listen: ["unix://DIR/s.sock", Self.tcp], prepare: makeLinks) { gateway in
                try everyClass(gateway, version, Self.tcp)
            }
        }

        @Test(arguments: OldClient.kinds)
        func `through a tunnel and TLS`(version: String) throws {
            try Gateway.run(["--policy", "builtin:unrestricted"], prepare: makeLinks) { gateway in
                let scratch = gateway.scratch
                let identities = gateway.identities
                let tunnel = try RunningTool(
                    program("nlgate"),
                    [
                        "tunnel", "--listen", "unix://\(scratch.path)/t.sock", "-H", Gateway.tls,
                        "--cert", scratch.write(identities.client.certificate, to: "client.crt"),
                        "--key", scratch.write(identities.client.key, to: "client.key"),
                        "--ca", identities.authorityPath,
                    ], log: scratch.path + "/tunnel")
                try eventually("the tunnel listens") { tunnel.log.contains("listening on") }
                try everyClass(gateway, version, "unix://\(scratch.path)/t.sock")
                try tunnel.child.signal(SIGTERM)
                #expect(try tunnel.wait() == .exited(0), "\(tunnel.log)")
                #expect(gateway.log.contains("\"transport\":\"tls\"") && gateway.log.contains("CN=noc-7"))
            }
        }
    }
}
