public import NetlinkFamilies
import NetlinkWire

/// A message of a generic netlink family.
public struct GenericMessage: Hashable, Sendable {
    /// The command.
    public let command: UInt8
    /// Version of the family's interface.
    public let version: UInt8
    /// The family's own header; most have none.
    public let header: [UInt8]
    /// The attributes, in the order of the wire.
    public let attributes: [RawAttribute]
    /// Name of the multicast group that it was sent to; nil for an answer.
    public let group: ByteString?
    /// The whole message as it came.
    public let message: NetlinkMessage

    init(_ message: NetlinkMessage, of family: GenericFamily) throws(WireError) {
        self = try message.decode { (inner, bytes) throws(WireError) in
            try GenericMessage(inner, in: bytes, of: family, group: message.group)
        }
    }

    init(
        _ message: Message, in bytes: Span<UInt8>, of family: GenericFamily, group: UInt32 = 0
    ) throws(WireError) {
        let generic = try GenericHeader(message, in: bytes)
        command = generic.command
        version = generic.version
        let start = message.payload.lowerBound + GenericHeader.size
        let end = start + Int(family.headerSize)
        guard end <= message.payload.upperBound else { throw WireError(.truncatedHeader, at: start) }
        header = try bytes.bytes(start..<end)
        var attributes: [RawAttribute] = []
        // Behind the header attributes begin at a multiple of four bytes.
        var cursor = AttributeCursor(
            min(start + aligned(end - start), message.payload.upperBound)..<message.payload.upperBound)
        while let attribute = try cursor.next(in: bytes) { attributes.append(try RawAttribute(attribute, in: bytes)) }
        self.attributes = attributes
        self.group = group == 0 ? nil : family.groups.first { $0.id == group }?.name
        self.message = try NetlinkMessage(message, in: bytes, group: group)
    }

    /// The first attribute of this type.
    public subscript(type: UInt16) -> RawAttribute? { attributes.first { $0.type == type } }
}

/// What a generic netlink family says of itself, with its losses.
public struct GenericMessages: AsyncSequence, Sendable {
    /// A message, or that some are missing.
    public enum Element: Sendable {
        /// A message.
        case message(GenericMessage)
        /// Messages were lost before the next.
        case lost
    }

    /// The connection's end.
    public typealias Failure = NetlinkError

    fileprivate let family: GenericFamily
    fileprivate let datagrams: Datagrams

    init(family: GenericFamily, datagrams: Datagrams) {
        self.family = family
        self.datagrams = datagrams
    }

    /// Goes on where the last iteration ended.
    public func makeAsyncIterator() -> Iterator {
        Iterator(family: family, datagrams: datagrams.makeAsyncIterator())
    }

    /// Takes what came.
    public struct Iterator: AsyncIteratorProtocol {
        fileprivate let family: GenericFamily
        fileprivate var datagrams: Datagrams.Iterator
        private var ready = Queue<Element>()

        fileprivate init(family: GenericFamily, datagrams: Datagrams.Iterator) {
            self.family = family
            self.datagrams = datagrams
        }

        /// The next message; nil when this program closed the connection.
        ///
        /// - Throws: `connection`, `cancelled`.
        public mutating func next(
            isolation actor: isolated (any Actor)? = #isolation
        ) async throws(NetlinkError) -> Element? {
            while true {
                if let element = ready.popFirst() { return element }
                switch try await datagrams.next(isolation: actor) {
                case .datagram(let bytes, let group)?: take(bytes, group)
                case .lost?: return .lost
                case .refused?: continue
                case nil: return nil
                }
            }
        }

        /// The next message; nil when this program closed the connection.
        ///
        /// - Throws: `connection`, `cancelled`.
        public mutating func next() async throws(NetlinkError) -> Element? {
            try await next(isolation: nil)
        }

        /// Messages of other families, such as the controller's, aren't meant; what can't be read is missing.
        private mutating func take(_ bytes: [UInt8], _ group: UInt32) {
            do throws(WireError) {
                var cursor = MessageCursor(bytes.span)
                while let message = try cursor.next(in: bytes.span) {
                    guard message.header.type == family.id else { continue }
                    ready.append(.message(try GenericMessage(message, in: bytes.span, of: family, group: group)))
                }
            } catch {
                ready.append(.lost)
            }
        }
    }
}
