import Confinement
import Glibc
import LinuxSys
import Testing

/// However the daemon was started, its children start alike.
@Suite(.enabled(if: Probe.isRoot, Probe.needsRoot)) struct StartTests {
    private func under(_ mess: String, _ role: ProcessRole = .reader) throws -> RunningProbe {
        try Probe.start(["mode=parent", "mess=\(mess)"] + Probe.root(role, ["serve=1"]))
    }

    @Test(arguments: ["none", "many", "permuted", "closed"])
    func `a child has exactly its descriptors`(mess: String) throws {
        let parent = try under(mess)
        let report = try parent.report()
        #expect(report.measures.has(.descriptors))
        #expect(try descriptors(of: report.pid) == [0, 1, 2, 3])
        #expect(try link(report.pid, 0) == "/dev/null")
        #expect(try link(report.pid, 1) == "/dev/null")
        #expect(try link(report.pid, 2).hasPrefix("pipe:"))
        #expect(try link(report.pid, 3).hasPrefix("socket:"))
        #expect(try parent.end(hangUp: true).status == .exited(0))
    }

    private func link(_ pid: Int32, _ fd: Int32) throws -> String {
        var buffer = [UInt8](repeating: 0, count: 256)
        // SAFETY: readlink writes at most the buffer's size.
        let count = unsafe buffer.withUnsafeMutableBytes { bytes in
            guard let base = bytes.baseAddress else { return 0 }
            return unsafe readlink("/proc/\(pid)/fd/\(fd)", base.assumingMemoryBound(to: CChar.self), bytes.count)
        }
        return String(decoding: buffer[..<max(0, count)], as: UTF8.self)
    }

    @Test func `a surplus or missing descriptor stops the start`() throws {
        let surplus = try Probe.run(Probe.root(.reader, ["count=4"]), extra: [0])
        #expect(surplus.answer("error")?.contains("open are [0, 1, 2, 3, 4], expected [0, 1, 2, 3]") == true)
        let missing = try Probe.run(Probe.root(.reader, ["count=5"]))
        #expect(missing.answer("error")?.contains("open are [0, 1, 2, 3], expected [0, 1, 2, 3, 4]") == true)
    }

    @Test func `signals, umask, directory and session become normal`() throws {
        let parent = try under("state")
        let report = try parent.report()
        #expect(report.measures.has(.normalState))
        let status = try Descriptor.open("/proc/\(report.pid)/status", flags: O_RDONLY).readAll(limit: 65536)
        let lines = String(decoding: status, as: UTF8.self).split(separator: "\n")
        #expect(lines.contains("SigBlk:\t0000000000000000"))
        // SIGPIPE and SIGXFSZ
        #expect(lines.first { $0.hasPrefix("SigIgn") } == "SigIgn:\t0000000001001000")
        #expect(lines.contains("Umask:\t0077"))
        let stat = try Descriptor.open("/proc/\(report.pid)/stat", flags: O_RDONLY).readAll(limit: 4096)
        // pid (name) state ppid pgrp session tty_nr
        let fields = String(decoding: stat, as: UTF8.self).split(separator: ")").last?.split(separator: " ") ?? []
        #expect(fields[3] == "\(report.pid)")
        #expect(fields[4] == "0")
        _ = try parent.end(hangUp: true)
    }

    @Test func `too few descriptors are a clear refusal`() throws {
        let outcome = try Probe.run(["mode=parent", "mess=few"] + Probe.root(.reader))
        #expect(outcome.status == .exited(41))
        #expect(outcome.answer("error")?.hasPrefix("can't start /proc/self/exe: ") == true)
    }

    @Test(arguments: confinedRoles) func `nothing of the environment arrives`(role: ProcessRole) throws {
        let hostile = Probe.environment(Self.hostile.map { "\($0)=hostile" } + ["LD_PRELOAD=", "LD_AUDIT="])
        let parent = try Probe.start(hostile + ["mode=parent"] + Probe.root(role, ["serve=1"]))
        let report = try parent.report()
        let file = try Descriptor.open("/proc/\(report.pid)/environ", flags: O_RDONLY)
        #expect(try file.readAll(limit: 65536) == Array("SWIFT_BACKTRACE=enable=no\0".utf8))
        #expect(try parent.proc("environ").contains("NLGATE_TEST_LEAK=hostile"))
        _ = try parent.end(hangUp: true)
    }

    private static let hostile = [
        "OPENSSL_CONF", "OPENSSL_MODULES", "SSLKEYLOGFILE", "MALLOC_PERTURB_", "GCONV_PATH", "TZ", "SWIFT_ROOT",
        "SWIFT_DETERMINISTIC_HASHING", "NLGATE_TEST_LEAK",
    ]

    @Test(arguments: [true, false]) func `a dirty environment stops a child`(checked: Bool) throws {
        let skip = checked ? [] : ["skip=\(Measure.environment.bit.rawValue)"]
        let dirty = Probe.environment(["SWIFT_BACKTRACE=enable=no", "OPENSSL_CONF=/tmp/x"])
        let outcome = try Probe.run(dirty + Probe.root(.reader, skip))
        #expect(outcome.report == nil)
        #expect(outcome.answer("error")?.contains("environment") == true)
    }

    @Test func `the supervisor starts again with a clean environment`() throws {
        let dirty = ["SWIFT_BACKTRACE=swift-backtrace=/bin/echo", "LD_PRELOAD=", "OPENSSL_CONF=/tmp/x", "TZ=UTC"]
        let outcome = try Probe.run(Probe.environment(dirty) + ["mode=supervisor", "act=environment"])
        #expect(outcome.report?.measures.has(.environment) == true)
        #expect(outcome.answer("after") == "1")
    }

    @Test func `a helper must be an executable file that others can't replace`() throws {
        let own = Probe.directory()
        #expect(throws: SealingError.helper("no-such-helper", Errno(rawValue: ENOENT))) {
            _ = try HelperImage(name: "no-such-helper")
        }
        let image = try HelperImage(name: "confinement-probe")
        #expect(image.path == own + "/confinement-probe")
        let copy = "nlgate-test-helper-\(getpid())"
        let file = try Descriptor.open(own + "/" + copy, flags: O_CREAT | O_WRONLY, mode: 0o600)
        // SAFETY: the path lives to the end of the call.
        defer { unsafe unlink(own + "/" + copy) }
        for (mode, trusted) in [(mode_t(0o600), false), (0o757, false), (0o755, true)] {
            fchmod(file.raw, mode)
            if trusted {
                _ = try HelperImage(name: copy)
            } else {
                #expect(throws: SealingError.helper(own + "/" + copy, Errno(rawValue: EACCES))) {
                    _ = try HelperImage(name: copy)
                }
            }
        }
    }

    @Test func `more descriptors than there is room for are refused`() throws {
        let image = try Probe.image()
        #expect(throws: SealingError.spawn(image.path, Errno(rawValue: E2BIG))) {
            _ = try spawn(image, arguments: [], descriptors: [Int32](repeating: 0, count: 65))
        }
    }
}
