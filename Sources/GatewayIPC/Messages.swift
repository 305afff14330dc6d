/// A message that a child sends to the supervisor over its control socket.
///
/// Every kind has exactly one length.
public enum ChildMessage: Equatable, Sendable {
    /// The process is sealed and has read its own state back; the report is `SealingReport.encode()`.
    case ready(report: [UInt8])
    /// The process can't start, and says why.
    case failed(String)
    /// A frontend asks for a session.
    case open(OpenRequest)
    /// A frontend's connection is gone; its session, if any, ends.
    case closed(connection: UInt32)
    /// A frontend's session was reset by the client; the connection stays.
    case sessionClosed(connection: UInt32)
    /// A descriptor arrived: the session's at a broker, the connection's at a frontend.
    case accepted(number: UInt64)
    /// A broker's session has ended.
    case ended(session: UInt64)
    /// From the policy compiler: a piece of its warnings and errors, UTF-8 lines.
    case diagnostics(TablePart)
    /// From the policy compiler: a piece of the compiled tables.
    case tables(TablePart)
    /// From a broker, for the audit log.
    case audit(AuditRecord)
    /// From a privileged broker: its session's list is armed for so many seconds; 0: no list is armed any more.
    case armed(session: UInt64, seconds: UInt32)
    /// From the keeper: who the client of a frontend's connection is.
    case verified(VerifiedClient)
    /// From the keeper, after `verified` and `review`: what the client is to the policy.
    case mapped(ClientMapping)
    /// From the keeper: this frontend broke the protocol between them.
    case misbehaved(frontend: UInt64)
    /// From a frontend: the keeper doesn't answer, and a new link is wanted.
    case keeperLost
    /// From a broker that was asked: what has passed through one of its sessions.
    case measured(SessionMeasures)
    /// From a broker that was asked: that was every session.
    case measuredAll
    /// From the keeper, after `review`: the client of this frontend's connection is no longer one.
    case revoked(frontend: UInt64, connection: UInt32)
    /// From the keeper, before it is ready: when its certificates and lists end.
    case expiries(Expiries)
}

/// What a frontend says when a client sent HELLO.
///
/// Numbers only.
public struct OpenRequest: Equatable, Sendable {
    /// The frontend's own number for the connection.
    public var connection: UInt32
    /// How the client came.
    public var transport: Transport
    /// Index of the served namespace; 0 is the daemon's own.
    public var networkNamespace: UInt16
    /// Netlink protocol number.
    public var protocolNumber: UInt32
    /// The client will only read.
    public var readOnly: Bool
    /// The gateway's end of the connection.
    public var local: Endpoint
    /// The client's end.
    public var peer: Endpoint

    /// A request from its parts.
    public init(
        connection: UInt32, transport: Transport, networkNamespace: UInt16, protocolNumber: UInt32, readOnly: Bool,
        local: Endpoint, peer: Endpoint
    ) {
        self.connection = connection
        self.transport = transport
        self.networkNamespace = networkNamespace
        self.protocolNumber = protocolNumber
        self.readOnly = readOnly
        self.local = local
        self.peer = peer
    }
}

/// A message that the supervisor sends to a child.
public enum SupervisorMessage: Equatable, Sendable {
    /// To a frontend, with the connection's descriptor: a Unix client, and who it is.
    case adopt(connection: UInt32, uid: UInt32, gid: UInt32)
    /// To a frontend, with its end of the session's socketpair.
    case opened(connection: UInt32)
    /// To a frontend: no session, say goodbye with this reason and text.
    case refused(connection: UInt32, reason: UInt32, text: String)
    /// To a broker, with its end of the session's socketpair.
    case assign(Assignment)
    /// To a broker: end this session with GOODBYE.
    case revoke(session: UInt64, reason: UInt32, text: String)
    /// To a frontend: every standing process is sealed and the listeners listen; accept from now on.
    case serve
    /// To any child: say goodbye to everybody and end.
    case stop
    /// To a broker: a piece of a grant set, before the first assignment that names it.
    case grants(number: UInt32, part: TablePart)
    /// To a broker: no session has this grant set any more.
    case forgetGrants(number: UInt32)
    /// To a broker: from its next message on, the session has these grants; `roles` is for people.
    case regrant(session: UInt64, grantSet: UInt32, roles: String)
    /// To a broker: the record with this ticket is in the audit log, or couldn't be written.
    case audited(ticket: UInt64, isWritten: Bool)
    /// To the keeper, with a descriptor: the link to the frontend of this number.
    case attach(frontend: UInt64)
    /// To a frontend, with a descriptor: the link to the keeper.
    case keeper
    /// To a broker: say what has passed through each session.
    case measure
    /// To the keeper: is the client of this frontend's connection, verified before, still one, and what is it to the
    /// policy? The memo is that of `verified`.
    case review(frontend: UInt64, connection: UInt32, memo: [UInt8])
    /// To the keeper: a piece of the table of the policy with this number that says who is who.
    case clients(policy: UInt32, part: TablePart)
    /// To the keeper: another one has taken over; end when no frontend is left.
    case retire
}

/// What a broker gets to know of a session.
public struct Assignment: Equatable, Sendable {
    /// The supervisor's number for the session.
    public var session: UInt64
    /// Netlink protocol number; HELLO must say the same.
    public var protocolNumber: UInt32
    /// Index of the namespace; HELLO must name the same.
    public var networkNamespace: UInt16
    /// The client will only read; HELLO must say the same.
    public var readOnly: Bool
    /// Which grants hold: the number of a grant set that the broker was given before.
    public var grantSet: UInt32
    /// For WELCOME and denials.
    public var identity: String
    /// For WELCOME: names, with commas between them.
    public var roles: String
    /// The gateway's end of the connection, for the guard against locking oneself out.
    public var local: Endpoint
    /// The client's end.
    public var peer: Endpoint

    /// An assignment from its parts.
    public init(
        session: UInt64, protocolNumber: UInt32, networkNamespace: UInt16, readOnly: Bool, grantSet: UInt32,
        identity: String, roles: String, local: Endpoint = .unknown, peer: Endpoint = .unknown
    ) {
        self.session = session
        self.protocolNumber = protocolNumber
        self.networkNamespace = networkNamespace
        self.readOnly = readOnly
        self.grantSet = grantSet
        self.identity = identity
        self.roles = roles
        self.local = local
        self.peer = peer
    }
}

/// A message that no well-behaved process of ours sends: wrong length, unknown kind, impossible value.
public struct MalformedMessage: Error, Equatable, Sendable {
    /// The kind field, if there was one.
    public let kind: UInt16?
    /// The length that came.
    public let length: Int
}

/// No message is longer, in bytes.
public let maximumMessageLength = 4096

/// The reasons of GOODBYE that the supervisor itself gives; docs/protocol.md has all of them.
///
/// The supervisor doesn't link the wire protocol; a test holds these against it.
public enum SupervisorReason {
    /// The policy grants nothing of what was asked for.
    public static let policy: UInt32 = 1
    /// A limit of the gateway is reached.
    public static let limits: UInt32 = 2
    /// The policy no longer knows the client.
    public static let revoked: UInt32 = 4
    /// The client's certificate has expired.
    public static let expired: UInt32 = 5
    /// The process behind the session can't be had.
    public static let internalError: UInt32 = 9
}
