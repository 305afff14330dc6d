internal import CLinux
import Glibc
internal import LinuxSys

/// A process on its way into confinement; each stage is taken once, in order.
///
/// A process makes itself small before it reads a byte from outside. Any stage that throws must end it.
public struct Sealing: ~Copyable {
    private let plan: SealingPlan
    private var sealer: Sealer
    private let limits: [LimitRule]
    private let filters: ProfileFilters
    private var files: ProcessFiles?
    private let late: LateStatus
    private var wantedNetwork: UInt64?
    private var inheritedFilters: UInt32 = 0

    /// Checks what was handed over, and makes the process undumpable, tied to the supervisor, and independent of how
    /// the daemon was started.
    ///
    /// - Throws: `kernelTooOld`, `orphaned`, `table`, or the first step or check that fails.
    public init(_ plan: SealingPlan) throws(SealingError) {
        let limits = LimitRule.all(for: plan)
        var also = plan.explicitMeasures
        if limits.contains(LimitRule(resource: Limit.lockedMemory, value: LimitRule.keeperMemory)) {
            also.formUnion(Measure.lockedMemory.bit)
        }
        var sealer = try Sealer(
            role: plan.role, root: plan.root, kernel: plan.kernel, also: also, faults: plan.faults)
        try Self.checkInventory(plan, &sealer)
        try sealer.take(.notDumpable) { () throws(Errno) in try Steps.prctl(Prctl.setDumpable, 0) }
        try sealer.take(.noCoreFiles) { () throws(Errno) in try Steps.noCoreFiles() }
        try sealer.take(.normalState) { () throws(Errno) in
            try check(nlg_normal_signals())
            try check(nlg_normal_state())
        }
        try Self.tieToSupervisor(plan, &sealer)
        Steps.setName(plan.role.processName)
        let filters = try ProfileFilters(plan)
        let files: ProcessFiles
        let late: LateStatus
        do throws(Errno) {
            files = try ProcessFiles()
            late = try files.lateStatus()
        } catch {
            throw .step(.mountNamespace, error)
        }
        self.plan = plan
        self.sealer = sealer
        self.limits = limits
        self.filters = filters
        self.files = files
        self.late = late
    }

    private var opened: ProcessFiles {
        guard let files else { preconditionFailure("the stages were taken in a wrong order") }
        return files
    }

    /// Takes the process out of the system: namespaces, root directory, limits, user, capabilities, Landlock.
    ///
    /// - Throws: the first mandatory step that fails, or `orphaned`.
    public mutating func isolate() throws(SealingError) {
        try enterNamespaces()
        let limits = self.limits
        try sealer.take(.resourceLimits) { () throws(Errno) in
            for limit in limits { try limit.apply() }
        }
        if sealer.mandatory.has(.lockedMemory) {
            // Without the room for everything the key alone is locked, by OpenSSL.
            try sealer.take(.lockedMemory) { () throws(Errno) in try check(nlg_lock_memory()) }
        }
        try giveUpIdentity()
        // A change of user or capabilities may have reset both.
        try sealer.take(.notDumpable) { () throws(Errno) in try Steps.prctl(Prctl.setDumpable, 0) }
        try Self.tieToSupervisor(plan, &sealer)
        try readThreadCount()
        try restrict()
    }

    /// Reads the state back and installs the first filter; from here on only the role's system calls exist.
    ///
    /// - Throws: `missing` when a mandatory measure isn't in force, `step(.systemCallFilter, errno)`.
    public mutating func lockSystemCalls() throws(SealingError) {
        confirmInventory()
        confirmNamespaces()
        confirmRestrictions()
        try sealer.insist(on: Self.visibleBeforeFilters)
        files = nil
        let filters = self.filters
        try sealer.take(.systemCallFilter) { () throws(Errno) in try filters.first.install() }
    }

    /// Installs the second, narrower filter and compares what the kernel reports with what must be in force.
    ///
    /// - Throws: `missing` when a mandatory measure isn't in force, `step(.narrowedFilter, errno)`.
    public mutating func finish() throws(SealingError) -> SealingReport {
        let filters = self.filters
        try sealer.take(.narrowedFilter) { () throws(Errno) in try filters.second.install() }
        guard let file = late.descriptor.take() else { preconditionFailure("finish was called twice") }
        let status = try Self.read(file)
        confirm(status)
        try sealer.insist(on: .all)
        return sealer.report(status)
    }

    /// Installs the third filter of a privileged broker: no further socket, and no further filter.
    ///
    /// - Throws: `step(.socketCreationDropped, errno)`.
    public mutating func dropSocketCreation() throws(SealingError) {
        guard let filter = filters.third else { preconditionFailure("only a privileged broker has a third filter") }
        do throws(Errno) { try filter.install() } catch { throw .step(.socketCreationDropped, error) }
    }

    /// What a privileged broker gets when its supervisor ends: SIGKILL, or while it has something to undo SIGTERM.
    ///
    /// The corresponding C function is `prctl` with `PR_SET_PDEATHSIG`.
    ///
    /// - Throws: `step(.parentDeathSignal, errno)`.
    public func endGently(_ isGentle: Bool) throws(SealingError) {
        do throws(Errno) {
            try Steps.prctl(Prctl.setDeathSignal, UInt(isGentle ? SIGTERM : SIGKILL))
        } catch {
            throw .step(.parentDeathSignal, error)
        }
    }
}

// MARK: - Steps

extension Sealing {
    private static func checkInventory(_ plan: SealingPlan, _ sealer: inout Sealer) throws(SealingError) {
        let expected = Array(0..<plan.descriptorCount)
        var found: [Int32] = expected
        try sealer.take(.descriptors) { () throws(Errno) in found = try Inventory.descriptors() }
        guard found == expected else { throw .check(.descriptors, "open are \(found), expected \(expected)") }
        sealer.confirm(.descriptors) { () throws(Errno) in !plan.faults.skipped.has(.descriptors) }
        var clean = true
        try sealer.take(.environment) { () throws(Errno) in clean = Inventory.environmentIsClean() }
        guard clean else { throw .check(.environment, "it holds more than \(cleanEnvironment)") }
    }

    private static func tieToSupervisor(_ plan: SealingPlan, _ sealer: inout Sealer) throws(SealingError) {
        try sealer.take(.parentDeathSignal) { () throws(Errno) in
            try Steps.prctl(Prctl.setDeathSignal, UInt(SIGKILL))
        }
        // The signal is not sent for a parent that ended before it was set.
        guard getppid() == plan.supervisorPID else { throw .orphaned }
    }

    private mutating func enterNamespaces() throws(SealingError) {
        let files = opened
        if !plan.root {
            try sealer.take(.userNamespace) { () throws(Errno) in try Steps.enterUserNamespace(files.directory) }
        }
        try enterNetwork()
        try sealer.take(.ipcNamespace) { () throws(Errno) in try check(nlg_unshare(Clone.ipc)) }
        try sealer.take(.mountNamespace) { () throws(Errno) in try check(nlg_unshare(Clone.mount)) }
        try sealer.take(.emptyRoot) { () throws(Errno) in
            // Without a mount namespace of its own the process would change everybody's root.
            guard try NamespaceIDs(files.directory).mount != files.namespaces.mount else {
                throw Errno(rawValue: EPERM)
            }
            try check(nlg_empty_root())
        }
    }

    private mutating func enterNetwork() throws(SealingError) {
        switch plan.network {
        case .keep: wantedNetwork = opened.namespaces.network
        case .empty:
            try sealer.take(.networkNamespace) { () throws(Errno) in try check(nlg_unshare(Clone.network)) }
        case .join(let fd):
            var id: UInt64 = 0
            try sealer.take(.networkNamespace) { () throws(Errno) in
                id = try NamespaceIDs.number(fd, "")
                try check(nlg_setns(fd, Clone.network))
            }
            wantedNetwork = id
            close(fd)
        }
    }

    private mutating func giveUpIdentity() throws(SealingError) {
        let plan = self.plan
        try sealer.take(.boundingSet) { () throws(Errno) in try Steps.dropBounding(keeping: []) }
        try sealer.take(.secureBits) { () throws(Errno) in try Steps.prctl(Prctl.setSecureBits, lockedSecureBits) }
        if let uid = plan.uid {
            try sealer.take(.identity) { () throws(Errno) in try check(nlg_set_identity(uid, plan.gid ?? uid)) }
        }
        try sealer.take(.ambientSet) { () throws(Errno) in
            try Steps.prctl(Prctl.ambient, Prctl.ambientClearAll)
        }
        try sealer.take(.capabilities) { () throws(Errno) in
            try Steps.setCapabilities(plan.permitted, effective: [])
        }
    }

    private mutating func readThreadCount() throws(SealingError) {
        let status = try Self.read(opened.early)
        inheritedFilters = status.filterCount
        var threads: UInt32 = 1
        try sealer.take(.singleThread) { () throws(Errno) in threads = status.threads }
        guard threads == 1 else { throw .check(.singleThread, "there are \(threads) threads") }
    }

    private mutating func restrict() throws(SealingError) {
        let kernel = plan.kernel
        if sealer.mandatory.has(.memoryDenyWriteExecute) {
            try sealer.take(.memoryDenyWriteExecute) { () throws(Errno) in
                try Steps.prctl(Prctl.setMDWE, Prctl.refuseExecGain)
            }
        }
        try sealer.take(.noNewPrivileges) { () throws(Errno) in try Steps.prctl(Prctl.setNoNewPrivileges, 1) }
        if kernel.landlockABI >= 6 { opened.listener = Descriptor(owning: nlg_abstract_listener()) }
        guard kernel.landlockABI >= 1 else { return }
        try sealer.take(.landlockFiles) { () throws(Errno) in try Steps.landlock(files: true, kernel: kernel) }
    }

    private static func read(_ file: borrowing Descriptor) throws(SealingError) -> ProcessStatus {
        do throws(Errno) {
            guard let status = try ProcessStatus(reading: file) else { throw Errno(rawValue: EBADMSG) }
            return status
        } catch {
            throw .step(.singleThread, error)
        }
    }
}

// MARK: - Read-back

extension Sealing {
    private static let visibleBeforeFilters = Measures.all.subtracting(
        Measures([
            .systemCallFilter, .narrowedFilter, .identity, .boundingSet, .capabilities, .ambientSet, .noNewPrivileges,
            .singleThread, .lockedMemory,
        ]))

    private mutating func confirmInventory() {
        sealer.confirm(.environment) { () throws(Errno) in Inventory.environmentIsClean() }
        sealer.confirm(.notDumpable) { () throws(Errno) in nlg_prctl(Prctl.getDumpable, 0, 0) == 0 }
        sealer.confirm(.noCoreFiles) { () throws(Errno) in try LimitRule(resource: Limit.core, value: 0).isInForce() }
        sealer.confirm(.parentDeathSignal) { () throws(Errno) in
            var signal: Int32 = 0
            // SAFETY: the C function writes one int.
            try check(unsafe nlg_death_signal(&signal))
            return signal == SIGKILL
        }
        sealer.confirm(.normalState) { () throws(Errno) in
            let signals = try ask(nlg_signals_are_normal())
            let rest = try ask(nlg_state_is_normal())
            return signals && rest
        }
        let limits = self.limits
        sealer.confirm(.resourceLimits) { () throws(Errno) in
            for limit in limits where try !limit.isInForce() { return false }
            return true
        }
    }

    private mutating func confirmNamespaces() {
        let files = opened
        let wanted = wantedNetwork
        let network = plan.network
        sealer.confirm(.userNamespace) { () throws(Errno) in
            try NamespaceIDs(files.directory).user != files.namespaces.user
        }
        sealer.confirm(.networkNamespace) { () throws(Errno) in
            let now = try NamespaceIDs(files.directory).network
            return network == .empty ? now != files.namespaces.network : now == wanted
        }
        sealer.confirm(.ipcNamespace) { () throws(Errno) in
            try NamespaceIDs(files.directory).ipc != files.namespaces.ipc
        }
        sealer.confirm(.mountNamespace) { () throws(Errno) in
            try NamespaceIDs(files.directory).mount != files.namespaces.mount
        }
        sealer.confirm(.emptyRoot) { () throws(Errno) in try ask(nlg_root_is_empty()) }
    }

    private mutating func confirmRestrictions() {
        sealer.confirm(.secureBits) { () throws(Errno) in
            nlg_prctl(Prctl.getSecureBits, 0, 0) == Int32(lockedSecureBits)
        }
        sealer.confirm(.memoryDenyWriteExecute) { () throws(Errno) in
            nlg_prctl(Prctl.getMDWE, 0, 0) == Int32(Prctl.refuseExecGain)
        }
        sealer.confirm(.landlockFiles) { () throws(Errno) in try ask(nlg_landlock_refuses_files()) }
        sealer.confirm(.landlockNetwork) { () throws(Errno) in try ask(nlg_landlock_refuses_tcp()) }
        if let listener = opened.listenerNumber {
            sealer.confirm(.landlockScopes) { () throws(Errno) in try ask(nlg_landlock_refuses_abstract(listener)) }
        }
    }

    private mutating func confirm(_ status: ProcessStatus) {
        let plan = self.plan
        let filters = inheritedFilters
        sealer.confirm(.identity) { () throws(Errno) in
            guard let uid = plan.uid, let gid = plan.gid ?? plan.uid else { return false }
            return status.uids == Array(repeating: uid, count: 4) && status.gids == Array(repeating: gid, count: 4)
                && status.groups.isEmpty
        }
        // All of it is more than what OpenSSL locks for keys.
        sealer.confirm(.lockedMemory) { () throws(Errno) in status.lockedMemory > 1024 }
        sealer.confirm(.boundingSet) { () throws(Errno) in status.bounding.isEmpty }
        sealer.confirm(.ambientSet) { () throws(Errno) in status.ambient.isEmpty }
        sealer.confirm(.capabilities) { () throws(Errno) in
            status.permitted == plan.permitted && status.effective.isEmpty && status.inheritable.isEmpty
        }
        let skipped = plan.faults.skipped
        sealer.confirm(.singleThread) { () throws(Errno) in status.threads == 1 && !skipped.has(.singleThread) }
        sealer.confirm(.noNewPrivileges) { () throws(Errno) in status.noNewPrivileges == 1 }
        sealer.confirm(.systemCallFilter) { () throws(Errno) in
            status.seccompMode == 2 && status.filterCount >= filters + 1
        }
        sealer.confirm(.narrowedFilter) { () throws(Errno) in
            status.seccompMode == 2 && status.filterCount == filters + 2
        }
    }
}

extension SealingPlan {
    /// A namespace that was named must be joined, whoever starts the process.
    fileprivate var explicitMeasures: Measures {
        if case .join = network { Measure.networkNamespace.bit } else { [] }
    }

    /// What the process may make effective later.
    fileprivate var permitted: CapabilitySet { role == .broker && root ? .netAdmin : [] }
}
