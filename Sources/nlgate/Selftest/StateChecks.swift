import CSelftest
import Glibc

/// What the kernel says about a live process of the gateway.
struct StateChecks {
    let kind: HelperKind
    let process: ProcessView
    /// Filters that the process has inherited.
    let inheritedFilters: Int
    /// Namespaces of the gateway's supervisor, and the one that it serves.
    let supervisor: ProcessView
    /// Users of the other processes.
    let otherUsers: [UInt32]

    var findings: [Finding] {
        [
            finding("own user", identity), finding("capabilities", capabilities), finding("filters", filters),
            finding("one thread", [same("threads", process.status("Threads"), "1")]),
            finding("environment", [same("environ", shown(process.file("environ")), "SWIFT_BACKTRACE=enable=no")]),
            finding("descriptors", [descriptors]), finding("not dumpable", dumpability),
            finding("empty root", root), finding("namespaces", namespaces), finding("limits", limits),
            finding("normal state", state),
        ]
    }

    private func finding(_ measure: String, _ attempts: [Attempt]) -> Finding {
        Finding(kind.title, measure, attempts)
    }

    private func same(_ what: String, _ found: String, _ wanted: String) -> Attempt {
        Attempt(found == wanted, what, found == wanted ? shortened(found) : "\(shortened(found)) instead of \(wanted)")
    }

    private func shortened(_ text: String) -> String { text.isEmpty ? "nothing" : String(text.prefix(80)) }

    private func shown(_ text: String) -> String {
        text.split(separator: "\0").map { Terminal.visible($0) }.joined(separator: " ")
    }

    private var identity: [Attempt] {
        ["Uid", "Gid"].map { field in
            let four = process.status(field).split(separator: " ").compactMap { UInt32($0) }
            let user = four.first ?? 0
            let isOwn = four.count == 4 && Set(four).count == 1 && user != 0 && !otherUsers.contains(user)
            return Attempt(isOwn, field, four.map(String.init).joined(separator: " "))
        } + [same("Groups", process.status("Groups"), "")]
    }

    private var capabilities: [Attempt] {
        func set(_ name: String, _ wanted: UInt64) -> Attempt {
            let found = process.capabilities(name)
            return Attempt(found == wanted, name, found.map { String($0, radix: 16) } ?? "not there")
        }
        return [set("CapPrm", kind.permitted)] + ["CapEff", "CapInh", "CapBnd", "CapAmb"].map { set($0, 0) }
    }

    private var filters: [Attempt] {
        [
            same("Seccomp", process.status("Seccomp"), "2"),
            same("Seccomp_filters", process.status("Seccomp_filters"), "\(inheritedFilters + kind.filters)"),
            same("NoNewPrivs", process.status("NoNewPrivs"), "1"),
        ]
    }

    /// The log, `/dev/null`, sockets, and what events come through; no directory, no file, no device.
    private var descriptors: Attempt {
        let foreign = process.descriptors.filter { number, target in
            let isNameless = ["socket:[", "anon_inode:[eventpoll]", "anon_inode:[signalfd]"]
                .contains { target.hasPrefix($0) }
            return !isNameless && target != "/dev/null" && number != 2
        }
        let count = process.descriptors.count
        let names = foreign.map { "\($0.number): \(Terminal.visible($0.target))" }.joined(separator: ", ")
        return Attempt(
            foreign.isEmpty && count > 3, "fd/",
            foreign.isEmpty ? "\(count), sockets and /dev/null" : "open is \(names)")
    }

    private var dumpability: [Attempt] {
        let user = UInt32(process.status("Uid").split(separator: " ").first ?? "") ?? 0
        let mine = cst_waiting_child(user)
        defer { if mine > 0 { cst_end(mine) } }
        let before = attachable(mine, user)
        let after = Answer(Int64(cst_trace_as(user, process.pid)))
        let owner = Attempt(process.owner == 0, "owner of its files in /proc", "uid \(process.owner ?? 0)")
        guard before == .done(0) else {
            return [owner, Attempt(.notTried, "ptrace() by its own user", "it can't trace others either: \(before)")]
        }
        return [owner, Attempt(after == .error(EPERM), "ptrace() by its own user", "\(after)", before: "done")]
    }

    /// Whether the user can trace a process that doesn't defend itself, once that is ready.
    private func attachable(_ pid: Int32, _ user: UInt32) -> Answer {
        var answer = Answer.untraceable(ESRCH)
        _ = holds(within: 5) {
            answer = Answer(Int64(cst_trace_as(user, pid)))
            return answer == .done(0)
        }
        return answer
    }

    private var root: [Attempt] {
        let mounts = process.file("mountinfo").split(separator: "\n")
        let fields = mounts.first?.split(separator: " ").map(String.init) ?? []
        let options = fields.count > 5 ? fields[5].split(separator: ",").map(String.init) : []
        let isLocked = ["ro", "nosuid", "nodev", "noexec"].allSatisfy { options.contains($0) }
        let entries = process.rootEntries
        return [
            Attempt(entries?.isEmpty == true, "root directory", entries.map { "\($0.count) entries" } ?? "unreadable"),
            Attempt(
                mounts.count == 1 && isLocked, "mounts",
                mounts.count == 1 ? "one, \(options.joined(separator: ","))" : "\(mounts.count)"),
        ]
    }

    private var namespaces: [Attempt] {
        func own(_ name: String) -> Attempt {
            let (its, others) = (process.link("ns/" + name), supervisor.link("ns/" + name))
            return Attempt(!its.isEmpty && its != others, name, its == others ? "the supervisor's" : "its own")
        }
        let network = process.link("ns/net")
        let isServed = network == supervisor.link("ns/net")
        let text = isServed ? "the served one" : "its own"
        // The header of the two, the loopback interface, and no other.
        let interfaces = process.file("net/dev").split(separator: "\n").dropFirst(2).map {
            $0.split(separator: ":")[0].trimmingPrefix { $0 == " " }
        }
        let isEmpty = interfaces == ["lo"]
        return [own("ipc"), own("mnt")]
            + [
                kind.hasEmptyNetwork
                    ? Attempt(!isServed && isEmpty, "net", isServed || isEmpty ? text : "\(text), not empty")
                    : Attempt(isServed, "net", text)
            ]
    }

    private var limits: [Attempt] {
        [
            same("processes", process.limit("Max processes"), "0 0"),
            same("core file", process.limit("Max core file size"), "0 0"),
            kind.locksMemory
                ? bounded("locked memory", "Max locked memory")
                : same("locked memory", process.limit("Max locked memory"), "0 0"),
            same("message queues", process.limit("Max msgqueue size"), "0 0"),
            bounded("open files", "Max open files"), bounded("file size", "Max file size"),
            bounded("address space", "Max address space"),
        ]
    }

    private func bounded(_ what: String, _ name: String) -> Attempt {
        let limit = process.limit(name).split(separator: " ").map(String.init)
        let isBounded = limit.count == 2 && limit[0] == limit[1] && UInt64(limit[0]) != nil
        return Attempt(isBounded, what, limit.first ?? "not there")
    }

    private var state: [Attempt] {
        [
            same("working directory", process.link("cwd"), "/"), same("Umask", process.status("Umask"), "0077"),
            same("SigBlk", process.status("SigBlk"), "0000000000000000"),
            Attempt(process.session == process.pid, "session", process.session == process.pid ? "its own" : "another"),
        ]
    }
}
