public import NetlinkWire

/// Why a message was not sent.
public enum Objection: Error, Equatable, Hashable, Sendable {
    /// The grants lack this: "route DELLINK".
    case notGranted(String)
    /// A role grants it, but only under a condition that doesn't hold.
    case misfit(Misfit)
    /// No grant could allow it; a sentence.
    case forbidden(String)
    /// The policy's `never` refuses it; a sentence.
    case never(String)
    /// It would cut the session off, and extra self is not granted; a sentence.
    case lockOut(String)
    /// It isn't what the kernel's own tools would send; a sentence.
    case malformed(String)
    /// The server's links could not be looked up, and the policy or the guard depends on them.
    case undecided
    /// Another message of the datagram was refused.
    case cancelled

    /// EPERM, EINVAL or ECANCELED.
    public var errno: Int32 {
        switch self {
        case .notGranted, .misfit, .forbidden, .never, .lockOut, .undecided: 1
        case .malformed: 22
        case .cancelled: 125
        }
    }

    /// The sentence for the client.
    public func text(client: String) -> String {
        switch self {
        case .notGranted(let what): "policy does not grant \(what) to \(client)"
        case .misfit(let misfit):
            "policy grants \(misfit.operation) to \(client) only where \(misfit.condition) (role \(misfit.role), "
                + "line \(misfit.line))"
        case .forbidden(let why), .never(let why), .lockOut(let why): why
        case .malformed(let why): "malformed message: \(why)"
        case .undecided: "the gateway could not look up the server's links; try again"
        case .cancelled: "not sent, because another message of the same datagram was refused"
        }
    }
}

/// The condition of a role that a message doesn't meet.
public struct Misfit: Equatable, Hashable, Sendable {
    /// Family and operation, such as `route NEWROUTE`.
    public var operation: String
    /// What must hold: `table is 100-199`.
    public var condition: String
    /// The role's name.
    public var role: String
    /// The role's line in the file; 0 for a built-in.
    public var line: UInt32

    /// A condition from its parts.
    public init(operation: String, condition: String, role: String, line: UInt32) {
        self.operation = operation
        self.condition = condition
        self.role = role
        self.line = line
    }
}

/// A datagram that isn't sent, message by message.
public struct Refusal: Equatable, Sendable {
    /// One message and what is wrong with it.
    public struct Item: Equatable, Sendable {
        /// Its header; all zero when not even that could be read.
        public let header: MessageHeader
        /// What is wrong.
        public let objection: Objection
        /// `route NEWROUTE`, `route GETLINK dump`; empty when the message isn't known.
        public var operation = ""
        /// `dev=eth0 dst=10.0.0.0/8`; empty when it names nothing or couldn't be read, at most 64 bytes.
        public var target = ""
        /// Line of the role that fell short; 0 when none did or for a built-in.
        public var line: UInt32 = 0
        /// Class write.
        public var isWrite = false
    }

    /// In the order of the datagram; at least one.
    public let items: [Item]

    /// The first message that is wrong by itself.
    public var cause: Item? {
        items.first { $0.objection != .cancelled } ?? items.first
    }

    /// The datagrams that answer it, one a message, as the kernel would (NLMSG_ERROR, NLM_F_CAPPED).
    ///
    /// `client` and `denialID` are shown with every byte that isn't printable ASCII replaced.
    public func answers(portID: UInt32, extendedAcks: Bool, client: String, denialID: String) -> [[UInt8]] {
        items.compactMap { item in
            let text = "nlgate: \(item.objection.text(client: printable(client))) [denial \(printable(denialID))]"
            var writer = MessageWriter()
            do throws(WireError) {
                try writer.acknowledge(
                    item.header, portID: portID, code: item.objection.errno, text: extendedAcks ? text : nil)
            } catch {
                return nil
            }
            return writer.bytes
        }
    }

    private func printable(_ text: String) -> String {
        String(decoding: text.utf8.prefix(64).map { (0x20...0x7e).contains($0) ? $0 : 0x3f }, as: UTF8.self)
    }
}
