internal import NetlinkWire

/// Counters of a link since it was made (struct rtnl_link_stats64).
public struct LinkStatistics: Hashable, Sendable {
    /// Packets received (rx_packets).
    public var rxPackets: UInt64 = 0
    /// Packets sent (tx_packets).
    public var txPackets: UInt64 = 0
    /// Bytes received (rx_bytes).
    public var rxBytes: UInt64 = 0
    /// Bytes sent (tx_bytes).
    public var txBytes: UInt64 = 0
    /// Bad packets received (rx_errors).
    public var rxErrors: UInt64 = 0
    /// Problems with sending (tx_errors).
    public var txErrors: UInt64 = 0
    /// Received packets dropped for want of room (rx_dropped).
    public var rxDropped: UInt64 = 0
    /// Packets dropped before sending (tx_dropped).
    public var txDropped: UInt64 = 0
    /// Multicast packets received (multicast).
    public var multicast: UInt64 = 0
    /// Collisions while sending (collisions).
    public var collisions: UInt64 = 0
    /// Packets of a wrong length (rx_length_errors).
    public var rxLengthErrors: UInt64 = 0
    /// Overflows of the receive ring (rx_over_errors).
    public var rxOverErrors: UInt64 = 0
    /// Packets with a wrong checksum (rx_crc_errors).
    public var rxCRCErrors: UInt64 = 0
    /// Packets with a wrong alignment (rx_frame_errors).
    public var rxFrameErrors: UInt64 = 0
    /// Overruns of the receiver (rx_fifo_errors).
    public var rxFIFOErrors: UInt64 = 0
    /// Packets that the receiver missed (rx_missed_errors).
    public var rxMissedErrors: UInt64 = 0
    /// Aborted sends (tx_aborted_errors).
    public var txAbortedErrors: UInt64 = 0
    /// Sends without a carrier (tx_carrier_errors).
    public var txCarrierErrors: UInt64 = 0
    /// Underruns of the sender (tx_fifo_errors).
    public var txFIFOErrors: UInt64 = 0
    /// Missing heartbeats (tx_heartbeat_errors).
    public var txHeartbeatErrors: UInt64 = 0
    /// Late collisions (tx_window_errors).
    public var txWindowErrors: UInt64 = 0
    /// Compressed packets received (rx_compressed).
    public var rxCompressed: UInt64 = 0
    /// Compressed packets sent (tx_compressed).
    public var txCompressed: UInt64 = 0
    /// Packets that nobody wanted (rx_nohandler).
    public var rxNohandler: UInt64 = 0
    /// Packets for other hosts (rx_otherhost_dropped).
    public var rxOtherhostDropped: UInt64 = 0
    /// How many counters the kernel sent; older ones know fewer than 25, newer ones may know more.
    var count = LinkStatistics.order.count
    /// Counters behind the last one that has a name here.
    var further: [UInt64] = []

    /// Every counter 0.
    public init() {}

    /// The counters as they follow each other on the wire.
    private static var order: [WritableKeyPath<LinkStatistics, UInt64>] {
        [
            \.rxPackets, \.txPackets, \.rxBytes, \.txBytes,
            \.rxErrors, \.txErrors, \.rxDropped, \.txDropped,
            \.multicast, \.collisions, \.rxLengthErrors, \.rxOverErrors,
            \.rxCRCErrors, \.rxFrameErrors, \.rxFIFOErrors, \.rxMissedErrors,
            \.txAbortedErrors, \.txCarrierErrors, \.txFIFOErrors, \.txHeartbeatErrors,
            \.txWindowErrors, \.rxCompressed, \.txCompressed, \.rxNohandler,
            \.rxOtherhostDropped,
        ]
    }

    init(_ attribute: Attribute, in bytes: Span<UInt8>) throws(WireError) {
        guard attribute.payload.count % 8 == 0 else { throw WireError(.wrongWidth, at: attribute.offset) }
        count = attribute.payload.count / 8
        let order = LinkStatistics.order
        for index in 0..<count {
            let value = try bytes.u64(at: attribute.payload.lowerBound + 8 * index)
            if index < order.count {
                self[keyPath: order[index]] = value
            } else {
                further.append(value)
            }
        }
    }

    func encode(into writer: inout MessageWriter) throws(WireError) {
        try writer.attribute(LinkAttribute.statistics64) { (writer: inout MessageWriter) throws(WireError) in
            for counter in LinkStatistics.order.prefix(count) { writer.append(self[keyPath: counter]) }
            for value in further { writer.append(value) }
        }
    }
}
