import Confinement
import Foundation
import Glibc
import LinuxSys
import Programs
import Synchronization

/// A program that failed, with what it printed.
struct ToolFailure: Error, CustomStringConvertible {
    var description: String
}

/// How a program ended and what it printed.
struct ToolResult {
    var status: LinuxSys.ExitStatus
    var output: String
}

extension ChildProcess {
    /// Kills it, and takes its status.
    ///
    /// A status that nobody takes is found again and again by whoever waits for any child, as exit tests do, and hides
    /// theirs.
    func endNow() {
        try? signal(SIGKILL)
        _ = try? descriptor.wait(for: .read, milliseconds: 60_000)
        _ = try? reap()
    }
}

/// A program that was started and prints to a file.
final class RunningTool {
    let child: ChildProcess
    let logPath: String
    private(set) var status: LinuxSys.ExitStatus?

    /// Starts the program at `path`; it is in the calling thread's namespace and its environment is clean.
    ///
    /// `passed` become its descriptors from 3 on.
    init(_ path: String, _ arguments: [String], log: String, passing passed: [Int32] = []) throws {
        let null = try Descriptor.open("/dev/null", flags: O_RDWR)
        let file = try Descriptor.open(log, flags: O_RDWR | O_CREAT | O_APPEND, mode: 0o600)
        child = try spawn(
            HelperImage(path: path), arguments: arguments, descriptors: [null.raw, file.raw, file.raw] + passed)
        logPath = log
    }

    deinit {
        if status == nil { child.endNow() }
    }

    /// What it printed so far.
    var log: String { text(ofFile: logPath) }

    /// True when it has ended.
    func hasEnded() throws -> Bool {
        if status == nil { status = try child.reap() }
        return status != nil
    }

    /// Waits for its end.
    func wait(seconds: Int = 60) throws -> LinuxSys.ExitStatus {
        if let status { return status }
        _ = try child.descriptor.wait(for: .read, milliseconds: Int32(seconds) * 1000)
        guard try hasEnded(), let status else { throw ToolFailure(description: "pid \(child.pid) still runs: \(log)") }
        return status
    }
}

/// Runs a program to its end.
func result(of path: String, _ arguments: [String], seconds: Int = 60) throws -> ToolResult {
    let scratch = try Scratch()
    let tool = try RunningTool(path, arguments, log: scratch.path + "/output")
    return ToolResult(status: try tool.wait(seconds: seconds), output: tool.log)
}

/// Runs a system program to its end, which must be exit status 0.
@discardableResult
func tool(_ name: String, _ arguments: [String]) throws -> String {
    guard let path = toolPath(name) else { throw ToolFailure(description: "\(name) is not installed") }
    let result = try result(of: path, arguments)
    guard result.status == .exited(0) else {
        throw ToolFailure(
            description: "\(name) \(arguments.joined(separator: " ")): \(result.status): \(result.output)")
    }
    return result.output
}

/// Where a system program is; nil when it isn't installed.
func toolPath(_ name: String) -> String? {
    ["/usr/sbin/", "/usr/bin/", "/sbin/", "/bin/"].map { $0 + name }
        .first { FileManager.default.isExecutableFile(atPath: $0) }
}

/// A program of this package, beside the tests.
func program(_ name: String) throws -> String {
    let path = try builtProgram(name)
    guard FileManager.default.isExecutableFile(atPath: path) else { throw ToolFailure(description: "no \(path)") }
    return path
}

/// A file's text; empty when it can't be read.
func text(ofFile path: String) -> String {
    FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
}

/// A directory of the test's own, with a short name, that goes with this value.
final class Scratch: Sendable {
    private static let count = Atomic<Int>(0)
    /// What a static value holds on to goes with the test program.
    private static let parent = Result {
        let path = "/tmp/nlgt-\(getpid())"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        atexit { try? FileManager.default.removeItem(atPath: "/tmp/nlgt-\(getpid())") }
        return path
    }

    let path: String

    init() throws {
        path = try Scratch.parent.get() + "/\(Scratch.count.add(1, ordering: .relaxed).newValue)"
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o755])
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file and returns its path.
    @discardableResult
    func write(_ content: some StringProtocol, to name: String, mode: Int = 0o600) throws -> String {
        try write(Array(content.utf8), to: name, mode: mode)
    }

    /// Writes a file and returns its path.
    @discardableResult
    func write(_ content: [UInt8], to name: String, mode: Int = 0o600) throws -> String {
        let file = path + "/" + name
        guard
            FileManager.default.createFile(
                atPath: file, contents: Data(content), attributes: [.posixPermissions: mode])
        else { throw ToolFailure(description: "can't write \(file)") }
        return file
    }
}

/// What has been the same for a second: a process that has just ended may not be forgotten yet.
func settled<Value: Equatable>(_ look: () throws -> Value) throws -> Value {
    var value = try look()
    var since = Clock.monotonicMilliseconds()
    try eventually("nothing changes for a second") {
        let now = try look()
        if now != value { (value, since) = (now, Clock.monotonicMilliseconds()) }
        return Clock.monotonicMilliseconds() >= since + 1000
    }
    return value
}

/// Waits until the condition holds.
///
/// - Throws: `ToolFailure` when it doesn't within the deadline, which is generous: slow machines pass too.
func eventually(_ what: String, seconds: Int = 60, _ condition: () throws -> Bool) throws {
    let end = Clock.monotonicMilliseconds() + UInt64(seconds) * 1000
    while try !condition() {
        guard Clock.monotonicMilliseconds() < end else { throw ToolFailure(description: "it never happened: \(what)") }
        usleep(5000)
    }
}
