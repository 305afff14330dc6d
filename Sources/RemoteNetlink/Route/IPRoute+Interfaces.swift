public import NetlinkFamilies
import NetlinkWire

extension IPRoute {
    /// The ports of a bridge, bond or VRF.
    ///
    /// Source: RTM_GETLINK with NLM_F_DUMP and IFLA_MASTER.
    ///
    /// - Throws: `interrupted`, `refused`, `timedOut`, `connection`.
    public func ports(of master: UInt32) async throws(NetlinkError) -> [Link] {
        let links: [Link] = try await connection.all(
            try built { () throws(WireError) in try LinkRequest.dump(master: master) })
        return links.filter { $0.master == master }
    }

    /// The routes of both families whose packets go out through a link.
    ///
    /// Source: RTM_GETROUTE with NLM_F_DUMP and RTA_OIF.
    ///
    /// - Throws: `interrupted`, `refused`, `timedOut`, `connection`.
    public func routes(through index: UInt32) async throws(NetlinkError) -> [Route] {
        var routes: [Route] = []
        for family in [AddressFamily.inet, .inet6] {
            let all: [Route] = try await connection.all(
                try built { () throws(WireError) in try RouteRequest.dump(family: family, outputIndex: index) })
            // A kernel without IPv6 answers with the routes that it has.
            routes += all.filter { $0.family == family && $0.leaves(through: index) && !$0.flags.contains(.cloned) }
        }
        return routes
    }
}
