/// How a connection behaves; the defaults suit most programs.
public struct ConnectionSettings: Equatable, Sendable {
    /// A network namespace that the gateway serves; nil for the daemon's own, or the one that the URL names.
    ///
    /// The local kernel knows no names: a local connection belongs to the namespace of the thread that opened it.
    public var networkNamespace: String?
    /// The program will only read: the gateway then gives it a process that the kernel refuses every write.
    public var readOnly = false
    /// What the program calls itself in the gateway's log, at most 64 bytes.
    public var clientName = "RemoteNetlink"
    /// Longest time to connect, to finish the handshake and to be welcomed.
    public var connectTimeout: Duration = .seconds(10)
    /// Longest time that a request waits for its answer, and a dump for its next part.
    ///
    /// A dump whose consumer is slow doesn't run out of time meanwhile.
    public var deadline: Duration = .seconds(30)
    /// How often a dump that changes interrupt is started anew before `NetlinkError.Reason.interrupted` is thrown.
    public var dumpAttempts = 5
    /// Bytes of a dump, or of events, that wait for their consumer before reading stops.
    ///
    /// A single datagram may go beyond.
    public var bufferSize = 1 << 18
    /// Asks for the kernel's words with each refusal (NETLINK_EXT_ACK).
    public var extendedAcknowledgements = true
    /// Asks the kernel to check dump requests strictly and to apply their filters (NETLINK_GET_STRICT_CHK).
    public var strictChecking = true
    /// Asks the kernel not to send requests back in their acknowledgements (NETLINK_CAP_ACK).
    public var cappedAcknowledgements = true
    /// Size of the kernel socket's receive buffer in bytes; nil leaves it to the kernel, or the gateway.
    public var receiveBuffer: UInt32?

    /// The defaults.
    public init() {}
}
