import NetlinkWire

/// Structures of the C library as a 64-bit program has them in its memory.
///
/// Every initialiser takes bytes of exactly the structure's size; a shorter array is our mistake.
enum UserStructure {
    static func u16(_ bytes: [UInt8], _ offset: Int) -> UInt16 {
        UInt16(bytes[offset]) | UInt16(bytes[offset + 1]) << 8
    }
    static func u32(_ bytes: [UInt8], _ offset: Int) -> UInt32 {
        UInt32(u16(bytes, offset)) | UInt32(u16(bytes, offset + 2)) << 16
    }
    static func u64(_ bytes: [UInt8], _ offset: Int) -> UInt64 {
        UInt64(u32(bytes, offset)) | UInt64(u32(bytes, offset + 4)) << 32
    }
    static func bytes<Number: FixedWidthInteger>(_ value: Number) -> [UInt8] {
        (0..<Number.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> Number(8 * $0)) }
    }
}

/// struct sockaddr_nl (linux/netlink.h).
struct NetlinkAddress: Equatable, Sendable {
    static let size = 12
    static let family: UInt16 = 16

    var portID: UInt32 = 0
    /// One bit for each of the first 32 groups.
    var groups: UInt32 = 0

    init(portID: UInt32 = 0, groups: UInt32 = 0) {
        (self.portID, self.groups) = (portID, groups)
    }

    /// nil for another family.
    init?(_ bytes: [UInt8]) {
        guard UserStructure.u16(bytes, 0) == NetlinkAddress.family else { return nil }
        self.init(portID: UserStructure.u32(bytes, 4), groups: UserStructure.u32(bytes, 8))
    }

    /// The address of the kernel as the sender to a group.
    init(fromKernelTo group: UInt32) {
        self.init(groups: group >= 1 && group <= 32 ? 1 << (group - 1) : 0)
    }

    var bytes: [UInt8] {
        UserStructure.bytes(NetlinkAddress.family) + [0, 0] + UserStructure.bytes(portID) + UserStructure.bytes(groups)
    }
}

/// struct msghdr.
struct UserMessage: Equatable, Sendable {
    static let size = 56
    /// Where the kernel writes back.
    static let nameLengthOffset: UInt64 = 8
    static let controlLengthOffset: UInt64 = 40
    static let flagsOffset: UInt64 = 48

    var name: UInt64
    var nameLength: Int32
    var vector: UInt64
    var vectorCount: UInt64
    var control: UInt64
    var controlLength: UInt64

    init(_ bytes: [UInt8]) {
        name = UserStructure.u64(bytes, 0)
        nameLength = Int32(bitPattern: UserStructure.u32(bytes, 8))
        vector = UserStructure.u64(bytes, 16)
        vectorCount = UserStructure.u64(bytes, 24)
        control = UserStructure.u64(bytes, 32)
        controlLength = UserStructure.u64(bytes, 40)
    }
}

/// A part of the program's memory (struct iovec).
struct UserRange: Equatable, Sendable {
    static let size = 16

    var address: UInt64
    var count: Int

    /// What the bytes say; nil for a length that no buffer has.
    static func list(_ bytes: [UInt8]) -> [UserRange]? {
        var ranges: [UserRange] = []
        for offset in stride(from: 0, to: bytes.count, by: size) {
            guard let count = Int(exactly: UserStructure.u64(bytes, offset + 8)), count >= 0 else { return nil }
            ranges.append(UserRange(address: UserStructure.u64(bytes, offset), count: count))
        }
        return ranges
    }

    /// Bytes of all; at most what one call moves.
    static func total(_ ranges: [UserRange]) -> Int {
        ranges.reduce(0) { sum, range in
            let (total, overflow) = sum.addingReportingOverflow(range.count)
            return overflow ? Int.max : min(total, 0x7fff_f000)
        }
    }
}

/// Control messages (struct cmsghdr) that a receive fills in.
struct ControlMessages: Equatable, Sendable {
    private(set) var bytes: [UInt8] = []
    /// Something didn't fit: MSG_CTRUNC.
    private(set) var isCut = false
    private let room: Int

    init(room: UInt64) {
        self.room = Int(clamping: room)
    }

    mutating func append(level: Int32, type: Int32, _ payload: [UInt8]) {
        let length = 16 + payload.count
        guard room - bytes.count >= length else { return isCut = true }
        bytes += UserStructure.bytes(UInt64(length)) + UserStructure.bytes(level) + UserStructure.bytes(type) + payload
        let padding = (8 - bytes.count % 8) % 8
        bytes += [UInt8](repeating: 0, count: min(padding, room - bytes.count))
    }
}
