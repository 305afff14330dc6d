import Glibc
import LinuxSys

/// The calls that wait, and the threads behind them.
final class Listener {
    private let monitor: SystemCallMonitor

    init(_ monitor: consuming SystemCallMonitor) {
        self.monitor = monitor
    }

    var descriptor: Int32 { monitor.descriptor.raw }

    func next() throws(Errno) -> SystemCallNotification? { try monitor.receive() }

    func isValid(_ id: UInt64) -> Bool { monitor.isValid(id) }

    func answer(_ id: UInt64, _ result: Result<Int64, Errno>) -> Bool { monitor.answer(id, result) }

    func carryOn(_ id: UInt64) { monitor.carryOn(id) }

    func install(
        _ id: UInt64, _ source: borrowing Descriptor, as number: Int32, closeOnExec: Bool
    ) throws(Errno) {
        try monitor.install(id, source, as: number, closeOnExec: closeOnExec)
    }

    // MARK: - The thread's memory and descriptors

    /// Reads memory of the thread that waits in the call, and of no other.
    func read(_ id: UInt64, _ thread: Int32, at address: UInt64, count: Int) throws(Errno) -> [UInt8] {
        do throws(Errno) {
            let bytes = try ForeignThread.read(thread, at: address, count: count)
            // The number may have become another thread's between the notification and the read.
            guard isValid(id) else { throw Errno(rawValue: ENOENT) }
            return bytes
        } catch {
            // A bad address is the program's mistake; everything else means that it can't be looked into.
            throw error.rawValue == EFAULT || error.rawValue == ENOENT ? error : Errno(rawValue: EFAULT)
        }
    }

    func write(_ id: UInt64, _ thread: Int32, at address: UInt64, _ bytes: Span<UInt8>) throws(Errno) {
        guard isValid(id) else { throw Errno(rawValue: ENOENT) }
        do throws(Errno) {
            try ForeignThread.write(thread, at: address, bytes)
        } catch {
            throw Errno(rawValue: EFAULT)
        }
    }

    /// A copy of a descriptor of the thread's process.
    func descriptor(_ id: UInt64, _ thread: Int32, number: Int32) throws(Errno) -> Descriptor {
        let copy = try ForeignThread.descriptor(number, of: thread)
        guard isValid(id) else { throw Errno(rawValue: ENOENT) }
        return copy
    }
}
