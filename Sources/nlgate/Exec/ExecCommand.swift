import ArgumentParser
import ExecMonitor
import Foundation
import GatewayURL
import LinuxSys
import RemoteNetlink

/// `nlgate exec`: any program of this host against the kernel of another.
struct ExecCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exec", abstract: "Run a program of this host against the kernel behind a gateway.",
        usage: "nlgate exec --host URL [OPTIONS] -- COMMAND [ARGUMENT …]",
        discussion: """
            The program is run unmodified; only its netlink sockets are elsewhere. Static binaries, scripts and \
            programs that start others work alike. Everything else stays local: files, /sys, /proc/net and ioctls, \
            but for five about interfaces (index, name, flags, MTU, hardware address), which are answered by the \
            other kernel. SIOCETHTOOL fails, so that no tool shows this host's data as the other's.

            Exit status: the command's own; 126 when it can't be executed, 127 when it isn't there, 128 and the \
            signal's number when a signal ended it; 2 for a wrong command line, 3 when there is no connection or no \
            seccomp notification on this host. docs/exec.md tells more.
            """)

    @OptionGroup var connection: ConnectionOptions

    @Flag(help: "Ask for sessions that only read.")
    var readOnly = false

    @Flag(help: "Answer ioctls about interfaces from this host.")
    var localIoctl = false

    @Flag(help: "Print each netlink message on standard error.")
    var trace = false

    @Argument(parsing: .captureForPassthrough, help: "The command and its arguments.")
    var command: [String] = []

    func run() throws {
        if let first = command.first, ["-h", "--help"].contains(first) { throw CleanExit.helpRequest(self) }
        let words = command.first == "--" ? Array(command.dropFirst()) : command
        guard !words.isEmpty else { throw Failure(2, "exec needs a command: nlgate exec --host URL -- ip link") }
        guard let url = try connection.url() else {
            throw Failure(2, "exec needs a gateway: give --host URL or set NLGATE_HOST")
        }
        var settings = ExecSettings(url, try connection.credentials(for: url))
        settings.networkNamespace = connection.netns
        settings.readOnly = readOnly
        settings.localRequests = localIoctl
        settings.complain = { writeStandardError("nlgate exec: \($0)") }
        if trace {
            let text = TraceText()
            settings.trace = { for line in text.lines($0) { writeStandardError(line) } }
        }
        throw ExitCode(try exitStatus(of: words, settings))
    }

    private func exitStatus(of words: [String], _ settings: ExecSettings) throws -> Int32 {
        let monitor: ExecMonitor
        do throws(ConnectError) {
            monitor = try ExecMonitor(settings)
            try monitor.connect()
        } catch {
            throw Failure(3, "\(error)")
        }
        do throws(StageError) {
            switch try monitor.run(words) {
            case .exited(let code): return code
            case .signalled(let signal): return 128 + signal
            }
        } catch {
            throw error.failure(words[0])
        }
    }
}

extension StageError {
    /// The sentence and the exit code.
    fileprivate func failure(_ command: String) -> Failure {
        switch self {
        case .execute(let error):
            Failure(error.rawValue == ENOENT ? 127 : 126, "\(command): \(error)")
        case .filter(let error) where error.rawValue == EBUSY:
            Failure(
                3,
                "this process is under another seccomp monitor already (a nested 'nlgate exec', or a container that "
                    + "watches system calls); the kernel allows one")
        case .filter(let error):
            Failure(
                3,
                "seccomp notification is not allowed here: \(error); it needs Linux 5.14, and a container must "
                    + "permit seccomp(2)")
        case .fork(let error): Failure(3, "can't start a process: \(error)")
        case .listener(let error): Failure(3, "can't watch the command: \(error)")
        }
    }
}
