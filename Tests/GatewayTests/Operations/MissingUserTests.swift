import Foundation
import Glibc
import LinuxSys
import Testing

extension GatewayTests {
    /// The users that the processes become are not there.
    @Suite struct MissingUserTests {
        private static let names = ["frontend", "keeper", "reader", "broker", "policyc"]
        private static let base = 1_300_000

        /// The daemon in a system that has only these of the users.
        private func daemon(_ present: [String], _ options: [String] = [], in scratch: Scratch) throws -> RunningTool {
            let others = text(ofFile: "/etc/passwd").split(separator: "\n").filter { !$0.hasPrefix("nlgate-") }
            let own = present.enumerated().map { "nlgate-\($1):x:\(Self.base + $0):\(Self.base + $0)::/:/bin/false" }
            try scratch.write((others.map(String.init) + own).joined(separator: "\n") + "\n", to: "passwd", mode: 0o644)
            let words = ["--listen", "unix://\(scratch.path)/s.sock", "--admin", "none", "--frontends", "1"] + options
            return try RunningTool(
                try #require(toolPath("unshare")),
                [
                    "--mount", "--propagation", "private", "/bin/sh", "-c",
                    "mount --bind \(scratch.path)/passwd /etc/passwd && exec \"$@\"", "sh", program("nlgated"),
                ] + words, log: scratch.path + "/log")
        }

        private func processes(of daemon: Int32) -> [String] {
            let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
            return all.filter { text(ofFile: "/proc/\($0)/cmdline").contains("supervisor=\(daemon)\0") }
        }

        @Test(arguments: names)
        func `one of them alone: the daemon says which, how to make it, and leaves nothing behind`(name: String) throws
        {
            try Namespace().enter {
                let scratch = try Scratch()
                let daemon = try daemon(Self.names.filter { $0 != name }, in: scratch)
                let status = try daemon.wait()
                #expect(status == .exited(1))
                #expect(daemon.log.contains("there is no user nlgate-\(name), but"), "\(daemon.log)")
                #expect(daemon.log.contains("systemd-sysusers nlgate.conf"))
                #expect(!FileManager.default.fileExists(atPath: scratch.path + "/s.sock"))
                #expect(processes(of: daemon.child.pid).isEmpty)
            }
        }

        @Test func `all of them, or numbers: it serves under those`() throws {
            for (present, options, uid) in [
                (Self.names, [], Self.base), (["keeper"], ["--uid-base", "1400000"], 1_400_000),
            ] {
                try Namespace().enter {
                    let scratch = try Scratch()
                    let daemon = try daemon(present, options, in: scratch)
                    try eventually("it listens") { daemon.log.contains("listening on") }
                    let frontend = try #require(
                        processes(of: daemon.child.pid).first {
                            text(ofFile: "/proc/\($0)/cmdline").contains("nlgate-frontend")
                        })
                    #expect(Gateway.status("Uid", of: try #require(Int32(frontend))) == uid)
                    try daemon.child.signal(SIGTERM)
                    #expect(try daemon.wait() == .exited(0))
                }
            }
        }
    }
}
