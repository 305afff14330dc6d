import ArgumentParser
import Foundation
import GatewayIPC
import GatewayProtocol
import LinuxSys
import RemoteNetlink

let nlgateVersionText = "nlgate \(nlgateVersion)"

/// A failure with its exit code: 1 the kernel or the policy said no, 2 usage, 3 no connection.
struct Failure: Error {
    let code: Int32
    let text: String

    init(_ code: Int32, _ text: String) {
        self.code = code
        self.text = text
    }

    init(_ error: RequestError) {
        switch error {
        case .connection(let error): self.init(error)
        case .kernel(let error):
            self.init(1, error.text ?? "\(Errno(rawValue: error.errno))")
        case .wire(let error): self.init(1, "the answer can't be read: \(error)")
        case .overrun: self.init(1, "the kernel dropped a part of the answer; try again")
        case .interrupted: self.init(1, "the table kept changing while it was read; try again")
        }
    }

    /// A refusal by the policy is a no; everything else is no connection.
    init(_ error: ConnectError) {
        if case .goodbye(let outcome) = error, outcome.code == GoodbyeReason.policy {
            self.init(1, "\(error)")
        } else {
            self.init(3, "\(error)")
        }
    }
}

extension NLGate {
    /// The command that these words mean.
    static func command(_ arguments: [String]) throws -> any ParsableCommand {
        try parseAsRoot(Abbreviations.expand(arguments))
    }
}

/// Parses, runs, and turns what went wrong into one line and an exit code.
///
/// A command that is not asynchronous has the only thread that there is: the signals that it blocks reach no other.
func run() {
    do {
        var command = try NLGate.command(Array(CommandLine.arguments.dropFirst()))
        guard command is any AsyncParsableCommand else { return try command.run() }
    } catch {
        fail(error)
    }
    Task {
        await runAsynchronously()
        exit(0)
    }
    dispatchMain()
}

private func runAsynchronously() async {
    do {
        let command = try NLGate.command(Array(CommandLine.arguments.dropFirst()))
        guard var waiting = command as? any AsyncParsableCommand else { return }
        try await waiting.run()
    } catch {
        fail(error)
    }
}

private func fail(_ error: any Error) -> Never {
    do {
        throw error
    } catch let failure as Failure {
        // What the gateway refuses says so itself.
        let text = failure.text.hasPrefix("nlgate: ") ? failure.text : "nlgate: \(failure.text)"
        FileHandle.standardError.write(Data("\(text)\n".utf8))
        exit(failure.code)
    } catch let code as ExitCode {
        exit(code.rawValue)
    } catch {
        let code = NLGate.exitCode(for: error)
        let text = NLGate.fullMessage(for: error)
        if code.isSuccess {
            print(text)
        } else {
            FileHandle.standardError.write(Data((text + "\n").utf8))
        }
        exit(code.isSuccess ? 0 : code == .validationFailure ? 2 : code.rawValue)
    }
}
