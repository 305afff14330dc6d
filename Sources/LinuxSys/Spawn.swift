internal import CLinux
import Glibc

/// A program file, held open so that what runs is what was looked at.
public struct ProgramFile: ~Copyable, Sendable {
    /// Where it was found.
    public let path: String
    private let descriptor: Descriptor

    /// Opens an executable file.
    ///
    /// - Throws: `ENOENT`, and `EACCES` when it isn't an executable regular file.
    public init(path: String) throws(Errno) {
        // O_PATH, which Glibc shows only with _GNU_SOURCE.
        let opened = try Descriptor.open(path, flags: 0o10000000)
        let status = try FileStatus(of: opened)
        guard status.kind == .regular, status.permissions & 0o111 != 0 else { throw Errno(rawValue: EACCES) }
        descriptor = opened
        self.path = path
    }

    /// Starts the program; the descriptors become 0, 1, 2, … in the child and nothing else is open there.
    ///
    /// The child has default signal actions, no blocked signal and a session of its own; it is in the network namespace
    /// of the calling thread. The caller keeps its descriptors. The corresponding C function is `posix_spawn`.
    ///
    /// - Throws: `E2BIG` for more than 64 descriptors, and what `posix_spawn` reports.
    public func start(
        arguments: [String], environment: [String], descriptors: [Int32]
    ) throws(Errno) -> ChildProcess {
        let words = CStrings([path] + arguments)
        let variables = CStrings(environment)
        // SAFETY: both lists end with nil and live to the end of the call; the C function reads `count` integers.
        let pid = unsafe nlg_spawn(
            descriptor.raw, words.pointers, variables.pointers, descriptors, Int32(descriptors.count))
        guard pid > 0 else { throw Errno.last }
        return try ChildProcess(pid: pid)
    }
}

/// A variable of the process's environment; nil when it isn't set.
///
/// The corresponding C function is `getenv`.
public func environmentVariable(_ name: String) -> String? {
    // SAFETY: the C string lives as long as nobody changes the environment; it is copied at once.
    guard let value = unsafe getenv(name) else { return nil }
    return unsafe String(cString: value)
}

/// The folder of the running program, with a slash at its end; nil when /proc isn't there.
public func ownFolder() -> String? {
    var buffer = [UInt8](repeating: 0, count: 4096)
    // SAFETY: readlink writes at most the buffer's size and no NUL.
    let count = unsafe buffer.withUnsafeMutableBytes { bytes in
        guard let base = bytes.baseAddress else { return 0 }
        return unsafe readlink("/proc/self/exe", base.assumingMemoryBound(to: CChar.self), bytes.count)
    }
    guard count > 0, count < buffer.count, let slash = buffer[..<count].lastIndex(of: 0x2f) else { return nil }
    return String(decoding: buffer[...slash], as: UTF8.self)
}
