/// Datagrams as they come, with their losses.
public struct Datagrams: AsyncSequence, Sendable {
    /// A datagram, or that some are missing.
    public typealias Element = Incoming
    /// The connection's end.
    public typealias Failure = NetlinkError

    let connection: NetlinkConnection
    let buffer: IncomingBuffer

    /// Goes on where the last iteration ended.
    public func makeAsyncIterator() -> Iterator {
        Iterator(connection: connection, buffer: buffer)
    }

    /// Takes what came.
    public struct Iterator: AsyncIteratorProtocol {
        fileprivate let connection: NetlinkConnection
        fileprivate let buffer: IncomingBuffer

        /// The next datagram; nil when this program closed the connection.
        ///
        /// - Throws: `connection` when it ended otherwise, `cancelled`.
        public mutating func next(
            isolation actor: isolated (any Actor)? = #isolation
        ) async throws(NetlinkError) -> Incoming? {
            switch await buffer.next() {
            case .item(let item): return item
            case .end(.closedHere): return nil
            case .end(let error): throw NetlinkError(error, host: connection.host)
            case .cancelled: throw NetlinkError(.cancelled, host: connection.host)
            }
        }

        /// The next datagram; nil when this program closed the connection.
        ///
        /// - Throws: `connection` when it ended otherwise, `cancelled`.
        public mutating func next() async throws(NetlinkError) -> Incoming? {
            try await next(isolation: nil)
        }
    }
}
