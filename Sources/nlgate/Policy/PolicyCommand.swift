import ArgumentParser

/// `nlgate policy`: what a policy file means, and changes to it.
struct PolicyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy",
        abstract: "Check, explain, change and load the file that says who may do what.",
        discussion: """
            A policy is one YAML file; docs/policy.md describes it, and policy/ has some to begin with.
            FILE may be - for standard input where nothing is written, and builtin:read-only or builtin:unrestricted.

            Exit status: 0 done, valid, allowed; 1 errors in the policy, denied; 2 wrong usage; 3 no daemon.
            """,
        subcommands: [
            PolicyCheck.self, PolicyShow.self, PolicyExplain.self, PolicyTest.self, PolicyAllow.self, PolicyDeny.self,
            PolicyLearn.self, PolicyApply.self,
        ])
}

/// The policy that a command is about.
struct PolicyFileOptions: ParsableArguments {
    @Argument(help: ArgumentHelp("The policy file, - for standard input, or builtin:NAME.", valueName: "file"))
    var file: String
}

/// How a command answers.
struct PolicyOutputOptions: ParsableArguments {
    @Flag(help: "Print one JSON document.")
    var json = false
}

/// Whom a question is about.
struct PolicyClientOptions: ParsableArguments {
    @Option(
        name: .customLong("client"),
        help: ArgumentHelp(
            "A client of the file, or a key of an identity such as common-name=noc-7; may be given several times.",
            valueName: "name|key=value"))
    var words: [String] = []

    @Option(help: "The network namespace of the session; the daemon's own if it isn't given.")
    var netns: String?
}
