import ArgumentParser
import Foundation
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
    var admin = "/run/nlgate/admin.sock"

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
        let answer = String(decoding: try ask(verb, descriptor), as: UTF8.self)
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

    /// `nlga`, version 1, the verb; the file's descriptor goes with it.
    private func ask(_ verb: UInt8, _ descriptor: Int32) throws -> [UInt8] {
        do throws(Errno) {
            let address = try SocketAddress(unix: admin, abstract: false)
            let socket = try Descriptor.streamSocket(for: address)
            _ = try socket.connect(to: address)
            let request = Array("nlga".utf8) + [1, 0, verb, 0]
            _ = try descriptor < 0 ? socket.send(request.span) : socket.send(request.span, passing: descriptor)
            return try PolicyApply.answer(socket)
        } catch {
            let hint =
                switch error.rawValue {
                case ENOENT, ECONNREFUSED: "; is nlgated running, and with this --admin path?"
                case EACCES, ECONNRESET: "; only root and the daemon's own user may ask"
                default: ""
                }
            throw Failure(3, "\(admin): \(error)\(hint)")
        }
    }

    private static func answer(_ socket: borrowing Descriptor) throws(Errno) -> [UInt8] {
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while text.count < 4 << 20 {
            switch try socket.receive(into: &buffer, count: buffer.count) {
            case .bytes(let count): text += buffer[..<count]
            case .closed:
                guard !text.isEmpty else { throw Errno(rawValue: ECONNRESET) }
                return text
            case .wouldBlock:
                // Compiling takes 10 seconds at most, and others may be before this one.
                guard try socket.wait(for: .read, milliseconds: 60_000) else { throw Errno(rawValue: ETIMEDOUT) }
            }
        }
        return text
    }
}
