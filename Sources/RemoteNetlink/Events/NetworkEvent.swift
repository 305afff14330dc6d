public import NetlinkFamilies
import NetlinkWire

/// An object of the network's configuration.
public enum NetworkObject: Hashable, Sendable {
    /// A link.
    case link(Link)
    /// An address of a link.
    case address(Address)
    /// A route.
    case route(Route)
    /// A neighbour, or a forwarding entry.
    case neighbour(Neighbour)
    /// A rule.
    case rule(Rule)
    /// A queueing discipline.
    case qdisc(Qdisc)
    /// A class of a queueing discipline.
    case trafficClass(TrafficClass)
    /// A filter.
    case filter(TrafficFilter)
}

/// What happened on a host, or with the stream of its events.
public enum NetworkEvent: Sendable {
    /// The object was made or changed; this is how it is now.
    case changed(NetworkObject)
    /// The object is gone; this is how it was.
    case removed(NetworkObject)
    /// A message of a joined group that has no type here.
    case other(NetlinkMessage)
    /// Events are missing from here on: forget what isn't certain.
    ///
    /// A snapshot follows by itself.
    case lost
    /// The objects that exist follow: forget all that were known.
    case snapshotBegins
    /// An object that exists.
    case present(NetworkObject)
    /// The objects that exist are complete: with the events that follow, the picture is the kernel's again.
    case snapshotEnds
    /// There is no connection; it is tried again, later each time.
    case disconnected(NetlinkError)
    /// The groups are joined: what happens from here on is told. After `disconnected` a snapshot follows.
    case connected
    /// The gateway's policy doesn't let this program into these groups.
    case notGranted(EventGroups)
}

extension NetworkEvent {
    /// Decodes a message of a group.
    init(_ message: NetlinkMessage) {
        do throws(WireError) {
            self = try message.decode { (inner, bytes) throws(WireError) in
                try NetworkEvent(inner, in: bytes) ?? .other(message)
            }
        } catch {
            self = .other(message)
        }
    }

    private init?(_ message: Message, in bytes: Span<UInt8>) throws(WireError) {
        guard let object = try NetworkObject(message, in: bytes) else { return nil }
        // Of each object's types the first is NEW, the second DEL.
        switch message.header.type.rawValue & 3 {
        case 0: self = .changed(object)
        case 1: self = .removed(object)
        default: return nil
        }
    }
}

extension NetworkObject {
    /// Decodes RTM_NEW and RTM_DEL messages; nil for types that aren't known.
    init?(_ message: Message, in bytes: Span<UInt8>) throws(WireError) {
        switch message.header.type {
        case .newLink, .deleteLink: self = .link(try Link(message, in: bytes))
        case .newAddress, .deleteAddress: self = .address(try Address(message, in: bytes))
        case .newRoute, .deleteRoute: self = .route(try Route(message, in: bytes))
        case .newNeighbour, .deleteNeighbour: self = .neighbour(try Neighbour(message, in: bytes))
        case .newRule, .deleteRule: self = .rule(try Rule(message, in: bytes))
        case .newQdisc, .deleteQdisc: self = .qdisc(try Qdisc(message, in: bytes))
        case .newTrafficClass, .deleteTrafficClass: self = .trafficClass(try TrafficClass(message, in: bytes))
        case .newFilter, .deleteFilter: self = .filter(try TrafficFilter(message, in: bytes))
        default: return nil
        }
    }
}
