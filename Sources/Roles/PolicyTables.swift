/// A compiled policy as the supervisor knows it: who has which roles, and for each role its grants as opaque bytes.
public struct PolicyTables: Equatable, Sendable {
    /// One role, without those that it includes.
    public struct Role: Equatable, Sendable {
        /// As the policy names it.
        public var name: String
        /// Its line in the file; 0 for a built-in.
        public var line: UInt32
        /// Netlink protocols, bit by bit, for which it needs a privileged broker: a write, or anything that needs
        /// CAP_NET_ADMIN.
        public var privilegedProtocols: UInt32
        /// Netlink protocols, bit by bit, of which it grants anything.
        public var servedProtocols: UInt32
        /// Sessions that a client may have at once; 0 for no limit of its own.
        public var sessions: UInt32
        /// Minutes after which a session ends; 0 for no limit.
        public var sessionMinutes: UInt32
        /// Its grants, which only the broker reads.
        public var grants: [UInt8]

        /// A role from its parts.
        public init(
            name: String, line: UInt32, privilegedProtocols: UInt32, servedProtocols: UInt32, sessions: UInt32 = 0,
            sessionMinutes: UInt32 = 0, grants: [UInt8]
        ) {
            self.name = name
            self.line = line
            self.privilegedProtocols = privilegedProtocols
            self.servedProtocols = servedProtocols
            self.sessions = sessions
            self.sessionMinutes = sessionMinutes
            self.grants = grants
        }
    }

    /// Something that an identity must have.
    ///
    /// In texts other than the issuer `*` stands for any characters.
    public enum Criterion: Equatable, Sendable {
        /// 32 bytes.
        case fingerprint([UInt8])
        /// The subject's common name.
        case commonName(String)
        /// The issuer, exactly.
        case issuer(String)
        /// One of the DNS names; upper and lower case are the same.
        case dnsName(String)
        /// One of the URIs.
        case uri(String)
        /// One of the mail addresses.
        case email(String)
        /// A Unix peer's user.
        case uid(UInt32)
        /// A Unix peer's group.
        case gid(UInt32)
        /// Plain TCP.
        case anonymous
        /// Any verified certificate; of built-ins only.
        case anyCertificate
        /// Any Unix peer; of built-ins only.
        case anyUser
        /// The user that runs the daemon; of built-ins only.
        case daemonUser
    }

    /// A client of the policy: an identity fits when all criteria do.
    public struct Client: Equatable, Sendable {
        /// As the policy names it.
        public var name: String
        /// Its line in the file; 0 for a built-in.
        public var line: UInt32
        /// At least one.
        public var criteria: [Criterion]

        /// A client from its parts.
        public init(name: String, line: UInt32, criteria: [Criterion]) {
            self.name = name
            self.line = line
            self.criteria = criteria
        }
    }

    /// Which roles a client has, and where.
    public struct Binding: Equatable, Sendable {
        /// Index of the client.
        public var client: UInt16
        /// Its line in the file; 0 for a built-in.
        public var line: UInt32
        /// Names of network namespaces; `PolicyTables.ownNamespace` and `.anyNamespace` are names too; at least one.
        public var networkNamespaces: [String]
        /// Indexes of the roles as they are written, ascending; for people.
        public var named: [UInt16]
        /// Indexes of all these roles and those that they include, ascending.
        public var roles: [UInt16]
        /// In report mode: indexes of the ceiling role and those that it includes, ascending; empty to enforce.
        public var ceiling: [UInt16]

        /// A binding from its parts.
        public init(
            client: UInt16, line: UInt32, networkNamespaces: [String] = [PolicyTables.ownNamespace], named: [UInt16],
            roles: [UInt16], ceiling: [UInt16] = []
        ) {
            self.client = client
            self.line = line
            self.networkNamespaces = networkNamespaces
            self.named = named
            self.roles = roles
            self.ceiling = ceiling
        }
    }

    /// How a binding names the daemon's own namespace; no name of `ip netns` can be that.
    public static let ownNamespace = "."
    /// How a binding names every served namespace.
    public static let anyNamespace = "*"
    /// Bytes that encoded tables may take.
    public static let maximumSize = 4 << 20
    /// Bytes that one grant set may take.
    public static let maximumGrantSetSize = 1 << 20

    /// Roles in the order of the file.
    public var roles: [Role]
    /// Clients in the order of the file.
    public var clients: [Client]
    /// Bindings in the order of the file.
    public var bindings: [Binding]
    /// What no role may grant, which only the broker reads.
    public var never: [UInt8]
    /// `audit: required`: what can't be logged isn't done.
    public var auditRequired: Bool

    /// Tables from their parts.
    public init(
        roles: [Role], clients: [Client], bindings: [Binding], never: [UInt8] = [], auditRequired: Bool = false
    ) {
        self.roles = roles
        self.clients = clients
        self.bindings = bindings
        self.never = never
        self.auditRequired = auditRequired
    }
}
