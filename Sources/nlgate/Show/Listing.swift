import NetlinkFamilies
import NetlinkWire
import RemoteNetlink

/// Whole tables of a kernel as values.
struct Listing {
    private let client: NetlinkClient
    /// A dump that changes interrupt is started anew so many times.
    private static let attempts = 5

    init(_ connection: ConnectionOptions) throws {
        client = try connection.client()
    }

    func links() throws -> [Link] {
        try all { () throws(WireError) in try LinkRequest.dump() }
    }

    func addresses(_ family: AddressFamily) throws -> [Address] {
        try all { () throws(WireError) in try AddressRequest.dump(family: family) }
    }

    func routes(_ family: AddressFamily, table: RouteTable?) throws -> [Route] {
        try all { () throws(WireError) in try RouteRequest.dump(family: family, table: table ?? .unspecified) }
    }

    func neighbours(_ family: AddressFamily) throws -> [Neighbour] {
        try all { () throws(WireError) in try NeighbourRequest.dump(family: family) }
    }

    func forwardingTable() throws -> [Neighbour] {
        try all { () throws(WireError) in try NeighbourRequest.forwardingDump() }
    }

    func rules(_ family: AddressFamily) throws -> [Rule] {
        try all { () throws(WireError) in try RuleRequest.dump(family: family) }
    }

    private func all<Value: RouteMessage>(_ request: () throws(WireError) -> Request) throws -> [Value] {
        for attempt in 1... {
            do {
                return try once(request)
            } catch RequestError.interrupted where attempt < Listing.attempts {
                continue
            } catch let error as RequestError {
                throw Failure(error)
            }
        }
        return []
    }

    private func once<Value: RouteMessage>(_ request: () throws(WireError) -> Request) throws -> [Value] {
        var values: [Value] = []
        try client.request(try request()) { (message, bytes) throws(WireError) in
            guard message.header.type == Value.newType else { return }
            values.append(try Value(message, in: bytes))
        }
        return values
    }
}
