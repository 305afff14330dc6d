import Confinement
import Foundation
import GatewayIPC
import Glibc
import LinuxSys
import Roles
import Testing

extension GatewayTests {
    /// A supervisor whose policy compiler is not ours.
    @Suite struct HostileCompilerTests {
        private let gateway: ReplacedProgram
        private let ready: [UInt8]
        private let tables: [UInt8]

        init() throws {
            gateway = try ReplacedProgram("nlgate-policyc")
            let compiler = try Namespace().enter { try LoneHelper.compiler(.builtin("read-only")) }
            ready = compiler.ready
            #expect(try compiler.message() == .diagnostics(TablePart(offset: 0, total: 0, bytes: [])))
            var assembly = TableAssembly(limit: PolicyTables.maximumSize)
            var whole: [UInt8]?
            while let message = try compiler.message() {
                guard case .tables(let part) = message else { break }
                if case .complete(let bytes) = assembly.take(part) { whole = bytes }
            }
            tables = try #require(whole)
            #expect(try compiler.end() == .exited(0))
        }

        /// Has the compiler say this when it is started next; without an exit status it stays.
        private func script(_ packets: [[UInt8]], exit status: Int? = 0) throws {
            try gateway.script(packets, exit: status)
        }

        private func diagnostics(_ text: String) -> [[UInt8]] {
            TablePart.parts(of: Array(text.utf8)).map { ChildMessage.diagnostics($0).encode() }
        }

        private func tables(_ bytes: [UInt8]) -> [[UInt8]] {
            TablePart.parts(of: bytes).map { ChildMessage.tables($0).encode() }
        }

        private var good: [[UInt8]] { [ready] + diagnostics("") + tables(tables) }

        private func start() throws -> RunningTool {
            try gateway.start(["--listen", "unix://DIR/s.sock"], admin: "DIR/admin.sock")
        }

        /// What it may say and how it may end, and the reason that is given.
        private var cases: [(packets: [[UInt8]], status: Int?, reason: String)] {
            let broke = "broke the protocol between our processes"
            let quiet = diagnostics("")
            let many = TablePart(offset: 0, total: 300 << 10, bytes: [UInt8](repeating: 0x61, count: 4000))
            let huge = TablePart(
                offset: 0, total: UInt32(PolicyTables.maximumSize + 1), bytes: [UInt8](repeating: 0, count: 4000))
            let gap = TablePart(offset: 4000, total: 8000, bytes: [UInt8](repeating: 0, count: 4000))
            var garbage = tables
            garbage[garbage.count - 1] ^= 0xff
            return [
                ([ready] + tables(tables), nil, broke), ([ready] + quiet + quiet, nil, broke),
                (good + tables(tables), nil, broke), (good + quiet, nil, broke), (good + [ready], nil, broke),
                ([ready] + quiet + [ChildMessage.tables(gap).encode()], nil, broke),
                ([ready] + quiet + [ChildMessage.tables(huge).encode()], nil, broke),
                ([ready, ChildMessage.diagnostics(many).encode()], nil, broke), ([ready, [1, 2, 3]], nil, broke),
                ([ready, ChildMessage.ended(session: 1).encode()], nil, broke),
                ([ready, ChildMessage.accepted(number: 1).encode()], nil, broke),
                (quiet, nil, broke), ([ready, ChildMessage.failed("late").encode()], nil, broke),
                ([ready] + quiet + tables([1, 2, 3]), 0, "tables can't be used"),
                ([ready] + quiet + tables(garbage), 0, "tables can't be used"),
                ([ready] + quiet + tables([]), 0, "tables can't be used"),
                ([ready] + quiet + Array(tables(tables + tables).dropLast()), 0, "ended with exit status 0"),
                ([ready] + quiet, 0, "ended with exit status 0"), ([ready], 0, "ended with exit status 0"),
                ([], 1, "ended with exit status 1"), ([ready] + quiet, 1, "ended with exit status 1"),
                (good, 1, "ended with exit status 1"), (good, 3, "ended with exit status 3"),
                ([ready] + diagnostics("a\u{1b}[31mb\nc"), 1, "it has errors"),
                ([ChildMessage.failed("no \u{1b}luck").encode()], 1, "no \\x1bluck"),
            ]
        }

        @Test func `at the start none of it is a policy`() throws {
            for (packets, status, reason) in cases {
                try script(packets, exit: status)
                try Namespace().enter {
                    let daemon = try start()
                    #expect(try daemon.wait() == .exited(1), "\(reason): \(daemon.log)")
                    #expect(daemon.log.contains(reason), "\(daemon.log)")
                    #expect(!daemon.log.contains("listening on") && !daemon.log.contains("\u{1b}"), "\(daemon.log)")
                }
            }
        }

        @Test func `at a reload the policy before stays, and a good one is loaded afterwards`() throws {
            try Namespace().enter {
                try script(good)
                let daemon = try start()
                try eventually("it listens") {
                    if try daemon.hasEnded() { throw ToolFailure(description: daemon.log) }
                    return daemon.log.contains("listening on")
                }
                var verdicts = 0
                func reload() throws -> String {
                    try daemon.child.signal(SIGHUP)
                    verdicts += 1
                    func lines() -> [Substring] {
                        daemon.log.split(separator: "\n").filter {
                            $0.hasPrefix("nlgated: policy ") && $0.contains("loaded")
                        }
                    }
                    try eventually("the policy is loaded, or isn't") { lines().count == verdicts }
                    return String(lines().last ?? "")
                }
                for (packets, status, reason) in cases {
                    try script(packets, exit: status)
                    let verdict = try reload()
                    #expect(verdict.contains("not loaded") && verdict.contains(reason), "\(reason): \(verdict)")
                    #expect(verdict.contains("stays in force"))
                }
                try script(good)
                #expect(try reload().contains("policy builtin:read-only loaded: 5 clients, 1 role, 5 bindings"))
                try daemon.child.signal(SIGTERM)
                #expect(try daemon.wait() == .exited(0), "\(daemon.log)")
            }
        }

        @Test func `one that never ends is ended`() throws {
            for packets in [good, [ready], []] {
                try script(packets, exit: nil)
                try Namespace().enter {
                    let daemon = try start()
                    #expect(try daemon.wait() == .exited(1))
                    let word = packets.isEmpty ? "ready" : "done"
                    #expect(daemon.log.contains("nlgate-policyc was not \(word) within 10 seconds"), "\(daemon.log)")
                }
            }
        }
    }
}
