internal import CLinux
import Glibc

/// Options of the level SOL_NETLINK (linux/netlink.h).
public enum NetlinkOption {
    /// The level itself.
    public static let level: Int32 = 270
    /// NETLINK_ADD_MEMBERSHIP.
    public static let addMembership: Int32 = 1
    /// NETLINK_DROP_MEMBERSHIP.
    public static let dropMembership: Int32 = 2
    /// NETLINK_PKTINFO.
    public static let packetInfo: Int32 = 3
    /// NETLINK_BROADCAST_ERROR.
    public static let broadcastError: Int32 = 4
    /// NETLINK_NO_ENOBUFS.
    public static let noENOBUFS: Int32 = 5
    /// NETLINK_CAP_ACK.
    public static let capAck: Int32 = 10
    /// NETLINK_EXT_ACK.
    public static let extAck: Int32 = 11
    /// NETLINK_GET_STRICT_CHK.
    public static let getStrictCheck: Int32 = 12
}

/// One datagram as the kernel delivered it.
public struct ReceivedDatagram: Equatable, Sendable {
    /// Full length; larger than the room given when the datagram was cut.
    public let length: Int
    /// Port id of the sender: 0 is the kernel, anything else another process.
    public let sender: UInt32
    /// Multicast group, 0 for unicast.
    ///
    /// Known only with NETLINK_PKTINFO.
    public let group: UInt32
}

extension Descriptor {
    /// A non-blocking `SOCK_RAW` netlink socket.
    ///
    /// - Throws: `EPROTONOSUPPORT`, and what else `socket` reports. The corresponding C function is `socket`.
    public static func netlink(protocolNumber: Int32) throws(Errno) -> Descriptor {
        Descriptor(owning: try check(nlg_socket(AF_NETLINK, Int32(SOCK_RAW.rawValue), protocolNumber)))
    }

    /// Binds the netlink socket to a port id; 0 lets the kernel choose.
    ///
    /// The corresponding C function is `bind`.
    ///
    /// - Throws: what `bind` reports.
    public func bindNetlink(portID: UInt32 = 0) throws(Errno) {
        _ = try check(nlg_netlink_bind(raw, portID))
    }

    /// The socket's port id.
    ///
    /// The corresponding C function is `getsockname`.
    ///
    /// - Throws: what `getsockname` reports.
    public func netlinkPortID() throws(Errno) -> UInt32 {
        var portID: UInt32 = 0
        // SAFETY: the C function writes one integer.
        _ = try check(unsafe nlg_netlink_port_id(raw, &portID))
        return portID
    }

    /// Receives one datagram into `buffer` at `offset`; nil when there is none now.
    ///
    /// The corresponding C function is `recvmsg`.
    ///
    /// - Throws: `ENOBUFS` when the kernel dropped messages for this socket, and what else `recvmsg` reports.
    public func receiveNetlink(
        into buffer: inout [UInt8], at offset: Int = 0, count: Int
    ) throws(Errno) -> ReceivedDatagram? {
        precondition(offset >= 0 && count >= 0 && offset + count <= buffer.count, "receive past the buffer")
        var sender: UInt32 = 0
        var group: UInt32 = 0
        // SAFETY: the range was checked against the buffer right above; the C function writes two integers besides.
        let result = unsafe buffer.withUnsafeMutableBytes { bytes in
            guard let base = bytes.baseAddress else { return 0 }
            return unsafe nlg_netlink_recv(raw, base + offset, count, &sender, &group)
        }
        guard result >= 0 else {
            let error = Errno.last
            if error.isWouldBlock { return nil }
            throw error
        }
        return ReceivedDatagram(length: result, sender: sender, group: group)
    }
}
