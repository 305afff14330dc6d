import Foundation
import Glibc

/// A program that ran to its end: how it ended and what it said.
public struct FinishedProgram: Sendable {
    /// Its exit status, or 128 and the number of the signal that ended it.
    public let status: Int32
    /// What it wrote to its standard output.
    public let output: String
    /// What it wrote to its standard error.
    public let errors: String

    /// What it wrote, errors first.
    public var everything: String { errors + output }

    /// Runs the program at `path` to its end; without an environment it has that of the tests.
    ///
    /// Its output goes to files, because a pipe that nobody reads would stop it.
    ///
    /// - Throws: when it can't be started, or is not over in so many seconds; then it is killed.
    public init(
        _ path: String, _ arguments: [String] = [], in directory: String? = nil, environment: [String: String]? = nil,
        input: String = "", seconds: Double = 300
    ) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "nlgate-program-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let files = ["in", "out", "err"].map { folder.appending(path: $0) }
        try Data(input.utf8).write(to: files[0])
        for file in files[1...] { try Data().write(to: file) }
        let process = Process()
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        if let directory { process.currentDirectoryURL = URL(filePath: directory) }
        if let environment { process.environment = environment }
        process.standardInput = try handle(files[0], O_RDONLY)
        process.standardOutput = try handle(files[1], O_WRONLY)
        process.standardError = try handle(files[2], O_WRONLY)
        try process.run()
        let end = Date(timeIntervalSinceNow: seconds)
        while process.isRunning {
            guard Date() < end else {
                kill(process.processIdentifier, SIGKILL)
                throw ProgramError(description: "\(path) \(arguments) was not over in \(seconds) s")
            }
            usleep(2000)
        }
        status = process.terminationStatus + (process.terminationReason == .exit ? 0 : 128)
        output = String(decoding: try Data(contentsOf: files[1]), as: UTF8.self)
        errors = String(decoding: try Data(contentsOf: files[2]), as: UTF8.self)
    }

    /// What it wrote to its standard output.
    ///
    /// - Throws: when its exit status is not 0.
    public func successful() throws -> String {
        guard status == 0 else { throw ProgramError(description: "exit status \(status): \(everything)") }
        return output
    }
}

/// A file that other programs, which tests start meanwhile, don't get: a FileHandle of a path would be inherited.
private func handle(_ file: URL, _ flags: Int32) throws -> FileHandle {
    let path = file.path(percentEncoded: false)
    // SAFETY: the text is a C string during the call.
    let descriptor = unsafe open(path, flags | O_CLOEXEC)
    guard descriptor >= 0 else { throw ProgramError(description: "\(path) can't be opened") }
    return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
}

/// Why a program's output is of no use.
public struct ProgramError: Error, CustomStringConvertible {
    /// For people.
    public let description: String
}

/// Where a program of this package is, beside the tests.
public func builtProgram(_ name: String) throws -> String {
    let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    return URL(filePath: own).deletingLastPathComponent().path() + name
}
