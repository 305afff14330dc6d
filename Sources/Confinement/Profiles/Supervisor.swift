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
        SyscallRule("exit_group", "the end"),
        SyscallRule("setsid", "children have sessions of their own"),
    ]

    private static let files = [
        SyscallRule("openat", "credentials for a new frontend; the dynamic linker; children's /proc"),
        SyscallRule("access", on: .x86, "the dynamic linker"),
        SyscallRule("faccessat", "access() on aarch64"),
        SyscallRule("stat", on: .x86, "C libraries before 2.33"),
        SyscallRule("lstat", on: .x86, "C libraries before 2.33"),
        SyscallRule("fstat", "C libraries before 2.33; the dynamic linker"),
        SyscallRule("newfstatat", "numbers of namespaces; the dynamic linker"),
        SyscallRule("statfs", "the empty root is read back"),
        SyscallRule("getdents64", "the list of open descriptors"),
        SyscallRule("lseek", "filter programs, directory lists"),
        SyscallRule("readlink", on: .x86, "where the program lies"),
        SyscallRule("readlinkat", "readlink() on aarch64"),
        SyscallRule("getcwd", "the state is read back"),
        SyscallRule("chdir", "children leave the working directory"),
        SyscallRule("umask", "children's normal state"),
        SyscallRule("unlink", on: .x86, "paths of Unix listeners, at the end"),
        SyscallRule("unlinkat", "unlink() on aarch64"),
        SyscallRule("memfd_create", "children compile their filters into memory"),
    ]

    private static let descriptors = [
        SyscallRule("read", "files, signals"),
        SyscallRule("pread64", "the dynamic linker"),
        SyscallRule("write", "log, filter programs, maps of user namespaces"),
        SyscallRule("writev", "the C library's last words"),
        SyscallRule("close", "everywhere"),
        SyscallRule("close_range", "posix_spawn closes what isn't handed over"),
        SyscallRule("dup2", on: .x86, "posix_spawn puts descriptors in their places"),
        SyscallRule("dup3", "dup2() on aarch64"),
        SyscallRule("fcntl", "descriptors of children"),
        // TCGETS
        SyscallRule("ioctl", [ArgumentRule(1, 0x5401)], "the C library asks whether an output is a terminal"),
        SyscallRule("epoll_create1", "the event loop"),
        SyscallRule("epoll_ctl", "the event loop"),
        SyscallRule("epoll_wait", on: .x86, "the event loop"),
        SyscallRule("epoll_pwait", "epoll_wait() on aarch64"),
        SyscallRule("poll", on: .x86, "children wait for a slow supervisor"),
        SyscallRule("ppoll", "poll() on aarch64"),
    ]

    private static let families = [Kernel.unix, Kernel.inet, Kernel.netlink]

    private static let sockets = [
        SyscallRule(
            "socket", anyOf: families.map { [ArgumentRule(0, $0)] },
            "brokers' netlink sockets, the probes of the self-check"),
        SyscallRule("socketpair", [ArgumentRule(0, Kernel.unix)], "control and session pairs"),
        SyscallRule("bind", "listeners"),
        SyscallRule("listen", "listeners"),
        SyscallRule("accept4", "Unix and admin listeners; frontends"),
        SyscallRule("connect", "the probes of the self-check"),
        SyscallRule("sendmsg", "descriptors for children"),
        SyscallRule("sendto", "control sockets"),
        SyscallRule("recvmsg", "control sockets"),
        SyscallRule("recvfrom", "the admin socket; frontends"),
        SyscallRule("getsockname", "listeners, netlink ports"),
        SyscallRule("setsockopt", "control sockets, children's sockets"),
        SyscallRule("getsockopt", "peer credentials"),
        SyscallRule("shutdown", "the end of a frontend's connection"),
    ]

    private static let identity = [
        SyscallRule("setgroups", "children become other users"),
        SyscallRule("setresuid", "children become other users"),
        SyscallRule("setresgid", "children become other users"),
        SyscallRule("capget", "libcap"),
        SyscallRule("capset", "children give capabilities up"),
        SyscallRule("getuid", "who runs the daemon"),
        SyscallRule("getgid", "who runs the daemon"),
        SyscallRule("getpid", "reports"),
        SyscallRule("getppid", "children check that the supervisor lives"),
        SyscallRule("gettid", "abort()"),
        SyscallRule("getsid", "the state is read back"),
    ]

    // Those of Prctl
    private static let prctls: [UInt64] = [
        1, 2, 3, 4, 15, 23, 24, 27, 28, 38, 47, 65, 66,
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
    ]

    private static let memory = [
        SyscallRule("brk", "malloc"),
        SyscallRule("mmap", "malloc, the dynamic linker; what is writable and executable is refused by PR_SET_MDWE"),
        SyscallRule("munmap", "free"),
        SyscallRule("mremap", "realloc of a block above 128 KiB"),
        SyscallRule("mprotect", [ArgumentRule(2, .only(Kernel.readWriteProtection))], "never executable"),
        SyscallRule("madvise", "malloc's second heap gives pages back; the keeper's key is left out of core files"),
        SyscallRule(
            "mlockall", [ArgumentRule(0, Kernel.lockEverything)], "the keeper's memory stays out of swap space"),
        SyscallRule("mlock", "OpenSSL's memory for keys, in the keeper"),
        SyscallRule("mlock2", "the same"),
        SyscallRule("futex", "what is made once wakes those who wait"),
        SyscallRule("set_robust_list", "a program's start"),
        SyscallRule("set_tid_address", "a program's start"),
        SyscallRule("rseq", "a program's start"),
        SyscallRule("arch_prctl", on: .x86, "a program's start"),
    ]

    private static let signals = [
        SyscallRule("rt_sigaction", "normal state"),
        SyscallRule("rt_sigprocmask", "posix_spawn, abort()"),
        SyscallRule(
            "signalfd4", [ArgumentRule(2, 8), ArgumentRule(3, Kernel.closeOnExec | Kernel.nonBlocking)],
            "privileged brokers wait for SIGTERM while a list is armed"),
        SyscallRule("restart_syscall", "waiting goes on after SIGSTOP and SIGCONT"),
    ]

    private static let questions = [
        SyscallRule("getrandom", "random numbers"),
        SyscallRule("clock_gettime", "the clock, where the vDSO can't answer"),
        SyscallRule("gettimeofday", "the same"),
        SyscallRule("time", on: .x86, "the same"),
        SyscallRule("uname", "the kernel's version"),
        SyscallRule("sysinfo", "the C library's sorting"),
        SyscallRule("sched_getaffinity", "how many processors there are"),
    ]
}
