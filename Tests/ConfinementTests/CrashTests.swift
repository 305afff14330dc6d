import Confinement
import Glibc
import LinuxSys
import Testing

/// A fault inside the filters ends the process at once, with no other program started.
@Suite(.enabled(if: Probe.isRoot, Probe.needsRoot)) struct CrashTests {
    struct Crash: CustomTestStringConvertible, Sendable {
        var kind: String
        var signals: [Int32]
        /// What the C library or Swift may say, empty for nothing.
        var words: String
        var testDescription: String { kind }
    }

    static let crashes = [
        // A trap is an illegal instruction on x86_64 and a breakpoint on aarch64.
        Crash(kind: "trap", signals: [SIGILL, SIGTRAP], words: "Index out of range"),
        Crash(kind: "fatal", signals: [SIGILL, SIGTRAP], words: "on purpose"),
        Crash(kind: "assert", signals: [SIGABRT], words: "Assertion"),
        Crash(kind: "free", signals: [SIGABRT], words: ""),
        Crash(kind: "stack", signals: [SIGSEGV], words: ""),
    ]

    @Test(arguments: confinedRoles, crashes) func `a crash is final and quiet`(role: ProcessRole, crash: Crash) throws {
        let outcome = try Probe.run(Probe.root(role, ["act=crash:\(crash.kind)"]))
        #expect(outcome.report != nil)
        guard case .signalled(let signal) = outcome.status else {
            Issue.record("it ended with \(outcome.status)")
            return
        }
        #expect(crash.signals.contains(signal), "signal \(signal)")
        #expect(outcome.complaint.contains(crash.words))
        // The Swift runtime lists its own frames in process; swift-backtrace would start another program to say more.
        #expect(!outcome.complaint.contains("***") || crash.kind == "free")
        #expect(!outcome.complaint.contains("crashed") && !outcome.complaint.contains("Registers"))
    }
}
