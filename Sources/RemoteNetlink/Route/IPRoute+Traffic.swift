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
    /// Source: the link's list, as the kernel answers RTM_GETQDISC for one of them to its listeners only. What a link has
    /// by itself has no handle.
    ///
    /// - Throws: `noAnswer` when there is none, and what ``qdiscs(index:)`` throws.
    public func qdisc(index: UInt32, handle: TrafficHandle) async throws(NetlinkError) -> Qdisc {
        try first(of: try await qdiscs(index: index)) { $0.handle == handle }
    }

    /// One class by its handle, such as 1:10.
    ///
    /// Source: the link's list.
    ///
    /// - Throws: `noAnswer` when there is none, and what ``classes(index:)`` throws.
    public func trafficClass(index: UInt32, handle: TrafficHandle) async throws(NetlinkError) -> TrafficClass {
        try first(of: try await classes(index: index)) { $0.handle == handle }
    }

    /// One filter by its place, priority and handle.
    ///
    /// Source: the list of the place.
    ///
    /// - Throws: `noAnswer` when there is none, and what ``filters(index:parent:)`` throws.
    public func filter(
        index: UInt32, parent: TrafficHandle, priority: UInt16, handle: TrafficHandle
    ) async throws(NetlinkError) -> TrafficFilter {
        try first(of: try await filters(index: index, parent: parent)) {
            $0.priority == priority && $0.handle == handle
        }
    }

    private func first<Object>(
        of list: [Object], _ isMeant: (Object) -> Bool
    ) throws(NetlinkError) -> Object {
        guard let found = list.first(where: isMeant) else { throw NetlinkError(.noAnswer, host: host) }
        return found
    }
}
