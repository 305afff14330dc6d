import Foundation
import GatewayProtocol
import Glibc
import LinuxSys
import NetlinkWire
import RemoteNetlink
import Testing

/// One line of an audit log.
struct AuditLine {
    let values: [String: Any]

    init(_ line: some StringProtocol) throws {
        let parsed = try JSONSerialization.jsonObject(with: Data(line.utf8))
        guard let values = parsed as? [String: Any] else { throw ToolFailure(description: "no object: \(line)") }
        self.values = values
    }

    subscript(key: String) -> String { values[key] as? String ?? (values[key] as? Int).map(String.init) ?? "" }
    var event: String { self["event"] }
    var keys: Set<String> { Set(values.keys) }

    /// Every line of a file.
    static func lines(_ path: String) throws -> [AuditLine] {
        try text(ofFile: path).split(separator: "\n").map { try AuditLine($0) }
    }
}

extension GatewayTests {
    /// The audit log, line by line.
    @Suite struct AuditTests {
        private let policy: PolicyText
        private let scratch: Scratch
        private var path: String { scratch.path + "/audit.jsonl" }

        private static let roles = """
            clients: { root: { uid: 0 }, noc: { common-name: "noc-7" } }
            roles:
              writing: { read: { route: [GETLINK, GETADDR] }, write: { route: [SETLINK, NEWLINK] } }
              ceiling: { read: { route: [GETLINK, GETADDR, GETROUTE] } }
              reading: { read: { route: [GETLINK] } }
            bindings:
              - { client: root, roles: [writing] }
              - { client: noc, roles: [reading], mode: report, ceiling: ceiling }
            """

        init() throws {
            policy = try PolicyText(AuditTests.roles)
            scratch = try Scratch()
        }

        private func lines(_ event: String? = nil) throws -> [AuditLine] {
            try AuditLine.lines(path).filter { event == nil || $0.event == event }
        }

        /// Waits until the log has so many lines of a kind.
        private func wait(_ event: String, _ count: Int) throws -> [AuditLine] {
            try eventually("\(count) lines of \(event)") { try lines(event).count >= count }
            return try lines(event)
        }

        private static let head: Set = ["time", "event", "session", "client", "identity", "transport", "protocol"]
        private static let message = head.union(["family", "operation", "mode", "class", "decision"])

        @Test func `sessions, denials, writes and reloads, each with its keys`() throws {
            let link = RouteRequest.link(index: 1, sequence: 5)
            let routes = RouteRequest.dump(RouteRequest.getRoute, header: 12, sequence: 6)
            try Gateway.run(policy: policy, ["--audit", path]) { gateway in
                let local = try gateway.session()
                #expect(try local.answer(to: link, sequence: 5).code == 0)
                #expect(try local.setOption(.extendedAcks(true)).code == 0)
                let refused = try local.answer(to: routes, sequence: 6)
                #expect(refused.code == 1)
                let set = RouteRequest.setLink(index: 1, up: true, sequence: 7)
                #expect(try local.answer(to: set, sequence: 7).code == 0)
                let missing = RouteRequest.setLink(index: 999, up: true, sequence: 8)
                #expect(try local.answer(to: missing, sequence: 8).code == ENODEV)

                let remote = try gateway.session(Gateway.tls)
                #expect(try remote.answer(to: routes, sequence: 6).code == 0)
                _ = try gateway.refusal { try gateway.session(commonName: "stranger") }
                _ = try wait("write", 2)
                try local.reset(to: Hello(protocolNumber: 0, readOnly: true))

                let loaded = try #require(try lines("reload").first)
                #expect(loaded.keys == ["time", "event", "decision", "reason"])
                #expect(loaded["decision"] == "allow")
                #expect(loaded["reason"] == "\(policy.path): 2 clients, 3 roles, 2 bindings")

                let starts = try lines("session-start")
                #expect(starts[0].keys == AuditTests.head)
                #expect(starts[0]["identity"] == "uid=0 gid=0")
                #expect(starts[0].values["client"] as? [String] == ["root"])
                #expect(starts[0]["transport"] == "unix" && starts[0]["protocol"] == "route")
                #expect(starts[1].keys == AuditTests.head.union(["peer"]))
                #expect(starts[1]["peer"].hasPrefix("127.0.0.1:"))
                #expect(starts[1]["identity"].hasPrefix("CN=noc-7 sha256:"))
                #expect(starts.map { $0["session"] } == ["1", "2", "3"])
                #expect(try wait("session-end", 1)[0].keys == AuditTests.head)

                let denials = try lines("denied")
                let denied = try #require(denials.first)
                #expect(denied.keys == AuditTests.message.union(["denial", "errno", "reason"]))
                #expect(denied["operation"] == "GETROUTE" && denied["family"] == "route" && denied["mode"] == "dump")
                #expect(denied["class"] == "read" && denied["decision"] == "deny" && denied["errno"] == "1")
                #expect(denied["reason"].contains("does not grant route GETROUTE"))
                // The client has the same number.
                #expect(refused.text?.contains("[denial \(denied["denial"])]") == true)
                let stranger = try #require(denials.last)
                #expect(
                    stranger.keys
                        == ["time", "event", "identity", "peer", "transport", "protocol", "decision", "reason"])
                #expect(stranger["reason"].contains("no client for common-name stranger"))

                let writes = try lines("write")
                #expect(writes.map { $0["errno"] } == ["0", "\(ENODEV)"])
                for write in writes {
                    #expect(write.keys == AuditTests.message.union(["errno", "rule", "target"]))
                    #expect(write["operation"] == "NEWLINK" && write["class"] == "write")
                    #expect(write["decision"] == "allow" && write["mode"] == "single")
                    #expect(write["rule"] == "\(policy.path):4")
                }
                let reported = try #require(try lines("would-deny").first)
                #expect(reported["decision"] == "report" && reported["operation"] == "GETROUTE")
                #expect(reported["identity"].hasPrefix("CN=noc-7"))
                #expect(!reported.keys.contains("denial"))

                let times = try lines().map { $0["time"] }
                #expect(times == times.sorted())
                let now = Date().ISO8601Format()
                #expect(times.allSatisfy { $0.count == 24 && $0.hasPrefix(now.prefix(8)) && $0.hasSuffix("Z") })
            }
            // Nobody may read it but root and its group.
            let mode = try FileStatus(ofPath: path).permissions
            #expect(mode & 0o137 == 0, "\(String(mode, radix: 8))")
        }

        @Test func `standard error has it when nothing else is said, none has nothing`() throws {
            try Gateway.run(policy: policy) { gateway in
                _ = try gateway.session()
                let lines = gateway.log.split(separator: "\n").filter { $0.hasPrefix("{") }
                #expect(try lines.map { try AuditLine($0).event }.contains("session-start"))
            }
            try Gateway.run(policy: policy, ["--audit", "none"]) { gateway in
                _ = try gateway.session()
                try gateway.reload()
                #expect(!gateway.log.split(separator: "\n").contains { $0.hasPrefix("{") })
            }
        }

        @Test func `SIGHUP opens the file anew`() throws {
            try Gateway.run(policy: policy, ["--audit", path]) { gateway in
                _ = try gateway.session()
                try tool("mv", [path, path + ".1"])
                _ = try gateway.session()
                #expect(try AuditLine.lines(path + ".1").count { $0.event == "session-start" } == 2)
                try gateway.reload()
                _ = try gateway.session()
                #expect(try lines("session-start").count == 1)
                #expect(try AuditLine.lines(path + ".1").count { $0.event == "session-start" } == 2)
                // What can't be opened leaves the one before.
                try tool("mv", [path, path + ".2"])
                try tool("ln", ["-s", "/dev/null", path])
                try gateway.reload()
                #expect(gateway.log.contains("--audit \(path): "))
                _ = try gateway.session()
                #expect(try AuditLine.lines(path + ".2").count { $0.event == "session-start" } == 2)
            }
        }

        @Test func `a full disk is said once, and once when there is room again`() throws {
            let place = scratch.path + "/small"
            try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: false)
            try tool("mount", ["-t", "tmpfs", "-o", "size=8k", "none", place])
            defer { _ = try? tool("umount", ["-l", place]) }
            let log = place + "/audit.jsonl"
            try Gateway.run(policy: policy, ["--audit", log]) { gateway in
                for _ in 0..<40 { try gateway.session().ping() }
                func said(_ text: String) -> Int { gateway.log.split(separator: "\n").count { $0.contains(text) } }
                #expect(said("No space left on device; lines are lost") == 1)
                #expect(
                    try gateway.admin(4).contains { $0.hasPrefix("audit: \(log), ") && $0.hasSuffix(" lines lost") })
                try tool("truncate", ["-s", "0", log])
                for _ in 0..<3 { try gateway.session().ping() }
                #expect(said("audit log \(log): it works again, ") == 1)
                // What was cut short is a line of its own.
                let whole = text(ofFile: log).split(separator: "\n").filter { (try? AuditLine($0)) != nil }
                #expect(whole.count >= 3)
                #expect(said("lines are lost") == 1)
            }
        }

        @Test func `a device that takes nothing stops nobody, unless the log is required`() throws {
            let set = RouteRequest.setLink(index: 1, up: false, sequence: 7)
            try Gateway.run(policy: policy, ["--audit", "/dev/full"]) { gateway in
                let session = try gateway.session()
                #expect(try session.answer(to: set, sequence: 7).code == 0)
            }
            let strict = try PolicyText(AuditTests.roles + "\naudit: required")
            try Gateway.run(policy: strict, ["--audit", "/dev/full"]) { gateway in
                let session = try gateway.session()
                let read = try session.answer(to: RouteRequest.link(index: 1, sequence: 5), sequence: 5)
                #expect(read.messages == 1)
                #expect(try session.answer(to: set, sequence: 7).code != 0)
                #expect(try ip("-o link show lo").contains(",UP"))
            }
            try Gateway.run(policy: strict, ["--audit", path]) { gateway in
                #expect(try gateway.session().answer(to: set, sequence: 7).code == 0)
                let writes = try wait("write", 2)
                #expect(writes.map { $0["errno"] } == ["", "0"])
                #expect(writes[0]["reason"] == "about to be sent")
                #expect(try !ip("-o link show lo").contains(",UP"))
            }
        }

        @Test func `too many denials are counted instead of written`() throws {
            let routes = RouteRequest.dump(RouteRequest.getRoute, header: 12, sequence: 6)
            try Gateway.run(policy: policy, ["--audit", path]) { gateway in
                let session = try gateway.session()
                for _ in 0..<300 { #expect(try session.answer(to: routes, sequence: 6).code == 1) }
                try session.reset(to: Hello(protocolNumber: 0, readOnly: true))
                try eventually("all 300 are accounted for") {
                    let omitted = try lines("omitted").reduce(0) { $0 + (Int($1["omitted"]) ?? 0) }
                    return try lines("denied").count + omitted == 300
                }
                #expect(try lines("denied").count < 250)
                let omitted = try #require(try lines("omitted").last)
                #expect(omitted["identity"] == "uid=0 gid=0")
                #expect(omitted.values["client"] as? [String] == ["root"])
            }
        }

        @Test func `the journal gets datagrams of its own form`() throws {
            let place = scratch.path + "/journal"
            let address = try SocketAddress(unix: place, abstract: false)
            func receive(_ socket: borrowing Descriptor) throws -> [String] {
                var buffer = [UInt8](repeating: 0, count: 65_536)
                guard try socket.wait(for: .read, milliseconds: 60_000) else { return [] }
                guard case .bytes(let count) = try socket.receive(into: &buffer, count: buffer.count) else { return [] }
                return String(decoding: buffer[..<count], as: UTF8.self).split(separator: "\n").map(String.init)
            }
            var journal = try Descriptor.datagramSocket(for: address)
            try journal.bind(to: address)
            try Gateway.run(policy: policy, ["--audit", "journal:\(place)"]) { gateway in
                let first = try receive(journal)
                #expect(first.prefix(2) == ["SYSLOG_IDENTIFIER=nlgated", "PRIORITY=6"])
                #expect(first.contains("NLGATE_EVENT=reload") && first.contains("NLGATE_DECISION=allow"))
                let message = try #require(first.last)
                #expect(message.hasPrefix("MESSAGE="))
                #expect(try AuditLine(message.dropFirst(8)).event == "reload")
                // journald starts again.
                removeFile(place)
                journal = try Descriptor.datagramSocket(for: address)
                try journal.bind(to: address)
                _ = try gateway.session()
                let second = try receive(journal)
                #expect(second.contains("NLGATE_CLIENT=root") && second.contains("NLGATE_PROTOCOL=route"))
                #expect(try AuditLine(#require(second.last).dropFirst(8)).event == "session-start")
            }
        }

        @Test func `a pipe that nobody reads doesn't hold the gateway up`() throws {
            let pipe = scratch.path + "/pipe"
            try tool("mkfifo", [pipe])
            try Namespace().enter {
                let socket = scratch.path + "/s.sock"
                let daemon = try RunningTool(
                    program("nlgated"),
                    ["--listen", "unix://\(socket)", "--admin", "none", "--frontends", "1", "--readers", "1"]
                        + ["--uid-base", "\(LoneHelper.uid)"] + policy.options, log: pipe)
                let address = try SocketAddress(unix: socket, abstract: false)
                try eventually("it serves") { (try? RawClient(address)) != nil }
                let client = try RawClient(address)
                try client.write(preface + RawClient.frame(.hello, Hello(protocolNumber: 0, readOnly: true).encode()))
                // 64 KiB of lines are full long before that.
                for round in 0..<400 as Range<UInt32> {
                    while try client.nextFrame()?.header.kind != .welcome {}
                    try client.write(
                        RawClient.frame(.reset, tag: round)
                            + RawClient.frame(.hello, Hello(protocolNumber: 0, readOnly: true).encode()))
                }
                try daemon.child.signal(SIGKILL)
                _ = try daemon.wait()
            }
        }

        @Test func `what can't be a log stops the start`() throws {
            let link = scratch.path + "/link"
            try tool("ln", ["-s", "/dev/null", link])
            try scratch.write("", to: "open", mode: 0o666)
            for (place, reason) in [
                (scratch.path, "Is a directory"), (link, "Too many levels of symbolic links"),
                (scratch.path + "/open", "Permission denied"), ("/nonexistent/audit", "No such file"),
                ("journal:/nonexistent", "No such file"),
            ] {
                let said = try Gateway.failure(["--audit", place])
                #expect(said.contains("--audit ") && said.contains(reason), "\(said)")
            }
            let strict = try PolicyText(AuditTests.roles + "\naudit: required")
            let said = try Gateway.failure(["--audit", "none"] + strict.options)
            #expect(said.contains("'audit: required' needs an audit log"), "\(said)")
        }
    }
}
