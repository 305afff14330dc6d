import Foundation
import GatewayProtocol
import Glibc
import LinuxSys
import RemoteNetlink
import Testing

extension GatewayTests {
    /// What an operator sees of a gateway.
    @Suite struct StatusTests {
        private struct Report: Decodable {
            struct Process: Decodable {
                let name: String
                let pid: Int32
                let uid: UInt32
                let state: String
            }

            struct Session: Decodable {
                let clients: [String]
                let roles: String
                let transport: String
                let peer: String?
                let netns: String?
                let `protocol`: String
                let broker: String
                let pid: Int32
                let armed: Bool
                let requests: UInt64
                let request_bytes: UInt64
                let messages: UInt64
                let overruns: UInt64
                let queued_bytes: UInt64
            }

            struct Certificate: Decodable {
                let what: String
                let subject: String
                let ends: Int64?
            }

            struct Counts: Decodable {
                let sessions: Int
                let denials: Int
                let policy: String
            }

            struct Listener: Decodable {
                let scheme: String
                let address: String
            }

            let gateway: Counts
            let listeners: [Listener]
            let processes: [Process]
            let sessions: [Session]
            let certificates: [Certificate]
        }

        private func status(_ gateway: Gateway, _ words: String...) throws -> ToolResult {
            try result(of: program("nlgate"), ["status", "--admin", gateway.scratch.path + "/admin.sock"] + words)
        }

        private func report(_ gateway: Gateway) throws -> Report {
            let shown = try status(gateway, "--json")
            #expect(shown.status == .exited(0), "\(shown.output)")
            return try JSONDecoder().decode(Report.self, from: Data(shown.output.utf8))
        }

        @Test func `sessions, processes, listeners and certificates are what they are`() throws {
            try Gateway.run(["--policy", "builtin:unrestricted", "--audit", "none"]) { gateway in
                let request = RouteRequest.link(index: 1, sequence: 1)
                let reader = try gateway.session(Gateway.tls, readOnly: true)
                for _ in 0..<3 { #expect(try reader.answer(to: request, sequence: 1).code == 0) }
                let writer = try gateway.session()
                #expect(
                    try reader.answer(to: RouteRequest.setLink(index: 1, up: true, sequence: 2), sequence: 2).code == 1)
                let report = try report(gateway)
                #expect(report.gateway.sessions == 2 && report.gateway.denials == 1)
                #expect(report.gateway.policy == "builtin:unrestricted")
                #expect(
                    report.listeners.map { "\($0.scheme)://\($0.address)" } == [
                        "tls://127.0.0.1:7000", "unix://\(gateway.unixPath)",
                    ])
                let (first, second) = (try #require(report.sessions.first), try #require(report.sessions.last))
                #expect(
                    first.transport == "tls" && first.peer?.hasPrefix("127.0.0.1:") == true && first.broker == "reader")
                #expect(first.clients == ["certificate"] && first.protocol == "route" && first.netns == nil)
                #expect(first.requests == 4 && first.request_bytes == UInt64(4 * request.count))
                #expect(first.messages == 3 && first.overruns == 0 && first.queued_bytes == 0 && !first.armed)
                #expect(second.transport == "unix" && second.broker == "privileged" && second.requests == 0)
                #expect(second.clients.contains("root") && second.roles.contains("builtin:unrestricted"))
                let brokers = gateway.helpers().map(\.pid)
                #expect(Set(report.processes.map(\.pid)) == Set(brokers + [gateway.pid]))
                #expect(brokers.contains(first.pid) && brokers.contains(second.pid) && first.pid != second.pid)
                for process in report.processes {
                    #expect(process.state == "sealed", "\(process.name)")
                    #expect(Gateway.status("Uid", of: process.pid) == Int(process.uid))
                }
                let now = Int64(Date().timeIntervalSince1970)
                #expect(report.certificates.map(\.what) == ["server certificate", "clients' CA"])
                for certificate in report.certificates { #expect(try #require(certificate.ends) > now) }
                withExtendedLifetime((reader, writer)) {}
            }
        }

        @Test func `the table and --watch have a line for each`() throws {
            try Gateway.run { gateway in
                let session = try gateway.session(Gateway.tls)
                let table = try status(gateway)
                #expect(table.status == .exited(0))
                for part in [
                    "SESSION", "certificate", "tls 127.0.0.1:", "nlgate-frontend 0", "sealed, ", "server certificate",
                    "LISTENER",
                ] {
                    #expect(table.output.contains(part), "\(table.output)")
                }
                let watching = try RunningTool(
                    program("nlgate"),
                    [
                        "status", "--json", "--watch", "--interval", "0.1", "--admin",
                        gateway.scratch.path + "/admin.sock",
                    ],
                    log: gateway.scratch.path + "/watch")
                try eventually("several looks") { watching.log.split(separator: "\n").count >= 3 }
                try watching.child.signal(SIGKILL)
                _ = try watching.wait()
                withExtendedLifetime(session) {}
            }
        }

        @Test func `nobody but root and the daemon's user is told anything`() throws {
            try Gateway.run { gateway in
                let socket = gateway.scratch.path + "/admin.sock"
                func asked(by uid: String) throws -> ToolResult {
                    try result(
                        of: #require(toolPath("setpriv")),
                        ["--reuid=\(uid)", "--clear-groups", program("nlgate"), "status", "--admin", socket])
                }
                #expect(try asked(by: "0").status == .exited(0))
                #expect(try asked(by: "65534").status == .exited(3))
                // Even where the file's mode lets them in.
                try tool("chmod", ["0777", socket])
                let refused = try asked(by: "65534")
                #expect(refused.status == .exited(3) && !refused.output.contains("SESSION"), "\(refused.output)")
                #expect(refused.output.contains("only root and the daemon's own user may ask"), "\(refused.output)")
                #expect(try asked(by: "0").status == .exited(0))
            }
        }

        @Test func `Prometheus reads the metrics`() throws {
            let scratch = try Scratch()
            let file = scratch.path + "/nlgate.prom"
            try Gateway.run(["--policy", "builtin:unrestricted", "--audit", "none"]) { gateway in
                let session = try gateway.session(Gateway.tls, readOnly: true)
                let request = RouteRequest.link(index: 1, sequence: 1)
                #expect(try session.answer(to: request, sequence: 1).code == 0)
                #expect(try status(gateway, "--prometheus", "--output", file).status == .exited(0))
                withExtendedLifetime(session) {}
            }
            // Outside of the namespace, which has no way to the library.
            let root = OldClient.root.path()
            let parsed = try tool("bash", [root + "Tests/python/parse-metrics", file, root + ".build/prometheus"])
            let families = try OldClient.objects(parsed)
            func samples(_ name: String, _ type: String) throws -> [[String: Any]] {
                let family = try #require(families.first { $0["name"] as? String == name }, "\(name) in \(parsed)")
                #expect(family["type"] as? String == type)
                return try #require(family["samples"] as? [[String: Any]])
            }
            #expect(try samples("nlgate_sessions", "gauge").first?["value"] as? Double == 1)
            // The library's families of counters have no suffix.
            let requests = try samples("nlgate_session_requests", "counter")
            #expect(requests.first?["value"] as? Double == 1)
            let labels = try #require(requests.first?["labels"] as? [String: String])
            #expect(labels["transport"] == "tls" && labels["client"] == "certificate" && labels["protocol"] == "route")
            let ends = try samples("nlgate_certificate_expiry_timestamp_seconds", "gauge")
            let now = Date().timeIntervalSince1970
            #expect(ends.count == 2 && ends.allSatisfy { ($0["value"] as? Double ?? 0) > now })
            #expect(try samples("nlgate_process_sealed", "gauge").allSatisfy { $0["value"] as? Double == 1 })
        }
    }
}
