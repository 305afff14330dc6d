import Glibc

/// What a file is, as far as nlgate asks.
public struct FileStatus: Equatable, Sendable {
    /// Kinds of files.
    public enum Kind: Sendable {
        /// A regular file.
        case regular
        /// A directory.
        case directory
        /// A Unix socket.
        case socket
        /// Anything else: FIFO, device, symbolic link.
        case other
    }

    /// What it is.
    public let kind: Kind
    /// Permission bits.
    public let permissions: UInt32
    /// Length in bytes.
    public let size: Int64
    /// Owner.
    public let uid: UInt32
    /// Number of the file system that it is on.
    public let device: UInt64
    /// Its number there: with `device`, which file it is.
    public let inode: UInt64

    private init(_ status: stat) {
        kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .regular
            case S_IFDIR: .directory
            case S_IFSOCK: .socket
            default: .other
            }
        permissions = status.st_mode & 0o7777
        size = Int64(status.st_size)
        uid = status.st_uid
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
    }

    /// The status of an open file.
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

    /// The status of the file that a Unix socket was bound to, whatever has its name now.
    ///
    /// The corresponding request is `SIOCUNIXFILE`, for which the kernel wants CAP_NET_ADMIN.
    ///
    /// - Throws: `ENOENT` for a socket without such a file, `EPERM`, and what `ioctl` and `fstat` report.
    public init(ofNameBoundTo socket: borrowing Descriptor) throws(Errno) {
        let file = ioctl(socket.raw, 0x89E0, 0)
        guard file >= 0 else { throw Errno.last }
        try self.init(of: Descriptor(owning: file))
    }

    /// The status of a path, symbolic links not followed.
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

/// What a symbolic link says; nil when it isn't one, or is longer than 4,095 bytes.
///
/// The corresponding C function is `readlink`.
public func linkTarget(_ path: String) -> String? {
    var buffer = [UInt8](repeating: 0, count: 4096)
    // SAFETY: readlink writes at most the buffer's size and no NUL; the path is only read.
    let count = unsafe buffer.withUnsafeMutableBytes { bytes in
        guard let base = bytes.baseAddress else { return 0 }
        return unsafe readlink(path, base.assumingMemoryBound(to: CChar.self), bytes.count)
    }
    guard count > 0, count < buffer.count else { return nil }
    return String(decoding: buffer[..<count], as: UTF8.self)
}

/// Removes a name; that there is none is fine.
///
/// The corresponding C function is `unlink`.
public func removeFile(_ path: String) {
    // SAFETY: the C function only reads the NUL-terminated path.
    _ = unsafe unlink(path)
}

/// Makes a directory; that there is one is fine.
///
/// The corresponding C function is `mkdir`.
public func makeDirectory(_ path: String, mode: UInt32) {
    // SAFETY: the C function only reads the NUL-terminated path.
    _ = unsafe mkdir(path, mode)
}

extension Descriptor {
    /// Sets an open file's permissions; a Unix socket's before it is bound are those that its path gets.
    ///
    /// The corresponding C function is `fchmod`.
    ///
    /// - Throws: what `fchmod` reports.
    public func setPermissions(mode: UInt32) throws(Errno) {
        guard fchmod(raw, mode) == 0 else { throw Errno.last }
    }
}

/// Raises the limit on descriptors to `wanted`, for this process and its children, as far as it may; never lowers it.
///
/// The corresponding C functions are `getrlimit` and `setrlimit`.
///
/// - Returns: the hard limit that holds now.
public func raiseDescriptorLimit(to wanted: UInt64) -> UInt64 {
    let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    var limit = rlimit()
    // SAFETY: getrlimit writes one struct rlimit.
    guard unsafe getrlimit(resource, &limit) == 0 else { return 1024 }
    let soft = max(limit.rlim_cur, rlim_t(wanted))
    var raised = rlimit(rlim_cur: soft, rlim_max: max(limit.rlim_max, soft))
    // SAFETY: setrlimit reads one struct rlimit.
    if unsafe setrlimit(resource, &raised) == 0 { return UInt64(raised.rlim_max) }
    // Without CAP_SYS_RESOURCE up to the hard limit, which the soft one may be below.
    limit.rlim_cur = limit.rlim_max
    // SAFETY: setrlimit reads one struct rlimit.
    _ = unsafe setrlimit(resource, &limit)
    return UInt64(limit.rlim_max)
}
