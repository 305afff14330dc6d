import Confinement
import LinuxSys
import Testing

/// The tables of system calls: as text, as programs for both architectures, and tried number by number.
@Suite struct FilterTests {
    static let plans: [SealingPlan] = ProcessRole.allCases.map { role in
        SealingPlan(
            role: role, uid: 1, gid: 1, supervisorPID: 1, descriptorCount: 4, network: .keep, protocols: [0, 15],
            kernel: .running())
    }
    static let tables = plans.flatMap { SyscallTable.tables(for: $0, pid: 4711) }

    @Test func `no table has a fault`() {
        for table in Self.tables { #expect(table.lint() == [], "\(table.name)") }
    }

    @Test func `each further table only takes away`() {
        for plan in Self.plans {
            let tables = SyscallTable.tables(for: plan, pid: 4711)
            for (wide, narrow) in zip(tables, tables.dropFirst()) {
                let names = Set(wide.rules.map(\.name))
                #expect(names.isSuperset(of: narrow.rules.map(\.name)), "\(narrow.name)")
                #expect(wide.rules != narrow.rules)
            }
        }
    }

    @Test func `what a child may call, the supervisor's table has as well, because filters add up`() throws {
        let supervisor = try #require(Self.tables.first { $0.name == "supervisor" })
        for table in Self.tables {
            for rule in table.rules {
                let wide = supervisor.rules.first { $0.name == rule.name }
                #expect(wide != nil, "\(table.name): \(rule.name)")
                for form in rule.alternatives {
                    var fitting = [UInt64](repeating: 0, count: 6)
                    for argument in form {
                        switch argument.test {
                        case .equal(let value), .masked(_, let value): fitting[Int(argument.index)] = value
                        }
                    }
                    #expect(wide?.accepts(fitting) == true, "\(table.name): \(rule.name) \(fitting)")
                }
            }
        }
    }

    @Test func `the dangerous calls are in no confined process's table`() throws {
        let never = [
            "execve", "execveat", "fork", "vfork", "clone", "ptrace", "process_vm_readv", "process_vm_writev", "kill",
            "tkill", "pidfd_getfd", "pidfd_send_signal", "sendmsg", "sendmmsg", "connect", "listen", "socketpair",
            "open",
            "openat", "openat2", "creat", "unlinkat", "mount", "umount2", "pivot_root", "unshare", "setns", "prctl",
            "bpf", "io_uring_setup", "userfaultfd", "keyctl", "add_key", "perf_event_open", "personality", "ioctl",
            "memfd_create", "shmat", "pkey_mprotect", "modify_ldt", "setuid", "setresuid", "setgroups", "prlimit64",
        ]
        for table in Self.tables where table.name != "supervisor" {
            var names = Set(table.rules.map(\.name))
            // But for one thing: which signal the supervisor's end sends.
            if table.name.hasPrefix("privileged broker") { names.remove("prctl") }
            #expect(names.isDisjoint(with: never), "\(table.name)")
        }
        for plan in Self.plans where [.frontend, .compiler, .keeper].contains(plan.role) {
            for table in SyscallTable.tables(for: plan, pid: 1) {
                #expect(!table.rules.contains { ["socket", "bind", "capset"].contains($0.name) })
            }
        }
        let compiler = Self.tables.filter { $0.name.hasPrefix("policy compiler") }
        #expect(compiler.count == 2)
        for table in compiler {
            let names = Set(table.rules.map(\.name))
            #expect(names.isDisjoint(with: ["recvmsg", "recvfrom", "accept4", "fcntl", "setsockopt", "epoll_ctl"]))
        }
        let serving = try #require(SyscallTable.tables(for: Self.plans[3], pid: 1).last)
        #expect(!serving.rules.contains { ["socket", "bind", "seccomp"].contains($0.name) })
        #expect(!SyscallTable.tables(for: Self.plans[2], pid: 1).contains { $0.rules.contains { $0.name == "capset" } })
    }

    @Test func `a privileged broker changes nothing about itself but the signal of its supervisor's end`() throws {
        for table in SyscallTable.tables(for: Self.plans[3], pid: 1) {
            let rule = try #require(table.rules.first { $0.name == "prctl" })
            var accepted: [[UInt64]] = []
            for operation in 0..<UInt64(128) {
                for value in 0..<UInt64(128) where rule.accepts([operation, value, 0, 0, 0, 0]) {
                    accepted.append([operation, value])
                }
            }
            #expect(accepted == [[1, 9], [1, 15]])
        }
    }

    @Test func `the lint finds each kind of fault`() {
        func faults(_ rules: [SyscallRule]) -> [String] { SyscallTable(name: "t", rules: rules, absent: []).lint() }
        let read = SyscallRule("read", "because")
        #expect(faults([read]) == [])
        #expect(faults([read, read]) == ["read is listed twice"])
        #expect(faults([read, SyscallRule("read", [ArgumentRule(0, 1)], "because")]) == ["read is listed twice"])
        #expect(faults([SyscallRule("read", "")]) == ["read has no reason"])
        #expect(faults([SyscallRule("raed", "because")]) == ["raed is no system call"])
        #expect(
            faults([SyscallRule("read", anyOf: [[ArgumentRule(0, 1)], []], "because")])
                == ["read has a form without conditions beside others"])
        #expect(
            faults([SyscallRule("read", [ArgumentRule(0, 1), ArgumentRule(0, 2)], "because")])
                == ["read tests an argument twice"])
        #expect(faults([SyscallRule("read", [ArgumentRule(0, .masked(1, 2))], "because")]) == ["read can never match"])
        #expect(
            faults([SyscallRule("read", [ArgumentRule(6, 0)], "because")])
                == ["read tests an argument that doesn't exist"])
        #expect(throws: SealingError.self) {
            try SystemCallFilter(SyscallTable(name: "t", rules: [read, read], absent: []))
        }
    }

    @Test(arguments: Architecture.allCases)
    func `the compiled programs decide as the tables say`(architecture: Architecture) throws {
        for table in Self.tables {
            let program = try BPFProgram(SystemCallFilter(table, for: architecture).program)
            try compare(table, program, architecture)
        }
    }

    private func decision(_ rule: SyscallRule?, _ arguments: [UInt64]) -> UInt32 {
        guard let rule else { return BPFProgram.kill }
        if rule.accepts(arguments) { return BPFProgram.allow }
        return rule.refuses(arguments) ? BPFProgram.notPermitted : BPFProgram.kill
    }

    private func compare(_ table: SyscallTable, _ program: BPFProgram, _ architecture: Architecture) throws {
        var rules: [Int32: SyscallRule] = [:]
        for rule in table.rules where rule.architectures == .both || architecture == .x86_64 {
            rules[try #require(SystemCalls.number(rule.name, on: architecture))] = rule
        }
        let absent = Set(table.absent.compactMap { SystemCalls.number($0, on: architecture) })
        for number in Int32(0)..<600 {
            for arguments in rules[number]?.cornerValues ?? [[0, 0, 0, 0, 0, 0]] {
                let wanted = absent.contains(number) ? BPFProgram.noSuchCall : decision(rules[number], arguments)
                let got = program.decide(number: UInt32(number), architecture: architecture, arguments)
                try #require(got == wanted, "\(table.name): \(number) \(arguments)")
            }
        }
        for number in [UInt32(0), 1, 39, 59, 0x4000_0000, 0x4000_0001, 0x4000_0027, 0xffff_ffff] {
            // AUDIT_ARCH_I386, AUDIT_ARCH_ARM
            for foreign in [UInt32(0x4000_0003), 0x4000_0028] {
                #expect(program.decide(number: number, token: foreign, [0, 0, 0, 0, 0, 0]) == BPFProgram.kill)
            }
            if number >= 0x4000_0000 {
                #expect(
                    program.decide(number: number, architecture: architecture, [0, 0, 0, 0, 0, 0]) == BPFProgram.kill)
            }
        }
    }

    @Test(arguments: confinedRoles, ["numbers", "foreign", "arguments"])
    func `the kernel decides as the tables say`(role: ProcessRole, what: String) throws {
        let outcome = try Probe.run(["mode=matrix", "role=\(role)", "protocols=0,15", "what=\(what)"])
        // Linux lets uretprobe and uprobe (335, 336) past every filter; they only work in the kernel's own trampolines.
        let wrong = outcome.texts.filter {
            $0.hasPrefix("wrong: ") && !$0.hasPrefix("wrong: 335 ") && !$0.hasPrefix("wrong: 336 ")
        }
        #expect(wrong == [])
        #expect(outcome.answer("tried").flatMap { Int($0) } ?? 0 > 50, "\(outcome.complaint)")
    }
}

extension SyscallRule {
    /// Arguments that fit, and each tested one off by a bit of the upper half, by one, and as the largest number.
    fileprivate var cornerValues: [[UInt64]] {
        var all: [[UInt64]] = [[0, 0, 0, 0, 0, 0], [UInt64](repeating: .max, count: 6)]
        for alternative in alternatives + refused {
            var fitting = [UInt64](repeating: 0, count: 6)
            for argument in alternative {
                switch argument.test {
                case .equal(let value): fitting[Int(argument.index)] = value
                case .masked(let mask, let value): fitting[Int(argument.index)] = value | ~mask
                }
            }
            all.append(fitting)
            for argument in alternative {
                for bit in 0..<UInt64(64) {
                    var changed = fitting
                    changed[Int(argument.index)] ^= 1 << bit
                    all.append(changed)
                }
                var next = fitting
                next[Int(argument.index)] &+= 1
                all.append(next)
            }
        }
        return all
    }
}
