import Foundation
import PolicyFile
import Testing

/// What `docs/policy.md` shows is what the commands say.
@Suite struct DocumentTests {
    private static let document = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../docs/policy.md")

    /// The contents of the fenced blocks.
    private func blocks() throws -> [String] {
        let parts = try String(contentsOf: Self.document, encoding: .utf8).components(separatedBy: "```")
        return parts.enumerated().filter { !$0.offset.isMultiple(of: 2) }.map(\.element)
    }

    @Test func `the walk through a refusal is what happens`() throws {
        let blocks = try blocks()
        let first = try #require(blocks.first { $0.hasPrefix("yaml\npolicy: 1\n") }).dropFirst("yaml\n".count)
        let folder = try PolicyFolder()
        try folder.write(String(first))
        for (command, arguments, status) in [
            ("explain", ["--client", "common-name=noc-7", "--client", "issuer=CN=Ops CA", "route GETROUTE dump"], 1),
            ("allow", ["--role", "monitor", "route GETROUTE"], 0), ("check", [], 0),
        ] as [(String, [String], Int32)] {
            let block = try #require(blocks.first { $0.contains(" nlgate policy \(command) /etc") })
            let shown = block.components(separatedBy: "\n").dropFirst(2).joined(separator: "\n")
            let outcome = try folder.run([try folder.nlgate(), "policy", command, "policy.yaml"] + arguments)
            #expect(outcome.status == status)
            #expect(outcome.output.replacing("policy.yaml", with: "/etc/nlgate/policy.yaml") == shown, "\(command)")
        }
        // The tests that it adds at the end.
        let tests = try #require(blocks.first { $0.hasPrefix("yaml\ntests:\n") }).dropFirst("yaml\n".count)
        try folder.write(try folder.read() + tests)
        #expect(try folder.policy("test", "policy.yaml").output.hasSuffix("2 passed, 0 failed\n"))
    }

    @Test func `every command of the help has a row`() throws {
        let text = try String(contentsOf: Self.document, encoding: .utf8)
        for command in ["check", "show", "explain", "test", "allow", "deny", "learn", "apply"] {
            #expect(text.contains("`\(command) "), "\(command)")
        }
    }
}
