import Confinement
import Glibc
import LinuxSys
import Testing

let confinedRoles: [ProcessRole] = [.frontend, .reader, .broker, .compiler, .keeper]

/// The whole sealing, as each role, seen from outside through /proc.
@Suite(.enabled(if: Probe.isRoot, Probe.needsRoot)) struct SealingTests {
    @Test(arguments: confinedRoles) func `everything mandatory is in force`(role: ProcessRole) throws {
        let outcome = try Probe.run(Probe.root(role))
        #expect(outcome.status == .exited(0), "\(outcome.texts) \(outcome.complaint)")
        let report = try #require(outcome.report)
        #expect(report.missing(for: role, kernel: .running(), root: true) == [])
        var absent: Set<Measure> = [.userNamespace, .socketCreationDropped]
        if role != .keeper || !mayLockMemory() { absent.insert(.lockedMemory) }
        #expect(Set(Measures.all.subtracting(report.measures).list) == absent)
    }

    @Test(arguments: confinedRoles) func `the kernel's files say the same`(role: ProcessRole) throws {
        let probe = try Probe.start(Probe.root(role, ["serve=1"]))
        let report = try probe.report()
        let user = "\(Probe.uid) \(Probe.uid) \(Probe.uid) \(Probe.uid)"
        #expect(try probe.status("Uid") == user)
        #expect(try probe.status("Gid") == user)
        #expect(try probe.status("Groups").allSatisfy { $0 == " " })
        let permitted = role == .broker ? "0000000000001000" : "0000000000000000"
        #expect(try probe.status("CapPrm") == permitted)
        for set in ["CapInh", "CapEff", "CapBnd", "CapAmb"] {
            #expect(try probe.status(set) == "0000000000000000", "\(set)")
        }
        #expect(try probe.status("NoNewPrivs") == "1")
        #expect(try probe.status("Seccomp") == "2")
        #expect(try probe.status("Seccomp_filters") == "\(report.filterCount)")
        #expect(try probe.status("Threads") == "1")
        #expect(try probe.status("Umask") == "0077")
        #expect(try probe.status("SigBlk") == "0000000000000000")
        #expect(try probe.status("Name") == role.processName)
        #expect(report.pid == probe.pid)
        #expect(report.uid == UInt32(Probe.uid))
        #expect(try probe.end(hangUp: true).status == .exited(0))
    }

    @Test(arguments: confinedRoles) func `the root is empty and the namespaces are its own`(role: ProcessRole) throws {
        let probe = try Probe.start(Probe.root(role, ["serve=1"]))
        _ = try probe.report()
        let mounts = try probe.proc("mountinfo").split(separator: "\n")
        #expect(mounts.count == 1)
        #expect(mounts.first?.contains(" / / ro,nosuid,nodev,noexec") == true, "\(mounts)")
        for space in ["ipc", "mnt"] {
            #expect(try namespace("\(probe.pid)", space) != namespace("self", space), "\(space)")
        }
        #expect(try (namespace("\(probe.pid)", "net") == namespace("self", "net")) == role.keepsNetwork)
        if !role.keepsNetwork {
            let interfaces = try probe.proc("net/dev").split(separator: "\n").dropFirst(2)
            #expect(interfaces.count == 1 && interfaces.first?.contains("lo:") == true)
            #expect(try probe.proc("net/route").split(separator: "\n").count <= 1)
        }
        _ = try probe.end(hangUp: true)
    }

    @Test(arguments: confinedRoles) func `only the handed over descriptors are open`(role: ProcessRole) throws {
        let probe = try Probe.start(Probe.root(role, ["serve=1"]))
        _ = try probe.report()
        #expect(try descriptors(of: probe.pid) == [0, 1, 2, 3])
        _ = try probe.end(hangUp: true)
    }

    @Test(arguments: confinedRoles) func `the limits are those of the plan`(role: ProcessRole) throws {
        let probe = try Probe.start(Probe.root(role, ["serve=1"]))
        _ = try probe.report()
        let lines = try probe.proc("limits").split(separator: "\n")
        func limit(_ name: String) -> [Substring] {
            lines.first { $0.hasPrefix(name) }?.dropFirst(26).split(separator: " ").prefix(2).map { $0 } ?? []
        }
        #expect(limit("Max core file size") == ["0", "0"])
        #expect(limit("Max processes") == ["0", "0"])
        #expect(limit("Max file size") == ["0", "0"])
        #expect(limit("Max open files") == ["256", "256"])
        #expect(limit("Max msgqueue size") == ["0", "0"])
        #expect(limit("Max address space") == ["4294967296", "4294967296"])
        let locked = Substring("\(role == .keeper ? lockableMemory() : 0)")
        #expect(limit("Max locked memory") == [locked, locked])
        let lockedNow = try Int(probe.status("VmLck").filter(\.isNumber)) ?? 0
        #expect((lockedNow > 0) == (role == .keeper && mayLockMemory()))
        _ = try probe.end(hangUp: true)
    }

    @Test func `time and memory end where the plan says`() throws {
        let bounds = ["memory=\(512 << 20)", "seconds=1"]
        let probe = try Probe.start(Probe.root(.compiler, bounds + ["serve=1"]))
        _ = try probe.report()
        let lines = try probe.proc("limits").split(separator: "\n")
        func limit(_ name: String) -> [Substring] {
            lines.first { $0.hasPrefix(name) }?.dropFirst(26).split(separator: " ").prefix(2).map { $0 } ?? []
        }
        #expect(limit("Max address space") == ["536870912", "536870912"])
        #expect(limit("Max cpu time") == ["1", "1"])
        _ = try probe.end(hangUp: true)
        let busy = try Probe.run(Probe.root(.compiler, bounds + ["act=crash:loop"]))
        #expect(busy.report != nil)
        #expect(busy.status == .signalled(SIGKILL))
    }

    @Test func `a broker joins the namespace that it is given and closes the descriptor`() throws {
        let space = try NetworkSpace()
        let probe = try Probe.start(Probe.root(.reader, ["network=join", "serve=1"]), extra: [space.descriptor.raw])
        _ = try probe.report()
        #expect(try namespace("\(probe.pid)", "net") == space.number)
        #expect(try namespace("\(probe.pid)", "net") != namespace("self", "net"))
        #expect(try descriptors(of: probe.pid) == [0, 1, 2, 3])
        _ = try probe.end(hangUp: true)
    }

    @Test func `an inherited listener still accepts in the empty namespace`() throws {
        let listener = try Descriptor.streamSocket(for: loopback)
        try listener.bind(to: loopback)
        try listener.listen(backlog: 4)
        let client = try Descriptor.streamSocket(for: loopback)
        _ = try client.connect(to: listener.localAddress())
        let outcome = try Probe.run(Probe.root(.frontend, ["act=accept"]), extra: [listener.raw])
        #expect(outcome.status == .exited(0))
        #expect(outcome.answer("after").flatMap { Int($0) } ?? -1 >= 0)
    }

    @Test func `a process dies with its supervisor`() throws {
        let parent = try Probe.start(["mode=parent", "role=reader", "uid=\(Probe.uid)", "serve=1"])
        let report = try parent.report()
        let child = try ChildProcess(pid: report.pid)
        try parent.child.signal(SIGKILL)
        #expect(try child.descriptor.wait(for: .read, milliseconds: 10_000))
        _ = try parent.end()
    }
}

/// True when this host lets root raise the limit on locked memory.
func mayLockMemory() -> Bool { lockableMemory() == 512 << 20 }

/// What a keeper's limit on locked memory becomes here: what it wants, or the hard limit if that can't be raised.
func lockableMemory() -> UInt64 {
    var limit = rlimit()
    // RLIMIT_MEMLOCK, which Glibc keeps back without _GNU_SOURCE
    let resource = __rlimit_resource_t(8)
    // SAFETY: getrlimit writes one struct rlimit, setrlimit reads one.
    guard unsafe getrlimit(resource, &limit) == 0 else { return 0 }
    let wanted: UInt64 = 512 << 20
    var raised = rlimit(rlim_cur: limit.rlim_cur, rlim_max: max(limit.rlim_max, rlim_t(wanted)))
    return unsafe setrlimit(resource, &raised) == 0 ? wanted : UInt64(limit.rlim_max)
}

/// The number of a namespace, as the link in /proc shows it.
func namespace(_ pid: String, _ kind: String) throws -> String {
    var buffer = [UInt8](repeating: 0, count: 128)
    // SAFETY: readlink writes at most the buffer's size.
    let count = unsafe buffer.withUnsafeMutableBytes { bytes in
        guard let base = bytes.baseAddress else { return 0 }
        return unsafe readlink("/proc/\(pid)/ns/\(kind)", base.assumingMemoryBound(to: CChar.self), bytes.count)
    }
    try #require(count > 0)
    return String(decoding: buffer[..<count], as: UTF8.self)
}

/// The open descriptors of a process.
func descriptors(of pid: Int32) throws -> [Int32] {
    // SAFETY: the directory stream and its entries are used only here.
    let directory = unsafe try #require(unsafe opendir("/proc/\(pid)/fd"))
    defer { unsafe closedir(directory) }
    var numbers: [Int32] = []
    while let entry = unsafe readdir(directory) {
        let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
            unsafe name.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
        }
        if let number = Int32(name) { numbers.append(number) }
    }
    return numbers.sorted()
}

let loopback = SocketAddress(kind: .ipv4, bytes: [127, 0, 0, 1])

/// A fresh network namespace, kept alive by a probe that lives in it.
final class NetworkSpace {
    let descriptor: Descriptor
    let number: String
    private let owner: RunningProbe

    init() throws {
        owner = try Probe.start(Probe.root(.frontend, ["serve=1"]))
        _ = try owner.report()
        descriptor = try Descriptor.open("/proc/\(owner.pid)/ns/net", flags: O_RDONLY)
        number = try namespace("\(owner.pid)", "net")
    }

    deinit { _ = try? owner.end(hangUp: true) }
}
