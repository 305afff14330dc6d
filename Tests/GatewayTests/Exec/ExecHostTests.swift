import Foundation
import Glibc
import LinuxSys
import Testing

extension GatewayTests.Exec {
    /// Where `nlgate exec` runs: over TLS, as anybody, and where the kernel says no.
    @Suite struct HostTests {
        private static let user = "setpriv --reuid=54321 --regid=54321 --clear-groups --inh-caps=-all"

        @Test func `over TLS`() throws {
            try ExecScene.runOverTLS { scene in
                // Not the links between the two: what has ids of namespaces is said with names of this host's.
                for command in [
                    "ip -j -d addr show dev br0", "ip -j route show table all", "ip rule", "nft list ruleset",
                    "tc qdisc",
                    "genl ctrl list", "ss -xlH | wc -l",
                ] { try scene.expectSame(command) }
                // A namespace that has a name on this host has no number there, and ip doesn't take it for the other end's.
                let named =
                    "mount -t tmpfs none /run && mkdir /run/netns && touch /run/netns/here && "
                    + "mount --bind /proc/self/ns/net /run/netns/here && ip -d link show t0"
                let link = try scene.remote("unshare -m sh -c '\(named)'")
                #expect(link.status == .exited(0))
                #expect(link.output.contains("link-netnsid 0"), "\(link.output)")
                #expect(!link.output.contains("Error") && !link.output.contains("here"), "\(link.output)")
                let change = "ip link add x0 type veth peer name x1 && ip addr add 10.78.0.1/24 dev x0"
                #expect(try scene.remote(change).status == .exited(0))
                #expect(try ip("-br addr show x0").contains("10.78.0.1/24"))
                // A session for each of fifty programs, and few connections.
                let before = try connections(scene)
                let script = "for i in $(seq 50); do ip link show br0 || exit 9; done | wc -l"
                #expect(try scene.remote(script).output == "100\n")
                #expect(try connections(scene) - before <= 4)
            }
        }

        /// TCP connections that were accepted in the gateway's namespace so far.
        private func connections(_ scene: ExecScene) throws -> Int {
            let lines = try scene.local("cat /proc/self/net/snmp").output.split(separator: "\n")
            let tcp = lines.filter { $0.hasPrefix("Tcp:") }.map { $0.split(separator: " ") }
            let column = try #require(tcp.first?.firstIndex(of: "PassiveOpens"))
            return try #require(tcp.last.flatMap { Int($0[column]) })
        }

        @Test func `another namespace of the gateway`() throws {
            let name = "nlgt\(Clock.monotonicMilliseconds())x"
            defer { _ = try? ip("netns del \(name)") }
            try ip("netns add \(name)")
            try Namespace(named: name).enter { try ip("link add only type bridge") }
            try ExecScene.run(["--policy", "builtin:unrestricted", "--netns", name]) { scene in
                #expect(try scene.remote("ip -br link show only", ["--netns", name]).output.hasPrefix("only "))
                #expect(try scene.remote("ip -br link show d0", ["--netns", name]).status == .exited(1))
                #expect(try scene.remote("ip -br link show only").status == .exited(1))
                // Several sockets and protocols of one program.
                let change =
                    "ip link set only mtu 1400 && nft add table inet here && ip xfrm state && ss -tna >/dev/null"
                #expect(try scene.remote(change, ["--netns", name]).status == .exited(0))
                let link = try Namespace(named: name).enter { try ip("link show only") }
                #expect(link.contains("mtu 1400"))
                let tables = try Namespace(named: name).enter { try tool("nft", ["list", "tables"]) }
                #expect(tables == "table inet here\n")
                let none = try scene.remote("ip link", ["--netns", "nosuch"])
                #expect(none.status != .exited(0))
                #expect(none.output.contains("nlgate exec: "), "\(none.output)")
            }
        }

        @Test func `certificates that don't fit`() throws {
            try ExecScene.runOverTLS { scene in
                let files = scene.files
                let missing = try scene.run(["exec", "--host", scene.url, "--", "true"])
                #expect(missing.status == .exited(2) || missing.status == .exited(3))
                #expect(missing.output.contains("--key"), "\(missing.output)")
                let stranger = try Identities()
                let wrong = try scene.run(
                    ["exec", "--host", scene.url] + files.prefix(4) + ["--ca", stranger.authorityPath, "--", "true"])
                #expect(wrong.status == .exited(3), "\(wrong.output)")
                #expect(wrong.output.contains("certificate"), "\(wrong.output)")
            }
        }

        @Test(.enabled(if: areInstalled("setpriv"), "setpriv is not installed"))
        func `without any privilege, and its memory is its own`() throws {
            let policy = ["--policy", "builtin:unrestricted"]
            try ExecScene.run(policy, listen: ["unix://DIR/s.sock?mode=0666"]) { scene in
                func remote(_ command: String) throws -> ToolResult {
                    try scene.anyRemote("\(Self.user) \(try program("nlgate"))", command)
                }
                for command in ["ip -br link", "ip -j route"] {
                    // Links take a moment to have a carrier.
                    try eventually("\(command) says the same") {
                        try remote(command).output == scene.local(command).output
                    }
                }
                let probe = try program("exec-probe")
                for mode in ["options", "receive", "copies", "ioctl d0"] {
                    #expect(try remote("\(probe) \(mode)").output == scene.local("\(probe) \(mode)").output)
                }
                #expect(
                    try remote("grep CapEff /proc/self/status /proc/$PPID/status").output.contains("0000000000000000"))
                // Anybody but root gets reads from this gateway: that says nothing about exec.
                #expect(try remote("ip link set d0 down").output.contains("policy does not grant"))
                let peek = "cat /proc/$$/environ >/dev/null && echo own; cat /proc/$PPID/environ"
                let tried = try remote(peek)
                #expect(tried.output.hasPrefix("own\n"))
                #expect(tried.output.contains("Permission denied"), "\(tried.output)")
            }
        }

        @Test func `where seccomp is not allowed it says so`() throws {
            try ExecScene.run { scene in
                let forbid = "/usr/bin/env python3 \(OldClient.root.path())Tests/python/without_seccomp.py"
                let refused = try scene.anyRemote("\(forbid) \(try program("nlgate"))", "echo it ran")
                #expect(refused.status == .exited(3))
                #expect(
                    refused.output
                        == "nlgate: seccomp notification is not allowed here: Operation not permitted; it needs "
                        + "Linux 5.14, and a container must permit seccomp(2)\n", "\(refused.output)")
            }
        }
    }
}
