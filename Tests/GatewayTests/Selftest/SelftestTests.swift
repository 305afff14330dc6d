import Foundation
import Glibc
import LinuxSys
import Testing

extension GatewayTests {
    /// `nlgate selftest`: what it says of the programs as they are, and of programs that leave something out.
    @Suite struct SelftestTests {
        /// What it says with `--json`.
        private struct Report: Decodable {
            struct Measure: Decodable {
                struct Attempt: Decodable {
                    var verdict: String
                    var tried: String?
                    var happened: String
                    var unconfined: String?
                }

                var process: String
                var measure: String
                var verdict: String
                var attempts: [Attempt]

                var name: String { "\(process): \(measure)" }
            }

            var ok: Int
            var failed: Int
            var notTried: Int
            var stopped: String?
            var measures: [Measure]

            func names(_ verdict: String) -> Set<String> {
                Set(measures.filter { $0.verdict == verdict }.map(\.name))
            }
        }

        private static let programs = [
            "nlgated", "nlgate-frontend", "nlgate-keeper", "nlgate-broker", "nlgate-policyc",
        ]

        private func selftest(_ words: [String]) throws -> ToolResult {
            // With something left out, it waits for what never comes.
            let scratch = try Scratch()
            let running = try RunningTool(program("nlgate"), ["selftest"] + words, log: scratch.path + "/output")
            return ToolResult(status: try running.wait(seconds: 300), output: running.log)
        }

        private func report(_ words: [String] = []) throws -> (report: Report, status: LinuxSys.ExitStatus) {
            let asked = try selftest(["--json"] + words)
            return (try JSONDecoder().decode(Report.self, from: Data(asked.output.utf8)), asked.status)
        }

        /// The programs in a folder, some of them with functions emptied.
        private func programs(_ emptied: [String: [String]]) throws -> Scratch {
            let scratch = try Scratch()
            for name in Self.programs {
                let original = try program(name)
                guard let functions = emptied[name] else {
                    try FileManager.default.copyItem(atPath: original, toPath: scratch.path + "/" + name)
                    continue
                }
                var patched = try PatchedProgram(path: original)
                for function in functions { try patched.empty { $0 == function || $0.contains(function) } }
                try patched.write(to: scratch.path + "/" + name)
            }
            return scratch
        }

        /// Each process's look at itself, which would notice that something is missing.
        private static let ownCheck = "6SealerV6insist"

        /// Whatever is named so by its command line.
        private func processes(naming text: String) -> [Int32] {
            let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
            return all.compactMap { Int32($0) }.filter {
                words(ofProcess: $0).contains(text) && isRunning($0)
            }
        }

        @Test func `the programs as they are pass, in words, and leave nothing behind`() throws {
            let scratch = try programs([:])
            let asked = try selftest(["--verbose", "--nlgated", scratch.path + "/nlgated"])
            #expect(asked.status == .exited(0), "\(asked.output)")
            let lines = asked.output.split(separator: "\n").map(String.init)
            #expect(lines.allSatisfy { !$0.hasPrefix("FAILED") }, "\(asked.output)")
            let last = try #require(lines.last)
            let counts = last.split(whereSeparator: { !$0.isNumber }).compactMap { Int($0) }
            #expect(counts.count == 4 && counts[0] > 100 && counts[1] == 0, "\(last)")
            for wanted in [
                "ok        frontend: Landlock: files — open(/) → EACCES (unconfined: done)",
                "ok            connect(127.0.0.1:7000) → EACCES (unconfined: done)",
                "ok        broker: no socket once it serves — ",
                "ok        gateway: nothing outlives the supervisor — ",
            ] {
                #expect(lines.contains { $0.hasPrefix(wanted) }, "\(wanted)")
            }
            #expect(processes(naming: scratch.path) == [])
            #expect(!text(ofFile: "/proc/self/mountinfo").contains(" selftest "))
        }

        @Test func `a measure that a program leaves out is named, and no other`() throws {
            let landlock = ["nlg_landlock_restrict", Self.ownCheck]
            let scratch = try programs([
                "nlgate-frontend": landlock, "nlgate-policyc": ["nlg_set_identity", Self.ownCheck],
                "nlgate-broker": ["nlg_empty_root", Self.ownCheck],
                // Nor does it mind what the others tell about themselves.
                "nlgated": ["nlg_seccomp_install", "8MeasuresV9mandatory3for"],
            ])
            let (report, status) = try report(["--nlgated", scratch.path + "/nlgated"])
            #expect(status == .exited(1))
            #expect(report.stopped == nil)
            let expected =
                ["frontend", "policy compiler", "reader", "broker"].map { "\($0): a step left out" }
                // Each has one filter less, the supervisor's.
                + ["frontend", "keeper", "reader", "broker"].map { "\($0): filters" } + [
                    "supervisor: filter", "supervisor: filter: kernel interfaces",
                    "supervisor: memory never executable", "frontend: Landlock: files", "frontend: Landlock: TCP",
                    "frontend: Landlock: scopes", "policy compiler: identity", "policy compiler: limits",
                    "reader: empty root", "broker: empty root",
                ]
            #expect(report.names("FAILED") == Set(expected), "\(report.names("FAILED"))")
            #expect(report.failed >= expected.count)
            // An attempt says what it was.
            let files = report.measures.first { $0.name == "frontend: Landlock: files" }
            #expect(files?.attempts.first?.happened == "done")
            #expect(processes(naming: scratch.path) == [])
        }

        @Test func `a helper without its filters is named, call by call`() throws {
            let scratch = try programs([
                "nlgate-policyc": ["nlg_seccomp_install", Self.ownCheck], "nlgated": ["8MeasuresV9mandatory3for"],
            ])
            let (report, status) = try report(["--nlgated", scratch.path + "/nlgated"])
            #expect(status == .exited(1))
            #expect(report.stopped == nil)
            // A supervisor that demands nothing of the others demands nothing of itself either.
            let failed = report.names("FAILED").subtracting(["supervisor: memory never executable"])
            #expect(failed.allSatisfy { $0.hasPrefix("policy compiler: ") }, "\(failed)")
            let filters = report.measures.filter { $0.name.hasPrefix("policy compiler: filter") }
            #expect(filters.count > 8)
            for measure in filters {
                #expect(measure.verdict == "FAILED", "\(measure)")
                #expect(measure.attempts.allSatisfy { $0.verdict != "ok" }, "\(measure)")
            }
        }

        @Test func `a gateway that doesn't start is no proof`() throws {
            let scratch = try programs([:])
            try tool("cp", [try #require(toolPath("true")), scratch.path + "/nlgate-broker"])
            let (report, status) = try report(["--nlgated", scratch.path + "/nlgated"])
            #expect(status == .exited(1))
            #expect(report.stopped?.contains("the gateway doesn't start: ") == true)
            #expect(report.ok == 0)
        }

        @Test func `killed in the midst of it, it leaves nothing behind`() throws {
            let scratch = try programs([:])
            let before = try FileManager.default.contentsOfDirectory(atPath: "/mnt")
            for signal in [SIGKILL, SIGINT] {
                let running = try RunningTool(
                    program("nlgate"), ["selftest", "--nlgated", scratch.path + "/nlgated"],
                    log: scratch.path + "/log")
                try eventually("it tries calls") { running.log.contains("frontend: filter") }
                #expect(!processes(naming: scratch.path).isEmpty)
                try running.child.signal(signal)
                #expect(try running.wait() == .signalled(signal))
                try eventually("nothing is left") { processes(naming: scratch.path).isEmpty }
                try tool("rm", ["-f", scratch.path + "/log"])
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: "/mnt") == before)
        }

        @Test func `it says what it needs`() throws {
            let nobody = try result(
                of: try #require(toolPath("setpriv")),
                ["--reuid", "65534", "--regid", "65534", "--clear-groups", try program("nlgate"), "selftest"])
            #expect(nobody.status == .exited(1))
            #expect(nobody.output.hasPrefix("nlgate: selftest needs root"), "\(nobody.output)")
            #expect(try selftest(["--no-such-option"]).status == .exited(2))
            let absent = try selftest(["--nlgated", "/nonexistent/nlgated"])
            #expect(absent.status == .exited(1))
            #expect(absent.output.contains("there is no nlgated at /nonexistent/nlgated"), "\(absent.output)")
            // Without CAP_SYS_ADMIN root can't make the place either.
            let weak = try result(
                of: try #require(toolPath("setpriv")),
                ["--bounding-set=-sys_admin", "--inh-caps=-sys_admin", try program("nlgate"), "selftest"])
            #expect(weak.status == .exited(1))
            #expect(weak.output.contains("a network namespace can't be made here: EPERM"), "\(weak.output)")
            // Without CAP_SYS_PTRACE nothing can be looked at from within, and nothing is passed.
            let blind = try result(
                of: try #require(toolPath("setpriv")),
                ["--bounding-set=-sys_ptrace", "--inh-caps=-sys_ptrace", try program("nlgate"), "selftest"])
            #expect(blind.status == .exited(1))
            #expect(blind.output.contains("processes can't be traced here"), "\(blind.output)")
            #expect(blind.output.contains("0 ok, 0 failed"), "\(blind.output)")
        }
    }
}

private func words(ofProcess pid: Int32) -> String {
    text(ofFile: "/proc/\(pid)/cmdline").replacing("\0", with: " ") + (linkTarget("/proc/\(pid)/exe") ?? "")
}
