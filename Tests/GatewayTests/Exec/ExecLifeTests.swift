import Foundation
import Glibc
import LinuxSys
import Testing

extension GatewayTests.Exec {
    /// How a command starts, ends and is refused.
    @Suite struct LifeTests {
        @Test func `the exit status is the command's`() throws {
            try ExecScene.run { scene in
                let seven = try scene.remote("exit 7")
                #expect(seven.status == .exited(7))
                let killed = try scene.remote("kill -9 $$")
                #expect(killed.status == .exited(137))
                #expect(killed.output == "")
            }
        }

        @Test func `kill -9 of the monitor leaves the command no way to this host's kernel`() throws {
            try ExecScene.run { scene in
                let out = scene.gateway.scratch.path + "/after"
                let command = "ip -br link show d0 && echo before; read wait < \(out).go; ip -br link show lo; echo $?"
                try tool("mkfifo", ["\(out).go"])
                let running = try scene.start("{ \(command); } >\(out) 2>&1")
                try eventually("the command has begun") { text(ofFile: out).contains("before") }
                try running.child.signal(SIGKILL)
                _ = try running.wait()
                try tool("sh", ["-c", "echo go >\(out).go"])
                try eventually("it has ended") { text(ofFile: out).hasSuffix("\n1\n") }
                #expect(text(ofFile: out).contains("Function not implemented"), "\(text(ofFile: out))")
            }
        }

        @Test func `what can't be started`() throws {
            try ExecScene.run { scene in
                let url = "unix://\(scene.gateway.unixPath)"
                let missing = try scene.run(["exec", "--host", url, "--", "no-such-command"])
                #expect(missing.status == .exited(127))
                #expect(missing.output == "nlgate: no-such-command: No such file or directory\n")
                #expect(try scene.run(["exec", "--host", url, "--", "/etc/passwd"]).status == .exited(126))
                #expect(try scene.run(["exec", "--host", url]).status == .exited(2))
                #expect(try scene.run(["exec", "--", "true"]).status == .exited(2))
                let unreachable = try scene.run(["exec", "--host", "unix:///nowhere", "--", "true"])
                #expect(unreachable.status == .exited(3))
                #expect(unreachable.output.contains("can't connect to /nowhere"))
            }
        }

        @Test func `a monitor inside a monitor is refused, and says why`() throws {
            try ExecScene.run { scene in
                let own = try program("nlgate")
                let inner = "\(own) exec --host unix://\(scene.gateway.unixPath) -- true"
                let nested = try scene.remote(inner)
                #expect(nested.status == .exited(3))
                #expect(nested.output.contains("another seccomp monitor"))
            }
        }

        @Test func `the policy's refusal in the words of ip`() throws {
            try ExecScene.run(["--policy", "builtin:read-only"]) { scene in
                #expect(try scene.remote("ip -br link show lo").status == .exited(0))
                let refused = try scene.remote("ip link set d0 down")
                #expect(refused.status == .exited(2))
                #expect(refused.output.contains("nlgate: policy does not grant route"), "\(refused.output)")
                #expect(try ip("-br link show d0").contains("UP"))
            }
        }

        @Test func `a protocol that isn't granted can't be opened`() throws {
            let policy = try PolicyText(
                """
                clients:
                  root: { uid: 0 }
                roles:
                  watch: { read: { route: [GETLINK] } }
                bindings:
                  - { client: root, roles: [watch] }
                """)
            try ExecScene.run(policy.options) { scene in
                let refused = try scene.remote("nft list ruleset")
                #expect(refused.status != .exited(0))
                #expect(refused.output.contains("Operation not permitted"), "\(refused.output)")
                #expect(refused.output.contains("nlgate exec: the gateway refused"), "\(refused.output)")
            }
        }

        @Test func `another namespace isn't entered, io_uring isn't there, tools see no local driver`() throws {
            try ExecScene.run { scene in
                let code =
                    "import ctypes; c=ctypes.CDLL(None,use_errno=True); f=open('/proc/self/ns/net'); "
                    + "print(c.setns(f.fileno(),0x40000000), ctypes.get_errno()); "
                    + "print(c.syscall(425,1,0), ctypes.get_errno())"
                let tried = try scene.remote("python3 -c \"\(code)\"")
                #expect(tried.output == "-1 95\n-1 38\n")
            }
        }

        @Test func `--local-ioctl leaves the requests to this host`() throws {
            try ExecScene.run { scene in
                let probe = try program("exec-probe")
                #expect(try scene.remote("\(probe) ioctl d0").output.hasPrefix("ioctl: 0\n"))
                #expect(try scene.remote("\(probe) ioctl d0", ["--local-ioctl"]).output.hasPrefix("ioctl: ENODEV\n"))
            }
        }

        @Test func `--trace shows the messages of both sides with their attributes`() throws {
            try ExecScene.run { scene in
                func trace(_ command: String) throws -> [Substring] {
                    let traced = try scene.remote(command, ["--trace"])
                    #expect(traced.status == .exited(0), "\(traced.output)")
                    let lines = traced.output.split(separator: "\n").filter { $0.hasPrefix("> ") || $0.hasPrefix("< ") }
                    #expect(lines.allSatisfy { $0.utf8.count < 2500 })
                    #expect(!lines.contains { $0.contains("no attribute") || $0.contains("no message") }, "\(lines)")
                    return lines
                }
                func has(_ lines: [Substring], _ begin: String, _ parts: String...) -> Bool {
                    lines.contains { line in line.hasPrefix(begin) && parts.allSatisfy { line.contains($0) } }
                }
                let link = try trace("ip link show dev d0")
                #expect(has(link, "> route GETLINK", " bytes: EXT_MASK 9, IFNAME \"d0\""), "\(link)")
                #expect(has(link, "< route NEWLINK", "MTU 1500", "LINKINFO {KIND \"veth\""), "\(link)")
                let route = try trace("ip route add 10.61.0.0/16 via 10.9.0.2 mtu 1300; ip route show 10.61.0.0/16")
                #expect(
                    has(route, "> route NEWROUTE", "DST 10.61.0.0", "GATEWAY 10.9.0.2", "METRICS {MTU 1300"), "\(route)"
                )
                #expect(has(route, "< route NEWROUTE", "DST 10.61.0.0", "OIF "), "\(route)")
                let refused = try scene.remote("ip link set nosuch up", ["--trace"]).output
                #expect(refused.contains("< ERROR seq"), "\(refused)")
                let table = try trace("nft list table inet t")
                #expect(has(table, "< netfilter/nftables NEWRULE", "EXPRESSIONS {{NAME \"", "CHAIN \"c\""), "\(table)")
                #expect(has(table, "< netfilter/nftables NEWSETELEM", "ELEMENTS {{KEY {VALUE "), "\(table)")
                let families = try trace("genl ctrl get name nlctrl")
                #expect(has(families, "< generic/nlctrl", "FAMILY_NAME \"nlctrl\"", "OPS {{ID "), "\(families)")
                for command in ["ethtool d0", "ss -tuna", "bridge -d link"] {
                    #expect(try trace(command).count > 1, "\(command)")
                }
            }
        }

        @Test func `a thousand programs share a connection`() throws {
            try ExecScene.run { scene in
                let script = "i=0; while [ $i -lt 1000 ]; do ip link show dev d0 || exit 9; i=$((i+1)); done | wc -l"
                let done = try scene.remote(script, ["--read-only"])
                #expect(done.output == "2000\n", "\(done.output.suffix(300))")
            }
        }
    }
}
