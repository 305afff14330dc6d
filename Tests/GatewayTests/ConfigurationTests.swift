import Foundation
import Glibc
import LinuxSys
import PolicyFile
import Testing

extension GatewayTests {
    /// A daemon that is told by a file what to do.
    @Suite struct ConfigurationTests {
        private let scratch: Scratch

        init() throws { scratch = try Scratch() }

        private func configuration(_ text: String, mode: Int = 0o644) throws -> String {
            try scratch.write("config: 1\n" + text, to: "nlgated.yaml", mode: mode)
        }

        private var usual: String {
            "listen: ['unix://\(scratch.path)/s.sock']\nadmin: none\nfrontends: 1\nreaders: 2\nuid-base: \(LoneHelper.uid)\n"
        }

        private func daemon(_ words: String...) throws -> ToolResult { try result(of: program("nlgated"), words) }

        @Test func `a gateway runs by its file, and --check says so before`() throws {
            let path = try configuration(usual + "audit: none\nlimits: { sessions: 3 }\n")
            try Namespace().enter {
                let checked = try daemon("--config", path, "--check")
                #expect(checked.status == .exited(0), "\(checked.output)")
                let running = try RunningTool(program("nlgated"), ["--config", path], log: scratch.path + "/log")
                try eventually("listening") { running.log.contains("listening on") }
                let shown = try result(
                    of: program("nlgate"), ["link", "--json", "-H", "unix://\(scratch.path)/s.sock"])
                #expect(shown.status == .exited(0) && shown.output.contains("\"ifname\":\"lo\""), "\(shown.output)")
                try running.child.signal(SIGTERM)
                #expect(try running.wait() == .exited(0))
            }
        }

        @Test func `the printed configuration leads to itself`() throws {
            let path = try configuration(usual + "netns: [a, b]\npolicy: \"it's\"\nstop-on-eof: true\n")
            let first = try daemon("--config", path, "--print-config", "--frontends", "4")
            #expect(first.status == .exited(0))
            #expect(first.output.contains("frontends: '4'  # command line\n"), "\(first.output)")
            #expect(first.output.contains("policy: 'it''s'  # \(path):8\n"), "\(first.output)")
            let again = try scratch.write(first.output, to: "again.yaml")
            let second = try daemon("--config", again, "--print-config")
            func values(_ text: String) -> [Substring] { text.split(separator: "\n").map { $0.prefix { $0 != "#" } } }
            #expect(values(first.output) == values(second.output))
        }

        @Test func `errors have file, line and column, and stop the start`() throws {
            let path = try configuration("listen: [htp://x]\nfrontends: 0\nlimits: { sesions: 1 }\n")
            for words in [["--check"], ["--print-config"], []] {
                let refused = try result(of: program("nlgated"), ["--config", path] + words)
                #expect(refused.status == .exited(2))
                for place in ["2:10", "3:12", "4:11"] {
                    #expect(refused.output.contains("\n\(path):\(place): error: "), "\(refused.output)")
                }
            }
            let shape = try daemon("--config", try configuration("lissen: []\nkey: *a\n"), "--check")
            #expect(
                shape.status == .exited(2) && shape.output.contains("\(path):3:6: error: a YAML alias"),
                "\(shape.output)")
        }

        @Test func `a file that others could have written is not read`() throws {
            let refused = try daemon("--config", try configuration(usual, mode: 0o666), "--check")
            #expect(refused.status == .exited(1) && refused.output.contains("others than its owner can write it"))
            let foreign = try configuration(usual)
            try tool("chown", ["65534:65534", foreign])
            let owned = try daemon("--config", foreign, "--check")
            #expect(owned.status == .exited(1) && owned.output.contains("belongs to uid 65534"), "\(owned.output)")
            let missing = try daemon("--config", scratch.path + "/none", "--check")
            #expect(missing.status == .exited(1) && missing.output.contains("No such file"), "\(missing.output)")
        }

        @Test func `every option can be said in the file, but those of a single run`() throws {
            let help = try daemon("--help").output
            let options = Set(help.matches(of: /\n  (?:--[a-z-]+, )?--([a-z-]+)/).map { String($0.1) })
            let single: Set = ["config", "check", "print-config", "help", "version", "insecure-old-kernel"]
            let keys = Set(ConfigurationFile.texts + ConfigurationFile.lists + ConfigurationFile.switches + ["limit"])
            #expect(
                options.subtracting(single.union(["version"])) == keys,
                "\(options.symmetricDifference(keys.union(single)))")
        }
    }
}
