extension SyscallTable {
    /// The supervisor: its own work, the start of its children, and their sealing, since they inherit the filter.
    static let supervisor = SyscallTable(
        name: "supervisor",
        rules: programs + files + descriptors + sockets + identity + confinement + memory + signals + questions)

    // CLONE_VM, CLONE_VFORK and SIGCHLD: what posix_spawn passes
    private static let spawning: UInt64 = 0x4111

    private static let programs = [
        SyscallRule("clone", [ArgumentRule(0, spawning)], "posix_spawn; no thread, no other kind of child"),
        SyscallRule("execve", "posix_spawn starts the helpers"),
        SyscallRule("wait4", "posix_spawn collects a child that could not start"),
        SyscallRule("waitid", "children that ended"),
        SyscallRule("pidfd_open", "holds a child"),
        SyscallRule("pidfd_send_signal", "ends a child"),
        SyscallRule("tgkill", "abort()"),
        SyscallRule("exit", "the end"),
        SyscallRule("exit_group", "the end"),
        SyscallRule("setsid", "children have sessions of their own"),
    ]

    private static let files = [
        SyscallRule("open", on: .x86, "older C libraries"),
        SyscallRule("openat", "policy, key and namespace files; the dynamic linker"),
        SyscallRule("openat2", "the same, without symbolic links"),
        SyscallRule("access", on: .x86, "the dynamic linker"),
        SyscallRule("faccessat", "the dynamic linker"),
        SyscallRule("faccessat2", "the dynamic linker"),
        SyscallRule("stat", on: .x86, "older C libraries"),
        SyscallRule("lstat", on: .x86, "older C libraries"),
        SyscallRule("fstat", "owners and modes of what was opened"),
        SyscallRule("newfstatat", "the same, and namespaces"),
        SyscallRule("statx", "the same"),
        SyscallRule("statfs", "the empty root is read back"),
        SyscallRule("fstatfs", "namespace files"),
        SyscallRule("getdents64", "the list of open descriptors"),
        SyscallRule("lseek", "filter programs, directory lists"),
        SyscallRule("readlink", on: .x86, "where the program lies"),
        SyscallRule("readlinkat", "where the program lies"),
        SyscallRule("getcwd", "the state is read back"),
        SyscallRule("chdir", "children leave the working directory"),
        SyscallRule("fchdir", "Unix listeners are made relative to an opened directory"),
        SyscallRule("umask", "children, Unix listeners"),
        SyscallRule("unlink", on: .x86, "Unix listeners"),
        SyscallRule("unlinkat", "Unix listeners"),
        SyscallRule("chmod", on: .x86, "Unix listeners"),
        SyscallRule("fchmod", "Unix listeners"),
        SyscallRule("fchmodat", "Unix listeners"),
        SyscallRule("fchown", "Unix listeners"),
        SyscallRule("fchownat", "Unix listeners"),
        SyscallRule("rename", on: .x86, "files are replaced whole"),
        SyscallRule("renameat", "files are replaced whole"),
        SyscallRule("mkdir", on: .x86, "/run/nlgate"),
        SyscallRule("mkdirat", "/run/nlgate"),
        SyscallRule("fsync", "the audit log"),
        SyscallRule("flock", "one gateway for each admin socket"),
        SyscallRule("memfd_create", "children compile their filters into memory"),
    ]

    private static let descriptors = [
        SyscallRule("read", "files, events"),
        SyscallRule("pread64", "the dynamic linker"),
        SyscallRule("readv", "files"),
        SyscallRule("write", "log, audit log, filter programs"),
        SyscallRule("pwrite64", "files"),
        SyscallRule("writev", "the C library's last words"),
        SyscallRule("close", "everywhere"),
        SyscallRule("close_range", "posix_spawn closes what isn't handed over"),
        SyscallRule("dup", "descriptors of children"),
        SyscallRule("dup2", on: .x86, "descriptors of children"),
        SyscallRule("dup3", "descriptors of children"),
        SyscallRule("fcntl", "descriptors of children"),
        // TCGETS
        SyscallRule("ioctl", [ArgumentRule(1, 0x5401)], "the C library asks whether an output is a terminal"),
        SyscallRule("pipe2", "posix_spawn in some C libraries"),
        SyscallRule("eventfd2", "the event loop"),
        SyscallRule("epoll_create1", "the event loop"),
        SyscallRule("epoll_ctl", "the event loop"),
        SyscallRule("epoll_wait", on: .x86, "the event loop"),
        SyscallRule("epoll_pwait", "the event loop"),
        SyscallRule("poll", on: .x86, "waiting for one descriptor"),
        SyscallRule("ppoll", "waiting for one descriptor"),
        SyscallRule("signalfd4", "signals as events"),
        SyscallRule("timerfd_create", "timers"),
        SyscallRule("timerfd_settime", "timers"),
    ]

    private static let families = [Kernel.unix, Kernel.inet, Kernel.inet6, Kernel.netlink]

    private static let sockets = [
        SyscallRule(
            "socket", anyOf: families.map { [ArgumentRule(0, $0)] },
            "listeners, brokers' netlink sockets, the probes of the self-check"),
        SyscallRule("socketpair", [ArgumentRule(0, Kernel.unix)], "control and session pairs"),
        SyscallRule("bind", "listeners"),
        SyscallRule("listen", "listeners"),
        SyscallRule("accept4", "Unix and admin listeners; frontends"),
        SyscallRule("connect", "the service manager, name services, the probes of the self-check"),
        SyscallRule("sendmsg", "descriptors for children"),
        SyscallRule("sendto", "control sockets"),
        SyscallRule("recvmsg", "control sockets"),
        SyscallRule("recvfrom", "control sockets"),
        SyscallRule("getsockname", "listeners"),
        SyscallRule("getpeername", "listeners"),
        SyscallRule("setsockopt", "listeners, children's sockets"),
        SyscallRule("getsockopt", "peer credentials"),
        SyscallRule("shutdown", "the end of a session"),
    ]

    private static let identity = [
        SyscallRule("setgroups", "children become other users"),
        SyscallRule("setresuid", "children become other users"),
        SyscallRule("setresgid", "children become other users"),
        SyscallRule("capget", "libcap"),
        SyscallRule("capset", "children give capabilities up"),
        SyscallRule("getuid", "who runs the daemon"),
        SyscallRule("geteuid", "who runs the daemon"),
        SyscallRule("getgid", "who runs the daemon"),
        SyscallRule("getegid", "who runs the daemon"),
        SyscallRule("getresuid", "who runs the daemon"),
        SyscallRule("getresgid", "who runs the daemon"),
        SyscallRule("getpid", "reports"),
        SyscallRule("getppid", "children check that the supervisor lives"),
        SyscallRule("gettid", "abort()"),
        SyscallRule("getsid", "the state is read back"),
    ]

    // Those of Prctl, PR_GET_NAME 16, PR_GET_SECCOMP 21 and PR_SET_VMA (the C library names its memory)
    private static let prctls: [UInt64] = [
        1, 2, 3, 4, 15, 16, 21, 23, 24, 27, 28, 38, 39, 47, 65, 66, 0x5356_4d41,
    ]

    private static let confinement = [
        SyscallRule("prctl", anyOf: prctls.map { [ArgumentRule(0, $0)] }, "the steps of a sealing"),
        SyscallRule("unshare", "children's namespaces"),
        SyscallRule("setns", "brokers join the namespace that they serve"),
        SyscallRule("mount", "children's empty root"),
        SyscallRule("umount2", "children's empty root"),
        SyscallRule("pivot_root", "children's empty root"),
        SyscallRule("landlock_create_ruleset", "Landlock"),
        SyscallRule("landlock_restrict_self", "Landlock"),
        SyscallRule("seccomp", "children's own filters; a filter can only take away"),
        SyscallRule("prlimit64", "children's limits"),
        SyscallRule("setrlimit", on: .x86, "older C libraries"),
        SyscallRule("getrlimit", on: .x86, "older C libraries"),
    ]

    private static let memory = [
        SyscallRule("brk", "malloc"),
        SyscallRule("mmap", "malloc, the dynamic linker; what is writable and executable is refused by PR_SET_MDWE"),
        SyscallRule("munmap", "free"),
        SyscallRule("mremap", "realloc"),
        SyscallRule("mprotect", [ArgumentRule(2, .only(Kernel.readWriteProtection))], "never executable"),
        SyscallRule("madvise", "malloc"),
        SyscallRule("mlock", "the key's memory"),
        SyscallRule("mlock2", "the key's memory"),
        SyscallRule("munlock", "the key's memory"),
        SyscallRule("mlockall", "the key's memory"),
        SyscallRule("futex", "locks"),
        SyscallRule("set_robust_list", "a program's start"),
        SyscallRule("set_tid_address", "a program's start"),
        SyscallRule("rseq", "a program's start"),
        SyscallRule("arch_prctl", on: .x86, "a program's start"),
    ]

    private static let signals = [
        SyscallRule("rt_sigaction", "normal state"),
        SyscallRule("rt_sigprocmask", "signals as events"),
        SyscallRule("rt_sigreturn", "signals"),
        SyscallRule("rt_sigpending", "signals"),
        SyscallRule("sigaltstack", "a program's start"),
        SyscallRule("restart_syscall", "waiting goes on after SIGSTOP and SIGCONT"),
    ]

    private static let questions = [
        SyscallRule("getrandom", "random numbers"),
        SyscallRule("clock_gettime", "the clock"),
        SyscallRule("clock_getres", "the clock"),
        SyscallRule("clock_nanosleep", "restart back-off"),
        SyscallRule("gettimeofday", "the clock"),
        SyscallRule("time", on: .x86, "the clock"),
        SyscallRule("nanosleep", "restart back-off"),
        SyscallRule("uname", "the kernel's version"),
        SyscallRule("sysinfo", "the C library's sorting"),
        SyscallRule("sched_yield", "Swift's spin locks"),
        SyscallRule("sched_getaffinity", "how many processors there are"),
        SyscallRule("getcpu", "malloc"),
        SyscallRule("getrusage", "status"),
    ]
}
