import ArgumentParser

/// `nlgate policy apply [FILE]`.
struct PolicyApply: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply", abstract: "Load a policy into the running daemon.")

    func run() throws {
        throw Failure(2, "not yet")
    }
}
