import Foundation
import Glibc
import LinuxSys
import Testing

extension GatewayTests.Exec {
    /// What goes wrong under way: the program is told, and nothing hangs.
    @Suite struct LossTests {
        @Test func `a gateway that is gone is ECONNRESET, and the next one is found`() throws {
            try ExecScene.run { scene in
                let probe = try scene.start("exec \(try program("exec-probe")) lost")
                let monitor = try scene.start("exec ip monitor route")
                try eventually("the probe waits") { probe.log.contains("ready\n") }
                try listen(scene, monitor)
                let frontend = try #require(scene.gateway.helpers(.frontend).first)
                _ = kill(frontend.pid, SIGKILL)
                #expect(try probe.wait() == .exited(0), "\(probe.log)")
                let told = """
                    ready
                    nlgate exec: the gateway closed the connection without a word; its log may say why
                    recvmsg: ECONNRESET
                    send: ECONNRESET
                    recvmsg again: ECONNRESET
                    poll: 1, readable 1
                    read: 0
                    getsockname: 0

                    """
                #expect(probe.log == told)
                #expect(try monitor.wait() != .exited(0))
                #expect(monitor.log.contains("Connection reset by peer"), "\(monitor.log)")
                try eventually("there is a frontend again") {
                    try scene.remote("ip -br link show d0").status == .exited(0)
                }
            }
        }

        @Test func `a program that lost connections goes on with a new socket`() throws {
            try ExecScene.run { scene in
                let path = scene.gateway.scratch.path
                let script = """
                    echo ready >\(path)/loop; read go <\(path)/go
                    for try in $(seq 200); do ip -br link show d0 2>/dev/null && exit 0; sleep 0.1; done; exit 1
                    """
                try tool("mkfifo", [path + "/go"])
                let running = try scene.start("ip link show d0 >/dev/null; " + script)
                try eventually("it waits") { text(ofFile: path + "/loop") == "ready\n" }
                for frontend in scene.gateway.helpers(.frontend) { _ = kill(frontend.pid, SIGKILL) }
                try tool("sh", ["-c", "echo go >\(path)/go"])
                #expect(try running.wait() == .exited(0), "\(running.log)")
                #expect(running.log.contains("d0@d1"), "\(running.log)")
            }
        }

        @Test func `a stopped program loses events, costs bounded memory, is told ENOBUFS and hears on`() throws {
            let policy = ["--policy", "builtin:unrestricted", "--limit", "burst-buffer=2097152"]
            try ExecScene.run(policy) { scene in
                let path = scene.gateway.scratch.path
                let monitor = try scene.start("echo $$ >\(path)/pid; exec ip monitor route")
                try listen(scene, monitor)
                let pid = try #require(Int32(text(ofFile: path + "/pid").dropLast()))
                // Stopped in a call that the monitor holds, and heard again.
                #expect(kill(pid, SIGSTOP) == 0)
                try ip("route add blackhole 192.0.2.100/32")
                #expect(kill(pid, SIGCONT) == 0)
                try eventually("it hears what came meanwhile") { monitor.log.contains("192.0.2.100 ") }
                let before = try #require(Gateway.status("VmRSS", of: monitor.child.pid))
                #expect(kill(pid, SIGSTOP) == 0)
                let prefixes = (0..<40_000).map { "10.\(64 + $0 / 65536).\($0 / 256 % 256).\($0 % 256)/32" }
                let lines = ["add", "del"].flatMap { verb in prefixes.map { "route \(verb) blackhole \($0)" } }
                try ipBatch(lines, in: Scratch())
                let after = try #require(Gateway.status("VmRSS", of: monitor.child.pid))
                #expect(after - before < 16_384, "KiB more than before")
                #expect(!monitor.log.contains("No buffer space"))
                #expect(kill(pid, SIGCONT) == 0)
                try eventually("it is told") { monitor.log.contains("No buffer space available") }
                var number = 100
                try eventually("it hears on") {
                    number += 1
                    try ip("route add blackhole 192.0.2.\(number)/32")
                    usleep(100_000)
                    return monitor.log.contains("192.0.2.\(number) ")
                }
                try monitor.child.signal(SIGTERM)
                #expect(try monitor.wait() == .exited(143))
            }
        }

        /// Makes events until the program prints one.
        private func listen(_ scene: ExecScene, _ monitor: RunningTool) throws {
            var number = 0
            try eventually("\(monitor.log): it listens") {
                number += 1
                try ip("route add blackhole 192.0.2.\(number)/32")
                usleep(50_000)
                return monitor.log.contains("blackhole 192.0.2.")
            }
        }
    }
}
