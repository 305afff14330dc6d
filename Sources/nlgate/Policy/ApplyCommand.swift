import ArgumentParser
import Foundation
import GatewayIPC
import LinuxSys
import PolicyFile

/// `nlgate policy apply [FILE]`.
struct PolicyApply: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Put a policy into force in the running daemon.",
        discussion: """
            Without a file the daemon reads its own --policy anew, as SIGHUP makes it do. A file is checked here first,
            then handed over; it holds until the next reload. A policy with errors changes nothing.

            Example: nlgate policy apply /etc/nlgate/policy.yaml
            """)

    @Argument(help: ArgumentHelp("The policy file.", valueName: "file"))
    var file: String?

    @Option(help: "The daemon's admin socket.")
    var admin = usualAdminPath

    @Flag(help: "Change nothing; show which policy is in force.")
    var status = false

    @OptionGroup var output: PolicyOutputOptions

    func validate() throws {
        if status, file != nil { throw ValidationError("--status takes no file") }
        if let file, file == "-" || file.hasPrefix("builtin:") {
            throw ValidationError("the daemon takes a file; start it with --policy \(file) for a built-in")
        }
    }

    func run() throws {
        var descriptor: Int32 = -1
        var verb: UInt8 = status ? 4 : 2
        if let file {
            _ = try PolicyFileOptions.checked(file)
            descriptor = try PolicyApply.open(file).release()
            verb = 3
        }
        // Compiling takes 10 seconds at most, and others may be before this one.
        let bytes = try AdminClient(path: admin).ask(verb, passing: descriptor, milliseconds: 60_000)
        let answer = String(decoding: bytes, as: UTF8.self)
        let lines = answer.split(separator: "\n").map { Terminal.visible($0) }
        let isDone = lines.first?.hasPrefix("ok ") == true || lines.first == "ok"
        if output.json {
            PolicyJSON.write(
                PolicyJSON.object([
                    "ok": JSON(isDone), "text": JSON(PolicyApply.sentence(lines.first ?? "")),
                    "lines": PolicyJSON.texts(Array(lines.dropFirst())),
                ]))
        } else if isDone {
            Terminal.output.write(([PolicyApply.sentence(lines[0])] + lines.dropFirst()).map { $0 + "\n" }.joined())
        } else {
            Terminal.errors.write(lines.dropFirst().map { $0 + "\n" }.joined())
            throw Failure(1, "nothing changed: \(PolicyApply.sentence(lines.first ?? "no answer"))")
        }
        if !isDone { throw ExitCode(1) }
    }

    private static func sentence(_ line: String) -> String {
        for word in ["ok ", "error "] where line.hasPrefix(word) { return String(line.dropFirst(word.count)) }
        return line
    }

    private static func open(_ path: String) throws -> Descriptor {
        do throws(Errno) { return try Descriptor.open(path, flags: O_RDONLY | O_NONBLOCK) } catch {
            throw Failure(1, "\(path): \(error)")
        }
    }
}
