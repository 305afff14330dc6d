public import NetlinkFamilies
import NetlinkWire

/// Traffic control: queueing disciplines, classes and filters.
extension IPRoute {
    /// Every queueing discipline, or those of a link.
    ///
    /// Source: RTM_GETQDISC with NLM_F_DUMP. Those that the kernel sets up by itself and hides (noqueue) are left out.
    ///
    /// - Throws: `interrupted`, `refused`, `timedOut`, `connection`.
    public func qdiscs(index: UInt32 = 0) async throws(NetlinkError) -> [Qdisc] {
        let all: [Qdisc] = try await connection.all(
            try built { () throws(WireError) in try TrafficRequest.qdiscs(index: index) })
        return index == 0 ? all : all.filter { $0.index == index }
    }

    /// The classes of a link.
    ///
    /// Source: RTM_GETTCLASS with NLM_F_DUMP.
    ///
    /// - Throws: `interrupted`, `refused`, `timedOut`, `connection`.
    public func classes(index: UInt32) async throws(NetlinkError) -> [TrafficClass] {
        try await connection.all(
            try built { () throws(WireError) in try TrafficRequest.classes(index: index) })
    }

    /// The filters of a link at one place: a queueing discipline, a class, or one of the sides of clsact.
    ///
    /// Source: RTM_GETTFILTER with NLM_F_DUMP. Of each priority the kernel gives an entry without options first.
    ///
    /// - Throws: `interrupted`, `refused` (EINVAL for a place that takes no filters), `timedOut`, `connection`.
    public func filters(index: UInt32, parent: TrafficHandle) async throws(NetlinkError) -> [TrafficFilter] {
        try await connection.all(
            try built { () throws(WireError) in try TrafficRequest.filters(index: index, parent: parent) })
    }

    /// One queueing discipline by its handle.
    ///
    /// Source: RTM_GETQDISC. The one that a link has by itself has no handle: look it up in the list.
    ///
    /// - Throws: `refused` with ENOENT when there is none.
    public func qdisc(index: UInt32, handle: TrafficHandle) async throws(NetlinkError) -> Qdisc {
        try await one { () throws(WireError) in try TrafficRequest.qdisc(index: index, handle: handle) }
    }

    /// One class by its handle, such as 1:10.
    ///
    /// Source: RTM_GETTCLASS.
    ///
    /// - Throws: `refused` with ENOENT when there is none.
    public func trafficClass(index: UInt32, handle: TrafficHandle) async throws(NetlinkError) -> TrafficClass {
        try await one { () throws(WireError) in try TrafficRequest.trafficClass(index: index, handle: handle) }
    }

    /// One filter by what it is known by; take a filter of a list, or make one with these properties.
    ///
    /// Source: RTM_GETTFILTER. What counts are the link, parent, chain, kind, priority, protocol and handle.
    ///
    /// - Throws: `refused` with ENOENT when there is none.
    public func filter(_ known: TrafficFilter) async throws(NetlinkError) -> TrafficFilter {
        try await one { () throws(WireError) in try TrafficRequest.filter(known) }
    }
}
