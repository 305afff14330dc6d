import Confinement
import Glibc
import LinuxSys
import Testing

/// What works for the unsealed probe, and ends or fails in the sealed one.
@Suite(.enabled(if: Probe.isRoot, Probe.needsRoot)) struct RefusalTests {
    struct Attempt: CustomTestStringConvertible, Sendable {
        var action: String
        /// The answer without confinement: 0 worked, negative errnos where the kernel lacks the thing or minds the
        /// arguments.
        var before: [Int64] = [0]
        var testDescription: String { action }
    }

    private static let enosys = -Int64(ENOSYS)

    static let sockets = [
        Attempt(action: "socket:2,1,0"), Attempt(action: "socket:10,1,0"), Attempt(action: "socket:1,1,0"),
        Attempt(action: "socket:17,3,0"), Attempt(action: "socket:40,1,0", before: [0, -97]),
        Attempt(action: "socket:38,5,0", before: [0, -97]), Attempt(action: "socket:31,3,1", before: [0, -97, -93]),
        // NETLINK_AUDIT isn't granted; a second bit 32 isn't AF_NETLINK; SOCK_DGRAM isn't SOCK_RAW
        Attempt(action: "socket:16,526339,9", before: [0, -93]), Attempt(action: "socket:4294967312,526339,0"),
        Attempt(action: "socket:16,526338,0"),
    ]

    static let messages = [
        Attempt(action: "sendto-address"), Attempt(action: "sendmsg"),
        Attempt(action: "connect", before: [-22]),
    ]

    static let programs = [
        Attempt(action: "execve"), Attempt(action: "execveat"), Attempt(action: "fork"), Attempt(action: "thread"),
        Attempt(action: "call:ptrace,0,0,0,0"), Attempt(action: "process_vm_readv"),
        Attempt(action: "call:pidfd_getfd,-1,0,0", before: [-9]), Attempt(action: "call:kill,1,0"),
        Attempt(action: "call:tgkill,1,1,6", before: [-3, 0]),
        Attempt(action: "call:io_uring_setup,1,0", before: [-14, -1, enosys]),
        Attempt(action: "call:bpf,0,0,0", before: [-22, -1, -14, -7, enosys]),
        Attempt(action: "call:userfaultfd,0", before: [0, enosys]),
        Attempt(action: "call:keyctl,0,-3,0", before: [0, -126, enosys]),
        Attempt(action: "call:add_key,0,0,0,0,0", before: [-14, enosys]), Attempt(action: "call:unshare,0"),
        Attempt(action: "call:setns,-1,0", before: [-9]), Attempt(action: "call:mount,0,0,0,0,0", before: [-14]),
        Attempt(action: "call:fsopen,0,0", before: [-14]), Attempt(action: "call:open_tree,-1,0,0", before: [-14, -9]),
        Attempt(action: "call:move_mount,-1,0,-1,0,0", before: [-14, -9]), Attempt(action: "memfd_create"),
        Attempt(action: "call:perf_event_open,0,0,0,0,0", before: [-14, enosys, -13]),
        Attempt(action: "call:personality,4294967295"), Attempt(action: "call:prctl,16,0", before: [-14]),
        Attempt(action: "call:prctl,1,1"), Attempt(action: "call:prctl,1,0"), Attempt(action: "call:prctl,4,1"),
        Attempt(action: "securebits"), Attempt(action: "call:setuid,0"), Attempt(action: "call:setgid,0"),
        Attempt(action: "call:setresuid,0,0,0"), Attempt(action: "open:/"), Attempt(action: "open:/proc/self/mem"),
        Attempt(action: "open:/dev/null"),
    ]

    static let memory = [
        Attempt(action: "call:mmap,0,4096,5,34,-1,0"), Attempt(action: "call:mmap,0,4096,7,34,-1,0"),
        Attempt(action: "mprotect-exec"), Attempt(action: "pkey_mprotect-exec"),
        Attempt(action: "call:shmat,-1,0,32768", before: [-22]),
    ]

    @Test(arguments: confinedRoles, sockets + messages + programs + memory)
    func `a forbidden call ends the process`(role: ProcessRole, attempt: Attempt) throws {
        let outcome = try Probe.run(Probe.root(role, ["before=\(attempt.action)", "act=\(attempt.action)"]))
        let before = try #require(outcome.answer("before").flatMap { Int64($0) })
        #expect(attempt.before.contains(before), "before: \(before)")
        #expect(outcome.report != nil, "\(outcome.texts)")
        #expect(outcome.status == .signalled(SIGSYS))
        #expect(outcome.answer("after") == nil)
        #expect(outcome.complaint == "")
    }

    @Test(arguments: confinedRoles, [SIGKILL, SIGTERM])
    func `only a privileged broker chooses how its supervisor's end ends it`(role: ProcessRole, signal: Int32) throws {
        let outcome = try Probe.run(Probe.root(role, ["act=call:prctl,1,\(signal)"]))
        if role == .broker {
            #expect(outcome.answer("after") == "0")
            #expect(outcome.status == .exited(0))
        } else {
            #expect(outcome.answer("after") == nil)
            #expect(outcome.status == .signalled(SIGSYS))
        }
    }

    @Test(arguments: confinedRoles) func `clone3 doesn't exist`(role: ProcessRole) throws {
        let outcome = try Probe.run(Probe.root(role, ["act=call:clone3,0,0"]))
        #expect(outcome.answer("after") == "-\(ENOSYS)")
        #expect(outcome.status == .exited(0))
    }

    @Test func `TLS in the kernel is refused but not deadly`() throws {
        let outcome = try Probe.run(Probe.root(.frontend, ["act=call:setsockopt,3,6,31,0,0"]))
        #expect(outcome.answer("after") == "-\(EPERM)")
        #expect(outcome.status == .exited(0))
    }

    @Test func `a broker opens what is granted and nothing once it serves`() throws {
        // AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK
        let granted = "socket:16,526339,15"
        let reader = try Probe.run(Probe.root(.reader, ["act=\(granted)"]))
        #expect(reader.answer("after").flatMap { Int($0) } ?? -1 >= 0)
        // The broker's own questions are asked between the filters.
        let early = try Probe.run(Probe.root(.reader, ["at=locked", "act=socket:16,526339,16"]))
        #expect(early.answer("after").flatMap { Int($0) } ?? -1 >= 0)
        #expect(try Probe.run(Probe.root(.reader, ["act=socket:16,526339,16"])).status == .signalled(SIGSYS))
        let broker = try Probe.start(Probe.root(.broker, ["serve=1"]))
        _ = try broker.report()
        #expect(try broker.ask(granted).flatMap { Int($0.dropFirst(granted.count + 2)) } ?? -1 >= 0)
        #expect(try broker.ask("drop") == "drop: done")
        #expect(try broker.status("Seccomp_filters") == "3")
        #expect(try broker.ask(granted) == nil)
        #expect(try broker.end().status == .signalled(SIGSYS))
    }

    @Test(
        arguments: [
            FileCase(path: "/etc/passwd", skipped: .landlockFiles, answer: -ENOENT),
            FileCase(path: "/etc/passwd", skipped: .emptyRoot, answer: -EACCES),
        ]
    )
    func `Landlock and the empty root each keep files away alone`(file: FileCase) throws {
        let outcome = try Probe.run(
            Probe.root(
                .reader,
                [
                    "before=open:\(file.path)", "skip=\(file.skipped.bit.rawValue)", "at=isolated",
                    "act=open:\(file.path)",
                ]))
        #expect(outcome.answer("before") == "0")
        #expect(outcome.answer("after") == "\(file.answer)")
    }

    struct FileCase: Sendable {
        var path: String
        var skipped: Measure
        var answer: Int32
    }

    @Test func `there is no way up from the empty root`() throws {
        let skip = Measure.landlockFiles.bit.rawValue
        for path in ["/../etc/passwd", "../../../../etc/passwd", "/proc/self/mem", "/dev/null"] {
            let outcome = try Probe.run(Probe.root(.frontend, ["skip=\(skip)", "at=isolated", "act=open:\(path)"]))
            #expect(outcome.answer("after") == "-\(ENOENT)", "\(path)")
        }
    }

    @Test func `memory never becomes executable, even without a filter`() throws {
        for action in ["call:mmap,0,4096,7,34,-1,0", "mprotect-exec"] {
            let outcome = try Probe.run(Probe.root(.reader, ["before=\(action)", "at=isolated", "act=\(action)"]))
            #expect(outcome.answer("before") == "0")
            #expect(outcome.answer("after") == "-\(EACCES)")
        }
    }

    @Test func `there is no way out of the empty network`() throws {
        let landlock = try Probe.run(Probe.root(.frontend, ["at=isolated", "act=connect-out"]))
        #expect(landlock.answer("after") == "-\(EACCES)")
        let skip = Measure.landlockFiles.bit.rawValue
        let namespace = try Probe.run(Probe.root(.frontend, ["skip=\(skip)", "at=isolated", "act=connect-out"]))
        #expect(namespace.answer("after") == "-\(ENETUNREACH)")
    }

    @Test func `an abstract socket of somebody else is out of reach`() throws {
        let name = "nlgate-test-\(getpid())"
        let address = try SocketAddress(unix: name, abstract: true)
        let listener = try Descriptor.streamSocket(for: address)
        try listener.bind(to: address)
        try listener.listen(backlog: 4)
        let action = "abstract:\(name)"
        let scoped = try Probe.run(Probe.root(.reader, ["before=\(action)", "at=isolated", "act=\(action)"]))
        #expect(scoped.answer("before") == "0")
        #expect(scoped.answer("after") == "-\(EPERM)")
        let skip = Measure.landlockFiles.bit.rawValue
        let elsewhere = try Probe.run(
            Probe.root(.frontend, ["skip=\(skip)", "at=isolated", "act=\(action)"]))
        #expect(elsewhere.answer("after") == "-\(ECONNREFUSED)")
    }

    @Test func `the limits bite`() throws {
        func after(_ action: String) throws -> String? {
            try Probe.run(Probe.root(.reader, ["before=\(action)", "at=isolated", "act=\(action)"])).answer("after")
        }
        #expect(try after("fork") == "-\(EAGAIN)")
        #expect(try after("thread") == "-\(EAGAIN)")
        #expect(try after("file-size") == "-\(EFBIG)")
        // 8 GiB of private memory
        #expect(try after("call:mmap,0,8589934592,3,16418,-1,0") == "-\(ENOMEM)")
        #expect(try after("call:mlock,4096,4096") == "-\(EPERM)")
        // 256 less 0 to 3, the two status files, /proc/self and the listener of the self-check
        #expect(try after("descriptors") == "248")
    }
}
