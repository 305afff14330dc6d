import Glibc

extension Descriptor {
    /// A number of the network namespace that the socket belongs to, never used twice; nil before Linux 5.14.
    ///
    /// The corresponding option is `SO_NETNS_COOKIE`.
    public func networkNamespaceCookie() -> UInt64? {
        var cookie: UInt64 = 0
        var length = socklen_t(MemoryLayout<UInt64>.size)
        // SAFETY: getsockopt writes at most the eight bytes that the length says.
        return unsafe getsockopt(raw, SOL_SOCKET, 71, &cookie, &length) == 0 ? cookie : nil
    }
}
