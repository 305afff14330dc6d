internal import CLinux
import Glibc

/// Memory and descriptors of another thread, for a monitor that has the right to trace it.
public enum ForeignThread {
    /// Reads `count` bytes at an address of the thread.
    ///
    /// The corresponding system call is `process_vm_readv`.
    ///
    /// - Throws: `EFAULT` when not all of it is mapped, `EPERM` when the process can't be traced.
    public static func read(_ thread: Int32, at address: UInt64, count: Int) throws(Errno) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        // SAFETY: the pointer and the count are the array's own; the other address is only the kernel's to look at.
        let result = unsafe bytes.withUnsafeMutableBytes { bytes in
            guard let base = bytes.baseAddress else { return Int32(0) }
            return unsafe nlg_process_read(thread, address, base, bytes.count)
        }
        _ = try check(result)
        return bytes
    }

    /// Writes bytes at an address of the thread.
    ///
    /// The corresponding system call is `process_vm_writev`.
    ///
    /// - Throws: `EFAULT` when not all of it can be written, `EPERM` when the process can't be traced.
    public static func write(_ thread: Int32, at address: UInt64, _ bytes: Span<UInt8>) throws(Errno) {
        // SAFETY: the pointer and the count are the span's own; the other address is only the kernel's to look at.
        let result = unsafe bytes.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return Int32(0) }
            return unsafe nlg_process_write(thread, address, base, bytes.count)
        }
        _ = try check(result)
    }

    /// A copy of the descriptor that has this number in the thread's process.
    ///
    /// The corresponding system calls are `pidfd_open` and `pidfd_getfd`.
    ///
    /// - Throws: `EBADF` when there is none, `EPERM` when the process can't be traced, `ESRCH` when it is gone.
    public static func descriptor(_ number: Int32, of thread: Int32) throws(Errno) -> Descriptor {
        let process = Descriptor(owning: try check(nlg_thread_open(thread)))
        return Descriptor(owning: try check(nlg_thread_descriptor(process.raw, number)))
    }

    /// The first number of a range that no descriptor of the thread's process has.
    ///
    /// - Throws: `EMFILE` when all are taken, and what `pidfd_getfd` reports.
    public static func firstFreeNumber(_ range: Range<Int32>, of thread: Int32) throws(Errno) -> Int32 {
        let process = Descriptor(owning: try check(nlg_thread_open(thread)))
        for number in range {
            let copy = nlg_thread_descriptor(process.raw, number)
            if copy >= 0 {
                _ = Glibc.close(copy)
            } else if errno == EBADF {
                return number
            } else {
                throw Errno.last
            }
        }
        throw Errno(rawValue: EMFILE)
    }
}

extension Descriptor {
    /// What makes the open socket different from every other; nil when it is no socket.
    ///
    /// The corresponding C function is `fstat`; the number is that of the inode.
    ///
    /// - Throws: what `fstat` reports.
    public func socketNumber() throws(Errno) -> UInt64? {
        var inode: UInt64 = 0
        // SAFETY: the C function writes one integer.
        _ = try check(unsafe nlg_inode(raw, &inode))
        return inode == 0 ? nil : inode
    }

    /// True when reads and writes don't wait (`O_NONBLOCK`).
    public var isNonblocking: Bool { nlg_is_nonblocking(raw) == 1 }

    /// Makes reads and writes wait, or not.
    ///
    /// - Throws: what `fcntl` reports.
    public func setNonblocking(_ on: Bool) throws(Errno) {
        _ = try check(nlg_set_nonblocking(raw, on ? 1 : 0))
    }

    /// How long a blocking receive waits, in milliseconds; 0 means without end.
    ///
    /// The corresponding option is `SO_RCVTIMEO`.
    public var receiveTimeout: UInt64 { UInt64(max(0, nlg_receive_timeout(raw))) }

    /// Two connected `SOCK_SEQPACKET` Unix sockets, blocking and close-on-exec.
    ///
    /// - Throws: what `socketpair` reports. The corresponding C function is `socketpair`.
    public static func blockingPacketPair() throws(Errno) -> DescriptorPair {
        var ends: [Int32] = [-1, -1]
        // SAFETY: the array has the two elements that the C function writes.
        _ = try check(unsafe nlg_packet_pair(&ends))
        return DescriptorPair(ours: Descriptor(owning: ends[0]), theirs: Descriptor(owning: ends[1]))
    }

    /// Takes the next packet without waiting, or looks at it; the full length, which may be beyond the buffer.
    ///
    /// nil when there is none now; 0 when there never will be. The corresponding C function is `recv`.
    ///
    /// - Throws: what `recv` reports, but for `EAGAIN`.
    public func takePacket(into buffer: inout [UInt8], peeking: Bool) throws(Errno) -> Int? {
        // SAFETY: the pointer and the count are the buffer's own.
        let result = unsafe buffer.withUnsafeMutableBytes { bytes in
            guard let base = bytes.baseAddress else { return 0 }
            return unsafe nlg_take_packet(raw, base, bytes.count, peeking ? 1 : 0)
        }
        guard result < 0 else { return result }
        let error = Errno.last
        if error.isWouldBlock { return nil }
        throw error
    }
}
