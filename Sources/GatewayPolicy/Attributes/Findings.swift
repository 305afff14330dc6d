/// What a walk through a message's attributes brought to light.
///
/// A malformed attribute ends the walk at once; everything else is gathered, so that the first reason in the order of
/// the policy is the one that the client hears.
struct Findings: Sendable {
    /// An extra that something in the message needs, and what.
    struct ExtraNeed: Sendable {
        let extra: Grants.Extras
        let what: String
    }

    /// A namespace that an attribute names by number.
    struct NamespaceNeed: Sendable {
        let number: Int32
        let what: String
    }

    /// The first thing that no grant could allow; a sentence.
    private(set) var forbidden: String?
    private(set) var extras: [ExtraNeed] = []
    private(set) var namespaces: [NamespaceNeed] = []
    /// IFLA_INFO_KIND, at any depth.
    var linkKinds: [String] = []
    /// Links that attributes inside attributes name: next hops, pairs, lower links, mirrors.
    var interfaces: [InterfaceReference] = []

    mutating func forbid(_ why: @autoclosure () -> String) {
        if forbidden == nil { forbidden = why() }
    }

    mutating func need(_ extra: Grants.Extras, _ what: @autoclosure () -> String) {
        if !extras.contains(where: { $0.extra == extra }) { extras.append(ExtraNeed(extra: extra, what: what())) }
    }

    mutating func need(namespace number: Int32, _ what: String) {
        namespaces.append(NamespaceNeed(number: number, what: what))
    }
}
