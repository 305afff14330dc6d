internal import LinuxSys

/// What a process found in force when it read its own state back; travels to the supervisor as fixed-size bytes.
public struct SealingReport: Sendable, Equatable {
    /// Length of the encoded form.
    public static let encodedSize = 256
    /// Why a measure isn't in force: an error number for each bit, 0 when unknown or not tried.
    static let reasonCount = 64

    /// Who reports.
    public var role: ProcessRole
    /// What is in force.
    public var measures: Measures = []
    /// Process id.
    public var pid: Int32 = 0
    /// Real, effective, saved and file system user id, which are the same.
    public var uid: UInt32 = 0
    /// Real, effective, saved and file system group id, which are the same.
    public var gid: UInt32 = 0
    /// CapInh of /proc/self/status.
    public var inheritable: CapabilitySet = []
    /// CapPrm of /proc/self/status.
    public var permitted: CapabilitySet = []
    /// CapEff of /proc/self/status.
    public var effective: CapabilitySet = []
    /// CapBnd of /proc/self/status.
    public var bounding: CapabilitySet = []
    /// CapAmb of /proc/self/status.
    public var ambient: CapabilitySet = []
    /// 2 means that a filter decides about each system call.
    public var seccompMode: UInt32 = 0
    /// How many filters are stacked, inherited ones included.
    public var filterCount: UInt32 = 0
    /// Threads of the process.
    public var taskCount: UInt32 = 0
    /// The kernel as the process saw it.
    public var kernel: KernelFacts
    /// True when the process started as root.
    public var root: Bool
    var reasons = [UInt8](repeating: 0, count: Self.reasonCount)

    init(role: ProcessRole, kernel: KernelFacts, root: Bool) {
        self.role = role
        self.kernel = kernel
        self.root = root
    }

    /// The mandatory measures that are not in force.
    public func missing(for role: ProcessRole, kernel: KernelFacts, root: Bool) -> [Measure] {
        Measures.mandatory(for: role, kernel: kernel, root: root).subtracting(measures).list
    }

    /// The bytes for the control socket, ``encodedSize`` of them.
    public func encode() -> [UInt8] {
        var bytes = Self.magic
        bytes += [Self.version, role.rawValue, root ? 1 : 0, kernel.insecureOldKernel ? 1 : 0]
        let words: [UInt64] = [
            measures.rawValue, inheritable.rawValue, permitted.rawValue, effective.rawValue, bounding.rawValue,
            ambient.rawValue,
        ]
        for word in words { bytes.appendLittleEndian(word, width: 8) }
        let halves: [UInt32] = [
            UInt32(bitPattern: pid), uid, gid, seccompMode, filterCount, taskCount,
            UInt32(bitPattern: kernel.release.major), UInt32(bitPattern: kernel.release.minor),
            UInt32(bitPattern: kernel.landlockABI),
        ]
        for half in halves { bytes.appendLittleEndian(UInt64(half), width: 4) }
        bytes += reasons
        bytes += [UInt8](repeating: 0, count: Self.encodedSize - bytes.count)
        return bytes
    }

    /// Reads ``encode()``'s form; nil for any other length, version, unknown bit or non-zero spare byte.
    public init?(decoding bytes: Span<UInt8>) {
        guard bytes.count == Self.encodedSize else { return nil }
        for (index, byte) in Self.magic.enumerated() where bytes[index] != byte { return nil }
        guard bytes[8] == Self.version, let role = ProcessRole(rawValue: bytes[9]), bytes[10] <= 1, bytes[11] <= 1
        else { return nil }
        for index in Self.used..<Self.encodedSize where bytes[index] != 0 { return nil }
        func word(_ index: Int) -> UInt64 { bytes.littleEndian(at: 12 + 8 * index, width: 8) }
        func half(_ index: Int) -> UInt32 { UInt32(bytes.littleEndian(at: 60 + 4 * index, width: 4)) }
        self.init(
            role: role,
            kernel: KernelFacts(
                release: KernelRelease(Int32(bitPattern: half(6)), Int32(bitPattern: half(7))),
                landlockABI: Int32(bitPattern: half(8)), insecureOldKernel: bytes[11] == 1),
            root: bytes[10] == 1)
        measures = Measures(rawValue: word(0))
        inheritable = CapabilitySet(rawValue: word(1))
        permitted = CapabilitySet(rawValue: word(2))
        effective = CapabilitySet(rawValue: word(3))
        bounding = CapabilitySet(rawValue: word(4))
        ambient = CapabilitySet(rawValue: word(5))
        pid = Int32(bitPattern: half(0))
        uid = half(1)
        gid = half(2)
        seccompMode = half(3)
        filterCount = half(4)
        taskCount = half(5)
        for index in 0..<Self.reasonCount { reasons[index] = bytes[96 + index] }
        guard measures.isSubset(of: .all), pid > 0 else { return nil }
    }

    private static let magic = Array("nlgseal\u{0}".utf8)
    private static let version: UInt8 = 1
    private static let used = 96 + reasonCount
}

extension Array where Element == UInt8 {
    mutating func appendLittleEndian(_ value: UInt64, width: Int) {
        for shift in 0..<width { append(UInt8(truncatingIfNeeded: value >> (8 * UInt64(shift)))) }
    }
}

extension Span where Element == UInt8 {
    func littleEndian(at offset: Int, width: Int) -> UInt64 {
        (0..<width).reduce(0) { $0 | UInt64(self[offset + $1]) << (8 * UInt64($1)) }
    }
}
