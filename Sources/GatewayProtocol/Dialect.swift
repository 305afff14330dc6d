import NetlinkWire

/// How a client speaks, told by its first bytes.
///
/// No first netlink message looks like the preface: read as a length, `nlga` is beyond every limit.
public enum Dialect: Equatable, Sendable {
    /// `nlgate/1`: a preface, then frames.
    case native
    /// Netlink messages back to back from the first byte; NETLINK_ROUTE.
    case raw
    /// First a control message that names the netlink protocol, then netlink messages back to back.
    case control

    /// Type of a control message; to netlink it is NLMSG_NOOP.
    static let controlType = MessageType.noop.rawValue

    /// Looks at the first bytes of a client; nil while there are too few of them.
    ///
    /// - Throws: `badPreface` when they are none of the three.
    public init?(firstBytes range: Range<Int>, of bytes: Span<UInt8>) throws(ProtocolError) {
        let known = min(range.count, preface.count)
        if (0..<known).allSatisfy({ bytes[range.lowerBound + $0] == preface[$0] }) {
            guard known == preface.count else { return nil }
            self = .native
            return
        }
        guard let length = try? bytes.extracting(range).u32(at: 0) else { return nil }
        guard Int(length) >= MessageHeader.size, Int(length) <= DatagramLimit.toBroker else { throw .badPreface }
        guard let type = try? bytes.extracting(range).u16(at: 4) else { return nil }
        self = type == Dialect.controlType ? .control : .raw
    }

    /// What a client of this dialect is called in the log.
    var clientName: String {
        switch self {
        case .native: "nlgate/1"
        case .raw: "netlink messages"
        case .control: "pyroute2 0.1"
        }
    }

    /// The groups of rtnetlink that a client of this dialect, which has no JOIN, is in from the start.
    ///
    /// RTNLGRP_LINK to RTNLGRP_IPV6_MROUTE_R but for those of DECnet, as `linux/rtnetlink.h` numbers them. pyroute2 0.1
    /// takes what RTNLGRP_IPV6_IFINFO sends, RTM_NEWLINK without a master, for news of the link and drops the port.
    public static func routeGroups(for dialect: Dialect) -> [UInt32] {
        (1...12).filter { dialect == .raw || $0 != 12 } + Array(18...31)
    }
}

/// The message with which pyroute2 0.1.4 to 0.1.12 begin: a header of generic netlink and one attribute.
///
///      0              16      17      18       20      22      24
///     +---------------+-------+-------+--------+-------+-------+----------+
///     | nlmsghdr      | cmd   | vers. | 0      | length| type  | protocol |
///     +---------------+-------+-------+--------+-------+-------+----------+
struct ControlMessage: Equatable, Sendable {
    /// Bytes that it has.
    static let size = 28
    /// The netlink protocol that the client wants to speak.
    let protocolNumber: UInt32
    /// The client is 0.1.4 or 0.1.5, which write the number with four bytes.
    let isWide: Bool

    private enum Command {
        static let yes: UInt8 = 2
        static let no: UInt8 = 3
        static let route: UInt8 = 6
    }

    /// Reads it at the start of `bytes`, where 28 bytes must be.
    ///
    /// - Throws: `badControl` for any other message.
    init(_ bytes: Span<UInt8>) throws(ProtocolError) {
        do throws(WireError) {
            let header = try MessageHeader(from: bytes)
            let width = try bytes.u16(at: 20)
            guard header.length == ControlMessage.size, header.type.rawValue == Dialect.controlType,
                try bytes.u8(at: 16) == Command.route, try bytes.u16(at: 22) == 1, width == 6 || width == 8
            else { throw WireError(.truncatedHeader, at: 0) }
            isWide = width == 8
            protocolNumber = isWide ? try bytes.u32(at: 24) : UInt32(try bytes.u16(at: 24))
        } catch {
            throw .badControl
        }
    }

    /// The 20 bytes of the answer.
    static func answer(_ accepted: Bool) -> [UInt8] {
        var writer = MessageWriter()
        writer.append(UInt32(20))
        writer.append(Dialect.controlType)
        for _ in 0..<5 { writer.append(UInt16(0)) }
        writer.append(accepted ? Command.yes : Command.no)
        for _ in 0..<3 { writer.append(UInt8(0)) }
        return writer.bytes
    }
}
