import Glibc

/// Which file a path leads to, and which state of it, so that nobody else's change is overwritten.
public struct FileState: Equatable, Sendable {
    /// Owner.
    public let uid: UInt32
    /// Group.
    public let gid: UInt32
    /// Permission bits.
    public let permissions: UInt32
    private let device: UInt64
    private let inode: UInt64
    private let size: Int64
    private let seconds: Int
    private let nanoseconds: Int

    private init(_ status: stat) {
        uid = status.st_uid
        gid = status.st_gid
        permissions = status.st_mode & 0o7777
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        size = Int64(status.st_size)
        (seconds, nanoseconds) = (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
    }

    /// The state of an open file.
    ///
    /// The corresponding C function is `fstat`.
    ///
    /// - Throws: what `fstat` reports.
    public init(of descriptor: borrowing Descriptor) throws(Errno) {
        var status = stat()
        // SAFETY: fstat writes one struct stat.
        guard unsafe fstat(descriptor.raw, &status) == 0 else { throw Errno.last }
        self.init(status)
    }

    /// The state of a path, symbolic links not followed.
    ///
    /// The corresponding C function is `lstat`.
    ///
    /// - Throws: what `lstat` reports.
    public init(ofPath path: String) throws(Errno) {
        var status = stat()
        // SAFETY: lstat reads a NUL-terminated path and writes one struct stat.
        guard unsafe lstat(path, &status) == 0 else { throw Errno.last }
        self.init(status)
    }
}

/// Replaces a file as a whole: whoever reads it sees the old content or the new, also after a crash.
///
/// The new file has the owner, group and permissions of the old one. A symbolic link is not followed. `state` is the
/// file as it was read; another one by now is not replaced.
///
/// - Throws: `EBUSY` when the file changed since it was read, and what opening, writing and renaming report.
public func replaceFile(_ path: String, with content: [UInt8], state: FileState) throws(Errno) {
    let temporary = "\(path).\(getpid()).new"
    let file = try Descriptor.open(temporary, flags: O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600)
    do throws(Errno) {
        try write(content, to: file)
        let made = try FileState(of: file)
        if made.uid != state.uid || made.gid != state.gid, fchown(file.raw, state.uid, state.gid) != 0 {
            throw Errno.last
        }
        try file.setPermissions(mode: state.permissions)
        guard fsync(file.raw) == 0 else { throw Errno.last }
        guard try FileState(ofPath: path) == state else { throw Errno(rawValue: EBUSY) }
        // SAFETY: the C function only reads the two NUL-terminated paths.
        guard unsafe rename(temporary, path) == 0 else { throw Errno.last }
    } catch {
        removeFile(temporary)
        throw error
    }
    synchronizeDirectory(of: path)
}

private func write(_ content: [UInt8], to file: borrowing Descriptor) throws(Errno) {
    var written = 0
    while written < content.count {
        guard case .bytes(let count) = try file.write(content.span.extracting(written..<content.count)), count > 0
        else { throw Errno(rawValue: EIO) }
        written += count
    }
}

/// Makes the new name last; a file system that can't is no reason to fail after the fact.
private func synchronizeDirectory(of path: String) {
    var parts = path.split(separator: "/", omittingEmptySubsequences: false)
    parts.removeLast()
    let folder = parts.isEmpty ? "." : parts == [""] ? "/" : parts.joined(separator: "/")
    guard let directory = try? Descriptor.open(folder, flags: O_RDONLY | O_DIRECTORY) else { return }
    _ = fsync(directory.raw)
}
