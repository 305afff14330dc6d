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
                let change = "ip link add x0 type veth peer name x1 && ip addr add 10.78.0.1/24 dev x0"
                #expect(try scene.remote(change).status == .exited(0))
                #expect(try ip("-br addr show x0").contains("10.78.0.1/24"))
                let script = "for i in $(seq 50); do ip link show br0 || exit 9; done | wc -l"
                #expect(try scene.remote(script).output == "100\n")
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
                let before = try scene.local("ip -br link")
                #expect(try remote("ip -br link").output == before.output)
                #expect(try remote("ip -j route").output == scene.local("ip -j route").output)
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
