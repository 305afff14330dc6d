import Foundation
import Glibc
import LinuxSys
import Testing

extension GatewayTests {
    /// pyroute2 0.1 itself, several at once: who watches, who vanishes, who doesn't read.
    @Suite(.enabled(if: OldClient.isAvailable(OldClient.kinds), OldClient.reason))
    struct OldWatcherTests {
        private static let tcp = "tcp://127.0.0.1:7001"
        private static let both = ["unix://DIR/s.sock", "tcp://127.0.0.1:7001"]
        /// Ends every watcher.
        private static let last = "10.99.0.0"

        private func run(_ options: [String] = [], _ body: (Gateway) throws -> Void) throws {
            let all = ["--insecure-tcp", "--policy", "builtin:unrestricted"] + options
            func prepare() throws {
                try ip("link add nlgA type veth peer name nlgB")
                try ip("link set nlgA up")
                try ip("link set nlgB up")
            }
            try Gateway.run(all, listen: Self.both, prepare: prepare, body)
        }

        private func watch(_ gateway: Gateway, _ version: String, _ url: String) throws -> RunningTool {
            let watcher = try OldClient.start(
                version, ["monitor", url, Self.last], log: "\(gateway.scratch.path)/watch-\(UUID().uuidString)")
            try eventually("it watches") { watcher.log.contains("ready") }
            return watcher
        }

        /// What the watchers saw when the route that ends them has come.
        private func end(_ watcher: RunningTool) throws -> [[String: Any]] {
            #expect(try watcher.wait(seconds: 120) == .exited(0), "\(watcher.log.suffix(2000))")
            #expect(!watcher.log.contains("Traceback"), "\(watcher.log.suffix(2000))")
            return try OldClient.objects(watcher.log)
        }

        private func saw(_ events: [[String: Any]], _ event: String, _ key: String, _ value: String) -> Bool {
            events.contains { $0["event"] as? String == event && $0[key] as? String == value }
        }

        @Test func `several watch while others change`() throws {
            try run { gateway in
                let unix = gateway.unixURL
                let watchers = try [("0.1.4", unix), ("0.1.7", Self.tcp), ("0.1.12", unix), ("0.1.12", Self.tcp)].map {
                    try watch(gateway, $0.0, $0.1)
                }
                _ = try OldClient.run("0.1.12", ["write", unix, "nlgA"], in: gateway.scratch)
                try ip("link add nlgC type veth peer name nlgD")
                try ip("rule add prio 100 table 100")
                try ip("route add blackhole \(Self.last)/24")
                for watcher in watchers {
                    let events = try end(watcher)
                    for number in 1...5 { #expect(saw(events, "RTM_NEWADDR", "address", "192.0.2.\(number)")) }
                    #expect(saw(events, "RTM_DELADDR", "address", "192.0.2.5"))
                    #expect(saw(events, "RTM_NEWLINK", "name", "nlgC"))
                }
            }
        }

        @Test func `who vanishes takes only his own session with him`() throws {
            try run { gateway in
                let others = try [gateway.unixURL, Self.tcp].map { try watch(gateway, "0.1.12", $0) }
                let lost = try (0..<6).map {
                    try watch(gateway, OldClient.kinds[$0 % 3], $0 < 3 ? gateway.unixURL : Self.tcp)
                }
                try ipBatch(
                    (0..<5000).map { "route add blackhole 10.100.\($0 >> 8).\($0 & 255)/32" }, in: gateway.scratch)
                // In the middle of a dump, too.
                let dumping = try OldClient.start(
                    "0.1.12", ["dump", gateway.unixURL], log: gateway.scratch.path + "/dumping")
                try eventually("it has a session") { starts(gateway) >= 9 }
                for tool in lost + [dumping] {
                    try tool.child.signal(SIGKILL)
                    _ = try tool.wait()
                }
                try eventually("their sessions are over") { ends(gateway) == starts(gateway) - 2 }
                let read = try OldClient.one("0.1.12", "read", gateway.unixURL, in: gateway.scratch)
                #expect((read["links"] as? [Any])?.count == 3)
                try ip("route add blackhole \(Self.last)/24")
                for watcher in others { #expect(try end(watcher).count > 100) }
            }
        }

        private func starts(_ gateway: Gateway) -> Int { gateway.log.split(separator: "session-start").count - 1 }
        private func ends(_ gateway: Gateway) -> Int { gateway.log.split(separator: "session-end").count - 1 }

        @Test func `who doesn't read costs nobody else, and goes on when he reads again`() throws {
            let options = ["--limit", "burst-buffer=2097152"]
            try run(options) { gateway in
                let stopped = try OldClient.kinds.map { try watch(gateway, $0, Self.tcp) }
                let reading = try watch(gateway, "0.1.12", gateway.unixURL)
                for watcher in stopped { try watcher.child.signal(SIGSTOP) }
                let before = try memory(gateway)
                let prefixes = (0..<10_000).map { "blackhole 10.100.\($0 >> 8).\($0 & 255)/32" }
                for _ in 0..<3 {
                    try ipBatch(
                        prefixes.map { "route add \($0)" } + prefixes.map { "route del \($0)" }, in: gateway.scratch)
                    _ = try OldClient.one("0.1.7", "read", gateway.unixURL, in: gateway.scratch)
                }
                #expect(try memory(gateway) - before < 8 << 10, "KiB")
                for watcher in stopped { try watcher.child.signal(SIGCONT) }
                // 0.1.4 takes what one recv() returns for whole messages, and its thread ends where TCP has cut one.
                let lasting = stopped.dropFirst()
                try eventually("what waited was read", seconds: 120) {
                    lasting.allSatisfy { $0.log.contains("10.100.3.") }
                }
                // What the kernel dropped is said and not hidden; whoever reads again hears of what comes then.
                try eventually("each ends", seconds: 120) {
                    try ip("route add blackhole \(Self.last)/24")
                    try ip("route del blackhole \(Self.last)/24")
                    return try (lasting + [reading]).allSatisfy { try $0.hasEnded() }
                }
                for watcher in lasting + [reading] { _ = try end(watcher) }
            }
        }

        /// KiB of the frontend.
        private func memory(_ gateway: Gateway) throws -> Int {
            let frontend = try #require(gateway.helpers(.frontend).first)
            return try #require(Gateway.status("VmRSS", of: frontend.pid))
        }
    }
}
