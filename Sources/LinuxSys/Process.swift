internal import CLinux
import Glibc

/// Signals as a descriptor.
///
/// The corresponding C functions are `sigprocmask` and `signalfd`.
public struct SignalQueue: ~Copyable {
    /// For epoll.
    public let descriptor: Descriptor

    /// Blocks `signals` in the calling thread and queues them here.
    ///
    /// - Throws: what `sigprocmask` and `signalfd` report.
    public init(_ signals: [Int32]) throws(Errno) {
        // SAFETY: the C function reads `count` integers.
        let raw = try check(unsafe nlg_signalfd(signals, Int32(signals.count)))
        descriptor = Descriptor(owning: raw)
    }

    /// Blocks or unblocks a signal in the calling thread.
    ///
    /// A signal that isn't blocked does what it always does and never gets here.
    ///
    /// - Throws: what `sigprocmask` reports.
    public static func setBlocked(_ signal: Int32, _ isBlocked: Bool) throws(Errno) {
        _ = try check(nlg_block_signal(signal, isBlocked ? 1 : 0))
    }

    /// The next pending signal, nil when there is none.
    public func next() -> Int32? {
        let signal = nlg_signalfd_read(descriptor.raw)
        return signal > 0 ? signal : nil
    }
}

/// How a child ended.
public enum ExitStatus: Equatable, Sendable, CustomStringConvertible {
    /// It called exit with this code.
    case exited(Int32)
    /// This signal killed it.
    case signalled(Int32)

    /// For the log.
    public var description: String {
        switch self {
        case .exited(let code): "exit status \(code)"
        case .signalled(let signal): "signal \(signal)"
        }
    }
}

/// One child process, held by a pidfd so that its number can't be mistaken for another's.
public struct ChildProcess: ~Copyable, Sendable {
    /// For the log only.
    public let pid: Int32
    /// Becomes readable when the child ends.
    public let descriptor: Descriptor

    /// Takes charge of a child that was just started.
    ///
    /// - Throws: what `pidfd_open` reports.
    public init(pid: Int32) throws(Errno) {
        let raw = try check(nlg_pidfd_open(pid))
        self.pid = pid
        descriptor = Descriptor(owning: raw)
    }

    /// Sends a signal.
    ///
    /// The corresponding system call is `pidfd_send_signal`.
    ///
    /// - Throws: `ESRCH` when the child has ended, and what else the call reports.
    public func signal(_ signal: Int32) throws(Errno) {
        _ = try check(nlg_pidfd_send_signal(descriptor.raw, signal))
    }

    /// Collects the child if it has ended; nil while it runs.
    ///
    /// The corresponding C function is `waitid`.
    ///
    /// - Throws: what `waitid` reports.
    public func reap() throws(Errno) -> ExitStatus? {
        var status: Int32 = 0
        // SAFETY: the C function writes one integer.
        guard try check(unsafe nlg_pidfd_reap(descriptor.raw, &status)) == 1 else { return nil }
        return status & 0x7f == 0 ? .exited((status >> 8) & 0xff) : .signalled(status & 0x7f)
    }
}

/// Clocks and chance.
public enum Clock {
    /// Milliseconds since an arbitrary start; never goes back.
    ///
    /// The corresponding clock is `CLOCK_MONOTONIC`.
    public static func monotonicMilliseconds() -> UInt64 {
        nlg_monotonic_ms()
    }

    /// Milliseconds since the machine was started; time that it sleeps through counts.
    ///
    /// The corresponding clock is `CLOCK_BOOTTIME`.
    public static func boottimeMilliseconds() -> UInt64 {
        nlg_boottime_ms()
    }

    /// Seconds since 1970.
    ///
    /// The corresponding C function is `time`.
    public static func unixSeconds() -> Int64 {
        Int64(time(nil))
    }
}

extension Clock {
    /// Milliseconds since 1970.
    ///
    /// The corresponding C function is `clock_gettime`.
    public static func unixMilliseconds() -> Int64 {
        var time = timespec()
        // SAFETY: the C function writes one struct timespec.
        guard unsafe clock_gettime(CLOCK_REALTIME, &time) == 0 else { return unixSeconds() * 1000 }
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}

/// So many bytes from the kernel's generator.
///
/// The corresponding C function is `getrandom`.
public func randomBytes(_ count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    // SAFETY: the pointer and the count are the buffer's own.
    let result = unsafe bytes.withUnsafeMutableBytes { buffer in
        guard let base = buffer.baseAddress else { return Int32(0) }
        return unsafe nlg_getrandom(base, buffer.count)
    }
    precondition(result == 0, "the kernel has no random bytes")
    return bytes
}

/// Makes a write to a closed socket an EPIPE instead of a signal.
public func ignoreSIGPIPE() {
    _ = nlg_ignore_sigpipe()
}

/// Writes one line to standard error, whole, as one write.
public func writeStandardError(_ line: String) {
    var bytes = Array(line.utf8)
    bytes.append(0x0a)
    // SAFETY: the pointer and the count are the array's own.
    _ = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(2, $0.baseAddress, $0.count) }
}

/// The kernel's release, as `uname -r` prints it.
///
/// The corresponding C function is `uname`.
public func kernelRelease() -> String {
    var name = utsname()
    // SAFETY: uname fills the struct; every field is NUL-terminated.
    return unsafe uname(&name) == 0
        ? withUnsafeBytes(of: name.release) { unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) } : ""
}

/// Numbers of an installed user; nil when there is none of that name.
///
/// The corresponding C function is `getpwnam`.
public func userIDs(_ name: String) -> (uid: UInt32, gid: UInt32)? {
    // SAFETY: getpwnam's result lives until its next call; two integers are copied out of it.
    guard let entry = unsafe getpwnam(name) else { return nil }
    return unsafe (entry.pointee.pw_uid, entry.pointee.pw_gid)
}

/// Sets the name that `ps` and `pgrep` show.
///
/// A program that was started through a descriptor has that number as its name.
///
/// The corresponding C function is `prctl` with `PR_SET_NAME`.
public func setProcessName(_ name: String) {
    // SAFETY: the C function only reads the NUL-terminated name.
    _ = unsafe nlg_set_name(name)
}

/// How many descriptors this process and what it starts may have.
///
/// The corresponding C function is `getrlimit` with `RLIMIT_NOFILE`; the soft limit counts.
public func openFileLimit() -> UInt64 {
    var soft: UInt64 = 0
    var hard: UInt64 = 0
    // SAFETY: the C function writes two integers.
    return unsafe nlg_get_limit(7, &soft, &hard) == 0 ? soft : 1024
}

/// Keeps this process's memory from others of the same user.
///
/// The corresponding C function is `prctl` with `PR_SET_DUMPABLE`.
public func hideMemory() {
    _ = nlg_prctl(4, 0, 0)
}
