internal import NetlinkWire

/// Datagrams that undo a change: the broker sends them unless the client confirms in time (payload of ARM).
///
/// They are sent as they are and in their order.
public struct ArmRequest: Equatable, Sendable {
    /// The longest time, in seconds.
    public static let maximumSeconds: UInt32 = 3600
    /// Datagrams that a list may have.
    public static let maximumDatagrams = 64
    /// Bytes that they may have together.
    public static let maximumBytes = 256 * 1024
    /// Bytes of the payload, with the headers of attributes.
    static let maximumPayload = maximumBytes + 4096
    /// What one attribute holds: its length has 16 bits.
    private static let maximumPart = 65_531

    private enum Number {
        static let seconds: UInt16 = 1
        static let datagram: UInt16 = 2
        static let part: UInt16 = 3
    }

    /// Time until the list is sent, from its arrival on: 1 to 3,600.
    public let seconds: UInt32
    /// What is sent, the first one first.
    public let datagrams: [[UInt8]]

    /// A list from its parts.
    ///
    /// - Throws: the limit that it is beyond.
    public init(seconds: UInt32, datagrams: [[UInt8]]) throws(ArmError) {
        guard (1...ArmRequest.maximumSeconds).contains(seconds) else { throw .seconds }
        guard !datagrams.isEmpty, datagrams.allSatisfy({ !$0.isEmpty }) else { throw .empty }
        guard datagrams.count <= ArmRequest.maximumDatagrams else { throw .tooMany }
        guard datagrams.reduce(0, { $0 + $1.count }) <= ArmRequest.maximumBytes else { throw .tooLong }
        self.seconds = seconds
        self.datagrams = datagrams
    }

    /// Reads the payload of ARM.
    ///
    /// - Throws: `malformed`, or the limit that it is beyond.
    public init(_ payload: Span<UInt8>) throws(ArmError) {
        var seconds: UInt32?
        var datagrams: [[UInt8]] = []
        var begun: [UInt8] = []
        do throws(WireError) {
            var cursor = AttributeCursor(0..<payload.count)
            while let attribute = try cursor.next(in: payload) {
                switch attribute.type {
                case Number.seconds: seconds = try attribute.u32(in: payload)
                case Number.part: begun += try attribute.copy(of: payload)
                case Number.datagram:
                    datagrams.append(begun + (try attribute.copy(of: payload)))
                    begun = []
                default: break
                }
            }
        } catch {
            throw .malformed
        }
        guard let seconds, begun.isEmpty else { throw .malformed }
        try self.init(seconds: seconds, datagrams: datagrams)
    }

    /// The payload of ARM.
    public func encode() -> [UInt8] {
        encodeAttributes { (writer: inout MessageWriter) throws(WireError) in
            try writer.attribute(Number.seconds, seconds)
            for datagram in datagrams {
                var rest = datagram[...]
                while rest.count > ArmRequest.maximumPart {
                    try writer.attribute(Number.part, Array(rest.prefix(ArmRequest.maximumPart)))
                    rest = rest.dropFirst(ArmRequest.maximumPart)
                }
                try writer.attribute(Number.datagram, Array(rest))
            }
        }
    }
}

/// Why a list can't be armed, before anybody has looked into its datagrams.
public enum ArmError: Error, Equatable, Sendable {
    /// The payload isn't well-formed attributes, has no time, or ends in the middle of a datagram.
    case malformed
    /// The time is not within 1 to 3,600 seconds.
    case seconds
    /// There is no datagram, or an empty one.
    case empty
    /// There are more than 64 datagrams.
    case tooMany
    /// They have more than 256 KiB together.
    case tooLong
    /// The session can't write, so it has nothing to undo.
    case notHere

    /// EINVAL, E2BIG or EPERM.
    public var errno: UInt32 {
        switch self {
        case .malformed, .seconds, .empty: 22
        case .tooMany, .tooLong: 7
        case .notHere: 1
        }
    }
}

extension ArmError: CustomStringConvertible {
    /// A sentence for RESULT.
    public var description: String {
        switch self {
        case .malformed: "the list to be armed is malformed"
        case .seconds: "a list is armed for 1 to \(ArmRequest.maximumSeconds) seconds"
        case .empty: "a list to be armed has one datagram or more, and none of them is empty"
        case .tooMany: "a list has at most \(ArmRequest.maximumDatagrams) datagrams"
        case .tooLong: "the datagrams of a list have at most \(ArmRequest.maximumBytes) bytes together"
        case .notHere: "this session can't write, so it has nothing to undo"
        }
    }
}
