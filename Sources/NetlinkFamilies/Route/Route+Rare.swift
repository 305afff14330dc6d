/// What few routes have: a dump of hundreds of thousands of routes is limited by the memory that it writes.
struct RareRouteFields: Hashable, Sendable {
    var source: IPAddress?
    var inputIndex: UInt32?
    var realms: UInt32?
    var mark: UInt32?
    var expires: UInt32?
    var user: UInt32?
    var ttlPropagate: UInt8?
    var ipProtocol: UInt8?
    var sourcePort: UInt16?
    var destinationPort: UInt16?
    var via: Via?
    var encapsulation: Encapsulation?
}

extension Route {
    private var rare: RareRouteFields {
        get { rareStorage.first ?? RareRouteFields() }
        set { rareStorage = newValue == RareRouteFields() ? [] : [newValue] }
    }

    /// Source, `sourceLength` bits of it (RTA_SRC).
    public var source: IPAddress? {
        get { rare.source }
        set { rare.source = newValue }
    }

    /// Index of the link that packets come in on (RTA_IIF).
    public var inputIndex: UInt32? {
        get { rare.inputIndex }
        set { rare.inputIndex = newValue }
    }

    /// Realms (RTA_FLOW).
    public var realms: UInt32? {
        get { rare.realms }
        set { rare.realms = newValue }
    }

    /// Mark that packets carry (RTA_MARK).
    public var mark: UInt32? {
        get { rare.mark }
        set { rare.mark = newValue }
    }

    /// Seconds until the route ends, in requests (RTA_EXPIRES).
    public var expires: UInt32? {
        get { rare.expires }
        set { rare.expires = newValue }
    }

    /// User whose packets are meant, in requests (RTA_UID).
    public var user: UInt32? {
        get { rare.user }
        set { rare.user = newValue }
    }

    /// 1 when the time to live goes into labels (RTA_TTL_PROPAGATE).
    public var ttlPropagate: UInt8? {
        get { rare.ttlPropagate }
        set { rare.ttlPropagate = newValue }
    }

    /// Number of the transport protocol, in requests (RTA_IP_PROTO).
    public var ipProtocol: UInt8? {
        get { rare.ipProtocol }
        set { rare.ipProtocol = newValue }
    }

    /// Source port in network order, in requests (RTA_SPORT).
    public var sourcePort: UInt16? {
        get { rare.sourcePort }
        set { rare.sourcePort = newValue }
    }

    /// Destination port in network order, in requests (RTA_DPORT).
    public var destinationPort: UInt16? {
        get { rare.destinationPort }
        set { rare.destinationPort = newValue }
    }

    /// Next router of another family than the route's (RTA_VIA).
    public var via: Via? {
        get { rare.via }
        set { rare.via = newValue }
    }

    /// What is put around packets (RTA_ENCAP_TYPE, RTA_ENCAP).
    public var encapsulation: Encapsulation? {
        get { rare.encapsulation }
        set { rare.encapsulation = newValue }
    }
}
