import GatewayIPC
import GatewayPolicy

/// What one decision asks about the server.
///
/// Each question is put to the kernel once, and the answers are forgotten with the decision: names and routes change.
/// A reader has no lookup: the kernel itself refuses its writes.
final class DecisionFacts: ServerFacts {
    private let lookup: RouteLookup?
    private let assignment: Assignment
    private var byIndex: [UInt32: LinkFacts?] = [:]
    private var byName: [String: LinkFacts?] = [:]
    private var knownCarrier: Carrier??

    init(_ lookup: RouteLookup?, _ assignment: Assignment) {
        self.lookup = lookup
        self.assignment = assignment
    }

    func link(index: UInt32) throws(LookupFailure) -> LinkFacts? {
        if let known = byIndex[index] { return known }
        let link = try lookup?.link(index: index)
        byIndex[index] = .some(link)
        return link
    }

    func link(named name: String) throws(LookupFailure) -> LinkFacts? {
        if let known = byName[name] { return known }
        let link = try lookup?.link(named: name)
        byName[name] = .some(link)
        return link
    }

    /// Addresses mean something in the namespace that the listeners are in.
    func carrier() throws(LookupFailure) -> Carrier? {
        guard assignment.networkNamespace == 0 else { return nil }
        if let known = knownCarrier { return known }
        let carrier = try lookup?.carrier(local: assignment.local, peer: assignment.peer)
        knownCarrier = .some(carrier)
        return carrier
    }
}
