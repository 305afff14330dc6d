public import LinuxSys

/// Two connected TCP sockets on loopback; both are non-blocking.
public final class SocketPair {
    /// The end that connected.
    public let near: Descriptor
    /// The end that was accepted.
    public let far: Descriptor

    /// A new pair.
    ///
    /// - Throws: ETIMEDOUT when the connection isn't there after five seconds.
    public init() throws {
        let any = SocketAddress(kind: .ipv4, bytes: [127, 0, 0, 1])
        let listener = try Descriptor.streamSocket(for: any)
        try listener.bind(to: any)
        try listener.listen(backlog: 1)
        let near = try Descriptor.streamSocket(for: any)
        _ = try near.connect(to: listener.localAddress())
        guard try listener.wait(for: .read, milliseconds: 5000), let accepted = try listener.accept() else {
            throw Errno(rawValue: 110)
        }
        far = Descriptor(owning: accepted.release())
        self.near = near
    }
}
