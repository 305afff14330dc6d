import Glibc
import LinuxSys

/// What makes a call that a signal interrupted and that the kernel starts again recognisable.
struct CallKey: Equatable, Sendable {
    var number: Int32
    var instruction: UInt64
    var arguments: [UInt64]
}

/// One system call that the monitor answers, at once or later.
final class Call {
    let listener: Listener
    let thread: Int32
    let number: Int32
    let key: CallKey
    /// Another after a signal interrupted the call and it was started again.
    private(set) var id: UInt64
    /// The thread does something else now: nobody waits for the answer.
    private(set) var isAbandoned = false
    /// What was done can't be undone, so an answer that is not taken is kept.
    var hasEffect = false

    init(_ notification: SystemCallNotification, _ listener: Listener) {
        self.listener = listener
        id = notification.id
        thread = notification.thread
        number = notification.number
        key = CallKey(
            number: notification.number, instruction: notification.instruction, arguments: notification.arguments)
    }

    /// The same call, started again.
    func renew(_ id: UInt64) { self.id = id }

    func abandon() { isAbandoned = true }

    /// True while the thread waits for the answer.
    var isWaiting: Bool { !isAbandoned && listener.isValid(id) }

    func argument(_ index: Int) -> UInt64 { key.arguments[index] }
    /// An argument that the kernel takes as an int.
    func integer(_ index: Int) -> Int32 { Int32(truncatingIfNeeded: key.arguments[index]) }

    // MARK: - The caller's memory

    func read(_ address: UInt64, count: Int) throws(Errno) -> [UInt8] {
        try listener.read(id, thread, at: address, count: count)
    }

    func u32(_ address: UInt64) throws(Errno) -> UInt32 { UserStructure.u32(try read(address, count: 4), 0) }

    func write(_ address: UInt64, _ bytes: [UInt8]) throws(Errno) {
        try listener.write(id, thread, at: address, bytes.span)
    }

    func write(_ address: UInt64, _ bytes: Span<UInt8>) throws(Errno) {
        try listener.write(id, thread, at: address, bytes)
    }

    /// The parts that a vector names; at most 1,024, as the kernel takes them.
    func ranges(_ address: UInt64, count: UInt64) throws(Errno) -> [UserRange] {
        guard count <= 1024 else { throw Errno(rawValue: EMSGSIZE) }
        guard let list = UserRange.list(try read(address, count: Int(count) * UserRange.size)) else {
            throw Errno(rawValue: EINVAL)
        }
        return list
    }

    /// A value-result argument: what fits is written, the full length is told.
    func writeResult(_ bytes: [UInt8], at address: UInt64, lengthAt lengthAddress: UInt64) throws(Errno) {
        let room = Int32(bitPattern: try u32(lengthAddress))
        guard room >= 0 else { throw Errno(rawValue: EINVAL) }
        try write(address, Array(bytes.prefix(Int(room))))
        try write(lengthAddress, UserStructure.bytes(UInt32(bytes.count)))
    }

    /// The open file behind a number of the caller.
    func descriptor(_ number: Int32) throws(Errno) -> Descriptor {
        try listener.descriptor(id, thread, number: number)
    }
}
