/// Why a change of an interface was not made, or not as it was meant.
public enum IPDBError: Error, Equatable, Sendable {
    /// The kernel or the connection said no before anything was changed.
    case netlink(NetlinkError)
    /// There is no such interface.
    case noInterface(String)
    /// Others have changed the same properties since the change was begun; nothing was done.
    case conflict(interface: String, properties: [String])
    /// The change doesn't fit together; nothing was done.
    case invalid(String)
    /// The body of the update didn't want to go on; nothing was done.
    case abandoned(String)
    /// A step failed, and what was done before it was undone.
    case rolledBack(step: String, NetlinkError)
    /// A step failed, and not everything that was done before it could be undone; what couldn't.
    case halfDone(step: String, NetlinkError, left: [String])
    /// Every step went well, and the interface is not as it should be; what was done was undone.
    case notAsMeant(interface: String, properties: [String])
}

extension IPDBError: CustomStringConvertible {
    /// What was wrong and what is to be done.
    public var description: String {
        switch self {
        case .netlink(let error): "\(error)"
        case .noInterface(let name): "there is no interface \(name)"
        case .conflict(let name, let properties):
            "\(name): somebody else has changed \(properties.joined(separator: ", ")) meanwhile; nothing was done"
        case .invalid(let text): text
        case .abandoned(let text): "given up: \(text)"
        case .rolledBack(let step, let error): "can't \(step): \(error); everything is as it was"
        case .halfDone(let step, let error, let left):
            "can't \(step): \(error); and can't undo what was done before: \(left.joined(separator: ", "))"
        case .notAsMeant(let name, let properties):
            "\(name): the kernel took the change, but \(properties.joined(separator: ", ")) is something else; undone"
        }
    }
}
