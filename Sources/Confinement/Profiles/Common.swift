import Glibc

/// What every confined process needs, whatever its role.
enum CommonRules {
    /// Memory, chance, and how to end.
    static func runtime(pid: Int32) -> [SyscallRule] {
        memory + ending(pid: pid) + [
            SyscallRule("getrandom", [ArgumentRule(2, .only(1))], "random numbers: ids of refusals, seeds, OpenSSL"),
            SyscallRule(
                "futex", [ArgumentRule(1, Kernel.wakePrivate)],
                "what is made once wakes those who wait for it; with one thread nobody waits, and none may"),
            SyscallRule("clock_gettime", "the clock, where the vDSO can't answer"),
            SyscallRule("restart_syscall", "the kernel resumes epoll_wait after SIGSTOP and SIGCONT with it"),
        ]
    }

    private static let memory = [
        SyscallRule("brk", "malloc"),
        SyscallRule(
            "mmap",
            [
                ArgumentRule(2, .only(Kernel.readWriteProtection)),
                ArgumentRule(3, .exactly(Kernel.privateAnonymous, optional: Kernel.noReserve | Kernel.stack)),
            ], "malloc: private memory without a file, never executable"),
        SyscallRule("munmap", "free"),
        SyscallRule("mremap", [ArgumentRule(3, Kernel.mayMove)], "realloc of a block above 128 KiB"),
        SyscallRule(
            "mprotect", [ArgumentRule(2, .only(Kernel.readWriteProtection))],
            "malloc's second heap, once brk finds no more room; never executable"),
        SyscallRule("madvise", [ArgumentRule(2, Kernel.dontNeed)], "that heap gives pages back"),
    ]

    private static func ending(pid: Int32) -> [SyscallRule] {
        let own = UInt64(UInt32(bitPattern: pid))
        return [
            SyscallRule("exit_group", "the end"),
            SyscallRule("write", [ArgumentRule(0, 2)], "Swift's last words before a trap"),
            SyscallRule("writev", [ArgumentRule(0, 2)], "the C library's last words before abort()"),
            SyscallRule("rt_sigprocmask", "abort() unblocks SIGABRT"),
            SyscallRule("getpid", "abort() names its process; OpenSSL asks whether the process was forked"),
            SyscallRule("gettid", "abort() names its thread"),
            SyscallRule(
                "tgkill", [ArgumentRule(0, own), ArgumentRule(1, own), ArgumentRule(2, 6)],
                "abort() sends SIGABRT to itself and nothing else to anybody"),
        ]
    }

    /// An event loop over sockets that are there.
    static let loop = [
        SyscallRule("close", "the end of a session"),
        SyscallRule("epoll_ctl", "the event loop"),
        SyscallRule("epoll_wait", on: .x86, "the event loop"),
        SyscallRule("epoll_pwait", [ArgumentRule(4, 0)], "epoll_wait() on aarch64; no signal mask"),
        SyscallRule("poll", on: .x86, "waiting for a supervisor that is slower than its messages"),
        SyscallRule("ppoll", [ArgumentRule(3, 0)], "poll() on aarch64; no signal mask"),
        SyscallRule(
            "recvmsg",
            [
                ArgumentRule(
                    2, .exactly(Kernel.cmsgCloseOnExec | Kernel.dontWait, optional: Kernel.truncate))
            ], "messages between our processes, and netlink; never waits, descriptors arrive close-on-exec"),
        SyscallRule(
            "sendto",
            [
                ArgumentRule(3, .exactly(Kernel.noSignal, optional: Kernel.dontWait)), ArgumentRule(4, 0),
                ArgumentRule(5, 0),
            ], "send(): no address, so that a socket can't be aimed, and no descriptor can travel"),
    ]

    /// What the loop is set up with.
    static let setUp = [
        SyscallRule("epoll_create1", [ArgumentRule(0, Kernel.closeOnExec)], "the event loop"),
        SyscallRule("getsockname", "the listener's own address, the netlink port"),
    ]

    /// The next filter, which can only take away.
    static let nextFilter = SyscallRule(
        "seccomp", [ArgumentRule(0, 1), ArgumentRule(1, 1)], "installs the next, narrower filter for every thread")

    /// `setsockopt` or `getsockopt` for these options of these levels.
    static func options(_ call: String, _ options: [(level: UInt64, option: UInt64)], _ reason: String) -> SyscallRule {
        SyscallRule(
            call, anyOf: options.map { [ArgumentRule(1, $0.level), ArgumentRule(2, $0.option)] }, reason)
    }
}

/// The filters of one confined process, compiled before it gives anything up.
struct ProfileFilters {
    let first: SystemCallFilter
    let second: SystemCallFilter
    let third: SystemCallFilter?

    init(_ plan: SealingPlan) throws(SealingError) {
        let tables = SyscallTable.tables(for: plan, pid: getpid())
        first = try SystemCallFilter(tables[0])
        second = try SystemCallFilter(tables[1])
        third = tables.count > 2 ? try SystemCallFilter(tables[2]) : nil
    }
}

extension SyscallTable {
    /// The tables of a confined process in the order in which they come into force; each only takes away.
    public static func tables(for plan: SealingPlan, pid: Int32) -> [SyscallTable] {
        switch plan.role {
        case .supervisor: [supervisor]
        case .frontend: frontend(pid: pid)
        case .reader: broker(pid: pid, protocols: plan.protocols, privileged: false)
        case .broker: broker(pid: pid, protocols: plan.protocols, privileged: true)
        case .compiler: compiler(pid: pid)
        case .keeper: keeper(pid: pid)
        }
    }
}
