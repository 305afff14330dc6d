/// What has passed through a session, as its broker counts.
public struct SessionMeasures: Equatable, Sendable {
    /// The supervisor's number for the session.
    public var session: UInt64
    /// Datagrams from the client.
    public var requests: UInt64 = 0
    /// Their bytes.
    public var requestBytes: UInt64 = 0
    /// Datagrams from the kernel.
    public var messages: UInt64 = 0
    /// Their bytes.
    public var messageBytes: UInt64 = 0
    /// How often the client was told that the kernel dropped messages.
    public var overruns: UInt64 = 0
    /// Bytes that wait for the client to read.
    public var queued: UInt64 = 0

    /// Nothing has passed yet.
    public init(session: UInt64) {
        self.session = session
    }

    static let size = 7 * 8

    func write(to writer: inout PacketWriter) {
        for number in [session, requests, requestBytes, messages, messageBytes, overruns, queued] { writer.put(number) }
    }

    init(from reader: inout PacketReader) {
        session = reader.number()
        requests = reader.number()
        requestBytes = reader.number()
        messages = reader.number()
        messageBytes = reader.number()
        overruns = reader.number()
        queued = reader.number()
    }
}
