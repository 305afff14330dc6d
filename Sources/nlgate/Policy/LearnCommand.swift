import ArgumentParser

/// `nlgate policy learn AUDIT…`.
struct PolicyLearn: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "learn", abstract: "Draft the smallest policy that covers what an audit log saw.")

    func run() throws {
        throw Failure(2, "not yet")
    }
}
