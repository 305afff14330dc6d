import CSelftest
import Glibc

extension Selftest {
    /// CAP_DAC_READ_SEARCH, KILL, SETGID, SETUID, SETPCAP, NET_ADMIN, SYS_CHROOT, SYS_ADMIN, SYS_RESOURCE.
    private static let supervisorCapabilities: UInt64 = 0x124_11e4

    /// The supervisor's state as the kernel shows it.
    func supervisorState() {
        let process = gateway.supervisor
        func finding(_ measure: String, _ attempts: [Attempt]) { report(Finding("supervisor", measure, attempts)) }
        let wanted = Self.supervisorCapabilities
        finding(
            "capabilities",
            ["CapPrm", "CapBnd"].map { name in
                let found = process.capabilities(name)
                return Attempt(
                    found.map { $0 & ~wanted == 0 } ?? false, name, found.map { String($0, radix: 16) } ?? "not there")
            }
                + ["CapInh", "CapAmb"].map { name in
                    let found = process.capabilities(name)
                    return Attempt(found == 0, name, found.map { String($0, radix: 16) } ?? "not there")
                })
        let fields = [("Seccomp", "2"), ("Seccomp_filters", "\(inheritedFilters + 1)"), ("NoNewPrivs", "1")]
        finding(
            "filter",
            fields.map { field, value in
                Attempt(process.status(field) == value, field, process.status(field))
            })
        finding("one thread", [Attempt(process.status("Threads") == "1", "threads", process.status("Threads"))])
        let environment = process.file("environ").split(separator: "\0").joined(separator: " ")
        finding(
            "environment",
            [Attempt(environment == "SWIFT_BACKTRACE=enable=no", "environ", Terminal.visible(environment))])
        let core = process.limit("Max core file size")
        finding("limits", [Attempt(core == "0 0", "core file", core)])
        supervisorMemory()
    }

    /// What its filter lets through is asked of the live process, which goes on afterwards.
    private func supervisorMemory() {
        do throws(SubjectLost) {
            let subject = try TracedProcess(attachingTo: gateway.pid)
            defer { subject.letGo() }
            // PR_GET_DUMPABLE
            let dumpable = try subject.call(SYS_prctl, 3)
            report(Finding("supervisor", "not dumpable", [Attempt(dumpable == 0, "dumpable", "\(dumpable)")]))
            guard hasMDWE else {
                let reason = "this kernel has no PR_SET_MDWE (it came with 6.3)"
                return report(Finding("supervisor", "memory never executable", notTried: reason))
            }
            let trial = Trial("mmap(read, write, execute)", after: .error(EACCES)) { subject throws(SubjectLost) in
                try subject.call(SYS_mmap, 0, 4096, 7, 0x22, everything, 0)
            }
            let confined = trial.answer(of: subject)
            report(
                Finding(
                    "supervisor", "memory never executable",
                    [trial.attempt(unconfined: trial.answerUnconfined(), confined: confined)]))
        } catch {
            report(Finding("supervisor", "memory", notTried: "\(error.answer)"))
        }
    }
}
