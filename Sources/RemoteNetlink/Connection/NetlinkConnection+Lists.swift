public import GatewayProtocol
import NetlinkFamilies

/// Lists of datagrams that a gateway sends unless they are confirmed in time.
///
/// ``IPRoute/transaction(confirmWithin:isolation:_:)`` computes them by itself; these calls are for programs that have
/// their own.
extension NetlinkConnection {
    /// Why the local kernel has no such lists.
    static let nobodyToUndo = "only a gateway can undo a change when this program can't; use a host"

    /// Leaves a list with the gateway, which sends it in its order unless ``confirm(tag:)`` comes in time, also when
    /// this program or the connection ends before.
    ///
    /// A list with the same tag takes the place of the one before, and the time begins anew. A session has one list at a
    /// time. The datagrams are sent as they are, so an interface's index must still mean the same interface then.
    ///
    /// - Throws: `refused`: EPERM when the policy doesn't grant a datagram or the session may only read, EINVAL for one
    ///   that is malformed or changes nothing, EBUSY while a list with another tag is armed, E2BIG beyond 1,024 changes;
    ///   `misuse` of the local kernel and for tags outside 1 to 2^30 - 1; `connection`, `timedOut`.
    public func arm(tag: UInt32, _ list: ArmRequest) async throws(NetlinkError) {
        guard tag > 0, tag < ControlTable.firstTag else {
            throw NetlinkError(.misuse("the tag of a list is 1 to \(ControlTable.firstTag - 1)"), host: host)
        }
        _ = try await control(.arm(tag: tag, list))
    }

    /// The list with this tag isn't needed any more.
    ///
    /// Only the return of this call says so: when it throws, the list may still be sent, or was.
    ///
    /// - Throws: `refused` with ENOENT when no such list is armed; `connection(goodbye)` when it was sent; `timedOut`.
    public func confirm(tag: UInt32) async throws(NetlinkError) {
        _ = try await control(.confirm(tag: tag))
    }
}
