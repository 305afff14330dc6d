import Foundation
import Glibc
import LinuxSys
import Testing

extension GatewayTests.Exec {
    /// Programs with netlink code of their own: no iproute2, no libmnl, no libnl.
    @Suite struct ProgramTests {
        private static let root = OldClient.root.path()

        @Test(.enabled(if: !Python.withPyroute.isEmpty, "no Python 3.9 or later, or no pyroute2 0.9"))
        func `pyroute2: IPRoute, AsyncIPRoute and NDB`() throws {
            let python = try #require(Python.withPyroute.last)
            let script = "PYTHONDONTWRITEBYTECODE=1 \(python) \(Self.root)Tests/python/exec_pyroute2.py"
            try ExecScene.run { scene in
                for mode in ["sync", "async", "ndb", "change"] {
                    try scene.expectSame("\(script) \(mode) d0")
                    let done = try scene.remote("\(script) \(mode) d0")
                    #expect(done.status == .exited(0), "\(done.output.suffix(500))")
                }
            }
        }

        @Test(.enabled(if: !Python.withPyroute.isEmpty, "no Python 3.9 or later, or no pyroute2 0.9"))
        func `a refusal in pyroute2's words`() throws {
            let python = try #require(Python.withPyroute.last)
            try ExecScene.run(["--policy", "builtin:read-only"]) { scene in
                let refused = try scene.remote("\(python) \(Self.root)Tests/python/exec_pyroute2.py refused d0")
                #expect(refused.output == "1 (1, 'Operation not permitted')\n")
            }
        }

        @Test(.enabled(if: areInstalled("go"), "go is not installed"))
        func `a static Go program with netlink code of its own`() throws {
            try ExecScene.run { scene in
                let (scratch, binary) = (scene.gateway.scratch.path, scene.gateway.scratch.path + "/go-program")
                let build = """
                    HOME=\(scratch) GOCACHE=\(scratch)/go GO111MODULE=off CGO_ENABLED=0 \
                    go build -o \(binary) \(Self.root)Tests/GoProgram/main.go
                    """
                try #require(try scene.local(build).status == .exited(0))
                try scene.expectSame(binary)
                let done = try scene.remote(binary)
                #expect(done.status == .exited(0))
                #expect(done.output.hasSuffix("threads agree: true\nanswer 0\nanswer 17\nevent 24 true\nanswer 0\n"))
            }
        }

        @Test func `getifaddrs in Python and in Swift`() throws {
            let python = "/usr/bin/env python3 \(Self.root)Tests/python/exec_getifaddrs.py"
            try ExecScene.run { scene in
                for command in [python, try program("interface-program"), "\(try program("nlgate")) addr list --json"] {
                    try scene.expectSame(command)
                    let done = try scene.remote(command)
                    #expect(done.status == .exited(0) && done.output.contains("10.9.0.1"), "\(done.output)")
                }
            }
        }

        @Test(.enabled(if: areInstalled("bird", "birdc"), "bird2 is not installed"))
        func `bird exports ten thousand routes`() throws {
            try ExecScene.run { scene in
                let routes = (0..<10_000).map { "  route 172.16.\($0 / 250).\($0 % 250)/32 via 10.9.0.2;\n" }.joined()
                let lines = """
                    log stderr all;
                    router id 10.9.0.1;
                    protocol device { scan time 1; }
                    protocol kernel { scan time 1; learn; ipv4 { import all; export all; }; }
                    protocol static { ipv4;
                    \(routes)}

                    """
                let file = try scene.gateway.scratch.write(lines, to: "bird.conf", mode: 0o644)
                let here = try export(scene, file) { try scene.startHere($0) }
                let there = try export(scene, file) { try scene.start($0) }
                #expect(here == there)
                #expect(
                    here.contains("10001 of 10001 routes for 10001 networks in table master4"), "\(here.suffix(900))")
            }
        }

        /// What the kernel and bird say when all routes are there; bird takes them back when it ends.
        private func export(_ scene: ExecScene, _ file: String, _ start: (String) throws -> RunningTool) throws
            -> String
        {
            let socket = scene.gateway.scratch.path + "/bird"
            let count = "ip route show proto bird | wc -l"
            let bird = try start("exec bird -f -c \(file) -s \(socket)")
            try eventually("bird has exported: \(bird.log)", seconds: 240) {
                try scene.local(count).output == "10000\n"
            }
            let said = "for what in 'route count' 'interfaces summary'; do birdc -s \(socket) show $what; done"
            let result = try scene.local("ip route; \(said)").output
            try bird.child.signal(SIGTERM)
            #expect(try bird.wait() == .exited(0), "\(bird.log)")
            #expect(try scene.local(count).output == "0\n")
            return result
        }
    }
}
