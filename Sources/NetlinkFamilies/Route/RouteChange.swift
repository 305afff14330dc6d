public import NetlinkWire

/// What a request does with an object of rtnetlink.
public enum RouteChange: Hashable, Sendable {
    /// Makes it; there must be none (NLM_F_CREATE and NLM_F_EXCL).
    case add
    /// Makes it, or puts it in the place of the one that is there (NLM_F_CREATE and NLM_F_REPLACE).
    case replace
    /// Changes the one that is there (NLM_F_REPLACE for addresses, routes and neighbours, no flag for the others).
    case change
    /// Makes it behind others (NLM_F_CREATE and NLM_F_APPEND).
    case append
    /// Makes it before others (NLM_F_CREATE).
    case prepend
    /// Deletes it.
    case delete

    /// The request, which asks for an acknowledgement.
    ///
    /// - Throws: `tooLong` when an attribute doesn't fit its length field.
    public func request<Object: RouteMessage>(_ object: Object) throws(WireError) -> Request {
        switch self {
        case .add: try object.request(Object.newType, flags: [.create, .exclusive, .ack])
        case .replace: try object.request(Object.newType, flags: [.create, .replace, .ack])
        case .change: try object.request(Object.newType, flags: isReplaced(Object.self) ? [.replace, .ack] : .ack)
        case .append: try object.request(Object.newType, flags: [.create, .append, .ack])
        case .prepend: try object.request(Object.newType, flags: [.create, .ack])
        case .delete: try object.request(Object.deleteType, flags: .ack)
        }
    }

    private func isReplaced<Object: RouteMessage>(_ type: Object.Type) -> Bool {
        [.newAddress, .newRoute, .newNeighbour].contains(Object.newType)
    }
}
