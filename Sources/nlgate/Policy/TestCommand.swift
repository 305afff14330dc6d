import ArgumentParser
import PolicyFile

/// `nlgate policy test FILE`.
struct PolicyTest: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Run the tests that stand in a policy.",
        discussion: """
            Example: nlgate policy test policy.yaml
            """)

    @OptionGroup var source: PolicyFileOptions
    @OptionGroup var output: PolicyOutputOptions

    func run() throws {
        let input = try PolicyInput(source.file)
        let outcomes = input.policy.runTests()
        let failed = outcomes.count { !$0.passed }
        // What failed is among the errors; without tests that ran, other errors are in the way.
        if output.json {
            PolicyJSON.write(.array(outcomes.map(json)))
        } else {
            if outcomes.isEmpty { DiagnosticOutput(input.policy.source).printErrors(input.diagnostics) }
            for outcome in outcomes { Terminal.output.write(line(outcome, input)) }
            Terminal.output.write("\(outcomes.count - failed) passed, \(failed) failed\n")
        }
        guard failed == 0, !outcomes.isEmpty || input.isValid else { throw ExitCode(1) }
    }

    private func line(_ outcome: TestOutcome, _ input: PolicyInput) -> String {
        let terminal = Terminal.output
        let mark = outcome.passed ? terminal.paint("ok  ", .green) : terminal.paint("FAIL", .red)
        let wish = outcome.expectsAllow ? "allow" : "deny"
        var text = "\(mark) line \(outcome.position.line): \(outcome.client): \(wish) \(outcome.request)\n"
        guard !outcome.passed else { return text }
        for line in outcome.explanation.lines(file: input.path) { text += "       \(Terminal.visible(line))\n" }
        return text
    }

    private func json(_ outcome: TestOutcome) -> JSON {
        PolicyJSON.object([
            "line": PolicyJSON.number(outcome.position.line), "client": JSON(outcome.client),
            "request": JSON(outcome.request), "expected": JSON(outcome.expectsAllow ? "allow" : "deny"),
            "passed": JSON(outcome.passed), "decision": JSON(outcome.explanation.decision.rawValue),
        ])
    }
}
