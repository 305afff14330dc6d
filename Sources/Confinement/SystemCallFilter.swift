internal import CLinux
internal import CSeccomp
import Glibc
package import LinuxSys

/// An instruction set whose system calls a filter can be made for.
public enum Architecture: CaseIterable, Sendable {
    /// 64-bit x86.
    case x86_64
    /// 64-bit Arm.
    case aarch64

    /// The one that this program was built for.
    public static var native: Architecture {
        #if arch(arm64)
            .aarch64
        #else
            .x86_64
        #endif
    }

    var token: UInt32 {
        switch self {
        case .x86_64: 0xc000_003e
        case .aarch64: 0xc000_00b7
        }
    }
}

/// Names and numbers of system calls, as libseccomp knows them.
public enum SystemCalls {
    /// The number of a call on this machine; nil when libseccomp doesn't know the name.
    ///
    /// It is negative for a call that exists only on another architecture.
    public static func number(_ name: String) -> Int32? {
        // SAFETY: libseccomp reads the NUL-terminated name during the call.
        let number = unsafe seccomp_syscall_resolve_name(name)
        return number == -1 ? nil : number
    }

    /// The number of a call on another machine; nil when it has none there.
    public static func number(_ name: String, on architecture: Architecture) -> Int32? {
        // SAFETY: libseccomp reads the NUL-terminated name during the call.
        let number = unsafe seccomp_syscall_resolve_name_arch(architecture.token, name)
        return number < 0 ? nil : number
    }
}

/// A table turned into the kernel's filter program.
public struct SystemCallFilter: Sendable {
    /// `struct sock_filter` entries of 8 bytes each.
    public let program: [UInt8]

    /// Compiles a table.
    ///
    /// Whatever it doesn't name kills the process, and so does a call of another architecture (int 0x80, x32).
    ///
    /// - Throws: `table(text)` when ``SyscallTable/lint()`` finds something or libseccomp refuses a rule.
    public init(_ table: SyscallTable, for architecture: Architecture = .native) throws(SealingError) {
        let faults = table.lint()
        guard faults.isEmpty else { throw .table("\(table.name): " + faults.joined(separator: "; ")) }
        do throws(Errno) {
            program = try Self.compile(table, architecture)
        } catch {
            throw .table("\(table.name): \(error)")
        }
    }

    /// Puts the filter in force for every thread, for good.
    ///
    /// The corresponding system call is `seccomp`.
    ///
    /// - Throws: what `seccomp` reports; `ESRCH` when another thread could not follow.
    package func install() throws(Errno) {
        // SAFETY: the C function reads count instructions of 8 bytes, which the array has.
        let result = unsafe program.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return Int32(-1) }
            return unsafe nlg_seccomp_install(base, UInt32(bytes.count / 8))
        }
        guard result == 0 else { throw Errno.last }
    }

    private static func compile(_ table: SyscallTable, _ architecture: Architecture) throws(Errno) -> [UInt8] {
        // SAFETY: the context is used only here and released below.
        guard let context = unsafe seccomp_init(killProcess) else { throw Errno(rawValue: ENOMEM) }
        defer { unsafe seccomp_release(context) }
        unsafe try accept(seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, killProcess))
        if architecture != .native {
            unsafe try accept(seccomp_arch_add(context, architecture.token))
            unsafe try accept(seccomp_arch_remove(context, Architecture.native.token))
        }
        for rule in table.rules where rule.architectures == .both || architecture == .x86_64 {
            guard SystemCalls.number(rule.name, on: architecture) != nil else { throw Errno(rawValue: ENOSYS) }
            guard let number = SystemCalls.number(rule.name) else { throw Errno(rawValue: ENOSYS) }
            for form in rule.alternatives.isEmpty ? [[]] : rule.alternatives {
                unsafe try add(allow, number, form, to: context)
            }
            for form in rule.refused { unsafe try add(notPermitted, number, form, to: context) }
        }
        for name in table.absent {
            guard let number = SystemCalls.number(name) else { throw Errno(rawValue: ENOSYS) }
            unsafe try accept(seccomp_rule_add_exact_array(context, notImplemented, number, 0, nil))
        }
        let file = Descriptor(owning: nlg_memory_file())
        guard file.raw >= 0 else { throw Errno.last }
        unsafe try accept(seccomp_export_bpf(context, file.raw))
        guard lseek(file.raw, 0, SEEK_SET) == 0 else { throw Errno.last }
        return try file.readAll(limit: 8 * 4096)
    }

    private static func add(
        _ action: UInt32, _ number: Int32, _ form: [ArgumentRule], to context: scmp_filter_ctx
    ) throws(Errno) {
        var tests = form.map { $0.libseccomp }
        // SAFETY: libseccomp reads as many tests as the array has.
        unsafe try accept(seccomp_rule_add_exact_array(context, action, number, UInt32(tests.count), &tests))
    }

    private static func accept(_ result: Int32) throws(Errno) {
        if result < 0 { throw Errno(rawValue: -result) }
    }

    // seccomp.h's function-like macros, which can't be imported.
    private static let killProcess: UInt32 = 0x8000_0000
    private static let allow: UInt32 = 0x7fff_0000
    private static let notPermitted: UInt32 = 0x0005_0000 | UInt32(EPERM)
    private static let notImplemented: UInt32 = 0x0005_0000 | UInt32(ENOSYS)
}

extension ArgumentRule {
    fileprivate var libseccomp: scmp_arg_cmp {
        switch test {
        case .equal(let value): scmp_arg_cmp(arg: index, op: SCMP_CMP_EQ, datum_a: value, datum_b: 0)
        case .masked(let mask, let value):
            scmp_arg_cmp(arg: index, op: SCMP_CMP_MASKED_EQ, datum_a: mask, datum_b: value)
        }
    }
}
