internal import CLinux
import Glibc

/// One system call that a thread waits in until it is answered (`struct seccomp_notif`).
public struct SystemCallNotification: Equatable, Sendable {
    /// The kernel's cookie; it is good as long as the thread waits.
    public let id: UInt64
    /// The thread, in our pid namespace.
    public let thread: Int32
    /// Which call, as ``SystemCallNumber`` has them.
    public let number: Int32
    /// Where the program is.
    public let instruction: UInt64
    /// The six arguments as the registers had them.
    public let arguments: [UInt64]

    /// An argument that the kernel takes as an int.
    public func integer(_ index: Int) -> Int32 { Int32(truncatingIfNeeded: arguments[index]) }
}

/// The numbers of the calls that a monitor emulates, on this machine.
package enum SystemCallNumber {
    package static let socket = Int32(SYS_socket)
    package static let bind = Int32(SYS_bind)
    package static let connect = Int32(SYS_connect)
    package static let listen = Int32(SYS_listen)
    package static let shutdown = Int32(SYS_shutdown)
    package static let getsockname = Int32(SYS_getsockname)
    package static let getpeername = Int32(SYS_getpeername)
    package static let setsockopt = Int32(SYS_setsockopt)
    package static let getsockopt = Int32(SYS_getsockopt)
    package static let sendto = Int32(SYS_sendto)
    package static let sendmsg = Int32(SYS_sendmsg)
    package static let sendmmsg = Int32(SYS_sendmmsg)
    package static let recvfrom = Int32(SYS_recvfrom)
    package static let recvmsg = Int32(SYS_recvmsg)
    package static let recvmmsg = Int32(SYS_recvmmsg)
    package static let dup = Int32(SYS_dup)
    package static let dup3 = Int32(SYS_dup3)
    package static let fcntl = Int32(SYS_fcntl)
    package static let ioctl = Int32(SYS_ioctl)
    package static let setns = Int32(SYS_setns)
    package static let ioUringSetup = Int32(SYS_io_uring_setup)
    #if arch(x86_64)
        package static let dup2: Int32? = Int32(SYS_dup2)
    #else
        package static let dup2: Int32? = nil
    #endif
}

/// Why a watched program did not start.
public enum StageError: Error, Equatable, Sendable {
    /// No process could be made.
    case fork(Errno)
    /// The filter was refused: `EBUSY` for a second monitor in the tree, `EPERM`, `EACCES` or `EINVAL` where it isn't
    /// allowed or the kernel doesn't have it.
    case filter(Errno)
    /// The filter's listener did not come over.
    case listener(Errno)
    /// The command isn't there (`ENOENT`) or can't be executed.
    case execute(Errno)
}

/// The listener of a seccomp filter: system calls that wait for an answer of this process.
public struct SystemCallMonitor: ~Copyable, Sendable {
    /// Readable when a call waits; hung up when no process has the filter any more.
    public let descriptor: Descriptor

    /// Starts a command under a filter program of `struct sock_filter` entries, 8 bytes each.
    ///
    /// The command has no_new_privs on, default signal actions and no blocked signals, and otherwise what this process
    /// has. The corresponding C functions are `fork`, `seccomp` and `execvp`.
    ///
    /// - Throws: `StageError`.
    /// - Returns: the listener, which the caller owns, and the child's number.
    public static func start(
        _ command: [String], filter: [UInt8]
    ) throws(StageError) -> (listener: Int32, pid: Int32) {
        precondition(!command.isEmpty && filter.count % 8 == 0, "a command and whole instructions")
        var listener: Int32 = -1
        var step: Int32 = 0
        let arguments = CStrings(command)
        // SAFETY: the list ends with nil and lives to the end of the call; the program has count / 8 instructions.
        let pid = unsafe filter.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return pid_t(-1) }
            return unsafe nlg_stage_start(base, UInt32(bytes.count / 8), arguments.pointers, &listener, &step)
        }
        guard pid > 0 else { throw stageError(Int(step), Errno.last) }
        return (listener, pid)
    }

    /// Takes charge of a listener.
    public init(owning listener: Int32) {
        descriptor = Descriptor(owning: listener)
    }

    private static func stageError(_ step: Int, _ error: Errno) -> StageError {
        switch step {
        case Int(NLG_STAGE_FILTER): .filter(error)
        case Int(NLG_STAGE_LISTENER): .listener(error)
        case Int(NLG_STAGE_EXEC): .execute(error)
        default: .fork(error)
        }
    }

    /// The next call that waits; nil when it was interrupted meanwhile.
    ///
    /// - Throws: what the ioctl reports, but for `ENOENT` and `EINTR`. The request is `SECCOMP_IOCTL_NOTIF_RECV`.
    public func receive() throws(Errno) -> SystemCallNotification? {
        var notification = nlg_notification()
        // SAFETY: the C function fills one struct.
        guard unsafe nlg_notify_receive(descriptor.raw, &notification) == 0 else {
            let error = Errno.last
            if error.rawValue == ENOENT || error.rawValue == EINTR { return nil }
            throw error
        }
        let a = notification.arguments
        return SystemCallNotification(
            id: notification.id, thread: Int32(bitPattern: notification.thread), number: notification.number,
            instruction: notification.instruction, arguments: [a.0, a.1, a.2, a.3, a.4, a.5])
    }

    /// Lets the call return; false when the thread doesn't wait any more.
    ///
    /// The request is `SECCOMP_IOCTL_NOTIF_SEND`.
    public func answer(_ id: UInt64, _ result: Result<Int64, Errno>) -> Bool {
        switch result {
        case .success(let value): nlg_notify_answer(descriptor.raw, id, value, 0) == 0
        case .failure(let error): nlg_notify_answer(descriptor.raw, id, 0, -error.rawValue) == 0
        }
    }

    /// Lets the kernel carry the call out.
    ///
    /// Nothing that was read of the thread's memory says what the kernel will find there. The flag is
    /// `SECCOMP_USER_NOTIF_FLAG_CONTINUE`.
    public func carryOn(_ id: UInt64) {
        _ = nlg_notify_continue(descriptor.raw, id)
    }

    /// True while the thread waits in this call, so that its number is still its own.
    ///
    /// The request is `SECCOMP_IOCTL_NOTIF_ID_VALID`.
    public func isValid(_ id: UInt64) -> Bool { nlg_notify_valid(descriptor.raw, id) == 0 }

    /// Installs a descriptor in the thread's process and lets the call return its number.
    ///
    /// Whatever has that number there is closed. The request is `SECCOMP_IOCTL_NOTIF_ADDFD`.
    ///
    /// - Throws: `ENOENT` when the thread doesn't wait any more, `EMFILE` and `EBADF` when its limit is below `number`.
    public func install(
        _ id: UInt64, _ source: borrowing Descriptor, as number: Int32, closeOnExec: Bool
    ) throws(Errno) {
        _ = try check(nlg_notify_install(descriptor.raw, id, source.raw, number, closeOnExec ? 1 : 0))
    }
}
