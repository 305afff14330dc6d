import Foundation
import Glibc
import LinuxSys
import Testing

extension GatewayTests {
    /// However the daemon is started: its processes are the same, or it says clearly why it doesn't start.
    @Suite struct HostileStartTests {
        /// What each process has open while nobody is connected.
        ///
        /// The frontend's second control socket is the descriptor that it gives up when there are no more.
        private func expectInventory(_ start: HostileStart, log: Bool = true) throws {
            let standard: [String: Int] = log ? ["/dev/null": 2, start.supervisor.logPath: 1] : ["/dev/null": 3]
            try eventually("sessions are over") {
                try start.helpers().allSatisfy { try $0.descriptors().count <= 8 }
            }
            for process in try start.helpers() {
                var expected = standard
                expected["anon_inode:[eventpoll]"] = 1
                if process.words.contains("role=reader") {
                    // One to the supervisor, and its own for generic netlink.
                    expected["unix socket"] = 1
                    expected["netlink socket"] = 1
                } else if process.words.first?.hasSuffix("nlgate-keeper") == true {
                    // To the supervisor and to the frontend; the files of key and certificates are closed.
                    expected["unix socket"] = 2
                } else {
                    // To the supervisor, twice, and to the keeper.
                    expected["unix socket"] = 3
                    expected["tcp socket"] = 1
                }
                // What the start itself or a session needed for a moment may still be about to be closed.
                var found: [String: Int] = [:]
                try? eventually("the inventory of \(process.words)", seconds: 10) {
                    found = try process.inventory(socketsOf: start.pid)
                    return found == expected
                }
                #expect(found == expected, "\(process.words)")
            }
        }

        @Test func `each process has exactly its descriptors open`() throws {
            try HostileStart.run("exec") { try expectInventory($0) }
        }

        @Test func `descriptors 3 to 200 that were open are not inherited`() throws {
            let open = "for i in {3..200}; do eval \"exec $i</etc/passwd\"; done; exec"
            try HostileStart.run(open) { start in
                try expectInventory(start)
                let own = try KernelTruth(start.pid).descriptors()
                #expect(!own.contains("/etc/passwd"))
                #expect(own.count < 60)
            }
        }

        @Test func `closed standard descriptors are /dev/null`() throws {
            try HostileStart.run("exec 0<&- 1>&- 2>&-; exec") { start in
                try expectInventory(start, log: false)
                #expect(try KernelTruth(start.pid).descriptors().prefix(3) == ["/dev/null", "/dev/null", "/dev/null"])
            }
        }

        @Test func `nothing of a hostile environment reaches any process`() throws {
            let variables = [
                "LD_PRELOAD=/lib/x86_64-linux-gnu/libutil.so.1", "LD_AUDIT=", "OPENSSL_CONF=DIR/openssl.cnf",
                "OPENSSL_MODULES=DIR", "SSLKEYLOGFILE=DIR/keys", "SWIFT_BACKTRACE=swift-backtrace=/bin/echo,enable=yes",
                "SWIFT_ROOT=DIR", "MALLOC_PERTURB_=1", "MALLOC_ARENA_MAX=1", "GCONV_PATH=DIR", "TZ=DIR/zone",
                "LOCPATH=DIR", "GLIBC_TUNABLES=glibc.malloc.check=1",
            ]
            try HostileStart.run("exec env " + variables.joined(separator: " ")) { start in
                _ = try start.session(Gateway.tls)
                for process in try [KernelTruth(start.pid)] + start.helpers() {
                    #expect(process.environment == "SWIFT_BACKTRACE=enable=no\0", "\(process.words)")
                    #expect(!process.file("maps").contains("libutil"))
                }
                #expect(!FileManager.default.fileExists(atPath: start.scratch.path + "/keys"))
                try expectInventory(start)
            }
        }

        @Test func `an environment that was emptied is no better`() throws {
            try HostileStart.run("exec env -i") { start in
                for process in try [KernelTruth(start.pid)] + start.helpers() {
                    #expect(process.environment == "SWIFT_BACKTRACE=enable=no\0", "\(process.words)")
                }
            }
        }

        @Test func `ignored and blocked signals, umask 0, and a directory that is gone`() throws {
            let spoiled =
                "umask 0; mkdir DIR/gone; cd DIR/gone; rmdir DIR/gone; "
                + "exec env --ignore-signal=CHLD --ignore-signal=TERM --block-signal"
            try HostileStart.run(spoiled) { start in
                let mode = try FileManager.default.attributesOfItem(atPath: start.unixPath)[.posixPermissions] as? Int
                #expect(mode == 0o600)
                let admin = start.scratch.path + "/admin.sock"
                let other = try FileManager.default.attributesOfItem(atPath: admin)[.posixPermissions] as? Int
                #expect(other == 0o600)
                for process in try start.helpers() {
                    #expect(try process.status("Umask") == "0077")
                    #expect(try process.status("SigBlk") == "0000000000000000")
                    // SIGPIPE and SIGXFSZ
                    #expect(try process.status("SigIgn") == "0000000001001000")
                }
                // A child's end is noticed, although SIGCHLD was ignored.
                let reader = try #require(try start.helpers().first { $0.words.contains("role=reader") })
                try ChildProcess(pid: reader.pid).signal(SIGKILL)
                try eventually("another reader takes its place") {
                    try start.supervisor.log.contains("ended with signal 9")
                        && start.helpers().contains { $0.words.contains("role=reader") && $0.pid != reader.pid }
                }
                try start.expectItServes()
            }
        }

        @Test func `few descriptors mean few sessions, and too few a clear refusal`() throws {
            try HostileStart.run("ulimit -n 80; exec setpriv --bounding-set -sys_resource") { start in
                #expect(start.supervisor.log.contains("RLIMIT_NOFILE allows 8 sessions instead of 10000"))
            }
            try Namespace().enter {
                let refused = try HostileStart("ulimit -n 64; exec setpriv --bounding-set -sys_resource")
                #expect(try refused.supervisor.wait() == .exited(1))
                #expect(refused.supervisor.log.contains("RLIMIT_NOFILE is too low"), "\(refused.supervisor.log)")
                #expect(try refused.helpers().isEmpty)
            }
        }

        @Test func `a soft limit doesn't count where the hard one allows more`() throws {
            try HostileStart.run("ulimit -S -n 64; exec", ["--limit", "sessions=500"]) { start in
                #expect(!start.supervisor.log.contains("RLIMIT_NOFILE"))
                let limit = try KernelTruth(start.pid).limit("Max open files")
                #expect(limit[0] == "1064")
            }
            // A limit that is higher than it must be stays.
            try HostileStart.run("ulimit -S -n 2000; exec", ["--limit", "sessions=500"]) { start in
                let limit = try KernelTruth(start.pid).limit("Max open files")
                #expect(limit[0] == "2000")
            }
        }

        /// A container's root may lack CAP_SYS_RESOURCE.
        private static let mayRaise = ((try? KernelTruth(getpid()).capabilities("CapPrm")) ?? 0) & 1 << 24 != 0

        @Test(.enabled(if: mayRaise, "these tests run without CAP_SYS_RESOURCE"))
        func `root may raise a low limit itself`() throws {
            try HostileStart.run("ulimit -n 64; exec") { start in
                #expect(!start.supervisor.log.contains("RLIMIT_NOFILE"))
                #expect(try KernelTruth(start.pid).limit("Max open files") == ["20064", "20064"])
                for process in try start.helpers() {
                    #expect(try process.limit("Max open files") == ["20064", "20064"])
                }
            }
        }
    }
}
