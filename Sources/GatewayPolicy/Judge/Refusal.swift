public import NetlinkWire

/// Why a message was not sent.
public enum Objection: Error, Equatable, Hashable, Sendable {
    /// The grants lack this: "route DELLINK".
    case notGranted(String)
    /// No grant could allow it; a sentence.
    case forbidden(String)
    /// It isn't what the kernel's own tools would send; a sentence.
    case malformed(String)
    /// Another message of the datagram was refused.
    case cancelled

    /// EPERM, EINVAL or ECANCELED.
    public var errno: Int32 {
        switch self {
        case .notGranted, .forbidden: 1
        case .malformed: 22
        case .cancelled: 125
        }
    }

    /// The sentence for the client.
    public func text(client: String) -> String {
        switch self {
        case .notGranted(let what): "policy does not grant \(what) to \(client)"
        case .forbidden(let why): why
        case .malformed(let why): "malformed message: \(why)"
        case .cancelled: "not sent, because another message of the same datagram was refused"
        }
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
