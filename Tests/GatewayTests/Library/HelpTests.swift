import LinuxSys
import Testing

extension GatewayTests {
    /// Words that are for whoever sits in front of `nlgate`, and reach no kernel.
    @Suite struct HelpTests {
        private func nlgate(_ words: String) throws -> String {
            let result = try result(of: program("nlgate"), words.split(separator: " ").map(String.init))
            #expect(result.status == .exited(0), "\(words): \(result.status) \(result.output)")
            return result.output
        }

        @Test(arguments: [("bash", "#!/bin/bash"), ("zsh", "#compdef nlgate"), ("fish", "function __nlgate")])
        func `a shell's completions, with its name behind a space or an equals sign`(shell: String, head: String) throws
        {
            let script = try nlgate("--generate-completion-script=\(shell)")
            #expect(script.hasPrefix(head))
            #expect(try nlgate("--generate-completion-script \(shell)") == script)
        }

        @Test func `exec has a help like every other command`() throws {
            for words in ["exec --help", "exec -h", "exec --read-only --help", "help exec"] {
                #expect(try nlgate(words).contains("USAGE: nlgate exec --host URL"), "\(words)")
            }
        }
    }
}
