import Foundation
import GatewayProtocol
import Glibc
import LinuxSys
import RemoteNetlink
import TLSSocket
import Testing

/// A wall clock that jumps, for the programs of one mount namespace alone: Tests/ClockShim.
private final class FalseClock {
    private let scratch: Scratch
    private let offsetPath: String
    /// What makes a program one of that namespace.
    let launcher: [String]

    init() throws {
        scratch = try Scratch()
        let directory = scratch.path
        offsetPath = try scratch.write([UInt8](repeating: 0, count: 4096), to: "offset", mode: 0o644)
        let source = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "ClockShim/clock.c").path()
        // By a shell, since the compiler finds its parts by the name that it was called by.
        try tool(
            "sh",
            [
                "-c", "export PATH=/usr/bin:/bin; exec cc \"$@\"", "sh", "-shared", "-fPIC", "-O1",
                "-DOFFSET_FILE=\"\(offsetPath)\"", "-o", directory + "/clock.so", source, "-ldl",
            ])
        try tool("cp", ["-a", "/etc", directory + "/etc"])
        try scratch.write(directory + "/clock.so\n", to: "etc/ld.so.preload", mode: 0o644)
        launcher = [
            try #require(toolPath("unshare")), "--mount", "--propagation", "private", "/bin/sh", "-c",
            "mount --bind \(directory)/etc /etc && exec \"$@\"", "sh",
        ]
    }

    /// From here on it is so many hours later than it is, or earlier.
    func set(hours: Int64) throws {
        let file = try Descriptor.open(offsetPath, flags: O_WRONLY)
        let seconds = hours * 3600
        let bytes = (0..<8).map { UInt8(truncatingIfNeeded: seconds >> ($0 * 8)) }
        #expect(try file.write(bytes.span) == .bytes(8))
    }
}

extension GatewayTests {
    /// The wall clock is set while the gateway runs.
    @Suite struct ClockTests {
        private let identities: Identities
        private let clock: FalseClock
        private let auditPath: String
        private let now = Clock.unixSeconds()

        init() throws {
            identities = try Identities()
            clock = try FalseClock()
            auditPath = identities.scratch.path + "/audit.jsonl"
            // For a day, twelve hours of which are over.
            let server = try identities.authority.issueServer(
                names: ["127.0.0.1"], validity: Validity(notBefore: now - 43_200, notAfter: now + 43_200))
            try identities.scratch.write(server.certificate, to: "server.crt", mode: 0o644)
            try identities.scratch.write(server.key, to: "server.key")
        }

        /// A client's credentials, valid between these hours from now.
        private func client(_ name: String, _ hours: ClosedRange<Int64>) throws -> Credentials {
            let span = Validity(notBefore: now + hours.lowerBound * 3600, notAfter: now + hours.upperBound * 3600)
            return identities.credentials(try identities.authority.issueClient(commonName: name, validity: span))
        }

        private func ask(_ session: GatewaySession) throws {
            #expect(try session.answer(to: RouteRequest.link(index: 1, sequence: 5), sequence: 5).messages == 1)
        }

        private func list(_ name: String, seconds: UInt32) throws -> ArmRequest {
            try ArmRequest(seconds: seconds, datagrams: [RouteWrite.delete(named: name)])
        }

        private func goodbye(_ session: GatewaySession) -> UInt32? {
            do throws(ConnectError) {
                while true { _ = try session.receive(seconds: 60) }
            } catch {
                return if case .goodbye(let outcome) = error { outcome.code } else { nil }
            }
        }

        /// Hours from now at which the last session began by the audit log, rounded.
        private func lastStart() throws -> Int {
            let line = try #require(try AuditLine.lines(auditPath).last { $0.event == "session-start" })
            let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
            return Int(((try style.parse(line["time"]).timeIntervalSince1970 - Double(now)) / 3600).rounded())
        }

        private func run(_ body: (Gateway) throws -> Void) throws {
            try Namespace().enter {
                try makeLinks("nlg0", "nlg1")
                let options = ["--policy", "builtin:unrestricted", "--audit", auditPath]
                let more = ["--limit", "handshake-seconds=5"]
                let gateway = try Gateway(
                    Gateway.usual + options + more, listen: nil, identities: identities, through: clock.launcher)
                try gateway.waitUntilListening()
                try body(gateway)
                try gateway.stop()
            }
        }

        @Test func `hours forward and back: sessions and timers go on, certificates and the audit log follow`() throws {
            try run { gateway in
                func session(_ credentials: Credentials) throws -> GatewaySession {
                    try gateway.session(Gateway.tls, credentials: credentials)
                }
                let steady = try client("steady", -12...12)
                let short = try client("short", -1...2)
                let recent = try client("recent", -1...12)
                let live = try session(steady)
                let ends = try session(short)
                let other = try session(recent)
                #expect(try lastStart() == 0)
                #expect(try live.arm(tag: 7, list("nlg0", seconds: 600)).code == 0)

                try clock.set(hours: 6)
                #expect(goodbye(ends) == GoodbyeReason.expired)
                try ask(live)
                #expect(try linkExists("nlg0") && live.confirm(tag: 7).code == 0)
                #expect(throws: ConnectError.self) { try session(short) }
                try ask(session(recent))
                #expect(try lastStart() == 6)
                try eventually("the server's certificate is in its last third") {
                    gateway.log.contains("warning: the server's certificate ends at ")
                }
                #expect(try live.arm(tag: 8, list("nlg1", seconds: 4)).code == 0)

                try clock.set(hours: -6)
                let silent = try RawClient(RawClient.loopback)
                try ask(other)
                // Not yet valid, by that clock.
                #expect(throws: ConnectError.self) { try session(recent) }
                try ask(session(steady))
                #expect(try lastStart() == -6)
                #expect(goodbye(live) == GoodbyeReason.rolledBack)
                #expect(try !linkExists("nlg1") && linkExists("nlg0"))
                // The time for handshakes goes on, too.
                try silent.waitForEnd()
                try ask(other)
                try clock.set(hours: 0)
                try ask(session(recent))
                try ask(session(short))
                let reasons = try AuditLine.lines(auditPath).filter { $0.event == "rolled-back" }.map { $0["reason"] }
                #expect(reasons == ["timeout: list 8, datagram 1 of 1"])
                #expect(gateway.helpers(.frontend).count == 1 && gateway.helpers(.reader).count == 2)
                #expect(!gateway.log.contains("ended with"), "\(gateway.log)")
            }
        }
    }
}
