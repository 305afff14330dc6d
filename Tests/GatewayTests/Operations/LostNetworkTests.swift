import Foundation
import GatewayProtocol
import Glibc
import LinuxSys
import RemoteNetlink
import TLSSocket
import Testing

extension GatewayTests {
    /// The network between client and gateway goes away without a word, and comes back.
    @Suite struct LostNetworkTests {
        private static let url = "tls://10.9.0.1:7000"

        private func descriptors(_ pids: [Int32]) -> Int {
            pids.map { ((try? FileManager.default.contentsOfDirectory(atPath: "/proc/\($0)/fd")) ?? []).count }
                .reduce(0, +)
        }

        @Test func `the gateway lets clients go who are out of reach, and a watcher comes back and tells of the gap`()
            throws
        {
            let (server, client) = (try Namespace(), try Namespace())
            let scratch = try Scratch()
            try client.enter {
                try ip("link add far0 type veth peer name near0")
                try ip("link set near0 netns \(server.path)")
                try ip("address add 10.9.0.2/24 dev far0")
                try ip("link set far0 up")
            }
            let auditPath = scratch.path + "/audit.jsonl"
            func lines(_ event: String) throws -> [AuditLine] {
                try AuditLine.lines(auditPath).filter { $0.event == event }
            }
            try Gateway.run(
                ["--policy", "builtin:unrestricted", "--limit", "ping-seconds=1", "--audit", auditPath],
                listen: [Self.url], in: server,
                prepare: {
                    try ip("address add 10.9.0.1/24 dev near0")
                    try ip("link set near0 up")
                    try makeLinks("nlg0")
                }
            ) { gateway in
                let standing = gateway.helpers().map(\.pid) + [gateway.pid]
                let before = descriptors(standing)
                let own = gateway.identities.client
                let monitor = try client.enter {
                    try RunningTool(
                        program("nlgate"),
                        [
                            "monitor", "link", "--snapshot", "--json", "-H", Self.url, "--ca",
                            gateway.identities.authorityPath,
                            "--cert", scratch.write(own.certificate, to: "own.crt"),
                            "--key", scratch.write(own.key, to: "own.key"),
                        ], log: scratch.path + "/monitor")
                }
                try eventually("the watcher sees what is there") { monitor.log.contains("nlg0") }
                let session = try client.enter { try gateway.session(Self.url) }
                let list = try ArmRequest(seconds: 600, datagrams: [RouteWrite.delete(named: "nlg0")])
                #expect(try session.arm(tag: 7, list).code == 0)
                // Whoever answers stays, longer than the gateway waits for an answer.
                #expect(throws: ConnectError.timedOut(seconds: 5)) { try session.receive(seconds: 5) }
                let sessions = try lines("session-start").count
                #expect(try lines("session-end").count < sessions && gateway.helpers(.broker).count == 1)
                // Who only listens notices the end, too.
                try eventually("the watcher's socket looks after its peer") {
                    try client.enter { try tool("ss", ["-Htno"]) }.contains("timer:(keepalive")
                }

                try client.enter { try ip("link set far0 down") }
                try eventually("every session has ended") { try lines("session-end").count == sessions }
                #expect(try lines("rolled-back").map { $0["reason"] } == ["connection: list 7, datagram 1 of 1"])
                #expect(try !linkExists("nlg0"))
                try eventually("nothing is left of them") {
                    gateway.helpers(.broker).isEmpty && descriptors(standing) <= before
                }
                let told = monitor.log
                try makeLinks("gap0")

                try client.enter { try ip("link set far0 up") }
                try eventually("the watcher is back", seconds: 120) {
                    monitor.log.dropFirst(told.count).contains("gap0")
                }
                let later = monitor.log.dropFirst(told.count)
                let gap = try #require(later.range(of: "\"disconnected\""), "\(later)")
                let again = try #require(later.range(of: "\"snapshot-begin\""), "\(later)")
                #expect(gap.upperBound < again.lowerBound, "\(later)")
                #expect(later[again.upperBound...].contains("gap0") && !later[again.upperBound...].contains("nlg0"))
                try makeLinks("next0")
                try eventually("the watcher watches") { monitor.log.contains("next0") }
                #expect(try client.enter { try gateway.refusedSession(session) })
                try monitor.child.signal(SIGKILL)
                _ = try monitor.wait()
            }
        }
    }
}

extension Gateway {
    /// True when this session is over.
    fileprivate func refusedSession(_ session: GatewaySession) throws -> Bool {
        do throws(ConnectError) {
            while true { _ = try session.receive(seconds: 60) }
        } catch {
            return error != .timedOut(seconds: 60)
        }
    }
}
