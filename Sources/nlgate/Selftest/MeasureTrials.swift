import CSelftest
import Glibc

/// What each measure refuses by itself, tried where the process has taken every measure but its filters.
struct MeasureTrials {
    let kind: HelperKind
    /// Landlock's ABI number.
    let landlock: Int
    /// The kernel can refuse executable memory.
    let hasMDWE: Bool
    /// A waiting process of the same user.
    let neighbour: Int32
    /// The name of an abstract socket that listens in this process's network.
    let listener: String

    var groups: [TrialGroup] {
        [
            TrialGroup(measure: "empty root", trials: emptyRoot),
            TrialGroup(measure: "Landlock: files", trials: files, missing: landlock >= 1 ? nil : "no Landlock"),
            TrialGroup(measure: "Landlock: TCP", trials: network, missing: lacks(4, "TCP rules")),
            TrialGroup(measure: "Landlock: scopes", trials: scopes, missing: lacks(6, "scopes")),
            TrialGroup(measure: "network", trials: kind.hasEmptyNetwork ? emptyNetwork : []),
            TrialGroup(measure: "identity", trials: identity),
            TrialGroup(measure: "capabilities", trials: capabilities),
            TrialGroup(measure: "kernel refuses writes", trials: [write]),
            TrialGroup(measure: "limits", trials: limits),
            TrialGroup(
                measure: "memory never executable", trials: memory,
                missing: hasMDWE ? nil : "this kernel has no PR_SET_MDWE (it came with 6.3)"),
            TrialGroup(measure: "process settings", trials: settings),
        ].filter { !$0.trials.isEmpty }
    }

    private func lacks(_ wanted: Int, _ what: String) -> String? {
        landlock >= wanted ? nil : "this kernel's Landlock has no \(what) (ABI \(landlock), they came with \(wanted))"
    }

    // Landlock doesn't look at stat(): here the empty root is alone.
    private var emptyRoot: [Trial] {
        ["/etc/passwd", "/proc/self", "/dev/null"].map { path in
            Trial("stat(\(path))", after: .error(ENOENT)) { subject throws(SubjectLost) in
                let path = subject.string(path)
                return try subject.call(
                    SYS_statx, workingDirectory, path, 0, 0x7ff, subject.bytes(.init(repeating: 0, count: 256)))
            }
        }
    }

    private var files: [Trial] {
        [
            Trial("open(/)", after: .error(EACCES)) { subject throws(SubjectLost) in
                try subject.call(SYS_openat, workingDirectory, subject.string("/"), 0)
            },
            Trial("open(/, O_TMPFILE)", before: .anyAnswer, after: .errors([EACCES, EROFS])) {
                subject throws(SubjectLost) in
                try subject.call(SYS_openat, workingDirectory, subject.string("/"), 0o20200002, 0o600)
            },
        ]
    }

    private func socket(
        _ name: String, type: UInt64, _ number: Int32, _ address: [UInt8], _ wanted: Wanted
    ) -> Trial {
        Trial(name, after: wanted) { subject throws(SubjectLost) in
            let socket = try subject.call(SYS_socket, UInt64(address[0]), type, 0)
            guard socket >= 0 else { return socket }
            return try subject.call(number, UInt64(socket), subject.bytes(address), UInt64(address.count))
        }
    }

    private var network: [Trial] {
        [
            socket("connect(127.0.0.1:7000)", type: 1, SYS_connect, .loopback(port: 7000), .error(EACCES)),
            socket("bind(127.0.0.1:7001)", type: 1, SYS_bind, .loopback(port: 7001), .error(EACCES)),
        ]
    }

    private var scopes: [Trial] {
        [
            Trial("kill() of a process of its own user", after: .error(EPERM)) { subject throws(SubjectLost) in
                try subject.call(SYS_kill, UInt64(neighbour), 0)
            },
            // In the empty network there is nobody of that name.
            socket(
                "connect(abstract socket)", type: 1, SYS_connect, .abstract(listener),
                .error(kind.hasEmptyNetwork ? ECONNREFUSED : EPERM)),
        ]
    }

    // Landlock doesn't look at UDP: here the empty network is alone.
    private var emptyNetwork: [Trial] {
        [socket("connect(127.0.0.1:7000, UDP)", type: 2, SYS_connect, .loopback(port: 7000), .error(ENETUNREACH))]
    }

    private var identity: [Trial] {
        [
            Trial("setresuid(0)", after: .error(EPERM)) { subject throws(SubjectLost) in
                try subject.call(SYS_setresuid, 0, 0, 0)
            },
            Trial("setresgid(0)", after: .error(EPERM)) { subject throws(SubjectLost) in
                try subject.call(SYS_setresgid, 0, 0, 0)
            },
            Trial("setgroups()", after: .error(EPERM)) { subject throws(SubjectLost) in
                try subject.call(SYS_setgroups, 0, 0)
            },
        ]
    }

    private var capabilities: [Trial] {
        [
            Trial("capset(CAP_SYS_ADMIN)", after: .error(EPERM)) { subject throws(SubjectLost) in
                // _LINUX_CAPABILITY_VERSION_3; effective and permitted
                let header = subject.bytes(.words(0x2008_0522))
                return try subject.call(SYS_capset, header, subject.bytes(.words(0x20_0000_0020_0000, 0, 0)))
            },
            Trial("unshare(network)", after: .error(EPERM)) { subject throws(SubjectLost) in
                try subject.call(SYS_unshare, 0x4000_0000)
            },
            Trial("mount()", after: .error(EPERM)) { subject throws(SubjectLost) in
                let type = subject.string("tmpfs")
                return try subject.call(SYS_mount, type, subject.string("/"), type, 0, 0)
            },
            Trial("chroot(/)", after: .error(EPERM)) { subject throws(SubjectLost) in
                try subject.call(SYS_chroot, subject.string("/"))
            },
            Trial("sethostname()", after: .error(EPERM)) { subject throws(SubjectLost) in
                try subject.call(SYS_sethostname, subject.string("selftest"), 8)
            },
            // PR_SET_SECUREBITS
            Trial("prctl(securebits)", after: .error(EPERM)) { subject throws(SubjectLost) in
                try subject.call(SYS_prctl, 28, 0)
            },
        ]
    }

    /// Answers what the kernel's acknowledgement says.
    private var write: Trial {
        Trial("RTM_SETLINK on a socket of its own", after: .error(EPERM)) { subject throws(SubjectLost) in
            let socket = try subject.call(SYS_socket, 16, 3, 0)
            guard socket >= 0 else { return socket }
            let request = subject.bytes(.linkUp)
            let sent = try subject.call(SYS_sendto, UInt64(socket), request, UInt64([UInt8].linkUp.count), 0, 0, 0)
            guard sent >= 0 else { return sent }
            let buffer = subject.bytes([UInt8](repeating: 0, count: 512))
            // MSG_DONTWAIT: the kernel has answered within sendto()
            let count = try subject.call(SYS_recvfrom, UInt64(socket), buffer, 512, 0x40, 0, 0)
            guard count >= 20 else { return count < 0 ? count : -Int64(EPROTO) }
            return Int64(Int32(truncatingIfNeeded: subject.word(at: buffer + 16)))
        }
    }

    private var limits: [Trial] {
        [
            // SIGCHLD
            Trial("fork()", after: .error(EAGAIN)) { subject throws(SubjectLost) in try subject.call(SYS_clone, 17) },
            // RLIMIT_NPROC
            Trial("setrlimit(processes)", after: .error(EPERM)) { subject throws(SubjectLost) in
                try subject.call(SYS_prlimit64, 0, 6, subject.bytes(.words(64, 64)), 0)
            },
        ] + (kind.locksMemory ? [] : [lock])
    }

    private var lock: Trial {
        Trial("mlock()", after: .errors([EPERM, ENOMEM])) { subject throws(SubjectLost) in
            try subject.call(SYS_mlock, subject.bytes([0]) & ~4095, 4096)
        }
    }

    private var memory: [Trial] {
        [
            Trial("mmap(read, write, execute)", after: .error(EACCES)) { subject throws(SubjectLost) in
                try subject.call(SYS_mmap, 0, 4096, 7, 0x22, everything, 0)
            },
            Trial("mprotect(execute)", after: .error(EACCES)) { subject throws(SubjectLost) in
                let page = try subject.call(SYS_mmap, 0, 4096, 3, 0x22, everything, 0)
                guard page >= 0 else { return page }
                return try subject.call(SYS_mprotect, UInt64(page), 4096, 5)
            },
        ]
    }

    private func setting(_ name: String, _ operation: UInt64, _ before: Int64, _ after: Int64) -> Trial {
        Trial(name, before: .value(before), after: .value(after)) { subject throws(SubjectLost) in
            try subject.call(SYS_prctl, operation, 0, 0, 0, 0)
        }
    }

    private var settings: [Trial] {
        [
            // PR_GET_DUMPABLE, PR_GET_NO_NEW_PRIVS, PR_GET_SECUREBITS: NOROOT, NO_SETUID_FIXUP, NO_CAP_AMBIENT_RAISE
            // and their locks, and that of KEEP_CAPS
            setting("dumpable", 3, 1, 0), setting("no_new_privs", 39, 0, 1), setting("securebits", 27, 0, 0xef),
            // PR_GET_PDEATHSIG
            Trial("signal at the supervisor's end", before: nil, after: .value(Int64(SIGKILL))) {
                subject throws(SubjectLost) in
                let place = subject.bytes([UInt8](repeating: 0, count: 8))
                let result = try subject.call(SYS_prctl, 2, place)
                return result < 0 ? result : Int64(Int32(truncatingIfNeeded: subject.word(at: place)))
            },
        ]
    }
}
