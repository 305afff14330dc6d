import GatewayIPC
import GatewayPolicy

/// What one decision asks about the server; the judge keeps the answers no longer than the decision takes.
///
/// A reader has no lookup: the kernel itself refuses its writes.
struct DecisionFacts: ServerFacts {
    private let lookup: RouteLookup?
    private let assignment: Assignment

    init(_ lookup: RouteLookup?, _ assignment: Assignment) {
        self.lookup = lookup
        self.assignment = assignment
    }

    func link(index: UInt32) throws(LookupFailure) -> LinkFacts? {
        try lookup?.link(index: index)
    }

    func link(named name: String) throws(LookupFailure) -> LinkFacts? {
        try lookup?.link(named: name)
    }

    /// Addresses mean something in the namespace that the listeners are in.
    func carrier() throws(LookupFailure) -> Carrier? {
        guard assignment.networkNamespace == 0 else { return nil }
        return try lookup?.carrier(local: assignment.local, peer: assignment.peer)
    }
}
