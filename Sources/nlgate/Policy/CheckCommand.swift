import ArgumentParser
import PolicyFile

/// `nlgate policy check FILE…`.
struct PolicyCheck: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check a policy and show what it comes to.",
        discussion: """
            Syntax, names, lint and the file's own tests; then what globs and 'all' became, which writes every 'where'
            binds, and for each client its roles, its broker and its limits. The file must belong to root or to the
            user who asks, and nobody else may write it. Exits with 1 when a file has errors.

            Example: nlgate policy check /etc/nlgate/policy.yaml
            """)

    @Argument(help: ArgumentHelp("Policy files, - for standard input, or builtin:NAME.", valueName: "file"))
    var files: [String]

    @Flag(help: "Hold the policy against the families and operations of the running kernel too.")
    var kernel = false

    @Flag(name: .shortAndLong, help: "Print nothing but errors and warnings.")
    var quiet = false

    @OptionGroup var output: PolicyOutputOptions

    func run() throws {
        let comparison = kernel ? try KernelCheck() : nil
        var documents: [JSON] = []
        var isValid = true
        for (index, file) in files.enumerated() {
            let report = CheckReport(try PolicyInput(file), comparison)
            isValid = isValid && report.input.isValid
            if output.json {
                documents.append(report.json)
            } else {
                DiagnosticOutput(report.input.policy.source).printErrors(report.diagnostics)
                if !quiet { Terminal.output.write((index > 0 ? "\n" : "") + report.text) }
            }
        }
        if output.json { PolicyJSON.write(.array(documents)) }
        guard isValid else { throw ExitCode(1) }
    }
}
