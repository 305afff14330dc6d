internal import CCap
import Glibc
internal import LinuxSys

/// A set of kernel capabilities (linux/capability.h), one bit each.
public struct CapabilitySet: OptionSet, Hashable, Sendable {
    /// The bits, as /proc/self/status shows them.
    public let rawValue: UInt64

    /// The set with these bits.
    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// CAP_DAC_READ_SEARCH: the daemon's files may belong to another user.
    public static let readSearch = CapabilitySet(rawValue: 1 << 2)
    /// CAP_KILL: children run as other users.
    public static let kill = CapabilitySet(rawValue: 1 << 5)
    /// CAP_SETGID.
    public static let setGID = CapabilitySet(rawValue: 1 << 6)
    /// CAP_SETUID.
    public static let setUID = CapabilitySet(rawValue: 1 << 7)
    /// CAP_SETPCAP: bounding set and securebits.
    public static let setPCap = CapabilitySet(rawValue: 1 << 8)
    /// CAP_NET_ADMIN.
    public static let netAdmin = CapabilitySet(rawValue: 1 << 12)
    /// CAP_SYS_CHROOT.
    public static let sysChroot = CapabilitySet(rawValue: 1 << 18)
    /// CAP_SYS_ADMIN: namespaces and mounts.
    public static let sysAdmin = CapabilitySet(rawValue: 1 << 21)
    /// CAP_SYS_RESOURCE: limits may have to be raised.
    public static let sysResource = CapabilitySet(rawValue: 1 << 24)

    /// What the supervisor keeps.
    public static let supervisor: CapabilitySet = [
        .sysAdmin, .netAdmin, .setUID, .setGID, .setPCap, .kill, .sysResource, .sysChroot, .readSearch,
    ]

    /// The numbers of the members, rising.
    public var numbers: [Int32] { (0..<64).filter { rawValue & (1 << UInt64($0)) != 0 } }
}

/// A process's capability state in libcap's form; its memory is allocated once.
@safe struct CapabilityState: ~Copyable {
    private let state: cap_t

    init(permitted: CapabilitySet, effective: CapabilitySet) throws(Errno) {
        // SAFETY: cap_init returns a new object or nil.
        guard let state = unsafe cap_init() else { throw Errno.last }
        do throws(Errno) {
            unsafe try Self.raise(CAP_PERMITTED, permitted, in: state)
            unsafe try Self.raise(CAP_EFFECTIVE, effective, in: state)
        } catch {
            unsafe cap_free(UnsafeMutableRawPointer(state))
            throw error
        }
        unsafe self.state = state
    }

    deinit {
        // SAFETY: the object came from cap_init and is freed once.
        _ = unsafe cap_free(UnsafeMutableRawPointer(state))
    }

    private static func raise(_ flag: cap_flag_t, _ set: CapabilitySet, in state: cap_t) throws(Errno) {
        var numbers = set.numbers
        guard !numbers.isEmpty else { return }
        // SAFETY: libcap reads as many numbers as the array has.
        guard unsafe cap_set_flag(state, flag, Int32(numbers.count), &numbers, CAP_SET) == 0 else { throw Errno.last }
    }

    /// Makes this the state of the calling thread.
    func apply() throws(Errno) {
        // SAFETY: the object lives as long as self.
        guard unsafe cap_set_proc(state) == 0 else { throw Errno.last }
    }
}

/// Switches CAP_NET_ADMIN on for one call and off again (privileged broker).
public struct NetAdmin: ~Copyable {
    private let raised: CapabilityState
    private let lowered: CapabilityState

    /// Allocates both states; raising and lowering allocate nothing.
    ///
    /// The third filter refuses what this needs, so it is made before ``Sealing/dropSocketCreation()``.
    ///
    /// - Throws: `step(.capabilities, ENOMEM)`.
    public init() throws(SealingError) {
        let up = try Self.state(effective: .netAdmin)
        let down = try Self.state(effective: [])
        raised = up
        lowered = down
    }

    private static func state(effective: CapabilitySet) throws(SealingError) -> CapabilityState {
        do throws(Errno) {
            return try CapabilityState(permitted: .netAdmin, effective: effective)
        } catch {
            throw .step(.capabilities, error)
        }
    }

    /// Makes the capability effective.
    ///
    /// The corresponding C function is `cap_set_proc`.
    ///
    /// - Throws: `step(.capabilities, EPERM)` when the process doesn't hold it.
    public func raise() throws(SealingError) {
        do throws(Errno) { try raised.apply() } catch { throw .step(.capabilities, error) }
    }

    /// Takes the capability out of effect.
    ///
    /// The corresponding C function is `cap_set_proc`.
    ///
    /// - Throws: `step(.capabilities, ...)`; the process must end then.
    public func lower() throws(SealingError) {
        do throws(Errno) { try lowered.apply() } catch { throw .step(.capabilities, error) }
    }
}
