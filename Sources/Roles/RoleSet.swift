/// Who a session is, as far as a grant may depend on it.
///
/// Every field may come from a hostile frontend until the keeper verifies certificates: it is compared, never parsed.
public enum Principal: Equatable, Hashable, Sendable {
    /// A verified certificate, by its SHA-256.
    case certificate(fingerprint: [UInt8])
    /// A Unix peer, as the kernel says.
    case user(uid: UInt32, gid: UInt32)
    /// Plain TCP, by the peer's address.
    case anonymous(address: [UInt8])
}

/// Compiled grants by their number: what the broker looks up, and what the supervisor must know of them.
public struct RoleSet: Equatable, Sendable {
    /// The number in an assignment.
    public let number: UInt32
    /// For people.
    public let name: String
    /// Netlink protocols, bit by bit, for which a session may do more than read and so needs a privileged broker.
    public let privilegedProtocols: UInt32

    /// Every class-read route operation and group, nlctrl, harmless ethtool reads.
    public static let readOnly = RoleSet(number: 1, name: "builtin:read-only", privilegedProtocols: 0)
    /// Everything but descriptors, pids and paths.
    public static let unrestricted = RoleSet(
        number: 2, name: "builtin:unrestricted",
        privilegedProtocols: 1 << 0 | 1 << 4 | 1 << 6 | 1 << 12 | 1 << 16)

    /// True when a session of this protocol needs a privileged broker.
    ///
    /// A client that will only read never does: its flag removes writes and whatever needs a capability.
    public func needsPrivilege(protocolNumber: UInt32, readOnly: Bool) -> Bool {
        !readOnly && protocolNumber < 32 && privilegedProtocols & (1 << protocolNumber) != 0
    }
}

/// Which grants a principal has: one pure function over compiled tables.
public struct RoleTable: Equatable, Sendable {
    /// What verified certificates, uid 0 and the daemon's own uid get.
    public let trusted: RoleSet
    /// The daemon's uid.
    public let daemonUID: UInt32

    /// A table that binds one built-in policy.
    public init(builtin trusted: RoleSet, daemonUID: UInt32) {
        self.trusted = trusted
        self.daemonUID = daemonUID
    }

    /// The grants of this principal.
    ///
    /// Anonymous clients and other uids get read-only at most, whatever the built-in.
    public func roleSet(of principal: Principal) -> RoleSet {
        switch principal {
        case .certificate: trusted
        case .user(let uid, _): uid == 0 || uid == daemonUID ? trusted : .readOnly
        case .anonymous: .readOnly
        }
    }
}
