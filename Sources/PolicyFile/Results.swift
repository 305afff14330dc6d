public import Roles

/// Whom a question is about: a client of the file by its name, or an identity.
public enum ClientQuery: Hashable, Sendable {
    /// A client of the file; `policy check` names them.
    case named(String)
    /// An identity as a session would bring it.
    case identity(Identity)
}

/// Why a question can't be answered.
public struct QueryError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong.
    public let message: String
    /// What to do about it.
    public let hint: String?

    init(_ message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }

    /// Message and hint in one line.
    public var description: String { message + (hint.map { "; \($0)" } ?? "") }
}

/// What one role grants, without those that it includes: names only, for people and for JSON.
public struct ResolvedRole: Hashable, Sendable {
    /// One operation, and how it may be asked.
    public struct OperationGrant: Hashable, Sendable {
        /// Label of the family, `route`.
        public let family: String
        /// Name without prefix, `GETLINK`.
        public let operation: String
        /// Read or write.
        public let isWrite: Bool
        /// May be asked for one object.
        public let single: Bool
        /// May be asked for all.
        public let dump: Bool
        /// True when the kernel asks for CAP_NET_ADMIN.
        public let privileged: Bool
        /// Keys of the role's `where` that bind it.
        public let bound: [String]
        /// The line in the file that grants it.
        public let line: Int
    }

    /// One multicast group.
    public struct GroupGrant: Hashable, Sendable {
        /// Label of the family.
        public let family: String
        /// Name without prefix, `LINK`.
        public let group: String
        /// True when the kernel asks for CAP_NET_ADMIN.
        public let privileged: Bool
        /// The line in the file that grants it.
        public let line: Int
    }

    /// The role's name.
    public let name: String
    /// The line where the role begins.
    public let line: Int
    /// In the catalogue's order.
    public let operations: [OperationGrant]
    /// In the catalogue's order.
    public let groups: [GroupGrant]
    /// Names such as `secrets`.
    public let extras: [String]
    /// `where`, key by key, in words: `table` is `100-199`.
    public let conditions: [Condition]

    /// One key of a `where`.
    public struct Condition: Hashable, Sendable {
        /// The key.
        public let key: String
        /// The value in words.
        public let value: String
        /// The writes that it binds, such as `route NEWROUTE`.
        public let binds: [String]
    }
}

/// What a client is granted in a namespace, after every role was flattened and united.
public struct ResolvedGrants: Hashable, Sendable {
    /// The client's name in the file, or the identity in words.
    public let client: String
    /// The namespace's name; nil for the daemon's own, `*` for every one that is served.
    public let namespace: String?
    /// The roles, each once, and all that they include.
    public let roles: [ResolvedRole]
    /// The ceiling's roles in `mode: report`; empty otherwise.
    public let ceiling: [ResolvedRole]
    /// Limits in force, lowest of all roles, by name.
    public let limits: [Limit]
    /// Protocols whose sessions need a privileged broker, by name.
    public let privilegedProtocols: [String]

    /// One limit.
    public struct Limit: Hashable, Sendable {
        /// Its key, `messages-per-second`.
        public let name: String
        /// Its value in the unit of the name.
        public let value: UInt64
        /// Its product with `sessions`, for limits that count per session.
        public let perClient: UInt64?
    }
}

/// Why a request passes or doesn't.
public struct Explanation: Hashable, Sendable {
    /// What becomes of the request.
    public enum Decision: String, Hashable, Sendable {
        /// It passes.
        case allowed
        /// It passes if the message fits the `where` of a role.
        case conditional
        /// It passes because of the ceiling, and is logged.
        case reported
        /// Single and dump are different: one of them passes.
        case partial
        /// It is refused.
        case denied
    }

    /// One line of the file and what it does to the request.
    public struct Reason: Hashable, Sendable {
        /// True when this decided; false for what fell short.
        public let decides: Bool
        /// The line of the file, nil where no line is concerned (default deny).
        public let position: SourcePosition?
        /// The role that the line stands in.
        public let role: String?
        /// What it says or lacks.
        public let text: String
    }

    /// What becomes of it.
    public let decision: Decision
    /// What decided first, then what fell short, nearest first.
    public let reasons: [Reason]
    /// True when it needs a privileged broker.
    public let needsPrivilege: Bool
}

/// What became of one test of the file.
public struct TestOutcome: Hashable, Sendable {
    /// Where the test stands.
    public let position: SourcePosition
    /// The client's name.
    public let client: String
    /// The request, `route GETLINK dump`.
    public let request: String
    /// What the test expects.
    public let expectsAllow: Bool
    /// True when it is so.
    public let passed: Bool
    /// What decided.
    public let explanation: Explanation
}
