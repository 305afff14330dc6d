internal import CLinux
import Glibc
internal import LinuxSys

/// The supervisor's own sealing, which is less than that of its children.
///
/// It starts processes that unshare, pivot and keep a capability, and they inherit what it does to itself.
public enum SupervisorSealing {
    /// Starts the program anew when the environment is anything but the clean one, with `words` behind its arguments.
    ///
    /// Returns when the environment is clean; ends the process with status 1 when the program can't be started.
    public static func reexecIfEnvironmentIsDirty(adding words: [String] = []) {
        guard !Inventory.environmentIsClean() else { return }
        let arguments = CStrings(CommandLine.arguments + words)
        let environment = CStrings([cleanEnvironment])
        // SAFETY: both lists end with nil and live to the end of the call.
        _ = unsafe nlg_reexec(arguments.pointers, environment.pointers)
        writeStandardError("nlgated: can't start again with a clean environment: \(Errno.last)")
        exit(1)
    }

    /// Opens 0, 1 and 2 where they are closed, and closes everything above but the first `kept`, which become
    /// close-on-exec.
    ///
    /// Signals become normal as well: an ignored SIGCHLD would hide how children end. Ends the process with status 1
    /// when that fails.
    public static func normaliseDescriptors(keeping kept: Int = 0) {
        guard nlg_normal_descriptors(Int32(clamping: kept)) < 0 || nlg_normal_signals() < 0 else { return }
        writeStandardError("nlgated: can't set up descriptors and signals: \(Errno.last)")
        exit(1)
    }

    /// Takes every measure of the supervisor and reads it back; no thread may have been started before.
    ///
    /// - Throws: `kernelTooOld`, the first step that fails, or `missing`.
    public static func seal(
        root: Bool, kernel: KernelFacts, faults: FaultPlan = FaultPlan()
    ) throws(SealingError) -> SealingReport {
        var sealer = try Sealer(role: .supervisor, root: root, kernel: kernel, faults: faults)
        let filter = try SystemCallFilter(.supervisor)
        let before = try status()
        let kept = before.permitted.intersection(root ? .supervisor : [])
        try sealer.take(.notDumpable) { () throws(Errno) in try Steps.prctl(Prctl.setDumpable, 0) }
        try sealer.take(.noCoreFiles) { () throws(Errno) in try Steps.noCoreFiles() }
        try giveUp(&sealer, keeping: kept)
        var threads: UInt32 = 1
        try sealer.take(.singleThread) { () throws(Errno) in threads = before.threads }
        guard threads == 1 else { throw .check(.singleThread, "there are \(threads) threads") }
        let listener = try restrict(&sealer, kernel)
        confirm(&sealer, listener)
        try sealer.take(.systemCallFilter) { () throws(Errno) in try filter.install() }
        let after = try status()
        confirm(&sealer, after, kept: kept, filters: before.filterCount + 1)
        try sealer.insist(on: .all)
        return sealer.report(after)
    }

    private static func giveUp(_ sealer: inout Sealer, keeping kept: CapabilitySet) throws(SealingError) {
        try sealer.take(.boundingSet) { () throws(Errno) in try Steps.dropBounding(keeping: kept) }
        try sealer.take(.ambientSet) { () throws(Errno) in
            try Steps.prctl(Prctl.ambient, Prctl.ambientClearAll)
        }
        try sealer.take(.capabilities) { () throws(Errno) in try Steps.setCapabilities(kept, effective: kept) }
    }

    /// Returns the abstract listener that Landlock's scope is tried with, -1 without scopes.
    private static func restrict(_ sealer: inout Sealer, _ kernel: KernelFacts) throws(SealingError) -> Descriptor {
        if sealer.mandatory.has(.memoryDenyWriteExecute) {
            try sealer.take(.memoryDenyWriteExecute) { () throws(Errno) in
                try Steps.prctl(Prctl.setMDWE, Prctl.refuseExecGain)
            }
        }
        try sealer.take(.noNewPrivileges) { () throws(Errno) in try Steps.prctl(Prctl.setNoNewPrivileges, 1) }
        guard kernel.landlockABI >= 6 else { return Descriptor(owning: -1) }
        let listener = Descriptor(owning: nlg_abstract_listener())
        // File rights would break the children's pivot_root; only scopes are inherited without harm.
        try sealer.take(.landlockScopes) { () throws(Errno) in try Steps.landlock(files: false, kernel: kernel) }
        return listener
    }

    private static func confirm(_ sealer: inout Sealer, _ listener: borrowing Descriptor) {
        let raw = listener.raw
        sealer.confirm(.environment) { () throws(Errno) in Inventory.environmentIsClean() }
        sealer.confirm(.descriptors) { () throws(Errno) in try Inventory.nothingIsInheritable() }
        sealer.confirm(.notDumpable) { () throws(Errno) in nlg_prctl(Prctl.getDumpable, 0, 0) == 0 }
        sealer.confirm(.noCoreFiles) { () throws(Errno) in try LimitRule(resource: Limit.core, value: 0).isInForce() }
        sealer.confirm(.memoryDenyWriteExecute) { () throws(Errno) in
            nlg_prctl(Prctl.getMDWE, 0, 0) == Int32(Prctl.refuseExecGain)
        }
        if raw >= 0 {
            sealer.confirm(.landlockScopes) { () throws(Errno) in try ask(nlg_landlock_refuses_abstract(raw)) }
        }
    }

    private static func confirm(
        _ sealer: inout Sealer, _ status: ProcessStatus, kept: CapabilitySet, filters: UInt32
    ) {
        let skipped = sealer.faults.skipped
        sealer.confirm(.boundingSet) { () throws(Errno) in status.bounding == kept }
        sealer.confirm(.ambientSet) { () throws(Errno) in status.ambient.isEmpty }
        sealer.confirm(.capabilities) { () throws(Errno) in
            status.permitted == kept && status.effective == kept && status.inheritable.isEmpty
        }
        sealer.confirm(.singleThread) { () throws(Errno) in status.threads == 1 && !skipped.has(.singleThread) }
        sealer.confirm(.noNewPrivileges) { () throws(Errno) in status.noNewPrivileges == 1 }
        sealer.confirm(.systemCallFilter) { () throws(Errno) in
            status.seccompMode == 2 && status.filterCount == filters
        }
    }

    private static func status() throws(SealingError) -> ProcessStatus {
        do throws(Errno) {
            let file = try Descriptor.open("/proc/self/status", flags: O_RDONLY)
            guard let status = try ProcessStatus(reading: file) else { throw Errno(rawValue: EBADMSG) }
            return status
        } catch {
            throw .step(.capabilities, error)
        }
    }
}

/// Makes the kernel refuse descriptors that the peer of this Unix socket sends.
///
/// Returns whether the kernel knows the option, which came with Linux 6.16. The corresponding option is
/// `SO_PASSRIGHTS`.
public func refuseDescriptors(on fd: Int32) -> Bool {
    // SOL_SOCKET, SO_PASSRIGHTS
    nlg_setsockopt_int(fd, 1, 83, 0) == 0
}
