public import NetlinkWire

/// What a process or thread has used (struct taskstats).
///
/// Source: linux/taskstats.h. The structure grows with the kernel; what the kernel doesn't tell is nil.
public struct TaskStatistics: Hashable, Sendable {
    /// How often something was waited for, and for how long.
    public struct Delay: Hashable, Sendable {
        /// How often.
        public var count: UInt64
        /// For how long in all, in nanoseconds.
        public var nanoseconds: UInt64
    }

    /// Version of the structure.
    public var version: UInt16
    /// Exit status, as wait reports it; of a task that has ended.
    public var exitCode: UInt32
    /// AFORK 1, ASU 2, ACORE 8, AXSIG 16 (ac_flag).
    public var flags: UInt8
    /// Nice value.
    public var nice: Int8
    /// Waiting for a processor.
    public var cpuDelay: Delay
    /// Waiting for block devices.
    public var blockDelay: Delay
    /// Waiting for pages to come back from swap.
    public var swapDelay: Delay
    /// Time on a processor, in nanoseconds.
    public var cpuTime: UInt64
    /// Time on a processor as the kernel's scheduler counts it, in nanoseconds.
    public var cpuVirtualTime: UInt64
    /// Name, at most 15 bytes.
    public var command: ByteString
    /// Scheduling policy.
    public var scheduler: UInt8
    /// User id, as the asking process sees it.
    public var uid: UInt32
    /// Group id, as the asking process sees it.
    public var gid: UInt32
    /// Process or thread id; 0 in statistics of a whole process.
    public var pid: UInt32
    /// Parent's process id.
    public var parentPID: UInt32
    /// When it began, in seconds since 1970, modulo 2^32.
    public var begin: UInt32
    /// Time since it began, in microseconds.
    public var elapsed: UInt64
    /// Time in user mode, in microseconds.
    public var userTime: UInt64
    /// Time in the kernel, in microseconds.
    public var systemTime: UInt64
    /// Page faults that needed no device.
    public var minorFaults: UInt64
    /// Page faults that needed one.
    public var majorFaults: UInt64
    /// Memory in use over time, in megabyte-microseconds.
    public var memoryIntegral: UInt64
    /// Address space in use over time, in megabyte-microseconds.
    public var virtualIntegral: UInt64
    /// Most memory in use, in KiB.
    public var peakMemory: UInt64
    /// Most address space in use, in KiB.
    public var peakVirtual: UInt64
    /// Bytes read, from wherever.
    public var bytesRead: UInt64
    /// Bytes written, to wherever.
    public var bytesWritten: UInt64
    /// System calls that read.
    public var readCalls: UInt64
    /// System calls that wrote.
    public var writeCalls: UInt64
    /// Bytes read from block devices.
    public var blockBytesRead: UInt64
    /// Bytes written to block devices.
    public var blockBytesWritten: UInt64
    /// Bytes that needn't be written after all.
    public var blockBytesCancelled: UInt64
    /// Times that it gave the processor up.
    public var voluntarySwitches: UInt64
    /// Times that the processor was taken away.
    public var involuntarySwitches: UInt64
    /// Waiting for free memory.
    public var reclaimDelay: Delay?
    /// Waiting for pages that were dropped a moment ago.
    public var thrashingDelay: Delay?
    /// Waiting for memory to be compacted.
    public var compactionDelay: Delay?
    /// Copying pages that were shared.
    public var copyDelay: Delay?
    /// Interrupts.
    public var interruptDelay: Delay?
    /// When it began, in seconds since 1970.
    public var begin64: UInt64?
    /// Process id that the thread belongs to.
    public var tgid: UInt32?
    /// Time since the process began, in microseconds.
    public var processElapsed: UInt64?
    /// Device of the program's file.
    public var executableDevice: UInt64?
    /// Inode of the program's file.
    public var executableInode: UInt64?

    /// Least bytes that a kernel of today sends (version 8).
    private static let leastSize = 328

    /// Reads the structure.
    ///
    /// - Throws: `wrongWidth` when it is shorter than any kernel's.
    public init(_ range: Range<Int>, in bytes: Span<UInt8>) throws(WireError) {
        guard range.count >= TaskStatistics.leastSize else { throw WireError(.wrongWidth, at: range.lowerBound) }
        let fields = Fields(start: range.lowerBound, end: range.upperBound)
        version = try bytes.u16(at: range.lowerBound)
        exitCode = try bytes.u32(at: range.lowerBound + 4)
        flags = try bytes.u8(at: range.lowerBound + 8)
        nice = Int8(bitPattern: try bytes.u8(at: range.lowerBound + 9))
        cpuDelay = try fields.delay(16, bytes)
        blockDelay = try fields.delay(32, bytes)
        swapDelay = try fields.delay(48, bytes)
        cpuTime = try fields.number(64, bytes)
        cpuVirtualTime = try fields.number(72, bytes)
        command = ByteString(bytes: try bytes.bytes(range.lowerBound + 80..<range.lowerBound + 112))
        scheduler = try bytes.u8(at: range.lowerBound + 112)
        uid = try bytes.u32(at: range.lowerBound + 120)
        gid = try bytes.u32(at: range.lowerBound + 124)
        pid = try bytes.u32(at: range.lowerBound + 128)
        parentPID = try bytes.u32(at: range.lowerBound + 132)
        begin = try bytes.u32(at: range.lowerBound + 136)
        elapsed = try fields.number(144, bytes)
        userTime = try fields.number(152, bytes)
        systemTime = try fields.number(160, bytes)
        minorFaults = try fields.number(168, bytes)
        majorFaults = try fields.number(176, bytes)
        memoryIntegral = try fields.number(184, bytes)
        virtualIntegral = try fields.number(192, bytes)
        peakMemory = try fields.number(200, bytes)
        peakVirtual = try fields.number(208, bytes)
        bytesRead = try fields.number(216, bytes)
        bytesWritten = try fields.number(224, bytes)
        readCalls = try fields.number(232, bytes)
        writeCalls = try fields.number(240, bytes)
        blockBytesRead = try fields.number(248, bytes)
        blockBytesWritten = try fields.number(256, bytes)
        blockBytesCancelled = try fields.number(264, bytes)
        voluntarySwitches = try fields.number(272, bytes)
        involuntarySwitches = try fields.number(280, bytes)
        try readLater(fields, bytes)
    }

    /// What versions from 8 on have added.
    private mutating func readLater(_ fields: Fields, _ bytes: Span<UInt8>) throws(WireError) {
        reclaimDelay = try fields.delayIfThere(312, bytes)
        thrashingDelay = try fields.delayIfThere(328, bytes)
        begin64 = try fields.numberIfThere(344, bytes)
        compactionDelay = try fields.delayIfThere(352, bytes)
        tgid = try fields.numberIfThere(368, bytes).map { UInt32(truncatingIfNeeded: $0) }
        processElapsed = try fields.numberIfThere(376, bytes)
        executableDevice = try fields.numberIfThere(384, bytes)
        executableInode = try fields.numberIfThere(392, bytes)
        copyDelay = try fields.delayIfThere(400, bytes)
        interruptDelay = try fields.delayIfThere(416, bytes)
    }

    private struct Fields {
        let start: Int
        let end: Int

        func number(_ offset: Int, _ bytes: Span<UInt8>) throws(WireError) -> UInt64 {
            try bytes.u64(at: start + offset)
        }

        func delay(_ offset: Int, _ bytes: Span<UInt8>) throws(WireError) -> Delay {
            Delay(count: try number(offset, bytes), nanoseconds: try number(offset + 8, bytes))
        }

        func numberIfThere(_ offset: Int, _ bytes: Span<UInt8>) throws(WireError) -> UInt64? {
            start + offset + 8 <= end ? try number(offset, bytes) : nil
        }

        func delayIfThere(_ offset: Int, _ bytes: Span<UInt8>) throws(WireError) -> Delay? {
            start + offset + 16 <= end ? try delay(offset, bytes) : nil
        }
    }
}

/// Whose statistics a message has.
public enum TaskSubject: Hashable, Sendable {
    /// A thread.
    case pid(UInt32)
    /// A whole process.
    case tgid(UInt32)
}

/// The family TASKSTATS.
public enum TaskStatsMessage {
    /// Name of the family.
    public static let family: ByteString = "TASKSTATS"
    /// TASKSTATS_CMD_GET.
    public static let get: UInt8 = 1
    /// TASKSTATS_CMD_ATTR_PID.
    public static let pid: UInt16 = 1
    /// TASKSTATS_CMD_ATTR_TGID.
    public static let tgid: UInt16 = 2
    /// TASKSTATS_CMD_ATTR_REGISTER_CPUMASK.
    public static let registerCPUs: UInt16 = 3
    /// TASKSTATS_CMD_ATTR_DEREGISTER_CPUMASK.
    public static let deregisterCPUs: UInt16 = 4

    /// Reads the answer to a request, or the statistics of a task that has ended.
    ///
    /// - Throws: what is wrong with the bytes, and where.
    public static func decode(
        _ message: Message, in bytes: Span<UInt8>
    ) throws(WireError) -> [(subject: TaskSubject, statistics: TaskStatistics)] {
        _ = try GenericHeader(message, in: bytes)
        var found: [(subject: TaskSubject, statistics: TaskStatistics)] = []
        var cursor = AttributeCursor((message.payload.lowerBound + GenericHeader.size)..<message.payload.upperBound)
        // TASKSTATS_TYPE_AGGR_PID and TASKSTATS_TYPE_AGGR_TGID hold an id and the structure.
        while let nest = try cursor.next(in: bytes) {
            guard nest.type == 4 || nest.type == 5 else { continue }
            let parts = try AttributeSet(nest.payload, in: bytes)
            guard let id = try parts[nest.type == 4 ? 1 : 2]?.u32(in: bytes), let statistics = parts[3] else {
                throw WireError(.wrongWidth, at: nest.offset)
            }
            found.append(
                (nest.type == 4 ? .pid(id) : .tgid(id), try TaskStatistics(statistics.payload, in: bytes)))
        }
        return found
    }
}
