import Foundation
import GatewayProtocol
import GatewayURL
import Glibc
import LinuxSys
import RemoteNetlink
import Testing

/// A daemon that a shell starts, after it has spoiled what the daemon inherits.
final class HostileStart {
    let scratch: Scratch
    let identities: Identities
    let supervisor: RunningTool
    let unixPath: String

    // `preparation`: commands of bash; in them DIR is a directory of this start's own. They end with a word such as
    // `exec`, which the daemon's command line follows.
    init(_ preparation: String, _ options: [String] = []) throws {
        identities = try Identities.shared.get()
        scratch = try Scratch()
        unixPath = scratch.path + "/s.sock"
        let users = 3_000_000 + Int(getpid()) * 8
        let arguments =
            ["--listen", "unix://\(unixPath)", "--listen", "tls://127.0.0.1:7000", "--uid-base", "\(users)"]
            + ["--frontends", "1", "--readers", "1", "--admin", scratch.path + "/admin.sock"]
            + identities.daemonOptions + options
        let script = preparation.replacing("DIR", with: scratch.path) + " \"$0\" \"$@\""
        supervisor = try RunningTool(
            "/bin/bash", ["-c", script, try program("nlgated")] + arguments, log: scratch.path + "/log")
    }

    deinit {
        if supervisor.status == nil {
            try? supervisor.child.signal(SIGKILL)
            _ = try? supervisor.wait()
        }
    }

    var pid: Int32 { supervisor.child.pid }

    /// The processes that it started, found by their arguments.
    func helpers() throws -> [KernelTruth] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { Int32($0) }.map { KernelTruth($0) }
            .filter { $0.words.contains("supervisor=\(pid)") }
    }

    func session(_ url: String? = nil) throws -> GatewaySession {
        try GatewaySession(
            .init(url ?? "unix://\(unixPath)"), identities.credentials(), Hello(protocolNumber: 0, clientName: "tests"),
            strictGroups: false, timeout: 60)
    }

    /// Waits until it serves, which its log may not tell: a closed standard error has none.
    func expectItServes() throws {
        try eventually("the gateway serves") {
            if try supervisor.hasEnded() { throw ToolFailure(description: "nlgated ended: \(supervisor.log)") }
            return (try? session()) != nil
        }
        for url in ["unix://\(unixPath)", Gateway.tls] {
            let session = try session(url)
            let answer = try session.answer(to: RouteRequest.link(index: 1, sequence: 3), sequence: 3)
            #expect(answer.messages == 1)
        }
    }

    /// SIGTERM and a good end.
    func stop() throws {
        let left = try helpers().map(\.pid)
        try supervisor.child.signal(SIGTERM)
        #expect(try supervisor.wait() == .exited(0), "\(supervisor.log)")
        try eventually("every process has ended") { left.allSatisfy { !isRunning($0) } }
        #expect(!supervisor.log.contains("signal 31"), "\(supervisor.log)")
    }

    /// Starts in a namespace of its own, demands that it serves, runs `body` and stops.
    static func run(_ preparation: String, _ options: [String] = [], _ body: (HostileStart) throws -> Void) throws {
        try Namespace().enter {
            let start = try HostileStart(preparation, options)
            try start.expectItServes()
            try body(start)
            try start.stop()
        }
    }
}
