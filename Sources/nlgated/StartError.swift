import Confinement
import LinuxSys

/// Why the daemon doesn't start, in words that say what to do.
enum StartError: Error, CustomStringConvertible {
    /// Not an error: this text was asked for.
    case help(String)
    /// The command line is wrong.
    case usage(String)
    /// The configuration file is wrong: one line for each error.
    case configuration([String])
    /// A file, a listener, a namespace can't be used.
    case unusable(String)
    /// A process could not be confined.
    case sealing(SealingError)

    var description: String {
        switch self {
        case .help(let text): text
        case .usage(let text): "\(text)\nTry 'nlgated --help'."
        case .configuration(let lines): "the configuration can't be used\n" + lines.joined(separator: "\n")
        case .unusable(let text): text
        case .sealing(let error): "\(error)"
        }
    }

    var exitCode: Int32 {
        switch self {
        case .help: 0
        case .usage, .configuration: 2
        case .unusable, .sealing: 1
        }
    }
}

/// Calls `body` and says what was being done when it fails.
func attempt<Result: ~Copyable>(
    _ what: @autoclosure () -> String, _ body: () throws(Errno) -> Result
) throws(StartError) -> Result {
    do throws(Errno) {
        return try body()
    } catch {
        throw .unusable("\(what()): \(error)")
    }
}
