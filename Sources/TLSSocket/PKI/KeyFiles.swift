import Glibc
internal import LinuxSys

/// Reads and makes the files of a PKI.
enum KeyFiles {
    /// Larger files are refused.
    static let sizeLimit = 1 << 20

    static func read(_ path: String, limit: Int = sizeLimit) throws(TLSError) -> [UInt8] {
        do throws(Errno) {
            // Non-blocking, so that a pipe in a file's place can't hang us.
            let file = try Descriptor.open(path, flags: O_RDONLY | O_NONBLOCK)
            return try file.readAll(limit: limit)
        } catch { throw failure("read", path, error) }
    }

    /// True when something has that name, a dangling symbolic link included.
    static func exists(_ path: String) -> Bool {
        var target: [CChar] = [0]
        // SAFETY: readlink writes at most the one byte that the buffer has.
        if unsafe readlink(path, &target, 1) >= 0 { return true }
        return errno == EINVAL
    }

    /// Makes a folder unless it is there; a new one has exactly this mode, whatever the umask.
    static func makeFolder(_ path: String, mode: mode_t) throws(TLSError) {
        // SAFETY: the path is only read.
        guard unsafe mkdir(path, mode) != 0 else {
            // SAFETY: the path is only read.
            guard unsafe chmod(path, mode) == 0 else { throw failure("set the mode of", path, Errno.last) }
            return
        }
        let error = Errno.last
        guard error.rawValue == EEXIST else { throw failure("make the folder", path, error) }
    }

    /// Writes a new file; with `replacing` it takes the place of another at once and whole.
    ///
    /// It has exactly this mode, whatever the umask.
    static func write(
        _ bytes: [UInt8], to path: String, mode: UInt32, replacing: Bool = false
    ) throws(TLSError) {
        let target = replacing ? path + ".new" : path
        // What a run that was cut off has left.
        if replacing { removeFile(target) }
        do throws(Errno) {
            let file = try Descriptor.open(target, flags: O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: mode)
            do throws(Errno) {
                try file.setPermissions(mode: mode)
                try writeAll(bytes, to: file)
                if replacing { try move(target, path) }
            } catch {
                removeFile(target)
                throw error
            }
        } catch { throw failure("make", target, error) }
    }

    private static func writeAll(_ bytes: [UInt8], to file: borrowing Descriptor) throws(Errno) {
        var offset = 0
        while offset < bytes.count {
            guard case .bytes(let count) = try file.write(bytes.span.extracting(offset..<bytes.count)) else {
                throw Errno(rawValue: EIO)
            }
            offset += count
        }
        guard fsync(file.raw) == 0 else { throw Errno.last }
    }

    private static func move(_ from: String, _ to: String) throws(Errno) {
        // SAFETY: both paths are only read.
        guard unsafe rename(from, to) == 0 else { throw Errno.last }
    }

    /// The names in a folder, sorted; none when there is no such folder.
    static func names(in path: String) -> [String] {
        // SAFETY: the stream is ours until it is closed; an entry is only read before the next is asked for.
        guard let folder = unsafe opendir(path) else { return [] }
        defer { unsafe closedir(folder) }
        var names = [String]()
        while let entry = unsafe readdir(folder) {
            names.append(
                unsafe withUnsafePointer(to: entry.pointee.d_name) { name in
                    unsafe name.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
                })
        }
        return names.sorted()
    }

    /// The path from the root, with no symbolic link in it; nil when there is nothing of that name.
    static func absolute(_ path: String) -> String? {
        // SAFETY: realpath allocates the text, which is copied and freed.
        guard let text = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(text) }
        return unsafe String(cString: text)
    }

    static func failure(_ what: String, _ path: String, _ error: Errno) -> TLSError {
        TLSError(.system(error), "can't \(what) \(path): \(error)")
    }
}
