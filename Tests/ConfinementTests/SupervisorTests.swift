import Confinement
import Glibc
import LinuxSys
import Testing

/// The supervisor's own sealing, and that children can still seal themselves inside it.
@Suite(.enabled(if: Probe.isRoot, Probe.needsRoot)) struct SupervisorTests {
    private static let user = ["uid=\(Probe.uid)", "gid=\(Probe.uid)", "protocols=0"]

    @Test func `what the design lists is in force`() throws {
        let probe = try Probe.start(["mode=supervisor", "wait=1"])
        let report = try probe.report()
        #expect(report.missing(for: .supervisor, kernel: .running(), root: true) == [])
        // KILL, SETGID, SETUID, SETPCAP, NET_ADMIN, SYS_CHROOT, SYS_ADMIN, SYS_RESOURCE, DAC_READ_SEARCH
        let nine: UInt64 = 0x12411e4
        // A container may have been given less to begin with.
        let own = try Descriptor.open("/proc/self/status", flags: O_RDONLY).readAll(limit: 65536)
        let line = try #require(
            String(decoding: own, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("CapPrm") })
        let given = try #require(UInt64(line.dropFirst(8), radix: 16))
        for set in ["CapPrm", "CapEff", "CapBnd"] {
            #expect(try UInt64(probe.status(set), radix: 16) == nine & given, "\(set)")
        }
        for set in ["CapInh", "CapAmb"] { #expect(try probe.status(set) == "0000000000000000", "\(set)") }
        #expect(try probe.status("NoNewPrivs") == "1")
        #expect(try probe.status("Seccomp_filters") == "\(report.filterCount)")
        #expect(try probe.status("Uid") == "0 0 0 0")
        #expect(try probe.end(hangUp: true).status == .exited(0))
    }

    @Test(arguments: confinedRoles) func `children seal themselves within it`(role: ProcessRole) throws {
        let network = role.keepsNetwork ? [] : ["network=empty"]
        let outcome = try Probe.run(["mode=supervisor", "child=\(role)"] + Self.user + network)
        #expect(outcome.answer("child") == "exit status 0", "\(outcome.texts)")
        let reports = outcome.messages.compactMap { SealingReport(decoding: $0.span) }
        let child = try #require(reports.last)
        #expect(child.role == role)
        #expect(child.missing(for: role, kernel: .running(), root: true) == [])
        #expect(child.filterCount == (reports.first?.filterCount ?? 0) + 2)
    }

    @Test func `it can end a child of another user`() throws {
        let outcome = try Probe.run(["mode=supervisor", "child=reader", "serve=1", "kill=1"] + Self.user)
        #expect(outcome.answer("child") == "signal 9")
    }

    @Test(arguments: [
        "fork", "thread", "call:ptrace,0,0,0,0", "call:bpf,0,0,0", "call:kexec_load,0,0,0,0", "call:init_module,0,0,0",
        "call:io_uring_setup,1,0", "call:process_vm_readv,1,0,0,0,0,0", "call:reboot,0,0,0,0", "socket:17,3,0",
        "socket:40,1,0", "mprotect-exec", "call:keyctl,0,-3,0", "call:userfaultfd,0", "call:kill,1,0",
    ])
    func `its own filter ends it for what it never needs`(action: String) throws {
        let outcome = try Probe.run(["mode=supervisor", "act=\(action)"])
        #expect(outcome.report != nil)
        #expect(outcome.status == .signalled(SIGSYS))
        #expect(outcome.answer("after") == nil)
    }

    @Test func `memory never becomes writable and executable`() throws {
        let outcome = try Probe.run(["mode=supervisor", "act=call:mmap,0,4096,7,34,-1,0"])
        #expect(outcome.answer("after") == "-\(EACCES)")
    }

    @Test func `an inheritable descriptor is noticed`() throws {
        let outcome = try Probe.run(["mode=supervisor", "leak=1"])
        #expect(outcome.answer("error") == "not in force: expected descriptors only; the process must not serve")
    }

    @Test func `the kernel refuses descriptors where it knows how`() throws {
        let pair = try Descriptor.packetPair()
        let known = refuseDescriptors(on: pair.ours.raw)
        #expect(known == (KernelFacts.running().release >= KernelRelease(6, 16)))
        guard known else { return }
        let byte: [UInt8] = [1]
        #expect(throws: Errno(rawValue: EPERM)) { try pair.theirs.send(byte.span, passing: 0) }
        #expect(try pair.theirs.send(byte.span) == .bytes(1))
        let (ours, theirs) = pair.release()
        close(ours)
        close(theirs)
    }
}

/// Without root: everything but the change of user, and the reasons for what isn't there.
@Suite(.enabled(if: Probe.isRoot, Probe.needsRoot)) struct UserTests {
    private func run(_ role: String, _ more: [String] = []) throws -> Outcome {
        try Probe.run(["mode=parent", "mess=user", "role=\(role)", "protocols=0"] + more)
    }

    @Test(arguments: ["frontend", "reader"]) func `a user's process is sealed as far as the kernel lets it`(
        role: String
    ) throws {
        let outcome = try run(role, role == "frontend" ? ["network=empty"] : [])
        #expect(outcome.status == .exited(0), "\(outcome.texts) \(outcome.complaint)")
        let report = try #require(outcome.report)
        #expect(!report.root)
        #expect(report.uid == 61_234)
        #expect(report.missing(for: report.role, kernel: .running(), root: false) == [])
        let absent: Set<Measure> = [.identity, .socketCreationDropped, .lockedMemory]
        #expect(Set(Measures.all.subtracting(report.measures).list) == absent)
        #expect(report.lines.contains("not in force (the daemon doesn't run as root): own user and group"))
    }

    @Test func `what the kernel refuses a user is said, with its reason`() throws {
        let fail = Measure.userNamespace.bit.rawValue
        let report = try #require(try run("frontend", ["network=empty", "fail=\(fail)"]).report)
        let lost = [Measure.userNamespace, .networkNamespace, .ipcNamespace, .mountNamespace, .emptyRoot]
        for measure in lost { #expect(!report.measures.has(measure), "\(measure)") }
        let words = lost.map { "\($0)" }.joined(separator: ", ")
        let told = report.lines.joined(separator: " ").replacing("   ", with: " ")
        #expect(told.contains("not in force (Operation not permitted): \(words)"), "\(told)")
        #expect(report.measures.has(.landlockFiles) && report.measures.has(.narrowedFilter))
        #expect(report.permitted == [])
    }

    @Test func `nothing that needs no root may be missing`() throws {
        for measure in Measures.mandatory(for: .reader, kernel: .running(), root: false).list {
            let outcome = try run("reader", ["fail=\(measure.bit.rawValue)"])
            if [.landlockNetwork, .landlockScopes].contains(measure) { continue }
            #expect(outcome.report == nil, "\(measure)")
        }
        let left = try run(
            "reader", ["skip=\(Measure.notDumpable.bit.rawValue)", "fail=\(Measure.userNamespace.bit.rawValue)"])
        #expect(left.answer("error") == "not in force: not dumpable; the process must not serve")
    }

    @Test func `a namespace that was named must be joined`() throws {
        let space = try NetworkSpace()
        let outcome = try Probe.run(
            ["mode=parent", "mess=user", "role=reader", "network=join", "count=5"], extra: [space.descriptor.raw])
        #expect(outcome.report == nil)
        #expect(outcome.answer("error") == "can't put its network namespace in force: Operation not permitted")
    }

    @Test func `a user's daemon seals itself and starts children`() throws {
        let outcome = try Probe.run(["mode=supervisor", "mess=user", "child=frontend", "network=empty"])
        let reports = outcome.messages.compactMap { SealingReport(decoding: $0.span) }
        #expect(reports.map(\.role) == [.supervisor, .frontend], "\(outcome.texts)")
        #expect(outcome.answer("child") == "exit status 0")
        #expect(reports.first?.permitted == [])
    }
}
