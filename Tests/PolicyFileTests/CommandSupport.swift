import Foundation
import Programs
import Testing

/// What `nlgate` said and how it ended.
struct CommandOutcome {
    let status: Int32
    let output: String
    let errors: String

    /// The one JSON document of the output.
    func json() throws -> Any {
        #expect(output.hasSuffix("\n") && output.count { $0 == "\n" } == 1, "one document in one line: \(output)")
        return try JSONSerialization.jsonObject(with: Data(output.utf8), options: .fragmentsAllowed)
    }

    func object() throws -> [String: Any] { try #require(try json() as? [String: Any]) }
    func list() throws -> [[String: Any]] { try #require(try json() as? [[String: Any]]) }
}

/// A folder of its own, gone at the end.
final class PolicyFolder {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "nlgate-policy-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Writes a file that its owner alone may write.
    @discardableResult
    func write(_ text: String, as name: String = "policy.yaml", mode: Int = 0o644) throws -> String {
        let file = "\(path)/\(name)"
        try Data(text.utf8).write(to: URL(filePath: file))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
        return file
    }

    func read(_ name: String = "policy.yaml") throws -> String {
        try String(contentsOfFile: "\(path)/\(name)", encoding: .utf8)
    }

    /// Names in the folder.
    var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() }

    /// Runs the built `nlgate policy` with these arguments in the folder.
    func policy(_ arguments: String..., input: String = "", environment: [String: String] = [:]) throws
        -> CommandOutcome
    {
        try run([try nlgate(), "policy"] + arguments, input: input, environment: environment)
    }

    func run(_ command: [String], input: String = "", environment: [String: String] = [:]) throws -> CommandOutcome {
        let environment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"].merging(environment) { $1 }
        let program = try FinishedProgram(
            command[0], Array(command.dropFirst()), in: path, environment: environment, input: input)
        #expect(program.status < 128, "\(command) was stopped by a signal")
        return CommandOutcome(status: program.status, output: program.output, errors: program.errors)
    }

    func nlgate() throws -> String { try builtProgram("nlgate") }
}

/// A small policy for commands.
let commandPolicy = """
    policy: 1
    clients:
      noc: { common-name: "noc-*", issuer: "CN=Ops CA" }
      root: { uid: 0 }
    roles:
      monitor:
        read:
          route: [GETLINK, GETADDR]   # what it reads
          generic/nlctrl: [GET*]
        limits: { sessions: 2, messages-per-second: 100 }
      router:
        include: [monitor]
        write: { route: [NEWROUTE] }
        where: { table: [100-199] }
    bindings:
      - { client: noc, roles: [router] }
      - { client: root, roles: [monitor], netns: [blue] }
    tests:
      - { client: noc, allow: "route GETLINK dump" }
      - { client: noc, deny: "route NEWROUTE table=main" }

    """
