/// Why a certificate was revoked, by the names of RFC 5280 as OpenSSL writes them.
public enum RevocationReason: String, CaseIterable, Sendable {
    /// Nobody said why.
    case unspecified
    /// Somebody else has, or may have, the private key.
    case keyCompromise
    /// Somebody else has, or may have, the key of this CA.
    case authorityCompromise = "CACompromise"
    /// What the certificate says of its holder is no longer so.
    case affiliationChanged
    /// There is a newer one.
    case superseded
    /// The holder no longer needs it.
    case cessationOfOperation

    /// The number in a revocation list (RFC 5280, section 5.3.1); nil where the list says nothing.
    var code: Int32? {
        switch self {
        case .unspecified: nil
        case .keyCompromise: 1
        case .authorityCompromise: 2
        case .affiliationChanged: 3
        case .superseded: 4
        case .cessationOfOperation: 5
        }
    }

    /// The reason of this name, whatever its case; those that only OpenSSL's tool knows become the nearest.
    public init?(name: String) {
        let lower = name.lowercased()
        let known = Self.allCases.first { $0.rawValue.lowercased() == lower }
        switch lower {
        case "keytime": self = .keyCompromise
        case "cakeytime": self = .authorityCompromise
        case "certificatehold", "holdinstruction", "removefromcrl": self = .unspecified
        default:
            guard let known else { return nil }
            self = known
        }
    }
}

/// That a certificate was revoked.
public struct Revocation: Equatable, Sendable {
    /// Unix time of it.
    public var time: Int64
    /// Why.
    public var reason: RevocationReason

    /// A revocation of its parts.
    public init(time: Int64, reason: RevocationReason) {
        self.time = time
        self.reason = reason
    }
}
