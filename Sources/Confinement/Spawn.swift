internal import CLinux
import Glibc
public import LinuxSys

/// The only environment that a process of the gateway has: no crash backtracer, nothing inherited.
let cleanEnvironment = "SWIFT_BACKTRACE=enable=no"

/// A helper program, opened once, so that every child runs the same file whatever happens to its name.
public struct HelperImage: ~Copyable {
    /// Where it was found.
    public let path: String
    private let name: String
    fileprivate let descriptor: Descriptor

    /// Looks beside the running program, then in /usr/libexec/nlgate.
    ///
    /// - Throws: `helper(path, ENOENT)` when it is in neither place, `helper(path, EACCES)` when it isn't an executable
    ///   file, or when somebody other than root and the owner of the running program could replace it.
    public init(name: String) throws(SealingError) {
        var directories = ["/usr/libexec/nlgate"]
        if let own = Self.ownDirectory() { directories.insert(own, at: 0) }
        for directory in directories {
            let path = "\(directory)/\(name)"
            let opened: Descriptor
            do throws(Errno) {
                opened = try Descriptor.open(path, flags: pathOnly | O_NOFOLLOW)
            } catch {
                guard error.rawValue == ENOENT else { throw .helper(path, error) }
                continue
            }
            guard Self.isTrusted(opened.raw) else { throw .helper(path, Errno(rawValue: EACCES)) }
            descriptor = opened
            self.path = path
            self.name = name
            return
        }
        throw .helper(name, Errno(rawValue: ENOENT))
    }

    /// The program at this path, as it is; for tests.
    ///
    /// - Throws: `helper(path, errno)`.
    public init(path: String) throws(SealingError) {
        do throws(Errno) {
            descriptor = try Descriptor.open(path, flags: pathOnly)
        } catch {
            throw .helper(path, error)
        }
        self.path = path
        name = path.split(separator: "/").last.map(String.init) ?? path
    }

    fileprivate func start(_ arguments: [String], _ descriptors: [Int32]) throws(Errno) -> Int32 {
        let strings = CStrings([name] + arguments)
        let environment = CStrings([cleanEnvironment])
        // SAFETY: both lists end with nil and live to the end of the call; the C function reads `count` integers.
        let pid = unsafe nlg_spawn(
            descriptor.raw, strings.pointers, environment.pointers, descriptors, Int32(descriptors.count))
        guard pid > 0 else { throw Errno.last }
        return pid
    }

    private static func ownDirectory() -> String? {
        var buffer = [UInt8](repeating: 0, count: 4096)
        // SAFETY: readlink writes at most the buffer's size and no NUL.
        let count = unsafe buffer.withUnsafeMutableBytes { bytes in
            guard let base = bytes.baseAddress else { return 0 }
            return unsafe readlink("/proc/self/exe", base.assumingMemoryBound(to: CChar.self), bytes.count)
        }
        guard count > 0, count < buffer.count, let slash = buffer[..<count].lastIndex(of: 0x2f) else { return nil }
        return String(decoding: buffer[..<slash], as: UTF8.self)
    }

    private static func isTrusted(_ fd: Int32) -> Bool {
        var mode: UInt32 = 0
        var owner: UInt32 = 0
        // SAFETY: the C function writes two integers.
        guard unsafe nlg_file_owner(fd, &mode, &owner) == 0 else { return false }
        guard mode & 0o170000 == 0o100000, mode & 0o111 != 0, mode & 0o002 == 0 else { return false }
        return owner == 0 || owner == getuid() || owner == ownerOfRunningProgram()
    }

    private static func ownerOfRunningProgram() -> UInt32? {
        guard let own = try? Descriptor.open("/proc/self/exe", flags: pathOnly) else { return nil }
        var mode: UInt32 = 0
        var owner: UInt32 = 0
        // SAFETY: the C function writes two integers.
        return unsafe nlg_file_owner(own.raw, &mode, &owner) == 0 ? owner : nil
    }
}

/// Starts a helper; the descriptors become 0, 1, 2, … in the child and nothing else is open there.
///
/// The child has default signal actions, no blocked signal, a session of its own, and exactly one environment variable.
/// The caller keeps its descriptors. The corresponding C function is `posix_spawn`.
///
/// - Throws: `spawn(path, errno)`; `E2BIG` for more than 64 descriptors.
public func spawn(
    _ image: borrowing HelperImage, arguments: [String], descriptors: [Int32]
) throws(SealingError) -> ChildProcess {
    do throws(Errno) {
        return try ChildProcess(pid: image.start(arguments, descriptors))
    } catch {
        throw .spawn(image.path, error)
    }
}

/// O_PATH, which Glibc shows only with _GNU_SOURCE.
let pathOnly: Int32 = 0o10000000
