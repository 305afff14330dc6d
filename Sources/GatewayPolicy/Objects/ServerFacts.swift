/// What the judge asks about the server while it decides.
///
/// The broker answers from its own socket, which has no capability and is never a client's; tests answer from a table.
public protocol ServerFacts {
    /// The link with this index; nil when there is none.
    ///
    /// - Throws: `LookupFailure` when the kernel couldn't be asked; the message is refused then.
    func link(index: UInt32) throws(LookupFailure) -> LinkFacts?
    /// The link with this name or alternative name; nil when there is none.
    ///
    /// - Throws: `LookupFailure` when the kernel couldn't be asked; the message is refused then.
    func link(named name: String) throws(LookupFailure) -> LinkFacts?
    /// What carries the session; nil for Unix sessions and for namespaces other than the daemon's own.
    ///
    /// - Throws: `LookupFailure` when the kernel couldn't be asked; the message is refused then.
    func carrier() throws(LookupFailure) -> Carrier?
}

/// The server's kernel could not be asked.
public struct LookupFailure: Error, Equatable, Sendable {
    /// A failure.
    public init() {}
}

/// A server about which nothing is known: it has no links and carries nothing.
public struct NoServerFacts: ServerFacts, Sendable {
    /// Knows nothing.
    public init() {}
    /// Always nil.
    public func link(index: UInt32) throws(LookupFailure) -> LinkFacts? { nil }
    /// Always nil.
    public func link(named name: String) throws(LookupFailure) -> LinkFacts? { nil }
    /// Always nil.
    public func carrier() throws(LookupFailure) -> Carrier? { nil }
}

/// One network interface, as far as a policy may depend on it.
public struct LinkFacts: Equatable, Sendable {
    /// Its number.
    public var index: UInt32
    /// IFLA_IFNAME.
    public var name: String
    /// IFLA_ALT_IFNAME, each.
    public var alternativeNames: [String]
    /// IFLA_INFO_KIND; empty for hardware.
    public var kind: String
    /// IFLA_LINK, when it is in the same namespace; 0 for none.
    public var lowerIndex: UInt32
    /// IFLA_GROUP.
    public var group: UInt32

    /// A link from its parts.
    public init(
        index: UInt32, name: String, alternativeNames: [String] = [], kind: String = "", lowerIndex: UInt32 = 0,
        group: UInt32 = 0
    ) {
        self.index = index
        self.name = name
        self.alternativeNames = alternativeNames
        self.kind = kind
        self.lowerIndex = lowerIndex
        self.group = group
    }
}

/// What carries the session, for the guard against locking oneself out.
public struct Carrier: Equatable, Sendable {
    /// The gateway's address: 4 bytes, or 16; an IPv4 address mapped into IPv6 is kept as 4.
    public var localAddress: [UInt8]
    /// The client's address, likewise.
    public var peerAddress: [UInt8]
    /// The gateway's port.
    public var localPort: UInt16
    /// Indexes of the interface that carries the session and of every link below it, that one first.
    public var links: [UInt32]
    /// Destination of the route that leads to the client; nil when none is known.
    public var route: AddressPrefix?
    /// That route's table.
    public var routeTable: UInt32
    /// The next hop, when there is one between.
    public var gateway: [UInt8]?

    /// A carrier from its parts.
    public init(
        localAddress: [UInt8], peerAddress: [UInt8], localPort: UInt16, links: [UInt32], route: AddressPrefix? = nil,
        routeTable: UInt32 = 254, gateway: [UInt8]? = nil
    ) {
        self.localAddress = Carrier.unmapped(localAddress)
        self.peerAddress = Carrier.unmapped(peerAddress)
        self.localPort = localPort
        self.links = links
        self.route = route
        self.routeTable = routeTable
        self.gateway = gateway
    }

    private static func unmapped(_ address: [UInt8]) -> [UInt8] {
        let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]
        return address.count == 16 && address.starts(with: mapped) ? Array(address[12...]) : address
    }
}
