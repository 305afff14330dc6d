import Glibc
import LinuxSys

/// Looks at the listener.
final class ListenerWatch: Watched {
    private unowned let monitor: ExecMonitor
    private let listener: Listener
    private var token: UInt64 = 0

    init(_ monitor: ExecMonitor, _ listener: Listener) {
        self.monitor = monitor
        self.listener = listener
    }

    func begin(_ reactor: Reactor) throws(Errno) {
        token = reactor.register(self)
        try reactor.watch(listener.descriptor, from: [], to: .read, token)
    }

    func ready(_ readiness: Readiness) {
        if readiness.contains(.read) {
            do throws(Errno) {
                if let notification = try listener.next() { monitor.take(notification) }
            } catch {
                monitor.complain("seccomp: \(error)")
                monitor.listenerUnused()
            }
        } else if readiness.contains(.hangUp) {
            monitor.listenerUnused()
        }
    }

    func timePassed(_ now: UInt64) {}
}

/// Looks at the command's process.
final class ChildWatch: Watched {
    private unowned let monitor: ExecMonitor
    private let process: ChildProcess
    private var token: UInt64 = 0
    private var reactor: Reactor?

    init(_ monitor: ExecMonitor, _ process: consuming ChildProcess) {
        self.monitor = monitor
        self.process = process
    }

    func begin(_ reactor: Reactor) throws(Errno) {
        self.reactor = reactor
        token = reactor.register(self)
        try reactor.watch(process.descriptor.raw, from: [], to: .read, token)
    }

    func ready(_ readiness: Readiness) {
        guard let status = try? process.reap() else { return }
        try? reactor?.watch(process.descriptor.raw, from: .read, to: [], token)
        monitor.commandEnded(status)
    }

    func timePassed(_ now: UInt64) {}

    func signal(_ number: Int32) { try? process.signal(number) }

    /// Waits for the end.
    func wait() -> ExitStatus? {
        _ = try? process.descriptor.wait(for: .read, milliseconds: -1)
        return try? process.reap()
    }
}

/// Looks at signals sent to this program.
final class SignalWatch: Watched {
    private unowned let monitor: ExecMonitor
    private let queue: SignalQueue

    init(_ monitor: ExecMonitor, _ queue: consuming SignalQueue) {
        self.monitor = monitor
        self.queue = queue
    }

    func begin(_ reactor: Reactor) throws(Errno) {
        try reactor.watch(queue.descriptor.raw, from: [], to: .read, reactor.register(self))
    }

    func ready(_ readiness: Readiness) {
        while let signal = queue.next() { monitor.took(signal: signal) }
    }

    func timePassed(_ now: UInt64) {}
}
