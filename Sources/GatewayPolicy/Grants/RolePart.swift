/// One compiled role, without those that it includes.
public struct RolePart: Equatable, Sendable {
    /// Bytes that an encoded part may take.
    public static let maximumSize = 256 << 10

    /// As the policy names it.
    public var name: String
    /// Its line in the file; 0 for a built-in.
    public var line: UInt32
    /// What it grants.
    public var grants: Grants
    /// What its writes are bound to.
    public var conditions: Conditions
    /// What a session may use.
    public var limits: SessionLimits

    /// A part from its parts.
    public init(
        name: String, line: UInt32 = 0, grants: Grants, conditions: Conditions = Conditions(),
        limits: SessionLimits = SessionLimits()
    ) {
        self.name = name
        self.line = line
        self.grants = grants
        self.conditions = conditions
        self.limits = limits
    }
}

/// The `where` of a role: it binds the role's writes, and of them those that have the object.
///
/// A key that is nil is not in the policy.
public struct Conditions: Equatable, Hashable, Sendable {
    /// Names of interfaces; `*` stands for any characters.
    public var interfaces: [String]?
    /// Routing tables.
    public var tables: [ClosedRange<UInt32>]?
    /// Who installed a route or rule (RTPROT_*).
    public var protocols: [UInt8]?
    /// Prefixes in one of which the destination must lie.
    public var destinations: [AddressPrefix]?
    /// Prefixes in none of which the destination may lie.
    public var excludedDestinations: [AddressPrefix]?
    /// IFLA_INFO_KIND.
    public var linkKinds: [String]?
    /// Address families (AF_*).
    public var families: [UInt8]?

    /// Nothing bound.
    public init() {}

    /// True when no key is there.
    public var isEmpty: Bool { self == Conditions() }
}

/// An IPv4 or IPv6 prefix.
public struct AddressPrefix: Equatable, Hashable, Sendable {
    /// 4 or 16 bytes in network order; bits behind the prefix are zero.
    public let address: [UInt8]
    /// Bits, to 32 or 128.
    public let length: UInt8

    /// A prefix; nil for another width, a length that is too large, or bits behind the prefix.
    public init?(address: [UInt8], length: UInt8) {
        guard address.count == 4 || address.count == 16, Int(length) <= address.count * 8 else { return nil }
        self.address = address
        self.length = length
        for bit in Int(length)..<(address.count * 8) where address[bit / 8] & (0x80 >> (bit % 8)) != 0 { return nil }
    }

    /// True when every address of `other` lies in this prefix.
    public func contains(_ other: AddressPrefix) -> Bool {
        guard address.count == other.address.count, other.length >= length else { return false }
        let (whole, rest) = (Int(length) / 8, Int(length) % 8)
        guard address[..<whole] == other.address[..<whole] else { return false }
        return rest == 0 || (address[whole] ^ other.address[whole]) >> (8 - rest) == 0
    }
}

/// What one session may use; nil where the policy sets no limit.
public struct SessionLimits: Equatable, Sendable {
    /// Messages a second.
    public var messagesPerSecond: UInt32?
    /// Bytes a second, towards the kernel.
    public var bytesPerSecond: UInt32?
    /// Dumps that run at once.
    public var dumps: UInt32?
    /// Bytes that may wait for a slow client.
    public var burstBuffer: UInt32?
    /// The kernel socket's receive buffer, in bytes.
    public var receiveBuffer: UInt32?

    /// No limits.
    public init() {}

    /// The lower of both, limit by limit.
    public func lowered(to other: SessionLimits) -> SessionLimits {
        func lower(_ one: UInt32?, _ another: UInt32?) -> UInt32? { [one, another].compactMap(\.self).min() }
        var limits = SessionLimits()
        limits.messagesPerSecond = lower(messagesPerSecond, other.messagesPerSecond)
        limits.bytesPerSecond = lower(bytesPerSecond, other.bytesPerSecond)
        limits.dumps = lower(dumps, other.dumps)
        limits.burstBuffer = lower(burstBuffer, other.burstBuffer)
        limits.receiveBuffer = lower(receiveBuffer, other.receiveBuffer)
        return limits
    }
}

/// What no role may grant.
public struct Never: Equatable, Sendable {
    /// Kinds of links that are never made.
    public var linkKinds: [String]
    /// Interfaces that no write may select; `*` stands for any characters.
    public var interfaces: [String]

    /// A block from its parts.
    public init(linkKinds: [String] = [], interfaces: [String] = []) {
        self.linkKinds = linkKinds
        self.interfaces = interfaces
    }
}

/// Everything that holds for a session.
public struct SessionGrants: Equatable, Sendable {
    /// The roles.
    public var roles: [RolePart]
    /// The roles of the ceiling; empty to enforce.
    public var ceiling: [RolePart]
    /// What neither grants.
    public var never: Never
    /// What can't be logged isn't done.
    public var auditRequired: Bool

    /// Grants from their parts.
    public init(
        roles: [RolePart], ceiling: [RolePart] = [], never: Never = Never(), auditRequired: Bool = false
    ) {
        self.roles = roles
        self.ceiling = ceiling
        self.never = never
        self.auditRequired = auditRequired
    }

    /// The lowest limits of all roles; a ceiling sets none.
    public var limits: SessionLimits {
        roles.reduce(SessionLimits()) { $0.lowered(to: $1.limits) }
    }
}

extension SessionGrants {
    /// What is left for a client that only wants to read: no writes and nothing that needs a capability.
    public func restrictedToReading() -> SessionGrants {
        func reading(_ part: RolePart) -> RolePart {
            var part = part
            part.grants = part.grants.restrictedToReading()
            return part
        }
        var session = self
        session.roles = roles.map(reading)
        session.ceiling = ceiling.map(reading)
        return session
    }
}
