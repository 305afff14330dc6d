import CSelftest
import Glibc

/// What no confined process may ask the kernel for: the filter of each ends it.
///
/// Without a filter each of these gets as far as the kernel, as a child without confinement shows. Where that child would
/// do harm, or nothing sensible, the call is made so that the kernel refuses it: an answer is enough.
enum FilterTrials {
    private static func call(_ name: String, _ number: Int32, _ arguments: UInt64..., before: Wanted = .anyAnswer)
        -> Trial
    {
        let all = arguments + [UInt64](repeating: 0, count: 6 - arguments.count)
        return Trial(name, before: before) { [all] subject throws(SubjectLost) in
            try subject.call(number, all[0], all[1], all[2], all[3], all[4], all[5])
        }
    }

    private static func call(
        _ name: String, _ number: Int32, path: String, at place: Int, _ rest: UInt64..., before: Wanted = .anyAnswer
    ) -> Trial {
        Trial(name, before: before) { subject throws(SubjectLost) in
            var all = rest
            all.insert(subject.string(path), at: place)
            all += [UInt64](repeating: 0, count: 6 - all.count)
            return try subject.call(number, all[0], all[1], all[2], all[3], all[4], all[5])
        }
    }

    static func groups(_ kind: HelperKind) -> [TrialGroup] {
        var families = sockets
        // For a broker that is a session's socket.
        if !kind.isBroker { families.append(call("socket(NETLINK)", SYS_socket, 16, 0x80803, 0, before: .done)) }
        var identity = identities
        // The privileged broker has one capability to switch on and off.
        if kind.permitted == 0 { identity.append(call("capset()", SYS_capset, 0, 0)) }
        return [
            TrialGroup(measure: "filter: sockets", trials: families),
            TrialGroup(measure: "filter: files", trials: files),
            TrialGroup(measure: "filter: programs and processes", trials: processes),
            TrialGroup(measure: "filter: executable memory", trials: memory),
            TrialGroup(measure: "filter: identity and limits", trials: identity),
            TrialGroup(measure: "filter: namespaces and mounts", trials: namespaces),
            TrialGroup(measure: "filter: kernel interfaces", trials: kernel),
            TrialGroup(measure: "filter: messages", trials: messages),
            TrialGroup(measure: "filter: foreign system calls", trials: foreign),
        ]
    }

    /// What not even the supervisor does.
    static let supervisor = [
        call("init_module()", SYS_init_module, 0, 0, 0), call("bpf()", SYS_bpf, everything, 0, 0),
        call("ptrace()", SYS_ptrace, 2, 0, 0, 0),
        call("process_vm_readv(pid 1)", SYS_process_vm_readv, 1, 0, 0, 0, 0, 0),
        call("io_uring_setup()", SYS_io_uring_setup, 1, 0), call("keyctl()", SYS_keyctl, 0, 0, 0),
        call("socket(PACKET)", SYS_socket, 17, 3, 0), call("socket(VSOCK)", SYS_socket, 40, 1, 0),
        call("fork()", SYS_clone, 17, before: .done), call("kill(pid 1, 0)", SYS_kill, 1, 0, before: .done),
        call("personality()", SYS_personality, 0xffff_ffff, before: .done),
        call("mknod()", SYS_mknodat, everything, 0, 0, 0),
    ]

    private static let sockets = [
        call("socket(INET)", SYS_socket, 2, 1, 0, before: .done), call("socket(INET6)", SYS_socket, 10, 1, 0),
        call("socket(UNIX)", SYS_socket, 1, 1, 0, before: .done), call("socket(PACKET)", SYS_socket, 17, 3, 0),
        call("socket(VSOCK)", SYS_socket, 40, 1, 0), call("socket(ALG)", SYS_socket, 38, 5, 0),
        // NETLINK_AUDIT and NETLINK_KOBJECT_UEVENT, which no process of the gateway speaks
        call("socket(NETLINK_AUDIT)", SYS_socket, 16, 0x80803, 9),
        call("socket(NETLINK_KOBJECT_UEVENT)", SYS_socket, 16, 0x80803, 15, before: .done),
        // Bits above 32, which a comparison of half the register would not see
        call("socket(1<<32 + NETLINK)", SYS_socket, 1 << 32 | 16, 0x80803, 0, before: .done),
    ]

    private static let files = [
        call("open(/etc/passwd)", SYS_openat, path: "/etc/passwd", at: 1, workingDirectory, 0, before: .done),
        call("open(/, O_PATH)", SYS_openat, path: "/", at: 1, workingDirectory, 0o10000000, before: .done),
        call("openat2()", SYS_openat2, path: "/", at: 1, workingDirectory, 0, 24),
        call("memfd_create()", SYS_memfd_create, path: "x", at: 0, 0, before: .done),
        call("open_by_handle_at()", SYS_open_by_handle_at, everything, 0, 0),
    ]

    private static let processes = [
        call("execve(/proc/self/exe)", SYS_execve, path: "/proc/self/exe", at: 0, 0, 0, before: .done),
        call("execveat()", SYS_execveat, path: "/proc/self/exe", at: 1, workingDirectory, 0, 0, 0, before: .done),
        call("fork()", SYS_clone, 17, before: .done),
        // CLONE_THREAD without what belongs to it
        call("clone(thread)", SYS_clone, 0x10000),
        call("kill(pid 1, 0)", SYS_kill, 1, 0, before: .done), call("tgkill()", SYS_tgkill, 1, 1, 0),
        call("pidfd_open(pid 1)", SYS_pidfd_open, 1, 0, before: .done),
        call("ptrace()", SYS_ptrace, 2, 0, 0, 0),
        call("process_vm_readv(pid 1)", SYS_process_vm_readv, 1, 0, 0, 0, 0, 0),
        call("setpriority()", SYS_setpriority, 0, 0, 1, before: .done),
    ]

    private static let memory = [
        call("mmap(read, write, execute)", SYS_mmap, 0, 4096, 7, 0x22, everything, before: .done),
        call("mmap(read, execute)", SYS_mmap, 0, 4096, 5, 0x22, everything, before: .done),
        Trial("mprotect(execute)") { subject throws(SubjectLost) in
            let page = try subject.call(SYS_mmap, 0, 4096, 3, 0x22, everything, 0)
            guard page >= 0 else { return page }
            return try subject.call(SYS_mprotect, UInt64(page), 4096, 5)
        },
    ]

    private static let identities = [
        call("setresuid(0)", SYS_setresuid, 0, 0, 0, before: .done),
        call("setresgid(0)", SYS_setresgid, 0, 0, 0, before: .done),
        call("setgroups()", SYS_setgroups, 0, 0, before: .done),
        // PR_SET_DUMPABLE, PR_SET_KEEPCAPS
        call("prctl(dumpable)", SYS_prctl, 4, 1, before: .done), call("prctl(keep)", SYS_prctl, 8, 0, before: .done),
        call("prlimit()", SYS_prlimit64, 0, 7, 0, 0, before: .done),
        call("sched_setaffinity()", SYS_sched_setaffinity, 0, 0, 0),
    ]

    private static let namespaces = [
        call("unshare(user)", SYS_unshare, 0x1000_0000),
        call("unshare(network)", SYS_unshare, 0x4000_0000, before: .done), call("setns()", SYS_setns, everything, 0),
        call("mount()", SYS_mount, 0, 0, 0, 0, 0), call("umount()", SYS_umount2, 0, 0),
        call("pivot_root()", SYS_pivot_root, 0, 0),
        call("chroot(/)", SYS_chroot, path: "/", at: 0, before: .done),
        call("fsopen(tmpfs)", SYS_fsopen, path: "tmpfs", at: 0, 0, before: .done),
        call("open_tree()", SYS_open_tree, everything, 0, 0), call("move_mount()", SYS_move_mount, 0, 0, 0, 0, 0),
    ]

    private static let kernel = [
        call("bpf()", SYS_bpf, everything, 0, 0), call("io_uring_setup()", SYS_io_uring_setup, 1, 0),
        call("userfaultfd()", SYS_userfaultfd, 0), call("perf_event_open()", SYS_perf_event_open, 0, 0, 0, 0, 0),
        call("keyctl()", SYS_keyctl, 0, 0, 0), call("add_key()", SYS_add_key, 0, 0, 0, 0, 0),
        call("init_module()", SYS_init_module, 0, 0, 0), call("finit_module()", SYS_finit_module, everything, 0, 0),
        call("personality()", SYS_personality, 0xffff_ffff, before: .done), call("syslog()", SYS_syslog, 10, 0, 0),
        call("ioctl()", SYS_ioctl, 0, 0x541b, 0),
    ]

    private static let messages = [
        Trial("sendto() with an address", before: .anyAnswer) { subject throws(SubjectLost) in
            let address = subject.bytes([16, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0])
            return try subject.call(SYS_sendto, 3, address, 1, 0x4000, address, 12)
        },
        call("sendmsg()", SYS_sendmsg, 3, 0, 0), call("sendmmsg()", SYS_sendmmsg, 3, 0, 0, 0),
        call("connect()", SYS_connect, 3, 0, 0), call("listen()", SYS_listen, 3, 0),
        call("vmsplice()", SYS_vmsplice, 0, 0, 0, 0),
    ]

    private static var foreign: [Trial] {
        #if arch(x86_64)
            [
                Trial("getpid() as x32", before: .anyAnswer) { subject throws(SubjectLost) in
                    try subject.foreignCall(0x4000_0000 | 39, is32Bit: false)
                },
                // getpid() and execve() of the 32-bit interface
                Trial("int 0x80: getpid()", before: .anyAnswer) { subject throws(SubjectLost) in
                    try subject.foreignCall(20, is32Bit: true)
                },
                Trial("a number that no call has", before: .error(ENOSYS)) { subject throws(SubjectLost) in
                    try subject.foreignCall(4000, is32Bit: false)
                },
            ]
        #else
            [
                Trial("a number that no call has", before: .error(ENOSYS)) { subject throws(SubjectLost) in
                    try subject.foreignCall(4000, is32Bit: false)
                }
            ]
        #endif
    }
}
