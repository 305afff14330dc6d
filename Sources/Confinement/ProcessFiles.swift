internal import CLinux
import Glibc
internal import LinuxSys

/// The numbers of a process's namespaces.
struct NamespaceIDs: Equatable {
    var network: UInt64
    var ipc: UInt64
    var mount: UInt64
    var user: UInt64

    /// Asks through a descriptor of /proc/self, which works when /proc itself is out of reach.
    init(_ process: borrowing Descriptor) throws(Errno) {
        network = try Self.number(process, "ns/net")
        ipc = try Self.number(process, "ns/ipc")
        mount = try Self.number(process, "ns/mnt")
        user = try Self.number(process, "ns/user")
    }

    /// The number of the namespace at a path, or behind the descriptor itself when the path is empty.
    static func number(_ process: borrowing Descriptor, _ path: String) throws(Errno) -> UInt64 {
        try number(process.raw, path)
    }

    static func number(_ fd: Int32, _ path: String) throws(Errno) -> UInt64 {
        var id: UInt64 = 0
        // SAFETY: the path is NUL-terminated and the C function writes one integer.
        try check(unsafe nlg_namespace_id(fd, path, &id))
        return id
    }
}

/// What a process keeps of /proc, which is out of reach once the root directory is empty.
final class ProcessFiles {
    let directory: Descriptor
    /// For the thread count before the filters.
    let early: Descriptor
    /// An abstract socket made before Landlock, which must refuse connections to it afterwards.
    var listener: Descriptor?
    /// As they were at the start.
    let namespaces: NamespaceIDs

    var listenerNumber: Int32? {
        switch listener {
        case .some(let descriptor): descriptor.raw
        case nil: nil
        }
    }

    init() throws(Errno) {
        let directory = try Descriptor.open("/proc/self", flags: pathOnly)
        let early = try Self.status(directory)
        namespaces = try NamespaceIDs(directory)
        self.directory = directory
        self.early = early
    }

    /// Another descriptor of the status file, which stays open when these are closed.
    func lateStatus() throws(Errno) -> LateStatus { LateStatus(try Self.status(directory)) }

    private static func status(_ directory: borrowing Descriptor) throws(Errno) -> Descriptor {
        // SAFETY: the path is NUL-terminated and only read during the call.
        let raw = unsafe nlg_openat(directory.raw, "status", O_RDONLY)
        try check(raw)
        return Descriptor(owning: raw)
    }
}

/// The status file for the read-back after the last filter.
final class LateStatus {
    var descriptor: Descriptor?

    init(_ descriptor: consuming Descriptor) { self.descriptor = consume descriptor }
}
