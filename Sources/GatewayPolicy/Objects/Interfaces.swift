/// How a message names an interface.
enum InterfaceReference: Equatable, Sendable {
    /// By its number.
    case index(UInt32)
    /// One that exists, by its name or an alternative name.
    case name(String)
    /// A name that an interface gets.
    case newName(String)
    /// One that can't be told: the kernel picks it, or it is in another namespace.
    case unknown
}

/// What the server says about the links of a datagram's messages; each is asked for once.
struct LinkResolver {
    private let facts: any ServerFacts
    private var byIndex: [UInt32: LinkFacts?] = [:]
    private var byName: [String: LinkFacts?] = [:]
    private var knownCarrier: Carrier??

    init(_ facts: any ServerFacts) {
        self.facts = facts
    }

    mutating func link(index: UInt32) throws(Objection) -> LinkFacts? {
        if let known = byIndex[index] { return known }
        do throws(LookupFailure) {
            let found = try facts.link(index: index)
            byIndex[index] = .some(found)
            return found
        } catch {
            throw .undecided
        }
    }

    mutating func link(named name: String) throws(Objection) -> LinkFacts? {
        if let known = byName[name] { return known }
        do throws(LookupFailure) {
            let found = try facts.link(named: name)
            byName[name] = .some(found)
            return found
        } catch {
            throw .undecided
        }
    }

    /// The link that is meant, if it exists.
    mutating func link(_ reference: InterfaceReference) throws(Objection) -> LinkFacts? {
        switch reference {
        case .index(let index): try link(index: index)
        case .name(let name): try link(named: name)
        case .newName, .unknown: nil
        }
    }

    mutating func carrier() throws(Objection) -> Carrier? {
        if let knownCarrier { return knownCarrier }
        do throws(LookupFailure) {
            let found = try facts.carrier()
            knownCarrier = .some(found)
            return found
        } catch {
            throw .undecided
        }
    }

    /// The name that a condition is held against: the kernel's primary one; nil when none is known.
    mutating func primaryName(_ reference: InterfaceReference) throws(Objection) -> String? {
        switch reference {
        case .index(let index): try link(index: index)?.name
        case .name(let name): try link(named: name)?.name ?? name
        case .newName(let name): name
        case .unknown: nil
        }
    }
}
