internal import NetlinkWire

/// One operation of the session's protocol, with all that the judge needs to know of it.
final class Entry: Sendable {
    let family: Family
    let operation: Operation
    let subject: Subject
    /// `route NEWROUTE`.
    let title: String
    /// `route GETROUTE dump`.
    let dumpTitle: String
    /// Of generic families, where one fits all; others depend on the message.
    let layout: Layout?
    let roles: PreparedGrants.Granting
    let ceiling: PreparedGrants.Granting

    init(_ operation: Operation, of family: Family, roles: PreparedGrants, ceiling: PreparedGrants) {
        self.family = family
        self.operation = operation
        subject = Subject(operation, of: family)
        title = "\(family.label) \(operation.name)"
        dumpTitle = "\(title) dump"
        layout = Layout.generic(family)
        self.roles = roles.granting(family.label, operation.number)
        self.ceiling = ceiling.granting(family.label, operation.number)
    }

    func title(_ modes: Modes) -> String { modes == .dump ? dumpTitle : title }
}

/// What an allowed message asks for.
struct Ruling {
    let entry: Entry
    /// Single request, dump, or both where the flags leave it to the kernel.
    let modes: Modes
    /// Line of the role that grants it.
    let line: UInt32
    /// What the roles lack, when only the ceiling grants it.
    let ceilingOnly: Objection?
    /// Of a write, and of what passes by the ceiling alone.
    let target: String
}

/// Why a message may not be sent, and what can be told of it.
struct Denial: Error {
    let objection: Objection
    var entry: Entry?
    var modes: Modes = .single
    var target = ""

    /// The role that fell short.
    var line: UInt32 {
        if case .misfit(let misfit) = objection { misfit.line } else { 0 }
    }
}
