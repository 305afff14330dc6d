/// One protection that a process puts around itself; its number is a bit of ``Measures``.
public enum Measure: UInt8, CaseIterable, Sendable {
    /// The environment holds `SWIFT_BACKTRACE=enable=no` and nothing else.
    case environment
    /// Exactly the descriptors that were handed over are open.
    case descriptors
    /// The memory can be neither dumped nor traced by other processes of the same user.
    case notDumpable
    /// RLIMIT_CORE is 0.
    case noCoreFiles
    /// The process is killed when the supervisor ends.
    case parentDeathSignal
    /// Signals, umask, working directory and session don't depend on how the daemon was started.
    case normalState
    /// A user namespace, where there is no root to make the other namespaces.
    case userNamespace
    /// A network namespace without interfaces, or the one that the process serves.
    case networkNamespace
    /// An IPC namespace of its own.
    case ipcNamespace
    /// A mount namespace of its own.
    case mountNamespace
    /// The root directory is an empty, read-only file system.
    case emptyRoot
    /// Limits on descriptors, processes, files, locked memory and address space.
    case resourceLimits
    /// No page of the memory is ever written to swap space, where the limit on locked memory can be raised so far.
    case lockedMemory
    /// No capability can be gained by executing a program.
    case boundingSet
    /// Root means nothing, and neither that nor the other rules can be changed back.
    case secureBits
    /// A user and a group of its own, and no supplementary groups.
    case identity
    /// The permitted, effective and inheritable sets hold what the role needs.
    case capabilities
    /// The ambient set is empty.
    case ambientSet
    /// There is one thread, so that no other one can keep what this one gave up.
    case singleThread
    /// Memory never becomes executable (PR_SET_MDWE, Linux 6.3).
    case memoryDenyWriteExecute
    /// Executing a program never grants privileges.
    case noNewPrivileges
    /// Landlock refuses every file.
    case landlockFiles
    /// Landlock refuses TCP bind and connect (Linux 6.7).
    case landlockNetwork
    /// Landlock refuses abstract Unix sockets and signals to processes outside (Linux 6.12).
    case landlockScopes
    /// Only the system calls of the role's table, with their arguments.
    case systemCallFilter
    /// A second, narrower filter without what only the start needed.
    case narrowedFilter
    /// A third filter: no further socket (privileged broker, after its session's HELLO).
    case socketCreationDropped

    /// The measure as a set of one.
    public var bit: Measures { Measures(rawValue: 1 << UInt64(rawValue)) }
}

/// A set of measures.
public struct Measures: OptionSet, Hashable, Sendable {
    /// One bit for each ``Measure``, at its number.
    public let rawValue: UInt64

    /// The set with these bits.
    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// Every measure that this build knows.
    public static let all = Measures(Measure.allCases)

    /// The set of the given measures.
    public init(_ measures: [Measure]) {
        self = measures.reduce(into: []) { $0.formUnion($1.bit) }
    }

    /// True when the measure is in the set.
    public func has(_ measure: Measure) -> Bool { contains(measure.bit) }

    /// The members, in the order in which a process takes them.
    public var list: [Measure] { Measure.allCases.filter { has($0) } }
}

extension Measures {
    /// What a process of this role must have in force on this kernel before it may serve anybody.
    public static func mandatory(for role: ProcessRole, kernel: KernelFacts, root: Bool) -> Measures {
        var set = role == .supervisor ? supervisor : confined
        if root {
            set.formUnion(Measures([.boundingSet]))
        }
        if root, role != .supervisor {
            set.formUnion(
                Measures([.networkNamespace, .ipcNamespace, .mountNamespace, .emptyRoot, .secureBits, .identity]))
        }
        if kernel.release >= KernelRelease(6, 3) { set.formUnion(Measure.memoryDenyWriteExecute.bit) }
        if kernel.landlockABI >= 6 { set.formUnion(Measure.landlockScopes.bit) }
        guard role != .supervisor else { return set }
        if kernel.landlockABI >= 1 || !kernel.insecureOldKernel { set.formUnion(Measure.landlockFiles.bit) }
        if kernel.landlockABI >= 4 { set.formUnion(Measure.landlockNetwork.bit) }
        return set
    }

    private static let supervisor = Measures([
        .environment, .descriptors, .notDumpable, .noCoreFiles, .capabilities, .ambientSet, .singleThread,
        .noNewPrivileges, .systemCallFilter,
    ])

    private static let confined = supervisor.union(
        Measures([.normalState, .parentDeathSignal, .resourceLimits, .narrowedFilter]))
}
