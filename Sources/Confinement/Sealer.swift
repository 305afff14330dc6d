internal import CLinux
import Glibc
internal import LinuxSys

/// Takes steps and checks in order, and remembers what is in force and why something isn't.
struct Sealer {
    let role: ProcessRole
    let root: Bool
    let kernel: KernelFacts
    let mandatory: Measures
    let faults: FaultPlan
    private(set) var inForce: Measures = []
    private(set) var reasons = [UInt8](repeating: 0, count: SealingReport.reasonCount)

    init(
        role: ProcessRole, root: Bool, kernel: KernelFacts, also: Measures = [], faults: FaultPlan
    ) throws(SealingError) {
        guard kernel.meetsFloor || kernel.insecureOldKernel else { throw .kernelTooOld(kernel) }
        self.role = role
        self.root = root
        self.kernel = kernel
        self.faults = faults
        mandatory = Measures.mandatory(for: role, kernel: kernel, root: root).union(also)
    }

    /// Takes a step; a mandatory one that fails ends the sealing, another one leaves its reason.
    mutating func take(_ measure: Measure, _ step: () throws(Errno) -> Void) throws(SealingError) {
        guard !faults.skipped.has(measure) else { return }
        do throws(Errno) {
            if faults.failing.has(measure) { throw Errno(rawValue: EPERM) }
            try step()
        } catch {
            guard !mandatory.has(measure) else { throw .step(measure, error) }
            note(measure, error)
        }
    }

    /// Asks the kernel whether a measure is in force; what it can't answer counts as no.
    mutating func confirm(_ measure: Measure, _ check: () throws(Errno) -> Bool) {
        do throws(Errno) {
            if try check() { inForce.formUnion(measure.bit) }
        } catch {
            note(measure, error)
        }
    }

    /// Ends the sealing when a mandatory measure of `stage` isn't in force.
    func insist(on stage: Measures) throws(SealingError) {
        let missing = mandatory.intersection(stage).subtracting(inForce).list
        guard missing.isEmpty else { throw .missing(missing) }
    }

    /// What the process tells the supervisor.
    func report(_ status: ProcessStatus) -> SealingReport {
        var report = SealingReport(role: role, kernel: kernel, root: root)
        report.measures = inForce
        report.reasons = reasons
        report.pid = getpid()
        report.uid = status.uids[0]
        report.gid = status.gids[0]
        report.inheritable = status.inheritable
        report.permitted = status.permitted
        report.effective = status.effective
        report.bounding = status.bounding
        report.ambient = status.ambient
        report.seccompMode = status.seccompMode
        report.filterCount = status.filterCount
        report.taskCount = status.threads
        return report
    }

    private mutating func note(_ measure: Measure, _ error: Errno) {
        let index = Int(measure.rawValue)
        if reasons[index] == 0 { reasons[index] = UInt8(clamping: error.rawValue) }
    }
}

/// Throws the kernel's error when a C function answered -1.
func check(_ result: Int32) throws(Errno) {
    guard result >= 0 else { throw Errno.last }
}

/// True or false as a C function answered, or its error.
func ask(_ result: Int32) throws(Errno) -> Bool {
    try check(result)
    return result != 0
}
