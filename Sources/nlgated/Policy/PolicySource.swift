import Glibc
import LinuxSys

/// Where the policy comes from.
enum PolicySource: Equatable {
    /// A policy that comes with the program, by its name without `builtin:`.
    case builtin(String)
    /// A file, opened anew for each reload.
    case file(String)

    /// The built-in policies.
    static let builtins = ["read-only", "unrestricted"]

    /// It stands in lines of the audit log, which must fit into a pipe.
    static let longestPath = 1024

    init(_ text: String) throws(StartError) {
        let prefix = "builtin:"
        guard text.hasPrefix(prefix) else {
            guard !text.isEmpty, text.utf8.count <= PolicySource.longestPath else {
                throw .usage("--policy takes a path of at most \(PolicySource.longestPath) bytes")
            }
            self = .file(text)
            return
        }
        let name = String(text.dropFirst(prefix.count))
        guard PolicySource.builtins.contains(name) else {
            let known = PolicySource.builtins.map { prefix + $0 }.joined(separator: " or ")
            throw .usage("--policy \(text): there is no such policy; it takes \(known), or a file")
        }
        self = .builtin(name)
    }

    /// As it was written.
    var name: String {
        switch self {
        case .builtin(let name): "builtin:" + name
        case .file(let path): path
        }
    }
}

/// A policy that is ready to be compiled: its name, and its file unless it is built in.
struct PolicyInput {
    let name: String
    let source: PolicySource
    let file: PassedDescriptor?

    /// Opens and checks what is configured.
    ///
    /// - Throws: `unusable` for a file that isn't there, isn't a file, or could have been written by others.
    init(opening source: PolicySource) throws(StartError) {
        name = source.name
        self.source = source
        guard case .file(let path) = source else {
            file = nil
            return
        }
        let descriptor = try attempt("--policy \(path)") { () throws(Errno) in
            // Non-blocking: a FIFO in place of a file must not hold up the daemon.
            PassedDescriptor(try Descriptor.open(path, flags: O_RDONLY | O_NONBLOCK))
        }
        try check(descriptor, "--policy \(path)")
        file = descriptor
    }

    /// Takes over a file that somebody else opened.
    ///
    /// - Throws: `unusable` like the other.
    init(handed: PassedDescriptor) throws(StartError) {
        let link = "/proc/self/fd/\(handed.descriptor.raw)"
        let known = linkTarget(link).flatMap { $0.utf8.count <= PolicySource.longestPath ? $0 : nil }
        let path = known ?? "the file that was handed over"
        name = path
        source = .file(path)
        try check(handed, path)
        // Opened again: the offset of the other descriptor is its owner's.
        let own = try attempt(path) { () throws(Errno) in
            PassedDescriptor(try Descriptor.open(link, flags: O_RDONLY | O_NONBLOCK))
        }
        try check(own, path)
        file = own
    }
}

/// Bytes that a policy file may have.
private let largestPolicy = 1 << 20

/// Whoever may write such a file rules the host: only root and the daemon's own user may.
func check(_ file: PassedDescriptor, _ what: String) throws(StartError) {
    let status = try attempt(what) { () throws(Errno) in try FileStatus(of: file.descriptor) }
    guard status.kind == .regular else {
        throw .unusable("\(what): is \(status.kind == .directory ? "a directory" : "not a regular file")")
    }
    guard status.uid == 0 || status.uid == getuid() else {
        throw .unusable(
            "\(what): belongs to uid \(status.uid); it must belong to root or to the user of the daemon "
                + "(uid \(getuid())), use 'chown' first")
    }
    guard status.permissions & 0o022 == 0 else {
        throw .unusable("\(what): others than its owner can write it; 'chmod go-w' first")
    }
    guard status.size > 0 else { throw .unusable("\(what): is empty") }
    guard status.size <= largestPolicy else { throw .unusable("\(what): is larger than \(largestPolicy) bytes") }
}
