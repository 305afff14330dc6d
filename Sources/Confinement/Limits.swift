internal import CLinux
internal import LinuxSys

/// RLIMIT_ numbers (asm-generic/resource.h), the same on both architectures.
enum Limit {
    static let processorTime: Int32 = 0
    static let fileSize: Int32 = 1
    static let core: Int32 = 4
    static let processes: Int32 = 6
    static let descriptors: Int32 = 7
    static let lockedMemory: Int32 = 8
    static let addressSpace: Int32 = 9
    static let messageQueues: Int32 = 12
}

/// One limit, soft and hard alike.
struct LimitRule: Equatable {
    var resource: Int32
    var value: UInt64

    /// The limits of a confined process.
    static func all(for plan: SealingPlan) -> [LimitRule] {
        var rules = [
            LimitRule(resource: Limit.descriptors, value: plan.descriptorLimit),
            LimitRule(resource: Limit.processes, value: 0),
            LimitRule(resource: Limit.fileSize, value: fileSizeLimit()),
            LimitRule(resource: Limit.messageQueues, value: 0),
            LimitRule(resource: Limit.lockedMemory, value: lockedMemory(plan)),
        ]
        if let bytes = plan.addressSpaceLimit { rules.append(LimitRule(resource: Limit.addressSpace, value: bytes)) }
        if let seconds = plan.processorSeconds {
            rules.append(LimitRule(resource: Limit.processorTime, value: seconds))
        }
        return rules
    }

    /// Memory that the keeper needs room for when all of it is to be locked.
    static let keeperMemory: UInt64 = 512 << 20

    /// Room for everything that the keeper has, or as much as this host lets it have; the others lock nothing.
    private static func lockedMemory(_ plan: SealingPlan) -> UInt64 {
        guard plan.role == .keeper else { return 0 }
        if nlg_set_limit(Limit.lockedMemory, keeperMemory, keeperMemory) == 0 { return keeperMemory }
        var soft: UInt64 = 0
        var hard: UInt64 = 0
        // SAFETY: the C function writes two integers.
        return unsafe nlg_get_limit(Limit.lockedMemory, &soft, &hard) == 0 ? min(hard, keeperMemory) : 0
    }

    func apply() throws(Errno) {
        try check(nlg_set_limit(resource, value, value))
    }

    func isInForce() throws(Errno) -> Bool {
        var soft: UInt64 = 0
        var hard: UInt64 = 0
        // SAFETY: the C function writes two integers.
        try check(unsafe nlg_get_limit(resource, &soft, &hard))
        return soft == value && hard == value
    }

    /// 0, but for a standard error that is a file: what the process has to say may still be written there.
    private static func fileSizeLimit() -> UInt64 {
        var type: UInt32 = 0
        var size: UInt64 = 0
        // SAFETY: the C function writes two integers.
        guard unsafe nlg_file_type(2, &type, &size) == 0, type == 0o100000 else { return 0 }
        return size + 64 << 20
    }
}
