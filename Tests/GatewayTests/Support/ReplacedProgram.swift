import Foundation
import Glibc
import LinuxSys

/// The gateway's programs in a folder of their own, where one of them is the tests' `hostile-helper`.
struct ReplacedProgram {
    let scratch: Scratch

    init(_ replaced: String) throws {
        scratch = try Scratch()
        for name in ["nlgated", "nlgate-frontend", "nlgate-keeper", "nlgate-broker", "nlgate-policyc"] {
            let original = try program(name == replaced ? "hostile-helper" : name)
            try FileManager.default.copyItem(atPath: original, toPath: scratch.path + "/" + name)
        }
    }

    /// Has it say these packets when it is started next; without an exit status it stays.
    func script(_ packets: [[UInt8]], exit status: Int? = nil) throws {
        let lines = packets.map { $0.map { String(UInt16($0) | 0x100, radix: 16).dropFirst() }.joined() + "\n" }
        try scratch.write(lines.joined() + (status.map { "exit \($0)\n" } ?? ""), to: "script")
    }

    /// Starts the daemon with one reader, in the calling thread's namespace; `DIR` in an option is the folder.
    func start(_ options: [String], frontends: Int = 1, admin: String = "none") throws -> RunningTool {
        try RunningTool(
            scratch.path + "/nlgated",
            (["--admin", admin, "--frontends", "\(frontends)", "--readers", "1", "--uid-base", "\(LoneHelper.uid)"]
                + options).map { $0.replacing("DIR", with: scratch.path) },
            log: scratch.path + "/log-\(UInt64.random(in: 0...UInt64.max))")
    }

    /// Starts the daemon in a namespace of its own and has it end: by itself, or after its complaint about the peer.
    func run(_ options: [String], untilComplaint: Bool) throws -> (log: String, status: LinuxSys.ExitStatus?) {
        try Namespace().enter {
            let daemon = try start(options)
            try eventually("the supervisor ends, or complains") {
                try daemon.hasEnded() || (untilComplaint && daemon.log.contains("broke the protocol"))
            }
            if try !daemon.hasEnded() {
                try daemon.child.signal(SIGTERM)
                _ = try daemon.wait()
            }
            return (daemon.log, daemon.status)
        }
    }
}
