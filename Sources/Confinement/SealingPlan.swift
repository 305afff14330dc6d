/// Which process of the gateway is meant.
public enum ProcessRole: UInt8, CaseIterable, Sendable {
    /// `nlgated`.
    case supervisor = 1
    /// `nlgate-frontend`.
    case frontend
    /// `nlgate-broker` without any capability.
    case reader
    /// `nlgate-broker` with CAP_NET_ADMIN.
    case broker
    /// `nlgate-policyc`.
    case compiler
    /// `nlgate-keeper`.
    case keeper

    /// The process name as `ps` shows it.
    public var processName: String {
        switch self {
        case .supervisor: "nlgated"
        case .frontend: "nlgate-frontend"
        case .reader: "nlgate-reader"
        case .broker: "nlgate-broker"
        case .compiler: "nlgate-policyc"
        case .keeper: "nlgate-keeper"
        }
    }
}

/// Which network namespace a process lives in.
public enum NetworkNamespace: Equatable, Sendable {
    /// A new one without interfaces.
    case empty
    /// The one behind this descriptor, which is closed once joined.
    case join(Int32)
    /// The one that it was started in.
    case keep
}

/// Faults that tests put into the sealing; a process that serves somebody passes none.
public struct FaultPlan: Equatable, Sendable {
    /// These steps report EPERM instead of being taken.
    public var failing: Measures
    /// These steps are left out, without a word.
    public var skipped: Measures

    /// No faults, unless some are given.
    public init(failing: Measures = [], skipped: Measures = []) {
        self.failing = failing
        self.skipped = skipped
    }
}

/// What a process needs to know to seal itself.
public struct SealingPlan: Sendable {
    /// Decides the measures, the capabilities and the filters.
    public var role: ProcessRole
    /// The user to become; nil keeps the present one, for a daemon that isn't root.
    public var uid: UInt32?
    /// The group to become; nil keeps the present one.
    public var gid: UInt32?
    /// The parent that must still be there once the death signal is set.
    public var supervisorPID: Int32
    /// Descriptors `0..<descriptorCount` are open and nothing else is.
    public var descriptorCount: Int32
    /// The network namespace to live in.
    public var network: NetworkNamespace
    /// Brokers: the netlink protocols that `socket()` may open after the second filter.
    public var protocols: [Int32]
    /// RLIMIT_NOFILE.
    public var descriptorLimit: UInt64
    /// RLIMIT_AS in bytes; nil leaves it as it is.
    public var addressSpaceLimit: UInt64?
    /// RLIMIT_CPU; nil leaves it as it is.
    public var processorSeconds: UInt64?
    /// What the kernel can do.
    public var kernel: KernelFacts
    /// Empty outside tests.
    public var faults = FaultPlan()

    /// A plan; the defaults are those of a reader.
    public init(
        role: ProcessRole, uid: UInt32?, gid: UInt32?, supervisorPID: Int32, descriptorCount: Int32,
        network: NetworkNamespace, protocols: [Int32] = [], descriptorLimit: UInt64 = 1024,
        addressSpaceLimit: UInt64? = 4 << 30, kernel: KernelFacts
    ) {
        self.role = role
        self.uid = uid
        self.gid = gid
        self.supervisorPID = supervisorPID
        self.descriptorCount = descriptorCount
        self.network = network
        self.protocols = protocols
        self.descriptorLimit = descriptorLimit
        self.addressSpaceLimit = addressSpaceLimit
        self.kernel = kernel
    }

    /// True when the process starts as root and changes to a user of its own.
    public var root: Bool { uid != nil }
}
