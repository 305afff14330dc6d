/// An address with the length of its prefix: `10.0.0.1/24`, `2001:db8::/32`.
///
/// The bits behind the prefix are kept: an interface's own address is written like this too.
public struct IPPrefix: Hashable, Sendable {
    /// The address.
    public var address: IPAddress
    /// How many of its leading bits count.
    public var length: UInt8

    /// An address with a prefix length; the address's whole length where none is given.
    public init(_ address: IPAddress, length: UInt8? = nil) {
        self.address = address
        self.length = length ?? address.length * 8
    }

    /// AF_INET or AF_INET6.
    public var family: AddressFamily { address.length == 4 ? .inet : .inet6 }

    /// The prefix with every bit behind its length 0.
    public var network: IPPrefix {
        let bits = Int(length)
        let high = bits >= 64 ? address.high : bits == 0 ? 0 : address.high & ~(UInt64.max >> UInt64(bits))
        let low = bits >= 128 ? address.low : bits <= 64 ? 0 : address.low & ~(UInt64.max >> UInt64(bits - 64))
        return IPPrefix(IPAddress(high: high, low: low, length: address.length), length: length)
    }
}

extension IPPrefix: LosslessStringConvertible {
    /// `10.0.0.1/24`.
    public var description: String { "\(address)/\(length)" }

    /// Reads `address/length` or an address alone, nil for anything else.
    public init?(_ description: String) {
        let parts = description.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let address = IPAddress(String(first)) else { return nil }
        guard parts.count == 2 else {
            self.init(address)
            return
        }
        guard parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let length = UInt8(parts[1]),
            length <= address.length * 8
        else { return nil }
        self.init(address, length: length)
    }
}

extension IPPrefix: Comparable {
    /// IPv4 before IPv6, then by address and length.
    public static func < (left: IPPrefix, right: IPPrefix) -> Bool {
        (left.address.length, left.address.high, left.address.low, left.length)
            < (right.address.length, right.address.high, right.address.low, right.length)
    }
}

extension IPPrefix: ExpressibleByStringLiteral {
    /// A prefix written down in a program, where a mistake is a mistake of the program.
    public init(stringLiteral value: String) {
        guard let prefix = IPPrefix(value) else { preconditionFailure("\(value) is no address with a prefix length") }
        self = prefix
    }
}

extension IPAddress: ExpressibleByStringLiteral {
    /// An address written down in a program, where a mistake is a mistake of the program.
    public init(stringLiteral value: String) {
        guard let address = IPAddress(value) else { preconditionFailure("\(value) is no IP address") }
        self = address
    }
}

extension LinkAddress: ExpressibleByStringLiteral {
    /// An address written down in a program, where a mistake is a mistake of the program.
    public init(stringLiteral value: String) {
        guard let address = LinkAddress(value) else { preconditionFailure("\(value) is no link-layer address") }
        self = address
    }
}

extension Address {
    /// An address of a link, for requests.
    public init(_ prefix: IPPrefix, index: UInt32) {
        self.init(prefix.address, prefixLength: prefix.length, index: index)
    }

    /// The own address with its prefix length.
    public var prefix: IPPrefix? { ownAddress.map { IPPrefix($0, length: prefixLength) } }
}

extension Route {
    /// A route to a destination, for requests.
    public init(to destination: IPPrefix, table: RouteTable = .main) {
        let network = destination.network
        // The kernel's own default route has no destination.
        self.init(
            family: destination.family, to: destination.length == 0 ? nil : network.address,
            length: destination.length, table: table)
    }

    /// The destination with its prefix length; that of everything for a default route.
    public var prefix: IPPrefix {
        IPPrefix(destination ?? .unspecified(family), length: destinationLength)
    }
}
