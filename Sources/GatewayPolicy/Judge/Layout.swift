internal import NetlinkWire

/// Where a message's fixed header ends, and what its attributes are.
struct Layout: Sendable, Equatable {
    /// Bytes of the structure behind the message header.
    let headerSize: Int
    /// Its attributes.
    let attributes: Level
    /// A dump may come with the address family alone (struct rtgenmsg), as getifaddrs sends it.
    var mayBeShort = false

    /// The layout of a message; nil when its family or size is not known.
    static func of(
        _ operation: Operation, in family: Family, dump: Bool, payload: Range<Int>, _ bytes: Span<UInt8>
    ) -> Layout? {
        switch family.protocolNumber {
        case NetlinkProtocol.route where dump && isOldBridgeDump(operation, payload, bytes): oldBridgeDump
        case NetlinkProtocol.route: route(operation, addressFamily: payload.isEmpty ? 0 : bytes[payload.lowerBound])
        case NetlinkProtocol.netfilter: Layout(headerSize: 4, attributes: netfilter(operation.number))
        case NetlinkProtocol.xfrm: xfrm(operation.number, dump: dump)
        case NetlinkProtocol.sockDiag:
            payload.isEmpty ? shortest : sockDiag(operation.number, bytes[payload.lowerBound])
        default: generic(family)
        }
    }

    /// GETNEIGH of AF_BRIDGE with struct ifinfomsg for struct ndmsg, as iproute2 once and libnl still sends it.
    private static let oldBridgeDump = Layout(headerSize: 16, attributes: .flat(highest: 0))

    /// Whether the kernel takes a dump for one of those (valid_fdb_dump_legacy): by its length, and nothing is selected.
    private static func isOldBridgeDump(_ operation: Operation, _ payload: Range<Int>, _ bytes: Span<UInt8>) -> Bool {
        let (neighbours, bridge): (UInt16, UInt8) = (30, 7)
        return operation.number == neighbours && payload.count == 16 && bytes[payload.lowerBound] == bridge
            && bytes.isZero((payload.lowerBound + 12)..<payload.upperBound)
    }

    /// rtnetlink: four numbers share a structure (linux/rtnetlink.h and the headers that it names).
    private static func route(_ operation: Operation, addressFamily: UInt8) -> Layout? {
        let read = operation.kind == .read
        let can: UInt8 = 29
        func layout(_ size: Int, _ level: Level) -> Layout {
            Layout(headerSize: size, attributes: level, mayBeShort: read)
        }
        switch operation.number & ~3 {
        case 16, 108: return layout(16, .link)  // ifinfomsg
        case 20: return layout(8, .address)  // ifaddrmsg
        case 24 where addressFamily == can: return nil  // rtcanmsg, whose attributes are others
        case 24: return layout(12, .route)  // rtmsg
        case 28: return layout(12, .neighbour)  // ndmsg
        case 32: return layout(12, .flat(highest: 31))  // fib_rule_hdr
        case 36, 40: return layout(20, .flat(highest: 16))  // tcmsg
        case 44, 100: return layout(20, .traffic)  // tcmsg
        case 48: return layout(4, .actionRoot)  // tcamsg
        case 56, 60: return layout(8, .flat(highest: 11))  // ifaddrmsg
        case 64: return layout(4, .flat(highest: 9))  // ndtmsg
        case 72: return layout(12, .flat(highest: 2))  // ifaddrlblmsg
        case 76: return layout(4, .flat(highest: 16))  // dcbmsg
        case 80: return layout(1, .flat(highest: 9))  // netconfmsg
        case 84: return layout(8, .flat(highest: 2))  // br_port_msg
        case 88: return layout(1, .namespaceID)  // rtgenmsg
        case 92: return layout(12, .flat(highest: 2))  // if_stats_msg
        case 104, 116: return layout(8, .nextHop)  // nhmsg
        case 112, 120: return layout(8, .vlanDatabase)  // br_vlan_msg, tunnel_msg
        default: return nil
        }
    }

    /// nf_tables has expressions in rules, sets and elements; the other subsystems have nothing to look for.
    private static func netfilter(_ number: UInt16) -> Level {
        guard number >> 8 == 10 else { return .flat(highest: 64) }
        return switch number & 0xff {
        case 6, 7, 8, 25, 28: .rule
        case 9, 10, 11, 29: .set
        case 12, 13, 14, 30, 33: .setElements
        default: .flat(highest: 24)
        }
    }

    /// xfrm: sizes of the structures of linux/xfrm.h.
    private static func xfrm(_ number: UInt16, dump: Bool) -> Layout? {
        // XFRM_MSG_FLUSHPOLICY has no structure; dumps have none either, their attributes filter.
        let sizes: [UInt16: Int] = [
            16: 224, 17: 24, 18: 24, 19: 168, 20: 64, 21: 64, 22: 232, 23: 280, 24: 232, 25: 168, 26: 224, 27: 176,
            28: 1, 29: 0, 30: 48, 31: 48, 33: 64, 35: 4, 36: 4, 37: 4, 39: 3, 40: 3,
        ]
        guard let size = sizes[number] else { return nil }
        return Layout(headerSize: dump ? 0 : size, attributes: .flat(highest: 41))
    }

    /// What even the shortest request of sock_diag has: its family and protocol.
    private static let shortest = Layout(headerSize: 2, attributes: .flat(highest: 0))

    /// sock_diag: the first byte is the address family, which decides the structure.
    private static func sockDiag(_ number: UInt16, _ family: UInt8) -> Layout? {
        guard number >= 20 else { return Layout(headerSize: 60, attributes: .inetDiag) }
        return switch family {
        case 2, 10: Layout(headerSize: 56, attributes: .inetDiag)
        case 1: Layout(headerSize: 24, attributes: .flat(highest: 0))
        case 16, 17, 44: Layout(headerSize: 20, attributes: .flat(highest: 0))
        case 30: Layout(headerSize: 8, attributes: .flat(highest: 0))
        case 40: Layout(headerSize: 24, attributes: .flat(highest: 0))
        case 43: Layout(headerSize: 52, attributes: .flat(highest: 0))
        default: nil
        }
    }

    /// The layout of every message of a generic family; nil for other protocols.
    static func generic(_ family: Family) -> Layout? {
        guard family.protocolNumber == NetlinkProtocol.generic else { return nil }
        let level: Level =
            switch family.name {
            case "nlctrl": .flat(highest: 10)
            case "TASKSTATS": .flat(highest: 4)
            default: .generic(family: family.name)
            }
        return Layout(headerSize: 4 + family.headerSize, attributes: level)
    }
}
