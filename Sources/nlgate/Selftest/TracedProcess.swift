import CSelftest
import Glibc
import LinuxSys

/// What came of a system call.
enum Answer: Equatable, CustomStringConvertible {
    /// The kernel did it; what the call returned.
    case done(Int64)
    /// The kernel refused with this errno.
    case error(Int32)
    /// A signal ended the process.
    case killed(Int32)
    /// The process ended by itself.
    case exited(Int32)
    /// Tracing didn't work, with this errno.
    case untraceable(Int32)

    init(_ value: Int64) {
        self = value < 0 && value > -4096 ? .error(Int32(-value)) : .done(value)
    }

    var description: String {
        switch self {
        case .done: "done"
        case .error(let number): errorName(number)
        case .killed(SIGSYS): "killed by SIGSYS"
        case .killed(let signal): "killed by signal \(signal)"
        case .exited(let status): "the process ended with exit status \(status)"
        case .untraceable(let number): "the process can't be traced: \(errorName(number))"
        }
    }
}

/// A process that was to make a call and is gone, or can't be traced.
struct SubjectLost: Error {
    let answer: Answer
}

/// A system call that a process is expected to make.
struct AwaitedCall {
    var number: Int32
    /// Its first argument; -1 for any.
    var first: Int64 = -1
    /// Its third argument is not 0.
    var hasThird = false

    /// The installation of a filter, and not one of libseccomp's questions about what the kernel knows.
    static let filter = AwaitedCall(number: SYS_seccomp, first: 1, hasThird: true)
}

/// A process that is being traced and makes the system calls that it is told to.
final class TracedProcess {
    let pid: Int32
    private var isLost = false
    private var memory: UInt64
    private var used: UInt64 = 0

    /// Attaches to a process and stops it, at once or as soon as it waits for something.
    ///
    /// It ends with this object, unless it is let go.
    init(attachingTo pid: Int32, atOnce: Bool = false) throws(SubjectLost) {
        self.pid = pid
        var result = cst_attach(pid)
        if result == 0, !atOnce { result = cst_settle(pid) }
        guard result == 0 else {
            // It is as it was.
            _ = cst_detach(pid)
            throw SubjectLost(answer: .untraceable(-result))
        }
        memory = cst_memory(pid)
    }

    /// A child without any confinement.
    convenience init(unconfined uid: UInt32 = 0) throws(SubjectLost) {
        let pid = cst_waiting_child(uid)
        guard pid > 0 else { throw SubjectLost(answer: .untraceable(-pid)) }
        do throws(SubjectLost) {
            try self.init(attachingTo: pid, atOnce: true)
        } catch {
            cst_end(pid)
            throw error
        }
        // Until it waits, it has things of its own to do.
        try run(to: AwaitedCall(number: SYS_ppoll))
        try leaveOut(answering: -Int64(EINTR))
    }

    deinit {
        if !isLost { cst_end(pid) }
    }

    /// Lets the process go on where it was stopped.
    func letGo() {
        guard !isLost else { return }
        isLost = true
        _ = cst_detach(pid)
    }

    /// The process makes a system call; its result, or a negative errno.
    func call(_ number: Int32, _ arguments: UInt64...) throws(SubjectLost) -> Int64 {
        let all = arguments + [UInt64](repeating: 0, count: 6 - arguments.count)
        used = 0
        return try take(cst_call(pid, Int64(number), all[0], all[1], all[2], all[3], all[4], all[5])).value
    }

    /// A call of the 32-bit interface, or one with the number of the x32 interface.
    func foreignCall(_ number: Int64, is32Bit: Bool) throws(SubjectLost) -> Int64 {
        try take(is32Bit ? cst_call_32(pid, Int32(number)) : cst_call(pid, number, 0, 0, 0, 0, 0, 0)).value
    }

    /// Runs until it is about to make this call.
    func run(to call: AwaitedCall) throws(SubjectLost) {
        _ = try take(cst_run_to(pid, Int64(call.number), call.first, call.hasThird ? 1 : 0))
    }

    /// Leaves that call out; it has answered `value` then.
    func leaveOut(answering value: Int64) throws(SubjectLost) {
        _ = try take(cst_leave_out(pid, value))
        memory = cst_memory(pid)
    }

    /// The address of these bytes in the process, until its next call.
    func bytes(_ bytes: [UInt8]) -> UInt64 {
        let address = memory + used
        for start in stride(from: 0, to: bytes.count, by: 8) {
            let word = bytes[start..<min(start + 8, bytes.count)].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            _ = cst_poke(pid, address + UInt64(start), word)
        }
        used += UInt64(bytes.count + 15) & ~15
        return address
    }

    /// The address of a NUL-terminated string, until its next call.
    func string(_ text: String) -> UInt64 { bytes(Array(text.utf8) + [0]) }

    /// The word at an address in the process.
    func word(at address: UInt64) -> UInt64 { cst_peek(pid, address) }

    private func take(_ step: cst_step) throws(SubjectLost) -> cst_step {
        guard step.fault == 0 else { throw SubjectLost(answer: .untraceable(step.fault)) }
        guard step.signal == 0, step.exit < 0 else {
            isLost = true
            throw SubjectLost(answer: step.signal != 0 ? .killed(step.signal) : .exited(step.exit))
        }
        return step
    }
}

/// The kernel's name of an error number, or the C library's words where it is a rare one.
func errorName(_ number: Int32) -> String {
    let names: [Int32: String] = [
        EPERM: "EPERM", ENOENT: "ENOENT", ESRCH: "ESRCH", EINTR: "EINTR", EBADF: "EBADF", ECHILD: "ECHILD",
        EAGAIN: "EAGAIN", ENOMEM: "ENOMEM", EACCES: "EACCES", EFAULT: "EFAULT", EBUSY: "EBUSY", EEXIST: "EEXIST",
        ENODEV: "ENODEV", ENOTDIR: "ENOTDIR", EINVAL: "EINVAL", EMFILE: "EMFILE", ENOTTY: "ENOTTY", EROFS: "EROFS",
        ENOSYS: "ENOSYS", EAFNOSUPPORT: "EAFNOSUPPORT", EPROTONOSUPPORT: "EPROTONOSUPPORT", ENETUNREACH: "ENETUNREACH",
        ECONNREFUSED: "ECONNREFUSED", EOPNOTSUPP: "EOPNOTSUPP", ENOTCONN: "ENOTCONN", EISCONN: "EISCONN",
        ENOTSOCK: "ENOTSOCK", ENOKEY: "ENOKEY", ENOEXEC: "ENOEXEC", ETIMEDOUT: "ETIMEDOUT",
    ]
    return names[number] ?? "\(Errno(rawValue: number))"
}
