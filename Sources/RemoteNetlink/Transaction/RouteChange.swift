import NetlinkFamilies
import NetlinkWire

/// What is done with an object of rtnetlink.
enum RouteChange: Sendable {
    case add
    case replace
    case change
    case append
    case delete

    /// The request that does it.
    func request<Object: RouteMessage>(_ object: Object) throws(WireError) -> Request {
        switch self {
        case .add: try object.request(Object.newType, flags: [.ack, .create, .exclusive])
        case .replace: try object.request(Object.newType, flags: [.ack, .create, .replace])
        case .change:
            try object.request(
                Object.newType,
                flags: [.newAddress, .newRoute, .newNeighbour].contains(Object.newType) ? [.ack, .replace] : .ack)
        case .append: try object.request(Object.newType, flags: [.ack, .create, .append])
        case .delete: try object.request(Object.deleteType, flags: .ack)
        }
    }
}
