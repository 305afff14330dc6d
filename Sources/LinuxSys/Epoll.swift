internal import CLinux
import Glibc

/// What a descriptor is waited for, or is ready for.
public struct Readiness: OptionSet, Sendable {
    /// The bits, as epoll has them.
    public let rawValue: UInt32

    /// Readiness from epoll's bits.
    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// There is something to read or to accept.
    public static let read = Readiness(rawValue: 0x001)
    /// There is room to write, or a connect has ended.
    public static let write = Readiness(rawValue: 0x004)
    /// The descriptor has an error; always reported.
    public static let error = Readiness(rawValue: 0x008)
    /// The peer is gone; always reported.
    public static let hangUp = Readiness(rawValue: 0x010)
    /// Of several processes that wait for one listener, wake only one.
    public static let exclusive = Readiness(rawValue: 1 << 28)
}

/// One thing that happened.
public struct Event: Sendable {
    /// The number that was given when the descriptor was added.
    public let token: UInt64
    /// What it is ready for.
    public let readiness: Readiness
}

/// The kernel's readiness queue.
///
/// The corresponding C functions are `epoll_create1`, `epoll_ctl` and `epoll_wait`.
public struct Epoll: ~Copyable, Sendable {
    private let descriptor: Descriptor
    private var buffer = [nlg_event](repeating: nlg_event(), count: 64)

    /// Creates an empty queue.
    ///
    /// - Throws: what `epoll_create1` reports.
    public init() throws(Errno) {
        let raw = try check(nlg_epoll_create())
        descriptor = Descriptor(owning: raw)
    }

    /// Starts to watch `fd`.
    ///
    /// - Throws: what `epoll_ctl` reports.
    public func add(_ fd: Int32, _ events: Readiness, token: UInt64) throws(Errno) {
        _ = try check(nlg_epoll_ctl(descriptor.raw, 1, fd, events.rawValue, token))
    }

    /// Changes what `fd` is watched for.
    ///
    /// - Throws: what `epoll_ctl` reports.
    public func modify(_ fd: Int32, _ events: Readiness, token: UInt64) throws(Errno) {
        _ = try check(nlg_epoll_ctl(descriptor.raw, 3, fd, events.rawValue, token))
    }

    /// Watches `fd` for `new` from now on, where it was watched for `old`.
    ///
    /// Nothing means not at all: epoll reports a peer that is gone whatever it was asked for, again and again.
    ///
    /// - Throws: what `epoll_ctl` reports.
    public func change(_ fd: Int32, from old: Readiness, to new: Readiness, token: UInt64) throws(Errno) {
        if old == new { return }
        if new.isEmpty {
            remove(fd)
        } else if old.isEmpty {
            try add(fd, new, token: token)
        } else {
            try modify(fd, new, token: token)
        }
    }

    /// Stops watching `fd`.
    ///
    /// Closing the last descriptor of a file does the same.
    public func remove(_ fd: Int32) {
        _ = nlg_epoll_ctl(descriptor.raw, 2, fd, 0, 0)
    }

    /// Waits for events and appends them to `events`, which is emptied first.
    ///
    /// -1 waits without end.
    ///
    /// - Throws: what `epoll_wait` reports, but for `EINTR`, which counts as nothing.
    public mutating func wait(milliseconds: Int32, into events: inout [Event]) throws(Errno) {
        events.removeAll(keepingCapacity: true)
        // SAFETY: the C function writes at most 64 entries, which the buffer has.
        let count = try check(unsafe nlg_epoll_wait(descriptor.raw, &buffer, 64, milliseconds))
        for index in 0..<Int(count) {
            let event = buffer[index]
            events.append(Event(token: event.token, readiness: Readiness(rawValue: event.events)))
        }
    }
}
