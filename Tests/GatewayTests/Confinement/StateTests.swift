import Confinement
import Foundation
import GatewayProtocol
import LinuxSys
import NetlinkWire
import RemoteNetlink
import Testing

extension GatewayTests {
    /// The state of the real processes as the kernel shows it, idle and while they serve.
    @Suite struct StateTests {
        private static let one = ["--frontends", "1", "--readers", "1", "--policy", "builtin:unrestricted"]

        /// Runs `body` on a gateway that nobody has spoken to, then with a session on a reader and a privileged one.
        private func idleAndServing(_ body: (Gateway) throws -> Void) throws {
            try Gateway.run(base: StateTests.one) { gateway in
                try body(gateway)
                let reading = try gateway.session(Gateway.tls, readOnly: true)
                let writing = try gateway.session()
                #expect(writing.welcome.isPrivileged && !reading.welcome.isPrivileged)
                for session in [reading, writing] {
                    #expect(try session.answer(to: RouteRequest.link(index: 1, sequence: 1), sequence: 1).messages == 1)
                }
                try body(gateway)
                let up = RouteRequest.setLink(index: 1, up: true, sequence: 2)
                #expect(try writing.answer(to: up, sequence: 2).code == 0)
                try body(gateway)
            }
        }

        private func expect(
            _ process: KernelTruth, user: Int, permitted: UInt64, bounding: UInt64, filters: Int
        ) throws {
            let four = Array(repeating: "\(user)", count: 4).joined(separator: " ")
            #expect(try process.status("Uid") == four)
            #expect(try process.status("Gid") == four)
            #expect(try process.status("Groups") == "" || user == 0)
            #expect(try process.capabilities("CapPrm") == permitted)
            #expect(try process.capabilities("CapBnd") == bounding)
            for set in ["CapInh", "CapAmb"] { #expect(try process.capabilities(set) == 0, "\(set)") }
            #expect(try process.status("NoNewPrivs") == "1")
            #expect(try process.status("Seccomp") == "2")
            #expect(try process.status("Seccomp_filters") == "\(filters)")
            #expect(try process.status("Threads") == "1")
        }

        @Test func `user, capabilities, filters and threads of each process`() throws {
            let own = KernelTruth(getpid())
            let inherited = try #require(Int(try own.status("Seccomp_filters")))
            let nine = try supervisorCapabilities & own.capabilities("CapPrm")
            try idleAndServing { gateway in
                let supervisor = KernelTruth(gateway.pid)
                try expect(supervisor, user: 0, permitted: nine, bounding: nine, filters: inherited + 1)
                #expect(try supervisor.capabilities("CapEff") == nine)
                let user = try gateway.firstUser()
                let frontend = try gateway.only(.frontend)
                try expect(frontend, user: user, permitted: 0, bounding: 0, filters: inherited + 3)
                #expect(try frontend.capabilities("CapEff") == 0)
                let keeper = try gateway.only(.keeper)
                try expect(keeper, user: user + 1, permitted: 0, bounding: 0, filters: inherited + 3)
                #expect(try keeper.capabilities("CapEff") == 0)
                #expect(try keeper.status("VmLck") != "0 kB")
                let reader = try gateway.only(.reader)
                try expect(reader, user: user + 2, permitted: 0, bounding: 0, filters: inherited + 3)
                #expect(try reader.capabilities("CapEff") == 0)
                for helper in gateway.helpers(.broker) {
                    let broker = KernelTruth(helper.pid)
                    // After HELLO it has one filter more, which has no socket() any more.
                    try expect(broker, user: user + 3, permitted: netAdmin, bounding: 0, filters: inherited + 4)
                    #expect(try broker.capabilities("CapEff") == 0)
                }
            }
        }

        @Test func `the environment is one setting, nothing else`() throws {
            try idleAndServing { gateway in
                for process in gateway.everyProcess() {
                    #expect(process.environment == "SWIFT_BACKTRACE=enable=no\0", "\(process.words)")
                }
            }
        }

        @Test func `limits are exact, and no process dumps core`() throws {
            let limits = StateTests.one + ["--limit", "sessions=500"]
            try Gateway.run(base: limits) { gateway in
                let session = try gateway.session()
                #expect(session.welcome.isPrivileged)
                let log = gateway.log.utf8.count
                for helper in gateway.helpers() {
                    let process = KernelTruth(helper.pid)
                    // Two descriptors for each session, and 64.
                    #expect(try process.limit("Max open files") == ["1064", "1064"])
                    #expect(try process.limit("Max processes") == ["0", "0"])
                    #expect(try process.limit("Max core file size") == ["0", "0"])
                    #expect(try process.limit("Max msgqueue size") == ["0", "0"])
                    #expect(try process.limit("Max address space") == ["\(4 << 30)", "\(4 << 30)"])
                    if helper.kind != .keeper { #expect(try process.limit("Max locked memory") == ["0", "0"]) }
                    // Standard error is a file here: what it was at the start, and 64 MiB.
                    let size = try #require(Int(try process.limit("Max file size")[0]))
                    #expect((64 << 20...(64 << 20) + log).contains(size))
                }
                #expect(try KernelTruth(gateway.pid).limit("Max core file size") == ["0", "0"])
            }
        }

        @Test func `the root directory is an empty file system that can't be written`() throws {
            try idleAndServing { gateway in
                for helper in gateway.helpers() {
                    let process = KernelTruth(helper.pid)
                    #expect(try process.rootEntries() == [])
                    #expect(try process.link("cwd") == "/")
                    let mounts = process.file("mountinfo").split(separator: "\n")
                    #expect(mounts.count == 1)
                    let fields = try #require(mounts.first).split(separator: " ").map(String.init)
                    #expect(fields[4] == "/")
                    for option in ["ro", "nosuid", "nodev", "noexec"] {
                        #expect(fields[5].split(separator: ",").contains(Substring(option)), "\(fields)")
                    }
                    #expect(fields.contains("tmpfs"))
                }
            }
        }

        /// What `ip -o` shows in the network namespace of a process.
        private func inside(_ process: KernelTruth, _ object: String) throws -> String {
            let ip = try #require(toolPath("ip"))
            return try tool("nsenter", ["--net=/proc/\(process.pid)/ns/net", ip, "-o", object])
        }

        @Test func `the frontend has a network of its own, with nothing in it, and still accepts`() throws {
            try idleAndServing { gateway in
                let frontend = try gateway.only(.frontend)
                let served = try KernelTruth(gateway.pid).link("ns/net")
                let hosts = try KernelTruth(getpid()).link("ns/net")
                #expect(try ![served, hosts].contains(frontend.link("ns/net")))
                let links = try inside(frontend, "link")
                #expect(links.split(separator: "\n").count == 1)
                #expect(links.hasPrefix("1: lo: <LOOPBACK> "), "\(links)")
                #expect(try inside(frontend, "addr") == "")
                let keeper = try gateway.only(.keeper)
                #expect(try inside(keeper, "link").hasPrefix("1: lo: <LOOPBACK> "))
                #expect(try inside(keeper, "addr") == "")
                #expect(try ![served, hosts, frontend.link("ns/net")].contains(keeper.link("ns/net")))
                for helper in gateway.helpers() where ![.frontend, .keeper].contains(helper.kind) {
                    #expect(try KernelTruth(helper.pid).link("ns/net") == served)
                }
                for helper in gateway.helpers() {
                    for name in ["ns/ipc", "ns/mnt"] {
                        #expect(try KernelTruth(helper.pid).link(name) != KernelTruth(gateway.pid).link(name))
                    }
                }
                _ = try gateway.session(Gateway.tls, readOnly: true)
            }
        }

        @Test func `a reader lives in the namespace that it serves`() throws {
            let name = "nlgt-\(getpid())"
            try ip("netns add \(name)")
            defer { _ = try? ip("netns del \(name)") }
            try Gateway.run(["--netns", name], base: ["--frontends", "1", "--readers", "1"]) { gateway in
                let here = try KernelTruth(gateway.pid).link("ns/net")
                let readers = try gateway.helpers(.reader).map { try KernelTruth($0.pid).link("ns/net") }
                #expect(readers.count == 2)
                #expect(readers.count { $0 == here } == 1)
                let there = try Namespace(named: name).enter {
                    try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self/ns/net")
                }
                #expect(there != here)
                #expect(readers.contains(there))
            }
        }
    }
}
