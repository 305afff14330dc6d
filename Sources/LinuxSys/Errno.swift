import Glibc

/// A kernel error number, as `errno` has it.
public struct Errno: Error, Equatable, Hashable, Sendable, RawRepresentable {
    /// The number, positive: `EPERM` is 1.
    public let rawValue: Int32

    /// The error with this number.
    public init(rawValue: Int32) {
        self.rawValue = rawValue
    }

    /// What the calling thread's last failed call left in `errno`.
    public static var last: Errno { Errno(rawValue: errno) }

    /// True for the two numbers that mean "try again when the descriptor is ready".
    public var isWouldBlock: Bool { rawValue == EAGAIN || rawValue == EWOULDBLOCK }
}

extension Errno: CustomStringConvertible {
    /// The C library's text, such as "Operation not permitted".
    public var description: String {
        // SAFETY: strerror returns a NUL-terminated string that lives until the next call in this thread.
        guard let text = unsafe strerror(rawValue) else { return "errno \(rawValue)" }
        return unsafe String(cString: text)
    }
}

/// How far one transfer on a non-blocking descriptor came.
public enum Transfer: Equatable, Sendable {
    /// So many bytes were moved, at least one.
    case bytes(Int)
    /// Nothing could be moved now; wait for readiness.
    case wouldBlock
    /// The peer closed its end.
    case closed
}

/// Throws `Errno.last` when a call answered -1, otherwise passes its result on.
@inline(__always)
func check(_ result: Int32) throws(Errno) -> Int32 {
    guard result >= 0 else { throw Errno.last }
    return result
}

/// The meaning of a byte count that a read-like call returned.
@inline(__always)
func transfer(_ result: Int) throws(Errno) -> Transfer {
    if result > 0 { return .bytes(result) }
    if result == 0 { return .closed }
    let error = Errno.last
    if error.isWouldBlock { return .wouldBlock }
    throw error
}
