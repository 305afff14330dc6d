/// Metrics of a route (RTA_METRICS).
public struct RouteMetrics: AttributeContainer {
    /// In the order of the wire, each type once.
    public var attributes: [RawAttribute] = []

    /// No attributes.
    public init() {}
}

extension AttributeKey where Owner == RouteMetrics, Value == UInt32 {
    /// RTAX_LOCK: bit n says that metric n is fixed.
    public static var lock: Self { Self(1) }
    /// RTAX_MTU: largest packet in bytes.
    public static var mtu: Self { Self(2) }
    /// RTAX_WINDOW: largest TCP window to announce.
    public static var window: Self { Self(3) }
    /// RTAX_RTT: round trip time in eighths of a millisecond.
    public static var roundTrip: Self { Self(4) }
    /// RTAX_RTTVAR: variance of the round trip time in quarters of a millisecond.
    public static var roundTripVariance: Self { Self(5) }
    /// RTAX_SSTHRESH: slow start threshold in segments.
    public static var slowStartThreshold: Self { Self(6) }
    /// RTAX_CWND: largest congestion window in segments.
    public static var congestionWindow: Self { Self(7) }
    /// RTAX_ADVMSS: largest segment to announce.
    public static var advertisedMSS: Self { Self(8) }
    /// RTAX_REORDERING: how much reordering is normal.
    public static var reordering: Self { Self(9) }
    /// RTAX_HOPLIMIT: hop limit of packets.
    public static var hopLimit: Self { Self(10) }
    /// RTAX_INITCWND: first congestion window in segments.
    public static var initialCongestionWindow: Self { Self(11) }
    /// RTAX_FEATURES: bit set of TCP features.
    public static var features: Self { Self(12) }
    /// RTAX_RTO_MIN: smallest retransmission timeout in milliseconds.
    public static var minimumRTO: Self { Self(13) }
    /// RTAX_INITRWND: first receive window in segments.
    public static var initialReceiveWindow: Self { Self(14) }
    /// RTAX_QUICKACK: 1 acknowledges at once.
    public static var quickAck: Self { Self(15) }
    /// RTAX_FASTOPEN_NO_COOKIE: 1 opens without a cookie.
    public static var fastOpenNoCookie: Self { Self(17) }
}

extension AttributeKey where Owner == RouteMetrics, Value == ByteString {
    /// RTAX_CC_ALGO: name of the congestion control algorithm.
    public static var congestionControl: Self { Self(16) }
}
